//! PA: is prior authorization required, and is it there? CONTRACT section 4, Authorization.

use rust_decimal::Decimal;

use super::{Asked, Case, Evidence, Rule};
use crate::claim::authorization::{Authorization, Register};
use crate::claim::{CodeId, Line, Setting, Text};
use crate::policy::{Disposition, NecessityBasis, Policy, Requirement};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "PA201", asked: Asked::Services, check: missing },
    Rule { code: "PA202", asked: Asked::Services, check: not_found },
    Rule { code: "PA203", asked: Asked::Services, check: not_approved },
    Rule { code: "PA204", asked: Asked::Services, check: mismatch },
    Rule { code: "PA205", asked: Asked::Services, check: dates },
    Rule { code: "PA206", asked: Asked::Services, check: units_exceeded },
    Rule { code: "PA208", asked: Asked::Services, check: not_in_extract },
    Rule { code: "PA209", asked: Asked::Services, check: only_on_file },
];

/// What a service's authorization comes to, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
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

impl Outcome {
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
pub enum Ground {
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
}

/// What the authorization of a service comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// As printed.
    pub outcome: Outcome,
    /// Why.
    pub ground: Ground,
    /// None was needed: what was found is for information.
    pub informational: bool,
}

impl Decision {
    fn new(outcome: Outcome, ground: Ground) -> Self {
        Self { outcome, ground, informational: false }
    }

    /// For lines that are not services.
    pub fn not_asked() -> Self {
        Self::new(Outcome::Undetermined, Ground::Nothing)
    }

    /// Asks the table and, if there is one, the file. `used` are the units of all services on this number so far.
    pub fn of(policy: &Policy, line: &Line, codes: &[CodeId], register: Option<&Register>, used: Decimal) -> Self {
        let class = policy.class(line.class);
        let requirement = class.requires(line.setting);
        // Where the policy's table says nothing of a product, RT402 speaks for it.
        if class.necessity == NecessityBasis::Undetermined && requirement == Requirement::Undetermined {
            return Self::not_asked();
        }
        let number = line.text(Text::Authorization);
        let texts = || codes.iter().map(|id| policy.code(*id));
        if !number.is_empty() {
            let ground = register.map_or(Ground::Nothing, |r| look_up(policy, r, number, line, texts, used));
            let outcome = match (requirement, register, &ground) {
                (Requirement::NotRequired, ..) => Outcome::NotRequired,
                (_, None, _) => Outcome::OnClaim,
                (_, Some(_), Ground::Nothing) => Outcome::Verified,
                (_, Some(_), _) => Outcome::NotMet,
            };
            return Self { outcome, ground, informational: requirement == Requirement::NotRequired };
        }
        if requirement == Requirement::NotRequired {
            return Self::new(Outcome::NotRequired, Ground::Nothing);
        }
        if let Some(found) = register.and_then(|r| on_file(policy, r, line, texts)) {
            return Self::new(Outcome::Verified, Ground::OnlyOnFile(found.number.clone()));
        }
        match requirement {
            Requirement::Required if register.is_none() && !line.marks.authorization_column => {
                Self::new(Outcome::Undetermined, Ground::ColumnAbsent)
            }
            Requirement::Required => Self::new(Outcome::NotMet, Ground::Missing),
            _ => Self::new(Outcome::Undetermined, Ground::SettingUndetermined),
        }
    }
}

/// A number holds if one of its rows holds; else the fault furthest down the list counts.
fn look_up<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    register: &Register,
    number: &str,
    line: &Line,
    codes: impl Fn() -> I,
    used: Decimal,
) -> Ground {
    let mut worst = (0, Ground::NotFound);
    for row in register.numbered(number) {
        let (rank, ground) = hold(policy, row, line, &codes, used);
        if rank == 0 {
            return Ground::Nothing;
        }
        if rank > worst.0 {
            worst = (rank, ground);
        }
    }
    worst.1
}

