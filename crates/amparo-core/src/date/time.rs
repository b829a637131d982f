//! Time of day and offset. Offsets of errors are bytes from the start of the text given.

use chrono::{FixedOffset, NaiveDate, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use super::calendar::malformed;
use super::day::Day;
use super::error::{DateError, DateFault};
use super::span::TimeOfDay;

/// The farthest a local clock is from UTC.
const MAX_OFFSET_MINUTES: i32 = 14 * 60;

/// Reads `hh:mm` or `hh:mm:ss`.
pub(super) fn parse(text: &str) -> Result<TimeOfDay, DateError> {
    let bytes = text.as_bytes();
    let (hour, minute, second) = match *bytes {
        [h0, h1, b':', m0, m1] => (two(h0, h1), two(m0, m1), Some(0)),
        [h0, h1, b':', m0, m1, b':', s0, s1] => (two(h0, h1), two(m0, m1), two(s0, s1)),
        _ => (None, None, None),
    };
    let (Some(hour), Some(minute), Some(second)) = (hour, minute, second) else {
        let expected = "a time like 23:30 or 23:30:15, without ~ ? %";
        return Err(malformed(0, expected));
    };
    let no_such_time = |at| Err(DateError::new(DateFault::NoSuchTime, at));
    match (hour, minute, second) {
        (24, 0, 0) => Err(DateError::new(DateFault::NoSuchTime, 0)
            .with_remedy("write 00:00 of the next day for midnight")),
        (24.., _, _) => no_such_time(0),
        (_, 60.., _) => no_such_time(3),
        (_, _, 60..) => no_such_time(6),
        _ => TimeOfDay::from_seconds(hour * 3600 + minute * 60 + second)
            .ok_or_else(|| DateError::new(DateFault::NoSuchTime, 0)),
    }
}

/// Where the offset starts in a time that has one: at `Z`, `+` or `-`.
pub(super) fn offset_place(text: &str) -> Option<usize> {
    text.find(['Z', '+', '-'])
}

/// Reads `Z`, `+hh`, `+hh:mm` or `+hhmm`.
pub(super) fn parse_offset(text: &str) -> Result<FixedOffset, DateError> {
    let (sign, hour, minute) = match *text.as_bytes() {
        [b'Z'] => (b'+', Some(0), Some(0)),
        [sign, h0, h1] => (sign, two(h0, h1), Some(0)),
        [sign, h0, h1, m0, m1] | [sign, h0, h1, b':', m0, m1] => (sign, two(h0, h1), two(m0, m1)),
        _ => (b'+', None, None),
    };
    let refused = || DateError::new(DateFault::NoSuchOffset, 0);
    let (Some(hour), Some(minute @ 0..60)) = (hour, minute) else {
        return Err(refused());
    };
    let minutes = i32::try_from(hour * 60 + minute).map_err(|_| refused())?;
    let minutes = match (sign, minutes) {
        (b'+', 0..=MAX_OFFSET_MINUTES) => minutes,
        (b'-', 1..=MAX_OFFSET_MINUTES) => -minutes,
        _ => return Err(refused()),
    };
    FixedOffset::east_opt(minutes * 60).ok_or_else(refused)
}

/// The civil day and time in `zone` of a day and time at `offset`; `None` outside years 1 to
/// 9999.
pub(super) fn in_zone(
    day: Day,
    time: TimeOfDay,
    offset: FixedOffset,
    zone: Tz,
) -> Option<(Day, TimeOfDay)> {
    let utc = NaiveDate::from(day)
        .and_hms_opt(0, 0, 0)?
        .checked_add_signed(TimeDelta::seconds(time.seconds().into()))?
        .checked_sub_offset(offset)?;
    let local = zone.from_utc_datetime(&utc).naive_local();
    let time = TimeOfDay::from_seconds(local.num_seconds_from_midnight())?;
    Some((Day::try_from(local.date()).ok()?, time))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let digit = |byte: u8| char::from(byte).to_digit(10);
    Some(digit(tens)? * 10 + digit(ones)?)
}
