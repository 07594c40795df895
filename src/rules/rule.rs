//! A rule of the roster: when it is asked, and what it answers.

use crate::finding::evidence::Evidence;
use crate::finding::{Cap, Subject};
use crate::rules::input::RuleInput;

/// What a rule is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliesTo {
    /// Services only.
    Services,
    /// Services and related lines.
    ServicesAndRelated,
    /// Services, related lines, and lines that a version took back.
    Everything,
}

/// What a rule says when it is asked. The reasons are for the dossier of a claim; findings are made of what fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It fires, and why.
    Fired(Evidence),
    /// It was asked and does not fire.
    Passed,
    /// It does not speak of cases like this one, and why.
    NotApplicable(&'static str),
    /// It lacks what it needs to answer, and what that is.
    CouldNot(&'static str),
}

impl Answer {
    /// Fires with this evidence if `fires`, else passes.
    pub(super) fn when<E: Into<Evidence>>(fires: bool, evidence: impl FnOnce() -> E) -> Self {
        if fires { Self::Fired(evidence().into()) } else { Self::Passed }
    }
}

impl<E: Into<Evidence>> From<E> for Answer {
    fn from(evidence: E) -> Self {
        Self::Fired(evidence.into())
    }
}

/// Rules on days are not asked without one (DQ501 says so).
pub(super) const NO_DATE: Answer = Answer::CouldNot("the service date cannot be read");

/// Rules on the class are not asked without one (RT402 says so).
pub(super) const NO_CLASS: Answer = Answer::CouldNot("the policy's tables name no class for the product");

/// Rules on CPT lines.
pub(super) const CPT_ONLY: Answer = Answer::NotApplicable("asked of lines with a listed CPT code only");

/// A rule of the roster.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable code, as in reports.
    pub code: &'static str,
    /// What it is asked about.
    pub applies_to: AppliesTo,
    /// Does it fire, and if not, why not.
    pub check: fn(&RuleInput<'_>) -> Answer,
    /// Where it fires, necessity is undetermined although a listed diagnosis supports the service.
    pub doubts_necessity: bool,
    /// Where one of these holds, a denial becomes a review. The first one that holds is named.
    pub caps: &'static [Cap],
}

impl Rule {
    pub(super) const fn new(code: &'static str, applies_to: AppliesTo, check: fn(&RuleInput<'_>) -> Answer) -> Self {
        Self { code, applies_to, check, doubts_necessity: false, caps: &[] }
    }

    pub(super) const fn capped_by(self, caps: &'static [Cap]) -> Self {
        Self { caps, ..self }
    }

    pub(super) const fn doubting_necessity(self) -> Self {
        Self { doubts_necessity: true, ..self }
    }

    /// Is it asked about such a line or service?
    pub fn is_asked(&self, subject: Subject) -> bool {
        match subject {
            Subject::Service(_) => true,
            Subject::Related(_) => self.applies_to != AppliesTo::Services,
            Subject::Withdrawn(_) => self.applies_to == AppliesTo::Everything,
        }
    }
}
