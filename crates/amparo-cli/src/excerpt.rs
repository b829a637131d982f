//! The piece of a line that a fault points at, and nothing of it that could name somebody.
//!
//! A draft line holds names in its private fields, and a mistyped line can hold them anywhere. So
//! an excerpt shows a key, or a key and the value of a field that has a closed form (a date, a
//! word of a vocabulary, a code); where it cannot tell, it shows nothing.

use amparo_core::fault::{Fault, Rule};
use unicode_width::UnicodeWidthStr as _;

use crate::output::text;

/// The most characters of a key or a value that an excerpt shows.
const TOKEN_CHARS_MAX: usize = 48;
/// Characters shown on each side of a fault of syntax.
const SYNTAX_SIDE_CHARS: usize = 24;

/// A piece of a line, with the place to point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    before: String,
    after: String,
}

impl Excerpt {
    /// The piece of the line that the fault stands in, where it may be shown.
    pub fn of(line: &[u8], fault: &Fault) -> Option<Self> {
        let line: Vec<char> = String::from_utf8_lossy(line).chars().collect();
        let at = fault.column.checked_sub(1).filter(|at| *at < line.len())?;
        if fault.field.starts_with("private") {
            return None;
        }
        match fault.rule {
            Rule::UnknownField | Rule::DuplicateKey => Some(Self::new("", &token(&line, at).1)),
            Rule::UnknownKind
            | Rule::UnknownWord
            | Rule::BadDate
            | Rule::FutureDate
            | Rule::UnknownEntry
            | Rule::UnknownInstrument
            | Rule::WrongSubject
            | Rule::IdTaken => Self::of_value(&line, at, &fault.field),
            Rule::Malformed if !names_somebody(&fault.field) => {
                Self::of_value(&line, at, &fault.field)
            }
            Rule::Syntax => Self::of_syntax(&line, at),
            Rule::NotUtf8
            | Rule::AboveLimit
            | Rule::MissingField
            | Rule::WrongType
            | Rule::Malformed
            | Rule::NoSource
            | Rule::Contradiction
            | Rule::MergeWouldCycle
            | Rule::OpeningIsFixed
            | Rule::ErasureIsFinal => None,
        }
    }

    fn new(before: &str, after: &str) -> Self {
        Self {
            before: text::visible(before),
            after: text::visible(after),
        }
    }

    /// `"key":` and the value, the caret where the fault stands within it.
    fn of_value(line: &[char], at: usize, field: &str) -> Option<Self> {
        let key = field.rsplit('.').next()?;
        let key = key.split('[').next()?;
        let (start, value) = token(line, at);
        let inside: String = line[start..at].iter().collect();
        let rest: String = value.chars().skip(at - start).collect();
        Some(Self::new(&format!("\"{key}\":{inside}"), &rest))
    }

    /// The surroundings of a fault of syntax, unless the line may hold private fields.
    fn of_syntax(line: &[char], at: usize) -> Option<Self> {
        let all: String = line.iter().collect::<String>().to_lowercase();
        if ["priv", "name", "alias", "nombre"]
            .iter()
            .any(|word| all.contains(word))
        {
            return None;
        }
        let from = at.saturating_sub(SYNTAX_SIDE_CHARS);
        let to = line.len().min(at + SYNTAX_SIDE_CHARS);
        let dots = if from > 0 { "…" } else { "" };
        let before: String = line[from..at].iter().collect();
        let after: String = line[at..to].iter().collect();
        Some(Self::new(&format!("{dots}{before}"), &after))
    }

    /// The piece as one line of text.
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// How many columns of the screen stand before the place of the fault.
    pub fn caret_columns(&self) -> usize {
        self.before.width()
    }
}

/// Whether a field says whom an event is about, where people mistakenly type names.
fn names_somebody(field: &str) -> bool {
    ["person", "group", "into"].contains(&field)
}

/// The JSON token around a character: where it starts, and its text, cut when it is long.
///
/// A place inside a string belongs to that string; the start of a string is its opening mark.
fn token(line: &[char], at: usize) -> (usize, String) {
    let mut start = 0;
    let mut inside = false;
    let mut escaped = false;
    for (n, c) in line.iter().enumerate().take(at + 1) {
        match (inside, c) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (true, '"') if n < at => inside = false,
            (false, '"') => (inside, start) = (true, n),
            (false, _) if n == at => start = n,
            (true | false, _) => {}
        }
    }
    let mut end = start + 1;
    escaped = false;
    while let Some(c) = line.get(end) {
        end += 1;
        match c {
            _ if !inside && matches!(c, ',' | '}' | ']' | ' ' | ':') => {
                end -= 1;
                break;
            }
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => break,
            _ => {}
        }
    }
    let whole = &line[start..end.max(at + 1).min(line.len())];
    let cut = whole.len().min(TOKEN_CHARS_MAX.max(at - start + 1));
    let dots = if cut < whole.len() { "…" } else { "" };
    (start, whole[..cut].iter().collect::<String>() + dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(rule: Rule, column: usize, field: &str) -> Fault {
        let (field, message) = (field.to_owned(), String::new());
        Fault {
            rule,
            column,
            field,
            message,
            remedy: None,
        }
    }

    #[test]
    fn an_excerpt_shows_the_token_and_points_into_it() {
        for (line, rule, column, field, shown) in [
            (
                r#"{"kind":"arest","x":1}"#,
                Rule::UnknownKind,
                9,
                "kind",
                r#""kind":"arest" 7"#,
            ),
            (
                r#"{"plaze":"Ana Demo"}"#,
                Rule::UnknownField,
                2,
                "plaze",
                r#""plaze" 0"#,
            ),
            (
                r#"{"occurred":"2020-02-30"}"#,
                Rule::BadDate,
                22,
                "occurred",
                r#""occurred":"2020-02-30" 20"#,
            ),
            (
                r#"{"a":{"kind":"x\"y"}}"#,
                Rule::UnknownWord,
                14,
                "sources[0].kind",
                r#""kind":"x\"y" 7"#,
            ),
        ] {
            let excerpt = Excerpt::of(line.as_bytes(), &fault(rule, column, field)).unwrap();
            assert_eq!(
                format!("{} {}", excerpt.text(), excerpt.caret_columns()),
                shown
            );
        }
    }

    #[test]
    fn nothing_that_could_name_somebody_is_shown() {
        for (line, rule, column, field) in [
            (
                r#"{"private":{"nombre":"Ana"}}"#,
                Rule::UnknownField,
                13,
                "private.nombre",
            ),
            (r#"{"person":"Ana Demo"}"#, Rule::Malformed, 11, "person"),
            (r#"{"private":{"name":"Ana Demo"}} x"#, Rule::Syntax, 33, ""),
            (r#"{"size":"Ana Demo"}"#, Rule::WrongType, 9, "size"),
        ] {
            assert_eq!(
                Excerpt::of(line.as_bytes(), &fault(rule, column, field)),
                None,
                "{line}"
            );
        }
    }

    #[test]
    fn no_column_and_no_line_makes_an_excerpt_fail() {
        let lines: [&[u8]; 6] = [
            b"",
            b"\"",
            b"{\"a\\",
            b"\xff\xfe{",
            b"{\"k\":",
            "ñ\"é".as_bytes(),
        ];
        for line in lines {
            for column in 0..12 {
                for rule in [Rule::UnknownKind, Rule::UnknownField, Rule::Syntax] {
                    let _ = Excerpt::of(line, &fault(rule, column, "kind"));
                }
            }
        }
    }
}
