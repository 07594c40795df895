//! Reads service dates in the formats that extracts use. An ambiguous date is never guessed.

use jiff::civil::Date;

use crate::ingest::layout::dates::{DatePart, DatePattern};

/// Years that a service date may have. Other years are placeholders such as 1900-01-01 and 9999-12-31.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2099;

/// Reads a date as YYYY-MM-DD, YYYY/M/D, YYYYMMDD, M/D/YYYY, M/D/YY, D-Mon-YYYY, D-Mon-YY or `DDMonYYYY`. Months are English,
/// in any case; two-digit years below 70 belong to this century. A timestamp yields its day, a range YYYYMMDD-YYYYMMDD
/// its first day. A prefix `D8:` or `RD8:` is ignored. Day and month are never swapped to make a valid date, and a day that
/// does not exist is not a date.
pub fn parse(text: &str) -> Option<Date> {
    if let Some(date) = common(text.as_bytes()) {
        return Some(date);
    }
    let text = without_qualifier(text);
    let bytes = text.as_bytes();
    let (date, length, before_time) = iso(bytes)
        .or_else(|| slashed_iso(bytes))
        .or_else(|| basic(bytes))
        .or_else(|| american(bytes))
        .or_else(|| named_month(bytes))
        .or_else(|| sas(bytes))?;
    let is_range = length == 8 && number(&bytes[..8]).is_some() && is_range_end(&bytes[length..]);
    if is_range || rest_is_time(&text[length..], before_time) { date } else { None }
}

/// A day as ISO writes it, `2024-03-02`: year and month with their hyphens, and the day. Both are made in one piece each, because to
/// copy bytes that were just written one by one makes the processor wait.
pub(crate) fn iso_digits(date: Date) -> ([u8; 8], [u8; 2]) {
    // A number below 100; its first digit is the lowest byte.
    let two = |number: u64| (number / 10 % 10) | (number % 10) << 8;
    // The reader accepts years of four digits only.
    let [year, month, day] =
        [date.year().unsigned_abs(), date.month().unsigned_abs().into(), date.day().unsigned_abs().into()];
    let [year, month, day] = [year, month, day].map(u64::from);
    let digits = two(year / 100) | two(year % 100) << 16 | two(month) << 40;
    let to_text = u64::from_le_bytes(*b"0000-00-");
    ((digits | to_text).to_le_bytes(), (two(day) as u16 | u16::from_le_bytes(*b"00")).to_le_bytes())
}

/// Reads a service date: like [`parse`], or in the patterns of the layout if it has any. Placeholders are not dates.
pub(crate) fn service_day(text: &str, patterns: &[DatePattern]) -> Option<Date> {
    let date = if patterns.is_empty() { parse(text) } else { by_patterns(without_qualifier(text), patterns) };
    date.filter(|date| YEARS.contains(&date.year()))
}

