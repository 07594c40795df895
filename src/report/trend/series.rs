//! Counts and money by month, by rule and by provider.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::claim::{Cents, Sum};
use crate::rules::judge::ServiceStatus;
use crate::statistics::proportion::Proportion;

/// Most months that the text and the page list, the last ones. The CSV has all of them.
pub(crate) const MOST_MONTHS: usize = 24;

/// The services of a month, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All services.
    pub services: u64,
    /// Services to deny.
    pub deny: u64,
    /// Services to review.
    pub review: u64,
    /// At risk on services to deny or review.
    pub at_risk: Sum,
    /// The part of it that denials would recover.
    pub recoverable: Sum,
}

impl Counts {
    /// Services to deny or review.
    pub fn flagged(&self) -> u64 {
        self.deny + self.review
    }

    /// The flagged services of all.
    pub fn proportion(&self) -> Proportion {
        Proportion { count: self.flagged(), all: self.services }
    }

    /// Adds a service.
    pub fn add(&mut self, status: ServiceStatus, amount: Option<Cents>, recoverable: Option<Cents>) {
        self.services += 1;
        self.deny += u64::from(status == ServiceStatus::Deny);
        self.review += u64::from(status == ServiceStatus::Review);
        self.at_risk += amount.unwrap_or(Cents(0));
        self.recoverable += recoverable.unwrap_or(Cents(0));
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        self.services += other.services;
        self.deny += other.deny;
        self.review += other.review;
        self.at_risk += other.at_risk;
        self.recoverable += other.recoverable;
    }
}

/// Counts by month, such as `2024-03`. Services without a date that can be read are in the month of the empty name.
pub type Months = BTreeMap<String, Counts>;

/// The sum of months.
pub fn total<'m>(months: impl IntoIterator<Item = &'m Counts>) -> Counts {
    months.into_iter().fold(Counts::default(), |mut sum, counts| {
        sum.merge(counts);
        sum
    })
}

/// A report as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedReport {
    /// The directory of the report, as given.
    pub path: PathBuf,
    /// Day and time in UTC at which it was written; empty if it does not say.
    pub when: String,
    /// The number of its services.
    pub services: u64,
    /// Those of them that a newer report has, too: they count there.
    pub in_newer: u64,
    /// The first and the last month of its services; `None` if none of them has a date.
    pub months: Option<(String, String)>,
    /// Are its amounts known?
    pub knows_amounts: bool,
    /// Was it judged with an authorization file?
    pub has_authorizations: bool,
}

impl CountedReport {
    /// Counts a service in this month, which is empty for a service without a date.
    pub fn see(&mut self, month: &str) {
        self.services += 1;
        if month.is_empty() {
            return;
        }
        let (first, last) = self.months.get_or_insert_with(|| (month.to_owned(), month.to_owned()));
        if month < first.as_str() {
            month.clone_into(first);
        }
        if month > last.as_str() {
            month.clone_into(last);
        }
    }

    /// Those of its services that count here.
    pub fn counted(&self) -> u64 {
        self.services - self.in_newer
    }
}

/// The series of all reports.
#[derive(Debug, Default)]
pub struct Trend {
    /// The reports, newest first.
    pub reports: Vec<CountedReport>,
    /// Reports that were named again, or copied: they are the same run as one that is counted.
    pub named_again: u64,
    /// All services.
    pub months: Months,
    /// By rule: the services with a finding of it.
    pub rules: BTreeMap<String, Months>,
    /// By billing NPI; the empty name for services without one.
    pub providers: BTreeMap<String, Months>,
    /// The names of providers by NPI, as the newest report that has one has it.
    pub names: BTreeMap<String, String>,
    /// The fingerprints of the policies by which the reports were judged.
    pub policies: BTreeSet<String>,
    /// The layouts with which the extracts were read.
    pub layouts: BTreeSet<String>,
}

