//! Every rule asked of every service and line, in parallel, the answers in order.

use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::authorization::{Decision, Outcome};
use super::diagnosis::{DOUBTS, Necessity};
use super::{Answer, Case, Rule, RuleId, roster};
use crate::claim::authorization::Register;
use crate::claim::{Bin, Book, Cents, Kind, Text};
use crate::finding::{Finding, Subject};
use crate::ingest::cell::upper;
use crate::policy::{Disposition, Policy};

/// What the diagnoses come to, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// A listed diagnosis supports the service.
    Supported,
    /// None does.
    NotSupported,
    /// The claim does not say.
    Undetermined,
    /// Judged elsewhere.
    NotEvaluated,
}

impl Verdict {
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
pub enum Status {
    /// The codes and the authorization on the claim meet the policy.
    Clear,
    /// A person must look.
    Review,
    /// The claim as coded contradicts the policy.
    Deny,
}

impl Status {
    /// In the order of reports.
    pub const ALL: [Self; 3] = [Self::Deny, Self::Review, Self::Clear];

    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }
}

/// What was decided about one service.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What the diagnoses come to.
    pub necessity: Verdict,
    /// What the authorization comes to.
    pub authorization: Outcome,
    /// Where it stands.
    pub status: Status,
    /// Amount at risk with its basis, for services that do not stand clear.
    pub at_risk: Option<(Cents, &'static str)>,
    /// The rules that fired, in byte order of their codes.
    pub rules: Vec<RuleId>,
}

impl Judgement {
    /// Amount at risk; zero if there is none.
    pub fn amount(&self) -> Cents {
        self.at_risk.map_or(Cents(0), |(amount, _)| amount)
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
pub fn judge(book: &Book, policy: &Policy, register: Option<&Register>) -> Judged {
    judge_with(book, policy, register, &roster().map(|(id, rule)| (id, *rule)).collect::<Vec<_>>())
}

/// Judges the book by these rules. The seam of the mutation tests: they break one rule of the roster and look for the
/// fixture that notices.
pub fn judge_with(book: &Book, policy: &Policy, register: Option<&Register>, rules: &[(RuleId, Rule)]) -> Judged {
    // Findings are sorted by the text of the code, so the rules are asked in that order.
    let mut rules: Vec<(RuleId, &Rule)> = rules.iter().map(|(id, rule)| (*id, rule)).collect();
    rules.sort_by_key(|(_, rule)| rule.code);
    let used = register.map(|_| units_on_numbers(book));

    let judged: Vec<(Judgement, Vec<Finding>)> = book
        .services
        .par_iter()
        .enumerate()
        .with_min_len(64)
        .map(|(i, service)| {
            let used = used.as_ref().map_or(Decimal::ZERO, |u| u[i]);
            let case = service_case(book, policy, register, used, i);
            let findings = ask(&rules, &case, Subject::Service(i), service.line);
            (conclude(&case, &findings), findings)
        })
        .collect();
    let others: Vec<Finding> = (0..book.lines.len())
        .into_par_iter()
        .with_min_len(1024)
        .filter_map(|i| match book.bins[i] {
            Bin::Related => Some((i, Subject::Related(i))),
            Bin::Superseded if book.orphans.contains(&i) => Some((i, Subject::Withdrawn(i))),
            _ => None,
        })
        .flat_map_iter(|(i, subject)| ask(&rules, &Case::line(policy, book, i), subject, i))
        .collect();

    let mut services = Vec::with_capacity(judged.len());
    let mut findings = Vec::with_capacity(judged.iter().map(|(_, f)| f.len()).sum::<usize>() + others.len());
    for (judgement, found) in judged {
        services.push(judgement);
        findings.extend(found);
    }
    findings.extend(others);
    let rank = ranks();
    findings.sort_by_key(|f| (f.line, rank[usize::from(f.rule.0)], f.subject));
    Judged { services, findings }
}

/// A service of the book with all that bears on it. `used` are the units on its authorization number so far.
pub(super) fn service_case<'a>(
    book: &'a Book,
    policy: &'a Policy,
    register: Option<&Register>,
    used: Decimal,
    i: usize,
) -> Case<'a> {
    let service = &book.services[i];
    let codes = match &service.kind {
        Kind::Line(id) => std::slice::from_ref(id),
        Kind::Stay(stay) => book.stays[*stay].codes.as_slice(),
    };
    let decision = Decision::of(policy, &book.lines[service.line], codes, register, used);
    Case::service(policy, book, service, decision)
}

/// The place of each rule in byte order of the codes.
fn ranks() -> Vec<usize> {
    let mut codes = super::codes();
    codes.sort_unstable();
    roster().map(|(_, rule)| codes.binary_search(&rule.code).unwrap_or(usize::MAX)).collect()
}

pub(super) fn ask(rules: &[(RuleId, &Rule)], case: &Case<'_>, subject: Subject, line: usize) -> Vec<Finding> {
    rules
        .iter()
        .filter(|(_, rule)| rule.is_asked(subject))
        .filter_map(|(id, rule)| match (rule.check)(case) {
            Answer::Fired(evidence) => Some((*id, rule.code, evidence)),
            _ => None,
        })
        .map(|(rule, code, evidence)| {
            let default = case.policy.rule(code).disposition_for(case.cpt());
            let disposition = evidence.at_most.map_or(default, |most| most.min(default));
            Finding { rule, disposition, subject, line, message: evidence.message }
        })
        .collect()
}

pub(super) fn conclude(case: &Case<'_>, findings: &[Finding]) -> Judgement {
    let doubted = findings.iter().any(|f| DOUBTS.contains(&super::get(f.rule).code));
    let necessity = match case.necessity {
        Necessity::NotEvaluated => Verdict::NotEvaluated,
        Necessity::NotListed => Verdict::NotSupported,
        Necessity::Listed if !doubted => Verdict::Supported,
        _ => Verdict::Undetermined,
    };
    let status = match findings.iter().map(|f| f.disposition).max() {
        Some(Disposition::Deny) => Status::Deny,
        Some(Disposition::Review) => Status::Review,
        Some(Disposition::Info) | None => Status::Clear,
    };
    let line = case.line;
    let amount = [(line.paid, "paid"), (line.allowed, "allowed"), (line.charge, "charge")]
        .into_iter()
        .find_map(|(a, basis)| Some((a?, basis)));
    Judgement {
        necessity,
        authorization: case.authorization.outcome,
        status,
        at_risk: amount.filter(|_| status != Status::Clear),
        rules: findings.iter().map(|f| f.rule).collect(),
    }
}

/// Per service, the units of all services on its authorization number up to and including it.
pub(super) fn units_on_numbers(book: &Book) -> Vec<Decimal> {
    let mut running: FxHashMap<String, Decimal> = FxHashMap::default();
    let mut out = Vec::with_capacity(book.services.len());
    for service in &book.services {
        let line = &book.lines[service.line];
        let number = line.text(Text::Authorization);
        if number.is_empty() {
            out.push(Decimal::ZERO);
            continue;
        }
        let units = match service.kind {
            Kind::Line(_) => line.units,
            Kind::Stay(_) => Decimal::ONE,
        };
        let sum = running.entry(upper(number.into()).into_owned()).or_default();
        *sum = sum.saturating_add(units);
        out.push(*sum);
    }
    out
}
