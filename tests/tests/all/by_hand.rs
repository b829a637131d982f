//! Two small fixtures with every answer reckoned by hand in `fixtures/README.md`.

use serde_json::Value;

use super::harness::{Bench, fixture};

/// A question, and its rows: the cells before the coordinates, as CSV writes them.
type Answer = (&'static str, &'static [&'static str]);

const REVOLVING_DOOR: [Answer; 19] = [
    (
        "totals --state held --as-of 2021-03-21",
        &["profile,deprived-of-liberty,2,3,3,"],
    ),
    (
        "totals --state held --as-of 2021-03-31",
        &["profile,deprived-of-liberty,2,2,2,"],
    ),
    (
        "totals --state detained --as-of 2021-03-31 --by place",
        &[
            "custody,detained,1,1,1,,XD:Capital",
            "custody,detained,1,1,1,,XD:North",
        ],
    ),
    (
        "totals --state held --every week --from 2021-03-01 --to 2021-03-31",
        &[
            "profile,deprived-of-liberty,2,2,2,2021-03-07,",
            "profile,deprived-of-liberty,1,1,1,2021-03-14,",
            "profile,deprived-of-liberty,2,3,3,2021-03-21,",
            "profile,deprived-of-liberty,2,2,2,2021-03-28,",
            "profile,deprived-of-liberty,2,2,2,2021-03-31,",
        ],
    ),
    (
        "flows --from 2021-03-01 --to 2021-03-31",
        &[
            "stock-at-start,,0,,",
            "entry,arrest,4,1,3",
            "exit,release,2,,",
            "stock-at-end,,2,,",
            "residual,,0,,",
        ],
    ),
    (
        "flows --from 2021-03-01 --to 2021-03-31 --place XD:North",
        &[
            "stock-at-start,,0,,",
            "entry,arrest,1,0,1",
            "stock-at-end,,1,,",
            "residual,,0,,",
        ],
    ),
    (
        "diff --from 2021-03-14 --to 2021-03-31 --state held",
        &["profile,deprived-of-liberty,1,2,1,1,0,0,0,0,0,"],
    ),
    (
        "diff --from 2021-03-31@e7 --to 2021-03-31 --state held",
        &["profile,deprived-of-liberty,1,2,1,0,1,0,0,0,0,"],
    ),
    (
        "report rearrests --within 10 --as-of 2021-03-31",
        &["p1,Rita Demo,1,1,1,5,5,5,released,e7; e8"],
    ),
    ("report rearrests --within 4 --as-of 2021-03-31", &[]),
    (
        "report granted-but-held --as-of 2021-03-31",
        &["p2,Saúl Demo,1,1,1,19,19,19,demo-decree,no,e10; e6"],
    ),
    (
        "report overdue-requests --as-of 2021-03-31",
        &["p1,Rita Demo,1,1,1,15,15,15,demo-decree,10,e11; e4"],
    ),
    (
        "report at-liberty-case-open --as-of 2021-03-31",
        &["p3,Tania Demo,1,1,1,4,4,4,released,charged,e14; e13"],
    ),
    (
        "report time-held --as-of 2021-03-31",
        &[
            "p2,Saúl Demo,1,1,1,30,30,30,1,e6",
            "p1,Rita Demo,1,1,1,26,26,26,2,e5; e7; e8",
            "p3,Tania Demo,0,0,0,6,7,8,1,e12; e14",
        ],
    ),
    (
        "report pretrial --as-of 2021-03-31",
        &[
            "p2,Saúl Demo,1,1,1,30,30,30,,e6",
            "p1,Rita Demo,1,1,1,17,17,17,,e8",
        ],
    ),
    (
        "claims --as-of 2021-03-31",
        &[
            "e15,Demo Ministry,held,,,,2021-03-21,2021-03-21,3,3,no,2,3,3,0,1,,Demo Ministry (official)",
            "e16,Demo Ministry,held,,,,2021-03-31,2021-03-31,1,1,no,2,2,2,-1,-1,e17,Demo Ministry (official)",
            "e17,Demo Watch,held,,,,2021-03-31,2021-03-31,2,2,no,2,2,2,0,0,e16,Demo Watch (ngo)",
        ],
    ),
    (
        "claims --as-of 2021-03-31 --figures",
        &[
            "Demo Ministry,held,,,2021-03-21,e15,3,3,,,0,1",
            "Demo Ministry,held,,,2021-03-31,e16,1,1,-2,-2,-1,-1",
            "Demo Watch,held,,,2021-03-31,e17,2,2,,,0,0",
        ],
    ),
    (
        "claims --as-of 2021-03-31 --disputes",
        &["held,2021-03-31,e16,Demo Ministry,1,e17,Demo Watch,2,1"],
    ),
    (
        "claims --as-of 2021-03-21 --who",
        &[
            "e15,Demo Ministry,held,1,1,1,p1,Rita Demo,e8,arrest,2021-03-15,Demo Gazette (media)",
            "e15,Demo Ministry,held,1,1,1,p2,Saúl Demo,e6,arrest,2021-03-02,Demo Watch (ngo)",
            "e15,Demo Ministry,held,0,1,1,p3,Tania Demo,e12,arrest,2021-03-20/2021-03-22,Demo Gazette (media)",
        ],
    ),
];

const TWO_LISTS: [Answer; 10] = [
    (
        "totals --state held --as-of 2021-05-12 --known-at e13",
        &["profile,deprived-of-liberty,7,7,7,"],
    ),
    (
        "totals --state held --as-of 2021-05-12",
        &["profile,deprived-of-liberty,6,6,6,"],
    ),
    (
        "totals --state held --as-of 2021-05-31 --by place",
        &[
            "profile,deprived-of-liberty,1,1,1,,XD:Capital",
            "profile,deprived-of-liberty,3,3,3,,XD:Capital:Demo Annex",
            "profile,deprived-of-liberty,1,1,1,,XD:North",
        ],
    ),
    (
        "totals --state held --as-of 2021-05-31 --by place --depth 1",
        &["profile,deprived-of-liberty,5,5,5,,XD"],
    ),
    (
        "totals --state held --as-of 2021-05-31 --min-sources 2",
        &["profile,deprived-of-liberty,1,1,1,"],
    ),
    (
        "totals --state held --as-of 2021-05-31 --who",
        &[
            "profile,deprived-of-liberty,1,1,1,p1,Úrsula Vidal Demo,XD:Capital,",
            "profile,deprived-of-liberty,1,1,1,p3,Víctor Pablo Soto Demo,XD:North,",
            "profile,deprived-of-liberty,3,3,3,g1,\"unnamed, Demo Annex\",XD:Capital:Demo Annex,",
        ],
    ),
    (
        "diff --from 2021-05-31@e13 --to 2021-05-31 --state held",
        &["profile,deprived-of-liberty,6,5,-1,0,0,0,0,-1,0,"],
    ),
    (
        "flows --from 2021-05-01 --to 2021-05-31",
        &[
            "stock-at-start,,0,,",
            "entry,arrest,2,0,2",
            "entry,custody-observed,4,0,4",
            "exit,release,1,,",
            "stock-at-end,,5,,",
            "residual,,0,,",
        ],
    ),
    (
        "report list-diff Demo_Watch Demo_List --as-of 2021-05-31",
        &["p3,Víctor Pablo Soto Demo,1,1,1,29,29,29,,e8"],
    ),
    (
        "report list-diff Demo_List Demo_Watch --as-of 2021-05-31",
        &[],
    ),
];

/// A value of JSON as CSV writes it.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::Object(_) => panic!("{value}"),
    };
    match text.contains(',') {
        true => format!("\"{text}\""),
        false => text,
    }
}

