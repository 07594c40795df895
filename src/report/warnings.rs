//! The warnings of a run: those that were collected while it was read, and those that its totals give rise to.

use std::collections::BTreeSet;

use crate::baseline::BaselineFacts;
use crate::ingest::TableUsage;
use crate::ingest::field::{Field, Group};
use crate::ingest::record::reject::Reason;
use crate::ledger::LedgerBin;
use crate::report::totals::Totals;
use crate::run::{Input, NO_LAYOUT, RunContext};
use crate::warning::{Warning, WarningKind, merged};

/// Unread product labels on more than one of this many rows with services are more than a new or misspelled product: a
/// service with an unread product is not judged (RT402).
const UNREAD_PRODUCTS_ONE_IN: u64 = 10;

/// Rows that a joined table does not have are more than late ones if they are more than one of this many: a claim is judged as if the
/// cells of the table were empty.
const JOINED_ROWS_MISSING_ONE_IN: u64 = 10;

/// Rows with a known code and without a claim number are more than a few bad ones if they are more than one of this many.
const WITHOUT_CLAIM_NUMBER_ONE_IN: u64 = 10;

/// And at least so many: in a small extract one row may be more than a tenth.
const LEAST_WITHOUT_CLAIM_NUMBER: u64 = 20;

/// All warnings of the run, merged.
pub(crate) fn of_run(run: &RunContext, totals: &Totals) -> Vec<Warning> {
    let mut warnings = run.warnings.clone();
    if let Some(baseline) = &run.baseline_facts {
        since(baseline, run, &mut warnings);
    }
    if run.knows_amounts() {
        let lacking = run.inputs.iter().filter(|input| !input.knows_amounts() && !input.is_passed_over());
        warnings.extend(lacking.map(|input| Warning::new(WarningKind::NoAmounts).file(&input.name)));
    }
    if !run.knows_amounts() && run.ledger.rows > 0 {
        warnings.push(Warning::new(WarningKind::NoAmounts));
    } else if totals.summary.services() > 0 && !totals.has_amounts {
        warnings.push(Warning::new(WarningKind::NoAmounts).of(totals.summary.services()));
    }
    if totals.dates_read * 2 < totals.dates && !warnings.iter().any(|w| w.kind == WarningKind::UnreadableDates) {
        let (kind, field) = (WarningKind::UnreadableDates, Field::ServiceDate.name());
        warnings.push(Warning::new(kind).field(field).count(totals.dates_read).of(totals.dates));
    }
    let (unread, rows) = (totals.unread_products, totals.service_rows);
    if unread * UNREAD_PRODUCTS_ONE_IN > rows {
        let (kind, field) = (WarningKind::UnreadProducts, Field::Product.name());
        warnings.push(Warning::new(kind).field(field).count(unread).of(rows));
    }
    warnings.extend(totals.empty_columns.warnings(run));
    without_claim_number(run, &mut warnings);
    for table in &run.tables {
        joined(table, &mut warnings);
        let counts = table.counts();
        if counts.codes_unmet > 0 {
            let about = Warning::new(WarningKind::JoinedCodesUnmet).file(counts.file).field(counts.table);
            let about = about.count(counts.codes_unmet).of(table.keys_with_unmet_codes());
            warnings.push(Warning { line: table.first_unkeyed_line(), ..about });
        }
    }
    authorizations(run, totals, &mut warnings);
    merged(warnings)
}

