//! The `dates` of a layout: the date patterns of its source.

use crate::strict_toml::{Document, Table};

/// One date pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatePattern {
    /// Serial days of a spreadsheet, counted from 1900-01-01.
    Excel,
    /// Parts of a date and the characters between them.
    Parts(Vec<DatePart>),
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// `YYYY`
    Year,
    /// `YY`: years below 70 belong to this century.
    ShortYear,
    /// `MM`; next to a slash one digit will do.
    Month {
        /// One digit will do.
        one_digit: bool,
    },
    /// `Mon`: English, three letters, any case.
    MonthName,
    /// `DD`; next to a slash one digit will do.
    Day {
        /// One digit will do.
        one_digit: bool,
    },
    /// `DDD`: the day of the year.
    DayOfYear,
    /// A character that is neither a letter nor a digit.
    Literal(char),
}

/// The word for serial days in a layout.
const EXCEL: &str = "excel";

impl DatePattern {
    /// Reads a pattern such as `DD.MM.YYYY`, or `excel`. The error says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == EXCEL {
            return Ok(Self::Excel);
        }
        // The longer words first.
        let words = [
            ("YYYY", DatePart::Year),
            ("YY", DatePart::ShortYear),
            ("DDD", DatePart::DayOfYear),
            ("DD", DatePart::Day { one_digit: false }),
            ("Mon", DatePart::MonthName),
            ("MM", DatePart::Month { one_digit: false }),
        ];
        let mut parts: Vec<DatePart> = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some((word, part)) = words.iter().find(|(word, _)| rest.starts_with(word)) {
                let is_slashed =
                    matches!(parts.last(), Some(DatePart::Literal('/'))) || rest[word.len()..].starts_with('/');
                parts.push(match part {
                    DatePart::Month { .. } => DatePart::Month { one_digit: is_slashed },
                    DatePart::Day { .. } => DatePart::Day { one_digit: is_slashed },
                    part => *part,
                });
                rest = &rest[word.len()..];
            } else if c.is_alphanumeric() {
                return Err(
                    "a date consists of YYYY, YY, MM, DD, Mon and DDD: write \"DD.MM.YYYY\" or \"excel\"".to_owned()
                );
            } else {
                parts.push(DatePart::Literal(c));
                rest = &rest[c.len_utf8()..];
            }
        }
        let count = |is: fn(&DatePart) -> bool| parts.iter().filter(|part| is(part)).count();
        let years = count(|p| matches!(p, DatePart::Year | DatePart::ShortYear));
        let months = count(|p| matches!(p, DatePart::Month { .. } | DatePart::MonthName));
        let days = count(|p| matches!(p, DatePart::Day { .. }));
        let days_of_year = count(|p| matches!(p, DatePart::DayOfYear));
        match (years, months, days, days_of_year) {
            (1, 1, 1, 0) | (1, 0, 0, 1) => Ok(Self::Parts(parts)),
            _ => Err("a date has one year and either a month and a day or a day of the year: write \"YYYYMMDD\" or \
                      \"YYYYDDD\""
                .to_owned()),
        }
    }
}

impl DatePattern {
    /// Reads `dates` of a layout. Of two patterns that read the same digits as different days one is wrong.
    pub(crate) fn read_all(document: &Document<'_>, root: &Table<'_, '_>) -> Vec<Self> {
        let mut dates: Vec<(String, Self)> = Vec::new();
        for placed in root.texts_if("dates") {
            match Self::parse(&placed.text) {
                Ok(pattern) if dates.iter().any(|(_, known)| *known == pattern) => {}
                Ok(pattern) => {
                    if let Some((known, _)) = dates.iter().find(|(_, known)| known.clashes(&pattern)) {
                        let message = format!(
                            "\"{known}\" reads digits of \"{}\" as another day: keep the one that the source writes",
                            placed.text
                        );
                        document.fault(placed.span, message);
                    }
                    dates.push((placed.text, pattern));
                }
                Err(message) => document.fault(placed.span, message),
            }
        }
        dates.into_iter().map(|(_, pattern)| pattern).collect()
    }

