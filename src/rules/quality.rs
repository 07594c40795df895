//! DQ: cells that could not be read as they stand, and what was done about them.

use super::{Asked, Case, Evidence, Rule};
use crate::claim::Text;
use crate::claim::line::Version;

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "DQ501", asked: Asked::ServicesAndRelated, check: date_unreadable },
    Rule { code: "DQ502", asked: Asked::ServicesAndRelated, check: units_unreadable },
    Rule { code: "DQ505", asked: Asked::ServicesAndRelated, check: pointer_to_nothing },
    Rule { code: "DQ506", asked: Asked::ServicesAndRelated, check: composite },
    Rule { code: "DQ507", asked: Asked::ServicesAndRelated, check: zero_lost },
    Rule { code: "DQ508", asked: Asked::ServicesAndRelated, check: amount_unreadable },
    Rule { code: "DQ509", asked: Asked::Everything, check: version_without_original },
];

fn date_unreadable(case: &Case<'_>) -> Option<Evidence> {
    case.line.date.is_none().then(|| {
        let text = case.line.text(Text::BadDate);
        let says = if text.is_empty() { "is empty".to_owned() } else { format!("\"{text}\" cannot be read") };
        format!("{}: the service date {says}; rules that need it were not asked", case.printed_codes()).into()
    })
}

fn units_unreadable(case: &Case<'_>) -> Option<Evidence> {
    let text = case.line.text(Text::BadUnits);
    // A stay has no units.
    (!text.is_empty() && case.stay.is_none())
        .then(|| format!("{}: units \"{text}\" cannot be read; counted as 1", case.what()).into())
}

fn pointer_to_nothing(case: &Case<'_>) -> Option<Evidence> {
    case.line.marks.pointer_to_nothing.then(|| {
        format!("{}: a diagnosis pointer points to no diagnosis of the row; it was ignored", case.what()).into()
    })
}

fn composite(case: &Case<'_>) -> Option<Evidence> {
    let composite = case.stay.map_or(case.line.marks.composite, |s| s.composite);
    composite.then(|| format!("{}: more than the code stands in its cell; the rest was not read", case.what()).into())
}

fn zero_lost(case: &Case<'_>) -> Option<Evidence> {
    let lost = case.stay.map_or(case.line.marks.zero_lost, |s| s.zero_lost);
    lost.then(|| {
        format!("{}: an ICD-10-PCS code came without its leading zero, as spreadsheets leave it", case.what()).into()
    })
}

fn amount_unreadable(case: &Case<'_>) -> Option<Evidence> {
    let text = case.line.text(Text::BadAmount);
    (!text.is_empty()).then(|| format!("{}: {text} cannot be read; treated as absent", case.what()).into())
}

fn version_without_original(case: &Case<'_>) -> Option<Evidence> {
    case.orphan.then(|| {
        let kind = if case.line.version == Version::Void { "void (frequency 8)" } else { "replacement (frequency 7)" };
        format!("{}: a {kind} that names no other claim and meets no other version of its own", case.what()).into()
    })
}
