//! The trend as a page: the months, what moved, rules and providers with small charts, and the reports.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use crate::report::format::html::trend as html;
use crate::report::format::html::trend::{ChartColumn, MonthRow, ReportRow, SeriesRow, SeriesTable, TrendPage};
use crate::report::trend::moved::{Compared, Comparison};
use crate::report::trend::series::{CountedReport, ListedMonth, MOST_MONTHS, Months, Trend, period};
use crate::report::trend::words::{about, limits, method, moved, percent, points};
use crate::report::words::finding::value;
use crate::report::words::numbers::{grouped, sum_in_words};
use crate::statistics::proportion::Proportion;

/// Most rules, most providers and most reports on the page. The CSV has all rules and providers.
const MOST_ROWS: usize = 200;

/// Writes the page. `name` says what a rule finds.
pub fn page(
    trend: &Trend,
    comparison: Option<&Comparison>,
    name: &dyn Fn(&str) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let tables = comparison.map_or_else(Vec::new, |found| {
        let rules = Kind { id: "rules", title: "Rules", by: "Rule", what: "with a finding of the rule", name };
        let provider = |npi: &str| value(trend.name(npi)).into_owned();
        let providers =
            Kind { id: "providers", title: "Providers", by: "Billing NPI", what: "flagged", name: &provider };
        vec![
            rules.table(trend, found, &found.rules, &trend.rules),
            providers.table(trend, found, &found.providers, &trend.providers),
        ]
    });
    let listed = trend.reports.iter().take(MOST_ROWS);
    html::write(
        TrendPage {
            period: trend.period(),
            about: about(trend),
            months: months(trend),
            method: method(comparison),
            moved: comparison.map(|found| moved(trend, found, name)),
            tables,
            reports: listed.map(report).collect(),
            more_reports: more(trend.reports.len()),
        },
        out,
    )
}

/// How many rows of so many the page does not have; empty if it has all.
fn more(rows: usize) -> String {
    let left = rows.saturating_sub(MOST_ROWS);
    if left > 0 { grouped(left as u64) } else { String::new() }
}

fn report(report: &CountedReport) -> ReportRow {
    // The page may be forwarded, so it does not name the directories that lead to a report.
    let name = report.path.canonicalize().unwrap_or_else(|_| report.path.clone());
    let name = name.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    ReportRow {
        name: value(&name).into_owned(),
        when: if report.when.is_empty() { "unknown".to_owned() } else { report.when.clone() },
        months: report.months.as_ref().map_or_else(String::new, |(first, last)| period(first, last)),
        services: grouped(report.services),
        counted: grouped(report.counted()),
    }
}

fn months(trend: &Trend) -> Vec<MonthRow> {
    let known = trend.knows_amounts();
    let listed = trend.listed();
    let months = || listed.iter().filter(|month| !month.is_sum);
    let most = months().map(|month| month.counts.at_risk.0).max().unwrap_or_default().max(1);
    let row = |month: &ListedMonth| MonthRow {
        month: month.name.clone(),
        services: grouped(month.counts.services),
        flagged: grouped(month.counts.flagged()),
        share: percent(month.counts.proportion().share()),
        change: month.change.map_or_else(String::new, points),
        at_risk: sum_in_words(month.counts.at_risk, known),
        recoverable: sum_in_words(month.counts.recoverable, known),
        // A month whose credits exceed its payments has no bar, only its number; neither has a sum of months.
        width: if month.is_sum { 0 } else { (month.counts.at_risk.0.max(0) * 1000 / most) as u64 },
    };
    listed.iter().map(row).collect()
}

/// What a table of series is about.
struct Kind<'a> {
    id: &'static str,
    title: &'static str,
    by: &'static str,
    what: &'static str,
    /// What a key means; may be empty.
    name: &'a dyn Fn(&str) -> String,
}

impl Kind<'_> {
    fn table(
        &self,
        trend: &Trend,
        found: &Comparison,
        compared: &[Compared],
        series: &BTreeMap<String, Months>,
    ) -> SeriesTable {
        SeriesTable {
            id: self.id,
            title: self.title,
            by: self.by,
            what: self.what,
            rows: compared.iter().take(MOST_ROWS).map(|one| self.row(one, trend, found, series)).collect(),
            more: more(compared.len()),
        }
    }

    fn row(&self, one: &Compared, trend: &Trend, found: &Comparison, series: &BTreeMap<String, Months>) -> SeriesRow {
        let own = series.get(&one.key);
        let share = |month: &str| {
            let all = trend.months.get(month).copied().unwrap_or_default();
            let counts = own.and_then(|own| own.get(month)).copied().unwrap_or_default();
            if self.id == "rules" {
                Proportion { count: counts.services, all: all.services }
            } else {
                counts.proportion()
            }
        };
        let shares: Vec<(&str, f64)> = trend.dated().map(|(month, _)| (month, share(month).share())).collect();
        let shares = &shares[shares.len().saturating_sub(MOST_MONTHS)..];
        let highest = shares.iter().map(|(_, share)| *share).fold(0.0, f64::max);
        let column = |(month, share): &(&str, f64)| ChartColumn {
            height: if highest > 0.0 { (share / highest * 100.0).round() as u64 } else { 0 },
            is_later: *month >= found.since.as_str(),
        };
        let told: Vec<String> = shares.iter().map(|(month, share)| format!("{month} {}", percent(*share))).collect();
        SeriesRow {
            key: value(&one.key).into_owned(),
            note: (self.name)(&one.key),
            chart: shares.iter().map(column).collect(),
            told: told.join(", "),
            highest: percent(highest),
            was: percent(one.shares[0].share()),
            is: percent(one.shares[1].share()),
            change: one.difference.map_or_else(|| "too few".to_owned(), |difference| points(difference.change)),
            interval: one.difference.map_or_else(String::new, limits),
            moved: one.moved(),
            at_risk: sum_in_words(one.counts[1].at_risk, trend.knows_amounts()),
        }
    }
}
