//! Service dates: civil days, read in the forms that extracts use, never guessed.

use jiff::civil::Date;

/// Reads a date. Forms: YYYY-MM-DD, YYYYMMDD, M/D/YYYY, DD-Mon-YYYY (English month, any case), a timestamp (a date,
/// then T or blanks, then a digit and anything), the first date of an RD8 range (YYYYMMDD-YYYYMMDD). Day and month
/// are never swapped to make a date; a day that the calendar lacks is no date.
pub fn parse(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let (date, length) =
        iso(bytes).or_else(|| basic(bytes)).or_else(|| american(bytes)).or_else(|| named_month(bytes))?;
    let is_range = length == 8 && number(&bytes[..4]).is_some() && is_range_end(&bytes[length..]);
    if is_range || rest_is_time(&text[length..]) { date } else { None }
}

/// A date that was recognised by its shape, and the length of the shape; the day may still not exist.
type Shaped = Option<(Option<Date>, usize)>;

fn iso(b: &[u8]) -> Shaped {
    let b = b.get(..10)?;
    (b[4] == b'-' && b[7] == b'-').then_some(())?;
    Some((civil(number(&b[..4])?, number(&b[5..7])?, number(&b[8..])?), 10))
}

fn basic(b: &[u8]) -> Shaped {
    let b = b.get(..8)?;
    Some((civil(number(&b[..4])?, number(&b[4..6])?, number(&b[6..])?), 8))
}

fn american(b: &[u8]) -> Shaped {
    let (month, at) = one_or_two(b, b'/')?;
    let (day, more) = one_or_two(&b[at..], b'/')?;
    let year = b.get(at + more..at + more + 4)?;
    Some((civil(number(year)?, month, day), at + more + 4))
}

fn named_month(b: &[u8]) -> Shaped {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let (day, at) = one_or_two(b, b'-')?;
    let rest = b.get(at..at + 8)?;
    let month = MONTHS.iter().position(|m| rest[..3].eq_ignore_ascii_case(*m))? + 1;
    (rest[3] == b'-').then_some(())?;
    Some((civil(number(&rest[4..])?, month as u16, day), at + 8))
}

fn one_or_two(b: &[u8], separator: u8) -> Option<(u16, usize)> {
    let digits = b.iter().position(|c| *c == separator).filter(|n| (1..=2).contains(n))?;
    Some((number(&b[..digits])?, digits + 1))
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |n, d| d.is_ascii_digit().then(|| n * 10 + u16::from(d - b'0')))
}

fn civil(year: u16, month: u16, day: u16) -> Option<Date> {
    if year == 0 {
        return None;
    }
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn rest_is_time(rest: &str) -> bool {
    let time = rest.strip_prefix('T').unwrap_or_else(|| rest.trim_start());
    rest.is_empty() || (time.len() < rest.len() && time.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_range_end(rest: &[u8]) -> bool {
    matches!(rest, [b'-', end @ ..] if end.len() == 8 && end.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates() {
        let table = [
            ("2024-03-02", "2024-03-02"),
            ("20240302", "2024-03-02"),
            ("3/2/2024", "2024-03-02"),
            ("03/02/2024", "2024-03-02"),
            ("2-Mar-2024", "2024-03-02"),
            ("02-MAR-2024", "2024-03-02"),
            ("2024-03-02T10:11:12Z", "2024-03-02"),
            ("2024-03-02 00:00", "2024-03-02"),
            ("3/2/2024  1:05 PM", "2024-03-02"),
            ("20240302 10", "2024-03-02"),
            ("20240302-20240305", "2024-03-02"),
            ("2024-02-29", "2024-02-29"),
            ("2023-02-29", ""),
            ("13/45/2024", ""),
            ("2024-3-2", ""),
            ("3/2/24", ""),
            ("003/2/2024", ""),
            ("2024/03/02", ""),
            ("02-Mär-2024", ""),
            ("2024-03-02T", ""),
            ("2024-03-02x", ""),
            ("2024-03-02 noon", ""),
            ("202403021011", ""),
            ("20240302-2024030", ""),
            ("3/2/2024-20240305", ""),
            ("2024-03-02-2024-03-05", ""),
            ("0000-01-01", ""),
            ("", ""),
            ("２024-03-02", ""),
        ];
        for (text, want) in table {
            assert_eq!(super::parse(text).map(|d| d.to_string()).unwrap_or_default(), want, "{text}");
        }
    }
}
