//! What can be typed. Nothing is opened or resolved here.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::claim::Sum;
use crate::ingest::Table;
use crate::report::{FORMATS, sink};

/// Checks kyphoplasty claims in CSV extracts against BCBSMA Medical Policy 485.
#[derive(Debug, Parser)]
#[command(name = "claimlint", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge the claims of one or more extracts and write a report
    Check(Box<Check>),
    /// List the rules, or explain one
    Rules {
        /// Code or name of a rule, such as DX103 or diagnosis-near-miss
        rule: Option<String>,
        /// Files that replace built-in ones
        #[command(flatten)]
        policy: PolicyFiles,
    },
    /// Show or check the policy in force
    Policy {
        /// What to do
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Show everything about one claim of a report: rows, versions, encounter, every rule's answer
    Explain(Explain),
    /// Say whether a report is whole, and whether it belongs to these extracts
    Verify(Verify),
    /// Show what a run would go by, and where each value comes from
    Config {
        /// What to do
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Make an invented extract with known findings, for trying out a pipeline
    Generate(Generate),
    /// Show what is new, gone and changed between two reports
    Compare(Compare),
    /// Show how an extract is understood, without judging it
    Inspect {
        /// The extract
        file: String,
        /// How columns are mapped
        #[command(flatten)]
        layout: LayoutChoice,
    },
    /// Print the completions of a shell, to be sourced by it
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one a subcommand
    #[command(hide = true)]
    Man {
        /// Directory for the pages
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its value and its origin, for these extracts and flags of `check`
    #[command(mut_arg("files", |files| files.required(false)))]
    Show(Box<Check>),
}

/// `claimlint explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The claim number, or its token in a masked report
    pub claim: String,
    /// The report directory
    #[arg(long = "in", value_name = "DIR", default_value = crate::report::place::DEFAULT)]
    pub report: PathBuf,
    /// Write the dossier as a page, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// The key of a masked report, to find a claim by its number
    #[arg(long, value_name = "KEYFILE|env:NAME")]
    pub mask: Option<String>,
}

/// `claimlint verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The report directory
    #[arg(value_name = "REPORT_DIR")]
    pub report: PathBuf,
    /// The extracts, in the order in which `check` was given them: they are held against their fingerprints and counted
    /// again
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// The authorization file that `check` was given
    #[arg(long, value_name = "FILE", requires = "files")]
    pub auths: Option<String>,
    /// How columns are mapped, as `check` was told
    #[command(flatten)]
    pub layout: LayoutChoice,
    /// Files that replace built-in ones, as `check` was told
    #[command(flatten)]
    pub policy: PolicyFiles,
}

/// `claimlint compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The report directory of the earlier run
    pub old: PathBuf,
    /// The report directory of the later run
    pub new: PathBuf,
    /// What is written: a summary to read, or every finding that differs
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = CompareFormat::Text)]
    pub format: CompareFormat,
    /// Write to a new file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Findings that the text lists, those that ask for most first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub rows: u16,
    /// Least difference that makes the exit code 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = CompareFailOn::NewDeny)]
    pub fail_on: CompareFailOn,
}

/// How a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// Totals, and the findings that ask for most
    Text,
    /// A row for every finding that differs
    Csv,
    /// Totals and every finding that differs
    Json,
}

/// Least difference that makes the exit code of compare 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFailOn {
    /// Any new deny finding
    NewDeny,
    /// Any new review or deny finding
    NewReview,
    /// Any new finding
    NewInfo,
    /// Any new, gone or changed finding
    Any,
    /// Never
    Never,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Print the policy in force: editions, lists, authorization table, fingerprint
    Show {
        /// Files that replace built-in ones
        #[command(flatten)]
        policy: PolicyFiles,
        /// Print one of its files as it is, to start a policy of your own: policy, limits or remittance
        #[arg(long, value_name = "KIND")]
        toml: Option<String>,
    },
    /// Check a policy file and run its worked examples
    Check {
        /// The file
        file: PathBuf,
    },
}

