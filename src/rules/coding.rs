//! CD: do the codes of the service and of its encounter go together?

use super::{Asked, Case, Evidence, Rule};
use crate::claim::{CodeId, Setting};
use crate::policy::Role;

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "CD301", asked: Asked::Services, check: add_on_without_primary },
    Rule { code: "CD302", asked: Asked::Services, check: two_primaries },
    Rule { code: "CD303", asked: Asked::Services, check: units_exceed_limit },
    Rule { code: "CD304", asked: Asked::Services, check: code_setting_conflict },
    Rule { code: "CD305", asked: Asked::ServicesAndRelated, check: procedure_not_in_force },
    Rule { code: "CD306", asked: Asked::Services, check: vertebroplasty_same_encounter },
    Rule { code: "CD308", asked: Asked::Services, check: laterality_modifier },
    Rule { code: "CD309", asked: Asked::ServicesAndRelated, check: unlisted_augmentation_code },
    Rule { code: "CD310", asked: Asked::Services, check: supplement_without_reposition },
    Rule { code: "CD311", asked: Asked::Services, check: assistant_at_surgery },
];

impl Case<'_> {
    fn names(&self, codes: impl Iterator<Item = CodeId>, joint: &str) -> String {
        codes.map(|id| self.code(id)).collect::<Vec<_>>().join(joint)
    }
}

fn add_on_without_primary(case: &Case<'_>) -> Option<Evidence> {
    let cpt = case.cpt()?;
    let add_on = case.policy.add_ons.iter().find(|a| a.code == cpt)?;
    let alone = !add_on.primaries.iter().any(|p| case.encounter.codes.contains(*p));
    alone.then(|| {
        format!(
            "{}: an add-on, but its encounter has no {}",
            case.what(),
            case.names(add_on.primaries.iter().copied(), " or ")
        )
        .into()
    })
}

fn two_primaries(case: &Case<'_>) -> Option<Evidence> {
    let cpt = case.cpt()?;
    let pair = case.policy.exclusive.iter().find(|p| p.unpaid == cpt && case.encounter.codes.contains(p.paid))?;
    Some(
        format!(
            "{}: the same encounter has {}; only one of the two is payable, further levels are add-ons",
            case.what(),
            case.code(pair.paid)
        )
        .into(),
    )
}

fn units_exceed_limit(case: &Case<'_>) -> Option<Evidence> {
    let cpt = case.cpt()?;
    let limit = case.policy.limits.iter().find(|l| l.code == cpt)?;
    let so_far = case.service?.units_so_far;
    (so_far > limit.units).then(|| {
        let (so_far, limit_units) = (so_far.normalize(), limit.units.normalize());
        format!(
            "{}: {so_far} units in the encounter so far, the limit is {limit_units} (MAI {})",
            case.what(),
            limit.mai
        )
        .into()
    })
}

fn code_setting_conflict(case: &Case<'_>) -> Option<Evidence> {
    if case.stay.is_some() {
        return (case.line.setting == Setting::Outpatient)
            .then(|| format!("{}: an ICD-10-PCS code on an outpatient claim", case.what()).into());
    }
    (case.line.facility == Some(case.policy.hospital_inpatient))
        .then(|| format!("{}: a CPT code on a hospital inpatient bill", case.what()).into())
}

fn procedure_not_in_force(case: &Case<'_>) -> Option<Evidence> {
    // A service answers for its own code, a related line for every code it holds.
    let cpt = case.cpt();
    let asked = case.codes.iter().filter(|id| cpt.is_none_or(|own| own == **id));
    let day = case.line.date?;
    asked.copied().find_map(|id| {
        let procedure = case.policy.procedure(id);
        if let Some(from) = procedure.from.filter(|from| day < *from) {
            return Some(format!("{} on {day}: the code is in force from {from}", case.code(id)).into());
        }
        let until = procedure.until.filter(|until| day > *until)?;
        Some(format!("{} on {day}: the code was in force until {until}", case.code(id)).into())
    })
}

fn vertebroplasty_same_encounter(case: &Case<'_>) -> Option<Evidence> {
    case.cpt()?;
    case.in_encounter(Role::Vertebroplasty).next()?;
    Some(
        format!(
            "{}: the same encounter has {} (vertebroplasty)",
            case.what(),
            case.names(case.in_encounter(Role::Vertebroplasty), ", ")
        )
        .into(),
    )
}

fn modifier<'c>(case: &'c Case<'_>, list: &[String]) -> Option<&'c str> {
    case.cpt()?;
    case.line.modifiers().find(|m| list.iter().any(|l| l == m))
}

fn laterality_modifier(case: &Case<'_>) -> Option<Evidence> {
    let found = modifier(case, &case.policy.laterality)?;
    Some(format!("{}: modifier {found}; the code is the same for one side and both", case.what()).into())
}

fn unlisted_augmentation_code(case: &Case<'_>) -> Option<Evidence> {
    case.held(Role::UnlistedAugmentation).next()?;
    let names = case.names(case.held(Role::UnlistedAugmentation), ", ");
    Some(format!("{}: {names} is an augmentation that the policy does not list", case.what()).into())
}

fn supplement_without_reposition(case: &Case<'_>) -> Option<Evidence> {
    case.stay?;
    if case.held(Role::Reposition).next().is_some() {
        return None;
    }
    let expected = case.names(case.policy.with_role(Role::Reposition), " or ");
    Some(format!("{}: the claim has no {expected}; a supplement alone may be a vertebroplasty", case.what()).into())
}

fn assistant_at_surgery(case: &Case<'_>) -> Option<Evidence> {
    let found = modifier(case, &case.policy.assistant)?;
    Some(format!("{}: modifier {found}, an assistant at surgery", case.what()).into())
}
