//! The arguments of `sample` and `estimate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::check::memory;
use crate::rules::judge::ServiceStatus;

/// `claimlint sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// The report directory
    #[arg(value_name = "REPORT_DIR")]
    pub report: PathBuf,
    /// Number of services to draw
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
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
