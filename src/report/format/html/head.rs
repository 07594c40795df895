//! The head of the page: of which services it speaks, of which run, and in figures what was found.

use jiff::civil::Date;

use crate::report::totals::Totals;
use crate::report::words::finding::{file_name, value};
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::rules::judge::ServiceStatus;
use crate::run::{Masked, RunContext};
use crate::tally::Summary;

/// One of the figures at the top of the page.
pub(crate) struct StatusFigure {
    /// Word of the status.
    pub(crate) class: &'static str,
    pub(crate) label: &'static str,
    pub(crate) services: String,
    pub(crate) noun: &'static str,
    pub(crate) amount: String,
    pub(crate) recoverable: String,
}

/// The extracts of the run, without directories.
pub(crate) fn extracts(run: &RunContext) -> String {
    match run.inputs.as_slice() {
        [one] => value(file_name(&one.name)).into_owned(),
        many => counted(many.len() as u64, "extract"),
    }
}

/// The facts below the title, each with its name.
pub(crate) fn facts(run: &RunContext, totals: &Totals) -> Vec<(&'static str, String)> {
    let shown = |day: Date| match run.masked {
        Masked::IdsAndDays => format!("{:04}-{:02}", day.year(), day.month()),
        Masked::Nothing | Masked::Ids => day.to_string(),
    };
    let period = match totals.period {
        Some((first, last)) if shown(first) == shown(last) => shown(first),
        Some((first, last)) => format!("{} to {}", shown(first), shown(last)),
        None => "none that can be read".to_owned(),
    };
    let summary = &totals.summary;
    let flagged: u64 = ServiceStatus::ALL
        .iter()
        .filter(|status| status.is_flagged())
        .map(|status| summary.status(*status).services)
        .sum();
    let counts = format!(
        "{}, {}, {} flagged",
        counted(run.ledger.rows, "row"),
        counted(summary.services(), "service"),
        grouped(flagged)
    );
    let extract = if run.inputs.len() == 1 { "Extract" } else { "Extracts" };
    let mut facts = vec![("Service dates", period)];
    if let Some(today) = run.today {
        facts.push(("Run date", today.to_string()));
    }
    facts.extend([(extract, extracts(run)), ("Counts", counts)]);
    facts
}

/// The figures, by status.
pub(crate) fn figures(summary: &Summary, known: bool) -> Vec<StatusFigure> {
    ServiceStatus::ALL
        .iter()
        .map(|status| {
            let tally = summary.status(*status);
            StatusFigure {
                class: status.word(),
                label: label(*status),
                services: grouped(tally.services),
                noun: if tally.services == 1 { "service" } else { "services" },
                amount: if status.is_flagged() { sum_in_words(tally.at_risk, known) } else { String::new() },
                recoverable: if *status == ServiceStatus::Deny {
                    sum_in_words(tally.recoverable, known)
                } else {
                    String::new()
                },
            }
        })
        .collect()
}

/// What a status means, in a few words.
pub(crate) fn label(status: ServiceStatus) -> &'static str {
    match status {
        ServiceStatus::Deny => "the claim as coded contradicts the policy",
        ServiceStatus::Review => "a person must look",
        ServiceStatus::NotEvaluated => "the policy's list was not applied",
        ServiceStatus::Clear => "codes and authorization meet the policy",
    }
}
