//! Services and money by rule, product class, month and billing provider, for the charts of the page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::report::words::finding::value;
use rustc_hash::FxHashMap;

use crate::claim::{ClassId, Text};
use crate::report::format::html::chart::{BarMeasure, Chart};
use crate::report::view::{PartView, ReportContext};
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::rules::judge::{Judgement, ServiceStatus};
use crate::tally::Summary;

/// Most billing providers shown: as many as fit on a page.
const MAX_PROVIDERS_SHOWN: usize = 20;

fn add(measure: &mut BarMeasure, judgement: &Judgement) {
    let part = match judgement.status {
        ServiceStatus::Deny => &mut measure.deny,
        ServiceStatus::Review => &mut measure.review,
        ServiceStatus::Clear | ServiceStatus::NotEvaluated => return,
    };
    part.0 += 1;
    part.1 += judgement.amount();
    measure.recoverable += judgement.recoverable.unwrap_or_default();
}

/// The sums that the charts show.
#[derive(Default)]
pub(crate) struct Groups {
    /// By rule number, so that looking up a finding takes constant time.
    rules: Vec<BarMeasure>,
    classes: BTreeMap<ClassId, BarMeasure>,
    /// Services without a readable date come after all months.
    months: BTreeMap<(bool, Option<(i16, i8)>), BarMeasure>,
    providers: FxHashMap<String, BarMeasure>,
}

/// The sums of one part. Its providers are looked up only when the part is merged; their names are stored in one string
/// with the end of each.
pub(crate) struct PartGroups {
    groups: Groups,
    names: String,
    providers: Vec<(usize, BarMeasure)>,
}

impl PartGroups {
    /// Adds up a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut groups = Groups { rules: vec![BarMeasure::default(); part.context.docs.len()], ..Groups::default() };
        let mut providers = FxHashMap::<&str, BarMeasure>::default();
        for (i, judgement) in part.judged.services.iter().enumerate() {
            let line = part.line_set.line_of(i);
            for rule in &judgement.rules {
                add(&mut groups.rules[usize::from(rule.0)], judgement);
            }
            let month = (line.date.is_none(), line.date.map(|d| (d.year(), d.month())));
            for measure in [
                groups.classes.entry(line.class).or_default(),
                groups.months.entry(month).or_default(),
                providers.entry(line.text(Text::BillingNpi)).or_default(),
            ] {
                add(measure, judgement);
                measure.all += 1;
            }
        }
        let mut names = String::new();
        let ended = |(npi, measure): (&str, BarMeasure)| {
            names.push_str(npi);
            (names.len(), measure)
        };
        let providers = providers.into_iter().map(ended).collect();
        Self { groups, names, providers }
    }
}

impl Groups {
    /// Adds the sums of a part.
    pub(crate) fn merge(&mut self, part: PartGroups) {
        let PartGroups { groups: other, names, providers } = part;
        self.rules.resize(self.rules.len().max(other.rules.len()), BarMeasure::default());
        self.rules.iter_mut().zip(&other.rules).for_each(|(mine, more)| mine.merge(more));
        other.classes.into_iter().for_each(|(id, more)| self.classes.entry(id).or_default().merge(&more));
        other.months.into_iter().for_each(|(month, more)| self.months.entry(month).or_default().merge(&more));
        let mut start = 0;
        for (end, more) in providers {
            let npi = &names[start..end];
            start = end;
            match self.providers.get_mut(npi) {
                Some(measure) => measure.merge(&more),
                None => _ = self.providers.insert(npi.to_owned(), more),
            }
        }
    }

