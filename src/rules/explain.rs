//! Judges one service or line again and keeps the answer of every rule, for `claimlint explain`.
//!
//! The judge keeps only what fired, because a run may have millions of services. Here the same functions are applied to
//! one of them and every answer is kept, so the explanation cannot differ from the report.

use crate::claim::LineSet;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::line::head::AmountsPer;
use crate::finding::RuleId;
use crate::finding::{Finding, Subject};
use crate::policy::Policy;
use crate::rules::input::RuleInput;
use crate::rules::judge::{Judgment, ask, asked, conclude, doubting_unasked, service_input};
use crate::rules::roster::roster;
use crate::rules::rule::{Answer, NOT_ASKED, Rule};

/// Explains single services and lines of a line set.
pub struct Explainer<'a> {
    policy: &'a Policy,
    line_set: &'a LineSet<'a>,
    authorizations: Option<&'a AuthorizationFile>,
    asked: Vec<(RuleId, Rule)>,
    unasked: Vec<Rule>,
}

/// The answers of all rules for one service or line.
pub struct Explained<'a> {
    /// The input of the rules.
    pub input: RuleInput<'a>,
    /// Every rule that applies to such a subject, in roster order, with its answer.
    pub answers: Vec<(RuleId, Answer)>,
    /// The findings, as in the report.
    pub findings: Vec<Finding>,
    /// The verdict; `None` for lines that are not services.
    pub judgment: Option<Judgment>,
}

impl<'a> Explainer<'a> {
    /// Explains this line set by this policy and authorization file.
    pub fn new(line_set: &'a LineSet<'a>, policy: &'a Policy, authorizations: Option<&'a AuthorizationFile>) -> Self {
        let asked = asked(policy);
        let unasked = doubting_unasked(&asked);
        Self { policy, line_set, authorizations, asked, unasked }
    }

    /// Applies all rules to a service of the line set.
    pub fn service(&self, i: usize) -> Explained<'a> {
        let input = service_input(self.line_set, self.policy, self.authorizations, i);
        let mut explained = self.ask(input, Subject::Service(i), self.line_set.services[i].line);
        explained.judgment =
            Some(conclude(&explained.input, &explained.findings, &self.unasked, self.claim_counted(i)));
        explained
    }

    /// Does an earlier service of the same claim have the amounts that the rows of the claim repeat?
    fn claim_counted(&self, i: usize) -> bool {
        let service = &self.line_set.services[i];
        if self.line_set.line_of(i).amounts != AmountsPer::Claim {
            return false;
        }
        let counts = |earlier: usize| {
            let mut findings = Vec::new();
            let input = service_input(self.line_set, self.policy, self.authorizations, earlier);
            let line = self.line_set.services[earlier].line;
            ask(&self.asked, &input, Subject::Service(earlier), line, &mut findings);
            conclude(&input, &findings, &self.unasked, false).counts_claim
        };
        self.line_set.claims_at_risk.contains(&service.claim)
            || (0..i).filter(|earlier| self.line_set.services[*earlier].claim == service.claim).any(counts)
    }

    /// Applies all rules to a line that is not a service; `subject` says which kind.
    pub fn line(&self, subject: Subject, line: usize) -> Explained<'a> {
        self.ask(RuleInput::line(self.policy, self.line_set, line), subject, line)
    }

    fn ask(&self, input: RuleInput<'a>, subject: Subject, line: usize) -> Explained<'a> {
        let explained = roster().filter(|(_, rule)| rule.is_asked(subject));
        let answer = |rule: &Rule| if self.policy.rule(rule.code).is_asked { (rule.check)(&input) } else { NOT_ASKED };
        let answers = explained.map(|(id, rule)| (id, answer(rule))).collect();
        let mut findings = Vec::new();
        ask(&self.asked, &input, subject, line, &mut findings);
        Explained { input, answers, findings, judgment: None }
    }
}
