//! Text from input, made safe to show: nothing in it can steer a terminal, reorder a line or be
//! taken for a formula.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character has an effect and no shape, or no width at all: controls, line separators,
/// overrides of the writing direction, tags. Joiners do where they join nothing, after an ASCII
/// character; other scripts need them.
fn steers(before: Option<char>, c: char) -> bool {
    let joins = |before: char| !before.is_ascii();
    match c {
        '\u{200c}' | '\u{200d}' => !before.is_some_and(joins),
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => {
            true
        }
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// Whether some character of a text steers.
pub fn has_steering(text: &str) -> bool {
    // Most text is plain, and there may be much of it.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return false;
    }
    let mut before = None;
    text.chars().any(|c| steers(before.replace(c), c))
}

/// The text with every steering character written as an escape.
pub fn visible(text: &str) -> String {
    if !has_steering(text) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut before = None;
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if steers(before, c) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
        before = Some(c);
    }
    shown
}

/// A text of several lines, each made [`visible`].
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// A word as a shell takes it.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:,=+@".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Words of a command line as a shell takes them.
pub fn shell_words(words: &[impl AsRef<str>]) -> String {
    let words: Vec<_> = words.iter().map(|word| shell_word(word.as_ref())).collect();
    words.join(" ")
}

/// A JSON string, with steering characters escaped: the same value to a program, and harmless on
/// a terminal.
pub fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    escape_steering(&quoted)
}

/// JSON text with the steering characters inside its strings escaped.
pub fn escape_steering(json: &str) -> String {
    if !has_steering(json) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len() + 8);
    let (mut before, mut units) = (None, [0; 2]);
    for c in json.chars() {
        if steers(before.replace(c), c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A text that a spreadsheet will not take for a formula.
pub fn formula_safe(text: Cow<'_, str>) -> Cow<'_, str> {
    // Full-width signs count as well where a spreadsheet expects them.
    let signs = [
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    match text.trim_start().starts_with(signs) || text.starts_with(['\t', '\r', '\n']) {
        true => format!("'{text}").into(),
        false => text,
    }
}

/// A text for a cell of a Markdown table.
pub fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_it_otherwise() {
        for (word, shown) in [
            ("amparo-demo", "amparo-demo"),
            ("/home/año/d.1", "/home/año/d.1"),
            ("2026-02-01..2026-02-09", "2026-02-01..2026-02-09"),
            ("my demo", "'my demo'"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"),
            ("2026~", "'2026~'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), shown);
        }
        assert_eq!(
            shell_words(&["--source", "Demo Watch"]),
            "--source 'Demo Watch'"
        );
    }

    #[test]
    fn steering_characters_are_shown_and_scripts_are_left_alone() {
        for (text, shown) in [
            ("Ana Demo Ñ", "Ana Demo Ñ"),
            ("می‌خواهم", "می‌خواهم"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
            ("e\u{301}", "e\u{301}"),
            ("A\u{200b}n\u{200d}a\u{ad}", "A\\u{200b}n\\u{200d}a\\u{ad}"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn json_means_the_same_and_holds_no_steering_character() {
        for text in [
            "\u{1b}[31m",
            "a\u{202e}b",
            "\u{9b}",
            "A\u{200d}",
            "\u{e0041}",
            "quote \" slash \\",
        ] {
            let written = json(text);
            assert!(!has_steering(&written), "{written}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    #[test]
    fn a_cell_that_begins_like_a_formula_gets_an_apostrophe() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("+379", "'+379"),
            ("@x", "'@x"),
            ("-", "'-"),
            ("\tx", "'\tx"),
            ("\n=x", "'\n=x"),
            (" =x", "' =x"),
            ("\u{ff1d}x", "'\u{ff1d}x"),
            ("379", "379"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(formula_safe(text.into()), safe);
        }
    }
}