/// Reads YYYY-MM-DD with nothing around it, the most common form. `None` for all others, and for a day that does not exist.
fn common(text: &[u8]) -> Option<Date> {
    let [y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = text else { return None };
    let digits = [y3, y2, y1, y0, m1, m0, d1, d0].map(|b| b.wrapping_sub(b'0'));
    if digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let [y3, y2, y1, y0, m1, m0, d1, d0] = digits.map(u16::from);
    civil(y3 * 1000 + y2 * 100 + y1 * 10 + y0, m1 * 10 + m0, d1 * 10 + d0)
}

fn without_qualifier(text: &str) -> &str {
    text.strip_prefix("D8:").or_else(|| text.strip_prefix("RD8:")).unwrap_or(text)
}

/// A date recognized by its shape: the date (`None` if no such day exists), the length of the shape, and the character that
/// may separate it from a time, besides T and blanks.
type Shaped = Option<(Option<Date>, usize, Option<char>)>;

fn iso(b: &[u8]) -> Shaped {
    let b = b.get(..10)?;
    (b[4] == b'-' && b[7] == b'-').then_some(())?;
    Some((civil(number(&b[..4])?, number(&b[5..7])?, number(&b[8..])?), 10, Some('-')))
}

fn slashed_iso(b: &[u8]) -> Shaped {
    let year = number(b.get(..4)?)?;
    (b.get(4) == Some(&b'/')).then_some(())?;
    let (month, at) = one_or_two(&b[5..], b'/')?;
    let (day, digits) = leading_one_or_two(&b[5 + at..])?;
    Some((civil(year, month, day), 5 + at + digits, None))
}

fn basic(b: &[u8]) -> Shaped {
    let b = b.get(..8)?;
    Some((civil(number(&b[..4])?, number(&b[4..6])?, number(&b[6..])?), 8, None))
}

fn american(b: &[u8]) -> Shaped {
    let (month, at) = one_or_two(b, b'/')?;
    let (day, more) = one_or_two(&b[at..], b'/')?;
    let (year, digits) = year(&b[at + more..])?;
    Some((civil(year, month, day), at + more + digits, None))
}

fn named_month(b: &[u8]) -> Shaped {
    let (day, at) = one_or_two(b, b'-')?;
    let month = month(b.get(at..at + 3)?)?;
    (b.get(at + 3) == Some(&b'-')).then_some(())?;
    let (year, digits) = year(&b[at + 4..])?;
    Some((civil(year, month, day), at + 4 + digits, None))
}

fn sas(b: &[u8]) -> Shaped {
    let b = b.get(..9)?;
    Some((civil(number(&b[5..])?, month(&b[2..5])?, number(&b[..2])?), 9, Some(':')))
}

fn month(name: &[u8]) -> Option<u16> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    Some(MONTHS.iter().position(|m| name.eq_ignore_ascii_case(*m))? as u16 + 1)
}

/// A year of four digits or two.
fn year(b: &[u8]) -> Option<(u16, usize)> {
    if let Some(year) = b.get(..4).and_then(number) {
        return Some((year, 4));
    }
    Some((of_century(number(b.get(..2)?)?), 2))
}

/// The full year of a two-digit year.
fn of_century(year: u16) -> u16 {
    year + if year < 70 { 2000 } else { 1900 }
}

fn one_or_two(b: &[u8], separator: u8) -> Option<(u16, usize)> {
    let digits = b.iter().position(|c| *c == separator).filter(|n| (1..=2).contains(n))?;
    Some((number(&b[..digits])?, digits + 1))
}

fn leading_one_or_two(b: &[u8]) -> Option<(u16, usize)> {
    let digits = b.iter().take(2).take_while(|c| c.is_ascii_digit()).count();
    (digits > 0).then_some((number(&b[..digits])?, digits))
}

/// The value of up to four digits. For more than four, only `Some` is meaningful: all of them are digits.
fn number(digits: &[u8]) -> Option<u16> {
    digits
        .iter()
        .try_fold(0u16, |n, d| d.is_ascii_digit().then(|| n.wrapping_mul(10).wrapping_add(u16::from(d - b'0'))))
}

