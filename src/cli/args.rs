//! What can be typed. Nothing is opened or resolved here.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    #[arg(long, value_name = "TO", value_enum, requires = "mask")]
    pub mask_dates: Option<MaskDates>,
    /// Least disposition that makes the exit code 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = FailOn::Deny)]
    pub fail_on: FailOn,
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

/// The words of `--format`: those of the roster, and `all`.
fn formats() -> PossibleValuesParser {
    let mut words: Vec<&str> = FORMATS.iter().filter_map(|format| format.word).collect();
    words.dedup();
    words.push(sink::ALL);
    words.into()
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
