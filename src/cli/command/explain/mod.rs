//! `claimlint explain`: prints the dossier of one claim, and writes it as a page.
//!
//! # Sub-rooms, in order
//!
//! - [`place`]: which report is read.

mod place;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{anyhow, bail};
use comfy_table::{Cell, CellAlignment};

use crate::cli::args::{Explain, MEMORY};
use crate::cli::command::explain::place::ChosenReport;
use crate::cli::load::describe_io_error;
use crate::cli::mask_key;
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, grouped, paint, seen};
use crate::cli::terminal::summary::{print, table};
use crate::exit::Exit;
use crate::report::claim::lookup::{FoundClaim, Wanted};
use crate::report::claim::{ClaimDossier, ClaimRow, ClaimSubject, MAX_ENTRIES_SHOWN, ReportSource, lookup};
use crate::report::format::{dossier, html};
use crate::report::words::numbers::counted;
use crate::report::{ReportContext, dir, foreign};
use crate::rules::doc;
use crate::rules::judge::ServiceStatus;
use crate::run::{JudgedRun, Masked};
use crate::strict_toml::nearest_few;

/// Most claim numbers suggested for an unknown one. A longer list would give away the claims of the report.
const SUGGESTED: usize = 3;

/// Prints everything about a claim, or the list of claims if several fit.
pub(crate) fn explain(args: &Explain, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let ChosenReport { report, others } = place::choose(args)?;
    let outcome = load(&report.path, args.memory.unwrap_or(MEMORY))?;
    let mask = args.mask.as_deref().map(mask_key::load).transpose()?;
    let docs = doc::load()?;
    let part = ReportContext::of(&outcome, &docs);
    let source = ReportSource::of(&report, &outcome.context, others);
    let found = lookup::find(&part, &Wanted::new(&args.wanted, args.date, mask.as_ref()));
    let claim = match found.as_slice() {
        [] => return Err(unknown(args, mask.is_some(), &outcome, &source)),
        [one] => one.claim,
        several => {
            if args.html.is_some() {
                bail!(
                    "--html: {} fit {}; name one by its claim number",
                    counted(several.len() as u64, "claim"),
                    args.wanted.trim()
                );
            }
            list(several, &args.wanted, &source, out)?;
            return Ok(Exit::Clean);
        }
    };
    let dossier =
        ClaimDossier::of(&part, claim, &source).ok_or_else(|| unknown(args, mask.is_some(), &outcome, &source))?;
    if let Some(path) = &args.html {
        save(&dossier, path)?;
    }
    show(&dossier, out)?;
    if let Some(path) = &args.html {
        writeln!(out, "\n{} {}", paint(BOLD, "Page:"), seen(&path.display().to_string()))?;
    }
    Ok(Exit::Clean)
}

fn load(report: &Path, memory: usize) -> anyhow::Result<JudgedRun> {
    let path = report.join(dossier::FILE);
    let shown = path.display();
    let file = foreign::open(report, dossier::FILE).map_err(|e| match e.kind() {
        ErrorKind::NotFound if report.join("summary.json").exists() => {
            anyhow!("{shown}: is missing; run `claimlint check` again, without --no-dossier, to have it")
        }
        ErrorKind::NotFound => {
            anyhow!("{}: holds no report; name the directory of a report with --in", report.display())
        }
        _ => anyhow!("{shown}: {}", describe_io_error(&e)),
    })?;
    dossier::read(file, memory).map_err(|e| anyhow!("{shown}: {e}"))
}

fn unknown(args: &Explain, keyed: bool, outcome: &JudgedRun, source: &ReportSource) -> anyhow::Error {
    let ids: BTreeSet<&str> = outcome.line_set.lines.iter().map(|line| line.claim_id()).collect();
    let near = nearest_few(args.wanted.trim(), ids.into_iter(), SUGGESTED);
    let meant = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    let day = args.date.map_or(String::new(), |day| format!(" and a service on {day}"));
    let (out_of_scope, rejected) =
        (grouped(outcome.context.ledger.out_of_scope), grouped(outcome.context.ledger.rejected));
    let masked = if outcome.context.masked != Masked::Nothing && !keyed {
        "\n  The report is masked: give the claim's token, or its number together with --mask KEYFILE."
    } else {
        ""
    };
    let others = if source.others.is_empty() { String::new() } else { format!("\n  {}", source.others) };
    anyhow!(
        "no kept row has the claim, member, authorization or billing provider number {}{day}{meant}\n  Report: {} of {}.\n  Rows \
         with a code that the policy looks for are kept. {out_of_scope} rows were out of scope, {rejected} were rejected \
         (rejects.csv).{masked}{others}",
        args.wanted,
        source.report,
        source.extracts
    )
}

