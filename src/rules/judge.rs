//! Applies every rule to every service and line, in order, and derives the verdicts.

use crate::claim::authorization::AuthorizationFile;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::claim::index::service::AskedOfMember;
use crate::claim::value::status::RowStatus;
use crate::claim::{Bin, Cents, LineSet};
use crate::finding::RuleId;
use crate::finding::{Finding, Subject};
use crate::policy::{Disposition, Policy};
use crate::rules::authorization_decision::{AuthorizationDecision, AuthorizationStatus};
use crate::rules::input::RuleInput;
use crate::rules::necessity::Necessity;
use crate::rules::roster::roster;
use crate::rules::rule::{Answer, Rule};
use crate::rules::{cap, money};

/// Necessity, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NecessityStatus {
    /// A listed diagnosis supports the service.
    Supported,
    /// No diagnosis supports the service.
    NotSupported,
    /// The claim does not show whether a diagnosis supports it.
    Undetermined,
    /// The policy's list does not apply.
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

/// The status of a service after all rules.
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
    pub const ALL: [Self; 4] = [Self::Deny, Self::Review, Self::NotEvaluated, Self::Clear];

    /// Is the service to be denied or reviewed?
    pub(crate) fn is_flagged(self) -> bool {
        matches!(self, Self::Deny | Self::Review)
    }

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

/// Rules that fired on a service. Seldom are there more than fit without another place in memory.
pub type FiredRules = SmallVec<[RuleId; 16]>;

/// What was decided about one service.
#[derive(Debug, Clone)]
pub struct Judgment {
    /// Do the diagnoses support the service? As far as it was asked: see [`judge_without_necessity`].
    pub necessity: NecessityStatus,
    /// Is there an authorization, if one is required?
    pub authorization: AuthorizationStatus,
    /// Deny, review, not evaluated or clear.
    pub status: ServiceStatus,
    /// Amount at risk of a service to deny or review, where an amount of the claim can be read.
    pub at_risk: Option<Cents>,
    /// What the amount at risk rests on: `paid`, `allowed` or `charge`, and for a stay also `paid-total`, `paid-claim`,
    /// `paid-sum` and so on. If a service to deny or review has no amount, the reason: `capitated`, `stay` or `claim`.
    /// Empty otherwise.
    pub basis: &'static str,
    /// The part of the amount at risk that a denial of this service would recover. `None` if nothing is to be denied.
    pub recoverable: Option<Cents>,
    /// It uses up the amounts that the rows of its claim repeat; later services of the claim have none.
    pub counts_claim: bool,
    /// The payer's decision on the row: `paid`, `pending` or empty.
    pub adjudication: &'static str,
    /// The service is later than the last day for which the policy's text is known to be in force.
    pub after_verified: bool,
    /// The rules that fired, in byte order of their codes.
    pub rules: FiredRules,
}

impl Judgment {
    /// Amount at risk; zero if there is none.
    pub fn amount(&self) -> Cents {
        self.at_risk.unwrap_or(Cents(0))
    }
}

/// All judgments and findings of a run.
#[derive(Debug)]
pub struct Judged {
    /// By service.
    pub services: Vec<Judgment>,
    /// In the order of input file, line, rule.
    pub findings: Vec<Finding>,
}

/// Judges the line set by all rules of the roster.
pub fn judge(line_set: &LineSet<'_>, policy: &Policy, authorizations: Option<&AuthorizationFile>) -> Judged {
    judge_with(line_set, policy, authorizations, &asked(policy))
}

/// The same for a report that states of no service whether its diagnoses support it, so that only the rules of the run are asked.
pub(crate) fn judge_without_necessity(
    line_set: &LineSet<'_>,
    policy: &Policy,
    authorizations: Option<&AuthorizationFile>,
) -> Judged {
    judge_by(line_set, policy, authorizations, &asked(policy), &[])
}

/// The rules of the roster that the run asks, sorted.
pub(super) fn asked(policy: &Policy) -> Vec<(RuleId, Rule)> {
    let asked = roster().filter(|(_, rule)| policy.rule(rule.code).is_asked);
    in_order(asked.map(|(id, rule)| (id, *rule)))
}

/// What the rules that the run asks want to know about the member's other services.
pub(crate) fn asked_of_member(policy: &Policy) -> AskedOfMember {
    let rules = asked(policy);
    let doubting = doubting_unasked(&rules);
    let all = rules.iter().map(|(_, rule)| rule).chain(&doubting);
    let of_rule = |rule: &Rule| rule.caps.iter().map(|cap| cap::asks(*cap)).fold(rule.asks, AskedOfMember::max);
    all.map(of_rule).max().unwrap_or_default()
}

/// The rules that doubt necessity and are not among those asked. The necessity that a report states of a service does not depend on
/// the selection.
pub(super) fn doubting_unasked(asked: &[(RuleId, Rule)]) -> Vec<Rule> {
    let is_asked = |code: &str| asked.iter().any(|(_, rule)| rule.code == code);
    roster().filter(|(_, rule)| rule.doubts_necessity && !is_asked(rule.code)).map(|(_, rule)| *rule).collect()
}

/// Sorts rules by their codes, the order in which findings are printed.
pub fn in_order(rules: impl Iterator<Item = (RuleId, Rule)>) -> Vec<(RuleId, Rule)> {
    let mut rules: Vec<_> = rules.collect();
    rules.sort_by_key(|(_, rule)| rule.code);
    rules
}

/// Judges the line set by these rules, which are sorted. The mutation tests use it: they break one rule of the roster
/// and expect a fixture to fail.
pub fn judge_with(
    line_set: &LineSet<'_>,
    policy: &Policy,
    authorizations: Option<&AuthorizationFile>,
    rules: &[(RuleId, Rule)],
) -> Judged {
    judge_by(line_set, policy, authorizations, rules, &doubting_unasked(rules))
}

