//! The arguments of the command line. Nothing is opened or resolved here.
//!
//! # Sub-rooms, in order
//!
//! - [`shared`]: arguments that several subcommands have.
//! - [`check`]: the arguments of `check`.
//! - [`cluster`]: the arguments of the subcommands that read extracts in slices.
//! - [`reports`]: the arguments of the subcommands that read a report.
//! - [`audit`]: the arguments of the commands for statistics: `trend`, `sample` and `estimate`.

mod audit;
mod check;
mod cluster;
mod reports;
mod shared;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use crate::cli::args::audit::{Estimate, FrameStatus, Sample, SampleBy, Trend, TrendFormat};
pub use crate::cli::args::check::{Check, FailOn, HashedPart, LogFormat, MEMORY, MaskDates, Progress};
pub(crate) use crate::cli::args::check::{LEAST_MEMORY, format_words, memory, rule_word};
pub(crate) use crate::cli::args::cluster::READING_FLAGS;
use crate::cli::args::cluster::{MERGE_EXIT_CODES, is_of_check_alone};
pub use crate::cli::args::cluster::{Merge, Plan, Slice};
pub use crate::cli::args::reports::{Compare, CompareFailOn, CompareFormat, Explain, Prune, Verify};
pub use crate::cli::args::shared::{ConfigChoice, LayoutChoice, PolicyFiles};
pub(crate) use crate::cli::args::shared::{duration, required_field, size};

/// Checks kyphoplasty claims in CSV and Parquet extracts against BCBSMA Medical Policy 485.
#[derive(Debug, Parser)]
#[command(
    name = "claimlint",
    bin_name = "claimlint",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
#[command(after_help = "`claimlint help` lists topics to read, `claimlint help TOPIC` prints one.")]
pub struct Cli {
    /// Colors: at a terminal unless `NO_COLOR` is set (auto), always, or never
    #[arg(long, value_name = "WHEN", value_enum, global = true, hide_possible_values = true)]
    pub color: Option<ColorWhen>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When colors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// At a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Examples in the help of `trend`.
const TREND_EXAMPLES: &str = "Examples:
  claimlint trend reports/2024-*
  claimlint trend reports/2024-* --since 2024-07 --html trend.html
  claimlint trend reports/2024-* --format csv --out trend.csv

`claimlint help trends` says what is compared, and how.";

/// Examples in the help of `sample`.
const SAMPLE_EXAMPLES: &str = "Examples:
  claimlint sample claimlint-report --size 60 --seed 7
  claimlint sample claimlint-report --size 60 --seed 7 --by stratum --strata 4
  claimlint sample claimlint-report --size 30 --seed 7 --status deny --out denials.csv

`claimlint help sampling` says how services are ranked, so that anyone can draw the sample again.";

/// Examples in the help of `estimate`.
const ESTIMATE_EXAMPLES: &str = "Examples:
  claimlint estimate claimlint-sample.csv

`claimlint help sampling` has the formulas.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge the claims of one or more extracts and write a report
    Check(Box<Check>),
    /// List the rules, or explain one
    Rules {
        /// Code or name of a rule, such as DX103 or diagnosis-near-miss
        rule: Option<String>,
        /// Text to read, or JSON for programs
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TextOrJson::Text)]
        format: TextOrJson,
        /// Files that replace built-in files
        #[command(flatten)]
        policy: PolicyFiles,
    },
    /// Show the policy in force, or check a policy file
    Policy {
        /// What to do
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Show everything about one claim of a report: its rows, versions and encounter, and what each rule says
    Explain(Explain),
    /// Check that a report is complete and unchanged, and that it was made from these extracts
    Verify(Verify),
    /// Show the settings of a run and where each value comes from
    Config {
        /// What to do
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Write an invented extract with known findings, to try out a pipeline
    Generate(Generate),
    /// Show which findings are new, gone and changed between two reports
    Compare(Compare),
    /// Remove old reports of a directory, and nothing else
    Prune(Prune),
    /// Plan to read extracts in slices, on one machine or many
    Plan(Box<Plan>),
    /// Read one slice of a plan
    Slice(Slice),
    /// Judge the extracts of a plan from their slices and write a report
    #[command(
        after_help = MERGE_EXIT_CODES,
        mut_args(|arg| if is_of_check_alone(arg.get_id().as_str()) { arg.hide(true) } else { arg }),
        mut_arg("files", |arg| arg.value_name("JOB").num_args(1).help("The directory of the job"))
    )]
    Merge(Box<Merge>),
    /// Show months, rules and providers over many reports, and what moved beyond chance
    #[command(after_help = TREND_EXAMPLES)]
    Trend(Trend),
    /// Draw an audit sample of a report that anyone can draw again, and write its worksheet
    #[command(after_help = SAMPLE_EXAMPLES)]
    Sample(Sample),
    /// Extrapolate an audited worksheet to all services that it was drawn from
    #[command(after_help = ESTIMATE_EXAMPLES)]
    Estimate(Estimate),
    /// Show how an extract is read, without judging it; also one that `check` refuses
    Inspect {
        /// The extract, or an authorization file
        file: String,
        /// Write a layout for it into a new file, with the open points marked
        #[arg(long, value_name = "FILE")]
        write_layout: Option<PathBuf>,
        /// How columns are mapped
        #[command(flatten)]
        layout: LayoutChoice,
        /// Where the settings come from, as for `check`
        #[command(flatten)]
        config: ConfigChoice,
    },
    /// Print a built-in layout, or check a layout file
    Layout {
        /// What to do
        #[command(subcommand)]
        command: LayoutCommand,
    },
    /// Print the help of a command, or a page of the guide or of the specification
    Help {
        /// A command, a topic, or `spec` with one of its pages
        #[arg(value_name = "COMMAND|TOPIC")]
        words: Vec<String>,
    },
    /// Print completions for a shell to source
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write a page for each subcommand and topic
    #[command(hide = true)]
    Man {
        /// Directory for the pages; made if it does not exist
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// Text to read
    Text,
    /// JSON for programs
    Json,
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its value and its origin, for these extracts and flags of `check`
    #[command(mut_arg("files", |files| files.required(false)), after_help = "")]
    Show(Box<Check>),
}

