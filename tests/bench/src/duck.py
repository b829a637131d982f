"""The as-of count in DuckDB's SQL: `load LINES DATABASE`, `ask DATABASE DAY`.

`ask` prints the count and the median milliseconds of five queries in the same process. Simpler than
what Amparo counts: no range, no retraction of a retraction, no group, the first day of a date for
its point, and no order within a day but that of the log.
"""
import statistics
import sys
import time

import duckdb

LOAD = """
create table entries as
select seq, id, kind, person, "into", coalesce(replaces, entry) as target,
       try_cast(left(replace(occurred, 'X', '0'), 10) as date) as day,
       try_cast(left(occurred, 7) || '-01' as date) as month
from read_json(?, format = 'newline_delimited', columns = {
    seq: 'UBIGINT', id: 'VARCHAR', kind: 'VARCHAR', person: 'VARCHAR', "into": 'VARCHAR',
    replaces: 'VARCHAR', entry: 'VARCHAR', occurred: 'VARCHAR'})
"""

ASK = """
with known as (select * from entries where seq <= ?),
     standing as (select * from known where id not in
                  (select target from known where target is not null)),
     merged as (select person, any_value("into") as other from standing
                where kind = 'merge' group by person),
     steps as (select coalesce(other, person) as who, kind, coalesce(day, month) as day, seq
               from standing left join merged using (person)
               where kind in ('arrest', 'custody-observed', 'disappearance', 'transfer',
                   'house-arrest', 'conditional-release', 'release', 'exit-unknown', 'escape',
                   'exile', 'death')
               and coalesce(day, month) <= cast(? as date)),
     last as (select who, arg_max(kind, (day, seq)) filter (kind <> 'transfer') as kind
              from steps group by who)
select count(*) from last
where kind in ('arrest', 'custody-observed', 'disappearance', 'house-arrest')
"""


def main(what, *rest):
    if what == "load":
        lines, database = rest
        with duckdb.connect(database) as connection:
            connection.execute(LOAD, [lines])
        return
    database, day = rest
    with duckdb.connect(database, read_only=True) as connection:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            count = connection.execute(ASK, [2**63 - 1, day]).fetchone()[0]
            times.append((time.perf_counter() - start) * 1e3)
    print(count, statistics.median(times))


main(*sys.argv[1:])
