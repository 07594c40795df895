//! What the policy's table and the authorization file say of a service. spec: judging/authorization, judging/auths.

use crate::claim::authorization::AuthorizationFile;
use crate::claim::authorization::lookup::Wanted;
use crate::claim::value::code_set::CodeSet;
use crate::claim::{LineSet, Service, Text};
use crate::finding::evidence::NumberProblem;
use crate::policy::{NecessityBasis, Policy, Requirement, Role};

/// The authorization of a service, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorizationStatus {
    /// The product and setting do not require one.
    NotRequired,
    /// It is not known whether an authorization is required or present.
    Undetermined,
    /// An authorization is required, and no matching one was found.
    NotMet,
    /// A number is on the claim, and no authorization file was given.
    OnClaim,
    /// The authorization file approves the service.
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
    /// Nothing to report.
    Nothing,
    /// An authorization is required, and the claim has no number.
    Missing,
    /// No row of the file approves the service under this number.
    Number {
        /// Which of the numbers in the cell.
        number: usize,
        /// What is wrong with it.
        problem: NumberProblem,
        /// The row of another approval that would fit the service.
        other: Option<usize>,
    },
    /// The extract has no column for authorization numbers.
    ColumnAbsent,
    /// The claim has no number, and this row of the file is an approval.
    OnlyOnFile(usize),
    /// An authorization is required for inpatient services only, and the setting is not known.
    SettingUndetermined,
    /// The policy's table does not name the product.
    ProductUndetermined,
}

/// The last check of a number, PA206: its units.
const UNITS_QUESTION: u8 = 6;

/// The rule that reports a problem: the last digit of its code. A row is checked in this order, and its problem is the
/// first check that fails.
pub(super) fn check_order(problem: &NumberProblem) -> u8 {
    match problem {
        NumberProblem::NotFound => 2,
        NumberProblem::NotApproved { .. } => 3,
        NumberProblem::OtherMember | NumberProblem::OtherProcedures { .. } => 4,
        NumberProblem::OtherDates { .. } => 5,
        NumberProblem::TooManyUnits { .. } => UNITS_QUESTION,
    }
}

/// What the authorization table and the authorization file say about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationDecision {
    /// As printed.
    pub status: AuthorizationStatus,
    /// What was found.
    pub issue: AuthorizationIssue,
    /// An authorization is required, or may be. Otherwise findings are for information.
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

    /// Looks a service up in the authorization table and, if one was given, in the authorization file.
    pub fn new(policy: &Policy, line_set: &LineSet<'_>, service: usize, file: Option<&AuthorizationFile>) -> Self {
        let (line, codes) = (line_set.line_of(service), line_set.codes_of(service));
        let class = policy.class(line.class);
        let requirement = class.requires(line.setting);
        let required = requirement != Requirement::NotRequired;
        let decided = |status, issue| Self { status, issue, required, file: file.is_some() };
        // If the policy's table does not name the product, RT402 reports it.
        if class.necessity == NecessityBasis::Undetermined && requirement == Requirement::Undetermined {
            return decided(AuthorizationStatus::Undetermined, AuthorizationIssue::ProductUndetermined);
        }
        let look_up = file.map(|file| LookUp {
            policy,
            file,
            member: line.text(Text::MemberId),
            codes: policy.authorized_by(codes),
            service: &line_set.services[service],
            is_assistant: line.marks().assistant,
        });
        let numbers = line.text(Text::Authorization);
        if !numbers.is_empty() {
            let problem = look_up.as_ref().and_then(|look_up| look_up.problem(numbers));
            let status = match (requirement, file, &problem) {
                (Requirement::NotRequired, ..) => AuthorizationStatus::NotRequired,
                (_, None, _) => AuthorizationStatus::OnClaim,
                (_, Some(_), None) => AuthorizationStatus::Verified,
                (_, Some(_), Some(_)) => AuthorizationStatus::NotMet,
            };
            return decided(status, problem.unwrap_or(AuthorizationIssue::Nothing));
        }
        if requirement == Requirement::NotRequired {
            return decided(AuthorizationStatus::NotRequired, AuthorizationIssue::Nothing);
        }
        if let Some(row) = look_up.and_then(|look_up| look_up.approval_on_file()) {
            return decided(AuthorizationStatus::Verified, AuthorizationIssue::OnlyOnFile(row));
        }
        match requirement {
            Requirement::Required if file.is_none() && !line.marks().authorization_column => {
                decided(AuthorizationStatus::Undetermined, AuthorizationIssue::ColumnAbsent)
            }
            Requirement::Required => decided(AuthorizationStatus::NotMet, AuthorizationIssue::Missing),
            _ => decided(AuthorizationStatus::Undetermined, AuthorizationIssue::SettingUndetermined),
        }
    }
}

