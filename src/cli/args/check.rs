//! The arguments of `claimlint check`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::claim::Sum;
use crate::cli::args::shared::{ConfigChoice, LayoutChoice, PolicyFiles, size};
use crate::policy::selection::read_word;
use crate::report::{FORMATS, write};
use crate::rules::codes;

/// `claimlint check`.
#[derive(Debug, Clone, Default, Args)]
pub struct Check {
    /// Extracts: CSV, also gzip or zstd; `-` reads stdin. All of them are judged together
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// The plan's authorization file, in which the authorization numbers of the claims are looked up
    #[arg(long, value_name = "FILE")]
    pub auths: Option<String>,
    /// How columns are mapped
    #[command(flatten)]
    pub layout: LayoutChoice,
    /// Files that replace built-in ones
    #[command(flatten)]
    pub policy: PolicyFiles,
    /// Ask only these rules: codes or their beginnings, such as DX101,PA (repeatable) [default: all]
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rule_word)]
    pub select: Vec<String>,
    /// Do not ask these rules, such as DQ; the longer word decides between --select and --ignore (repeatable)
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rule_word)]
    pub ignore: Vec<String>,
    /// Report directory [default: claimlint-report, or the first free of claimlint-report-2, -3, ...]
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Add files to the report: xlsx, parquet, jsonl, rollups, or all of them (repeatable)
    #[arg(long = "format", value_name = "FORMAT", value_parser = formats(), hide_possible_values = true)]
    pub formats: Vec<String>,
    /// Leave out report.html
    #[arg(long)]
    pub no_html: bool,
    /// Leave out dossier.bin, without which `claimlint explain` cannot answer
    #[arg(long)]
    pub no_dossier: bool,
    /// Replace an existing report in --out
    #[arg(long)]
    pub force: bool,
    /// Replace member, claim and authorization ids by tokens made with a secret key: 32 random bytes (as they are, in base
    /// 64 or in hexadecimal digits) or a pass phrase of at least 16 bytes, which is stretched
    #[arg(long, value_name = "KEYFILE|env:NAME")]
    pub mask: Option<String>,
    /// Sign the report with the secret key in KEYFILE: 32 bytes or 64 hex digits that only its owner may read
    #[arg(long, value_name = "KEYFILE")]
    pub sign: Option<PathBuf>,
    /// Cut the dates of a masked report to their month
    #[arg(long, value_name = "TO", value_enum)]
    pub mask_dates: Option<MaskDates>,
    /// How much of each input is hashed for `claimlint verify`: a sample of 6 MiB, or every byte [default: sampled]
    #[arg(long, value_name = "EXTENT", value_enum)]
    pub fingerprint: Option<HashedPart>,
    /// Exit with 1 if there is a finding of this disposition or a stronger one; suppressed findings do not count
    /// [default: deny]
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<FailOn>,
    /// Exit with 1 if EXPRESSION is true of the run's totals, such as "deny.recoverable > 50000" or
    /// "rejected / rows > 0.001" (repeatable)
    #[arg(long, value_name = "EXPRESSION")]
    pub fail_if: Vec<String>,
    /// Number of rows that all extracts must have together; any other number ends the run with exit code 2
    #[arg(long, value_name = "N")]
    pub expect_rows: Option<u64>,
    /// Sum of charges that all extracts must have together: dollars with a point (12345.67), else cents (1234567)
    #[arg(long, value_name = "AMOUNT", value_parser = control_total, allow_hyphen_values = true)]
    pub expect_amount: Option<Sum>,
    /// Where the settings come from
    #[command(flatten)]
    pub config: ConfigChoice,
    /// The directory of an earlier report: count what is new since then, also for --fail-on new-deny and its like
    #[arg(long, value_name = "DIR")]
    pub baseline: Option<PathBuf>,
    /// A TOML file of accepted findings, each with an owner, a reason and a day of expiry
    #[arg(long, value_name = "FILE")]
    pub suppress: Option<PathBuf>,
    /// The day that the expiry of suppressions is compared with [default: today, UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<jiff::civil::Date>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Memory for rows in scope; further rows go to the disk of the report, with the same result [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
    /// Progress on stderr: a bar at a terminal, plain lines, or none
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Write a machine-readable log to stderr, one event per line, instead of progress and notes
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log: Option<LogFormat>,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
    /// Bytes read at a time; does not change the report
    #[arg(long, value_name = "BYTES", hide = true)]
    pub block_size: Option<usize>,
}

/// The default memory for rows in scope, in bytes: small enough for any machine that runs a nightly job.
pub const MEMORY: usize = 1 << 30;

/// The least memory, in bytes, to which a run can keep if every row is in scope: three groups of blocks with their
/// lines take half of it.
const LEAST_MEMORY: usize = 512 << 20;

/// Parses the memory for rows in scope.
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

/// A word of `--select` or `--ignore`.
pub(crate) fn rule_word(text: &str) -> Result<String, String> {
    read_word(text, &codes())
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line
    Json,
}

/// The parser of `--format`.
fn formats() -> PossibleValuesParser {
    format_words().into()
}

/// The words of `--format`: those of the roster of formats, and `all`.
pub(crate) fn format_words() -> Vec<&'static str> {
    let mut words: Vec<&str> = FORMATS.iter().filter_map(|format| format.word).collect();
    words.dedup();
    words.push(write::ALL);
    words
}

/// What masking leaves of a date.
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

/// The weakest disposition of a finding that makes the exit code 1.
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
    fn memory_has_a_minimum() {
        assert_eq!((memory("1GiB"), memory("512M")), (Ok(MEMORY), Ok(LEAST_MEMORY)));
        assert!(memory("511M").is_err());
    }
}
