//! The report and the run that a dossier is from: whoever reads it must see whether it is the right one.

use crate::report::siblings::SiblingReport;
use crate::run::RunContext;

/// Most extracts that are named.
const NAMED: usize = 3;

/// Where a dossier comes from, in words.
pub(crate) struct ReportSource {
    /// The directory of the report.
    pub(crate) report: String,
    /// Its extracts, without directories.
    pub(crate) extracts: String,
    /// The id of the run and when it ended, in UTC.
    pub(crate) run: String,
    /// That it is the newest of several reports, and which the others are; else empty.
    pub(crate) others: String,
}

impl ReportSource {
    /// The source of all dossiers of a report.
    pub(crate) fn of(report: &SiblingReport, context: &RunContext, others: String) -> Self {
        let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let inputs = &context.inputs;
        let mut extracts: Vec<_> = inputs.iter().take(NAMED).map(|input| name(&input.name)).collect();
        if inputs.len() > NAMED {
            extracts.push(format!("{} more", inputs.len() - NAMED));
        }
        let run = match &report.run {
            Some(run) => format!("{}, {} UTC", run.id, run.when()),
            None => "not known, as run.json cannot be read".to_owned(),
        };
        Self { report: report.path.display().to_string(), extracts: extracts.join(", "), run, others }
    }
}
