//! The rules: kinds of fault in code, one family a file, each with its documentation beside it as data.
//!
//! A rule is a function from a [`RuleInput`] to an [`Answer`]: the reason why it fires, or why it does not. It sees no CSV and no thread; what it may ask is
//! what a case offers. Lists, limits and dispositions are the policy's.
//!
//! To add a rule: write its check in its family's file, put it into the family's list, document it in the TOML
//! beside with an example that fires and one that does not, and give it a disposition and a citation in the policy
//! file. The tests name whatever is missing.

pub mod explain;
pub mod input;

mod cap;
mod money;

pub mod authorization;
pub mod coding;
pub mod diagnosis;
pub mod doc;
pub mod judge;
pub mod quality;
pub mod routing;
pub mod session;

pub use crate::rules::input::RuleInput;

use crate::finding::evidence::{DiagnosisEvidence, Evidence};
use crate::finding::{Cap, Finding, RuleId, Subject};

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
    fn when<E: Into<Evidence>>(fires: bool, evidence: impl FnOnce() -> E) -> Self {
        if fires { Self::Fired(evidence().into()) } else { Self::Passed }
    }
}

impl<E: Into<Evidence>> From<E> for Answer {
    fn from(evidence: E) -> Self {
        Self::Fired(evidence.into())
    }
}

/// Rules on days are not asked without one (DQ501 says so).
const NO_DATE: Answer = Answer::CouldNot("the service date cannot be read");

/// Rules on the class are not asked without one (RT402 says so).
const NO_CLASS: Answer = Answer::CouldNot("the policy's tables name no class for the product");

/// Rules on CPT lines.
const CPT_ONLY: Answer = Answer::NotApplicable("asked of lines with a listed CPT code only");

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
    const fn new(code: &'static str, applies_to: AppliesTo, check: fn(&RuleInput<'_>) -> Answer) -> Self {
        Self { code, applies_to, check, doubts_necessity: false, caps: &[] }
    }

    const fn capped_by(self, caps: &'static [Cap]) -> Self {
        Self { caps, ..self }
    }

    const fn doubting_necessity(self) -> Self {
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

/// All rules; the order is the order of help and reports.
pub const FAMILIES: [&[Rule]; 6] =
    [diagnosis::RULES, authorization::RULES, coding::RULES, routing::RULES, session::RULES, quality::RULES];

/// The rules with their numbers.
pub fn roster() -> impl Iterator<Item = (RuleId, &'static Rule)> {
    FAMILIES.iter().flat_map(|family| family.iter()).enumerate().map(|(i, rule)| (RuleId(i as u8), rule))
}

/// The codes of all rules.
pub fn codes() -> Vec<&'static str> {
    roster().map(|(_, rule)| rule.code).collect()
}

/// The rule of a number.
pub fn get(id: RuleId) -> &'static Rule {
    let mut number = usize::from(id.0);
    for family in FAMILIES {
        if let Some(rule) = family.get(number) {
            return rule;
        }
        number -= family.len();
    }
    unreachable!("a RuleId comes from the roster")
}

/// The rule whose suggested reason codes a finding carries: its own, but where every considered diagnosis is an injury, that of
/// the rule on injuries.
pub fn reasons_rule(finding: &Finding) -> RuleId {
    let injuries =
        matches!(finding.evidence, Evidence::Diagnosis(DiagnosisEvidence::NotListed { injuries_only: true }));
    let of_injuries = || roster().find(|(_, rule)| rule.code == diagnosis::INJURIES).map(|(id, _)| id);
    injuries.then(of_injuries).flatten().unwrap_or(finding.rule)
}