/// A month as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedMonth {
    /// `2024-03`, or `earlier` for the sum.
    pub name: String,
    /// Is it the sum of all earlier months?
    pub is_sum: bool,
    /// Counts and amounts of its services.
    pub counts: Counts,
    /// The change of the share of flagged services since the month before that has services.
    pub change: Option<f64>,
}

impl Trend {
    /// The months with a name, in order.
    pub fn dated(&self) -> impl DoubleEndedIterator<Item = (&str, &Counts)> {
        self.months.iter().filter(|(month, _)| !month.is_empty()).map(|(month, counts)| (month.as_str(), counts))
    }

    /// The last [`MOST_MONTHS`] months, after the sum of the earlier ones if there are any.
    pub fn listed(&self) -> Vec<ListedMonth> {
        let left_out = self.dated().count().saturating_sub(MOST_MONTHS);
        let mut listed = Vec::with_capacity(MOST_MONTHS + 1);
        if left_out > 0 {
            let counts = total(self.dated().take(left_out).map(|(_, counts)| counts));
            listed.push(ListedMonth { name: "earlier".to_owned(), is_sum: true, counts, change: None });
        }
        let mut before = None;
        for (n, (month, counts)) in self.dated().enumerate() {
            let share = counts.proportion().share();
            let change = before.replace(share).map(|was| share - was);
            if n >= left_out {
                listed.push(ListedMonth { name: month.to_owned(), is_sum: false, counts: *counts, change });
            }
        }
        listed
    }

    /// The first and the last month: `2024-01 to 2024-12`. Empty if there is none.
    pub(crate) fn period(&self) -> String {
        let ends = self.dated().next().zip(self.dated().next_back());
        ends.map_or_else(String::new, |((first, _), (last, _))| period(first, last))
    }

    /// Are amounts known in at least one report? Otherwise sums are unknown, not zero.
    pub fn knows_amounts(&self) -> bool {
        self.reports.iter().any(|report| report.knows_amounts)
    }

    /// Services that count in a newer report.
    pub fn repeated(&self) -> u64 {
        self.reports.iter().map(|report| report.in_newer).sum()
    }

    /// Services without a date that can be read.
    pub(crate) fn undated(&self) -> u64 {
        self.months.get("").map_or(0, |counts| counts.services)
    }

    /// The name of a provider; empty if no report has one.
    pub fn name(&self, npi: &str) -> &str {
        self.names.get(npi).map_or("", String::as_str)
    }

    /// The number of reports of which `is_it` is true.
    pub(crate) fn reports_that(&self, is_it: impl Fn(&CountedReport) -> bool) -> u64 {
        self.reports.iter().filter(|report| is_it(report)).count() as u64
    }
}

/// The months from the first to the last.
pub(crate) fn period(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_months_are_one_line_and_the_first_listed_month_changed_since_the_one_before() {
        let month = |n: u64| (format!("20{:02}-{:02}", 20 + n / 12, n % 12 + 1), n);
        let counts = |n| Counts { services: 100, deny: n, at_risk: Sum(100), ..Counts::default() };
        let months: Months = (0..30).map(month).map(|(name, n)| (name, counts(n))).collect();
        let undated = (String::new(), Counts { services: 7, ..Counts::default() });
        let trend = Trend { months: months.into_iter().chain([undated]).collect(), ..Trend::default() };
        let listed = trend.listed();
        assert_eq!(
            (listed.len(), listed[0].name.as_str(), listed[0].is_sum, listed[0].change),
            (25, "earlier", true, None)
        );
        assert_eq!((listed[0].counts.services, listed[0].counts.deny, listed[0].counts.at_risk), (600, 15, Sum(600)));
        assert_eq!((listed[1].name.as_str(), listed[24].name.as_str()), ("2020-07", "2022-06"));
        assert!(listed[1..].iter().all(|month| month.change.is_some_and(|change| (change - 0.01).abs() < 1e-12)));
        let sum = total(listed.iter().map(|month| &month.counts));
        assert_eq!((sum.services, trend.undated()), (3000, 7), "no month is lost");
        assert_eq!(trend.period(), "2020-01 to 2022-06");
    }
}
