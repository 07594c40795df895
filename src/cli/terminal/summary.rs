//! The result of a run on one screen.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::screen;
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, dollars, grouped, paint};
use crate::report::brief;
use crate::report::format::html;
use crate::report::notes;
use crate::report::top_services::{TOP_SERVICES_SHOWN, TopServices};
use crate::report::words::finding::{NOT_EVALUATED, value};
use crate::report::words::numbers::counted;
use crate::report::{ReportContext, Totals};
use crate::tally::Summary;

/// Lines of the smallest terminal that is still common, which a pipe counts as, too.
const LEAST_TERMINAL_LINES: usize = 24;

/// How many rules and services are listed at least.
#[derive(Clone, Copy)]
struct Least {
    rules: usize,
    services: usize,
}

/// Where there is much to say, empty lines are left out first, then rules, then services. The rest may take more than a screen.
const LEAST: [Least; 3] =
    [Least { rules: 3, services: 1 }, Least { rules: 1, services: 1 }, Least { rules: 1, services: 0 }];

/// How the result is shown.
pub(crate) struct Shown {
    /// Is every rule listed, and everything else that does not fit on a screen?
    pub(crate) all_rules: bool,
    /// The time that the run took.
    pub(crate) elapsed: Duration,
}

/// Prints the result of a run: the ledger, services by status, rules, the highest amounts, and what to know about them.
pub(crate) fn result(
    context: ReportContext<'_>,
    totals: &Totals,
    place: &Path,
    shown: &Shown,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Without the line on which the shell waits.
    let most = screen::terminal_lines().unwrap_or_default().max(LEAST_TERMINAL_LINES) - 1;
    let above = above(context, totals, place);
    let arranged = |least: Least, below: &[String]| {
        let mut lines = above.clone();
        if totals.summary.services() > 0 {
            let room = |lines: &[String]| {
                if shown.all_rules { usize::MAX } else { most.saturating_sub(lines.len() + below.len()) }
            };
            lines.extend(rules(context, &totals.summary, room(&lines), least.rules));
            lines.extend(highest(&totals.top_services, room(&lines), least.services));
        }
        lines.extend(below.iter().cloned());
        if shown.all_rules { lines } else { without_blanks(lines, most) }
    };
    let below = below(context, totals, place, shown);
    let mut attempts = LEAST.into_iter().map(|least| arranged(least, &below));
    let mut lines = attempts.next().unwrap_or_default();
    while !shown.all_rules && lines.len() > most {
        let Some(shorter) = attempts.next() else { break };
        lines = shorter;
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// The lines without as many of the empty ones, the last first, as are more than `most`.
fn without_blanks(mut lines: Vec<String>, most: usize) -> Vec<String> {
    while lines.len() > most
        && let Some(blank) = lines.iter().rposition(String::is_empty)
    {
        lines.remove(blank);
    }
    lines
}

/// The lines of a text that is broken at the width of the terminal.
fn fitted(text: &str, hang: usize) -> impl Iterator<Item = String> {
    style::fitted(text, hang).lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Policy, ledger, the number of warnings, and the services by status.
fn above(context: ReportContext<'_>, totals: &Totals, place: &Path) -> Vec<String> {
    let run = context.run;
    let mut lines: Vec<_> =
        fitted(&format!("{}  {}", paint(BOLD, "claimlint"), style::seen(&brief::policy(run))), 2).collect();
    let files = match run.inputs.as_slice() {
        [one] => style::seen(&one.name).into_owned(),
        many => format!("{} extracts", many.len()),
    };
    lines.extend(fitted(&format!("{files}: {}", brief::ledger(run)), 2));
    if !totals.warnings.is_empty() {
        // The sentences are on stderr, above this summary at a terminal; a file or pipe has at least their number.
        let count = counted(totals.warnings.len() as u64, "warning");
        let page = if place.join(html::FILE).exists() { ", in report.html" } else { "" };
        lines.extend(fitted(&format!("{}: said on stderr{page} and in summary.json", paint(style::WARNING, count)), 2));
    }
    lines.push(String::new());
    if totals.summary.services() == 0 {
        lines.extend(style::wrapped(&notes::no_service(run), 0).lines().map(str::to_owned));
    } else {
        lines.extend(statuses(context, &totals.summary));
    }
    lines.push(String::new());
    lines
}

/// What is new, suppressed and rejected, notes, what a claim cannot show, and the place of the report.
fn below(context: ReportContext<'_>, totals: &Totals, place: &Path, shown: &Shown) -> Vec<String> {
    let run = context.run;
    let mut lines = Vec::new();
    if let Some(new) = &totals.new {
        for (word, said) in brief::since(new, run.knows_amounts()) {
            let word = if lines.is_empty() { paint(BOLD, word) } else { word.to_owned() };
            lines.extend(fitted(&format!("{word}: {said}"), 2));
        }
    }
    if run.suppressions.is_some() {
        lines.extend(fitted(&format!("suppressed: {}", brief::share(&totals.suppressed, run.knows_amounts())), 2));
    }
    for rejected in brief::rejected(run) {
        let file = place.join("rejects.csv").display().to_string();
        lines.extend(fitted(&format!("{rejected}: see {}", style::seen(&file)), 2));
    }
    for note in brief::notes(run, totals) {
        lines.extend(fitted(&note, 2));
    }
    for unread in unread(context, totals) {
        lines.extend(fitted(&unread, 2));
    }
    let said = if shown.all_rules { usize::MAX } else { 1 };
    let unseen = run.policy.unseen.iter().map(String::as_str).take(said);
    for sentence in unseen.chain(shown.all_rules.then_some(NOT_EVALUATED)) {
        let wrapped = style::wrapped(sentence, 0);
        lines.extend(wrapped.lines().map(|line| paint(DIM, line)));
    }
    let page = place.join(html::FILE);
    let page = if page.exists() { page } else { place.to_path_buf() }.display().to_string();
    let seconds = format!("({:.2} s)", shown.elapsed.as_secs_f64());
    lines.extend(fitted(&format!("{} {} {}", paint(BOLD, "Report:"), style::seen(&page), paint(DIM, seconds)), 2));
    lines
}

/// Labels that no table knows: the most frequent ones of each kind and what to do about them.
fn unread(context: ReportContext<'_>, totals: &Totals) -> Vec<String> {
    let sentence = |unread: notes::UnreadRow<'_>| {
        let labels = unread.labels.iter().map(|(label, rows)| format!("\"{}\" ({rows})", style::seen(label)));
        let labels: Vec<_> = labels.collect();
        let more = if unread.more > 0 { format!(" and {} more in summary.json", unread.more) } else { String::new() };
        format!("no table knows the {} {}{more}: {}", unread.name, labels.join(", "), unread.advice)
    };
    notes::unread(context.run, totals).into_iter().map(sentence).collect()
}

fn statuses(context: ReportContext<'_>, summary: &Summary) -> Vec<String> {
    let head =
        [("services", Align::Left), ("count", Align::Right), ("at risk", Align::Right), ("recoverable", Align::Right)];
    let mut table = Columns::new(head);
    for line in brief::statuses(context.run, summary) {
        let word = line.status.map_or_else(|| line.word().to_owned(), |s| paint(style::status(s), line.word()));
        table.row([word, line.services, line.at_risk, line.recoverable]);
    }
    table.lines(style::width())
}

/// The rules with the highest amounts at risk, as many as there is room for, or all of them in the order of their codes.
fn rules(context: ReportContext<'_>, summary: &Summary, room: usize, fewest: usize) -> Vec<String> {
    let mut fired = brief::rules(context, summary);
    let all = room == usize::MAX;
    if all {
        fired.sort_by_key(|rule| rule.code);
    }
    let mut table = Columns::new([
        ("rule", Align::Left),
        ("found", Align::Left),
        ("default", Align::Left),
        ("findings", Align::Right),
        ("at risk", Align::Right),
    ]);
    // Besides the rules: the heading, a line on the others, an empty line, and the highest amount with its heading. Of the lines that
    // a taller terminal has more, a quarter is for more of these amounts; on a small one half of the lines are above and below.
    let for_others = 6 + room.saturating_sub(LEAST_TERMINAL_LINES / 2) / 4;
    let shown = if all { fired.len() } else { room.saturating_sub(for_others).max(fewest) };
    // A line that says that there is one more rule takes the room of that rule.
    let shown = if shown + 1 == fired.len() { fired.len() } else { shown.min(fired.len()) };
    for rule in &fired[..shown] {
        let disposition = rule.disposition.word().to_owned();
        table.row([
            rule.code.to_owned(),
            rule.name.to_owned(),
            disposition,
            grouped(rule.tally.findings),
            rule.at_risk(),
        ]);
    }
    let mut lines = if fired.is_empty() { Vec::new() } else { table.lines(style::width()) };
    let others = &fired[shown..];
    if !others.is_empty() {
        let findings = others.iter().map(|rule| rule.tally.findings).sum();
        let (rules, findings) = (counted(others.len() as u64, "more rule"), counted(findings, "finding"));
        lines.extend(fitted(&paint(DIM, format!("  {rules} with {findings}: --all-rules lists them")), 2));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// The services with the highest amounts at risk, as many as there is room for.
fn highest(highest: &TopServices, room: usize, fewest: usize) -> Vec<String> {
    // Besides the services: the heading and an empty line.
    let shown = room.saturating_sub(2).max(fewest).min(TOP_SERVICES_SHOWN);
    let mut table = Columns::new([
        ("highest", Align::Right),
        ("status", Align::Left),
        ("claim", Align::Left),
        ("code", Align::Left),
        ("date", Align::Left),
        ("rules", Align::Left),
    ]);
    let services = highest.services().iter().take(shown);
    if services.len() == 0 {
        return Vec::new();
    }
    for service in services {
        table.row([
            dollars(service.amount),
            service.status.word().to_owned(),
            style::seen(&value(&service.claim)).into_owned(),
            service.codes.clone(),
            service.date.map_or(String::new(), |d| d.to_string()),
            service.rules.clone(),
        ]);
    }
    let mut lines = table.lines(style::width());
    lines.push(String::new());
    lines
}
