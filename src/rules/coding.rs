//! CD: do the codes of the service and of its encounter go together?

use crate::claim::{ClaimForm, CodeId, Setting};
use crate::policy::Role;
use crate::rules::{Answer, AppliesTo, CPT_ONLY, NO_DATE, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "CD301", applies_to: AppliesTo::Services, check: add_on_without_primary },
    Rule { code: "CD302", applies_to: AppliesTo::Services, check: two_primaries },
    Rule { code: "CD303", applies_to: AppliesTo::Services, check: units_exceed_limit },
    Rule { code: "CD304", applies_to: AppliesTo::Services, check: code_setting_conflict },
    Rule { code: "CD305", applies_to: AppliesTo::ServicesAndRelated, check: procedure_not_in_force },
    Rule { code: "CD306", applies_to: AppliesTo::Services, check: vertebroplasty_same_encounter },
    Rule { code: "CD308", applies_to: AppliesTo::Services, check: laterality_modifier },
    Rule { code: "CD309", applies_to: AppliesTo::ServicesAndRelated, check: unlisted_augmentation_code },
    Rule { code: "CD310", applies_to: AppliesTo::Services, check: supplement_without_reposition },
    Rule { code: "CD311", applies_to: AppliesTo::Services, check: assistant_at_surgery },
];

impl RuleInput<'_> {
    fn names(&self, codes: impl Iterator<Item = CodeId>, joint: &str) -> String {
        codes.map(|id| self.code(id)).collect::<Vec<_>>().join(joint)
    }
}

fn add_on_without_primary(case: &RuleInput<'_>) -> Answer {
    let Some(cpt) = case.cpt() else { return CPT_ONLY };
    let Some(add_on) = case.policy.add_ons.iter().find(|a| a.code == cpt) else {
        return Answer::NotApplicable("asked of add-on codes only");
    };
    let alone = !add_on.primaries.iter().any(|p| case.encounter.codes.contains(*p));
    Answer::when(alone, || {
        format!(
            "{}: an add-on, but its encounter has no {}",
            case.what(),
            case.names(add_on.primaries.iter().copied(), " or ")
        )
    })
}

fn two_primaries(case: &RuleInput<'_>) -> Answer {
    let Some(cpt) = case.cpt() else { return CPT_ONLY };
    let mut pairs = case.policy.exclusive.iter().filter(|p| p.unpaid == cpt).peekable();
    if pairs.peek().is_none() {
        return Answer::NotApplicable("asked of the unpayable code of a pair only");
    }
    let Some(pair) = pairs.find(|p| case.encounter.codes.contains(p.paid)) else { return Answer::Passed };
    let (what, paid) = (case.what(), case.code(pair.paid));
    format!("{what}: the same encounter has {paid}; only one of the two is payable, further levels are add-ons").into()
}

fn units_exceed_limit(case: &RuleInput<'_>) -> Answer {
    let (Some(cpt), Some(service)) = (case.cpt(), case.service) else { return CPT_ONLY };
    let Some(limit) = case.policy.limits.iter().find(|l| l.code == cpt) else {
        return Answer::NotApplicable("the limits on hand name none for the code");
    };
    let so_far = service.units_so_far;
    Answer::when(so_far > limit.units, || {
        let (so_far, limit_units) = (so_far.normalize(), limit.units.normalize());
        format!(
            "{}: {so_far} units in the encounter so far, the limit is {limit_units} (MAI {})",
            case.what(),
            limit.mai
        )
    })
}

fn code_setting_conflict(case: &RuleInput<'_>) -> Answer {
    if case.stay.is_some() {
        return match case.line.setting {
            Setting::Outpatient => format!("{}: an ICD-10-PCS code on an outpatient claim", case.what()).into(),
            Setting::Undetermined => Answer::CouldNot("the claim does not say in which setting"),
            Setting::Inpatient => Answer::Passed,
        };
    }
    match case.line.facility {
        None if case.line.form == ClaimForm::Professional => {
            Answer::NotApplicable("a professional claim has no bill type")
        }
        None => Answer::CouldNot("the line has no bill type that can be read"),
        Some(facility) => Answer::when(facility == case.policy.hospital_inpatient, || {
            format!("{}: a CPT code on a hospital inpatient bill", case.what())
        }),
    }
}

fn procedure_not_in_force(case: &RuleInput<'_>) -> Answer {
    // A service answers for its own code, a related line for every code it holds.
    let cpt = case.cpt();
    let mut asked = case.codes.iter().filter(|id| cpt.is_none_or(|own| own == **id));
    let Some(day) = case.line.date else { return NO_DATE };
    let fault = asked.find_map(|id| {
        let (procedure, code) = (case.policy.procedure(*id), case.code(*id));
        if let Some(from) = procedure.from.filter(|from| day < *from) {
            return Some(format!("{code} on {day}: the code is in force from {from}"));
        }
        let until = procedure.until.filter(|until| day > *until)?;
        Some(format!("{code} on {day}: the code was in force until {until}"))
    });
    fault.map_or(Answer::Passed, Into::into)
}

fn vertebroplasty_same_encounter(case: &RuleInput<'_>) -> Answer {
    if case.cpt().is_none() {
        return CPT_ONLY;
    }
    Answer::when(case.in_encounter(Role::Vertebroplasty).next().is_some(), || {
        format!(
            "{}: the same encounter has {} (vertebroplasty)",
            case.what(),
            case.names(case.in_encounter(Role::Vertebroplasty), ", ")
        )
    })
}

/// Fires on the first modifier of the line that is one of these.
fn modifier(case: &RuleInput<'_>, list: &[String], says: &str) -> Answer {
    if case.cpt().is_none() {
        return CPT_ONLY;
    }
    let found = case.line.modifiers().find(|m| list.iter().any(|l| l == m));
    found.map_or(Answer::Passed, |found| format!("{}: modifier {found}{says}", case.what()).into())
}

fn laterality_modifier(case: &RuleInput<'_>) -> Answer {
    modifier(case, &case.policy.laterality, "; the code is the same for one side and both")
}

fn unlisted_augmentation_code(case: &RuleInput<'_>) -> Answer {
    Answer::when(case.held(Role::UnlistedAugmentation).next().is_some(), || {
        let names = case.names(case.held(Role::UnlistedAugmentation), ", ");
        format!("{}: {names} is an augmentation that the policy does not list", case.what())
    })
}

fn supplement_without_reposition(case: &RuleInput<'_>) -> Answer {
    if case.stay.is_none() {
        return Answer::NotApplicable("asked of claims with a listed ICD-10-PCS code only");
    }
    Answer::when(case.held(Role::Reposition).next().is_none(), || {
        let expected = case.names(case.policy.with_role(Role::Reposition), " or ");
        format!("{}: the claim has no {expected}; a supplement alone may be a vertebroplasty", case.what())
    })
}

fn assistant_at_surgery(case: &RuleInput<'_>) -> Answer {
    modifier(case, &case.policy.assistant, ", an assistant at surgery")
}
