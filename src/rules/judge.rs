//! Every rule asked of every service and line of a book, in order.

use crate::claim::authorization::AuthorizationFile;
use crate::claim::{Bin, Book, Cents};
use crate::finding::{Finding, Subject};
use crate::policy::{Disposition, Policy};
use crate::rules::authorization::{AuthorizationDecision, AuthorizationStatus};
use crate::rules::diagnosis::Necessity;
use crate::rules::{Answer, Rule, RuleId, RuleInput, roster};

/// What the diagnoses come to, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NecessityStatus {
    /// A listed diagnosis supports the service.
    Supported,
    /// None does.
    NotSupported,
    /// The claim does not say.
    Undetermined,
    /// Judged elsewhere.
    NotEvaluated,
}

impl NecessityStatus {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NotSupported => "not-supported",
            Self::Undetermined => "undetermined",
            Self::NotEvaluated => "not-evaluated",
        }
    }
}

/// Where a service stands after all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceStatus {
    /// The codes and the authorization on the claim meet the policy.
    Clear,
    /// No rule asks for anything, and the policy's list was not applied.
    NotEvaluated,
    /// A person must look.
    Review,
    /// The claim as coded contradicts the policy.
    Deny,
}

impl ServiceStatus {
    /// In the order of reports.
    pub const ALL: [Self; 3] = [Self::Deny, Self::Review, Self::Clear];

    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::NotEvaluated => "not-evaluated",
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }
}

/// What was decided about one service.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What the diagnoses come to.
    pub necessity: NecessityStatus,
    /// What the authorization comes to.
    pub authorization: AuthorizationStatus,
    /// Where it stands.
    pub status: ServiceStatus,
    /// Amount at risk of a service to deny or review, where an amount of the claim can be read.
    pub at_risk: Option<Cents>,
    /// What the amount at risk rests on: `paid`, `allowed`, `charge`. Where there is none although the service is to deny or
    /// review, why. Empty where there is nothing to say.
    pub basis: &'static str,
    /// The part of the amount at risk that a denial of this service would recover. None where nothing is to be denied.
    pub recoverable: Option<Cents>,
    /// What the payer says of the row: `paid`, `pending` or nothing.
    pub adjudication: &'static str,
    /// The rules that fired, in byte order of their codes.
    pub rules: Vec<RuleId>,
}

impl Judgement {
    /// Amount at risk; zero if there is none.
    pub fn amount(&self) -> Cents {
        self.at_risk.unwrap_or(Cents(0))
    }
}

/// All judgements and findings of a run.
#[derive(Debug)]
pub struct Judged {
    /// By service.
    pub services: Vec<Judgement>,
    /// In the order of input file, line, rule.
    pub findings: Vec<Finding>,
}

/// Judges the book by all rules of the roster.
pub fn judge(book: &Book<'_>, policy: &Policy, authorizations: Option<&AuthorizationFile>) -> Judged {
    judge_with(book, policy, authorizations, &in_order(roster().map(|(id, rule)| (id, *rule))))
}

/// The rules in the order in which findings are printed: that of their codes.
pub fn in_order(rules: impl Iterator<Item = (RuleId, Rule)>) -> Vec<(RuleId, Rule)> {
    let mut rules: Vec<_> = rules.collect();
    rules.sort_by_key(|(_, rule)| rule.code);
    rules
}

/// Judges the book by these rules, which are in order. The seam of the mutation tests: they break one rule of the roster and
/// look for the fixture that notices.
pub fn judge_with(
    book: &Book<'_>,
    policy: &Policy,
    authorizations: Option<&AuthorizationFile>,
    rules: &[(RuleId, Rule)],
) -> Judged {
    let mut judged = Judged { services: Vec::with_capacity(book.services.len()), findings: Vec::new() };
    let mut services = book.services.iter().enumerate().peekable();
    for line in 0..book.lines.len() {
        let (first, before) = (judged.findings.len(), judged.services.len());
        while let Some((i, _)) = services.next_if(|(_, service)| service.line == line) {
            let case = service_case(book, policy, authorizations, i);
            let from = judged.findings.len();
            ask(rules, &case, Subject::Service(i), line, &mut judged.findings);
            judged.services.push(conclude(&case, &judged.findings[from..]));
        }
        let other = match book.bins[line] {
            Bin::Related => Some(Subject::Related(line)),
            Bin::Superseded if book.orphans.contains(&line) => Some(Subject::Withdrawn(line)),
            _ => None,
        };
        if let Some(subject) = other {
            ask(rules, &RuleInput::line(policy, book, line), subject, line, &mut judged.findings);
        }
        // A row may be a CPT service and start a stay: then their findings stand together by rule.
        if judged.services.len() - before > 1 {
            judged.findings[first..].sort_by_key(|f| (crate::rules::get(f.rule).code, f.subject));
        }
    }
    judged
}

/// A service of the book with all that bears on it.
pub(super) fn service_case<'a>(
    book: &'a Book<'_>,
    policy: &'a Policy,
    authorizations: Option<&AuthorizationFile>,
    i: usize,
) -> RuleInput<'a> {
    let decision = AuthorizationDecision::new(
        policy,
        book.line_of(i),
        book.codes_of(i),
        authorizations,
        book.services[i].units_on_number,
    );
    RuleInput::service(policy, book, i, decision)
}

pub(super) fn ask(
    rules: &[(RuleId, Rule)],
    case: &RuleInput<'_>,
    subject: Subject,
    line: usize,
    findings: &mut Vec<Finding>,
) {
    for (id, rule) in rules.iter().filter(|(_, rule)| rule.is_asked(subject)) {
        if let Answer::Fired(evidence) = (rule.check)(case) {
            let default = case.policy.rule(rule.code).disposition_for(case.cpt());
            let disposition = if evidence.is_informational() { default.min(Disposition::Info) } else { default };
            findings.push(Finding { rule: *id, disposition, subject, line, evidence, capped_by: None });
        }
    }
}

pub(super) fn conclude(case: &RuleInput<'_>, findings: &[Finding]) -> Judgement {
    let doubted = findings.iter().any(|f| crate::rules::get(f.rule).doubts_necessity);
    let necessity = match case.necessity {
        Necessity::NotEvaluated => NecessityStatus::NotEvaluated,
        Necessity::NotListed => NecessityStatus::NotSupported,
        Necessity::Listed if !doubted => NecessityStatus::Supported,
        _ => NecessityStatus::Undetermined,
    };
    let status = match findings.iter().map(|f| f.disposition).max() {
        Some(Disposition::Deny) => ServiceStatus::Deny,
        Some(Disposition::Review) => ServiceStatus::Review,
        Some(Disposition::Info) | None => ServiceStatus::Clear,
    };
    let line = case.line;
    let amount = [(line.paid, "paid"), (line.allowed, "allowed"), (line.charge, "charge")]
        .into_iter()
        .find_map(|(a, basis)| Some((a?, basis)))
        .filter(|_| status != ServiceStatus::Clear);
    Judgement {
        necessity,
        authorization: case.authorization.status,
        status,
        at_risk: amount.map(|(cents, _)| cents),
        basis: amount.map_or("", |(_, basis)| basis),
        recoverable: None,
        adjudication: "",
        rules: findings.iter().map(|f| f.rule).collect(),
    }
}