/// Rank 0 holds; the others are the order of the rules PA203 to PA206.
fn hold<'c, I: Iterator<Item = &'c str>>(
    policy: &Policy,
    row: &Authorization,
    line: &Line,
    codes: &impl Fn() -> I,
    used: Decimal,
) -> (u8, Ground) {
    let member = line.text(Text::MemberId);
    if !policy.approved.contains(&row.status) {
        (1, Ground::NotApproved(row.status.clone()))
    } else if !row.member_id.is_empty() && !member.is_empty() && row.member_id != member {
        (2, Ground::Mismatch("another member"))
    } else if !row.names(codes()) {
        (2, Ground::Mismatch("other procedures"))
    } else if line.date.is_some_and(|d| !row.covers(d)) {
        (3, Ground::Dates(period(row)))
    } else if let Some(authorized) = row.units.filter(|u| used > *u) {
        (4, Ground::Units { used, authorized })
    } else {
        (0, Ground::Nothing)
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
    register: &'r Register,
    line: &Line,
    codes: impl Fn() -> I,
) -> Option<&'r Authorization> {
    let day = line.date?;
    register
        .of_member(line.text(Text::MemberId))
        .find(|row| policy.approved.contains(&row.status) && row.names(codes()) && row.covers(day))
}

impl Case<'_> {
    fn authorization_evidence(&self, message: String) -> Evidence {
        let informational = self.authorization.informational;
        let note = if informational { "; none is required here" } else { "" };
        Evidence {
            message: format!("{}: {message}{note}", self.what()),
            at_most: informational.then_some(Disposition::Info),
        }
    }

    fn number(&self) -> &str {
        self.line.text(Text::Authorization)
    }
}

fn missing(case: &Case<'_>) -> Option<Evidence> {
    (case.authorization.ground == Ground::Missing).then(|| {
        let setting = match case.line.setting {
            Setting::Undetermined => "in every setting",
            setting => setting.word(),
        };
        format!(
            "{}: {} members need prior authorization {setting}; the claim carries none",
            case.what(),
            case.class.title
        )
        .into()
    })
}

fn not_found(case: &Case<'_>) -> Option<Evidence> {
    (case.authorization.ground == Ground::NotFound).then(|| {
        case.authorization_evidence(format!("authorization {} is not in the authorization file", case.number()))
    })
}

fn not_approved(case: &Case<'_>) -> Option<Evidence> {
    let Ground::NotApproved(status) = &case.authorization.ground else { return None };
    let status = if status.is_empty() { "no status".to_owned() } else { format!("the status {status}") };
    Some(case.authorization_evidence(format!("authorization {} has {status}, not an approval", case.number())))
}

fn mismatch(case: &Case<'_>) -> Option<Evidence> {
    let Ground::Mismatch(whose) = case.authorization.ground else { return None };
    Some(case.authorization_evidence(format!("authorization {} is for {whose}", case.number())))
}

fn dates(case: &Case<'_>) -> Option<Evidence> {
    let Ground::Dates(period) = &case.authorization.ground else { return None };
    Some(case.authorization_evidence(format!("authorization {} holds {period}", case.number())))
}

fn units_exceeded(case: &Case<'_>) -> Option<Evidence> {
    let Ground::Units { used, authorized } = &case.authorization.ground else { return None };
    let message = format!(
        "authorization {} is for {} units; with this service {} are used",
        case.number(),
        authorized.normalize(),
        used.normalize()
    );
    Some(case.authorization_evidence(message))
}

fn not_in_extract(case: &Case<'_>) -> Option<Evidence> {
    (case.authorization.ground == Ground::ColumnAbsent).then(|| {
        let (what, class, setting) = (case.what(), &case.class.title, case.line.setting.word());
        format!("{what}: {class} members need prior authorization ({setting}), and the extract has no column for it")
            .into()
    })
}

fn only_on_file(case: &Case<'_>) -> Option<Evidence> {
    let Ground::OnlyOnFile(number) = &case.authorization.ground else { return None };
    let number = if number.is_empty() { "without a number".to_owned() } else { number.clone() };
    Some(format!("{}: the claim carries no authorization, but the file holds an approval ({number}) for the member, procedure and date", case.what()).into())
}
