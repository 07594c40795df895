//! A rule of the roster: when it is asked, and what it answers.

use crate::claim::index::service::AskedOfMember;
use crate::finding::evidence::Evidence;
use crate::finding::{Cap, Subject};
use crate::rules::input::RuleInput;

/// The subjects that a rule checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliesTo {
    /// Services only.
    Services,
    /// Services and related lines.
    ServicesAndRelated,
    /// Services, related lines, and reversed or superseded lines.
    Everything,
}

/// The result of a rule. The reasons are for `explain`; rules that fire become findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It fires, with the evidence.
    Fired(Evidence),
    /// It applies and does not fire.
    Passed,
    /// It does not apply to the subject, with the reason.
    NotApplicable(&'static str),
    /// A fact that it needs is missing, with its name.
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

/// The answer of rules on dates where the date cannot be read (DQ501 reports that).
pub(super) const NO_DATE: Answer = Answer::CouldNot("the service date cannot be read");

/// The answer of rules on the product class where it is unknown (RT402 reports that).
pub(super) const NO_CLASS: Answer = Answer::CouldNot("the policy's tables name no class for the product");

/// The answer of a rule that the selection of the run leaves out.
pub(super) const NOT_ASKED: Answer = Answer::NotApplicable("left out of the run by --select or --ignore");

/// The answer of rules on CPT lines for a stay.
pub(super) const CPT_ONLY: Answer = Answer::NotApplicable("asked of lines with a listed CPT code only");

/// A rule of the roster.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable code, as in reports.
    pub code: &'static str,
    /// The subjects that it checks.
    pub applies_to: AppliesTo,
    /// The check.
    pub check: fn(&RuleInput<'_>) -> Answer,
    /// If it fires, necessity is undetermined although a listed diagnosis supports the service.
    pub doubts_necessity: bool,
    /// If one of these caps applies, a denial becomes a review. The finding names the first one that applies.
    pub caps: &'static [Cap],
    /// What the check asks about the member's other services. Caps ask for themselves.
    pub asks: AskedOfMember,
}

impl Rule {
    pub(super) const fn new(code: &'static str, applies_to: AppliesTo, check: fn(&RuleInput<'_>) -> Answer) -> Self {
        Self { code, applies_to, check, doubts_necessity: false, caps: &[], asks: AskedOfMember::Nothing }
    }

    pub(super) const fn capped_by(self, caps: &'static [Cap]) -> Self {
        Self { caps, ..self }
    }

    /// Its check looks at the encounter or the session of a service.
    pub(super) const fn asking_of_member(self) -> Self {
        Self { asks: AskedOfMember::Everything, ..self }
    }

    pub(super) const fn doubting_necessity(self) -> Self {
        Self { doubts_necessity: true, ..self }
    }

    /// Does it check such a line or service?
    pub(crate) fn is_asked(&self, subject: Subject) -> bool {
        match subject {
            Subject::Service(_) => true,
            Subject::Related(_) => self.applies_to != AppliesTo::Services,
            Subject::Withdrawn(_) => self.applies_to == AppliesTo::Everything,
        }
    }
}
