//! Takes the fields of a JSON object one by one, typed, and notes every fault on the way.
//!
//! A reader never stops at the first fault: what cannot be read is answered with `None` and
//! noted. An object that is finished with no fault noted has been read to the last key.

use std::borrow::Cow;
use std::fmt::Display;

use crate::fault::{Faults, Problem, Rule};
use crate::json::{Json, Path, Step};
use crate::kind::is_field;
use crate::limit;
use crate::word::{Word, nearest};

/// The keys and values of an object, in their order.
type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Where an object stands in the line. Spelled out for a fault only.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// The object around it, the member of that which holds it, and its name.
    outer: Option<(&'p Place<'p>, usize, &'p str)>,
    /// Which item of the member's list it is.
    item: Option<usize>,
}

impl Place<'_> {
    const TOP: Place<'static> = Place {
        outer: None,
        item: None,
    };

    fn path(&self) -> Path {
        let mut path = match self.outer {
            Some((outer, member, _)) => [outer.path(), vec![Step::Member(member)]].concat(),
            None => Path::new(),
        };
        path.extend(self.item.map(Step::Item));
        path
    }

    /// The name of the object, or that of a member of it: `sources[0].publisher`.
    fn name(&self, member: &str) -> String {
        let own = match (self.outer, self.item) {
            (Some((outer, _, name)), Some(item)) => format!("{}[{item}]", outer.name(name)),
            (Some((outer, _, name)), None) => outer.name(name),
            (None, _) => String::new(),
        };
        match (own.as_str(), member) {
            ("", member) => member.to_owned(),
            (_, "") => own,
            (own, member) => format!("{own}.{member}"),
        }
    }
}

/// One JSON object, being read.
pub(crate) struct Reader<'a, 'f> {
    members: Members<'a>,
    taken: Vec<bool>,
    place: Place<'f>,
    /// Whether keys and values may be quoted in messages; never those of private fields, where a
    /// key that is no field may be a name.
    quoting: bool,
    faults: &'f mut Faults,
}

impl<'a, 'f> Reader<'a, 'f> {
    /// Starts on an object; anything else is a fault, and reads as an empty object.
    pub(crate) fn new(value: Json<'a>, faults: &'f mut Faults) -> Self {
        let members = members_of(value).unwrap_or_else(|problem| {
            faults.add(Path::new(), String::new(), problem);
            Vec::new()
        });
        Self::at(members, Place::TOP, true, faults)
    }

    fn at(members: Members<'a>, place: Place<'f>, quoting: bool, faults: &'f mut Faults) -> Self {
        let taken = vec![false; members.len()];
        let mut reader = Self {
            members,
            taken,
            place,
            quoting,
            faults,
        };
        reader.refuse_duplicates();
        reader
    }

    fn refuse_duplicates(&mut self) {
        for n in 1..self.members.len() {
            let key = &self.members[n].0;
            if self.members[..n].iter().any(|(earlier, _)| earlier == key) {
                let message = match self.quoting {
                    true => format!("`{key}` stands here a second time"),
                    false => "a field stands here a second time".to_owned(),
                };
                let problem = Problem::new(Rule::DuplicateKey, message).remedy("keep one of them");
                self.taken[n] = true;
                self.fault_at(Step::Key(n), n, problem);
            }
        }
    }