fn civil(year: u16, month: u16, day: u16) -> Option<Date> {
    if year == 0 {
        return None;
    }
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn rest_is_time(rest: &str, before_time: Option<char>) -> bool {
    let time = rest
        .strip_prefix('T')
        .or_else(|| rest.strip_prefix(before_time?))
        .unwrap_or_else(|| rest.trim_start_matches([' ', '\t']));
    rest.is_empty() || (time.len() < rest.len() && time.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_range_end(rest: &[u8]) -> bool {
    matches!(rest, [b'-', end @ ..] if end.len() == 8 && end.iter().all(u8::is_ascii_digit))
}

fn by_patterns(text: &str, patterns: &[DatePattern]) -> Option<Date> {
    patterns.iter().find_map(|pattern| match pattern {
        DatePattern::Excel => excel(text),
        DatePattern::Parts(parts) => by_parts(text, parts),
    })
}

/// Reads a spreadsheet's serial day, where day 1 is 1900-01-01, with an optional fraction of a day. Spreadsheets count day 60
/// as 1900-02-29, which did not exist, so from day 61 on their count is one too high.
fn excel(text: &str) -> Option<Date> {
    let (days, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(days) || !is_digits(fraction) {
        return None;
    }
    let days: i64 = days.parse().ok()?;
    let from = if days > 60 { Date::constant(1899, 12, 30) } else { Date::constant(1899, 12, 31) };
    // Day 2,958,465 is 9999-12-31, the last day of a spreadsheet.
    if days == 60 || !(1..=2_958_465).contains(&days) {
        return None;
    }
    from.checked_add(jiff::Span::new().days(days)).ok()
}

/// The character that may separate a day of this pattern from a time, besides T and blanks.
fn before_time(parts: &[DatePart]) -> Option<char> {
    use DatePart::{Day, Literal, Month, MonthName, Year};
    match parts {
        [Year, Literal('-'), Month { .. }, Literal('-'), Day { .. }] => Some('-'),
        [Day { .. }, MonthName, Year] => Some(':'),
        _ => None,
    }
}

/// Reads a day in the form of a pattern; a time may follow it.
fn by_parts(text: &str, parts: &[DatePart]) -> Option<Date> {
    let mut rest = text.as_bytes();
    let (mut year_of, mut month_of, mut day_of, mut day_of_year) = (None, None, None, None);
    for part in parts {
        let (digits, shortest) = match part {
            DatePart::Literal(c) => {
                rest = rest.strip_prefix(c.encode_utf8(&mut [0; 4]).as_bytes())?;
                continue;
            }
            DatePart::MonthName => {
                month_of = Some(month(rest.get(..3)?)?);
                rest = &rest[3..];
                continue;
            }
            DatePart::Year => (4, 4),
            DatePart::ShortYear => (2, 2),
            DatePart::DayOfYear => (3, 3),
            DatePart::Month { one_digit } | DatePart::Day { one_digit } => (2, if *one_digit { 1 } else { 2 }),
        };
        let length = rest.iter().take(digits).take_while(|b| b.is_ascii_digit()).count();
        if length < shortest {
            return None;
        }
        let value = number(&rest[..length]);
        rest = &rest[length..];
        match part {
            DatePart::Year => year_of = value,
            DatePart::ShortYear => year_of = value.map(of_century),
            DatePart::DayOfYear => day_of_year = value,
            DatePart::Month { .. } => month_of = value,
            _ => day_of = value,
        }
    }
    if !rest_is_time(std::str::from_utf8(rest).ok()?, before_time(parts)) {
        return None;
    }
    match day_of_year {
        Some(day) => {
            let first = civil(year_of?, 1, 1)?;
            let date = first.checked_add(jiff::Span::new().days(i64::from(day) - 1)).ok()?;
            (date.year() == first.year()).then_some(date)
        }
        None => civil(year_of?, month_of?, day_of?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let table = [
            ("2024-03-02", "2024-03-02"),
            ("20240302", "2024-03-02"),
            ("2024/03/02", "2024-03-02"),
            ("2024/3/2", "2024-03-02"),
            ("3/2/2024", "2024-03-02"),
            ("03/02/2024", "2024-03-02"),
            ("3/2/24", "2024-03-02"),
            ("3/2/69", "2069-03-02"),
            ("3/2/70", "1970-03-02"),
            ("2-Mar-2024", "2024-03-02"),
            ("02-MAR-2024", "2024-03-02"),
            ("2-Mar-24", "2024-03-02"),
            ("02MAR2024", "2024-03-02"),
            ("02mar2024", "2024-03-02"),
            ("D8:20240302", "2024-03-02"),
            ("RD8:20240302-20240305", "2024-03-02"),
            ("D8:3/2/2024", "2024-03-02"),
            ("2024-03-02T10:11:12Z", "2024-03-02"),
            ("2024-03-02 00:00", "2024-03-02"),
            ("2024-03-02-10.11.12.000000", "2024-03-02"),
            ("2024/03/02 10:11", "2024-03-02"),
            ("3/2/2024  1:05 PM", "2024-03-02"),
            ("3/2/24 1:05", "2024-03-02"),
            ("02MAR2024:10:11:12", "2024-03-02"),
            ("20240302 10", "2024-03-02"),
            ("20240302-20240305", "2024-03-02"),
            ("2024-02-29", "2024-02-29"),
            ("1900-01-01", "1900-01-01"),
            ("2023-02-29", ""),
            ("13/45/2024", ""),
            ("2024-3-2", ""),
            ("2024/003/2", ""),
            ("003/2/2024", ""),
            ("3/2/024", ""),
            ("2MAR2024", ""),
            ("02-MAR2024", ""),
            ("02-M\u{e4}r-2024", ""),
            ("02MAR24", ""),
            ("02MAR2024-10", ""),
            ("2024-03-02:10", ""),
            ("2024/03/02-10", ""),
            ("d8:20240302", ""),
            ("DT:20240302", ""),
            ("2024-03-02T", ""),
            ("2024-03-02x", ""),
            ("2024-03-02 noon", ""),
            ("202403021011", ""),
            ("20240302-2024030", ""),
            ("3/2/2024-20240305", ""),
            ("0000-01-01", ""),
            ("", ""),
            ("\u{ff12}024-03-02", ""),
        ];
        for (text, want) in table {
            assert_eq!(parse(text).map(|d| d.to_string()).unwrap_or_default(), want, "{text}");
        }
    }

    #[test]
    fn placeholders_are_not_service_dates() {
        for (text, is_day) in [
            ("1999-12-31", false),
            ("2000-01-01", true),
            ("2099-12-31", true),
            ("2100-01-01", false),
            ("9999-12-31", false),
            ("1/1/70", false),
        ] {
            assert_eq!(service_day(text, &[]).is_some(), is_day, "{text}");
        }
    }

    #[test]
    fn the_patterns_of_a_layout_replace_the_common_formats() {
        for (pattern, text, want) in [
            ("DD.MM.YYYY", "02.03.2024", "2024-03-02"),
            ("DD.MM.YYYY", "2.3.2024", ""),
            ("DD.MM.YYYY", "2024-03-02", ""),
            ("DD/MM/YYYY", "2/3/2024", "2024-03-02"),
            ("DD/MM/YYYY", "31/12/2024 10:00", "2024-12-31"),
            ("DD/MM/YYYY", "D8:02/03/2024", "2024-03-02"),
            ("YYYYDDD", "2024060", "2024-02-29"),
            ("YYYYDDD", "2023366", ""),
            ("YYYYDDD", "2023000", ""),
            ("YYMMDD", "240302", "2024-03-02"),
            ("DD Mon YYYY", "02 mar 2024", "2024-03-02"),
            ("DD Mon YYYY", "02 foo 2024", ""),
            ("YYYYMMDD", "20240302T10", "2024-03-02"),
            ("YYYYMMDD", "202403021", ""),
            ("YYYYMMDD", "20240302-10", ""),
            ("YYYY-MM-DD", "2024-03-02-10.11.12.000000", "2024-03-02"),
            ("YYYY-MM-DD", "2024-03-02:10", ""),
            ("DDMonYYYY", "02MAR2024:10:11:12", "2024-03-02"),
            ("DDMonYYYY", "02MAR2024-10", ""),
            ("excel", "45353", "2024-03-02"),
            ("excel", "45353.0", "2024-03-02"),
            ("excel", "45353.75", "2024-03-02"),
            ("excel", "45353x", ""),
            ("excel", "60", ""),
            ("excel", "99999999999", ""),
            ("excel", "2024-03-02", ""),
        ] {
            let pattern = DatePattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            let read = service_day(text, std::slice::from_ref(&pattern));
            assert_eq!(read.map(|d| d.to_string()).unwrap_or_default(), want, "{pattern:?} {text}");
        }
        assert_eq!(excel("61").map(|d| d.to_string()).as_deref(), Some("1900-03-01"));
        assert_eq!(excel("59").map(|d| d.to_string()).as_deref(), Some("1900-02-28"));
    }
}
