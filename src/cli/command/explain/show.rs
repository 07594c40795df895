//! Prints the dossier of a claim, or the claims that fit, at the terminal: what a reviewer is asked first comes first.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, WARNING, paint, seen};
use crate::report::claim::lookup::FoundClaim;
use crate::report::claim::summary::outcome;
use crate::report::claim::{ClaimDossier, ClaimFinding, ClaimRow, ClaimSubject, MAX_ENTRIES_SHOWN, ReportSource};
use crate::report::words::numbers::counted;

/// Prints the claims that fit, most of them not: a provider may have thousands.
pub(super) fn list(
    found: &[FoundClaim<'_>],
    wanted: &str,
    source: &ReportSource,
    out: &mut dyn Write,
) -> io::Result<()> {
    let count = counted(found.len() as u64, "claim");
    write!(out, "{}", paint(BOLD, text(&format!("{count} fit {wanted}"), 0)))?;
    head(source, out)?;
    writeln!(out)?;
    // A claim number tells all claims apart unless several members, or rows with a mangled number, have one.
    let numbers: BTreeSet<&str> = found.iter().map(|one| one.number).collect();
    let are_told_apart = numbers.len() == found.len();
    let last = if are_told_apart { "found by" } else { "row" };
    let heads = ["claim", "date", "codes", "outcome", "member", "billing NPI", last];
    let mut table = Columns::new(heads.map(|head| (head, Align::Left)));
    for one in found.iter().take(MAX_ENTRIES_SHOWN) {
        let status = one.status.map_or("no service", outcome);
        let last = if are_told_apart { one.by.word() } else { one.place.as_str() };
        let cells = [one.number, &one.date, &one.codes, status, one.member, one.provider, last];
        table.row(cells.map(|cell| seen(cell).into_owned()));
    }
    table.print(out)?;
    let rest = found.len().saturating_sub(MAX_ENTRIES_SHOWN);
    let more = if rest > 0 {
        format!("{} more: --date DATE narrows them. ", counted(rest as u64, "claim"))
    } else {
        String::new()
    };
    let how = if are_told_apart {
        "Explain one of them by its claim number."
    } else {
        "A claim number and a member are one claim: explain one of them by its claim number with --member, or with --row \
         as in the last column."
    };
    write!(out, "\n{}", text(&format!("{more}{how}"), 0))
}

/// Prints the report, extract, run and date that an answer is from.
fn head(source: &ReportSource, out: &mut dyn Write) -> io::Result<()> {
    let line = format!("report {} of {}, run {}", source.report, source.extracts, source.run);
    write!(out, "{DIM}{}{DIM:#}", text(&line, 0))?;
    if !source.others.is_empty() {
        write!(out, "{DIM}{}{DIM:#}", text(&source.others, 0))?;
    }
    Ok(())
}

/// Prints everything about a claim. Suppressions come first of all: whoever answers a call must not miss them.
pub(super) fn show(dossier: &ClaimDossier<'_>, out: &mut dyn Write) -> io::Result<()> {
    for sentence in &dossier.suppressed {
        write!(out, "{} {}", paint(WARNING, "suppressed:"), labeled_rest("suppressed:", sentence))?;
    }
    let verdict = match dossier.status {
        Some(status) => paint(style::status(status), &dossier.verdict),
        None => dossier.verdict.clone(),
    };
    let claim = paint(BOLD, format!("claim {}:", seen(dossier.claim)));
    writeln!(out, "{}", style::fitted(&format!("{claim} {verdict}"), 2))?;
    write!(out, "{}", text(&dossier.money, 0))?;
    if let Some(sentence) = &dossier.selection {
        write!(out, "{} {}", paint(WARNING, "note:"), labeled_rest("note:", sentence))?;
    }
    head(dossier.source, out)?;
    writeln!(out)?;
    for (name, sentence) in &dossier.summary {
        labeled(name, FACTS_MARGIN, sentence, out)?;
    }
    labeled("policy", FACTS_MARGIN, &dossier.policy, out)?;
    for subject in &dossier.subjects {
        print_subject(subject, out)?;
    }
    heading(out, "rows of the claim")?;
    rows(&dossier.rows, false, out)?;
    for sentence in &dossier.left_out {
        write!(out, "{DIM}{}{DIM:#}", text(sentence, 2))?;
    }
    sentences("versions", &dossier.versions, out)?;
    if !dossier.same_encounter.is_empty() {
        heading(out, "rows of other claims of the same visit")?;
        rows(&dossier.same_encounter, true, out)?;
    }
    if !dossier.rest.is_empty() {
        write!(out, "{}", text(&dossier.rest, 2))?;
    }
    sentences("not in the extract", &dossier.absent, out)?;
    writeln!(out)?;
    for sentence in dossier.unseen {
        write!(out, "{DIM}{}{DIM:#}", text(sentence, 0))?;
    }
    Ok(())
}

/// A sentence that continues a line after a label, wrapped with its first line at the label.
fn labeled_rest(label: &str, sentence: &str) -> String {
    let whole = text(&format!("{label} {sentence}"), 0);
    whole.get(label.len() + 1..).unwrap_or_default().to_owned()
}

fn text(sentence: &str, indent: usize) -> String {
    style::wrapped(&seen(sentence), indent)
}

fn heading(out: &mut dyn Write, title: &str) -> io::Result<()> {
    writeln!(out, "\n{}", paint(BOLD, title))
}

fn sentences(title: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    heading(out, title)?;
    lines.iter().try_for_each(|sentence| write!(out, "{}", text(sentence, 2)))
}

/// Columns before the text of a labeled line: an indent of 2, the longest label (of the facts: not pointed to; of the
/// answers: could not be checked), and a gap of 2.
const FACTS_MARGIN: usize = 18;
const ANSWERS_MARGIN: usize = 24;

/// Columns below which a label has a line of its own: beside it, a sentence would have less than 40.
const NARROW: usize = 60;

/// A sentence beside its label, or below it where the terminal has no room for both.
fn labeled(label: &str, margin: usize, sentence: &str, out: &mut dyn Write) -> io::Result<()> {
    if style::width() < NARROW {
        if !label.is_empty() {
            writeln!(out, "  {DIM}{label}{DIM:#}")?;
        }
        return write!(out, "{}", text(sentence, 4));
    }
    let beside = text(sentence, margin);
    write!(out, "  {DIM}{label}{DIM:#}{}", beside.get(2 + label.len()..).unwrap_or_default())
}

fn rows(rows: &[ClaimRow<'_>], of_others: bool, out: &mut dyn Write) -> io::Result<()> {
    let own = [
        ("line", Align::Right),
        ("codes", Align::Left),
        ("date", Align::Left),
        ("units", Align::Right),
        ("what became of it", Align::Left),
        ("row", Align::Left),
    ];
    let [line, codes, date, units, fate, place] = own;
    let mut of_claim = Columns::new(own);
    let mut of_other_claims = Columns::new([("claim", Align::Left), line, codes, date, units, fate, place]);
    for row in rows {
        let [claim, line, codes, date] =
            [row.claim, row.number, &row.codes, &row.date].map(|cell| seen(cell).into_owned());
        let (units, fate, place) = (row.units.clone(), row.fate.to_owned(), seen(&row.place).into_owned());
        if of_others {
            of_other_claims.row([claim, line, codes, date, units, fate, place]);
        } else {
            of_claim.row([line, codes, date, units, fate, place]);
        }
    }
    if of_others { of_other_claims.print(out) } else { of_claim.print(out) }
}

fn print_subject(subject: &ClaimSubject<'_>, out: &mut dyn Write) -> io::Result<()> {
    let status = paint(subject.status.map_or(DIM, style::status), subject.outcome());
    let amount = if subject.amount.is_empty() { String::new() } else { format!("  {}", subject.amount) };
    let head = format!("{}  {status}{amount}  {DIM}{}{DIM:#}", paint(BOLD, &subject.what), seen(&subject.place));
    writeln!(out, "\n{}", style::fitted(&head, 2))?;
    for finding in &subject.findings {
        print_finding(finding, out)?;
    }
    if !subject.facts.is_empty() {
        writeln!(out)?;
    }
    for (name, sentences) in &subject.facts {
        for (i, sentence) in sentences.iter().enumerate() {
            labeled(if i == 0 { name } else { "" }, FACTS_MARGIN, sentence, out)?;
        }
    }
    if !subject.silent.is_empty() {
        writeln!(out)?;
    }
    for answer in &subject.silent {
        let codes = answer.rules.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(" ");
        let codes_and_reason = if answer.why.is_empty() { codes } else { format!("{}: {codes}", answer.why) };
        labeled(answer.state, ANSWERS_MARGIN, &codes_and_reason, out)?;
    }
    Ok(())
}

/// What was found, what the policy asks, what would change it, and what to ask the provider for.
fn print_finding(finding: &ClaimFinding<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shown = &finding.shown;
    let (code, word) = (paint(BOLD, &shown.code), shown.disposition.word());
    let suppressed =
        if finding.suppressed.is_empty() { String::new() } else { format!("  {}", paint(WARNING, "suppressed")) };
    let head = format!("  {code} {}  {}{suppressed}", shown.name, paint(style::disposition(shown.disposition), word));
    writeln!(out, "\n{}", style::fitted(&head, 4))?;
    write!(out, "{}", text(&shown.message, 4))?;
    for clause in &finding.clauses {
        write!(out, "{}", text(&format!("What is asked: {}", clause.asks), 4))?;
        write!(out, "{DIM}{}{DIM:#}", text(&clause.place(), 4))?;
    }
    if !shown.change.is_empty() {
        write!(out, "{}", text(&format!("Would change it: {}", shown.change), 4))?;
        if !finding.ask.is_empty() {
            write!(out, "{}", text(&format!("Ask the provider for: {}.", finding.ask.join("; ")), 4))?;
        }
    }
    write!(out, "{DIM}{}{DIM:#}", text(&format!("{}. Reason codes: {}.", shown.citation, shown.reason), 4))
}