/// What to do with layouts.
#[derive(Debug, Subcommand)]
pub enum LayoutCommand {
    /// Print a built-in layout, to read or to start a layout of your own
    Show {
        /// Its name; without it, the names of all are listed
        name: Option<String>,
    },
    /// Check a layout file
    Check {
        /// The file
        file: PathBuf,
    },
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Print the policy in force: editions, lists, authorization table, fingerprint
    Show {
        /// Files that replace built-in files
        #[command(flatten)]
        policy: PolicyFiles,
        /// Print one of its files unchanged, to start one of your own: policy, limits, remittance or vocabulary
        #[arg(long, value_name = "KIND")]
        toml: Option<String>,
        /// Text to read, or JSON for programs
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TextOrJson::Text, conflicts_with = "toml")]
        format: TextOrJson,
        /// The settings file whose dispositions, labels and policies apply; without it no settings file is read
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Check a policy file and run its worked examples
    Check {
        /// The file
        file: PathBuf,
    },
}

/// `claimlint generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Rows after the header
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub rows: u64,
    /// The same number makes the same extract; another number makes another one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Share of the rows that belong to a planted case, from 0 to 1; all other rows are out of scope
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1, value_parser = share)]
    pub scope: f64,
    /// Directory for claims.csv, truth.csv, services-truth.csv and rows-truth.csv
    #[arg(long, short, value_name = "DIR", default_value = "claimlint-extract")]
    pub out: PathBuf,
    /// Also write authorizations.csv; the expected findings are then those of `check --auths`
    #[arg(long)]
    pub auths: bool,
    /// Leave out the column of authorization numbers, as many extracts do
    #[arg(long)]
    pub no_authorization_column: bool,
    /// Let the amounts of a row be those of its claim, and write layout.toml, which says so, for `check --layout`
    #[arg(long)]
    pub claim_amounts: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "write a fraction from 0 to 1, such as 0.05".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_between_0_and_1() {
        assert_eq!((share("0"), share("0.25"), share("1")), (Ok(0.0), Ok(0.25), Ok(1.0)));
        assert!(["", "-0.1", "1.1", "NaN", "half"].iter().all(|text| share(text).is_err()));
    }
}
