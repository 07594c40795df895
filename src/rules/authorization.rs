//! PA: is prior authorization required, and is it there? spec: judging/authorization, judging/auths.

use rust_decimal::Decimal;

use crate::claim::authorization::{Authorization, AuthorizationFile};
use crate::claim::{CodeId, Line, Setting, Text};
use crate::policy::{Disposition, NecessityBasis, Policy, Requirement};
use crate::rules::{Answer, AppliesTo, Evidence, NO_CLASS, NO_DATE, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "PA201", applies_to: AppliesTo::Services, check: missing },
    Rule { code: "PA202", applies_to: AppliesTo::Services, check: not_found },
    Rule { code: "PA203", applies_to: AppliesTo::Services, check: not_approved },
    Rule { code: "PA204", applies_to: AppliesTo::Services, check: mismatch },
    Rule { code: "PA205", applies_to: AppliesTo::Services, check: dates },
    Rule { code: "PA206", applies_to: AppliesTo::Services, check: units_exceeded },
    Rule { code: "PA208", applies_to: AppliesTo::Services, check: not_in_extract },
    Rule { code: "PA209", applies_to: AppliesTo::Services, check: only_on_file },
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

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationIssue {
    /// Nothing to say.
    Nothing,
    /// Required, no number.
    Missing,
    /// The number is not in the file.
    NotFound,
    /// In the file with this status.
    NotApproved(String),
    /// In the file for another member or procedure.
    Mismatch(&'static str),
    /// In the file for other days.
    Dates(String),
    /// The units on this number pass what was authorized.
    Units {
        /// All services on the number up to this one.
        used: Decimal,
        /// Authorized.
        authorized: Decimal,
    },
    /// The extract has no such column.
    ColumnAbsent,
    /// No number on the claim, an approval on file.
    OnlyOnFile(String),
    /// Needed inpatient only, and the setting is not known.
    SettingUndetermined,
    /// The policy's table does not name the product.
    ProductUndetermined,
}

impl AuthorizationIssue {
    /// The place of a fault of a number among the questions PA202 to PA206, which are asked in this order until one
    /// is answered no. None: no such fault.
    fn step(&self) -> Option<u8> {
        match self {
            Self::NotFound => Some(2),
            Self::NotApproved(_) => Some(3),
            Self::Mismatch(_) => Some(4),
            Self::Dates(_) => Some(5),
            Self::Units { .. } => Some(6),
            _ => None,
        }
    }
}

/// What the authorization of a service comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationDecision {
    /// As printed.
    pub outcome: AuthorizationStatus,
    /// Why.
    pub ground: AuthorizationIssue,
    /// None was needed: what was found is for information.
    pub informational: bool,
    /// There was an authorization file to ask.
    pub file: bool,
}

impl AuthorizationDecision {
    /// For lines that are not services.
    pub fn not_asked() -> Self {
        Self {
            outcome: AuthorizationStatus::Undetermined,
            ground: AuthorizationIssue::Nothing,
            informational: false,
            file: false,
        }
    }

    /// Asks the table and, if there is one, the file. `used` are the units of all services on this number so far.
    pub fn of(
        policy: &Policy,
        line: Line<'_>,
        codes: &[CodeId],
        register: Option<&AuthorizationFile>,
        used: Decimal,
    ) -> Self {
        let file = register.is_some();
        let new = |outcome, ground| Self { outcome, ground, informational: false, file };
        let class = policy.class(line.class);
        let requirement = class.requires(line.setting);
        // Where the policy's table says nothing of a product, RT402 speaks for it.
        if class.necessity == NecessityBasis::Undetermined && requirement == Requirement::Undetermined {
            return new(AuthorizationStatus::Undetermined, AuthorizationIssue::ProductUndetermined);
        }
        let number = line.text(Text::Authorization);
        let texts = || codes.iter().map(|id| policy.code(*id));
        if !number.is_empty() {
            let ground =
                register.map_or(AuthorizationIssue::Nothing, |r| look_up(policy, r, number, line, texts, used));
            let outcome = match (requirement, register, &ground) {
                (Requirement::NotRequired, ..) => AuthorizationStatus::NotRequired,
                (_, None, _) => AuthorizationStatus::OnClaim,
                (_, Some(_), AuthorizationIssue::Nothing) => AuthorizationStatus::Verified,
                (_, Some(_), _) => AuthorizationStatus::NotMet,
            };
            return Self { outcome, ground, informational: requirement == Requirement::NotRequired, file };
        }
        if requirement == Requirement::NotRequired {
            return new(AuthorizationStatus::NotRequired, AuthorizationIssue::Nothing);
        }
        if let Some(found) = register.and_then(|r| on_file(policy, r, line, texts)) {
            return new(AuthorizationStatus::Verified, AuthorizationIssue::OnlyOnFile(found.number.clone()));
        }
        match requirement {
            Requirement::Required if register.is_none() && !line.marks.authorization_column => {
                new(AuthorizationStatus::Undetermined, AuthorizationIssue::ColumnAbsent)
            }
            Requirement::Required => new(AuthorizationStatus::NotMet, AuthorizationIssue::Missing),
            _ => new(AuthorizationStatus::Undetermined, AuthorizationIssue::SettingUndetermined),
        }
    }
}

