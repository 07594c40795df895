//! DQ: cells that could not be read as written, and how they were read instead.

use crate::claim::Text;
use crate::claim::value::version::Version;
use crate::finding::evidence::QualityEvidence;
use crate::rules::input::RuleInput;
use crate::rules::necessity::Necessity;
use crate::rules::rule::{Answer, AppliesTo, NO_CLASS, Rule};

/// The family, in order.
pub(crate) const RULES: &[Rule] = &[
    Rule::new("DQ501", AppliesTo::ServicesAndRelated, date_unreadable),
    Rule::new("DQ502", AppliesTo::ServicesAndRelated, units_unreadable),
    Rule::new("DQ505", AppliesTo::ServicesAndRelated, pointer_to_nothing),
    Rule::new("DQ506", AppliesTo::ServicesAndRelated, composite),
    Rule::new("DQ507", AppliesTo::ServicesAndRelated, zero_lost),
    Rule::new("DQ508", AppliesTo::ServicesAndRelated, amount_unreadable),
    Rule::new("DQ509", AppliesTo::Everything, version_without_original),
    Rule::new("DQ510", AppliesTo::Everything, reversal_without_original),
    Rule::new("DQ511", AppliesTo::Services, claim_number_shared),
    Rule::new("DQ512", AppliesTo::Services, code_set_mismatch),
    Rule::new("DQ513", AppliesTo::ServicesAndRelated, id_mangled),
];

fn date_unreadable(input: &RuleInput<'_>) -> Answer {
    Answer::when(input.line.date.is_none(), || QualityEvidence::DateUnreadable)
}

fn units_unreadable(input: &RuleInput<'_>) -> Answer {
    if input.stay.is_some() {
        return Answer::NotApplicable("a stay has no units");
    }
    Answer::when(input.line.states(Text::BadUnits), || QualityEvidence::UnitsUnreadable)
}

fn pointer_to_nothing(input: &RuleInput<'_>) -> Answer {
    Answer::when(input.line.points_to_nothing(), || QualityEvidence::PointerToNothing)
}

fn composite(input: &RuleInput<'_>) -> Answer {
    let composite = input.stay.map_or(input.line.marks().composite, |s| s.composite);
    Answer::when(composite, || QualityEvidence::ProcedureCellComposite)
}

fn zero_lost(input: &RuleInput<'_>) -> Answer {
    let lost = input.stay.map_or(input.line.marks().zero_lost, |s| s.zero_lost);
    Answer::when(lost, || QualityEvidence::LeadingZeroLost)
}

fn amount_unreadable(input: &RuleInput<'_>) -> Answer {
    Answer::when(input.line.states(Text::BadAmount), || QualityEvidence::AmountUnreadable)
}

fn version_without_original(input: &RuleInput<'_>) -> Answer {
    if input.line.version == Version::Original {
        return Answer::NotApplicable("asked of replacements and voids only (frequency 7 and 8)");
    }
    Answer::when(input.orphan, || QualityEvidence::VersionWithoutOriginal)
}

fn reversal_without_original(input: &RuleInput<'_>) -> Answer {
    Answer::when(input.unmatched_reversal, || QualityEvidence::ReversalWithoutOriginal)
}

fn claim_number_shared(input: &RuleInput<'_>) -> Answer {
    Answer::when(input.service.is_some_and(|service| service.claim_shared), || QualityEvidence::ClaimNumberShared)
}

fn code_set_mismatch(input: &RuleInput<'_>) -> Answer {
    match input.necessity {
        Necessity::BeforeIcd10 => {
            let is_listed = |diagnosis: &usize| input.edition.listed(input.line.diagnosis(*diagnosis)).is_some();
            let early = input.line.considered_places().find(is_listed);
            early.map_or(Answer::Passed, |diagnosis| QualityEvidence::Icd10TooEarly { diagnosis }.into())
        }
        Necessity::Icd9Only => QualityEvidence::Icd9Only.into(),
        Necessity::FollowsLcd => Answer::NotApplicable("the list is not applied to Medicare members"),
        Necessity::ClassUndetermined => NO_CLASS,
        Necessity::NoDiagnosis => Answer::CouldNot("the line carries no diagnosis"),
        _ => Answer::Passed,
    }
}

fn id_mangled(input: &RuleInput<'_>) -> Answer {
    let (claim, member) = (input.line.marks().claim_id_mangled, input.line.marks().member_id_mangled);
    Answer::when(claim || member, || QualityEvidence::IdMangled { claim, member })
}
