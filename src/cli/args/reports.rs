//! The arguments of the commands that read or remove reports: explain, verify, compare and prune.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use jiff::civil::Date;

use crate::cli::args::check::memory;
use crate::cli::args::shared::{ConfigChoice, LayoutChoice, PolicyFiles, at_least_one, day, duration};

/// `claimlint explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A claim number (case and punctuation aside), a member, an authorization number or a billing NPI, or the token of
    /// one in a masked report
    #[arg(value_name = "CLAIM|MEMBER|NUMBER|NPI")]
    pub wanted: String,
    /// Only claims with a service on this day, such as 2024-03-05
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub date: Option<Date>,
    /// Only claims of this member, where several members have one claim number
    #[arg(long, value_name = "MEMBER")]
    pub member: Option<String>,
    /// Only the rows of this billing provider, where the rows of a claim name several
    #[arg(long, value_name = "NPI")]
    pub provider: Option<String>,
    /// Only the claim that has this row, such as claims.csv:12 or 12
    // The rows of stdin are -:2.
    #[arg(long, value_name = "FILE:LINE", allow_hyphen_values = true)]
    pub row: Option<String>,
    /// The report directory [default: the newest report, by its run, where `out` of claimlint.toml says, else in the
    /// working directory]
    #[arg(long = "in", value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Also write the claim's page as HTML
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Also write a letter, as FILE.html and FILE.txt: the rationale of a denial, or a request for records if there is only
    /// something to review
    #[arg(long, value_name = "FILE")]
    pub letter: Option<PathBuf>,
    /// The key of a masked report, to find a claim by its number; refused for a report that is not masked
    #[arg(long, value_name = "KEYFILE|env:NAME")]
    pub mask: Option<String>,
    /// Memory that the report may take; a report that needs more is refused [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
    /// The settings file whose `out` says where reports are [default: claimlint.toml in the working directory]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_config", "report"])]
    pub config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long)]
    pub no_config: bool,
}

/// `claimlint verify`.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The report directory
    #[arg(value_name = "REPORT_DIR")]
    pub report: PathBuf,
    /// The extracts, in the order in which `check` was given them: they are compared with their fingerprints and judged
    /// again
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// The authorization file that `check` was given
    #[arg(long, value_name = "FILE", requires = "files")]
    pub auths: Option<String>,
    /// The key that the report was signed with: check that nobody without it made or changed the report
    #[arg(long, value_name = "KEYFILE")]
    pub sign: Option<PathBuf>,
    /// Memory that the report may take, and the rows of the extracts when they are judged again [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
    /// How columns are mapped, as for `check`
    #[command(flatten)]
    pub layout: LayoutChoice,
    /// Files that replace built-in files, as for `check`
    #[command(flatten)]
    pub policy: PolicyFiles,
    /// Where the settings come from, as for `check`
    #[command(flatten)]
    pub config: ConfigChoice,
}

/// `claimlint compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The report directory of the earlier run
    pub old: PathBuf,
    /// The report directory of the later run
    pub new: PathBuf,
    /// A summary to read, or every finding that differs
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = CompareFormat::Text)]
    pub format: CompareFormat,
    /// Write to a new file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the difference as a page, too, to a new file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Number of findings that the text lists, the most serious first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub rows: u16,
    /// Exit with 1 if there is a difference of this level or a stronger one
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = CompareFailOn::NewDeny)]
    pub fail_on: CompareFailOn,
    /// Memory that the two reports may take; reports that need more are refused [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
}

/// `claimlint prune`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("kept").args(["keep", "older_than"]).required(true).multiple(true))]
pub struct Prune {
    /// The directory that holds the reports
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// Keep the newest N reports
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub keep: Option<u64>,
    /// Remove only reports that were written longer ago than this, such as 90d or 52w
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub older_than: Option<Duration>,
    /// The day whose beginning ages are counted from [default: now]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, requires = "older_than")]
    pub today: Option<Date>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// Totals, and the most serious findings
    Text,
    /// A row for every finding that differs
    Csv,
    /// Totals and every finding that differs
    Json,
}

/// The weakest difference that makes the exit code of `compare` 1.
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
