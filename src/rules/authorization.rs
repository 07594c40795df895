//! PA: is prior authorization required, and is it there? spec: judging/authorization, judging/auths.

use rust_decimal::Decimal;

use crate::claim::authorization::{Authorization, AuthorizationFile};
use crate::claim::{CodeId, Line, Text};
use crate::finding::evidence::{AuthorizationEvidence, NumberProblem};
use crate::policy::{NecessityBasis, Policy, Requirement};
use crate::rules::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule::new("PA201", AppliesTo::Services, missing),
    Rule::new("PA202", AppliesTo::Services, not_found),
    Rule::new("PA203", AppliesTo::Services, not_approved),
    Rule::new("PA204", AppliesTo::Services, mismatch),
    Rule::new("PA205", AppliesTo::Services, dates),
    Rule::new("PA206", AppliesTo::Services, units_exceeded),
    Rule::new("PA208", AppliesTo::Services, not_in_extract),
    Rule::new("PA209", AppliesTo::Services, only_on_file),
];

/// What a service's authorization comes to, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorizationStatus {
    /// The product and setting need none.
    NotRequired,
    /// It cannot be told whether one is needed or there.
    Undetermined,
    /// One is needed, and there is none that fits.
    NotMet,
    /// A number is on the claim; there was no file to hold it against.
    OnClaim,
    /// The file holds it.
    Verified,
}

impl AuthorizationStatus {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotRequired => "not-required",
            Self::Undetermined => "undetermined",
            Self::NotMet => "not-met",
            Self::OnClaim => "on-claim",
            Self::Verified => "verified",
        }
    }
}

/// What was found about the authorization of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationIssue {
    /// Nothing to say.
    Nothing,
    /// Required, no number.
    Missing,
    /// No row of the file holds for this number of the claim.
    Number {
        /// Which of the numbers in the cell.
        number: usize,
        /// What is wrong with it.
        problem: NumberProblem,
    },
    /// The extract has no such column.
    ColumnAbsent,
    /// No number on the claim, an approval on file, at this place.
    OnlyOnFile(usize),
    /// Needed inpatient only, and the setting is not known.
    SettingUndetermined,
    /// The policy's table does not name the product.
    ProductUndetermined,
}

/// The rule that speaks of a problem: the last digit of its code. The file is asked in this order, and the first question
/// that is answered no is the problem of a row.
fn check_order(problem: &NumberProblem) -> u8 {
    match problem {
        NumberProblem::NotFound => 2,
        NumberProblem::NotApproved { .. } => 3,
        NumberProblem::OtherMember | NumberProblem::OtherProcedures => 4,
        NumberProblem::OtherDates { .. } => 5,
        NumberProblem::TooManyUnits { .. } => 6,
    }
}

/// What the authorization table and the authorization file say of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationDecision {
    /// As printed.
    pub status: AuthorizationStatus,
    /// What was found.
    pub issue: AuthorizationIssue,
    /// An authorization is required, or may be. Otherwise what was found is for information.
    pub required: bool,
    /// An authorization file was given.
    pub file: bool,
}

impl AuthorizationDecision {
    /// For lines that are not services.
    pub fn not_asked() -> Self {
        Self {
            status: AuthorizationStatus::Undetermined,
            issue: AuthorizationIssue::Nothing,
            required: true,
            file: false,
        }
    }

    /// Asks the table and, if there is one, the file. `used` are the units of all services on this number so far.
    pub fn new(
        policy: &Policy,
        line: Line<'_>,
        codes: &[CodeId],
        file: Option<&AuthorizationFile>,
        used: Decimal,
    ) -> Self {
        let class = policy.class(line.class);
        let requirement = class.requires(line.setting);
        let required = requirement != Requirement::NotRequired;
        let decided = |status, issue| Self { status, issue, required, file: file.is_some() };
        // Where the policy's table says nothing of a product, RT402 speaks for it.
        if class.necessity == NecessityBasis::Undetermined && requirement == Requirement::Undetermined {
            return decided(AuthorizationStatus::Undetermined, AuthorizationIssue::ProductUndetermined);
        }
        let number = line.text(Text::Authorization);
        let texts = || codes.iter().map(|id| policy.code(*id));
        if !number.is_empty() {
            let problem = file.and_then(|file| problem_of_number(policy, file, number, line, texts, used));
            let status = match (requirement, file, &problem) {
                (Requirement::NotRequired, ..) => AuthorizationStatus::NotRequired,
                (_, None, _) => AuthorizationStatus::OnClaim,
                (_, Some(_), None) => AuthorizationStatus::Verified,
                (_, Some(_), Some(_)) => AuthorizationStatus::NotMet,
            };
            let issue = problem
                .map_or(AuthorizationIssue::Nothing, |problem| AuthorizationIssue::Number { number: 0, problem });
            return decided(status, issue);
        }
        if requirement == Requirement::NotRequired {
            return decided(AuthorizationStatus::NotRequired, AuthorizationIssue::Nothing);
        }
        if let Some(row) = file.and_then(|file| approval_on_file(policy, file, line, texts)) {
            return decided(AuthorizationStatus::Verified, AuthorizationIssue::OnlyOnFile(row));
        }
        match requirement {
            Requirement::Required if file.is_none() && !line.marks.authorization_column => {
                decided(AuthorizationStatus::Undetermined, AuthorizationIssue::ColumnAbsent)
            }
            Requirement::Required => decided(AuthorizationStatus::NotMet, AuthorizationIssue::Missing),
            _ => decided(AuthorizationStatus::Undetermined, AuthorizationIssue::SettingUndetermined),
        }
    }
}

