//! Whom does one publisher document as held on a day, and another does not?
//!
//! Each publisher is taken at its own word: only the entries that it stands behind, with the
//! merges and groups that the ledger knows, give its list. Whoever is, at
//! the point dates, on the first list and not on the second is here, with what the second says of
//! them, if anything. Serves the
//! comparison of lists behind every dispute of numbers ("our 650, your 448"): it turns a gap into
//! names to ask after.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::State;

use super::{days_in, present_stay};
use crate::courses::{Courses, step_of};
use crate::fact::{Fact, SubjectId, TextId};
use crate::profile::Profile;
use crate::view::View;

/// Somebody on one list and not on the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDiffRow {
    /// Who.
    pub subject: SubjectId,
    /// How sure the first publisher's entries make it, times what the subject counts for.
    pub total: Count,
    /// How sure the other's make it: its count is 0, its high need not be.
    pub by_other: Count,
    /// What the other's entries say of custody at the point dates; none if they say nothing.
    pub other_state: Option<State>,
    /// Days of the stay by the first publisher's entries, the day of the report included.
    pub days: Count,
    /// The first publisher's entries of the stay, then the one that the other's state rests on.
    pub entries: Vec<Seq>,
}

/// Those whom one publisher documents as held at the end of a day, at the point dates, and the
/// other does not, in the order of first mention.
///
/// A publisher that no entry names has an empty list.
pub fn list_diff(
    view: &View<'_>,
    as_of: Day,
    profile: &Profile,
    publisher: &str,
    other: &str,
) -> Vec<ListDiffRow> {
    let [one, other] = [publisher, other].map(|name| view.facts().text_id(name));
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let weight = view.weight(subject);
        let courses = courses_by(view, subject, one);
        let total = profile.held(&courses.custody, as_of).times(weight);
        let others = courses_by(view, subject, other);
        let by_other = profile.held(&others.custody, as_of).times(weight);
        if total.count == 0 || by_other.count > 0 {
            continue;
        }
        let stay = present_stay(&courses.custody, as_of, profile).unwrap_or_default();
        let Some(began) = stay.first() else { continue };
        let said = others.custody.at(as_of).point;
        let of_stay = stay.iter().map(|placed| placed.step.seq);
        rows.push(ListDiffRow {
            subject,
            total,
            by_other,
            other_state: said.map(|placed| placed.step.state),
            days: days_in(began, as_of),
            entries: of_stay.chain(said.map(|placed| placed.step.seq)).collect(),
        });
    }
    rows
}

/// The courses of a subject by the entries that a publisher stands behind.
fn courses_by(view: &View<'_>, subject: SubjectId, publisher: Option<TextId>) -> Courses {
    let stands_behind = |fact: &Fact| {
        let mut voices = view.facts().voices(fact).iter();
        voices.any(|voice| Some(voice.publisher) == publisher)
    };
    let entries = view.entries(subject);
    let said = entries.filter(|(seq, fact)| view.counts(*seq) && stands_behind(fact));
    Courses::new(
        view.facts(),
        said.filter_map(|(seq, fact)| step_of(seq, fact)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn who_is_on_one_list_only_is_named_with_what_the_other_says() {
        let by = |publisher: &str, rest: &str| {
            format!(r#"{rest},"sources":[{{"publisher":"{publisher}","kind":"ngo"}}]"#)
        };
        let arrest = |person: u8| {
            format!(r#""kind":"arrest","person":"p:{person}","occurred":"2026-02-0{person}""#)
        };
        let release = |person: u8| {
            format!(r#""kind":"release","person":"p:{person}","occurred":"2026-02-10""#)
        };
        let drafts = [
            by("Watch", &arrest(1)),
            by("State", &arrest(1)),
            by("Watch", &arrest(2)),
            by("Watch", &arrest(3)),
            by("State", &release(3)),
            by("State", &arrest(4)),
            by("Watch", &release(1)),
            // p:5 is p:2: by then the other documents p:2, too.
            by(
                "State",
                r#""kind":"arrest","person":"p:5","occurred":"2026-02-11""#,
            ),
            r#""kind":"merge","person":"p:5","into":"p:2""#.to_owned(),
        ];
        let drafts: Vec<_> = drafts.iter().map(String::as_str).collect();
        let facts = Sample::of(&drafts).facts();
        for (known, on, one, other, expect) in [
            (8, "2026-02-09", "Watch", "State", "e2 - 8 [2]; e3 - 7 [3]"),
            (8, "2026-02-09", "State", "Watch", "e5 - 6 [5]"),
            (
                7,
                "2026-02-11",
                "Watch",
                "State",
                "e2 - 10 [2]; e3 released 9 [3, 4]",
            ),
            (8, "2026-02-11", "Watch", "State", "e3 released 9 [3, 4]"),
            (
                8,
                "2026-02-11",
                "State",
                "Watch",
                "e1 released 11 [1, 6]; e5 - 8 [5]",
            ),
            (8, "2026-02-11", "Nobody", "Watch", ""),
        ] {
            let view = View::known_at(&facts, Seq::new(known));
            let rows = list_diff(&view, day(on), &Profile::default(), one, other);
            let shown = |row: &ListDiffRow| {
                let entries: Vec<_> = row.entries.iter().map(|seq| seq.number()).collect();
                let state = row.other_state.map_or("-", State::word);
                format!("{} {state} {} {entries:?}", row.entries[0], row.days.count)
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join("; "), expect, "e{known} {on} {one} {other}");
        }
    }
}
