//! Common slips in written dates, and what was probably meant.
//!
//! Only looked at after a text was refused, and never turned into a date: the writer decides.

use super::draft::{self, Context};
use super::error::{DateError, DateFault, month_name};
use super::{Day, MAX_TEXT_LEN};

/// Gives the error a better reason or remedy if the text shows a known slip.
pub(super) fn explain(text: &str, context: &Context, error: DateError) -> DateError {
    if text.len() > MAX_TEXT_LEN {
        return error;
    }
    if let Some(better) = year_not_first(text) {
        return better;
    }
    match repaired(text, context) {
        Some(canonical) => error.with_remedy(format!("write {canonical}")),
        None => error,
    }
}

/// `08/02/2026`, `8-2-2026`, `8.2.26`: three numbers, the year last.
fn year_not_first(text: &str) -> Option<DateError> {
    let [first, second, third] = three_numbers(text)?;
    if first.len() > 2 {
        return None;
    }
    let not_first = DateError::new(DateFault::YearNotFirst, 0);
    if third.len() != 4 {
        return Some(not_first);
    }
    let year: i32 = third.parse().ok()?;
    let (a, b): (u32, u32) = (first.parse().ok()?, second.parse().ok()?);
    let (day_first, month_first) = (Day::from_ymd(year, b, a), Day::from_ymd(year, a, b));
    match (day_first, month_first) {
        (Some(one), Some(other)) if one != other => {
            let named = |day: Day, number: u32, month: u32| {
                let month = u8::try_from(month).map_or("", month_name);
                format!("{day} for {number} {month}")
            };
            let remedy = format!("write {} or {}", named(one, a, b), named(other, b, a));
            Some(DateError::new(DateFault::DayOrMonth, 0).with_remedy(remedy))
        }
        (Some(day), _) | (None, Some(day)) => Some(not_first.with_remedy(format!("write {day}"))),
        (None, None) => Some(not_first),
    }
}

/// Three numbers of at most four digits between two equal separators.
fn three_numbers(text: &str) -> Option<[&str; 3]> {
    let is_number =
        |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    ['/', '-', '.', ' '].into_iter().find_map(|separator| {
        let mut parts = text.split(separator);
        let numbers = [parts.next()?, parts.next()?, parts.next()?];
        (parts.next().is_none() && numbers.iter().all(is_number)).then_some(numbers)
    })
}

/// The canonical date that the text becomes with its slips repaired, if it becomes one.
fn repaired(text: &str, context: &Context) -> Option<String> {
    let plain = folded(text);
    let candidates = [
        Some(plain.clone()),
        numbers_joined(&plain),
        end_completed(&plain),
        without_fraction(&plain),
    ];
    candidates
        .into_iter()
        .flatten()
        .filter(|candidate| candidate != text)
        .find_map(|candidate| draft::read(&candidate, context).ok())
        .map(|reading| reading.canonical)
}

/// The text with foreign digits and dashes made plain, capital `T`, `X` and `Z`, and no space
/// but one between digits (date and time).
fn folded(text: &str) -> String {
    let signs: Vec<char> = text.trim().chars().map(plain_sign).collect();
    let is_digit_at = |at: Option<usize>| {
        at.and_then(|at| signs.get(at))
            .is_some_and(char::is_ascii_digit)
    };
    let keep = |at: usize| is_digit_at(at.checked_sub(1)) && is_digit_at(Some(at + 1));
    signs
        .iter()
        .enumerate()
        .filter(|(at, sign)| !sign.is_whitespace() || keep(*at))
        .map(|(_, sign)| *sign)
        .collect()
}

/// Zero of each block of decimal digits that keyboards for Latin, Arabic and Persian produce.
const ZEROS: [char; 3] = ['\u{FF10}', '\u{0660}', '\u{06F0}'];

fn plain_sign(sign: char) -> char {
    let digit = ZEROS
        .iter()
        .filter_map(|zero| u32::from(sign).checked_sub(u32::from(*zero)))
        .find_map(|value| char::from_digit(value, 10));
    match (digit, sign) {
        (Some(digit), _) => digit,
        (None, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}') => '-',
        (None, '\u{FF0F}') => '/',
        (None, '\u{FF1A}') => ':',
        (None, '\u{FF5E}' | '\u{301C}') => '~',
        (None, '\u{00A0}' | '\u{202F}') => ' ',
        (None, 'x' | 't' | 'z') => sign.to_ascii_uppercase(),
        (None, other) => other,
    }
}

/// `2026/2/8`, `2026-2-8`, `2026/2` and `20260208` as `2026-02-08` or `2026-02`.
fn numbers_joined(text: &str) -> Option<String> {
    let parts: Vec<&str> = match text.len() {
        8 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            vec![text.get(..4)?, text.get(4..6)?, text.get(6..)?]
        }
        _ => text.split(['-', '/', '.']).collect(),
    };
    let (year, rest) = parts.split_first()?;
    let fits = |part: &&str| matches!(part.len(), 1 | 2);
    if year.len() != 4 || !(1..=2).contains(&rest.len()) || !rest.iter().all(fits) {
        return None;
    }
    let padded = rest.iter().map(|part| format!("-{part:0>2}"));
    Some(format!("{year}{}", padded.collect::<String>()))
}

/// `2026-02-08/09`, a shortened end after a slash.
fn end_completed(text: &str) -> Option<String> {
    let (start, end) = text.split_once('/')?;
    let (end, _) = draft::completed(start, end)?;
    Some(format!("{start}/{end}"))
}

/// `2026-02-08T23:30:00.000Z` without its fraction of a second.
fn without_fraction(text: &str) -> Option<String> {
    let dot = text.find('.').filter(|dot| text[..*dot].contains(':'))?;
    let (whole, fraction) = text.split_at(dot);
    let rest = fraction
        .strip_prefix('.')?
        .trim_start_matches(|sign: char| sign.is_ascii_digit());
    Some(format!("{whole}{rest}"))
}
