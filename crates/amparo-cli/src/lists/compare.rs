//! From what the lists have said and one more list to the events that follow from the two.

use std::collections::HashSet;

use amparo_core::date::{Context, Day, Occurred};
use amparo_core::id::EventId;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::known::{Cells, Known, Seen};
use super::roster::{Listed, Roster};
use super::rules::{CaseEvent, Moment, Rules};
use crate::error::Failure;

/// One draft, and what the lists have said once it is recorded.
pub struct Step {
    /// The draft's line.
    pub line: String,
    /// What it does to what is known.
    pub effect: Effect,
}

/// What a draft does to what is known of somebody.
pub enum Effect {
    /// They are in custody since a date.
    Stays(Uuid, Occurred),
    /// They have left.
    Left(Uuid, Occurred),
    /// They left at another time than was inferred.
    LeftAt(Uuid, Occurred, EventId),
    /// They have not left at all.
    Back(Uuid),
    /// Nothing that the next comparison looks at.
    Nothing,
    /// The list is compared to its end.
    Closes,
}

/// What came of one comparison, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Who is on this list and not on the one before; none on the first.
    pub entered: u64,
    /// Who is on the one before and not on this.
    pub left: u64,
    /// Of those entered, who was on an earlier list.
    pub returned: u64,
    /// Of those returned, whose admission is the same.
    pub returned_same_admission: u64,
    /// Whose admission differs, of those on both.
    pub admission_changed: u64,
    /// Whose status differs, of those on both.
    pub status_changed: u64,
    /// Whether the file is the one of the day before, byte for byte.
    pub silent: bool,
}

/// A list, and everybody on it by their id in the ledger.
pub struct Comparison<'c> {
    /// The rules.
    pub rules: &'c Rules,
    /// What the lists have said before.
    pub known: &'c Known,
    /// The file's name, without its folder.
    pub file: &'c str,
    /// The list.
    pub roster: &'c Roster,
    /// The ids of its people, in their order.
    pub ids: &'c [Uuid],
    /// What dates depend on.
    pub dates: Context,
    counts: Counts,
    steps: Vec<Step>,
}

