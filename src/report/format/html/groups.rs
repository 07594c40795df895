//! Services and money by rule, product class, month and billing provider, for the charts of the page.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::ops::AddAssign;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::claim::{ClassId, Text};
use crate::disk::sorted::KeyedSums;
use crate::policy::Disposition;
use crate::report::format::html::chart::{BarMeasure, Chart, Topic};
use crate::report::provider_key::provider_key;
use crate::report::sink::Scratch;
use crate::report::view::{PartView, ReportContext};
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::report::words::share::LEAST_SERVICES;
use crate::rules::judge::{Judgment, ServiceStatus};
use crate::tally::Summary;

/// Most billing providers shown: as many as fit on a page.
const MAX_PROVIDERS_SHOWN: usize = 20;

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

fn add(measure: &mut BarMeasure, judgment: &Judgment) {
    let part = match judgment.status {
        ServiceStatus::Deny => &mut measure.deny,
        ServiceStatus::Review => &mut measure.review,
        ServiceStatus::Clear | ServiceStatus::NotEvaluated => return,
    };
    part.0 += 1;
    part.1 += judgment.amount();
    measure.recoverable += judgment.recoverable.unwrap_or_default();
}

/// The sums that the charts show, without those of the providers.
#[derive(Default)]
struct Sums {
    /// By rule number, so that looking up a finding takes constant time.
    rules: Vec<BarMeasure>,
    classes: BTreeMap<ClassId, BarMeasure>,
    /// Services without a readable date come after all months.
    months: BTreeMap<(bool, Option<(i16, i8)>), BarMeasure>,
}

/// Bytes of providers that stay in memory: as many as of a roll-up by provider, some tens of thousands.
const PROVIDER_BYTES: usize = 8 << 20;

/// The sums of a provider, and the first name that a service states for it.
#[derive(Default, Serialize, Deserialize)]
struct ProviderSums {
    measure: BarMeasure,
    name: Box<str>,
    /// The number of the part that states the name.
    part: u64,
}

impl AddAssign for ProviderSums {
    fn add_assign(&mut self, other: Self) {
        self.measure.merge(&other.measure);
        if !other.name.is_empty() && (self.name.is_empty() || other.part < self.part) {
            (self.name, self.part) = (other.name, other.part);
        }
    }
}

/// The providers of a run, of which there may be more than fit in memory.
struct Providers {
    sums: KeyedSums<ProviderSums>,
    parts: u64,
}

impl Providers {
    fn new(scratch: Scratch) -> Self {
        Self { sums: KeyedSums::new(scratch, PROVIDER_BYTES), parts: 0 }
    }
}

/// Sums by key. They are large, and stay where they are while the table of their places grows.
type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

/// The sums of one part. Its providers are looked up only when the part is merged; their names are stored in one string
/// with the ends of NPI and name.
pub(crate) struct PartGroups {
    sums: Sums,
    names: String,
    providers: Vec<([usize; 2], BarMeasure)>,
}

impl PartGroups {
    /// Adds up a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut sums = Sums { rules: vec![BarMeasure::default(); part.context.docs.len()], ..Sums::default() };
        let (mut classes, mut months) = (Table::default(), Table::default());
        let mut providers = Table::<Cow<'_, str>, (BarMeasure, &str)>::default();
        for (i, judgment) in part.judged.services.iter().enumerate() {
            let line = part.line_set.line_of(i);
            for rule in &judgment.rules {
                add(&mut sums.rules[usize::from(rule.0)], judgment);
            }
            let month = (line.date.is_none(), line.date.map(|d| (d.year(), d.month())));
            let (of_provider, name) = providers.entry(provider_key(line)).or_default();
            if name.is_empty() {
                *name = line.text(Text::BillingProviderName);
            }
            for measure in [classes.entry(line.class).or_default(), months.entry(month).or_default(), of_provider] {
                add(measure, judgment);
                measure.all += 1;
            }
        }
        sums.classes = classes.into_iter().collect();
        sums.months = months.into_iter().collect();
        let mut names = String::new();
        let ended = |(npi, (measure, name)): (Cow<'_, str>, (BarMeasure, &str))| {
            names.push_str(&npi);
            let end = names.len();
            names.push_str(name);
            ([end, names.len()], measure)
        };
        let providers = providers.into_iter().map(ended).collect();
        Self { sums, names, providers }
    }
}

/// The sums of a run.
pub(crate) struct Groups {
    sums: Sums,
    providers: Providers,
}

impl Groups {
    /// No sums. Providers that do not fit in memory go to files that `scratch` makes.
    pub(crate) fn new(scratch: Scratch) -> Self {
        Self { sums: Sums::default(), providers: Providers::new(scratch) }
    }

    /// Adds the sums of the next part.
    pub(crate) fn merge(&mut self, part: PartGroups) -> io::Result<()> {
        self.sums.merge(part.sums);
        let mut start = 0;
        for ([end, name_end], measure) in part.providers {
            let (npi, name) = (&part.names[start..end], &part.names[end..name_end]);
            start = name_end;
            self.providers.sums.add(npi, ProviderSums { measure, name: name.into(), part: self.providers.parts })?;
        }
        self.providers.parts += 1;
        Ok(())
    }

