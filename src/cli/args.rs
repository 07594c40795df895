//! What can be typed. Nothing is opened or resolved here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ingest::Table;

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
    Check(Check),
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
#[derive(Debug, Args)]
pub struct PolicyFiles {
    /// A policy, limits or remittance file in place of the built-in one of its kind (repeatable)
    #[arg(long = "policy", value_name = "FILE")]
    pub policy: Vec<PathBuf>,
}

/// How columns are mapped.
#[derive(Debug, Args)]
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
}

/// `claimlint check`.
#[derive(Debug, Args)]
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
    /// Replace an existing report in --out
    #[arg(long)]
    pub force: bool,
    /// Replace member, claim and authorization ids by tokens under a secret key of at least 16 bytes
    #[arg(long, value_name = "KEYFILE|env:NAME")]
    pub mask: Option<String>,
    /// Cut dates to their month
    #[arg(long, value_name = "TO", value_enum, requires = "mask")]
    pub mask_dates: Option<MaskDates>,
    /// Least disposition that makes the exit code 1; suppressed findings do not count
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = FailOn::Deny)]
    pub fail_on: FailOn,
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
    /// Progress on stderr: a bar at a terminal, plain lines, or none
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Bytes read at a time; changes nothing in the report
    #[arg(long, value_name = "BYTES", hide = true)]
    pub block_size: Option<usize>,
}

/// What stays of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MaskDates {
    /// Year and month
    Month,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar if stderr is a terminal, else nothing
    Auto,
    /// One line every ten seconds
    Plain,
    /// Nothing
    None,
}
