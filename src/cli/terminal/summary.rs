//! The result of a run on one screen.

use std::io::{self, Write};
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, dollars, grouped, paint};
use crate::policy::Disposition;
use crate::report::format::html;
use crate::report::notes;
use crate::report::top_services::TopServices;
use crate::report::words::finding::NOT_EVALUATED;
use crate::report::words::numbers::{counted, sum_in_words};
use crate::report::{ReportContext, Totals};
use crate::rules::judge::ServiceStatus;
use crate::tally::{NewTally, Share, Summary};

pub(crate) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(style::width() as u16);
    table
}

pub(crate) fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

pub(crate) fn print(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    table.lines().try_for_each(|line| writeln!(out, " {}", line.trim_end()))
}

/// Prints the result of a run: the ledger, services by status, rules, the highest amounts, and what to know about them.
pub(crate) fn result(context: ReportContext<'_>, totals: &Totals, place: &Path, out: &mut dyn Write) -> io::Result<()> {
    let run = context.run;
    let policy = run.policy.own_origin();
    writeln!(
        out,
        "\n{}  policy {}, edition {}",
        paint(BOLD, "claimlint"),
        style::seen(&policy.id),
        style::seen(&run.policy.edition(None).id)
    )?;
    let files = if run.inputs.len() == 1 {
        style::seen(&run.inputs[0].name).into_owned()
    } else {
        format!("{} extracts", run.inputs.len())
    };
    if run.ledger.rows == 0 {
        writeln!(out, "{files}: a header and no rows\n")?;
    } else {
        let line = format!("{files}: {} rows = {}", grouped(run.ledger.rows), bins(context));
        writeln!(out, "{}\n", style::fitted(&line, 2))?;
    }
    if !totals.warnings.is_empty() {
        // The sentences are on stderr, above this summary at a terminal; a file or pipe has at least their number.
        let count = counted(totals.warnings.len() as u64, "warning");
        let line = format!("{}: said on stderr, in report.html and in summary.json", paint(style::WARNING, count));
        writeln!(out, "{}\n", style::fitted(&line, 2))?;
    }
    if totals.summary.services() == 0 {
        writeln!(out, "{}", style::wrapped(&notes::no_service(run), 0))?;
    } else {
        statuses(context, &totals.summary, out)?;
        rules(context, &totals.summary, out)?;
        highest(&totals.top_services, out)?;
    }
    if let Some(new) = &totals.new {
        since(new, run.knows_amounts(), out)?;
    }
    if run.suppressions.is_some() {
        let text = format!("suppressed: {}", share(&totals.suppressed, run.knows_amounts()));
        writeln!(out, "{}\n", style::fitted(&text, 2))?;
    }
    let rejected: u64 = run.inputs.iter().map(|i| i.rejects.len()).sum();
    if rejected > 0 {
        writeln!(
            out,
            "{} rejected row{}: see {}",
            grouped(rejected),
            if rejected == 1 { "" } else { "s" },
            style::seen(&place.join("rejects.csv").display().to_string())
        )?;
    }
    for note in notes::notes(run, totals) {
        write!(out, "{}", style::wrapped(&note, 0))?;
    }
    unread(context, totals, out)?;
    let page = place.join(html::FILE);
    let page = if page.exists() { page } else { place.to_path_buf() }.display().to_string();
    writeln!(out, "{} {}", paint(BOLD, "Report:"), style::seen(&page))?;
    for sentence in run.policy.unseen.iter().map(String::as_str).chain([NOT_EVALUATED]) {
        write!(out, "{DIM}{}{DIM:#}", style::wrapped(sentence, 0))?;
    }
    Ok(())
}

/// Labels that no table knows, and what to do about them.
fn unread(context: ReportContext<'_>, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    for unread in notes::unread(context.run, totals) {
        let labels: Vec<_> =
            unread.labels.iter().map(|(label, rows)| format!("\"{}\" ({rows})", style::seen(label))).collect();
        let more = if unread.more > 0 { format!(" and {} more in summary.json", unread.more) } else { String::new() };
        let text = format!("no table knows the {} {}{more}: {}", unread.name, labels.join(", "), unread.advice);
        write!(out, "{}", style::wrapped(&text, 0))?;
    }
    Ok(())
}

