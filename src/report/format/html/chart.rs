//! Horizontal bars in SVG, each with its numbers as text next to it, so that the page is complete without them.
//!
//! A crate for charts would draw axes and fonts that the page does not use. Our own code stays because two rectangles
//! per bar are all that is needed, and their bytes depend on nothing but the numbers.

use serde::{Deserialize, Serialize};

use crate::claim::{Cents, Sum};
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::report::words::share::share_in_words;
use crate::rules::judge::{Judgment, ServiceStatus};

/// The sums that one bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct BarMeasure {
    /// Denied services and what is at risk on them.
    pub deny: (u64, Sum),
    /// Services in review and what is at risk on them.
    pub review: (u64, Sum),
    /// The part of the amount at risk that denials would recover.
    pub recoverable: Sum,
    /// The number in the last column: all services of a group, all findings of a rule.
    pub all: u64,
}

/// What a service adds to the sums of a bar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceMeasure {
    status: ServiceStatus,
    at_risk: Cents,
    recoverable: Cents,
}

impl ServiceMeasure {
    /// Of a service with this judgment.
    pub(crate) fn of(judgment: &Judgment) -> Self {
        let recoverable = judgment.recoverable.unwrap_or_default();
        Self { status: judgment.status, at_risk: judgment.amount(), recoverable }
    }
}

impl BarMeasure {
    /// Services that are not clear.
    pub fn flagged(&self) -> u64 {
        self.deny.0 + self.review.0
    }

    /// Adds a service.
    pub(crate) fn add_service(&mut self, service: ServiceMeasure) {
        self.add_flagged(service);
        self.all += 1;
    }

    /// Adds a service, but not to [`Self::all`].
    pub(crate) fn add_flagged(&mut self, service: ServiceMeasure) {
        let part = match service.status {
            ServiceStatus::Deny => &mut self.deny,
            ServiceStatus::Review => &mut self.review,
            ServiceStatus::Clear | ServiceStatus::NotEvaluated => return,
        };
        part.0 += 1;
        part.1 += service.at_risk;
        self.recoverable += service.recoverable;
    }

    /// Adds another part of the services.
    pub fn merge(&mut self, other: &Self) {
        self.deny.0 += other.deny.0;
        self.deny.1 += other.deny.1;
        self.review.0 += other.review.0;
        self.review.1 += other.review.1;
        self.recoverable += other.recoverable;
        self.all += other.all;
    }

    /// At risk on them.
    pub fn at_risk(&self) -> Sum {
        Sum(self.deny.1.0 + self.review.1.0)
    }
}

/// Label, note and sums of a bar.
pub(crate) type ChartRow = (String, String, BarMeasure);

/// A sentence on the groups that a chart leaves out, by their number and sum; empty if there are none.
pub(crate) fn rest(knows_amounts: bool, [one, many]: [&str; 2], (count, sum): (u64, BarMeasure)) -> String {
    if count == 0 {
        return String::new();
    }
    format!(
        "{} {}: {} at risk, {} of {} flagged.",
        grouped(count),
        if count == 1 { one } else { many },
        sum_in_words(sum.at_risk(), knows_amounts),
        grouped(sum.flagged()),
        counted(sum.all, "service")
    )
}

/// One bar.
#[derive(Debug)]
pub struct Bar {
    /// The label: a rule code, a month, an NPI.
    pub label: String,
    /// What the label means; may be empty.
    pub note: String,
    /// The share of flagged services with its interval; empty if there are too few services, or in charts without shares.
    pub share: String,
    /// At risk, as money.
    pub at_risk: String,
    /// Recoverable, as money.
    pub recoverable: String,
    /// Flagged services.
    pub flagged: String,
    /// The last column.
    pub all: String,
    /// Width of the denied part in thousandths of the longest bar.
    pub deny: u64,
    /// Width of the review part, right of it.
    pub review: u64,
}

/// What a chart is about.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// Title.
    pub title: &'static str,
    /// Its anchor on the page.
    pub anchor: &'static str,
    /// The filter of the table of services that a bar sets; empty if bars set none.
    pub filter: &'static str,
    /// What the bars are grouped by: the heading of the first column.
    pub by: &'static str,
    /// The heading of the last column.
    pub all: &'static str,
    /// Are amounts shown? Without them the chart is a list of counts.
    pub has_money: bool,
    /// Are shares of flagged services shown?
    pub has_shares: bool,
    /// Is the chart, by its first bars, on the printed summary?
    pub in_brief: bool,
}

/// A chart.
#[derive(Debug)]
pub struct Chart {
    /// What it is about.
    pub topic: Topic,
    /// A note on how to read the chart.
    pub note: String,
    /// The bars, in the order given.
    pub bars: Vec<Bar>,
}

/// Full width of a bar.
const FULL_WIDTH: i128 = 1000;

impl Chart {
    /// Lays out the bars. Their length is the amount at risk, or the number of services if no service has an amount.
    pub fn new(topic: Topic, note: String, rows: Vec<ChartRow>, knows_amounts: bool) -> Self {
        let money = rows.iter().any(|(_, _, m)| m.at_risk().0 != 0);
        // A group whose credits exceed its payments has no bar, only its number.
        let length = |(services, amount): (u64, Sum)| {
            if money { amount.0.max(0) } else { i128::from(services) }
        };
        let longest = rows.iter().map(|(_, _, m)| length(m.deny) + length(m.review)).max().unwrap_or(0).max(1);
        let width = |n: i128| (n * FULL_WIDTH / longest) as u64;
        let bars = rows.into_iter().map(|(label, note, m)| Bar {
            label,
            note,
            share: if topic.has_shares { share_in_words(m.flagged(), m.all) } else { String::new() },
            at_risk: sum_in_words(m.at_risk(), knows_amounts),
            recoverable: sum_in_words(m.recoverable, knows_amounts),
            flagged: grouped(m.flagged()),
            all: grouped(m.all),
            deny: width(length(m.deny)),
            review: width(length(m.review)),
        });
        Self { topic, note, bars: bars.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(measures: &[(i128, i128)]) -> Vec<(u64, u64)> {
        let rows = measures.iter().map(|(deny, review)| {
            (
                String::new(),
                String::new(),
                BarMeasure { deny: (2, Sum(*deny)), review: (1, Sum(*review)), ..BarMeasure::default() },
            )
        });
        let topic = Topic {
            title: "",
            anchor: "",
            filter: "",
            by: "",
            all: "",
            has_money: true,
            has_shares: false,
            in_brief: false,
        };
        Chart::new(topic, String::new(), rows.collect(), true).bars.iter().map(|b| (b.deny, b.review)).collect()
    }

    #[test]
    fn the_longest_bar_is_full_and_none_is_longer() {
        assert_eq!(widths(&[(300, 100), (100, 0), (0, 1)]), [(750, 250), (250, 0), (0, 2)]);
        assert_eq!(widths(&[(i64::MAX.into(), i64::MAX.into()), (1, 1)]), [(500, 500), (0, 0)]);
    }

    #[test]
    fn credits_have_no_bar_and_missing_amounts_fall_back_to_services() {
        assert_eq!(widths(&[(-500, 0), (100, 0)]), [(0, 0), (1000, 0)]);
        assert_eq!(widths(&[(0, 0), (0, 0)]), [(666, 333), (666, 333)]);
        assert!(widths(&[]).is_empty());
    }
}
