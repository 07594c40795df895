//! TW: does another claim of the same treatment contradict this one? spec: rules.

use crate::finding::evidence::SessionEvidence;
use crate::rules::input::RuleInput;
use crate::rules::rule::{Answer, AppliesTo, CPT_ONLY, Rule};

/// The family, in order.
pub(crate) const RULES: &[Rule] = &[
    Rule::new("TW601", AppliesTo::Services, setting_disagrees).asking_of_member(),
    Rule::new("TW602", AppliesTo::Services, office_beside_facility).asking_of_member(),
    Rule::new("TW603", AppliesTo::Services, stay_billed_twice).asking_of_member(),
    Rule::new("TW604", AppliesTo::Services, service_billed_twice).asking_of_member(),
    Rule::new("TW605", AppliesTo::Services, outpatient_beside_stay).asking_of_member(),
];

/// Fires if the session has such a row.
fn shown<T>(fact: Option<T>, evidence: impl FnOnce(T) -> SessionEvidence) -> Answer {
    fact.map_or(Answer::Passed, |row| evidence(row).into())
}

fn setting_disagrees(input: &RuleInput<'_>) -> Answer {
    shown(input.session().other_setting, |other| SessionEvidence::SettingDisagrees { other })
}

fn office_beside_facility(input: &RuleInput<'_>) -> Answer {
    shown(input.session().facility, |other| SessionEvidence::OfficeBesideFacility { other })
}

fn stay_billed_twice(input: &RuleInput<'_>) -> Answer {
    let session = input.session();
    if input.stay.is_none() {
        return Answer::NotApplicable("asked of claims with a listed ICD-10-PCS code only");
    }
    shown(session.same_stay, |other| SessionEvidence::StayBilledTwice { other, interim: session.interim })
}

fn service_billed_twice(input: &RuleInput<'_>) -> Answer {
    if input.cpt().is_none() {
        return CPT_ONLY;
    }
    shown(input.session().same_service, |other| SessionEvidence::ServiceBilledTwice { other })
}

fn outpatient_beside_stay(input: &RuleInput<'_>) -> Answer {
    if input.cpt().is_none() {
        return CPT_ONLY;
    }
    shown(input.session().stay_nearby, |other| SessionEvidence::OutpatientBesideStay { other })
}