    /// Does a text exist that both patterns read, and not as the same day? Then the first one would decide, and nobody would see it.
    fn clashes(&self, other: &Self) -> bool {
        let (Self::Parts(one), Self::Parts(two)) = (self, other) else { return false };
        let (one, two) = (letters(one), letters(two));
        let is_digit = |c: char| matches!(c, 'Y' | 'M' | 'D' | 'J');
        let fits = |(one, two): (&char, &char)| one == two || (is_digit(*one) && is_digit(*two));
        one.len() == two.len()
            && one.iter().zip(&two).all(fits)
            && one != two
            && !puts_year_on_month(&one, &two)
            && !puts_year_on_month(&two, &one)
    }
}

/// One letter for each character of a date in this pattern; a digit is one of Y, M, D, and J in a day of the year.
fn letters(parts: &[DatePart]) -> Vec<char> {
    let of = |part: &DatePart| match part {
        DatePart::Year => vec!['Y'; 4],
        DatePart::ShortYear => vec!['Y'; 2],
        DatePart::Month { .. } => vec!['M'; 2],
        DatePart::MonthName => vec!['N'; 3],
        DatePart::Day { .. } => vec!['D'; 2],
        DatePart::DayOfYear => vec!['J'; 3],
        DatePart::Literal(c) => vec![*c],
    };
    parts.iter().flat_map(of).collect()
}

/// Does the year of one pattern begin where the other has its month? The day of a service is from 2000 to 2099, and 20 is no month.
fn puts_year_on_month(one: &[char], two: &[char]) -> bool {
    let year = one.windows(4).position(|four| four == ['Y'; 4]);
    year.is_some_and(|at| two[at..at + 2] == ['M'; 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_read_the_same_digits_differently_clash() {
        for (one, two, clash) in [
            ("DDMMYYYY", "MMDDYYYY", true),
            ("MM/DD/YYYY", "DD/MM/YYYY", true),
            ("YYMMDD", "DDMMYY", true),
            ("YY/MM/DD", "MM/DD/YY", true),
            ("YYYY-MM-DD", "YYYY-DD-MM", true),
            ("YYDDD", "DDDYY", true),
            ("YYYYDDMM", "DDMMYYYY", true),
            ("YYYYMMDD", "MMDDYYYY", false),
            ("YYYYMMDD", "DDMMYYYY", false),
            ("YYYYMMDD", "YYYYDDD", false),
            ("MM/DD/YYYY", "MM/DD/YY", false),
            ("MM/DD/YYYY", "DD.MM.YYYY", false),
            ("DD-Mon-YY", "DD-Mon-YYYY", false),
            ("DDMonYY", "YYMonDD", true),
            ("YYYYDDD", "excel", false),
            ("YYYYMMDD", "YYYYMMDD", false),
        ] {
            let [first, second] = [one, two].map(|text| DatePattern::parse(text).unwrap_or_else(|e| panic!("{e}")));
            assert_eq!([first.clashes(&second), second.clashes(&first)], [clash; 2], "{one} {two}");
        }
    }

    #[test]
    fn patterns() {
        for pattern in [
            "excel",
            "DD.MM.YYYY",
            "M/D/YYYY",
            "YYYYMM",
            "YYYYDDD",
            "YYYYMMDDDD",
            "DD-Mon-YY",
            "DD/MM/YY",
            "Excel",
            "",
            "dd.mm.yyyy",
            "YYYY-MM-DDT",
        ] {
            let is_good = ["excel", "DD.MM.YYYY", "YYYYDDD", "DD-Mon-YY", "DD/MM/YY"].contains(&pattern);
            assert_eq!(DatePattern::parse(pattern).is_ok(), is_good, "{pattern}");
        }
        let Ok(DatePattern::Parts(parts)) = DatePattern::parse("MM/DD YY") else { panic!("a pattern") };
        assert_eq!(parts[0], DatePart::Month { one_digit: true });
        assert_eq!(parts[2], DatePart::Day { one_digit: true });
        let Ok(DatePattern::Parts(parts)) = DatePattern::parse("DD.MM.YYYY") else { panic!("a pattern") };
        assert_eq!(parts[0], DatePart::Day { one_digit: false });
    }
}
