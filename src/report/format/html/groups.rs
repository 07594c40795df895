//! Services and money by rule, product class, month and billing provider, for the charts of the page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::report::words::finding::value;
use rustc_hash::FxHashMap;

use crate::claim::{ClassId, Text};
use crate::policy::Disposition;
use crate::report::format::html::chart::{BarMeasure, Chart, Topic};
use crate::report::view::{PartView, ReportContext};
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::report::words::share::LEAST_SERVICES;
use crate::rules::judge::{Judgement, ServiceStatus};
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
    /// With the first name that a service states.
    providers: FxHashMap<String, (BarMeasure, Box<str>)>,
}

/// The sums of one part. Its providers are looked up only when the part is merged; their names are stored in one string
/// with the ends of NPI and name.
pub(crate) struct PartGroups {
    groups: Groups,
    names: String,
    providers: Vec<([usize; 2], BarMeasure)>,
}

impl PartGroups {
    /// Adds up a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut groups = Groups { rules: vec![BarMeasure::default(); part.context.docs.len()], ..Groups::default() };
        let mut providers = FxHashMap::<&str, (BarMeasure, &str)>::default();
        for (i, judgement) in part.judged.services.iter().enumerate() {
            let line = part.line_set.line_of(i);
            for rule in &judgement.rules {
                add(&mut groups.rules[usize::from(rule.0)], judgement);
            }
            let month = (line.date.is_none(), line.date.map(|d| (d.year(), d.month())));
            let (of_provider, name) = providers.entry(line.text(Text::BillingNpi)).or_default();
            if name.is_empty() {
                *name = line.text(Text::BillingProviderName);
            }
            for measure in
                [groups.classes.entry(line.class).or_default(), groups.months.entry(month).or_default(), of_provider]
            {
                add(measure, judgement);
                measure.all += 1;
            }
        }
        let mut names = String::new();
        let ended = |(npi, (measure, name)): (&str, (BarMeasure, &str))| {
            names.push_str(npi);
            let end = names.len();
            names.push_str(name);
            ([end, names.len()], measure)
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
        for ([end, name_end], more) in providers {
            let (npi, name) = (&names[start..end], &names[end..name_end]);
            start = name_end;
            match self.providers.get_mut(npi) {
                Some((measure, known)) => {
                    measure.merge(&more);
                    if known.is_empty() {
                        *known = name.into();
                    }
                }
                None => _ = self.providers.insert(npi.to_owned(), (more, name.into())),
            }
        }
    }

    /// The charts, in two columns of the page.
    pub(crate) fn charts(mut self, context: ReportContext<'_>, summary: &Summary) -> [Vec<Chart>; 2] {
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
        let providers = self.providers.iter().map(|(npi, (m, name))| (npi.as_str(), &**name, *m));
        let (providers, others) = highest(known, providers.collect());
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
    "These rules ask for nothing, so no amount is theirs. Flagged: services that other rules deny or ask to review.";

type ChartRow = (String, String, BarMeasure);

/// Highest amount first, then most services; equal groups keep their order.
fn by_amount(rows: impl Iterator<Item = ChartRow>) -> Vec<ChartRow> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(_, _, m)| Reverse((m.at_risk(), m.flagged(), m.all)));
    rows
}

/// A sentence on the groups that a chart leaves out; empty if there are none.
fn rest(knows_amounts: bool, [one, many]: [&str; 2], left_out: &[BarMeasure]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut sum = BarMeasure::default();
    for measure in left_out {
        sum.merge(measure);
    }
    format!(
        "{} {}: {} at risk, {} of {} flagged.",
        grouped(left_out.len() as u64),
        if left_out.len() == 1 { one } else { many },
        sum_in_words(sum.at_risk(), knows_amounts),
        grouped(sum.flagged()),
        counted(sum.all, "service")
    )
}

/// The latest months in order, and a sentence on the earlier ones. Services without a date come after all months.
fn latest(knows_amounts: bool, months: BTreeMap<(bool, Option<(i16, i8)>), BarMeasure>) -> (Vec<ChartRow>, String) {
    let dated = months.keys().filter(|(_, month)| month.is_some()).count();
    let earlier = dated.saturating_sub(MAX_MONTHS_SHOWN);
    let left_out: Vec<BarMeasure> = months.values().take(earlier).copied().collect();
    let rows = months.into_iter().skip(earlier).map(|((_, month), m)| {
        (month.map_or("no date".to_owned(), |(year, month)| format!("{year:04}-{month:02}")), String::new(), m)
    });
    (rows.collect(), rest(knows_amounts, ["earlier month", "earlier months"], &left_out))
}

/// The highest providers, each with NPI and name, and sentences on the rest and the shares.
fn highest(knows_amounts: bool, mut rows: Vec<(&str, &str, BarMeasure)>) -> (Vec<ChartRow>, String) {
    let order = |(npi, _, m): &(&str, &str, BarMeasure), (other_npi, _, other): &(&str, &str, BarMeasure)| {
        let measure = |m: &BarMeasure| (m.at_risk(), m.flagged(), m.all);
        measure(other).cmp(&measure(m)).then_with(|| npi.cmp(other_npi))
    };
    // A plan has tens of thousands of providers, and only a few are printed, so the rest is not sorted.
    if rows.len() > MAX_PROVIDERS_SHOWN {
        rows.select_nth_unstable_by(MAX_PROVIDERS_SHOWN, order);
    }
    let left_out = rows.split_off(rows.len().min(MAX_PROVIDERS_SHOWN));
    rows.sort_unstable_by(order);
    let left_out = rest(
        knows_amounts,
        ["provider more", "providers more"],
        &left_out.iter().map(|(.., m)| *m).collect::<Vec<_>>(),
    );
    let shares =
        format!("Flagged services as a share from {LEAST_SERVICES} services on, with the 95 % interval of Wilson.");
    let note =
        if left_out.is_empty() { shares } else { format!("The {MAX_PROVIDERS_SHOWN} highest. {left_out} {shares}") };
    let label = |npi: &str| if npi.is_empty() { "no NPI on the claim".to_owned() } else { value(npi).into_owned() };
    (rows.into_iter().map(|(npi, name, m)| (label(npi), value(name).into_owned(), m)).collect(), note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Sum;

    #[test]
    fn providers_beyond_the_twentieth_are_summed() {
        let names: Vec<String> = (0..23).map(|n| format!("19000000{n:02}")).collect();
        let providers = names.iter().zip(1..).map(|(name, n)| {
            (name.as_str(), "", BarMeasure { deny: (1, Sum(n * 100)), all: 2, ..BarMeasure::default() })
        });
        let (rows, others) = highest(true, providers.collect());
        assert_eq!(rows.len(), MAX_PROVIDERS_SHOWN);
        assert_eq!(rows[0].0, "1900000022");
        assert!(rows.iter().map(|(name, ..)| name).rev().eq(&names[3..]));
        assert_eq!(
            others,
            "The 20 highest. 3 providers more: $6.00 at risk, 3 of 6 services flagged. Flagged services as a share from 5 \
             services on, with the 95 % interval of Wilson."
        );
    }

    #[test]
    fn equal_providers_are_in_the_order_of_their_numbers() {
        let names: Vec<String> = (0..30).rev().map(|n| format!("19000000{n:02}")).collect();
        let equal = names.iter().map(|name| (name.as_str(), "", BarMeasure { all: 2, ..BarMeasure::default() }));
        let (rows, _) = highest(true, equal.collect());
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