/// Prints the claims that fit, most of them not: a provider may have thousands.
fn list(found: &[FoundClaim<'_>], wanted: &str, source: &ReportSource, out: &mut dyn Write) -> io::Result<()> {
    let count = counted(found.len() as u64, "claim");
    write!(out, "{}", paint(BOLD, text(&format!("{count} fit {}", wanted.trim()), 0)))?;
    head(source, out)?;
    writeln!(out)?;
    let mut table = table();
    table.set_header(["claim", "date", "codes", "status", "member", "billing NPI", "found by"]);
    for one in found.iter().take(MAX_ENTRIES_SHOWN) {
        let status = one.status.map_or("no service", ServiceStatus::word);
        let cells = [one.claim, &one.date, &one.codes, status, one.member, one.provider, one.by.word()];
        table.add_row(cells.map(|cell| Cell::new(seen(cell))));
    }
    print(out, &table)?;
    let rest = found.len().saturating_sub(MAX_ENTRIES_SHOWN);
    let more = if rest > 0 {
        format!("{} more: --date DATE narrows them. ", counted(rest as u64, "claim"))
    } else {
        String::new()
    };
    write!(out, "\n{}", text(&format!("{more}Explain one of them by its claim number."), 0))
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

fn save(dossier: &ClaimDossier<'_>, path: &Path) -> anyhow::Result<()> {
    let mut page = Vec::new();
    html::claim::page(dossier, &mut page)?;
    let written = dir::create(path).and_then(|mut file| {
        let saved = file.write_all(&page).and_then(|()| file.sync_all());
        if saved.is_err() {
            dir::remove_incomplete(path, &file);
        }
        saved
    });
    match written {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            bail!("--html {}: exists already; name another file", path.display())
        }
        Err(e) => bail!("--html {}: {}", path.display(), dir::describe_io_error(&e)),
    }
}

fn show(dossier: &ClaimDossier<'_>, out: &mut dyn Write) -> io::Result<()> {
    let status = dossier.status.map(|s| format!(" {}", paint(style::status(s), s.word()))).unwrap_or_default();
    writeln!(out, "{}{status}", paint(BOLD, format!("claim {}", seen(dossier.claim))))?;
    head(dossier.source, out)?;
    write!(out, "{}", text(&dossier.verdict, 0))?;
    write!(out, "{DIM}{}{DIM:#}", text(&format!("policy {}", dossier.policy), 0))?;
    heading(out, "rows")?;
    rows(&dossier.rows, false, out)?;
    sentences("versions", &dossier.versions, out)?;
    if !dossier.same_encounter.is_empty() {
        heading(out, "rows of other claims in the same encounter")?;
        rows(&dossier.same_encounter, true, out)?;
    }
    if !dossier.rest.is_empty() {
        write!(out, "{}", text(&dossier.rest, 2))?;
    }
    for subject in &dossier.subjects {
        print_subject(subject, out)?;
    }
    sentences("not in the extract", &dossier.absent, out)?;
    writeln!(out)?;
    for sentence in dossier.unseen {
        write!(out, "{DIM}{}{DIM:#}", text(sentence, 0))?;
    }
    Ok(())
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

/// Columns before the text of a labelled line: an indent of 2, the longest label (of the facts: not pointed to; of the
/// answers: could not be asked), and a gap of 2.
const FACTS_MARGIN: usize = 18;
const ANSWERS_MARGIN: usize = 22;

fn labelled(label: &str, margin: usize, sentence: &str, out: &mut dyn Write) -> io::Result<()> {
    let beside = text(sentence, margin);
    write!(out, "  {DIM}{label}{DIM:#}{}", beside.get(2 + label.len()..).unwrap_or_default())
}

fn rows(rows: &[ClaimRow<'_>], of_others: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut table = table();
    let heads = ["claim", "line", "codes", "date", "units", "bin", "row"];
    let heads = heads.into_iter().skip(usize::from(!of_others)).map(|head| {
        Cell::new(head).set_alignment(match head {
            "units" => CellAlignment::Right,
            _ => CellAlignment::Left,
        })
    });
    table.set_header(heads);
    for row in rows {
        let mut cells: Vec<Cell> = Vec::new();
        if of_others {
            cells.push(Cell::new(seen(row.claim)));
        }
        cells.extend([row.number, &row.codes, &row.date].map(|cell| Cell::new(seen(cell))));
        cells.push(Cell::new(&row.units).set_alignment(CellAlignment::Right));
        cells.extend([Cell::new(row.bin), Cell::new(seen(&row.place))]);
        table.add_row(cells);
    }
    print(out, &table)
}

fn print_subject(subject: &ClaimSubject<'_>, out: &mut dyn Write) -> io::Result<()> {
    let status = match subject.status {
        Some(status) => paint(style::status(status), status.word()),
        None => paint(DIM, "no service"),
    };
    let amount = if subject.amount.is_empty() { String::new() } else { format!("  {}", subject.amount) };
    let head = format!("{}  {status}{amount}  {DIM}{}{DIM:#}", paint(BOLD, &subject.what), seen(&subject.place));
    writeln!(out, "\n{}", style::fitted(&head, 2))?;
    for (name, sentences) in &subject.facts {
        for (i, sentence) in sentences.iter().enumerate() {
            labelled(if i == 0 { name } else { "" }, FACTS_MARGIN, sentence, out)?;
        }
    }
    for finding in &subject.fired {
        let (code, word) = (paint(BOLD, &finding.code), finding.disposition.word());
        writeln!(out, "\n  {code} {}  {}", finding.name, paint(style::disposition(finding.disposition), word))?;
        write!(out, "{}", text(&finding.message, 4))?;
        if !finding.change.is_empty() {
            write!(out, "{}", text(&format!("Would change it: {}", finding.change), 4))?;
        }
        let cited = format!("{}. {}.", finding.citation, finding.reason);
        write!(out, "{DIM}{}{DIM:#}", text(&cited, 4))?;
    }
    if !subject.silent.is_empty() {
        writeln!(out)?;
    }
    for answer in &subject.silent {
        let codes = answer.rules.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(" ");
        let codes_and_reason = if answer.why.is_empty() { codes } else { format!("{}: {codes}", answer.why) };
        labelled(answer.state, ANSWERS_MARGIN, &codes_and_reason, out)?;
    }
    Ok(())
}
