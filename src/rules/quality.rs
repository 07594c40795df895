//! DQ: cells that could not be read as they stand, and what was done about them.

use crate::claim::Text;
use crate::claim::line::Version;
use crate::rules::{Answer, AppliesTo, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "DQ501", applies_to: AppliesTo::ServicesAndRelated, check: date_unreadable },
    Rule { code: "DQ502", applies_to: AppliesTo::ServicesAndRelated, check: units_unreadable },
    Rule { code: "DQ505", applies_to: AppliesTo::ServicesAndRelated, check: pointer_to_nothing },
    Rule { code: "DQ506", applies_to: AppliesTo::ServicesAndRelated, check: composite },
    Rule { code: "DQ507", applies_to: AppliesTo::ServicesAndRelated, check: zero_lost },
    Rule { code: "DQ508", applies_to: AppliesTo::ServicesAndRelated, check: amount_unreadable },
    Rule { code: "DQ509", applies_to: AppliesTo::Everything, check: version_without_original },
];

fn date_unreadable(case: &RuleInput<'_>) -> Answer {
    Answer::when(case.line.date.is_none(), || {
        let text = case.line.text(Text::BadDate);
        let says = if text.is_empty() { "is empty".to_owned() } else { format!("\"{text}\" cannot be read") };
        format!("{}: the service date {says}; rules that need it were not asked", case.printed_codes())
    })
}

fn units_unreadable(case: &RuleInput<'_>) -> Answer {
    let text = case.line.text(Text::BadUnits);
    if case.stay.is_some() {
        return Answer::NotApplicable("a stay has no units");
    }
    Answer::when(!text.is_empty(), || format!("{}: units \"{text}\" cannot be read; counted as 1", case.what()))
}

fn pointer_to_nothing(case: &RuleInput<'_>) -> Answer {
    Answer::when(case.line.marks.pointer_to_nothing, || {
        format!("{}: a diagnosis pointer points to no diagnosis of the row; it was ignored", case.what())
    })
}

fn composite(case: &RuleInput<'_>) -> Answer {
    let composite = case.stay.map_or(case.line.marks.composite, |s| s.composite);
    Answer::when(composite, || format!("{}: more than the code stands in its cell; the rest was not read", case.what()))
}

fn zero_lost(case: &RuleInput<'_>) -> Answer {
    let lost = case.stay.map_or(case.line.marks.zero_lost, |s| s.zero_lost);
    Answer::when(lost, || {
        format!("{}: an ICD-10-PCS code came without its leading zero, as spreadsheets leave it", case.what())
    })
}

fn amount_unreadable(case: &RuleInput<'_>) -> Answer {
    let text = case.line.text(Text::BadAmount);
    Answer::when(!text.is_empty(), || format!("{}: {text} cannot be read; treated as absent", case.what()))
}

fn version_without_original(case: &RuleInput<'_>) -> Answer {
    if case.line.version == Version::Original {
        return Answer::NotApplicable("asked of replacements and voids only (frequency 7 and 8)");
    }
    Answer::when(case.orphan, || {
        let kind = if case.line.version == Version::Void { "void (frequency 8)" } else { "replacement (frequency 7)" };
        format!("{}: a {kind} that names no other claim and meets no other version of its own", case.what())
    })
}
