//! All rules with their numbers.

use crate::finding::evidence::{DiagnosisEvidence, Evidence};
use crate::finding::{Finding, RuleId};
use crate::rules::rule::Rule;
use crate::rules::{authorization, coding, diagnosis, quality, routing, session};

/// All rules, in the order of help and reports.
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

/// The rule whose suggested reason codes a finding carries: its own rule, or the rule on injuries if every considered
/// diagnosis is an injury.
pub(crate) fn reasons_rule(finding: &Finding) -> RuleId {
    let injuries =
        matches!(finding.evidence, Evidence::Diagnosis(DiagnosisEvidence::NotListed { injuries_only: true }));
    let of_injuries = || roster().find(|(_, rule)| rule.code == diagnosis::INJURIES).map(|(id, _)| id);
    injuries.then(of_injuries).flatten().unwrap_or(finding.rule)
}