/// A service looked up in the authorization file.
struct LookUp<'a> {
    policy: &'a Policy,
    file: &'a AuthorizationFile,
    member: &'a str,
    /// The codes that an authorization for the service may name.
    codes: CodeSet,
    service: &'a Service,
    /// Units of assistants and co-surgeons are not counted.
    is_assistant: bool,
}

impl LookUp<'_> {
    /// `None`: a row of one of the numbers approves the service. Otherwise, over all rows and numbers, the problem with the
    /// latest check in the order; among equal ones, first a problem that caps no denial, then the earliest row.
    fn problem(&self, numbers: &str) -> Option<AuthorizationIssue> {
        let mut worst: Option<(u8, bool, usize, NumberProblem)> = None;
        for (number, text) in numbers.split(';').enumerate() {
            let problem = self.problem_of_number(number, text)?;
            let rank = (check_order(&problem), !is_capping(&problem));
            if worst.as_ref().is_none_or(|(order, certain, ..)| rank > (*order, *certain)) {
                worst = Some((rank.0, rank.1, number, problem));
            }
        }
        let (order, _, number, problem) = worst?;
        let other = if order == UNITS_QUESTION { None } else { self.approval_on_file() };
        Some(AuthorizationIssue::Number { number, problem, other })
    }

    /// The problem of a number. `None`: one of its rows approves the service.
    fn problem_of_number(&self, number: usize, text: &str) -> Option<NumberProblem> {
        let Some(rows) = self.file.of_number(text) else { return Some(NumberProblem::NotFound) };
        let used = self.service.units_on_numbers(number);
        let wanted = Wanted {
            member: self.member,
            codes: self.codes,
            days: self.service.days,
            used: Some(used).filter(|_| !self.is_assistant),
        };
        let fit = rows.fit(&wanted, self.policy.role_set(Role::Listed));
        if fit.holds {
            return None;
        }
        let units = fit.units.map(|row| NumberProblem::TooManyUnits { row, used });
        let days = fit.days.map(|row| NumberProblem::OtherDates { row });
        let mismatch = match (fit.member, fit.procedures) {
            (Some(member), procedures) if procedures.is_none_or(|row| member < row) => Some(NumberProblem::OtherMember),
            (_, Some(_)) => Some(NumberProblem::OtherProcedures { level: false }),
            _ => fit.level.map(|_| NumberProblem::OtherProcedures { level: true }),
        };
        let status = match (rows.not_approved(), rows.unread()) {
            (Some(row), _) => NumberProblem::NotApproved { row, known: true },
            (None, Some(row)) => NumberProblem::NotApproved { row, known: false },
            (None, None) => NumberProblem::NotFound,
        };
        Some(units.or(days).or(mismatch).unwrap_or(status))
    }

    /// An approval for this member, procedure and day.
    fn approval_on_file(&self) -> Option<usize> {
        self.file.approval_for(self.member, self.codes, self.service.days?)
    }
}

/// Does the problem rest on a word or code that may still mean an approval?
fn is_capping(problem: &NumberProblem) -> bool {
    matches!(problem, NumberProblem::NotApproved { known: false, .. } | NumberProblem::OtherProcedures { level: true })
}
