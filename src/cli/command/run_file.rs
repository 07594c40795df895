//! `run.json`: what may differ between two runs over the same inputs.

use std::time::{Instant, SystemTime};

use jiff::civil::Date;
use serde::Serialize;

use crate::cli::clock;
use crate::cli::plan::Plan;
use crate::report::dir::StagedReport;
use crate::report::{RUN, seal};

/// The content of the file.
#[derive(Serialize)]
struct RunFile<'a> {
    schema: &'static str,
    #[serde(rename = "run")]
    id: &'a str,
    started_unix_seconds: i128,
    seconds: f64,
    /// When the report was written: it says which of two reports is newer.
    finished_unix_milliseconds: i128,
    threads: usize,
    block_bytes: usize,
    host: String,
    /// The report that findings were compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    /// The day with which the expiry of suppressions was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<String>,
    arguments: Vec<String>,
}

/// Writes the file of a report with this manifest.
pub(crate) fn write(
    staged: &StagedReport,
    plan: &Plan,
    id: &str,
    started: Instant,
    today: Option<Date>,
    manifest: &[u8],
) -> std::io::Result<()> {
    let elapsed = started.elapsed();
    let now = clock::nanoseconds_since_1970(SystemTime::now());
    let nanoseconds = i128::try_from(elapsed.as_nanos()).unwrap_or_default();
    let run = RunFile {
        schema: "claimlint-run/1",
        id,
        started_unix_seconds: (now - nanoseconds).div_euclid(1_000_000_000),
        seconds: elapsed.as_secs_f64(),
        finished_unix_milliseconds: now.div_euclid(1_000_000),
        threads: plan.threads,
        block_bytes: plan.block,
        baseline: plan.baseline.as_ref().map(|path| path.display().to_string()),
        today: today.map(|day| day.to_string()),
        host: std::env::consts::OS.to_owned() + "/" + std::env::consts::ARCH,
        arguments: std::env::args().skip(1).collect(),
    };
    let text = seal::sealed(&serde_json::to_string_pretty(&run)?, manifest, plan.sign_key.as_ref());
    staged.save(RUN, text.as_bytes())
}
