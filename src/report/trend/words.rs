//! The sentences of a trend, for the terminal and the page.

use crate::report::trend::moved::{Compared, Comparison};
use crate::report::trend::series::Trend;
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, grouped};
use crate::report::words::share::LEAST_SERVICES;
use crate::statistics::proportion::{Difference, Proportion};

/// A share in percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A change of a share in percentage points, with its sign. A change that is 0 when rounded has none.
pub fn points(change: f64) -> String {
    let text = format!("{:+.1}", change * 100.0);
    if ["+0.0", "-0.0"].contains(&text.as_str()) { "0.0".to_owned() } else { text }
}

/// The limits of a difference.
pub fn limits(difference: Difference) -> String {
    format!("{} to {}", points(difference.low), points(difference.high))
}

/// What is counted, what is done with services that several reports have, and what makes reports hard to compare.
pub fn about(trend: &Trend) -> Vec<String> {
    let services = trend.months.values().map(|counts| counts.services).sum();
    let reports = trend.reports.len() as u64;
    let mut lines = vec![format!("{} in {}", counted(services, "service"), counted(reports, "report"))];
    if trend.named_again > 0 {
        lines.push(format!(
            "{} left out: the same run as another one that is named",
            counted(trend.named_again, "report")
        ));
    }
    if trend.repeated() > 0 {
        lines.push(format!(
            "{} found again in an older report: each service counts once, as the newest report has it",
            counted(trend.repeated(), "service")
        ));
    }
    if trend.undated() > 0 {
        lines.push(format!(
            "{} without a service date that can be read: in no month",
            counted(trend.undated(), "service")
        ));
    }
    lines.extend(doubts(trend));
    lines
}

/// What makes the reports hard to compare with each other.
fn doubts(trend: &Trend) -> Vec<String> {
    let all = trend.reports.len() as u64;
    let some = |n: u64| (n > 0 && n < all).then(|| format!("{} of {} reports", grouped(n), grouped(all)));
    let mut lines = Vec::new();
    if trend.policies.len() > 1 {
        lines.push(format!(
            "The reports were judged by {} different policies or selections of rules, so a change may come from that",
            grouped(trend.policies.len() as u64)
        ));
    }
    if trend.layouts.len() > 1 {
        let names: Vec<_> = trend.layouts.iter().map(|name| value(name)).collect();
        lines.push(format!(
            "The extracts were read with different layouts ({}), so a change may come from that",
            names.join(", ")
        ));
    }
    if let Some(some) = some(trend.reports_that(|report| !report.has_authorizations)) {
        lines.push(format!("{some} had no authorization file, so a change may come from that"));
    }
    if let Some(some) = some(trend.reports_that(|report| !report.knows_amounts)) {
        lines.push(format!("{some} have no amounts: sums are those of the others"));
    }
    let unknown = trend.reports_that(|report| report.when.is_empty());
    if all > 1 && unknown > 0 {
        lines.push(format!(
            "{} without a run.json that can be read: taken as older than the others",
            counted(unknown, "report")
        ));
    }
    lines
}

/// How the periods were compared.
pub fn method(comparison: Option<&Comparison>) -> String {
    let flagged = "Flagged services are those to deny or to review.";
    let Some(found) = comparison else {
        return format!("{flagged} Nothing is compared: there are no services both before and since one month.");
    };
    format!(
        "{flagged} The months from {} on were compared with all earlier months: {} of rules and providers with at least \
         {LEAST_SERVICES} services in both periods. An interval is Newcombe's for the difference of two shares, at the level \
         {}, so that all of them hold together at 95% (Bonferroni).",
        found.since,
        counted(found.compared as u64, "comparison"),
        level(found.level)
    )
}

/// The rules and the providers that moved beyond chance, a sentence for each. `name` says what a rule finds.
pub fn moved(trend: &Trend, comparison: &Comparison, name: &dyn Fn(&str) -> String) -> Vec<String> {
    let sentence = |one: &Compared, who: String, what: &str| {
        let difference = one.difference.filter(|_| one.moved())?;
        let share = |of: Proportion| format!("{} of {} ({})", grouped(of.count), grouped(of.all), percent(of.share()));
        Some(format!(
            "{who}: {} services {what} since {}, {} before: {} points, interval {}",
            share(one.shares[1]),
            comparison.since,
            share(one.shares[0]),
            points(difference.change),
            limits(difference)
        ))
    };
    let rules = comparison.rules.iter().filter_map(|one| {
        let who = format!("Rule {} {}", value(&one.key), name(&one.key));
        sentence(one, who.trim_end().to_owned(), "with a finding")
    });
    let provider = |one: &Compared| {
        let name = trend.name(&one.key);
        let name = if name.is_empty() { String::new() } else { format!(" ({})", value(name)) };
        sentence(one, format!("Provider {}{name}", value(&one.key)), "flagged")
    };
    rules.chain(comparison.providers.iter().filter_map(provider)).collect()
}

/// A level in percent without trailing zeros.
fn level(level: f64) -> String {
    let digits = format!("{:.3}", level * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trend::series::CountedReport;

    #[test]
    fn numbers_in_words() {
        assert_eq!(
            (percent(0.1234).as_str(), points(0.05).as_str(), points(-0.123).as_str()),
            ("12.3%", "+5.0", "-12.3")
        );
        assert_eq!((points(0.0004).as_str(), points(-0.0004).as_str(), points(0.0)), ("0.0", "0.0", "0.0".to_owned()));
        assert_eq!((level(0.95).as_str(), level(1.0 - 0.05 / 9.0).as_str()), ("95%", "99.444%"));
    }

    #[test]
    fn what_makes_reports_hard_to_compare_is_said() {
        let report = |when: &str, known: bool| CountedReport {
            path: "r".into(),
            when: when.to_owned(),
            services: 1,
            in_newer: 0,
            months: None,
            knows_amounts: known,
            has_authorizations: known,
        };
        let like = Trend { reports: vec![report("2024-03-05 06:07", false); 2], ..Trend::default() };
        assert_eq!(about(&like), ["0 services in 2 reports"], "reports that have the same lack can be compared");
        let names = |names: [&str; 2]| names.map(str::to_owned).into();
        let unlike = Trend {
            reports: vec![report("2024-03-05 06:07", true), report("", false)],
            named_again: 1,
            policies: names(["a", "b"]),
            layouts: names(["canonical", "warehouse"]),
            ..Trend::default()
        };
        let text = about(&unlike).join("\n");
        for wanted in [
            "1 report left out",
            "2 different policies",
            "(canonical, warehouse)",
            "1 of 2 reports had no authorization file",
            "1 of 2 reports have no amounts",
            "1 report without a run.json",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }
}
