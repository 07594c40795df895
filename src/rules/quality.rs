//! DQ: cells that could not be read as they stand, and what was done about them.

use crate::claim::Text;
use crate::claim::line::Version;
use crate::finding::evidence::QualityEvidence;
use crate::rules::{Answer, AppliesTo, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule::new("DQ501", AppliesTo::ServicesAndRelated, date_unreadable),
    Rule::new("DQ502", AppliesTo::ServicesAndRelated, units_unreadable),
    Rule::new("DQ505", AppliesTo::ServicesAndRelated, pointer_to_nothing),
    Rule::new("DQ506", AppliesTo::ServicesAndRelated, composite),
    Rule::new("DQ507", AppliesTo::ServicesAndRelated, zero_lost),
    Rule::new("DQ508", AppliesTo::ServicesAndRelated, amount_unreadable),
    Rule::new("DQ509", AppliesTo::Everything, version_without_original),
];

fn date_unreadable(case: &RuleInput<'_>) -> Answer {
    Answer::when(case.line.date.is_none(), || QualityEvidence::DateUnreadable)
}

fn units_unreadable(case: &RuleInput<'_>) -> Answer {
    if case.stay.is_some() {
        return Answer::NotApplicable("a stay has no units");
    }
    Answer::when(!case.line.text(Text::BadUnits).is_empty(), || QualityEvidence::UnitsUnreadable)
}

fn pointer_to_nothing(case: &RuleInput<'_>) -> Answer {
    Answer::when(case.line.points_to_nothing(), || QualityEvidence::PointerToNothing)
}

fn composite(case: &RuleInput<'_>) -> Answer {
    let composite = case.stay.map_or(case.line.marks.composite, |s| s.composite);
    Answer::when(composite, || QualityEvidence::ProcedureCellComposite)
}

fn zero_lost(case: &RuleInput<'_>) -> Answer {
    let lost = case.stay.map_or(case.line.marks.zero_lost, |s| s.zero_lost);
    Answer::when(lost, || QualityEvidence::LeadingZeroLost)
}

fn amount_unreadable(case: &RuleInput<'_>) -> Answer {
    Answer::when(!case.line.text(Text::BadAmount).is_empty(), || QualityEvidence::AmountUnreadable)
}

fn version_without_original(case: &RuleInput<'_>) -> Answer {
    if case.line.version == Version::Original {
        return Answer::NotApplicable("asked of replacements and voids only (frequency 7 and 8)");
    }
    Answer::when(case.orphan, || QualityEvidence::VersionWithoutOriginal)
}
