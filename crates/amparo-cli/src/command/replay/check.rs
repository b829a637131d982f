//! Whether what is kept up to date entry by entry is what the log gives when derived anew.
//!
//! Two readings of the log meet here: entries one by one, each added to what is there, and the
//! whole log in stretches on all cores. At chosen entries every projection is derived from both,
//! as of the day on which that entry was recorded. The longer the log, the fewer entries are
//! chosen; the head is always one of them.

use std::fmt::{self, Debug, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::State;
use amparo_projections::audit::audit_all;
use amparo_projections::claims::claims;
use amparo_projections::conflicts::conflicts;
use amparo_projections::grouping::Grouping;
use amparo_projections::roster::{Asked, roster};
use amparo_projections::timeline::timeline;
use amparo_projections::totals::{totals, totals_by};
use amparo_projections::{Facts, Profile, ReadModel as _, RunningTotals, View};
use amparo_store::ledger::Ledger;

use crate::command::Exit;
use crate::derived::read_facts;
use crate::error::{Failure, FailureKind};
use crate::kept_deltas;
use crate::kept_facts;
use crate::kept_names;
use crate::output::{Cell, Column, Reply};
use crate::progress::Progress;
use crate::session::{Session, today, whole_meta};

/// How many entries all derivations together may go through, about: some seconds of work.
const ENTRIES_DERIVED_MAX: u64 = 1_000_000;
/// The fewest entries at which a log is compared.
const POSITIONS_MIN: u64 = 3;

/// How often a projection was compared, and where it differed.
struct Compared {
    projection: &'static str,
    times: u64,
    differs_at: Vec<Seq>,
}

/// The comparisons so far, by projection in the order of the first.
#[derive(Default)]
struct Comparison {
    compared: Vec<Compared>,
}

impl Comparison {
    fn note<T: PartialEq>(&mut self, projection: &'static str, at: Seq, one: &T, other: &T) {
        let known = self
            .compared
            .iter()
            .position(|compared| compared.projection == projection);
        let n = known.unwrap_or_else(|| {
            self.compared.push(Compared {
                projection,
                times: 0,
                differs_at: Vec::new(),
            });
            self.compared.len() - 1
        });
        self.compared[n].times += 1;
        if one != other {
            self.compared[n].differs_at.push(at);
        }
    }

    fn differences(&self) -> Vec<&'static str> {
        let differing = self
            .compared
            .iter()
            .filter(|compared| !compared.differs_at.is_empty());
        differing.map(|compared| compared.projection).collect()
    }
}

/// Compares, answers projection by projection, and fails where one differs.
pub fn run(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let ledger = session.whole()?;
    let whole = anew(session, &ledger)?;
    let comparison = compare(session, &ledger, &whole)?;
    let columns = [
        Column::text("projection"),
        Column::number("compared"),
        Column::number("differences"),
        Column::text("differs_at"),
    ];
    let mut reply = Reply::new(whole_meta(&ledger), columns);
    for compared in &comparison.compared {
        reply.push(vec![
            Cell::text(compared.projection),
            Cell::count(compared.times),
            Cell::count(compared.differs_at.len()),
            Cell::list(&compared.differs_at),
        ]);
    }
    session.reply(&reply)?;
    match comparison.differences().as_slice() {
        [] => {
            session.talk("every projection is what the log gives");
            Ok(Exit::Done)
        }
        differing => {
            let message = format!("{} differ from what the log gives", differing.join(", "));
            Err(Failure::new(FailureKind::Integrity, message)
                .hint("`amparo verify` tells whether the log itself is sound"))
        }
    }
}

fn anew(session: &mut Session<'_, '_>, ledger: &Ledger) -> Result<Facts, Failure> {
    let size = ledger.head().size;
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    kept_facts::anew(ledger, &mut |done| {
        progress.step("reading the log", done, Some(size));
    })
}