fn check(file: &str, answers: &[Answer]) {
    let bench = Bench::new();
    bench.ok(&["import", &fixture(file)]);
    for (question, expect) in answers {
        let words: Vec<_> = question
            .split(' ')
            .map(|word| word.replace('_', " "))
            .collect();
        let asked: Vec<_> = words.iter().map(String::as_str).collect();
        let csv = bench.run(&[&asked[..], &["-O", "csv"]].concat());
        assert_eq!(csv.code, 0, "{question} {csv:?}");
        let mut lines = csv.out.lines();
        let heading = lines.next().unwrap();
        let keys: Vec<_> = heading
            .split(',')
            .take_while(|key| *key != "as_of")
            .collect();
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), expect.len(), "{question}\n{}", csv.out);
        for (line, expect) in lines.iter().zip(*expect) {
            assert!(
                line.starts_with(&format!("{expect},2021-")),
                "{question}\n{line}"
            );
        }
        let json = bench.run(&[&asked[..], &["-O", "json"]].concat()).rows();
        let cells = |row: &Value| keys.iter().map(|key| cell(&row[*key])).collect::<Vec<_>>();
        let rows: Vec<_> = json.iter().map(|row| cells(row).join(",")).collect();
        assert_eq!(rows, *expect, "{question}");
        let table = bench.run(&asked).out;
        let shown: Vec<_> = table.lines().skip(3).collect();
        assert_eq!(shown.len(), expect.len(), "{question}\n{table}");
        for (line, expect) in shown.iter().zip(*expect) {
            let first = expect.split(',').next().unwrap();
            assert!(line.starts_with(first), "{question}\n{table}");
        }
    }
}

#[test]
fn the_revolving_door_answers_as_reckoned_by_hand() {
    check("demo-revolving-door.jsonl", &REVOLVING_DOOR);
}

#[test]
fn the_two_lists_answer_as_reckoned_by_hand() {
    check("demo-two-lists.jsonl", &TWO_LISTS);
}
