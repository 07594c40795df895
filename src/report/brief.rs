//! The result of a run in few lines without ids: what the terminal, summary.txt and summary.md have in common.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::claim::Sum;
use crate::finding::RuleId;
use crate::ingest::record::reject::Reason;
use crate::ingest::{Rejects, TableUsage};
use crate::policy::Disposition;
use crate::report::notes::selection;
use crate::report::totals::Totals;
use crate::report::view::ReportContext;
use crate::report::words::numbers::{counted, dollars, grouped, sum_in_words};
use crate::rules::judge::ServiceStatus;
use crate::run::RunContext;
use crate::tally::{NewTally, RuleTally, Share, Summary};

/// Services of a status, or all services, with their amounts in words.
pub(crate) struct StatusLine {
    /// `None`: all services.
    pub(crate) status: Option<ServiceStatus>,
    pub(crate) services: String,
    pub(crate) at_risk: String,
    pub(crate) recoverable: String,
}

impl StatusLine {
    /// The word of the status, or `all`.
    pub(crate) fn word(&self) -> &'static str {
        self.status.map_or("all", ServiceStatus::word)
    }
}

/// A rule that fired.
pub(crate) struct RuleLine<'a> {
    pub(crate) code: &'a str,
    pub(crate) name: &'a str,
    pub(crate) disposition: Disposition,
    pub(crate) tally: &'a RuleTally,
    /// `None` for rules for information.
    pub(crate) at_risk: Option<Sum>,
}

impl RuleLine<'_> {
    /// The amount at risk in words; empty without one.
    pub(crate) fn at_risk(&self) -> String {
        self.at_risk.filter(|sum| sum.0 != 0).map_or_else(String::new, dollars)
    }
}

/// Policy and edition that judged.
pub(crate) fn policy(run: &RunContext) -> String {
    format!("policy {}, edition {}", run.policy.own_origin().id, run.policy.edition(None).id)
}

/// The rows by bin: `400 rows = 327 out of scope + ...`.
pub(crate) fn ledger(run: &RunContext) -> String {
    if run.ledger.rows == 0 {
        return "no rows".to_owned();
    }
    let bins = run.ledger.bins();
    let filled = bins.iter().rev().filter(|(_, n, _)| *n > 0).map(|(bin, n, _)| format!("{} {bin}", grouped(*n)));
    format!("{} = {}", counted(run.ledger.rows, "row"), filled.collect::<Vec<_>>().join(" + "))
}

/// Services by status, and all of them. Only services to deny or review have an amount at risk.
pub(crate) fn statuses(run: &RunContext, summary: &Summary) -> Vec<StatusLine> {
    let known = run.knows_amounts();
    let status = |status: ServiceStatus| {
        let tally = summary.status(status);
        let money = |sum, has: bool| if has { sum_in_words(sum, known) } else { String::new() };
        StatusLine {
            status: Some(status),
            services: grouped(tally.services),
            at_risk: money(tally.at_risk, status.is_flagged()),
            recoverable: money(tally.recoverable, status == ServiceStatus::Deny),
        }
    };
    let all = StatusLine {
        status: None,
        services: grouped(summary.services()),
        at_risk: sum_in_words(summary.at_risk(), known),
        recoverable: sum_in_words(summary.recoverable(), known),
    };
    ServiceStatus::ALL.into_iter().map(status).chain([all]).collect()
}

/// The rules that fired, the highest amount at risk first, then the most findings, then by code. Rules for information come
/// last and have no amount: what is at risk on their services is at risk by other rules.
pub(crate) fn rules<'a>(context: ReportContext<'a>, summary: &'a Summary) -> Vec<RuleLine<'a>> {
    let line = |(id, tally): (&RuleId, &'a RuleTally)| {
        let disposition = context.setting(*id).disposition;
        let at_risk = Some(tally.at_risk).filter(|_| disposition != Disposition::Info);
        RuleLine { code: &context.doc(*id).code, name: &context.doc(*id).name, disposition, tally, at_risk }
    };
    let mut fired: Vec<_> = summary.rules.iter().map(line).collect();
    fired.sort_by_key(|rule| {
        let amount = rule.at_risk.map(|Sum(cents)| cents);
        (amount.is_none(), Reverse(amount), Reverse(rule.tally.findings), rule.code)
    });
    fired
}