/// Files that replace built-in ones.
#[derive(Debug, Clone, Default, Args)]
pub struct PolicyFiles {
    /// A policy, limits or remittance file in place of the built-in one of its kind (repeatable)
    #[arg(long = "policy", value_name = "FILE")]
    pub policy: Vec<PathBuf>,
}

/// How columns are mapped.
#[derive(Debug, Clone, Default, Args)]
pub struct LayoutChoice {
    /// A layout file, or the name of a built-in layout; otherwise the header is recognised
    #[arg(long, value_name = "FILE|NAME")]
    pub layout: Option<String>,
    /// Lines before the header: a preamble
    #[arg(long, value_name = "N")]
    pub skip_lines: Option<usize>,
    /// Lines that begin so are no rows, before the header and after it (repeatable)
    #[arg(long, value_name = "PREFIX")]
    pub comment: Vec<String>,
    /// The file of a table that the layout joins to each extract, such as diagnosis=dx.csv (repeatable)
    #[arg(long, value_name = "NAME=FILE", value_parser = Table::parse)]
    pub join: Vec<Table>,
    /// Most bytes that a compressed file may unpack to, such as 500M or 2T [default: 1000 times its size, 1G at least]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_decompressed: Option<u64>,
}

/// Bytes, with K, M, G or T for powers of 1024.
fn size(text: &str) -> Result<u64, String> {
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

/// `claimlint generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Rows after the header
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub rows: u64,
    /// Another number makes another extract; the same makes the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Share of the rows that belong to a planted case, from 0 to 1; the others are out of scope
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1, value_parser = share)]
    pub scope: f64,
    /// Directory for claims.csv, truth.csv, services-truth.csv and rows-truth.csv
    #[arg(long, short, value_name = "DIR", default_value = "claimlint-extract")]
    pub out: PathBuf,
    /// Write authorizations.csv, too; the truth is then that of `check --auths`
    #[arg(long)]
    pub auths: bool,
    /// Leave out the column of authorization numbers, as many extracts do
    #[arg(long)]
    pub no_authorization_column: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "write a fraction from 0 to 1, such as 0.05".to_owned())
}

/// Which settings file is in force.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigChoice {
    /// The settings file [default: claimlint.toml beside the first extract]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long)]
    pub no_config: bool,
}

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
    /// How much of each input is hashed for `claimlint verify`: a sample of 6 MiB, or every byte
    #[arg(long, value_name = "EXTENT", value_enum, default_value_t = Hashed::Sampled)]
    pub fingerprint: Hashed,
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
    #[arg(long, value_name = "YYYY-MM-DD", requires = "suppress")]
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

/// Least memory that a run can do with: what the reader has under way, and a part or two.
const LEAST_MEMORY: usize = 64 << 20;

/// Memory for rows in scope.
pub(super) fn memory(text: &str) -> Result<usize, String> {
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
pub(super) fn format_words() -> Vec<&'static str> {
    let mut words: Vec<&str> = FORMATS.iter().filter_map(|format| format.word).collect();
    words.dedup();
    words.push(sink::ALL);
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
pub enum Hashed {
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
    /// Any deny finding that --baseline does not have
    NewDeny,
    /// Any review or deny finding that --baseline does not have
    NewReview,
    /// Any finding that --baseline does not have
    NewInfo,
    /// Never
    Never,
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
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [("7", 7), ("2K", 2048), ("3m", 3 << 20), ("1GiB", 1 << 30), ("2TB", 2 << 40), ("0", 0)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "1.5G", "-1", "1X", "1 G", "99999999T", "1\u{e9}"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!((memory("1GiB"), memory("64M")), (Ok(MEMORY), Ok(LEAST_MEMORY)));
        assert!(memory("63M").is_err());
    }

    #[test]
    fn shares_lie_between_nothing_and_all() {
        assert_eq!((share("0"), share("0.25"), share("1")), (Ok(0.0), Ok(0.25), Ok(1.0)));
        assert!(["", "-0.1", "1.1", "NaN", "half"].iter().all(|text| share(text).is_err()));
    }
}
