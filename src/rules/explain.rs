//! One service or line asked again, every answer kept: what the dossier of a claim shows.
//!
//! The judge keeps what fired and forgets the rest, for millions of services. Here one case is laid out by the same
//! functions and every rule is asked, so there is no second judgement that could differ.

use crate::claim::LineSet;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::line::head::AmountsPer;
use crate::finding::RuleId;
use crate::finding::{Finding, Subject};
use crate::policy::Policy;
use crate::rules::input::RuleInput;
use crate::rules::judge::{Judgement, ask, conclude, in_order, service_input};
use crate::rules::roster::roster;
use crate::rules::rule::Answer;

/// A line set that can be asked about single services.
pub struct Explainer<'a> {
    policy: &'a Policy,
    line_set: &'a LineSet<'a>,
    authorizations: Option<&'a AuthorizationFile>,
}

/// What all rules say of one service or line.
pub struct Explained<'a> {
    /// The case as the rules saw it.
    pub input: RuleInput<'a>,
    /// Every rule that is asked of such a subject, in roster order, with its answer.
    pub answers: Vec<(RuleId, Answer)>,
    /// What fired, as the report has it.
    pub findings: Vec<Finding>,
    /// The verdict; none for lines that are not services.
    pub judgement: Option<Judgement>,
}

impl<'a> Explainer<'a> {
    /// About this line set, judged by this policy and authorization file.
    pub fn new(line_set: &'a LineSet<'a>, policy: &'a Policy, authorizations: Option<&'a AuthorizationFile>) -> Self {
        Self { policy, line_set, authorizations }
    }

    /// Asks all rules about a service of the line set.
    pub fn service(&self, i: usize) -> Explained<'a> {
        let input = service_input(self.line_set, self.policy, self.authorizations, i);
        let mut asked = Self::ask(input, Subject::Service(i), self.line_set.services[i].line);
        asked.judgement = Some(conclude(&asked.input, &asked.findings, self.claim_counted(i)));
        asked
    }

    /// Does an earlier service of the same claim have the amounts of the claim? Asked where the rows of a claim repeat them.
    fn claim_counted(&self, i: usize) -> bool {
        let service = &self.line_set.services[i];
        if self.line_set.line_of(i).amounts != AmountsPer::Claim {
            return false;
        }
        let rules = in_order(roster().map(|(id, rule)| (id, *rule)));
        let counts = |earlier: usize| {
            let mut findings = Vec::new();
            let input = service_input(self.line_set, self.policy, self.authorizations, earlier);
            let line = self.line_set.services[earlier].line;
            ask(&rules, &input, Subject::Service(earlier), line, &mut findings);
            conclude(&input, &findings, false).counts_claim
        };
        self.line_set.claims_at_risk.contains(&service.claim)
            || (0..i).filter(|earlier| self.line_set.services[*earlier].claim == service.claim).any(counts)
    }

    /// Asks about a line that is no service: the subject says which.
    pub fn line(&self, subject: Subject, line: usize) -> Explained<'a> {
        Self::ask(RuleInput::line(self.policy, self.line_set, line), subject, line)
    }

    fn ask(input: RuleInput<'a>, subject: Subject, line: usize) -> Explained<'a> {
        let asked = roster().filter(|(_, rule)| rule.is_asked(subject));
        let answers = asked.map(|(id, rule)| (id, (rule.check)(&input))).collect();
        let mut findings = Vec::new();
        ask(&in_order(roster().map(|(id, rule)| (id, *rule))), &input, subject, line, &mut findings);
        Explained { input, answers, findings, judgement: None }
    }
}
