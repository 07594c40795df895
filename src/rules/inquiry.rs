//! One service or line asked again, every answer kept: what the dossier of a claim shows.
//!
//! The judge keeps what fired and forgets the rest, for millions of services. Here one case is laid out by the same
//! functions and every rule is asked, so there is no second judgement that could come to differ.

use rust_decimal::Decimal;

use super::judge::{Judgement, ask, conclude, service_case, units_on_numbers};
use super::{Answer, Case, RuleId, roster};
use crate::claim::Book;
use crate::claim::authorization::Register;
use crate::finding::{Finding, Subject};
use crate::policy::Policy;

/// A book that can be asked about single services.
pub struct Inquiry<'a> {
    policy: &'a Policy,
    book: &'a Book,
    register: Option<&'a Register>,
    used: Option<Vec<Decimal>>,
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
    /// Units of all services on the authorization number up to and including this one. None without a file.
    pub used: Option<Decimal>,
}

impl<'a> Inquiry<'a> {
    /// Prepares what is counted over the whole book.
    pub fn new(book: &'a Book, policy: &'a Policy, register: Option<&'a Register>) -> Self {
        Self { policy, book, register, used: register.map(|_| units_on_numbers(book)) }
    }

    /// Asks all rules about a service of the book.
    pub fn service(&self, i: usize) -> Inquired<'a> {
        let used = self.used.as_ref().map(|used| used[i]);
        let case = service_case(self.book, self.policy, self.register, used.unwrap_or_default(), i);
        let mut asked = Self::ask(case, Subject::Service(i), self.book.services[i].line);
        asked.judgement = Some(conclude(&asked.case, &asked.findings));
        asked.used = used;
        asked
    }

    /// Asks about a line that is no service: the subject says which.
    pub fn line(&self, subject: Subject, line: usize) -> Inquired<'a> {
        Self::ask(Case::line(self.policy, self.book, line), subject, line)
    }

    fn ask(case: Case<'a>, subject: Subject, line: usize) -> Inquired<'a> {
        let rules: Vec<_> = roster().filter(|(_, rule)| rule.is_asked(subject)).collect();
        let answers = rules.iter().map(|(id, rule)| (*id, (rule.check)(&case))).collect();
        let mut by_code = rules;
        by_code.sort_by_key(|(_, rule)| rule.code);
        let findings = ask(&by_code, &case, subject, line);
        Inquired { case, answers, findings, judgement: None, used: None }
    }
}
