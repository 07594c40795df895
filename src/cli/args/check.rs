//! The arguments of `claimlint check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::claim::Sum;
use crate::cli::args::shared::{ConfigChoice, LayoutChoice, PolicyFiles, day, duration, size};
use crate::policy::selection::read_word;
use crate::report::{FORMATS, write};
use crate::rules::codes;

/// Headings of the flags of `check` in its help.
const INPUT: &str = "Input";
const JUDGMENT: &str = "Judgment";
const REPORT: &str = "Report";
const GATES: &str = "Gates";
const MACHINE: &str = "Machine";

/// What follows the flags in the help of `check`.
const EXAMPLES_AND_EXIT_CODES: &str = "\
Examples:
  claimlint check claims.csv
  claimlint check inbox/ --auths authorizations.csv --out \"reports/{date}\"
  claimlint check \"inbox/claims_*.csv\" --baseline latest --fail-on new-deny
  claimlint check claims.csv --format xlsx,parquet --fail-if \"deny > 20\"

Exit codes:
  0    complete; nothing at or above --fail-on
  1    complete; something at or above --fail-on, or a gate that is true
       or undefined
  2    not complete: usage, unreadable input, a bad policy or layout, no space;
       nothing is left in --out
  130  stopped by Ctrl-C or SIGTERM; nothing is left in --out";

