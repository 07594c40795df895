//! One service or line asked again, every answer kept: what the dossier of a claim shows.
//!
//! The judge keeps what fired and forgets the rest, for millions of services. Here one case is laid out by the same
//! functions and every rule is asked, so there is no second judgement that could come to differ.

use crate::claim::Book;
use crate::claim::authorization::Register;
use crate::finding::{Finding, Subject};
use crate::policy::Policy;
use crate::rules::judge::{Judgement, ask, conclude, in_order, service_case};
use crate::rules::{Answer, Case, RuleId, roster};

/// A book that can be asked about single services.
pub struct Inquiry<'a> {
    policy: &'a Policy,
    book: &'a Book<'a>,
    register: Option<&'a Register>,
}

/// What all rules say of one service or line.
pub struct Inquired<'a> {
    /// The case as the rules saw it.
    pub case: Case<'a>,
    /// Every rule that is asked of such a subject, in roster order, with its answer.
    pub answers: Vec<(RuleId, Answer)>,
    /// What fired, as the report has it.
    pub findings: Vec<Finding>,
    /// The verdict; none for lines that are not services.
    pub judgement: Option<Judgement>,
}

impl<'a> Inquiry<'a> {
    /// About this book, judged by this policy and authorization file.
    pub fn new(book: &'a Book<'a>, policy: &'a Policy, register: Option<&'a Register>) -> Self {
        Self { policy, book, register }
    }

    /// Asks all rules about a service of the book.
    pub fn service(&self, i: usize) -> Inquired<'a> {
        let case = service_case(self.book, self.policy, self.register, i);
        let mut asked = Self::ask(case, Subject::Service(i), self.book.services[i].line);
        asked.judgement = Some(conclude(&asked.case, &asked.findings));
        asked
    }

    /// Asks about a line that is no service: the subject says which.
    pub fn line(&self, subject: Subject, line: usize) -> Inquired<'a> {
        Self::ask(Case::line(self.policy, self.book, line), subject, line)
    }

    fn ask(case: Case<'a>, subject: Subject, line: usize) -> Inquired<'a> {
        let asked = roster().filter(|(_, rule)| rule.is_asked(subject));
        let answers = asked.map(|(id, rule)| (id, (rule.check)(&case))).collect();
        let mut findings = Vec::new();
        ask(&in_order(roster().map(|(id, rule)| (id, *rule))), &case, subject, line, &mut findings);
        Inquired { case, answers, findings, judgement: None }
    }
}
