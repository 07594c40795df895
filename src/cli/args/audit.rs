//! The arguments of the commands for statistics: `trend`, `sample` and `estimate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::check::memory;
use crate::cli::args::shared::at_least_one;
use crate::rules::judge::ServiceStatus;

/// `claimlint sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// The report directory
    #[arg(value_name = "REPORT_DIR")]
    pub report: PathBuf,
    /// Number of services to draw
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub size: u64,
    /// The same number draws the same sample from the same services: choose it before you see them
    #[arg(long, value_name = "N")]
    pub seed: u32,
    /// Draw from all services alike, or from strata by amount
    #[arg(long, value_name = "HOW", value_enum, default_value_t = SampleBy::All)]
    pub by: SampleBy,
    /// Most strata for `--by stratum` [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=20))]
    pub strata: Option<u32>,
    /// Services of which status are drawn from (repeatable, or with commas) [default: deny,review]
    #[arg(long, value_name = "STATUS", value_enum, value_delimiter = ',')]
    pub status: Vec<FrameStatus>,
    /// The new file for the worksheet
    #[arg(long, short, value_name = "FILE", default_value = "claimlint-sample.csv")]
    pub out: PathBuf,
    /// Memory that the report may take; a report that needs more is refused [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
}

/// How services are grouped before they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SampleBy {
    /// All services alike
    All,
    /// Strata by amount, each with about the same sum
    Stratum,
}

/// The status of services that have an amount at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FrameStatus {
    /// Services to deny
    Deny,
    /// Services to review
    Review,
}

impl From<FrameStatus> for ServiceStatus {
    fn from(status: FrameStatus) -> Self {
        match status {
            FrameStatus::Deny => Self::Deny,
            FrameStatus::Review => Self::Review,
        }
    }
}

/// `claimlint estimate`.
#[derive(Debug, Args)]
pub struct Estimate {
    /// The worksheet of `claimlint sample` with an `audited_amount` in every row, saved as CSV
    pub worksheet: PathBuf,
    /// Memory that the worksheet may take; one that needs more is refused [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
}

/// `claimlint trend`.
#[derive(Debug, Args)]
pub struct Trend {
    /// The report directories, in any order
    #[arg(required = true, value_name = "REPORT_DIR")]
    pub reports: Vec<PathBuf>,
    /// Compare the months from this one on with all earlier months [default: the last month]
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    pub since: Option<String>,
    /// A summary to read, or every month of every rule and provider
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TrendFormat::Text)]
    pub format: TrendFormat,
    /// Write to a new file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also write a page with small charts to a new file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Number of reports, of rules and of providers that the text lists, what moved first
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub rows: u16,
    /// Memory that the reports may take together; reports that need more are refused [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<usize>,
}

/// How a trend is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrendFormat {
    /// Months, rules and providers to read
    Text,
    /// A row for each month and each comparison
    Csv,
}

/// A month, such as 2024-03.
fn month(text: &str) -> Result<String, String> {
    let is_month = text.len() == 7 && format!("{text}-01").parse::<jiff::civil::Date>().is_ok();
    if is_month { Ok(text.to_owned()) } else { Err("write a month such as 2024-03".to_owned()) }
}
