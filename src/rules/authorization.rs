//! PA: is prior authorization required, and is it there? spec: judging/authorization, judging/auths.

use crate::claim::Text;
use crate::finding::Cap;
use crate::finding::evidence::AuthorizationEvidence;
use crate::rules::authorization_decision::{AuthorizationIssue, AuthorizationStatus, check_order};
use crate::rules::input::RuleInput;
use crate::rules::rule::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule};

/// The caps of every denial of the family.
const FAMILY_CAPS: &[Cap] = &[Cap::Product, Cap::Secondary];

/// The caps of every denial that rests on a number.
const NUMBER_CAPS: &[Cap] = &[Cap::Product, Cap::Secondary, Cap::Setting];

/// The caps where another approval in the file may be the right one.
const OTHER_NUMBER_CAPS: &[Cap] = &[Cap::Product, Cap::Secondary, Cap::Setting, Cap::OtherAuthorization];

/// The family, in order.
pub(crate) const RULES: &[Rule] = &[
    Rule::new("PA201", AppliesTo::Services, missing).capped_by(&[
        Cap::Product,
        Cap::Secondary,
        Cap::Emergency,
        Cap::TwinAuthorization,
    ]),
    Rule::new("PA202", AppliesTo::Services, not_found).capped_by(OTHER_NUMBER_CAPS),
    Rule::new("PA203", AppliesTo::Services, not_approved).capped_by(&[
        Cap::Product,
        Cap::Secondary,
        Cap::Setting,
        Cap::StatusUnread,
        Cap::OtherAuthorization,
    ]),
    Rule::new("PA204", AppliesTo::Services, mismatch).capped_by(&[
        Cap::Product,
        Cap::Secondary,
        Cap::Setting,
        Cap::Level,
        Cap::OtherAuthorization,
    ]),
    Rule::new("PA205", AppliesTo::Services, dates).capped_by(OTHER_NUMBER_CAPS),
    Rule::new("PA206", AppliesTo::Services, units_exceeded).capped_by(NUMBER_CAPS),
    // Only an own policy makes these two deny.
    Rule::new("PA208", AppliesTo::Services, not_in_extract).capped_by(FAMILY_CAPS),
    Rule::new("PA209", AppliesTo::Services, only_on_file).capped_by(FAMILY_CAPS),
];

impl RuleInput<'_> {
    /// The answer of the rule on the problem with this number in the order of checks.
    fn on_number(&self, order: u8) -> Answer {
        let decision = &self.authorization;
        match &decision.issue {
            AuthorizationIssue::Number { number, problem, other } if check_order(problem) == order => {
                let (number, problem, required) = (*number, problem.clone(), decision.required);
                AuthorizationEvidence::Number { number, problem, required, other: *other }.into()
            }
            _ if !self.has_number() && !self.line.marks().authorization_column => {
                Answer::NotApplicable("the extract has no authorization column")
            }
            _ if !self.has_number() => Answer::NotApplicable("no authorization number was found on the claim"),
            AuthorizationIssue::ProductUndetermined => NO_CLASS,
            _ if !decision.file => NO_FILE,
            AuthorizationIssue::Number { problem, .. } if check_order(problem) < order => {
                Answer::NotApplicable("an earlier question about the number was answered no")
            }
            _ => Answer::Passed,
        }
    }

    /// The answer of a rule on a missing authorization that does not fire.
    fn silent_on_need(&self) -> Answer {
        match (self.authorization.status, &self.authorization.issue) {
            (AuthorizationStatus::NotRequired, _) => NONE_NEEDED,
            (_, AuthorizationIssue::ProductUndetermined) => NO_CLASS,
            (_, AuthorizationIssue::SettingUndetermined) => {
                Answer::CouldNot("it depends on the setting, which the claim does not show")
            }
            (_, AuthorizationIssue::ColumnAbsent) => Answer::CouldNot("the extract has no authorization column"),
            _ => Answer::Passed,
        }
    }

    fn has_number(&self) -> bool {
        self.line.states(Text::Authorization)
    }
}

/// The answer where no authorization file was given.
const NO_FILE: Answer = Answer::CouldNot("no authorization file was given (--auths)");

/// The answer where the authorization table requires none.
const NONE_NEEDED: Answer = Answer::NotApplicable("the product needs none in this setting");

fn missing(input: &RuleInput<'_>) -> Answer {
    if input.authorization.issue != AuthorizationIssue::Missing {
        return input.silent_on_need();
    }
    AuthorizationEvidence::NoNumber.into()
}

fn not_found(input: &RuleInput<'_>) -> Answer {
    input.on_number(2)
}

fn not_approved(input: &RuleInput<'_>) -> Answer {
    input.on_number(3)
}

fn mismatch(input: &RuleInput<'_>) -> Answer {
    input.on_number(4)
}

fn dates(input: &RuleInput<'_>) -> Answer {
    let answer = input.on_number(5);
    if answer == Answer::Passed && input.line.date.is_none() { NO_DATE } else { answer }
}

fn units_exceeded(input: &RuleInput<'_>) -> Answer {
    input.on_number(6)
}

fn not_in_extract(input: &RuleInput<'_>) -> Answer {
    if input.authorization.issue != AuthorizationIssue::ColumnAbsent {
        return input.silent_on_need();
    }
    AuthorizationEvidence::NoNumberColumn.into()
}

fn only_on_file(input: &RuleInput<'_>) -> Answer {
    match input.authorization.issue {
        AuthorizationIssue::OnlyOnFile(row) => AuthorizationEvidence::OnlyOnFile { row }.into(),
        _ if input.has_number() => Answer::NotApplicable("the claim carries a number of its own"),
        _ if input.authorization.status == AuthorizationStatus::NotRequired => NONE_NEEDED,
        AuthorizationIssue::ProductUndetermined => NO_CLASS,
        _ if !input.authorization.file => NO_FILE,
        _ if !input.line.states(Text::MemberId) => Answer::CouldNot("the claim names no member"),
        _ if input.line.date.is_none() => NO_DATE,
        _ => Answer::Passed,
    }
}
