//! The arguments of the commands that read extracts in slices: plan, slice and merge.

use std::path::PathBuf;

use clap::Args;

use crate::claim::Sum;
use crate::cli::args::check::{Check, control_total, memory, rule_word};
use crate::cli::args::shared::{ConfigChoice, LayoutChoice, PolicyFiles, size};

/// The default bytes of a split: each is read in a second or less, and starting a process takes a hundredth of that.
const SPLIT: &str = "256M";

/// `claimlint plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Extracts, as for `check`; not stdin and not a pipe
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// The directory of the job, which is made for its slices
    #[arg(long, short, value_name = "JOB")]
    pub out: PathBuf,
    /// Bytes of a split of a plain extract; one that is compressed, UTF-16, Parquet, ended by CR or joined is one slice
    #[arg(long, value_name = "SIZE", default_value = SPLIT, value_parser = split_size)]
    pub split: u64,
    /// The plan's authorization file, which `merge` looks up
    #[arg(long, value_name = "FILE")]
    pub auths: Option<String>,
    /// How columns are mapped
    #[command(flatten)]
    pub layout: LayoutChoice,
    /// Files that replace built-in ones
    #[command(flatten)]
    pub policy: PolicyFiles,
    /// Ask only these rules, as for `check`
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rule_word)]
    pub select: Vec<String>,
    /// Do not ask these rules, as for `check`
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rule_word)]
    pub ignore: Vec<String>,
    /// Number of rows that all extracts must have together; `merge` refuses any other number
    #[arg(long, value_name = "N")]
    pub expect_rows: Option<u64>,
    /// Sum of charges that all extracts must have together; `merge` refuses any other sum
    #[arg(long, value_name = "AMOUNT", value_parser = control_total, allow_hyphen_values = true)]
    pub expect_amount: Option<Sum>,
    /// Where the settings come from
    #[command(flatten)]
    pub config: ConfigChoice,
    /// Bytes before a split from which its first record is guessed; for tests
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1M", hide = true)]
    pub run_up: u64,
}

/// `claimlint slice`.
#[derive(Debug, Args)]
pub struct Slice {
    /// The plan of the job: JOB/plan.json
    #[arg(long, value_name = "FILE")]
    pub plan: PathBuf,
    /// The number of the slice, from 0
    #[arg(value_name = "N", value_parser = slice_number)]
    pub slice: u64,
    /// Byte of the extract at which the first record of the split starts, as `merge` says, instead of a guess
    #[arg(long, value_name = "BYTE")]
    pub entry: Option<u64>,
    /// Read the extract from stdin, which begins at this byte of it: at least 1 MiB before the split, or at the entry
    #[arg(long, value_name = "BYTE")]
    pub stdin_at: Option<u64>,
    /// The file of the slice [default: slice-N.bin beside the plan]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace a slice of another job in -o
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Threads [default: 1, as the processes of a job share the cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Memory for rows in scope; further rows go to the disk of the slice [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
}

/// What follows the flags in the help of `merge`.
pub(crate) const MERGE_EXIT_CODES: &str = "\
Examples:
  claimlint merge job --out report --format all --dry-run
  claimlint merge job --out report --format all --clean

Exit codes:
  0    complete; nothing at or above --fail-on
  1    complete; something at or above --fail-on, or a gate that is true
       or undefined
  2    not complete: usage, a slice that is missing, damaged or of another plan,
       an input that changed, no space; nothing is left in --out
  3    not complete: some splits must be read again; each line on stdout is the
       arguments of one `claimlint slice --plan JOB/plan.json`
  130  stopped by Ctrl-C or SIGTERM; nothing is left in --out";

/// `claimlint merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The flags of `check`
    #[command(flatten)]
    pub check: Check,
    /// Remove the slices and the plan once the report is complete
    #[arg(long)]
    pub clean: bool,
    /// Check the flags, the inputs and the place of the report, also before the slices are there, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Is a flag typed?
type IsTyped = fn(&Check) -> bool;

/// Flags of `check` that say how to read and judge, by the names of their fields: the plan has them, and `merge` refuses them.
pub(crate) const READING_FLAGS: [(&str, IsTyped); 14] = [
    ("auths", |check| check.auths.is_some()),
    ("layout", |check| check.layout.layout.is_some()),
    ("skip_lines", |check| check.layout.skip_lines.is_some()),
    ("comment", |check| !check.layout.comment.is_empty()),
    ("join", |check| !check.layout.join.is_empty()),
    ("require", |check| !check.layout.require.is_empty()),
    ("max_decompressed", |check| check.layout.max_decompressed.is_some()),
    ("policy", |check| !check.policy.policy.is_empty()),
    ("select", |check| !check.select.is_empty()),
    ("ignore", |check| !check.ignore.is_empty()),
    ("expect_rows", |check| check.expect_rows.is_some()),
    ("expect_amount", |check| check.expect_amount.is_some()),
    ("config", |check| check.config.config.is_some()),
    ("no_config", |check| check.config.no_config),
];

/// Does a flag of `check` say nothing to `merge`? It is one of [`READING_FLAGS`], or says what is read in place of extracts.
pub(crate) fn is_of_check_alone(id: &str) -> bool {
    id == "table" || READING_FLAGS.iter().any(|(flag, _)| *flag == id)
}

fn slice_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write the number of a slice of the plan, from 0".to_owned())
}

fn split_size(text: &str) -> Result<u64, String> {
    size(text).and_then(|bytes| if bytes == 0 { Err("a split has at least one byte".to_owned()) } else { Ok(bytes) })
}