/// `3 findings (2 deny, 1 review) on 2 services, $1,000.00 at risk`.
pub(crate) fn share(share: &Share, knows_amounts: bool) -> String {
    let all = share.all();
    if all.findings == 0 {
        return counted(0, "finding");
    }
    let by = Disposition::WORDS.iter().map(|(word, d)| (word, share.of_disposition(*d).findings));
    let by: Vec<_> = by.filter(|(_, n)| *n > 0).map(|(word, n)| format!("{} {word}", grouped(n))).collect();
    let services = if all.services == 0 {
        String::new()
    } else {
        format!(" on {}, {} at risk", counted(all.services, "service"), sum_in_words(all.at_risk, knows_amounts))
    };
    format!("{} ({}){services}", counted(all.findings, "finding"), by.join(", "))
}

/// What is new, known and gone since the baseline, each with its word.
pub(crate) fn since(tally: &NewTally, knows_amounts: bool) -> [(&'static str, String); 3] {
    [("new since the baseline", &tally.new), ("known", &tally.known), ("gone", &tally.gone)]
        .map(|(word, findings)| (word, share(findings, knows_amounts)))
}

/// The number of rejected rows with the reasons: those of the extracts, and those of each joined table. Empty if there are none.
pub(crate) fn rejected(run: &RunContext) -> Vec<String> {
    let of_extracts = said(run.inputs.iter().map(|input| &input.rejects));
    let of_table = |table: &TableUsage| {
        said(std::iter::once(table.rejects())).map(|rejected| format!("joined table {}: {rejected}", table.table))
    };
    of_extracts.into_iter().chain(run.tables.iter().filter_map(of_table)).collect()
}

fn said<'a>(rejects: impl Iterator<Item = &'a Rejects>) -> Option<String> {
    let mut reasons = BTreeMap::<Reason, u64>::new();
    for (reason, count) in rejects.flat_map(Rejects::counts) {
        *reasons.entry(*reason).or_default() += count.rows;
    }
    let all: u64 = reasons.values().sum();
    let each: Vec<_> = reasons.iter().map(|(reason, rows)| format!("{} {}", grouped(*rows), reason.code())).collect();
    (all > 0).then(|| format!("{} ({})", counted(all, "rejected row"), each.join(", ")))
}

/// What to know about the result, a short line each.
pub(crate) fn notes(run: &RunContext, totals: &Totals) -> Vec<String> {
    let mut notes: Vec<String> = selection(run).into_iter().collect();
    if let Some(coverage) = totals.coverage(run) {
        let found = match coverage.numbers_on_services {
            0 => "no service carries a number".to_owned(),
            all => format!("{} of {} on services found", grouped(coverage.numbers_found), counted(all, "number")),
        };
        let (rows, approvals) = (counted(coverage.rows, "row"), counted(coverage.approvals, "approval"));
        notes.push(format!("authorizations: {rows}, {approvals}; {found}"));
    }
    if totals.not_paid.0 > 0 {
        let (services, amount) = totals.not_paid;
        notes.push(format!(
            "{} at risk of {} are allowed amounts or charges, not payments",
            dollars(amount),
            counted(services, "service")
        ));
    }
    if totals.after_verified > 0 {
        let verb = if totals.after_verified == 1 { "is" } else { "are" };
        notes.push(format!(
            "{} {verb} dated after the last verified day of the policy's text{}",
            counted(totals.after_verified, "service"),
            match &run.policy.editions[..] {
                [only] => format!(" ({})", only.verified_through),
                _ => String::new(),
            }
        ));
    }
    notes
}