    /// Whether anything was noted so far, here or in the rest of the line.
    pub(crate) fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether there is nothing to read: an empty object, or no object at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(key, _)| key == name)
    }

    fn fault_at(&mut self, step: Step, member: usize, problem: Problem) {
        let mut path = self.place.path();
        path.push(step);
        let key = &self.members[member].0;
        let may_be_named = self.quoting || step != Step::Key(member);
        let field = self.place.name(if may_be_named { key } else { "" });
        self.faults.add(path, field, problem);
    }

    /// Notes a fault of a field; of the object as a whole where the field is not there, or without a
    /// name.
    pub(crate) fn fault(&mut self, name: &str, problem: Problem) {
        match self.members.iter().position(|(key, _)| key == name) {
            Some(n) => self.fault_at(Step::Member(n), n, problem),
            None => {
                let (path, field) = (self.place.path(), self.place.name(name));
                self.faults.add(path, field, problem);
            }
        }
    }

    /// Takes a value as it stands.
    pub(crate) fn take(&mut self, name: &str) -> Option<(usize, Json<'a>)> {
        let n = self.members.iter().position(|(key, _)| key == name)?;
        self.taken[n] = true;
        Some((n, std::mem::replace(&mut self.members[n].1, Json::Null)))
    }

    fn wrong_type(&mut self, n: usize, wanted: &str, found: &Json<'_>) {
        let message = format!("{wanted} belongs here, not {}", found.what());
        let problem = Problem::new(Rule::WrongType, message);
        let problem = match found {
            Json::Null => problem.remedy("leave the field out when nothing is known"),
            _ => problem,
        };
        self.fault_at(Step::Member(n), n, problem);
    }

    /// Takes a text and reads it further.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        max_bytes: usize,
        read: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        let (n, value) = self.take(name)?;
        let Json::Text(text) = value else {
            self.wrong_type(n, "a text", &value);
            return None;
        };
        match sound_text(&text, max_bytes).and_then(|()| read(&text)) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault_at(Step::Member(n), n, problem);
                None
            }
        }
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<Box<str>> {
        self.parsed(name, limit::TEXT_BYTES_MAX, |text| Ok(text.into()))
    }

    pub(crate) fn prose(&mut self, name: &str) -> Option<Box<str>> {
        self.parsed(name, limit::PROSE_BYTES_MAX, |text| Ok(text.into()))
    }

    /// Takes a word of a closed vocabulary.
    pub(crate) fn word<T: Word>(&mut self, name: &str) -> Option<T> {
        let quoting = self.quoting;
        self.parsed(name, limit::TEXT_BYTES_MAX, |text| {
            T::from_word(text).ok_or_else(|| unknown_word::<T>(text, quoting))
        })
    }

    /// Takes a whole number up to a limit.
    pub(crate) fn whole(&mut self, name: &str, max: u64) -> Option<u64> {
        let (n, value) = self.take(name)?;
        match value {
            Json::Whole(number) if number <= max => return Some(number),
            Json::Whole(_) => {
                let problem = Problem::new(Rule::AboveLimit, format!("at most {max} is accepted"));
                self.fault_at(Step::Member(n), n, problem);
            }
            other => self.wrong_type(n, "a whole number from 0", &other),
        }
        None
    }

    /// Takes `true` or `false`; absent is false.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.take(name) {
            Some((_, Json::Bool(value))) => value,
            Some((n, other)) => {
                self.wrong_type(n, "true or false", &other);
                false
            }
            None => false,
        }
    }

    /// Takes a list of texts; one text stands for a list of one.
    pub(crate) fn texts(&mut self, name: &str, max_bytes: usize) -> Vec<Box<str>> {
        let Some((n, value)) = self.take(name) else {
            return Vec::new();
        };
        let items = match value {
            Json::List(items) => items,
            Json::Text(text) => vec![Json::Text(text)],
            other => {
                self.wrong_type(n, "a list of texts", &other);
                return Vec::new();
            }
        };
        self.check_length(n, items.len(), limit::LIST_ITEMS_MAX);
        let mut texts = Vec::with_capacity(items.len());
        for (item, value) in items.into_iter().enumerate() {
            let problem = match &value {
                Json::Text(text) => sound_text(text, max_bytes).err(),
                other => {
                    let message = format!("a text belongs here, not {}", other.what());
                    Some(Problem::new(Rule::WrongType, message))
                }
            };
            match (problem, value) {
                (None, Json::Text(text)) => texts.push(text.into()),
                (Some(problem), _) => self.item_fault(n, item, problem),
                (None, _) => {}
            }
        }
        texts
    }

    /// Takes a list of words of a closed vocabulary, each once.
    pub(crate) fn words<T: Word + PartialEq>(&mut self, name: &str) -> Option<Vec<T>> {
        let n = self.members.iter().position(|(key, _)| key == name)?;
        let texts = self.texts(name, limit::TEXT_BYTES_MAX);
        let mut words = Vec::with_capacity(texts.len());
        let mut is_sound = !texts.is_empty();
        for (item, text) in texts.iter().enumerate() {
            let problem = match T::from_word(text) {
                Some(word) if !words.contains(&word) => {
                    words.push(word);
                    continue;
                }
                Some(_) => Problem::new(Rule::Contradiction, "this stands in the list already"),
                None => unknown_word::<T>(text, self.quoting),
            };
            is_sound = false;
            self.item_fault(n, item, problem);
        }
        is_sound.then_some(words)
    }

    fn item_fault(&mut self, n: usize, item: usize, problem: Problem) {
        let place = Place {
            outer: Some((&self.place, n, &self.members[n].0)),
            item: Some(item),
        };
        self.faults.add(place.path(), place.name(""), problem);
    }

    fn check_length(&mut self, n: usize, length: usize, max: usize) {
        let problem = match length {
            0 => Problem::new(Rule::MissingField, "the list is empty")
                .remedy("leave the field out when nothing is known"),
            length if length > max => {
                Problem::new(Rule::AboveLimit, format!("{length} items; at most {max}"))
            }
            _ => return,
        };
        self.fault_at(Step::Member(n), n, problem);
    }

    /// Takes an object and reads it with the same care; one is written in the `form` shown.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        private: bool,
        form: &str,
        read: impl FnOnce(&mut Reader<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        let (n, value) = self.take(name)?;
        let members = match members_of(value) {
            Ok(members) => members,
            Err(problem) => {
                self.fault_at(Step::Member(n), n, problem.remedy(format!("write {form}")));
                return None;
            }
        };
        let place = Place {
            outer: Some((&self.place, n, name)),
            item: None,
        };
        let quoting = self.quoting && !private;
        read(&mut Reader::at(members, place, quoting, self.faults))
    }

    /// Takes a list of objects and reads each.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        read: impl FnMut(&mut Reader<'a, '_>) -> Option<T>,
    ) -> Vec<T> {
        self.objects_up_to(name, limit::LIST_ITEMS_MAX, read)
    }

    /// The same for a list with a limit of its own.
    pub(crate) fn objects_up_to<T>(
        &mut self,
        name: &str,
        max: usize,
        mut read: impl FnMut(&mut Reader<'a, '_>) -> Option<T>,
    ) -> Vec<T> {
        let Some((n, value)) = self.take(name) else {
            return Vec::new();
        };
        let Json::List(items) = value else {
            self.wrong_type(n, "a list of objects", &value);
            return Vec::new();
        };
        self.check_length(n, items.len(), max);
        let mut all = Vec::with_capacity(items.len());
        for (item, value) in items.into_iter().enumerate() {
            match members_of(value) {
                Err(problem) => self.item_fault(n, item, problem),
                Ok(members) => {
                    let place = Place {
                        outer: Some((&self.place, n, name)),
                        item: Some(item),
                    };
                    let mut reader = Reader::at(members, place, self.quoting, self.faults);
                    all.extend(read(&mut reader));
                }
            }
        }
        all
    }

    /// Whether a field is not there, not even mistyped: a mistyped key is one fault, not two.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        lacks(&self.members, name)
    }

    /// The same of the object in a field, which nobody has taken; true where there is none.
    pub(crate) fn lacks_within(&self, object: &str, name: &str) -> bool {
        let found = self.members.iter().find(|(key, _)| key == object);
        match found {
            Some((_, Json::Object(members))) => lacks(members, name),
            Some(_) | None => true,
        }
    }

    /// Notes every required field that is not there.
    pub(crate) fn require(&mut self, required: &[&str], of: impl Fn() -> String) {
        for name in required {
            if self.lacks(name) {
                let problem = Problem::new(Rule::MissingField, format!("{} needs `{name}`", of()))
                    .remedy(format!("add \"{name}\":..."));
                self.fault(name, problem);
            }
        }
    }

    /// Notes every key that nobody took, with the nearest right spelling.
    ///
    /// `explain` may say more of a key that is a field, but not here.
    pub(crate) fn finish(&mut self, allowed: &[&str], explain: impl Fn(&str) -> Option<String>) {
        for n in 0..self.members.len() {
            if self.taken[n] {
                continue;
            }
            let key = self.members[n].0.clone();
            let shown: String = key.chars().take(40).collect();
            let problem = match explain(&key) {
                Some(explanation) => Problem::new(Rule::UnknownField, explanation),
                None if self.quoting => {
                    Problem::new(Rule::UnknownField, format!("there is no field `{shown}`"))
                }
                None => Problem::new(Rule::UnknownField, "there is no private field of this name"),
            };
            let problem = match nearest(&key, allowed.iter().copied()) {
                Some(near) => problem.remedy(format!("did you mean `{near}`?")),
                None => problem.remedy(format!("the fields here are {}", allowed.join(", "))),
            };
            self.fault_at(Step::Key(n), n, problem);
        }
    }
}

