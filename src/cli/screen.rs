//! The result of a run on one screen.

use std::io::{self, Write};
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::paint::{self, BOLD, DIM, dollars, grouped, paint};
use crate::report::Content;
use crate::rules::judge::Status;

/// How many of the highest services are shown.
const HIGHEST: usize = 5;

pub(super) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(paint::width() as u16);
    table
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

pub(super) fn print(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    table.lines().try_for_each(|line| writeln!(out, " {}", line.trim_end()))
}

/// Prints it.
pub(super) fn result(content: &Content<'_>, place: &Path, out: &mut dyn Write) -> io::Result<()> {
    let outcome = content.outcome;
    let summary = &outcome.summary;
    let ledger = &outcome.ledger;
    let policy = outcome.policy.origin("policy");
    writeln!(out, "\n{}  policy {}, edition {}", paint(BOLD, "claimlint"), policy.id, outcome.policy.edition(None).id)?;
    let files = if outcome.inputs.len() == 1 {
        paint::seen(&outcome.inputs[0].name).into_owned()
    } else {
        format!("{} extracts", outcome.inputs.len())
    };
    if ledger.rows == 0 {
        writeln!(out, "{files}: a header and no rows\n")?;
    } else {
        let line = format!("{files}: {} rows = {}", grouped(ledger.rows), bins(content));
        writeln!(out, "{}\n", paint::fitted(&line, 2))?;
    }
    if summary.services() == 0 {
        writeln!(out, "No kyphoplasty service: no row holds a listed procedure code.\n")?;
    } else {
        statuses(content, out)?;
        rules(content, out)?;
        highest(content, out)?;
    }
    let rejected: usize = outcome.inputs.iter().map(|i| i.rejects.len()).sum();
    if rejected > 0 {
        writeln!(
            out,
            "{} rejected row{}: see {}",
            grouped(rejected as u64),
            if rejected == 1 { "" } else { "s" },
            place.join("rejects.csv").display()
        )?;
    }
    writeln!(out, "{} {}", paint(BOLD, "Report:"), place.join("report.html").display())?;
    for sentence in &outcome.policy.unseen {
        write!(out, "{DIM}{}{DIM:#}", paint::wrapped(sentence, 0))?;
    }
    Ok(())
}

fn bins(content: &Content<'_>) -> String {
    let bins = content.outcome.ledger.bins();
    let filled = bins.iter().rev().filter(|(_, n, _)| *n > 0).map(|(bin, n, _)| format!("{} {bin}", grouped(*n)));
    filled.collect::<Vec<_>>().join(" + ")
}

fn statuses(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = &content.outcome.summary;
    let mut table = table();
    table.set_header(vec![Cell::new("services"), right("count"), right("at risk")]);
    for status in Status::ALL {
        let tally = summary.status(status);
        let amount = if status == Status::Clear { String::new() } else { dollars(tally.at_risk) };
        table.add_row(vec![Cell::new(status.word()), right(grouped(tally.services)), right(amount)]);
    }
    table.add_row(vec![Cell::new("all"), right(grouped(summary.services())), right(dollars(summary.at_risk()))]);
    let mut lines: Vec<String> = table.lines().collect();
    for (line, status) in lines.iter_mut().skip(1).zip(Status::ALL) {
        *line = line.replacen(status.word(), &paint(paint::status(status), status.word()), 1);
    }
    for line in lines {
        writeln!(out, " {}", line.trim_end())?;
    }
    writeln!(out)
}

fn rules(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = table();
    table.set_header(vec![
        Cell::new("rule"),
        Cell::new("found"),
        Cell::new("default"),
        right("findings"),
        right("at risk"),
    ]);
    for (id, tally) in &content.outcome.summary.rules {
        let (doc, setting) = (content.doc(*id), content.setting(*id));
        table.add_row(vec![
            Cell::new(&doc.code),
            Cell::new(&doc.name),
            Cell::new(setting.disposition.word()),
            right(grouped(tally.findings)),
            right(if tally.at_risk.0 == 0 { String::new() } else { dollars(tally.at_risk) }),
        ]);
    }
    print(out, &table)?;
    writeln!(out)
}

fn highest(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcome = content.outcome;
    let mut services: Vec<usize> =
        (0..outcome.judged.services.len()).filter(|i| outcome.judged.services[*i].at_risk.is_some()).collect();
    let dearest_first = |i: &usize| (std::cmp::Reverse(outcome.judged.services[*i].at_risk), *i);
    if services.len() > HIGHEST {
        services.select_nth_unstable_by_key(HIGHEST, dearest_first);
        services.truncate(HIGHEST);
    }
    services.sort_unstable_by_key(dearest_first);
    if services.is_empty() {
        return Ok(());
    }
    let mut table = table();
    table.set_header(vec![
        right("highest"),
        Cell::new("status"),
        Cell::new("claim"),
        Cell::new("code"),
        Cell::new("date"),
        Cell::new("rules"),
    ]);
    for i in services {
        let judgement = &outcome.judged.services[i];
        let line = content.service_line(i);
        let rules: Vec<_> = judgement.rules.iter().map(|r| content.doc(*r).code.as_str()).collect();
        table.add_row(vec![
            right(judgement.at_risk.map_or(String::new(), |(amount, _)| dollars(amount))),
            Cell::new(judgement.status.word()),
            Cell::new(paint::seen(line.claim_id())),
            Cell::new(content.service_codes(i)),
            Cell::new(line.date.map_or(String::new(), |d| d.to_string())),
            Cell::new(rules.join(" ")),
        ]);
    }
    print(out, &table)?;
    writeln!(out)
}
