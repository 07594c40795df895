//! `claimlint estimate`: extrapolates an audited worksheet to the frame of its sample.

use std::io::Write;

use crate::claim::Sum;
use crate::cli::args::Estimate;
use crate::cli::machine::DefaultMemory;
use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, dollars, grouped, paint};
use crate::exit::Exit;
use crate::frame::Allowance;
use crate::report::sample::audited::AuditedWorksheet;
use crate::report::words::numbers::counted;
use crate::statistics::extrapolation;
use crate::statistics::extrapolation::Distribution;

/// Confidence of the two-sided interval. Its lower limit is what the Office of Inspector General of the Department of
/// Health and Human Services recommends for recovery.
const CONFIDENCE: f64 = 0.9;

/// Extrapolates a worksheet.
pub(crate) fn estimate(args: &Estimate, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let sheet = AuditedWorksheet::read(
        &args.worksheet,
        &mut Allowance::new(args.memory.unwrap_or_else(|| DefaultMemory::here().bytes)),
    )?;
    let found = extrapolation::estimate(&sheet.differences(), CONFIDENCE)?;
    let name = args.worksheet.display().to_string();
    let head = format!(
        "{}  {}, seed {}, frame {}",
        paint(BOLD, "estimate"),
        style::seen(&name),
        style::seen(&sheet.seed),
        style::seen(&sheet.frame_hash)
    );
    writeln!(out, "\n{}\n", style::fitted(&head, 2))?;
    strata(&sheet, out)?;
    writeln!(out)?;
    let how = match found.distribution {
        Distribution::Student(degrees) => {
            format!("t of {} degrees of freedom: {:.6}", grouped(degrees), found.quantile)
        }
        Distribution::Normal => format!("z of the normal distribution: {:.6}", found.quantile),
    };
    let share = if found.point.0 == 0 { String::new() } else { precision(found.margin, found.point) };
    let rows = [
        ("estimated overpayment", dollars(found.point)),
        ("standard error", dollars(Sum(found.standard_error.round() as i128))),
        ("margin", format!("{}{share}", dollars(found.margin))),
        ("lower limit", dollars(found.lower())),
        ("upper limit", dollars(found.upper())),
    ];
    let mut table = Columns::new([("of the frame", Align::Left), ("", Align::Right)]);
    for (what, amount) in rows {
        table.row([what.to_owned(), amount]);
    }
    table.print(out)?;
    writeln!(out)?;
    let text = format!(
        "The limits are those of the two-sided interval at 90 percent, by {how}. Amounts paid too little are set off. A lower limit \
         of 0 or less supports no recovery."
    );
    write!(out, "{}", style::wrapped(&text, 0))?;
    Ok(Exit::Clean)
}

/// The margin as a share of the estimate.
fn precision(margin: Sum, point: Sum) -> String {
    format!(" ({:.1}%)", margin.0 as f64 / point.0.unsigned_abs() as f64 * 100.0)
}

fn strata(sheet: &AuditedWorksheet, out: &mut dyn Write) -> std::io::Result<()> {
    let heads = ["stratum", "services", "audited", "overpaid", "amount", "audited amount"];
    let mut table = Columns::new(heads.map(|head| (head, Align::Right)));
    for (number, stratum) in &sheet.strata {
        let (differences, amount) = (stratum.differences, stratum.sampled_amount);
        table.row([
            number.to_string(),
            grouped(differences.services()),
            grouped(differences.sampled()),
            dollars(differences.sum()),
            dollars(amount),
            dollars(Sum(amount.0 - differences.sum().0)),
        ]);
    }
    table.print(out)?;
    let of = |count: fn(&crate::report::sample::audited::AuditedStratum) -> u64| sheet.strata.values().map(count).sum();
    let (sampled, over, under): (u64, u64, u64) =
        (of(|s| s.differences.sampled()), of(|s| s.overpaid), of(|s| s.underpaid));
    let not_paid = of(|s| s.not_paid);
    let all: Sum = sheet.strata.values().map(|stratum| stratum.amount).sum();
    let line = format!(
        "Of {}, {} have an amount above the audited one and {} one below it. The frame has {} at risk.",
        counted(sampled, "audited service"),
        grouped(over),
        grouped(under),
        dollars(all)
    );
    writeln!(out, "\n{}", style::fitted(&line, 2))?;
    if not_paid > 0 {
        let line = format!(
            "No payments: the amounts of {} are allowed amounts or charges (amount_basis), so what is estimated below was not \
             paid in full.",
            counted(not_paid, "audited service")
        );
        writeln!(out, "{}", style::fitted(&line, 2))?;
    }
    Ok(())
}