/// A number holds if one of its rows holds; else the fault furthest down the list counts.
fn look_up<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    register: &AuthorizationFile,
    number: &str,
    line: Line<'_>,
    codes: impl Fn() -> I,
    used: Decimal,
) -> AuthorizationIssue {
    let mut worst = AuthorizationIssue::NotFound;
    for row in register.numbered(number) {
        let ground = hold(policy, row, line, &codes, used);
        if ground == AuthorizationIssue::Nothing {
            return ground;
        }
        if ground.step() > worst.step() {
            worst = ground;
        }
    }
    worst
}

/// The first fault of a row, or nothing: it holds.
fn hold<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    row: &Authorization,
    line: Line<'_>,
    codes: &impl Fn() -> I,
    used: Decimal,
) -> AuthorizationIssue {
    let member = line.text(Text::MemberId);
    if !policy.approved.contains(&row.status) {
        AuthorizationIssue::NotApproved(row.status.clone())
    } else if !row.member_id.is_empty() && !member.is_empty() && row.member_id != member {
        AuthorizationIssue::Mismatch("another member")
    } else if !row.names(codes()) {
        AuthorizationIssue::Mismatch("other procedures")
    } else if line.date.is_some_and(|d| !row.covers(d)) {
        AuthorizationIssue::Dates(period(row))
    } else if let Some(authorized) = row.units.filter(|u| used > *u) {
        AuthorizationIssue::Units { used, authorized }
    } else {
        AuthorizationIssue::Nothing
    }
}

fn period(row: &Authorization) -> String {
    match (row.valid_from, row.valid_to) {
        (Some(from), Some(to)) => format!("from {from} to {to}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("until {to}"),
        (None, None) => "always".to_owned(),
    }
}

/// An approval for this member, procedure and day that the claim does not name.
fn on_file<'r, 'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    register: &'r AuthorizationFile,
    line: Line<'_>,
    codes: impl Fn() -> I,
) -> Option<&'r Authorization> {
    let day = line.date?;
    register
        .of_member(line.text(Text::MemberId))
        .find(|row| policy.approved.contains(&row.status) && row.names(codes()) && row.covers(day))
}

impl RuleInput<'_> {
    fn on_number(&self, message: String) -> Answer {
        let informational = self.authorization.informational;
        let note = if informational { "; none is required here" } else { "" };
        Answer::Fired(Evidence {
            message: format!("{}: {message}{note}", self.what()),
            at_most: informational.then_some(Disposition::Info),
        })
    }

    /// What the rule at this step of the questions about a number says when it does not fire.
    fn silent_on_number(&self, step: u8) -> Answer {
        let decision = &self.authorization;
        if self.number().is_empty() {
            Answer::NotApplicable("the claim carries no authorization number")
        } else if decision.ground == AuthorizationIssue::ProductUndetermined {
            NO_CLASS
        } else if !decision.file {
            NO_FILE
        } else if decision.ground.step().is_some_and(|fault| fault < step) {
            Answer::NotApplicable("an earlier question about the number was answered no")
        } else {
            Answer::Passed
        }
    }

    /// What a rule on a missing authorization says when it does not fire.
    fn silent_on_need(&self) -> Answer {
        match (self.authorization.outcome, &self.authorization.ground) {
            (AuthorizationStatus::NotRequired, _) => NONE_NEEDED,
            (_, AuthorizationIssue::ProductUndetermined) => NO_CLASS,
            (_, AuthorizationIssue::SettingUndetermined) => {
                Answer::CouldNot("it depends on the setting, which the claim does not show")
            }
            (_, AuthorizationIssue::ColumnAbsent) => Answer::CouldNot("the extract has no authorization column"),
            _ => Answer::Passed,
        }
    }

    fn number(&self) -> &str {
        self.line.text(Text::Authorization)
    }
}

