//! What can be typed behind `claimlint check`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::claim::Sum;
use crate::cli::args::{ConfigChoice, LayoutChoice, PolicyFiles, size};
use crate::report::{FORMATS, write};

/// `claimlint check`.
#[derive(Debug, Clone, Default, Args)]
pub struct Check {
    /// Extracts: CSV, gzip, zstd; `-` reads stdin. All of them are one universe of claims
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// The plan's authorization file, to hold authorization numbers against
    #[arg(long, value_name = "FILE")]
    pub auths: Option<String>,
    /// How columns are mapped
    #[command(flatten)]
    pub layout: LayoutChoice,
    /// Files that replace built-in ones
    #[command(flatten)]
    pub policy: PolicyFiles,
    /// Report directory [default: claimlint-report, or the first free of claimlint-report-2, -3, ...]
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Further files for the report: xlsx, parquet, jsonl, rollups, or all of them (repeatable)
    #[arg(long = "format", value_name = "FORMAT", value_parser = formats(), hide_possible_values = true)]
    pub formats: Vec<String>,
    /// Replace an existing report in --out
    #[arg(long)]
    pub force: bool,
    /// Replace member, claim and authorization ids by tokens under a secret key of at least 16 bytes
    #[arg(long, value_name = "KEYFILE|env:NAME")]
    pub mask: Option<String>,
    /// Cut dates to their month
    #[arg(long, value_name = "TO", value_enum)]
    pub mask_dates: Option<MaskDates>,
    /// How much of each input is hashed for `claimlint verify`: a sample of 6 MiB, or every byte [default: sampled]
    #[arg(long, value_name = "EXTENT", value_enum)]
    pub fingerprint: Option<HashedPart>,
    /// Least disposition that makes the exit code 1; suppressed findings do not count [default: deny]
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<FailOn>,
    /// Makes the exit code 1 if it holds of the totals, such as "deny.amount > 50000" (repeatable)
    #[arg(long, value_name = "EXPRESSION")]
    pub fail_if: Vec<String>,
    /// Rows that all extracts together must have; anything else ends the run with exit code 2
    #[arg(long, value_name = "N")]
    pub expect_rows: Option<u64>,
    /// Sum of the charges of all rows, likewise: dollars with a point (12345.67), else cents (1234567)
    #[arg(long, value_name = "AMOUNT", value_parser = control_total, allow_hyphen_values = true)]
    pub expect_amount: Option<Sum>,
    /// Where the settings come from
    #[command(flatten)]
    pub config: ConfigChoice,
    /// An earlier report: say what is new since then, and let --fail-on new-... speak of that alone
    #[arg(long, value_name = "DIR")]
    pub baseline: Option<PathBuf>,
    /// Findings that somebody answers for: a TOML file with owner, reason and expiry of each
    #[arg(long, value_name = "FILE")]
    pub suppress: Option<PathBuf>,
    /// The day on which suppressions are held against their expiry [default: today, UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<jiff::civil::Date>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Memory that rows in scope may take; what is beyond it goes to the disk of the report, with the same result
    /// [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
    /// Progress on stderr: a bar at a terminal, plain lines, or none
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Write a log for machines to stderr, one event a line, in place of progress and notes
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log: Option<LogFormat>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Bytes read at a time; changes nothing in the report
    #[arg(long, value_name = "BYTES", hide = true)]
    pub block_size: Option<usize>,
}

/// Memory that rows in scope may take where nobody says otherwise: what every machine of a nightly job has.
pub const MEMORY: usize = 1 << 30;

/// Least memory that can be promised where every row is in scope: three waves of blocks with their lines take half of it.
const LEAST_MEMORY: usize = 512 << 20;

/// Memory for rows in scope.
pub(crate) fn memory(text: &str) -> Result<usize, String> {
    let bytes = usize::try_from(size(text)?).map_err(|_| "is more than this machine can address".to_owned())?;
    if bytes < LEAST_MEMORY {
        return Err(format!("a run needs at least {}M", LEAST_MEMORY >> 20));
    }
    Ok(bytes)
}

fn control_total(text: &str) -> Result<Sum, String> {
    Sum::parse_control(text).ok_or_else(|| "write dollars with a point, such as 12345.67, or cents: 1234567".to_owned())
}

/// A log for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line
    Json,
}

/// The words of `--format`: those of the roster, and `all`.
fn formats() -> PossibleValuesParser {
    format_words().into()
}

/// The same as texts.
pub(crate) fn format_words() -> Vec<&'static str> {
    let mut words: Vec<&str> = FORMATS.iter().filter_map(|format| format.word).collect();
    words.dedup();
    words.push(write::ALL);
    words
}

/// What stays of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MaskDates {
    /// Year and month
    Month,
}

/// How much of each input is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum HashedPart {
    #[default]
    /// Size, beginning, end and 64 pieces between them
    Sampled,
    /// Every byte
    Full,
}

/// Least disposition that makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any deny finding
    Deny,
    /// Any review or deny finding
    Review,
    /// Any finding
    Info,
    /// Never
    Never,
    /// Any deny finding that --baseline does not have
    NewDeny,
    /// Any review or deny finding that --baseline does not have
    NewReview,
    /// Any finding that --baseline does not have
    NewInfo,
}

/// Progress on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Progress {
    /// A bar if stderr is a terminal, else nothing
    #[default]
    Auto,
    /// One line every ten seconds
    Plain,
    /// Nothing
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_a_least() {
        assert_eq!((memory("1GiB"), memory("512M")), (Ok(MEMORY), Ok(LEAST_MEMORY)));
        assert!(memory("511M").is_err());
    }
}
