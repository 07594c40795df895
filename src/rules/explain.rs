//! One service or line asked again, every answer kept: what the dossier of a claim shows.
//!
//! The judge keeps what fired and forgets the rest, for millions of services. Here one case is laid out by the same
//! functions and every rule is asked, so there is no second judgement that could differ.

use crate::claim::LineSet;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::line::head::AmountsPer;
use crate::finding::{Finding, Subject};
use crate::policy::Policy;
use crate::rules::judge::{Judgement, ask, conclude, in_order, service_case};
use crate::rules::{Answer, RuleId, RuleInput, roster};

/// A book that can be asked about single services.
pub struct Explainer<'a> {
    policy: &'a Policy,
    book: &'a LineSet<'a>,
    authorizations: Option<&'a AuthorizationFile>,
}

/// What all rules say of one service or line.
pub struct Explained<'a> {
    /// The case as the rules saw it.
    pub case: RuleInput<'a>,
    /// Every rule that is asked of such a subject, in roster order, with its answer.
    pub answers: Vec<(RuleId, Answer)>,
    /// What fired, as the report has it.
    pub findings: Vec<Finding>,
    /// The verdict; none for lines that are not services.
    pub judgement: Option<Judgement>,
}

impl<'a> Explainer<'a> {
    /// About this book, judged by this policy and authorization file.
    pub fn new(book: &'a LineSet<'a>, policy: &'a Policy, authorizations: Option<&'a AuthorizationFile>) -> Self {
        Self { policy, book, authorizations }
    }

    /// Asks all rules about a service of the book.
    pub fn service(&self, i: usize) -> Explained<'a> {
        let case = service_case(self.book, self.policy, self.authorizations, i);
        let mut asked = Self::ask(case, Subject::Service(i), self.book.services[i].line);
        asked.judgement = Some(conclude(&asked.case, &asked.findings, self.claim_counted(i)));
        asked
    }

    /// Does an earlier service of the same claim have the amounts of the claim? Asked where the rows of a claim repeat them.
    fn claim_counted(&self, i: usize) -> bool {
        let service = &self.book.services[i];
        if self.book.line_of(i).amounts != AmountsPer::Claim {
            return false;
        }
        let rules = in_order(roster().map(|(id, rule)| (id, *rule)));
        let counts = |earlier: usize| {
            let mut findings = Vec::new();
            let case = service_case(self.book, self.policy, self.authorizations, earlier);
            let line = self.book.services[earlier].line;
            ask(&rules, &case, Subject::Service(earlier), line, &mut findings);
            conclude(&case, &findings, false).counts_claim
        };
        self.book.claims_at_risk.contains(&service.claim)
            || (0..i).filter(|earlier| self.book.services[*earlier].claim == service.claim).any(counts)
    }

    /// Asks about a line that is no service: the subject says which.
    pub fn line(&self, subject: Subject, line: usize) -> Explained<'a> {
        Self::ask(RuleInput::line(self.policy, self.book, line), subject, line)
    }

    fn ask(case: RuleInput<'a>, subject: Subject, line: usize) -> Explained<'a> {
        let asked = roster().filter(|(_, rule)| rule.is_asked(subject));
        let answers = asked.map(|(id, rule)| (id, (rule.check)(&case))).collect();
        let mut findings = Vec::new();
        ask(&in_order(roster().map(|(id, rule)| (id, *rule))), &case, subject, line, &mut findings);
        Explained { case, answers, findings, judgement: None }
    }
}