/// Prints what is new, known and gone since the baseline.
fn since(tally: &NewTally, knows_amounts: bool, out: &mut dyn Write) -> io::Result<()> {
    for (word, findings) in [("new", &tally.new), ("known", &tally.known), ("gone", &tally.gone)] {
        let word = if word == "new" { paint(BOLD, "new since the baseline") } else { word.to_owned() };
        writeln!(out, "{}", style::fitted(&format!("{word}: {}", share(findings, knows_amounts)), 2))?;
    }
    writeln!(out)
}

/// `3 findings (2 deny, 1 review) on 2 services, $1,000.00 at risk`.
fn share(share: &Share, knows_amounts: bool) -> String {
    let all = share.all();
    if all.findings == 0 {
        return counted(0, "finding");
    }
    let by = Disposition::WORDS.iter().map(|(word, d)| (word, share.of_disposition(*d).findings));
    let by: Vec<_> = by.filter(|(_, n)| *n > 0).map(|(word, n)| format!("{} {word}", grouped(n))).collect();
    let services = if all.services == 0 {
        String::new()
    } else {
        format!(" on {}, {} at risk", counted(all.services, "service"), sum_in_words(all.at_risk, knows_amounts))
    };
    format!("{} ({}){services}", counted(all.findings, "finding"), by.join(", "))
}

fn bins(context: ReportContext<'_>) -> String {
    let bins = context.run.ledger.bins();
    let filled = bins.iter().rev().filter(|(_, n, _)| *n > 0).map(|(bin, n, _)| format!("{} {bin}", grouped(*n)));
    filled.collect::<Vec<_>>().join(" + ")
}

fn statuses(context: ReportContext<'_>, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let known = context.run.knows_amounts();
    let mut table = table();
    table.set_header(vec![Cell::new("services"), right("count"), right("at risk"), right("recoverable")]);
    for status in ServiceStatus::ALL {
        let tally = summary.status(status);
        let at_risk = if status.is_flagged() { sum_in_words(tally.at_risk, known) } else { String::new() };
        let recoverable =
            if status == ServiceStatus::Deny { sum_in_words(tally.recoverable, known) } else { String::new() };
        table.add_row(vec![
            Cell::new(status.word()),
            right(grouped(tally.services)),
            right(at_risk),
            right(recoverable),
        ]);
    }
    table.add_row(vec![
        Cell::new("all"),
        right(grouped(summary.services())),
        right(sum_in_words(summary.at_risk(), known)),
        right(sum_in_words(summary.recoverable(), known)),
    ]);
    let mut lines: Vec<String> = table.lines().collect();
    for (line, status) in lines.iter_mut().skip(1).zip(ServiceStatus::ALL) {
        *line = line.replacen(status.word(), &paint(style::status(status), status.word()), 1);
    }
    for line in lines {
        writeln!(out, " {}", line.trim_end())?;
    }
    writeln!(out)
}

fn rules(context: ReportContext<'_>, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let mut table = table();
    table.set_header(vec![
        Cell::new("rule"),
        Cell::new("found"),
        Cell::new("default"),
        right("findings"),
        right("at risk"),
    ]);
    for (id, tally) in &summary.rules {
        let (doc, setting) = (context.doc(*id), context.setting(*id));
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

fn highest(highest: &TopServices, out: &mut dyn Write) -> io::Result<()> {
    if highest.services().is_empty() {
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
    for service in highest.services() {
        table.add_row(vec![
            right(dollars(service.amount)),
            Cell::new(service.status.word()),
            Cell::new(style::seen(&service.claim)),
            Cell::new(&service.codes),
            Cell::new(service.date.map_or(String::new(), |d| d.to_string())),
            Cell::new(&service.rules),
        ]);
    }
    print(out, &table)?;
    writeln!(out)
}