    /// The charts, in the order of the page.
    pub(crate) fn charts(mut self, context: ReportContext<'_>, summary: &Summary) -> Vec<Chart> {
        let policy = &context.run.policy;
        self.rules.resize(context.docs.len(), BarMeasure::default());
        for (rule, tally) in &summary.rules {
            self.rules[usize::from(rule.0)].all = tally.findings;
        }
        let rules = context.docs.iter().zip(self.rules).filter(|(_, m)| m.all > 0).map(|(doc, m)| {
            let disposition = policy.rule(&doc.code).disposition.word();
            (doc.code.clone(), format!("{}, {disposition}", doc.name), m)
        });
        let classes = self.classes.into_iter().map(|(id, m)| {
            let class = policy.class(id);
            (class.id.clone(), class.title.clone(), m)
        });
        let months = self.months.into_iter().map(|((_, month), m)| {
            (month.map_or("no date".to_owned(), |(year, month)| format!("{year:04}-{month:02}")), String::new(), m)
        });
        let known = context.run.knows_amounts();
        let (providers, others) = highest(known, self.providers.iter().map(|(npi, m)| (npi.as_str(), *m)).collect());
        vec![
            Chart::new(
                ("Rule", "Rule", "Findings"),
                "A service counts under every rule that fired on it, so the rows do not add up to the total. The word after \
                 the name is the rule's default disposition. Findings on rows that are not services have no amount."
                    .to_owned(),
                by_amount(rules),
                known,
            ),
            Chart::new(("Product class", "Class", "Services"), String::new(), by_amount(classes), known),
            Chart::new(("Month of service", "Month", "Services"), String::new(), months.collect(), known),
            Chart::new(("Billing provider", "NPI", "Services"), others, providers, known),
        ]
    }
}

type ChartRow = (String, String, BarMeasure);

/// Highest amount first, then most services; equal groups keep their order.
fn by_amount(rows: impl Iterator<Item = ChartRow>) -> Vec<ChartRow> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(_, _, m)| Reverse((m.at_risk(), m.flagged(), m.all)));
    rows
}

/// The highest providers, and a sentence on the rest.
fn highest(knows_amounts: bool, mut rows: Vec<(&str, BarMeasure)>) -> (Vec<ChartRow>, String) {
    let order = |(npi, m): &(&str, BarMeasure), (other_npi, other): &(&str, BarMeasure)| {
        let measure = |m: &BarMeasure| (m.at_risk(), m.flagged(), m.all);
        measure(other).cmp(&measure(m)).then_with(|| npi.cmp(other_npi))
    };
    // A plan has tens of thousands of providers, and only a few are printed, so the rest is not sorted.
    if rows.len() > MAX_PROVIDERS_SHOWN {
        rows.select_nth_unstable_by(MAX_PROVIDERS_SHOWN, order);
    }
    let rest = rows.split_off(rows.len().min(MAX_PROVIDERS_SHOWN));
    rows.sort_unstable_by(order);
    let others = if rest.is_empty() {
        String::new()
    } else {
        let mut sum = BarMeasure::default();
        for (_, m) in &rest {
            sum.deny.0 += m.flagged();
            sum.deny.1 += m.at_risk();
            sum.all += m.all;
        }
        format!(
            "The {MAX_PROVIDERS_SHOWN} highest. {} more: {} at risk, {} of {} flagged.",
            counted(rest.len() as u64, "provider"),
            sum_in_words(sum.at_risk(), knows_amounts),
            grouped(sum.flagged()),
            counted(sum.all, "service")
        )
    };
    let name = |npi: &str| if npi.is_empty() { "no NPI on the claim".to_owned() } else { value(npi).into_owned() };
    (rows.into_iter().map(|(npi, m)| (name(npi), String::new(), m)).collect(), others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Sum;

    #[test]
    fn providers_beyond_the_twentieth_are_summed() {
        let names: Vec<String> = (0..23).map(|n| format!("19000000{n:02}")).collect();
        let providers = names
            .iter()
            .zip(1..)
            .map(|(name, n)| (name.as_str(), BarMeasure { deny: (1, Sum(n * 100)), all: 2, ..BarMeasure::default() }));
        let (rows, others) = highest(true, providers.collect());
        assert_eq!(rows.len(), MAX_PROVIDERS_SHOWN);
        assert_eq!(rows[0].0, "1900000022");
        assert!(rows.iter().map(|(name, ..)| name).rev().eq(&names[3..]));
        assert_eq!(others, "The 20 highest. 3 providers more: $6.00 at risk, 3 of 6 services flagged.");
    }

    #[test]
    fn equal_providers_are_in_the_order_of_their_numbers() {
        let names: Vec<String> = (0..30).rev().map(|n| format!("19000000{n:02}")).collect();
        let equal = names.iter().map(|name| (name.as_str(), BarMeasure { all: 2, ..BarMeasure::default() }));
        let (rows, _) = highest(true, equal.collect());
        assert!(rows.iter().map(|(name, ..)| name).eq(names.iter().rev().take(MAX_PROVIDERS_SHOWN)));
    }
}
