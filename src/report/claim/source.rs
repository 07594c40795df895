//! The report and the run that a dossier is from: whoever reads it must see whether it is the right one.

use crate::report::claim::place::file_name;
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
    /// The source of all dossiers of a report: its directory, the id and the time of its run if they are known, and what to
    /// say of other reports.
    pub(crate) fn of(report: String, run: Option<(&str, String)>, context: &RunContext, others: String) -> Self {
        let inputs = &context.inputs;
        let mut extracts: Vec<_> = inputs.iter().take(NAMED).map(|input| file_name(&input.name).to_owned()).collect();
        if inputs.len() > NAMED {
            extracts.push(format!("{} more", inputs.len() - NAMED));
        }
        let run = match run {
            Some((id, when)) => format!("{id}, {when} UTC"),
            None => "not known, as run.json cannot be read".to_owned(),
        };
        Self { report, extracts: extracts.join(", "), run, others }
    }
}
