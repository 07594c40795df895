//! Counts and money by status and by rule. Exact, and the same whatever the grouping: add, merge, done.

use std::collections::BTreeMap;

use crate::claim::Sum;
use crate::finding::{Finding, RuleId, Subject};
use crate::rules::judge::{Judged, Judgement, Status};

/// What one rule came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleTally {
    /// Findings.
    pub findings: u64,
    /// Services among them; the others are related lines.
    pub services: u64,
    /// At risk on those services. A service counts under every rule that fired on it, so rules do not add up.
    pub at_risk: Sum,
}

/// What one status came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusTally {
    /// Services.
    pub services: u64,
    /// At risk.
    pub at_risk: Sum,
}

/// Counts and money of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// By status.
    pub statuses: BTreeMap<Status, StatusTally>,
    /// By rule, only those that fired.
    pub rules: BTreeMap<RuleId, RuleTally>,
    /// By disposition word, all findings.
    pub dispositions: BTreeMap<crate::policy::Disposition, u64>,
}

impl Summary {
    /// What a part of the services came to.
    pub fn of(judged: &Judged) -> Self {
        let mut sum = Self::default();
        judged.services.iter().for_each(|judgement| sum.add_service(judgement));
        judged.findings.iter().for_each(|finding| sum.add_finding(finding, judged));
        sum
    }

    fn add_service(&mut self, judgement: &Judgement) {
        let status = self.statuses.entry(judgement.status).or_default();
        status.services += 1;
        status.at_risk += judgement.amount();
    }

    fn add_finding(&mut self, finding: &Finding, judged: &Judged) {
        *self.dispositions.entry(finding.disposition).or_default() += 1;
        let rule = self.rules.entry(finding.rule).or_default();
        rule.findings += 1;
        if let Subject::Service(i) = finding.subject {
            rule.services += 1;
            rule.at_risk += judged.services[i].amount();
        }
    }

    /// Joins the counts of another part of the services.
    pub fn merge(&mut self, other: &Self) {
        for (status, tally) in &other.statuses {
            let mine = self.statuses.entry(*status).or_default();
            mine.services += tally.services;
            mine.at_risk += tally.at_risk;
        }
        for (rule, tally) in &other.rules {
            let mine = self.rules.entry(*rule).or_default();
            mine.findings += tally.findings;
            mine.services += tally.services;
            mine.at_risk += tally.at_risk;
        }
        for (disposition, n) in &other.dispositions {
            *self.dispositions.entry(*disposition).or_default() += n;
        }
    }

    /// One status, zero if no service has it.
    pub fn status(&self, status: Status) -> StatusTally {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// All services.
    pub fn services(&self) -> u64 {
        self.statuses.values().map(|s| s.services).sum()
    }

    /// Everything at risk; each service once.
    pub fn at_risk(&self) -> Sum {
        self.statuses.values().map(|s| s.at_risk).sum()
    }

    /// Findings at or above a disposition.
    pub fn findings_from(&self, least: crate::policy::Disposition) -> u64 {
        self.dispositions.range(least..).map(|(_, n)| n).sum()
    }
}
