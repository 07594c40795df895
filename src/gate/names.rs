//! The names that a gate can use.

use crate::finding::RuleId;
use crate::ledger::LedgerBin;
use crate::rules::judge::ServiceStatus;
use crate::rules::roster;

/// The value that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Rows of one bin, or all rows.
    Rows(Option<LedgerBin>),
    /// Warnings of the run.
    Warnings,
    /// All services.
    Services,
    /// All findings.
    Findings,
    /// The amount at risk of all services.
    Amount,
    /// The recoverable amount of all services.
    Recoverable,
    /// Services of a status.
    Status(ServiceStatus),
    /// The amount at risk of services of a status.
    StatusAmount(ServiceStatus),
    /// The recoverable amount of services of a status.
    StatusRecoverable(ServiceStatus),
    /// Findings of a rule.
    Rule(RuleId),
    /// Services with a finding of a rule.
    RuleServices(RuleId),
    /// The amount at risk of services with a finding of a rule.
    RuleAmount(RuleId),
    /// Findings that the baseline does not have.
    New(Baseline),
}

/// A total over the findings that the baseline does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// Deny findings.
    Deny,
    /// Review findings.
    Review,
    /// Info findings.
    Info,
    /// All findings.
    Findings,
    /// The amount at risk of services with such findings.
    Amount,
}

/// The names that begin with neither a bin nor a rule.
const NAMES: &[(&str, Name)] = &[
    ("rows", Name::Rows(None)),
    ("warnings", Name::Warnings),
    ("services", Name::Services),
    ("findings", Name::Findings),
    ("amount", Name::Amount),
    ("recoverable", Name::Recoverable),
    ("deny", Name::Status(ServiceStatus::Deny)),
    ("review", Name::Status(ServiceStatus::Review)),
    ("not_evaluated", Name::Status(ServiceStatus::NotEvaluated)),
    ("clear", Name::Status(ServiceStatus::Clear)),
    ("deny.amount", Name::StatusAmount(ServiceStatus::Deny)),
    ("review.amount", Name::StatusAmount(ServiceStatus::Review)),
    ("not_evaluated.amount", Name::StatusAmount(ServiceStatus::NotEvaluated)),
    ("clear.amount", Name::StatusAmount(ServiceStatus::Clear)),
    ("deny.recoverable", Name::StatusRecoverable(ServiceStatus::Deny)),
    ("new.deny", Name::New(Baseline::Deny)),
    ("new.review", Name::New(Baseline::Review)),
    ("new.info", Name::New(Baseline::Info)),
    ("new.findings", Name::New(Baseline::Findings)),
    ("new.amount", Name::New(Baseline::Amount)),
];

/// The names that do not begin with a rule, with their values.
pub(super) fn fixed() -> impl Iterator<Item = (&'static str, Name)> {
    let bins = LedgerBin::ALL.iter().map(|bin| (bin.key(), Name::Rows(Some(*bin))));
    NAMES[..1].iter().copied().chain(bins).chain(NAMES[1..].iter().copied())
}

/// Looks up a name. `None` if the text is not a name.
pub(super) fn named(text: &str) -> Option<Name> {
    if let Some((_, name)) = fixed().find(|(name, _)| *name == text) {
        return Some(name);
    }
    let (code, part) = text.split_once('.').map_or((text, None), |(code, part)| (code, Some(part)));
    let (id, _) = roster().find(|(_, rule)| rule.code == code)?;
    match part {
        None => Some(Name::Rule(id)),
        Some("services") => Some(Name::RuleServices(id)),
        Some("amount") => Some(Name::RuleAmount(id)),
        Some(_) => None,
    }
}