fn compare(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    whole: &Facts,
) -> Result<Comparison, Failure> {
    let size = whole.len() as u64;
    let step = (size / (ENTRIES_DERIVED_MAX / size.max(1)).max(POSITIONS_MIN)).max(1);
    let profile = Profile::default();
    let mut running = RunningTotals::new(Day::MIN, profile.clone());
    let mut comparison = Comparison::default();
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    for entry in ledger.entries(0..size) {
        let entry = entry?;
        let (seq, day) = (entry.seq, today(ledger, entry.recorded)?);
        running
            .apply(&entry)
            .map_err(|error| Failure::not_a_log(seq, &error.to_string()))?;
        let done = seq.number() + 1;
        if done % step == 0 || done == size {
            running.move_to(day);
            let anew = View::known_at(whole, seq);
            comparison.note(
                "totals",
                seq,
                &running.rows(),
                &totals(&anew, day, &profile),
            );
            derive(
                &mut comparison,
                seq,
                day,
                &View::head(running.facts()),
                &anew,
            );
        }
        progress.step("comparing", done, Some(size));
    }
    drop(progress);
    if let Some(head) = whole.head() {
        let kept = read_facts(session, ledger)?;
        comparison.note("facts kept", head, &kept, whole);
    }
    if let (Some(head), Some([kept, anew])) = (whole.head(), kept_names::beside(ledger, whole)?) {
        comparison.note("names kept", head, kept.bytes(), anew.bytes());
    }
    kept_deltas::each_beside(ledger, whole, |seq, kept, anew| {
        comparison.note("deltas kept", seq, kept, anew);
    });
    Ok(comparison)
}

/// Derives every other projection from both sides.
fn derive(comparison: &mut Comparison, at: Seq, day: Day, grown: &View<'_>, anew: &View<'_>) {
    let by_place = |view: &View<'_>| {
        let depth = usize::MAX;
        totals_by(view, day, &Profile::default(), &[Grouping::Place { depth }])
    };
    comparison.note("totals by place", at, &by_place(grown), &by_place(anew));
    let rosters = |view: &View<'_>| {
        let profile = Profile::default();
        let states = State::all().map(|state| roster(view, day, Asked::State(state, None)));
        let states: Vec<_> = states.collect();
        (states, roster(view, day, Asked::Held(&profile)))
    };
    comparison.note("roster", at, &rosters(grown), &rosters(anew));
    let timelines = |view: &View<'_>| {
        let of = |subject| shown(&timeline(view, subject, day, &Profile::default()));
        view.subjects().map(of).collect::<Vec<_>>()
    };
    comparison.note("timeline", at, &timelines(grown), &timelines(anew));
    let claimed = |view: &View<'_>| shown(&claims(view, day, &Profile::default()));
    comparison.note("claims", at, &claimed(grown), &claimed(anew));
    comparison.note("conflicts", at, &conflicts(grown), &conflicts(anew));
    let audits = |view: &View<'_>| {
        let audits = audit_all(view, view, day).map(|audit| shown(&audit));
        audits.collect::<Vec<_>>()
    };
    comparison.note("audit", at, &audits(grown), &audits(anew));
}

/// Everything an answer holds as one number, so that two of them are compared without keeping
/// either: the answers of a long log are larger than the log.
fn shown(answer: &impl Debug) -> u64 {
    struct Fingerprint(DefaultHasher);
    impl fmt::Write for Fingerprint {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut fingerprint = Fingerprint(DefaultHasher::new());
    // A writer that only hashes never fails.
    let _ = write!(fingerprint, "{answer:?}");
    fingerprint.0.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_names_what_differs_and_where() {
        let mut comparison = Comparison::default();
        for (projection, n, one, other) in [
            ("totals", 1, 5, 5),
            ("claims", 1, 5, 6),
            ("totals", 2, 6, 6),
            ("claims", 2, 7, 7),
        ] {
            comparison.note(projection, Seq::new(n), &one, &other);
        }
        assert_eq!(comparison.differences(), ["claims"]);
        let shown: Vec<_> = comparison
            .compared
            .iter()
            .map(|c| (c.projection, c.times, c.differs_at.len()))
            .collect();
        assert_eq!(shown, [("totals", 2, 0), ("claims", 2, 1)]);
    }

    #[test]
    fn answers_are_told_apart_by_anything_that_they_hold() {
        assert_eq!(shown(&["e1", "e2"]), shown(&["e1", "e2"]));
        for other in [&["e1"][..], &["e2", "e1"], &["e1", "e2", "e3"], &["e1, e2"]] {
            assert_ne!(shown(&&["e1", "e2"][..]), shown(&other), "{other:?}");
        }
    }
}