fn lacks(members: &Members<'_>, name: &str) -> bool {
    // Sound input pays nothing for the look at what is mistyped.
    let is_mistyped = |key: &str| !is_field(key) && nearest(key, [name].into_iter()).is_some();
    !members.iter().any(|(key, _)| key == name) && !members.iter().any(|(key, _)| is_mistyped(key))
}

fn members_of(value: Json<'_>) -> Result<Members<'_>, Problem> {
    match value {
        Json::Object(members) => Ok(members),
        other => {
            let message = format!("an object {{...}} belongs here, not {}", other.what());
            Err(Problem::new(Rule::WrongType, message))
        }
    }
}

fn sound_text(text: &str, max_bytes: usize) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::new(Rule::MissingField, "the text is empty")
            .remedy("leave the field out when nothing is known"));
    }
    if text.len() > max_bytes {
        let message = format!("the text has {} bytes; at most {max_bytes}", text.len());
        return Err(Problem::new(Rule::AboveLimit, message));
    }
    Ok(())
}

fn unknown_word<T: Word>(text: &str, quoting: bool) -> Problem {
    let words = T::ALL.iter().map(|member| member.word()).collect();
    no_such_word(text, quoting, T::WHAT, T::nearest(text), words)
}

/// A word that is not in a vocabulary, with the nearest right one, or all of them.
pub(crate) fn no_such_word(
    text: &str,
    quoting: bool,
    what: &str,
    nearest: Option<impl Display>,
    words: Vec<&str>,
) -> Problem {
    let shown: String = text.chars().take(40).collect();
    let message = match quoting {
        true => format!("`{shown}` is no {what}"),
        false => format!("this is no {what}"),
    };
    let remedy = match nearest {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", words.join(", ")),
    };
    Problem::new(Rule::UnknownWord, message).remedy(remedy)
}
