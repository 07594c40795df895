//! What to know before reading a result: missing columns, labels that no table knows, the use of the authorization
//! file, and services after the last verified day of the policy.

use std::borrow::Cow;

use crate::ingest::TableUsage;
use crate::report::labels::{LabelKind, MAX_LABELS_SHOWN};
use crate::report::totals::Totals;
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, dollars, grouped};
use crate::rules::roster;
use crate::run::RunContext;

/// A column that an extract does not have.
pub(crate) struct AbsentColumn {
    pub(crate) field: &'static str,
    /// The extracts that lack it; empty if all of them do.
    pub(crate) files: String,
    pub(crate) consequence: &'static str,
}

/// Labels of one kind that no table knows.
pub(crate) struct UnreadRow<'a> {
    pub(crate) name: &'static str,
    /// The first labels with their rows.
    pub(crate) labels: Vec<(Cow<'a, str>, String)>,
    /// Labels that are left to summary.json.
    pub(crate) more: usize,
    pub(crate) advice: &'static str,
}

/// Columns that an extract lacks, each once, in the order of the extracts.
pub(crate) fn absent(run: &RunContext) -> Vec<AbsentColumn> {
    let mut absent: Vec<(&'static str, &'static str, Vec<&str>)> = Vec::new();
    for input in &run.inputs {
        for (field, consequence) in &input.absent {
            match absent.iter_mut().find(|(name, ..)| *name == field.name()) {
                Some((.., files)) => files.push(&input.name),
                None => absent.push((field.name(), consequence, vec![&input.name])),
            }
        }
    }
    let all = run.inputs.len();
    let column = |(field, consequence, files): (_, _, Vec<&str>)| AbsentColumn {
        field,
        files: match files.as_slice() {
            files if files.len() == all => String::new(),
            [one] => value(one).into_owned(),
            files => counted(files.len() as u64, "extract"),
        },
        consequence,
    };
    absent.into_iter().map(column).collect()
}

/// Labels that no table knows, by kind.
pub(crate) fn unread<'a>(run: &'a RunContext, totals: &'a Totals) -> Vec<UnreadRow<'a>> {
    let rows = LabelKind::ALL.into_iter().filter_map(|kind| {
        let labels = totals.unread_labels(kind, run);
        (!labels.is_empty()).then(|| UnreadRow {
            name: kind.word(),
            more: labels.len().saturating_sub(MAX_LABELS_SHOWN),
            labels: labels
                .into_iter()
                .take(MAX_LABELS_SHOWN)
                .map(|(label, rows)| (value(label), counted(rows, "row")))
                .collect(),
            advice: kind.advice(),
        })
    });
    rows.collect()
}

/// Says that there is no service, and nothing that was not looked at: rows that were rejected, and columns and tables that
/// are not read for procedures.
pub(crate) fn no_service(run: &RunContext) -> String {
    let ledger = &run.ledger;
    let known = ledger.reversed + ledger.duplicate + ledger.payer_denied + ledger.superseded;
    let joined =
        if run.inputs.iter().any(|input| !input.joined.is_empty()) { " or in a joined table by its key" } else { "" };
    let said = if ledger.rows == 0 {
        "No kyphoplasty service: no row was read.".to_owned()
    } else if known > 0 {
        format!(
            "No kyphoplasty service: {} a known procedure code, but reversed, duplicate, denied by the payer or superseded.",
            if known == 1 { "1 row holds".to_owned() } else { format!("{} rows hold", grouped(known)) }
        )
    } else {
        format!(
            "No kyphoplasty service: no row that could be read holds a listed procedure code in a column that is read for procedures{joined}."
        )
    };
    let said = match ledger.rejected {
        0 => said,
        1 => format!("{said} 1 row was rejected and not looked at."),
        n => format!("{said} {} rows were rejected and not looked at.", grouped(n)),
    };
    match run.tables.iter().map(|table| table.counts().rejected).sum() {
        0 => said,
        1 => format!("{said} 1 row of a joined table was rejected and not looked at."),
        n => format!("{said} {} rows of joined tables were rejected and not looked at.", grouped(n)),
    }
}

/// What a selection of rules leaves of the words of a report.
pub(crate) fn selection(run: &RunContext) -> Option<String> {
    let (all, left_out) = (roster().count(), run.policy.not_asked());
    (!left_out.is_empty()).then(|| {
        format!(
            "{} of {} were asked; the run left out {}. A service is clear here if none of the rules that were asked flags it.",
            all - left_out.len(),
            counted(all as u64, "rule"),
            left_out.join(", ")
        )
    })
}

/// Sentences about the run as a whole.
pub(crate) fn notes(run: &RunContext, totals: &Totals) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(selection(run));
    if let Some(coverage) = totals.coverage(run) {
        notes.push(format!(
            "The authorization file has {} and {}. Services carry {}, and the file has {} of them.",
            counted(coverage.rows, "row"),
            counted(coverage.approvals, "approval"),
            counted(coverage.numbers_on_services, "number"),
            grouped(coverage.numbers_found)
        ));
    }
    notes.extend(not_paid(totals));
    if let Some(file) = &run.authorizations {
        let lacks = |(column, cost): (&str, &str)| format!("The authorization file has no {column} column: {cost}.");
        notes.extend(file.absent().map(lacks));
    }
    notes.extend(run.tables.iter().map(table_note));
    if totals.after_verified > 0 {
        let (noun, they) =
            if totals.after_verified == 1 { ("service is", "It is") } else { ("services are", "They are") };
        notes.push(format!(
            "{} {noun} dated after the last day for which the text of the policy is known to be in force. {they} judged by the \
             latest edition.",
            grouped(totals.after_verified)
        ));
    }
    notes
}

/// That a part of the amount at risk is no payment. Empty if all of it is.
pub(crate) fn not_paid(totals: &Totals) -> Option<String> {
    let (services, amount) = totals.not_paid;
    (services > 0).then(|| {
        format!(
            "{} of the amount at risk, of {}, is no payment: it is an allowed amount or a charge, as the line is pending or no \
             paid amount can be read.",
            dollars(amount),
            counted(services, "service")
        )
    })
}

/// What was read of a joined table.
fn table_note(usage: &TableUsage) -> String {
    let counts = usage.counts();
    let about = if counts.estimated { "about " } else { "" };
    let parts = [(counts.rejected, "rejected"), (counts.rows_without_key, "without a key")];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", grouped(*n))).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!(
        "Joined table {} ({}): {}{parts} with {about}{}; {about}{} met by rows of the extracts, {about}{} by none.",
        counts.table,
        value(&counts.file),
        counted(counts.rows, "row"),
        counted(counts.keys, "key"),
        grouped(counts.keys_met),
        grouped(counts.keys_met_by_none)
    )
}