/// None: one of the rows with this number holds. Otherwise the problem that is furthest down the list of questions.
fn problem_of_number<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    file: &AuthorizationFile,
    number: &str,
    line: Line<'_>,
    codes: impl Fn() -> I,
    used: Decimal,
) -> Option<NumberProblem> {
    let mut worst = NumberProblem::NotFound;
    for row in file.places_of_number(number) {
        let problem = problem_of_row(policy, file, *row, line, &codes, used)?;
        if check_order(&problem) > check_order(&worst) {
            worst = problem;
        }
    }
    Some(worst)
}

/// The first problem of a row. None: it holds.
fn problem_of_row<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    file: &AuthorizationFile,
    place: usize,
    line: Line<'_>,
    codes: &impl Fn() -> I,
    used: Decimal,
) -> Option<NumberProblem> {
    let (row, member) = (&file.rows()[place], line.text(Text::MemberId));
    if !policy.approved.contains(&row.status) {
        Some(NumberProblem::NotApproved { row: place })
    } else if !row.member_id.is_empty() && !member.is_empty() && row.member_id != member {
        Some(NumberProblem::OtherMember)
    } else if !row.names(codes()) {
        Some(NumberProblem::OtherProcedures)
    } else if line.date.is_some_and(|d| !row.covers(d)) {
        Some(NumberProblem::OtherDates { row: place })
    } else if row.units.is_some_and(|units| used > units) {
        Some(NumberProblem::TooManyUnits { row: place, used })
    } else {
        None
    }
}

/// An approval for this member, procedure and day that the claim does not name.
fn approval_on_file<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    file: &AuthorizationFile,
    line: Line<'_>,
    codes: impl Fn() -> I,
) -> Option<usize> {
    let day = line.date?;
    let places = file.places_of_member(line.text(Text::MemberId));
    let fits = |row: &Authorization| policy.approved.contains(&row.status) && row.names(codes()) && row.covers(day);
    places.iter().copied().find(|place| fits(&file.rows()[*place]))
}

impl RuleInput<'_> {
    /// The answer of the rule on problems of this place in the order of questions.
    fn on_number(&self, order: u8) -> Answer {
        let decision = &self.authorization;
        let asked = match &decision.issue {
            AuthorizationIssue::Number { number, problem } => Some((*number, problem, check_order(problem))),
            _ => None,
        };
        match asked {
            Some((number, problem, found)) if found == order => {
                AuthorizationEvidence::Number { number, problem: problem.clone(), required: decision.required }.into()
            }
            _ if !self.has_number() => Answer::NotApplicable("the claim carries no authorization number"),
            _ if decision.issue == AuthorizationIssue::ProductUndetermined => NO_CLASS,
            _ if !decision.file => NO_FILE,
            Some((.., found)) if found < order => {
                Answer::NotApplicable("an earlier question about the number was answered no")
            }
            _ => Answer::Passed,
        }
    }

    /// What a rule on a missing authorization says when it does not fire.
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
        !self.line.text(Text::Authorization).is_empty()
    }
}

/// There is nothing to look a number or a member up in.
const NO_FILE: Answer = Answer::CouldNot("no authorization file was given (--auths)");

/// The authorization table asks for none.
const NONE_NEEDED: Answer = Answer::NotApplicable("the product needs none in this setting");

fn missing(case: &RuleInput<'_>) -> Answer {
    if case.authorization.issue != AuthorizationIssue::Missing {
        return case.silent_on_need();
    }
    AuthorizationEvidence::NoNumber.into()
}

fn not_found(case: &RuleInput<'_>) -> Answer {
    case.on_number(2)
}

fn not_approved(case: &RuleInput<'_>) -> Answer {
    case.on_number(3)
}

fn mismatch(case: &RuleInput<'_>) -> Answer {
    case.on_number(4)
}

fn dates(case: &RuleInput<'_>) -> Answer {
    let answer = case.on_number(5);
    if answer == Answer::Passed && case.line.date.is_none() { NO_DATE } else { answer }
}

fn units_exceeded(case: &RuleInput<'_>) -> Answer {
    case.on_number(6)
}

fn not_in_extract(case: &RuleInput<'_>) -> Answer {
    if case.authorization.issue != AuthorizationIssue::ColumnAbsent {
        return case.silent_on_need();
    }
    AuthorizationEvidence::NoNumberColumn.into()
}

fn only_on_file(case: &RuleInput<'_>) -> Answer {
    match case.authorization.issue {
        AuthorizationIssue::OnlyOnFile(row) => AuthorizationEvidence::OnlyOnFile { row }.into(),
        _ if case.has_number() => Answer::NotApplicable("the claim carries a number of its own"),
        _ if case.authorization.status == AuthorizationStatus::NotRequired => NONE_NEEDED,
        AuthorizationIssue::ProductUndetermined => NO_CLASS,
        _ if !case.authorization.file => NO_FILE,
        _ if case.line.text(Text::MemberId).is_empty() => Answer::CouldNot("the claim names no member"),
        _ if case.line.date.is_none() => NO_DATE,
        _ => Answer::Passed,
    }
}
