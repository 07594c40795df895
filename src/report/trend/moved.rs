//! The later months compared with the earlier ones: which rule or provider moved beyond chance.
//!
//! For a provider the share is that of its flagged services, for a rule that of the services with a finding of it. The
//! interval of a difference is that of Newcombe (method 10). With m comparisons each is at the level 1 - 0.05 / m
//! (Bonferroni), so that all of them hold together in about 95 of 100 cases in which nothing moved. What has fewer than five
//! services in either period is not compared, and a rule is compared if either period has a finding of it.

use std::collections::BTreeMap;

use crate::claim::Sum;
use crate::report::trend::series::{Counts, Months, Trend, total};
use crate::report::words::share::LEAST_SERVICES;
use crate::statistics::proportion::{Difference, Proportion};
use crate::statistics::quantiles::normal_quantile;

/// The chance that anything is named although nothing moved.
const CHANCE: f64 = 0.05;

/// A rule or a provider in two periods.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The code of the rule, or the NPI.
    pub key: String,
    /// The counts of the earlier and of the later months.
    pub counts: [Counts; 2],
    /// The shares that are compared.
    pub shares: [Proportion; 2],
    /// Their difference; `None` if there are too few services.
    pub difference: Option<Difference>,
}

impl Compared {
    /// Did it move beyond chance?
    pub fn moved(&self) -> bool {
        self.difference.is_some_and(Difference::is_beyond_chance)
    }
}

/// Two periods compared.
#[derive(Debug)]
pub struct Comparison {
    /// The first of the later months.
    pub since: String,
    /// All services of the earlier and of the later months.
    pub counts: [Counts; 2],
    /// The months that have services, in the earlier and in the later period.
    pub months: [u64; 2],
    /// Rules: those that moved first, then by the change.
    pub rules: Vec<Compared>,
    /// Providers in the same order.
    pub providers: Vec<Compared>,
    /// How many comparisons were made.
    pub compared: usize,
    /// The level of each interval, from 0 to 1.
    pub level: f64,
}

impl Comparison {
    /// The change of an amount per month, rounded half away from zero to the cent: the periods may have different numbers
    /// of months.
    pub(crate) fn change_per_month(&self, amounts: [Sum; 2]) -> Sum {
        let [was, is] = self.months.map(|months| i128::from(months.max(1)));
        let (difference, months) = (amounts[1].0 * was - amounts[0].0 * is, was * is);
        let rounded = (difference.abs() * 2 + months) / (months * 2);
        Sum(rounded * difference.signum())
    }
}

/// Compares the months from `since` on with those before it; without it, the last month with all before it. `None` if
/// there is no month on one of the sides.
pub fn compare(trend: &Trend, since: Option<&str>) -> Option<Comparison> {
    let since = since.or_else(|| trend.dated().next_back().map(|(month, _)| month))?.to_owned();
    let all = periods(&trend.months, &since);
    if all.iter().any(|counts| counts.services == 0) {
        return None;
    }
    let of = |series: &BTreeMap<String, Months>, shares: &dyn Fn(&[Counts; 2]) -> [Proportion; 2]| -> Vec<Compared> {
        let one = |(key, months): (&String, &Months)| {
            let counts = periods(months, &since);
            Compared { key: key.clone(), shares: shares(&counts), counts, difference: None }
        };
        series.iter().map(one).collect()
    };
    let mut rules =
        of(&trend.rules, &|counts| [0, 1].map(|i| Proportion { count: counts[i].services, all: all[i].services }));
    let mut providers = of(&trend.providers, &|counts| [0, 1].map(|i| counts[i].proportion()));
    providers.retain(|one| !one.key.is_empty());
    rules.retain(|one| one.shares.iter().any(|share| share.count > 0));
    let is_compared = |one: &Compared| one.shares.iter().all(|share| share.all >= LEAST_SERVICES);
    let compared = rules.iter().chain(&providers).filter(|one| is_compared(one)).count();
    let level = 1.0 - CHANCE / compared.max(1) as f64;
    let z = normal_quantile((1.0 - level) / 2.0);
    for one in rules.iter_mut().chain(&mut providers) {
        one.difference = is_compared(one).then(|| Difference::of(one.shares[0], one.shares[1], z));
    }
    rules.sort_by(order);
    providers.sort_by(order);
    let in_period =
        |is_later: bool| trend.dated().filter(|(month, _)| (*month >= since.as_str()) == is_later).count() as u64;
    let months = [in_period(false), in_period(true)];
    Some(Comparison { since, counts: all, months, rules, providers, compared, level })
}

