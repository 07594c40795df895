//! Writes a trend as CSV: a row for each month of all services, of each rule and of each provider, then a row for each
//! comparison.

use std::io;
use std::io::Write;

use crate::claim::Sum;
use crate::report::table::csv_row::CsvRows;
use crate::report::table::record::Cells as _;
use crate::report::trend::moved::{Compared, Comparison};
use crate::report::trend::series::{Counts, Months, Trend};
use crate::statistics::proportion::Proportion;

/// The columns of the CSV.
pub const COLUMNS: [&str; 16] = [
    "kind",
    "key",
    "month",
    "services",
    "flagged",
    "share",
    "share_change",
    "deny",
    "review",
    "amount_at_risk",
    "amount_change",
    "recoverable",
    "change_low",
    "change_high",
    "moved",
    "name",
];

/// Writes the series and the comparisons. `name` says what a rule finds.
pub fn csv(
    trend: &Trend,
    comparison: Option<&Comparison>,
    name: &dyn Fn(&str) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut head = CsvRows::default();
    head.header(&COLUMNS);
    out.write_all(head.into_text().as_bytes())?;
    series(["month", "", ""], &trend.months, trend, false, out)?;
    for (rule, months) in &trend.rules {
        series(["rule", rule, &name(rule)], months, trend, true, out)?;
    }
    for (npi, months) in &trend.providers {
        series(["provider", npi, trend.name(npi)], months, trend, false, out)?;
    }
    let Some(comparison) = comparison else { return Ok(()) };
    for (kind, all) in [("rule-comparison", &comparison.rules), ("provider-comparison", &comparison.providers)] {
        for one in all {
            let name = if kind == "rule-comparison" { name(&one.key) } else { trend.name(&one.key).to_owned() };
            compared([kind, &name], one, comparison, trend, out)?;
        }
    }
    Ok(())
}

/// The months of one series. The share of a rule is that of all services of the month.
fn series(
    [kind, key, name]: [&str; 3],
    months: &Months,
    trend: &Trend,
    is_rule: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut before = None::<(Proportion, Sum)>;
    for (month, counts) in months {
        let share = if is_rule {
            let all = trend.months.get(month).map_or(0, |all| all.services);
            Proportion { count: counts.services, all }
        } else {
            counts.proportion()
        };
        // Services without a date are no month that a change could be told from.
        let change = before
            .filter(|_| !month.is_empty())
            .map(|(was, amount)| (share.share() - was.share(), Sum(counts.at_risk.0 - amount.0)));
        row([kind, key, month, name], share, counts, change, None, trend.knows_amounts(), out)?;
        before = (!month.is_empty()).then_some((share, counts.at_risk));
    }
    Ok(())
}

/// A comparison: the counts of the later period, and its difference from the earlier one.
fn compared(
    [kind, name]: [&str; 2],
    one: &Compared,
    comparison: &Comparison,
    trend: &Trend,
    out: &mut dyn Write,
) -> io::Result<()> {
    let [was, is] = &one.counts;
    let change = one.shares[1].share() - one.shares[0].share();
    let change = Some((change, comparison.change_per_month([was.at_risk, is.at_risk])));
    row([kind, &one.key, &comparison.since, name], one.shares[1], is, change, Some(one), trend.knows_amounts(), out)
}

fn row(
    [kind, key, month, name]: [&str; 4],
    share: Proportion,
    counts: &Counts,
    change: Option<(f64, Sum)>,
    compared: Option<&Compared>,
    knows_amounts: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let fraction = |share: f64| format!("{share:.4}");
    let money = |sum: Sum| if knows_amounts { sum.to_string() } else { String::new() };
    let difference = compared.and_then(|one| one.difference);
    let mut cells = CsvRows::default();
    cells.text(kind);
    cells.input(key);
    cells.text(month);
    cells.number(share.all);
    cells.number(share.count);
    cells.text(&fraction(share.share()));
    cells.text(&change.map_or_else(String::new, |(share, _)| fraction(share)));
    cells.number(counts.deny);
    cells.number(counts.review);
    cells.text(&money(counts.at_risk));
    cells.text(&change.map_or_else(String::new, |(_, amount)| money(amount)));
    cells.text(&money(counts.recoverable));
    cells.text(&difference.map_or_else(String::new, |difference| fraction(difference.low)));
    cells.text(&difference.map_or_else(String::new, |difference| fraction(difference.high)));
    cells.text(match compared {
        None => "",
        Some(one) if one.difference.is_none() => "not compared",
        Some(one) if one.moved() => "yes",
        Some(_) => "no",
    });
    cells.input(name);
    cells.end();
    out.write_all(cells.into_text().as_bytes())
}
