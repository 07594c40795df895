//! `claimlint sample`: draws an audit sample and writes its worksheet.

use std::io::{BufWriter, Write};

use anyhow::bail;

use crate::cli::args::{FrameStatus, Sample, SampleBy};
use crate::cli::machine::DefaultMemory;
use crate::cli::new_file;
use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, dollars, grouped, paint};
use crate::exit::Exit;
use crate::frame::Allowance;
use crate::report::sample::draw::{DrawnStratum, draw};
use crate::report::sample::frame::{Frame, of_report};
use crate::report::sample::worksheet;
use crate::report::words::numbers::counted;
use crate::rules::judge::ServiceStatus;

/// Strata where none are asked for.
const STRATA: u32 = 3;

/// Draws a sample.
pub(crate) fn sample(args: &Sample, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let strata = match (args.by, args.strata) {
        (SampleBy::All, None) => 1,
        (SampleBy::All, Some(_)) => bail!("--strata: only for --by stratum"),
        (SampleBy::Stratum, strata) => strata.unwrap_or(STRATA),
    };
    let statuses: Vec<ServiceStatus> = match &args.status[..] {
        [] => vec![ServiceStatus::Deny, ServiceStatus::Review],
        some => some.iter().copied().map(FrameStatus::into).collect(),
    };
    let mut allowance = Allowance::new(args.memory.unwrap_or_else(|| DefaultMemory::here().bytes));
    let (report, frame) = of_report(&args.report, &statuses, args.seed, &mut allowance)?;
    let drawn = draw(&frame, args.size, strata)?;
    new_file::save("--out", &args.out, |file| {
        let mut file = BufWriter::new(file);
        worksheet::write(&report, &frame, &drawn, &mut allowance, &mut file).map_err(|e| match e {
            worksheet::WorksheetError::Write(e) => anyhow::Error::from(e),
            unread @ worksheet::WorksheetError::Report(_) => unread.into(),
        })?;
        Ok(file.flush()?)
    })?;
    describe(args, &frame, &drawn, out)?;
    Ok(Exit::Clean)
}

fn describe(args: &Sample, frame: &Frame, drawn: &[DrawnStratum], out: &mut dyn Write) -> std::io::Result<()> {
    let report = args.report.display().to_string();
    writeln!(out, "\n{}  {}, seed {}\n", paint(BOLD, "sample"), style::seen(&report), args.seed)?;
    let heads = ["stratum", "services", "drawn", "at risk", "smallest", "largest"];
    let mut table = Columns::new(heads.map(|head| (head, Align::Right)));
    for (n, stratum) in drawn.iter().enumerate() {
        table.row([
            grouped(n as u64 + 1),
            grouped(stratum.services),
            grouped(stratum.drawn.len() as u64),
            dollars(stratum.amount),
            dollars(stratum.amounts.0),
            dollars(stratum.amounts.1),
        ]);
    }
    table.print(out)?;
    let mut lines = vec![format!(
        "Frame: {}, {} at risk, {}",
        counted(frame.units.len() as u64, "service"),
        dollars(frame.amount()),
        frame.hash_text()
    )];
    if frame.without_amount > 0 {
        let missing = counted(frame.without_amount, "service");
        lines.push(format!("Not in the frame: {missing} without an amount at risk"));
    }
    let (services, amount) = frame.not_paid;
    if services > 0 {
        lines.push(format!(
            "No payments: the amounts of {} in the frame, {}, are allowed amounts or charges (amount_basis). An overpayment \
             cannot be estimated from them.",
            counted(services, "service"),
            dollars(amount)
        ));
    }
    let worksheet = args.out.display().to_string();
    lines.push(format!("Worksheet: {}", style::seen(&worksheet)));
    lines.push("Write the amount that should have been paid into audited_amount, then: claimlint estimate".to_owned());
    writeln!(out)?;
    lines.iter().try_for_each(|line| writeln!(out, "{}", style::fitted(line, 2)))
}