/// The sums of the months before `since` and from it on.
fn periods(months: &Months, since: &str) -> [Counts; 2] {
    let dated = || months.iter().filter(|(month, _)| !month.is_empty());
    [
        total(dated().filter(|(month, _)| month.as_str() < since).map(|(_, counts)| counts)),
        total(dated().filter(|(month, _)| month.as_str() >= since).map(|(_, counts)| counts)),
    ]
}

/// What moved first; then the larger change; then by name.
fn order(a: &Compared, b: &Compared) -> std::cmp::Ordering {
    let change = |one: &Compared| one.difference.map_or(-1.0, |difference| difference.change.abs());
    let moved = b.moved().cmp(&a.moved());
    moved.then(change(b).total_cmp(&change(a))).then_with(|| a.key.cmp(&b.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(list: &[(&str, u64, u64)]) -> Months {
        let counts = |(month, services, deny): &(&str, u64, u64)| {
            ((*month).to_owned(), Counts { services: *services, deny: *deny, ..Counts::default() })
        };
        list.iter().map(counts).collect()
    }

    fn trend() -> Trend {
        let mut trend = Trend {
            months: months(&[("", 3, 0), ("2024-01", 100, 10), ("2024-02", 100, 10), ("2024-03", 100, 60)]),
            ..Trend::default()
        };
        trend.providers = [
            ("A".to_owned(), months(&[("2024-01", 40, 4), ("2024-02", 40, 4), ("2024-03", 40, 30)])),
            ("B".to_owned(), months(&[("2024-01", 40, 4), ("2024-03", 40, 5)])),
            ("C".to_owned(), months(&[("2024-01", 4, 0), ("2024-03", 20, 20)])),
            (String::new(), months(&[("2024-01", 50, 0), ("2024-03", 50, 50)])),
        ]
        .into();
        trend.rules = [
            ("DX101".to_owned(), months(&[("2024-01", 5, 5), ("2024-03", 30, 30)])),
            ("PA201".to_owned(), months(&[("", 2, 2)])),
        ]
        .into();
        trend
    }

    #[test]
    fn the_last_month_is_compared_with_all_before_it() {
        let found = compare(&trend(), None).expect("three months");
        assert_eq!((found.since.as_str(), found.counts[0].services, found.counts[1].services), ("2024-03", 200, 100));
        let names: Vec<_> = found.providers.iter().map(|one| (one.key.as_str(), one.moved())).collect();
        // C has four services before: it is not compared, whatever its share.
        assert_eq!(names, [("A", true), ("B", false), ("C", false)]);
        assert!(found.providers[2].difference.is_none());
        let rules: Vec<_> = found.rules.iter().map(|one| (one.key.as_str(), one.moved())).collect();
        assert_eq!(rules, [("DX101", true)], "a rule on undated services only is not compared");
        assert_eq!(found.rules[0].shares, [Proportion { count: 5, all: 200 }, Proportion { count: 30, all: 100 }]);
        // A, B and the rule.
        assert_eq!(found.compared, 3);
        assert!((found.level - (1.0 - 0.05 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn amounts_are_compared_per_month() {
        let found = compare(&trend(), None).expect("three months");
        assert_eq!(found.months, [2, 1]);
        let change = |was, is| found.change_per_month([Sum(was), Sum(is)]).0;
        // 300.00 in two months are 150.00 a month; half a cent is rounded away from zero.
        assert_eq!((change(30_000, 15_000), change(30_000, 20_000), change(30_000, 0)), (0, 5_000, -15_000));
        assert_eq!((change(1, 0), change(1, 1), change(-1, 0), change(3, 0)), (-1, 1, 1, -2));
    }

    #[test]
    fn a_period_without_services_is_not_compared() {
        assert!(compare(&Trend::default(), None).is_none());
        assert!(compare(&trend(), Some("2024-01")).is_none() && compare(&trend(), Some("2025-01")).is_none());
        assert!(compare(&trend(), Some("2024-02")).is_some());
    }

    /// Of 300 pairs of months of 20 providers with the same chance, about 5% name anybody: 15, and 27 is three standard
    /// deviations more. Wilson's interval is a little narrow for few services, so the test has 200 of each.
    #[test]
    fn where_nothing_moved_nearly_nothing_is_named() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        let mut named = 0;
        for _ in 0..300 {
            let mut trend =
                Trend { months: months(&[("2024-01", 4_000, 0), ("2024-02", 4_000, 0)]), ..Trend::default() };
            for n in 0..20 {
                let mut month = || (0..200).filter(|_| random() < 0.3).count() as u64;
                trend.providers.insert(n.to_string(), months(&[("2024-01", 200, month()), ("2024-02", 200, month())]));
            }
            let found = compare(&trend, None).expect("two months");
            named += usize::from(found.providers.iter().any(Compared::moved));
        }
        assert!((3..=27).contains(&named), "{named}");
    }
}
