//! Caps: if a fact that a denial rests on is uncertain, the denial becomes a review. spec: judging/caps.

use crate::claim::index::service::AskedOfMember;
use crate::claim::value::setting::ClaimForm;
use crate::claim::{Setting, Text};
use crate::finding::Cap;
use crate::finding::evidence::{AuthorizationEvidence, Evidence, NumberProblem};
use crate::policy::{NecessityBasis, Requirement};
use crate::rules::input::RuleInput;
use crate::rules::rule::Rule;

/// The first cap of the rule that applies.
pub(super) fn first(rule: &Rule, input: &RuleInput<'_>, evidence: &Evidence) -> Option<Cap> {
    rule.caps.iter().copied().find(|cap| holds(*cap, input, evidence))
}

/// What the cap asks about the member's other services.
pub(super) fn asks(cap: Cap) -> AskedOfMember {
    match cap {
        Cap::TwinAuthorization => AskedOfMember::Numbers,
        Cap::PrimaryElsewhere => AskedOfMember::Everything,
        Cap::Product
        | Cap::Secondary
        | Cap::Setting
        | Cap::Emergency
        | Cap::StatusUnread
        | Cap::Level
        | Cap::OtherAuthorization
        | Cap::Edition
        | Cap::Date
        | Cap::Encounter => AskedOfMember::Nothing,
    }
}

fn holds(cap: Cap, input: &RuleInput<'_>, evidence: &Evidence) -> bool {
    let (line, class) = (input.line, input.class);
    let on_number = match evidence {
        Evidence::Authorization(AuthorizationEvidence::Number { problem, other, .. }) => Some((problem, other)),
        _ => None,
    };
    match cap {
        Cap::Product => class.necessity == NecessityBasis::Undetermined,
        Cap::Secondary => line.marks().not_primary,
        Cap::Setting => {
            line.setting == Setting::Undetermined && class.requires(Setting::Undetermined) == Requirement::Undetermined
        }
        Cap::Emergency => {
            line.marks().emergency && line.setting == Setting::Inpatient
                || input.policy.emergency_places.iter().any(|place| line.text(Text::PlaceOfService).as_bytes() == place)
        }
        Cap::TwinAuthorization => input.session().carries_number,
        Cap::StatusUnread => matches!(on_number, Some((NumberProblem::NotApproved { known: false, .. }, _))),
        Cap::Level => matches!(on_number, Some((NumberProblem::OtherProcedures { level: true }, _))),
        Cap::OtherAuthorization => matches!(on_number, Some((_, Some(_)))),
        Cap::Edition => line.date.is_some_and(|day| day < input.policy.first_day()),
        Cap::Date => line.date.is_none(),
        Cap::Encounter => {
            !line.states(Text::MemberId) || !line.states(Text::BillingNpi) || line.form == ClaimForm::Unknown
        }
        Cap::PrimaryElsewhere => {
            let of_code = |code| input.policy.add_ons.iter().find(|add_on| add_on.code == code);
            let primaries = input.cpt().and_then(of_code).map_or(&[][..], |add_on| &add_on.primaries);
            let elsewhere = input.session().codes_elsewhere;
            primaries.iter().any(|code| elsewhere.contains(*code))
        }
    }
}
