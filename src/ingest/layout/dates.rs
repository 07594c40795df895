//! The `dates` of a layout: the date patterns of its source.

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

#[cfg(test)]
mod tests {
    use super::*;

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
