//! Counts and money by status and by rule. All sums are exact, so merging parts in any grouping gives the same totals.

use std::collections::BTreeMap;

use crate::claim::{Cents, Sum};
use crate::finding::{Finding, RuleId, Subject};
use crate::policy::Disposition;
use crate::rules::judge::{Judged, ServiceStatus};

/// Counts and money of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleTally {
    /// Findings.
    pub findings: u64,
    /// Services with such findings. Other findings are on related lines.
    pub services: u64,
    /// Amount at risk of those services. A service counts under every rule that fired on it, so the rules do not add up to the
    /// total.
    pub at_risk: Sum,
}

/// Counts and money of one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusTally {
    /// Services.
    pub services: u64,
    /// Amount at risk.
    pub at_risk: Sum,
    /// The part of it that denials would recover.
    pub recoverable: Sum,
}

/// Counts and money of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// By status.
    pub statuses: BTreeMap<ServiceStatus, StatusTally>,
    /// By rule, for rules that fired.
    pub rules: BTreeMap<RuleId, RuleTally>,
    /// Number of findings by disposition.
    pub dispositions: BTreeMap<Disposition, u64>,
}

impl Summary {
    /// The counts and money of one part of the run.
    pub fn from_judged(judged: &Judged) -> Self {
        let mut sum = Self::default();
        let mut statuses = ServiceStatus::ALL.map(|_| StatusTally::default());
        for judgment in &judged.services {
            let status = &mut statuses[judgment.status as usize];
            status.services += 1;
            status.at_risk += judgment.amount();
            status.recoverable += judgment.recoverable.unwrap_or_default();
        }
        let is_some = |status: &ServiceStatus| statuses[*status as usize].services > 0;
        sum.statuses =
            ServiceStatus::ALL.into_iter().filter(is_some).map(|status| (status, statuses[status as usize])).collect();
        judged.findings.iter().for_each(|finding| sum.add_finding(finding, judged));
        sum
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

    /// Adds the counts of another part of the run.
    pub fn merge(&mut self, other: &Self) {
        for (status, tally) in &other.statuses {
            let mine = self.statuses.entry(*status).or_default();
            mine.services += tally.services;
            mine.at_risk += tally.at_risk;
            mine.recoverable += tally.recoverable;
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

    /// The totals of one status, zero if no service has it.
    pub fn status(&self, status: ServiceStatus) -> StatusTally {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// Number of all services.
    pub fn services(&self) -> u64 {
        self.statuses.values().map(|s| s.services).sum()
    }

    /// Total amount at risk. Each service counts once.
    pub fn at_risk(&self) -> Sum {
        self.statuses.values().map(|s| s.at_risk).sum()
    }

    /// Total recoverable amount. Each service counts once.
    pub fn recoverable(&self) -> Sum {
        self.statuses.values().map(|s| s.recoverable).sum()
    }

    /// Number of findings with this disposition or a more severe one.
    pub(crate) fn findings_from(&self, least: Disposition) -> u64 {
        self.dispositions.range(least..).map(|(_, n)| n).sum()
    }
}

/// Counts and money of some findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShareTally {
    /// Findings.
    pub findings: u64,
    /// Services that have such findings.
    pub services: u64,
    /// Amount at risk of those services. Each service counts once.
    pub at_risk: Sum,
}

impl ShareTally {
    fn merge(&mut self, other: Self) {
        self.findings += other.findings;
        self.services += other.services;
        self.at_risk += other.at_risk;
    }
}

/// A finding of a [`Share`]: the number of its subject, the amount at risk if the subject is a service (zero if that has none),
/// and its disposition.
pub type ShareFinding = (usize, Option<Cents>, Disposition);

/// Adds up findings that come in ascending order. So it need not remember which services were counted.
#[derive(Debug, Default)]
pub struct ShareInOrder {
    share: Share,
    /// The last finding on a service.
    last: Option<ShareFinding>,
}

impl ShareInOrder {
    /// Adds the next finding.
    pub fn add(&mut self, finding: ShareFinding) {
        let (subject, amount, disposition) = finding;
        let (own, all) = (self.share.by.entry(disposition).or_default(), &mut self.share.all);
        own.findings += 1;
        all.findings += 1;
        let Some(amount) = amount.filter(|_| self.last != Some(finding)) else { return };
        own.services += 1;
        own.at_risk += amount;
        if self.last.is_none_or(|(last, ..)| last != subject) {
            all.services += 1;
            all.at_risk += amount;
        }
        self.last = Some(finding);
    }

    /// The totals.
    pub fn finish(self) -> Share {
        self.share
    }
}

/// Totals over a subset of the findings of a run, such as the suppressed or the new ones. A service counts once under each
/// disposition, and once in the total.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Share {
    by: BTreeMap<Disposition, ShareTally>,
    all: ShareTally,
}

impl Share {
    /// Adds up findings, each given by the number of its subject, its disposition, and the amount at risk if the subject is a
    /// service, zero if that has none.
    pub(crate) fn from_findings(findings: impl Iterator<Item = (usize, Disposition, Option<Cents>)>) -> Self {
        let mut all: Vec<_> = findings.map(|(subject, disposition, amount)| (subject, amount, disposition)).collect();
        all.sort_unstable();
        let mut sum = ShareInOrder::default();
        for finding in all {
            sum.add(finding);
        }
        sum.share
    }

    /// The totals of one disposition.
    pub(crate) fn of_disposition(&self, disposition: Disposition) -> ShareTally {
        self.by.get(&disposition).copied().unwrap_or_default()
    }

    /// The totals of all findings.
    pub fn all(&self) -> ShareTally {
        self.all
    }

    /// Findings at or above a disposition.
    pub(crate) fn findings_from(&self, least: Disposition) -> u64 {
        self.by.range(least..).map(|(_, tally)| tally.findings).sum()
    }

    /// Adds the findings of another part of the run. No service is in both parts.
    pub fn merge(&mut self, other: &Self) {
        for (disposition, tally) in &other.by {
            self.by.entry(*disposition).or_default().merge(*tally);
        }
        self.all.merge(other.all);
    }
}

/// The findings of a run compared with those of an earlier report, without suppressed findings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewTally {
    /// New findings: they ask for something that the earlier report did not ask for.
    pub new: Share,
    /// Findings that the earlier report had as well.
    pub known: Share,
    /// Findings of the earlier report that are gone.
    pub gone: Share,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_counts_once() {
        use Disposition::{Deny, Info, Review};
        let dollar = |n: i64| Some(Cents(100 * n));
        let all = [
            (1, Deny, dollar(5)),
            (1, Deny, dollar(5)),
            (1, Review, dollar(5)),
            (2, Review, dollar(7)),
            (9, Info, None),
            (10, Info, dollar(0)),
        ];
        let share = Share::from_findings(all.into_iter());
        let tally = |findings, services, at_risk: i128| ShareTally { findings, services, at_risk: Sum(100 * at_risk) };
        assert_eq!(share.of_disposition(Deny), tally(2, 1, 5));
        assert_eq!(share.of_disposition(Review), tally(2, 2, 12));
        assert_eq!(share.of_disposition(Info), tally(2, 1, 0));
        assert_eq!(share.all(), tally(6, 3, 12));
        assert_eq!((share.findings_from(Review), share.findings_from(Info)), (4, 6));
        let mut parts = Share::from_findings(all[..3].iter().copied());
        parts.merge(&Share::from_findings(all[3..].iter().copied()));
        assert_eq!(parts, share);
    }
}