impl<'c> Comparison<'c> {
    /// Starts a comparison.
    pub fn new(
        rules: &'c Rules,
        known: &'c Known,
        (file, roster, ids): (&'c str, &'c Roster, &'c [Uuid]),
        dates: Context,
    ) -> Self {
        Self {
            rules,
            known,
            file,
            roster,
            ids,
            dates,
            counts: Counts::default(),
            steps: Vec::new(),
        }
    }

    /// Compares, and answers the drafts in the order in which they are recorded.
    ///
    /// # Errors
    /// Exit 3, for a date that no draft can hold.
    pub fn run(mut self) -> Result<(Counts, Vec<Step>), Failure> {
        let last = self.known.lists.last_key_value();
        if last.is_some_and(|(_, closed)| closed.sha256 == self.roster.sha256) {
            self.counts.silent = true;
            let members = json!({"kind": "source-silent", "list": self.rules.list,
                "period": self.roster.day.to_string()});
            self.push(members, None, Effect::Closes);
            return Ok((self.counts, self.steps));
        }
        let first = last.is_none();
        let mut here: HashSet<Uuid> = self.ids.iter().copied().collect();
        let known = self.known;
        for (person, seen) in &known.people {
            if seen.present && !here.contains(person) {
                self.leaves(*person)?;
            }
        }
        for (listed, person) in self.roster.people.iter().zip(self.ids) {
            if !here.remove(person) {
                continue; // two references of one person
            }
            match known.people.get(person) {
                Some(seen) if seen.present => self.still_there(listed, *person, seen)?,
                Some(seen) => {
                    self.counts.entered += 1;
                    self.returns(listed, *person, seen)?;
                }
                None => {
                    self.counts.entered += u64::from(!first);
                    self.arrives(listed, *person, None)?;
                    let until = self.occurred(&format!("../{}", self.roster.day))?;
                    self.moves(listed, *person, None, until);
                }
            }
        }
        self.close();
        Ok((self.counts, self.steps))
    }

    /// When what differs between the last list and this one has happened.
    fn between(&self) -> Result<Occurred, Failure> {
        let day = self.roster.day;
        let last = self
            .known
            .lists
            .last_key_value()
            .map_or(day, |(last, _)| *last);
        let (from, to) = match self.rules.moment {
            Moment::Start => (last, day.minus_days(1).unwrap_or(day).max(last)),
            Moment::End => (last.plus_days(1).unwrap_or(day).min(day), day),
            Moment::Within => (last, day),
        };
        self.occurred(&days(from, to))
    }

    fn leaves(&mut self, person: Uuid) -> Result<(), Failure> {
        self.counts.left += 1;
        let when = self.between()?;
        let members = json!({"kind": self.rules.leave.kind, "person": person.to_string(),
            "occurred": when.as_str(),
            "private": {"note": "inferred: on the last list, and not on this one"}});
        self.push(members, None, Effect::Left(person, when));
        Ok(())
    }

    fn still_there(&mut self, listed: &Listed, person: Uuid, seen: &Seen) -> Result<(), Failure> {
        let since = self.admission(listed)?;
        if since.is_some_and(|since| since != seen.stay.1) {
            self.counts.admission_changed += 1;
            self.arrives(listed, person, Some(seen.stay.0))?;
        }
        if listed.status.is_some() && seen.status.is_some() && listed.status != seen.status {
            self.counts.status_changed += 1;
        }
        let when = self.between()?;
        self.moves(listed, person, seen.status.as_deref(), when);
        Ok(())
    }

    fn returns(&mut self, listed: &Listed, person: Uuid, seen: &Seen) -> Result<(), Failure> {
        self.counts.returned += 1;
        let since = self.admission(listed)?;
        let same = since.is_none_or(|since| since == seen.stay.1);
        self.counts.returned_same_admission += u64::from(same);
        let exit = seen.exits.last();
        let standing = exit.filter(|(id, _)| !self.known.out_of_force.contains(id));
        match standing {
            Some((exit, _)) if same => {
                let reason = format!(
                    "back on the list of {} with the same admission",
                    self.roster.day
                );
                let members =
                    json!({"kind": "retraction", "entry": exit.to_string(), "reason": reason});
                self.push(members, None, Effect::Back(person));
            }
            Some(_) | None => self.arrives(listed, person, None)?,
        }
        let when = match exit {
            Some((_, left)) => {
                let to = self.between()?.span().hi();
                self.occurred(&days(left.span().lo().min(to), to))?
            }
            None => self.between()?,
        };
        self.moves(listed, person, seen.status.as_deref(), when);
        Ok(())
    }

    /// In custody since their admission; since the list, where that says nothing usable or where
    /// somebody has said by hand that the stay since then is over.
    fn arrives(
        &mut self,
        listed: &Listed,
        person: Uuid,
        replaces: Option<EventId>,
    ) -> Result<(), Failure> {
        let listed_on = self.occurred(&self.roster.day.to_string())?;
        let mut since = self.admission(listed)?.unwrap_or_else(|| listed_on.clone());
        if let Some(seen) = self.known.people.get(&person) {
            if replaces.is_none() && since == seen.stay.1 {
                since = listed_on;
            }
            self.leaves_before(&since, person, seen)?;
        }
        let mut members = json!({"kind": self.rules.enter.kind,
            "person": listed.external.as_str(), "occurred": since.as_str()});
        let enter = &self.rules.enter;
        put(&mut members, "place", enter.place.as_deref());
        put(&mut members, "authority", enter.authority.as_deref());
        put(
            &mut members,
            "replaces",
            replaces.map(|id| id.to_string()).as_deref(),
        );
        self.push(members, Some(listed), Effect::Stays(person, since));
        Ok(())
    }

    /// Who is in custody since a date has left before: moves an exit that was inferred for later.
    fn leaves_before(
        &mut self,
        since: &Occurred,
        person: Uuid,
        seen: &Seen,
    ) -> Result<(), Failure> {
        let Some((exit, when)) = seen.exits.last() else {
            return Ok(());
        };
        let is_before = when.span().order_key() < since.span().order_key();
        if is_before || self.known.out_of_force.contains(exit) {
            return Ok(());
        }
        let (from, to) = (when.span().lo(), since.span().lo());
        let when = match from < to {
            true => self.occurred(&days(from, to))?,
            false => since.clone(),
        };
        let members = json!({"kind": self.rules.leave.kind, "person": person.to_string(),
            "occurred": when.as_str(), "replaces": exit.to_string(),
            "private": {"note": "inferred: before they were admitted again"}});
        self.push(members, None, Effect::LeftAt(person, when, *exit));
        Ok(())
    }

    /// The case has moved from one status to another.
    fn moves(&mut self, listed: &Listed, person: Uuid, from: Option<&str>, when: Occurred) {
        let Some(to) = listed.status.as_deref().filter(|to| Some(*to) != from) else {
            return;
        };
        let meaning = |code: &str| self.rules.status.as_ref()?.values.get(code);
        let before = from.and_then(meaning);
        let external = listed.external.as_str();
        let event = meaning(to).filter(|event| event.is_event() && before != Some(event));
        let members = match event {
            Some(event) => {
                let mut members = json!({"kind": event.kind, "person": external,
                    "occurred": when.as_str()});
                let CaseEvent {
                    court,
                    jurisdiction,
                    ..
                } = event;
                put(&mut members, "court", court.as_deref());
                put(&mut members, "jurisdiction", jurisdiction.as_deref());
                members
            }
            // The first status stands in the note of the arrival.
            None if from.is_none() && !self.was_listed(person) => return,
            None => json!({"kind": "note", "person": external,
                "text": "another status on the list, which does not move the case"}),
        };
        self.push(members, Some(listed), Effect::Nothing);
    }

    fn was_listed(&self, person: Uuid) -> bool {
        self.known.people.contains_key(&person)
    }

    /// The last entry of every list: without it, the list was not compared to its end.
    fn close(&mut self) {
        let Roster {
            day,
            rows,
            people,
            again,
            ..
        } = self.roster;
        let mut text = format!(
            "list {} of {day}, {}: {rows} rows, {} people",
            self.rules.list,
            self.file,
            people.len()
        );
        if !again.is_empty() {
            text.push_str(&format!("; {} rows name somebody again", again.len()));
        }
        self.push(json!({"kind": "note", "text": text}), None, Effect::Closes);
    }

    fn admission(&self, listed: &Listed) -> Result<Option<Occurred>, Failure> {
        let admission = listed.admission.as_deref();
        admission.map(|text| self.occurred(text)).transpose()
    }

    fn occurred(&self, text: &str) -> Result<Occurred, Failure> {
        Occurred::parse_draft(text, &self.dates).map_err(|error| {
            Failure::refused(format!("{}: the date {text} cannot be recorded", self.file))
                .cause(error.to_string())
        })
    }

    fn push(&mut self, mut members: Value, listed: Option<&Listed>, effect: Effect) {
        let mut source = json!({"publisher": self.rules.source.publisher,
            "kind": self.rules.source.kind, "published": self.roster.day.to_string(),
            "title": self.rules.list, "sha256": self.roster.sha256});
        put(&mut source, "url", self.rules.source.url.as_deref());
        if let Some(members) = members.as_object_mut() {
            members.insert("sources".to_owned(), json!([source]));
            if let Some(listed) = listed {
                let cells = Cells {
                    row: listed.row,
                    admission: Some(listed.admission_text.clone()),
                    status: listed.status.clone(),
                };
                let note = serde_json::to_string(&cells).unwrap_or_default();
                let private = Map::from_iter([("note".to_owned(), Value::String(note))]);
                members.insert("private".to_owned(), Value::Object(private));
            }
        }
        let line = members.to_string();
        self.steps.push(Step { line, effect });
    }
}

fn put(members: &mut Value, key: &str, value: Option<&str>) {
    if let (Some(members), Some(value)) = (members.as_object_mut(), value) {
        members.insert(key.to_owned(), value.into());
    }
}

fn days(from: Day, to: Day) -> String {
    match from == to {
        true => from.to_string(),
        false => format!("{from}/{to}"),
    }
}