/// Nothing to hold a number or a member against.
const NO_FILE: Answer = Answer::CouldNot("no authorization file was given (--auths)");

/// The authorization table asks for none.
const NONE_NEEDED: Answer = Answer::NotApplicable("the product needs none in this setting");

fn missing(case: &RuleInput<'_>) -> Answer {
    if case.authorization.ground != AuthorizationIssue::Missing {
        return case.silent_on_need();
    }
    let setting = match case.line.setting {
        Setting::Undetermined => "in every setting",
        setting => setting.word(),
    };
    let (what, class) = (case.what(), &case.class.title);
    format!("{what}: {class} members need prior authorization {setting}; the claim carries none").into()
}

fn not_found(case: &RuleInput<'_>) -> Answer {
    match case.authorization.ground {
        AuthorizationIssue::NotFound => {
            case.on_number(format!("authorization {} is not in the authorization file", case.number()))
        }
        _ => case.silent_on_number(2),
    }
}

fn not_approved(case: &RuleInput<'_>) -> Answer {
    let AuthorizationIssue::NotApproved(status) = &case.authorization.ground else { return case.silent_on_number(3) };
    let status = if status.is_empty() { "no status".to_owned() } else { format!("the status {status}") };
    case.on_number(format!("authorization {} has {status}, not an approval", case.number()))
}

fn mismatch(case: &RuleInput<'_>) -> Answer {
    let AuthorizationIssue::Mismatch(whose) = case.authorization.ground else { return case.silent_on_number(4) };
    case.on_number(format!("authorization {} is for {whose}", case.number()))
}

fn dates(case: &RuleInput<'_>) -> Answer {
    let AuthorizationIssue::Dates(period) = &case.authorization.ground else {
        let silent = case.silent_on_number(5);
        return if silent == Answer::Passed && case.line.date.is_none() { NO_DATE } else { silent };
    };
    case.on_number(format!("authorization {} holds {period}", case.number()))
}

fn units_exceeded(case: &RuleInput<'_>) -> Answer {
    let AuthorizationIssue::Units { used, authorized } = &case.authorization.ground else {
        return case.silent_on_number(6);
    };
    let message = format!(
        "authorization {} is for {} units; with this service {} are used",
        case.number(),
        authorized.normalize(),
        used.normalize()
    );
    case.on_number(message)
}

fn not_in_extract(case: &RuleInput<'_>) -> Answer {
    if case.authorization.ground != AuthorizationIssue::ColumnAbsent {
        return case.silent_on_need();
    }
    let (what, class, setting) = (case.what(), &case.class.title, case.line.setting.word());
    format!("{what}: {class} members need prior authorization ({setting}), and the extract has no column for it").into()
}

fn only_on_file(case: &RuleInput<'_>) -> Answer {
    let AuthorizationIssue::OnlyOnFile(number) = &case.authorization.ground else {
        return if !case.number().is_empty() {
            Answer::NotApplicable("the claim carries a number of its own")
        } else if case.authorization.outcome == AuthorizationStatus::NotRequired {
            NONE_NEEDED
        } else if case.authorization.ground == AuthorizationIssue::ProductUndetermined {
            NO_CLASS
        } else if !case.authorization.file {
            NO_FILE
        } else if case.line.text(Text::MemberId).is_empty() {
            Answer::CouldNot("the claim names no member")
        } else if case.line.date.is_none() {
            NO_DATE
        } else {
            Answer::Passed
        };
    };
    let number = if number.is_empty() { "without a number".to_owned() } else { number.clone() };
    format!("{}: the claim carries no authorization, but the file holds an approval ({number}) for the member, procedure and date", case.what()).into()
}