    /// The charts, in two columns of the page.
    pub(crate) fn charts(self, context: ReportContext<'_>, summary: &Summary) -> io::Result<[Vec<Chart>; 2]> {
        let (rows, others) = highest(context.run.knows_amounts(), self.providers.sums.finish()?)?;
        Ok(self.sums.charts(context, summary, (rows, others)))
    }
}

impl Sums {
    fn merge(&mut self, other: Self) {
        self.rules.resize(self.rules.len().max(other.rules.len()), BarMeasure::default());
        self.rules.iter_mut().zip(&other.rules).for_each(|(mine, more)| mine.merge(more));
        other.classes.into_iter().for_each(|(id, more)| self.classes.entry(id).or_default().merge(&more));
        other.months.into_iter().for_each(|(month, more)| self.months.entry(month).or_default().merge(&more));
    }

    fn charts(
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

type ChartRow = (String, String, BarMeasure);

/// Highest amount first, then most services; equal groups keep their order.
fn by_amount(rows: impl Iterator<Item = ChartRow>) -> Vec<ChartRow> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(_, _, m)| Reverse((m.at_risk(), m.flagged(), m.all)));
    rows
}

/// A sentence on the groups that a chart leaves out, by their number and sum; empty if there are none.
fn rest(knows_amounts: bool, [one, many]: [&str; 2], (count, sum): (u64, BarMeasure)) -> String {
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

/// The highest providers, each with NPI and name, and sentences on the rest and the shares.
fn highest(
    knows_amounts: bool,
    providers: impl Iterator<Item = io::Result<(Box<str>, ProviderSums)>>,
) -> io::Result<(Vec<ChartRow>, String)> {
    // The lowest of the highest is on top; of equal providers, that with the highest number.
    let mut shown = BinaryHeap::with_capacity(MAX_PROVIDERS_SHOWN + 1);
    let (mut left_out, mut count) = (BarMeasure::default(), 0);
    for provider in providers {
        let (npi, ProviderSums { measure, name, .. }) = provider?;
        let order = (measure.at_risk(), measure.flagged(), measure.all);
        shown.push((Reverse(order), npi, name, measure));
        if shown.len() > MAX_PROVIDERS_SHOWN
            && let Some((.., lowest)) = shown.pop()
        {
            left_out.merge(&lowest);
            count += 1;
        }
    }
    let left_out = rest(knows_amounts, ["provider more", "providers more"], (count, left_out));
    let shares = format!(
        "Providers with at least {LEAST_SERVICES} services have the share of flagged ones, with its 95% interval (Wilson)."
    );
    let note =
        if left_out.is_empty() { shares } else { format!("The {MAX_PROVIDERS_SHOWN} highest. {left_out} {shares}") };
    let label = |npi: &str| if npi.is_empty() { "no NPI on the claim".to_owned() } else { value(npi).into_owned() };
    let rows = shown.into_sorted_vec().into_iter();
    Ok((rows.map(|(_, npi, name, m)| (label(&npi), value(&name).into_owned(), m)).collect(), note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Sum;

    fn provider(npi: &str, measure: BarMeasure) -> (Box<str>, ProviderSums) {
        (npi.into(), ProviderSums { measure, ..ProviderSums::default() })
    }

    #[test]
    fn the_first_name_counts_in_whatever_order_sums_are_added() {
        let sums = |name: &str, part| ProviderSums { name: name.into(), part, ..ProviderSums::default() };
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let named = ["", "First", "Second"];
            let mut sum = ProviderSums::default();
            for part in order {
                sum += sums(named[part], part as u64);
            }
            assert_eq!(&*sum.name, "First");
        }
    }

    #[test]
    fn providers_beyond_the_twentieth_are_summed() {
        let names: Vec<String> = (0..23).map(|n| format!("19000000{n:02}")).collect();
        let providers = names
            .iter()
            .zip(1..)
            .map(|(name, n)| provider(name, BarMeasure { deny: (1, Sum(n * 100)), all: 2, ..BarMeasure::default() }));
        let (rows, others) = highest(true, providers.map(Ok)).expect("no disk is needed");
        assert_eq!(rows.len(), MAX_PROVIDERS_SHOWN);
        assert_eq!(rows[0].0, "1900000022");
        assert!(rows.iter().map(|(name, ..)| name).rev().eq(&names[3..]));
        assert_eq!(
            others,
            "The 20 highest. 3 providers more: $6.00 at risk, 3 of 6 services flagged. Providers with at least 5 services \
             have the share of flagged ones, with its 95% interval (Wilson)."
        );
    }

    #[test]
    fn equal_providers_are_in_the_order_of_their_numbers() {
        let names: Vec<String> = (0..30).rev().map(|n| format!("19000000{n:02}")).collect();
        let equal = names.iter().map(|name| provider(name, BarMeasure { all: 2, ..BarMeasure::default() }));
        let (rows, _) = highest(true, equal.map(Ok)).expect("no disk is needed");
        assert!(rows.iter().map(|(name, ..)| name).eq(names.iter().rev().take(MAX_PROVIDERS_SHOWN)));
    }

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
