//! CD: do the codes of the service and of its encounter go together?

use crate::claim::{ClaimForm, CodeId, Setting};
use crate::finding::Cap;
use crate::finding::evidence::CodingEvidence;
use crate::policy::Role;
use crate::rules::input::RuleInput;
use crate::rules::rule::{Answer, AppliesTo, CPT_ONLY, NO_DATE, Rule};

/// The caps of a denial that rests on the encounter.
const ENCOUNTER_CAPS: &[Cap] = &[Cap::Date, Cap::Encounter];

/// Assistants and co-surgeons are left out where primary codes and units are counted.
const ASSISTANT: Answer = Answer::NotApplicable("the row is an assistant's or a co-surgeon's");

/// The family, in order.
pub(crate) const RULES: &[Rule] = &[
    Rule::new("CD301", AppliesTo::Services, add_on_without_primary)
        .capped_by(&[Cap::Date, Cap::Encounter, Cap::PrimaryElsewhere])
        .asking_of_member(),
    Rule::new("CD302", AppliesTo::Services, two_primaries).capped_by(ENCOUNTER_CAPS).asking_of_member(),
    Rule::new("CD303", AppliesTo::Services, units_exceed_limit).capped_by(ENCOUNTER_CAPS).asking_of_member(),
    Rule::new("CD304", AppliesTo::Services, code_setting_conflict),
    Rule::new("CD305", AppliesTo::ServicesAndRelated, procedure_not_in_force),
    Rule::new("CD306", AppliesTo::Services, vertebroplasty_same_encounter).asking_of_member(),
    Rule::new("CD308", AppliesTo::Services, laterality_modifier),
    Rule::new("CD309", AppliesTo::ServicesAndRelated, unlisted_augmentation_code),
    Rule::new("CD310", AppliesTo::Services, supplement_without_reposition),
    Rule::new("CD311", AppliesTo::Services, assistant_at_surgery),
    Rule::new("CD312", AppliesTo::Services, co_surgeon),
];

fn add_on_without_primary(input: &RuleInput<'_>) -> Answer {
    let Some(cpt) = input.cpt() else { return CPT_ONLY };
    let Some(add_on) = input.policy.add_ons.iter().find(|a| a.code == cpt) else {
        return Answer::NotApplicable("asked of add-on codes only");
    };
    if input.line.marks().assistant {
        return ASSISTANT;
    }
    let alone = !add_on.primaries.iter().any(|p| input.encounter.principal_codes.contains(*p));
    Answer::when(alone, || {
        let of_assistants = add_on.primaries.iter().copied().filter(|p| input.encounter.codes.contains(*p)).collect();
        CodingEvidence::AddOnAlone { of_assistants }
    })
}

fn two_primaries(input: &RuleInput<'_>) -> Answer {
    let Some(cpt) = input.cpt() else { return CPT_ONLY };
    let mut pairs = input.policy.exclusive.iter().filter(|p| p.unpaid == cpt).peekable();
    if pairs.peek().is_none() {
        return Answer::NotApplicable("asked of the unpayable code of a pair only");
    }
    if input.line.marks().assistant {
        return ASSISTANT;
    }
    let Some(pair) = pairs.find(|p| input.encounter.principal_codes.contains(p.paid)) else { return Answer::Passed };
    CodingEvidence::PairedWith { paid: pair.paid }.into()
}

fn units_exceed_limit(input: &RuleInput<'_>) -> Answer {
    let (Some(cpt), Some(service)) = (input.cpt(), input.service) else { return CPT_ONLY };
    let Some(limit) = input.policy.limits.iter().find(|l| l.code == cpt) else {
        return Answer::NotApplicable("the limits on hand name none for the code");
    };
    if input.line.marks().assistant {
        return ASSISTANT;
    }
    let so_far = service.units_so_far;
    Answer::when(so_far > limit.units, || CodingEvidence::UnitsOverLimit { so_far })
}

fn code_setting_conflict(input: &RuleInput<'_>) -> Answer {
    if input.stay.is_some() {
        return match input.line.setting {
            Setting::Outpatient => CodingEvidence::PcsOutpatient.into(),
            Setting::Undetermined => Answer::CouldNot("the claim does not say in which setting"),
            Setting::Inpatient => Answer::Passed,
        };
    }
    match input.line.facility {
        None if input.line.form == ClaimForm::Professional => {
            Answer::NotApplicable("a professional claim has no bill type")
        }
        None => Answer::CouldNot("the line has no bill type that can be read"),
        Some(facility) => Answer::when(facility == input.policy.hospital_inpatient, || CodingEvidence::CptInpatient),
    }
}

fn procedure_not_in_force(input: &RuleInput<'_>) -> Answer {
    // A service is checked for its own code, a related line for each of its codes.
    let cpt = input.cpt();
    let mut candidates = input.codes.iter().filter(|id| cpt.is_none_or(|own| own == **id));
    let Some(day) = input.line.date else { return NO_DATE };
    let fault = candidates.find_map(|id| {
        let procedure = input.policy.procedure(*id);
        if procedure.from.is_some_and(|from| day < from) {
            return Some(CodingEvidence::NotYetInForce { code: *id });
        }
        procedure.until.is_some_and(|until| day > until).then_some(CodingEvidence::NoLongerInForce { code: *id })
    });
    fault.map_or(Answer::Passed, Into::into)
}

fn vertebroplasty_same_encounter(input: &RuleInput<'_>) -> Answer {
    if input.cpt().is_none() {
        return CPT_ONLY;
    }
    let codes: Vec<_> = input.in_encounter(Role::Vertebroplasty).collect();
    Answer::when(!codes.is_empty(), || CodingEvidence::Vertebroplasty { codes })
}

/// Fires on the first modifier of the line that is in the list.
fn modifier(input: &RuleInput<'_>, list: &[String], evidence: impl FnOnce(usize) -> CodingEvidence) -> Answer {
    if input.cpt().is_none() {
        return CPT_ONLY;
    }
    let found = input.line.modifiers().position(|m| list.iter().any(|l| l == m));
    found.map_or(Answer::Passed, |found| evidence(found).into())
}

fn laterality_modifier(input: &RuleInput<'_>) -> Answer {
    modifier(input, &input.policy.laterality, |modifier| CodingEvidence::SideModifier { modifier })
}

fn unlisted_augmentation_code(input: &RuleInput<'_>) -> Answer {
    // A related row reports only codes that no earlier related row of the claim has.
    let is_new = |code: &CodeId| !input.earlier_codes.contains(*code);
    let codes: Vec<_> = input.codes_with_role(Role::UnlistedAugmentation).filter(is_new).collect();
    Answer::when(!codes.is_empty(), || CodingEvidence::UnlistedAugmentation { codes })
}

fn supplement_without_reposition(input: &RuleInput<'_>) -> Answer {
    if input.stay.is_none() {
        return Answer::NotApplicable("asked of claims with a listed ICD-10-PCS code only");
    }
    Answer::when(input.codes_with_role(Role::Reposition).next().is_none(), || CodingEvidence::NoReposition)
}

fn assistant_at_surgery(input: &RuleInput<'_>) -> Answer {
    modifier(input, &input.policy.assistant, |modifier| CodingEvidence::AssistantModifier { modifier })
}

fn co_surgeon(input: &RuleInput<'_>) -> Answer {
    modifier(input, &input.policy.co_surgeon, |modifier| CodingEvidence::CoSurgeonModifier { modifier })
}
