//! Services and money by rule, product class and month, and the charts of the page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::claim::ClassId;
use crate::policy::Disposition;
use crate::report::format::html::chart::{BarMeasure, Chart, ChartRow, ServiceMeasure, Topic, rest};
use crate::report::view::{PartView, ReportContext};
use crate::tally::Summary;

/// Most months shown, the latest: two years, as many as fit on a page.
const MAX_MONTHS_SHOWN: usize = 24;

/// The charts: rules, product classes, months, providers, rules for information.
const RULES: Topic = Topic {
    title: "Rule",
    anchor: "rule",
    filter: "rule",
    by: "Rule",
    all: "Findings",
    has_money: true,
    has_shares: false,
    in_brief: true,
};
const CLASSES: Topic =
    Topic { title: "Product class", anchor: "class", filter: "class", by: "Class", all: "Services", ..RULES };
const MONTHS: Topic = Topic {
    title: "Month of service",
    anchor: "month",
    filter: "month",
    by: "Month",
    all: "Services",
    in_brief: false,
    ..RULES
};
const PROVIDERS: Topic = Topic {
    title: "Billing provider",
    anchor: "provider",
    filter: "provider",
    by: "NPI",
    all: "Services",
    has_shares: true,
    ..RULES
};
const INFORMATION: Topic =
    Topic { title: "Rule, for information", anchor: "information", has_money: false, in_brief: false, ..RULES };

/// The sums that the charts show, without those of the providers.
#[derive(Default)]
pub(crate) struct Groups {
    /// By rule number, so that looking up a finding takes constant time.
    rules: Vec<BarMeasure>,
    classes: BTreeMap<ClassId, BarMeasure>,
    /// Services without a readable date come after all months.
    months: BTreeMap<(bool, Option<(i16, i8)>), BarMeasure>,
}

/// Sums by key. They are large, and stay where they are while the table of their places grows.
type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

impl Groups {
    /// Adds up a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut sums = Self { rules: vec![BarMeasure::default(); part.context.docs.len()], ..Self::default() };
        let (mut classes, mut months) = (Table::<_, BarMeasure>::default(), Table::<_, BarMeasure>::default());
        for (i, judgment) in part.judged.services.iter().enumerate() {
            let line = part.line_set.line_of(i);
            let service = ServiceMeasure::of(judgment);
            for rule in &judgment.rules {
                sums.rules[usize::from(rule.0)].add_flagged(service);
            }
            let month = (line.date.is_none(), line.date.map(|d| (d.year(), d.month())));
            for measure in [classes.entry(line.class).or_default(), months.entry(month).or_default()] {
                measure.add_service(service);
            }
        }
        sums.classes = classes.into_iter().collect();
        sums.months = months.into_iter().collect();
        sums
    }

    /// Adds the sums of another part.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rules.resize(self.rules.len().max(other.rules.len()), BarMeasure::default());
        self.rules.iter_mut().zip(&other.rules).for_each(|(mine, more)| mine.merge(more));
        other.classes.into_iter().for_each(|(id, more)| self.classes.entry(id).or_default().merge(&more));
        other.months.into_iter().for_each(|(month, more)| self.months.entry(month).or_default().merge(&more));
    }

    /// The charts, in two columns of the page, with the highest providers and a sentence on the others.
    pub(crate) fn charts(
        mut self,
        context: ReportContext<'_>,
        summary: &Summary,
        (providers, others): (Vec<ChartRow>, String),
    ) -> [Vec<Chart>; 2] {
        let policy = &context.run.policy;
        self.rules.resize(context.docs.len(), BarMeasure::default());
        for (rule, tally) in &summary.rules {
            self.rules[usize::from(rule.0)].all = tally.findings;
        }
        let fired = context.docs.iter().zip(self.rules).filter(|(_, m)| m.all > 0);
        let (information, rules): (Vec<_>, Vec<_>) = fired
            .map(|(doc, m)| (doc, policy.rule(&doc.code).disposition, m))
            .partition(|(_, disposition, _)| *disposition == Disposition::Info);
        let rules = rules
            .into_iter()
            .map(|(doc, disposition, m)| (doc.code.clone(), format!("{}, {}", doc.name, disposition.word()), m));
        let information = information.into_iter().map(|(doc, _, m)| (doc.code.clone(), doc.name.clone(), m));
        let classes = self.classes.into_iter().map(|(id, m)| {
            let class = policy.class(id);
            (class.id.clone(), class.title.clone(), m)
        });
        let known = context.run.knows_amounts();
        let (months, earlier) = latest(known, self.months);
        let mut left = vec![Chart::new(RULES, OF_RULES.to_owned(), by_amount(rules), known)];
        let mut information: Vec<ChartRow> = information.collect();
        information.sort_by_key(|(_, _, m)| Reverse(m.all));
        if !information.is_empty() {
            left.push(Chart::new(INFORMATION, OF_INFORMATION.to_owned(), information, known));
        }
        let right = vec![
            Chart::new(CLASSES, String::new(), by_amount(classes), known),
            Chart::new(MONTHS, earlier, months, known),
            Chart::new(PROVIDERS, others, providers, known),
        ];
        [left, right]
    }
}

const OF_RULES: &str = "A service counts under every rule that fired on it, so the rows do not add up to the total. The word \
                        after the name is the rule's default disposition. Findings on rows that are not services have no \
                        amount.";
const OF_INFORMATION: &str =
    "These rules ask for nothing, so they have no amount. Flagged: services that other rules deny or ask to review.";

/// Highest amount first, then most services; equal groups keep their order.
fn by_amount(rows: impl Iterator<Item = ChartRow>) -> Vec<ChartRow> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(_, _, m)| Reverse((m.at_risk(), m.flagged(), m.all)));
    rows
}

/// The latest months in order, and a sentence on the earlier ones. Services without a date come after all months.
fn latest(knows_amounts: bool, months: BTreeMap<(bool, Option<(i16, i8)>), BarMeasure>) -> (Vec<ChartRow>, String) {
    let dated = months.keys().filter(|(_, month)| month.is_some()).count();
    let earlier = dated.saturating_sub(MAX_MONTHS_SHOWN);
    let mut left_out = BarMeasure::default();
    months.values().take(earlier).for_each(|measure| left_out.merge(measure));
    let rows = months.into_iter().skip(earlier).map(|((_, month), m)| {
        (month.map_or("no date".to_owned(), |(year, month)| format!("{year:04}-{month:02}")), String::new(), m)
    });
    (rows.collect(), rest(knows_amounts, ["earlier month", "earlier months"], (earlier as u64, left_out)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Sum;

    #[test]
    fn months_before_the_latest_two_years_are_summed() {
        let measure = BarMeasure { deny: (1, Sum(100)), all: 2, ..BarMeasure::default() };
        let dated = (0..30).map(|n| ((false, Some((2021 + n / 12, 1 + (n % 12) as i8))), measure));
        let (rows, earlier) = latest(true, dated.chain([((true, None), measure)]).collect());
        let labels: Vec<&str> = rows.iter().map(|(label, ..)| label.as_str()).collect();
        assert_eq!((labels.len(), labels[0], labels[23], labels[24]), (25, "2021-07", "2023-06", "no date"));
        assert_eq!(earlier, "6 earlier months: $6.00 at risk, 6 of 12 services flagged.");
        assert_eq!(latest(true, BTreeMap::new()).1, "");
    }
}
