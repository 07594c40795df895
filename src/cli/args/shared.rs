//! Arguments that several subcommands have, and the sizes that they take.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ingest::{TableFile, canonical_field};

/// Files that replace built-in files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
pub struct PolicyFiles {
    /// A file of kind policy, limits, remittance or vocabulary, which replaces the built-in one, or overrides (repeatable;
    /// `claimlint help policies`)
    #[arg(long = "policy", value_name = "FILE", help_heading = "Judgment")]
    pub policy: Vec<PathBuf>,
}

/// How columns are mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
pub struct LayoutChoice {
    /// A layout file, or the name of a built-in layout [default: recognized by the header]
    #[arg(long, value_name = "FILE|NAME", help_heading = "Input")]
    pub layout: Option<String>,
    /// Number of lines before the header
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub skip_lines: Option<usize>,
    /// Skip lines that start with PREFIX, before and after the header (repeatable)
    #[arg(long, value_name = "PREFIX", value_parser = NonEmptyStringValueParser::new(), help_heading = "Input")]
    pub comment: Vec<String>,
    /// The file of a table that the layout joins to each extract, such as diagnosis=dx.csv (repeatable)
    #[arg(long, value_name = "NAME=FILE", value_parser = TableFile::parse, help_heading = "Input")]
    pub join: Vec<TableFile>,
    /// Refuse extracts without a column for this field, such as product (repeatable)
    #[arg(long, value_name = "FIELD", value_parser = required_field, help_heading = "Input")]
    pub require: Vec<String>,
    /// Most bytes that a compressed file may unpack to, such as 500M or 2T [default: 1000 times its size, 1G at least]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Input")]
    pub max_decompressed: Option<u64>,
}

/// The canonical name of a field that extracts must have.
pub(crate) fn required_field(text: &str) -> Result<String, String> {
    canonical_field(text)
}

/// A day of the calendar.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day as YYYY-MM-DD, such as 2024-03-31".to_owned())
}

/// A whole number above zero.
pub(crate) fn at_least_one(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write a whole number above zero".to_owned())
}

/// Bytes, with K, M, G or T for powers of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
        "" => Some(0),
        "K" => Some(10),
        "M" => Some(20),
        "G" => Some(30),
        "T" => Some(40),
        _ => None,
    };
    let bytes = unit.zip(digits.parse::<u64>().ok()).and_then(|(unit, n)| n.checked_mul(1 << unit));
    bytes.ok_or_else(|| "write a number of bytes, or with K, M, G or T, such as 500M".to_owned())
}

/// A length of time: a whole number with s, m, h, d or w.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const SECONDS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];
    let unit = |last: char| SECONDS.iter().find(|(letter, _)| *letter == last).map(|(_, seconds)| seconds);
    let number = |digits: &str| digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    let parts = text.chars().last().and_then(|last| Some((unit(last)?, number(text.strip_suffix(last)?)?)));
    let seconds = parts.and_then(|(unit, number)| number.checked_mul(*unit)).filter(|seconds| *seconds <= LONGEST);
    let wrong = || "write a number with s, m, h, d or w, such as 60s, 5m or 30d".to_owned();
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// The longest time that can be written, in seconds: a hundred years, so that nothing is before the calendar.
const LONGEST: u64 = 100 * 366 * 86_400;

/// Which settings file is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
pub struct ConfigChoice {
    /// The settings file [default: claimlint.toml beside the first extract]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config", help_heading = "Input")]
    pub config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long, help_heading = "Input")]
    pub no_config: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_numbers_with_a_unit() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("2h", 7_200), ("30d", 2_592_000), ("1w", 604_800), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "60", "s", "-1s", "+1s", "1.5h", "1 m", "1y", "99999999w", "1\u{e9}"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [("7", 7), ("2K", 2048), ("3m", 3 << 20), ("1GiB", 1 << 30), ("2TB", 2 << 40), ("0", 0)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "1.5G", "-1", "1X", "1 G", "99999999T", "1\u{e9}"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