/// `claimlint check`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES_AND_EXIT_CODES)]
pub struct Check {
    /// Extracts: CSV, also gzip or zstd, and Parquet; directories, and patterns with * and ?; `-` reads stdin. All are judged together
    #[arg(required = true, conflicts_with = "table", value_name = "FILE")]
    pub files: Vec<String>,
    /// Instead of extracts, what `claimlint.spark.check_table` left of a table: a list of its files, with their rows
    #[arg(long, value_name = "LIST", conflicts_with_all = ["join", "expect_amount", "settle"], help_heading = INPUT)]
    pub table: Option<PathBuf>,
    /// The plan's authorization file, in which the authorization numbers of the claims are looked up
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    pub auths: Option<String>,
    /// How columns are mapped
    #[command(flatten)]
    pub layout: LayoutChoice,
    /// Wait until no input has changed in size or time for this long, such as 60s or 5m [default: do not wait]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = INPUT)]
    pub settle: Option<Duration>,
    /// Where the settings come from
    #[command(flatten)]
    pub config: ConfigChoice,
    /// Files that replace built-in ones
    #[command(flatten)]
    pub policy: PolicyFiles,
    /// Ask only these rules: codes or their beginnings, such as DX101,PA (repeatable) [default: all]
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rule_word, help_heading = JUDGMENT)]
    pub select: Vec<String>,
    /// Do not ask these rules, such as DQ; the longer word decides between --select and --ignore (repeatable)
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rule_word, help_heading = JUDGMENT)]
    pub ignore: Vec<String>,
    /// An earlier report: count what is new since then, also for --fail-on new-deny and its like. `latest` is the newest one
    /// beside --out, or none on the first run
    #[arg(long, value_name = "DIR|latest", help_heading = JUDGMENT)]
    pub baseline: Option<PathBuf>,
    /// A TOML file of accepted findings, each with an owner, a reason and a day of expiry
    #[arg(long, value_name = "FILE", help_heading = JUDGMENT)]
    pub suppress: Option<PathBuf>,
    /// The day of the run, stated at the head of the report, with which the expiry of suppressions is compared, and which
    /// --out may name [default: today, UTC, and none at the head]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, help_heading = JUDGMENT)]
    pub today: Option<jiff::civil::Date>,
    /// Report directory; {date} stands for the day and {run} for the id of the run
    /// [default: claimlint-report, or the first free of claimlint-report-2, -3, ...]
    #[arg(long, short, value_name = "DIR", help_heading = REPORT)]
    pub out: Option<PathBuf>,
    /// Replace an existing report in --out
    #[arg(long, help_heading = REPORT)]
    pub force: bool,
    /// Add files to the report: xlsx, parquet, jsonl, rollups, or all of them (repeatable, or with commas)
    #[arg(
        long = "format",
        value_name = "FORMAT",
        value_parser = formats(),
        value_delimiter = ',',
        hide_possible_values = true,
        help_heading = REPORT
    )]
    pub formats: Vec<String>,
    /// Leave out report.html
    #[arg(long, help_heading = REPORT)]
    pub no_html: bool,
    /// Leave out dossier.bin, without which `claimlint explain` cannot answer
    #[arg(long, help_heading = REPORT)]
    pub no_dossier: bool,
    /// Leave out services.csv, so that findings.csv alone lists what was flagged; needs --no-html and --no-dossier, which
    /// refer to it
    #[arg(long, help_heading = REPORT)]
    pub no_services: bool,
    /// Replace member, claim and authorization ids by tokens made with a secret key: 32 random bytes (as they are, in base
    /// 64 or in hexadecimal digits) or a pass phrase of at least 16 bytes, which is stretched
    #[arg(long, value_name = "KEYFILE|env:NAME", help_heading = REPORT)]
    pub mask: Option<String>,
    /// Cut the dates of a masked report to their month
    #[arg(long, value_name = "TO", value_enum, help_heading = REPORT)]
    pub mask_dates: Option<MaskDates>,
    /// Sign the report with the secret key in KEYFILE: 32 bytes or 64 hex digits that only its owner may read
    #[arg(long, value_name = "KEYFILE", help_heading = REPORT)]
    pub sign: Option<PathBuf>,
    /// How much of each input is hashed for `claimlint verify`: a sample of 6 MiB, or every byte [default: sampled]
    #[arg(long, value_name = "EXTENT", value_enum, help_heading = REPORT)]
    pub fingerprint: Option<HashedPart>,
    /// At the end, list every rule that fired, not only those with the highest amounts
    #[arg(long, help_heading = REPORT)]
    pub all_rules: bool,
    /// Exit with 1 if there is a finding of this disposition or a stronger one; suppressed findings do not count
    /// [default: deny]
    #[arg(long, value_name = "LEVEL", value_enum, help_heading = GATES)]
    pub fail_on: Option<FailOn>,
    /// Exit with 1 if EXPRESSION is true of the run's totals, such as "deny.recoverable > 50000" or
    /// "rejected / rows > 0.001" (repeatable)
    #[arg(long, value_name = "EXPRESSION", help_heading = GATES)]
    pub fail_if: Vec<String>,
    /// Number of rows that all extracts must have together; any other number ends the run with exit code 2
    #[arg(long, value_name = "N", help_heading = GATES)]
    pub expect_rows: Option<u64>,
    /// Sum of charges that all extracts must have together: dollars with a point (12345.67), else cents (1234567)
    #[arg(long, value_name = "AMOUNT", value_parser = control_total, allow_hyphen_values = true, help_heading = GATES)]
    pub expect_amount: Option<Sum>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = MACHINE)]
    pub threads: Option<u16>,
    /// Memory for rows in scope; further rows go to the disk of the report, with the same result [default: 1G, less where the machine has less than 2G]
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = MACHINE)]
    pub memory: Option<usize>,
    /// Progress on stderr: a bar at a terminal, plain lines, or none
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Progress::Auto, help_heading = MACHINE)]
    pub progress: Progress,
    /// Write a machine-readable log to stderr, one event per line, instead of progress and notes
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = MACHINE)]
    pub log: Option<LogFormat>,
    /// Write the figures of a complete run to FILE for Prometheus; an earlier FILE is replaced as a whole
    #[arg(long, value_name = "FILE", help_heading = MACHINE)]
    pub metrics: Option<PathBuf>,
    /// Print errors and warnings only
    #[arg(long, short, help_heading = MACHINE)]
    pub quiet: bool,
    /// Bytes read at a time; does not change the report
    #[arg(long, value_name = "BYTES", hide = true)]
    pub block_size: Option<usize>,
}

/// The default memory for rows in scope, in bytes: small enough for any machine that runs a nightly job.
pub const MEMORY: usize = 1 << 30;

/// The least memory, in bytes, to which a run can keep if every row is in scope: three groups of blocks with their
/// lines take half of it.
pub(crate) const LEAST_MEMORY: usize = 512 << 20;

/// Parses the memory for rows in scope.
pub(crate) fn memory(text: &str) -> Result<usize, String> {
    let bytes = usize::try_from(size(text)?).map_err(|_| "is more than this machine can address".to_owned())?;
    if bytes < LEAST_MEMORY {
        return Err(format!("a run needs at least {}M", LEAST_MEMORY >> 20));
    }
    Ok(bytes)
}

/// Parses the sum of charges that is expected. Somebody who writes `$` or a comma means dollars, so without a point that is not
/// taken for cents.
pub(crate) fn control_total(text: &str) -> Result<Sum, String> {
    let is_plain = text.contains('.') || !text.contains(['$', ',']);
    let sum = Sum::parse_control(text).filter(|_| is_plain);
    sum.ok_or_else(|| "write dollars with a point, such as 12345.67, or cents: 1234567".to_owned())
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