/// `unasked`: rules that doubt necessity beside those that are asked.
fn judge_by(
    line_set: &LineSet<'_>,
    policy: &Policy,
    authorizations: Option<&AuthorizationFile>,
    rules: &[(RuleId, Rule)],
    unasked: &[Rule],
) -> Judged {
    let mut judged = Judged { services: Vec::with_capacity(line_set.services.len()), findings: Vec::new() };
    let mut services = line_set.services.iter().enumerate().peekable();
    // Claims whose amounts are already counted, where the rows of a claim repeat them.
    let mut counted: FxHashSet<u32> = FxHashSet::default();
    for line in 0..line_set.lines.len() {
        let (first, before) = (judged.findings.len(), judged.services.len());
        while let Some((i, _)) = services.next_if(|(_, service)| service.line == line) {
            let input = service_input(line_set, policy, authorizations, i);
            let from = judged.findings.len();
            ask(rules, &input, Subject::Service(i), line, &mut judged.findings);
            let claim = line_set.services[i].claim;
            let claim_counted = counted.contains(&claim) || line_set.claims_at_risk.contains(&claim);
            let judgment = conclude(&input, &judged.findings[from..], unasked, claim_counted);
            if judgment.counts_claim {
                counted.insert(claim);
            }
            judged.services.push(judgment);
        }
        if let Some(subject) = subject_of(line_set, line) {
            ask(rules, &RuleInput::line(policy, line_set, line), subject, line, &mut judged.findings);
        }
        // A row may be a CPT service and also start a stay. Then the findings of both are sorted by rule.
        if judged.services.len() - before > 1 {
            judged.findings[first..].sort_by_key(|f| (crate::rules::roster::get(f.rule).code, f.subject));
        }
    }
    judged
}

/// The subject that a line is for rules, besides its services. `None`: no rule applies to the line itself.
fn subject_of(line_set: &LineSet<'_>, line: usize) -> Option<Subject> {
    match line_set.bins[line] {
        Bin::InScope => None,
        Bin::Related => Some(Subject::Related(line)),
        Bin::Reversed | Bin::Duplicate | Bin::PayerDenied | Bin::Superseded => {
            let is_alone = line_set.orphans.contains(&line) || line_set.unmatched.contains(&line);
            is_alone.then_some(Subject::Withdrawn(line))
        }
    }
}

/// The input of the rules for a service of the line set.
#[inline]
pub(super) fn service_input<'a>(
    line_set: &'a LineSet<'_>,
    policy: &'a Policy,
    authorizations: Option<&AuthorizationFile>,
    i: usize,
) -> RuleInput<'a> {
    let decision = AuthorizationDecision::new(policy, line_set, i, authorizations);
    RuleInput::service(policy, line_set, i, decision)
}

#[inline]
pub(super) fn ask(
    rules: &[(RuleId, Rule)],
    input: &RuleInput<'_>,
    subject: Subject,
    line: usize,
    findings: &mut Vec<Finding>,
) {
    for (id, rule) in rules.iter().filter(|(_, rule)| rule.is_asked(subject)) {
        if let Answer::Fired(evidence) = (rule.check)(input) {
            let default = input.policy.rule(rule.code).disposition_for(input.cpt());
            let disposition = if evidence.is_informational() { Disposition::Info } else { default };
            let denies = disposition == Disposition::Deny;
            let capped_by = denies.then(|| cap::first(rule, input, &evidence)).flatten();
            let disposition = if capped_by.is_some() { Disposition::Review } else { disposition };
            findings.push(Finding { rule: *id, disposition, subject, line, evidence, capped_by });
        }
    }
}

/// Derives the verdict from the findings of a service. `unasked`: the rules of [`doubting_unasked`]. `claim_counted`: an
/// earlier service of the claim has its amounts.
#[inline]
pub(super) fn conclude(input: &RuleInput<'_>, findings: &[Finding], unasked: &[Rule], claim_counted: bool) -> Judgment {
    let doubted = || {
        findings.iter().any(|f| crate::rules::roster::get(f.rule).doubts_necessity)
            || unasked.iter().any(|rule| matches!((rule.check)(input), Answer::Fired(_)))
    };
    let necessity = match input.necessity {
        Necessity::FollowsLcd | Necessity::BeforeIcd10 => NecessityStatus::NotEvaluated,
        Necessity::NotListed => NecessityStatus::NotSupported,
        Necessity::Listed if !doubted() => NecessityStatus::Supported,
        _ => NecessityStatus::Undetermined,
    };
    let status = match findings.iter().map(|f| f.disposition).max() {
        Some(Disposition::Deny) => ServiceStatus::Deny,
        Some(Disposition::Review) => ServiceStatus::Review,
        Some(Disposition::Info) | None if necessity == NecessityStatus::NotEvaluated => ServiceStatus::NotEvaluated,
        Some(Disposition::Info) | None => ServiceStatus::Clear,
    };
    let flagged = status.is_flagged();
    let (at_risk, basis) = if flagged { money::at_risk(input, claim_counted) } else { (None, "") };
    Judgment {
        necessity,
        authorization: input.authorization.status,
        status,
        at_risk,
        basis,
        counts_claim: flagged && money::counts_claim(input, basis),
        recoverable: money::recoverable(input, findings, at_risk),
        adjudication: match input.line.status {
            RowStatus::Paid => "paid",
            RowStatus::Pending => "pending",
            RowStatus::None | RowStatus::Denied | RowStatus::Reversed => "",
        },
        after_verified: input.policy.is_after_verified(input.line.date),
        rules: findings.iter().map(|f| f.rule).collect(),
    }
}