/// What the baseline had and this run does not have.
fn since(baseline: &BaselineFacts, run: &RunContext, warnings: &mut Vec<Warning>) {
    let rows = run.ledger.rows;
    // By more than half: one night's claims vary less, so this is probably another extract.
    if rows.abs_diff(baseline.rows) * 2 > baseline.rows {
        warnings.push(Warning::new(WarningKind::RowsUnlikeBaseline).count(rows).of(baseline.rows));
    }
    let inputs = || run.inputs.iter().filter(|input| !input.is_passed_over());
    for input in inputs() {
        for field in input.unmapped.iter().filter(|field| !field.is_printed_only()).map(|field| field.name()) {
            if !baseline.absent.iter().any(|absent| absent == field) {
                warnings.push(Warning::new(WarningKind::ColumnGone).file(&input.name).field(field));
            }
        }
    }
    for (group, name, _) in Group::NAMES {
        let fewest = inputs().map(|input| input.columns[group as usize]).min().unwrap_or_default();
        if let Some(before) = baseline.columns.get(name).filter(|before| fewest < **before) {
            warnings.push(Warning::new(WarningKind::FewerColumns).field(name).count(fewest).of(*before));
        }
    }
    match (baseline.has_authorizations, run.authorizations.is_some()) {
        (true, false) => warnings.push(Warning::new(WarningKind::AuthorizationsGone)),
        (false, true) => warnings.push(Warning::new(WarningKind::AuthorizationsAdded)),
        _ => {}
    }
    let not_asked: BTreeSet<&str> = run.policy.not_asked().into_iter().collect();
    let left_out: BTreeSet<&str> = baseline.not_asked.iter().map(String::as_str).collect();
    if not_asked != left_out {
        // The selection is part of the policy in force, so its fingerprint is another, too.
        let codes = not_asked.symmetric_difference(&left_out).copied().collect::<Vec<_>>().join(", ");
        warnings.push(Warning::new(WarningKind::SelectionUnlikeBaseline).field(codes));
    } else if baseline.policy.as_ref().is_some_and(|policy| *policy != run.policy.fingerprint) {
        warnings.push(Warning::new(WarningKind::PolicyUnlikeBaseline));
    }
    let layouts: BTreeSet<&str> = inputs().map(|input| input.layout.as_str()).collect();
    let before: BTreeSet<&str> =
        baseline.layouts.iter().map(String::as_str).filter(|name| *name != NO_LAYOUT).collect();
    if layouts != before && !before.is_empty() {
        let names = layouts.symmetric_difference(&before).copied().collect::<Vec<_>>().join(", ");
        warnings.push(Warning::new(WarningKind::LayoutUnlikeBaseline).field(names));
    }
}

/// Rows with a known code that were rejected because they have no claim number, if they are many, or if no other row has a known code.
fn without_claim_number(run: &RunContext, warnings: &mut Vec<Warning>) {
    let count_of = |input: &Input| input.rejects.counts().get(&Reason::NoClaimId).map_or(0, |count| count.rows);
    let rejected: u64 = run.inputs.iter().map(count_of).sum();
    let kept_bins = LedgerBin::ALL.into_iter().filter(|bin| matches!(bin, LedgerBin::Kept(_)));
    // A dossier may state any counts.
    let kept = kept_bins.fold(0_u64, |sum, bin| sum.saturating_add(run.ledger.count(bin)));
    let all = kept.saturating_add(rejected);
    let is_much = rejected >= LEAST_WITHOUT_CLAIM_NUMBER && rejected > all / WITHOUT_CLAIM_NUMBER_ONE_IN;
    if rejected > 0 && (kept == 0 || is_much) {
        let (kind, field) = (WarningKind::NoClaimNumbers, Field::ClaimId.name());
        warnings.push(Warning::new(kind).field(field).count(rejected).of(all));
    }
}

/// Rows that a joined table does not give.
fn joined(table: &TableUsage, warnings: &mut Vec<Warning>) {
    let counts = table.counts();
    let about = |kind| Warning::new(kind).file(&counts.file).field(&counts.table);
    if let Some(line) = table.first_rejected_line() {
        warnings.push(about(WarningKind::JoinedRowsRejected).count(counts.rejected).of(counts.rows).line(line));
    }
    // A table without rows has a warning of its own.
    if counts.keys == 0 && counts.rows > counts.rejected {
        warnings.push(about(WarningKind::JoinedNoKey).of(counts.rows));
    } else if let Some((without, kept)) = table.kept_without()
        && without * JOINED_ROWS_MISSING_ONE_IN > kept
    {
        warnings.push(about(WarningKind::JoinedRowsMissing).count(without).of(kept));
    }
}

/// Signs that the authorization file is the wrong one.
fn authorizations(run: &RunContext, totals: &Totals, warnings: &mut Vec<Warning>) {
    let Some((file, coverage)) = run.authorizations.as_ref().zip(totals.coverage(run)) else { return };
    // A file without rows has a warning of its own.
    if coverage.approvals == 0 && coverage.rows > 0 {
        warnings.push(Warning::new(WarningKind::NoApproval).of(coverage.rows));
    }
    if coverage.numbers_on_services > 0 && coverage.numbers_found == 0 {
        warnings.push(Warning::new(WarningKind::AuthorizationsNotFound).of(coverage.numbers_on_services));
    }
    let unread = file.unread_statuses().rows();
    if unread > 0 {
        warnings.push(Warning::new(WarningKind::UnreadAuthorizationStatus).count(unread).of(coverage.rows));
    }
}
