//! `claimlint compare`: what is new, gone and changed between two reports.

use std::cmp::Reverse;
use std::io::{self, BufWriter, Write};

use crate::baseline::Change;
use crate::claim::Cents;
use crate::cli::args::{Compare, CompareFailOn, CompareFormat};
use crate::cli::comparison::OTHER_KEY;
use crate::cli::machine::DefaultMemory;
use crate::cli::new_file::NewFiles;
use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::log::Log;
use crate::cli::terminal::screen::text_file;
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, dollars, grouped, paint, seen};
use crate::exit::Exit;
use crate::frame::Allowance;
use crate::policy::Disposition;
use crate::report::compare::page as comparison_page;
use crate::report::compare::read::CompareError;
use crate::report::compare::{ByRule, Comparison, Difference, SUPPRESSED, Shares, csv, json};
use crate::report::words::numbers::sum_in_words;

/// Runs a comparison.
pub(crate) fn compare(args: &Compare, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let comparison = Comparison::of(
        &args.old,
        &args.new,
        Allowance::new(args.memory.unwrap_or_else(|| DefaultMemory::here().bytes)),
    )?;
    let log = Log::new(None, false);
    if comparison.is_doubtful() {
        log.note(&format!("the two reports have no finding in common: {OTHER_KEY}"));
    }
    comparison.unlike().iter().for_each(|sentence| log.note(sentence));
    let mut files = NewFiles::default();
    match &args.out {
        None => write(args, &comparison, out)?,
        Some(path) => files.save("--out", path, |file| match args.format {
            CompareFormat::Text => write(args, &comparison, &mut text_file(file)),
            CompareFormat::Csv | CompareFormat::Json => write(args, &comparison, file),
        })?,
    }
    if let Some(path) = &args.html {
        files.save("--html", path, |file| {
            let mut file = BufWriter::new(file);
            comparison_page::page(&comparison, &mut file).map_err(unwrapped)?;
            Ok(file.flush()?)
        })?;
    }
    let new = &comparison.tally().new;
    let differs = match args.fail_on {
        CompareFailOn::NewDeny => new.findings_from(Disposition::Deny) > 0,
        CompareFailOn::NewReview => new.findings_from(Disposition::Review) > 0,
        CompareFailOn::NewInfo => new.findings_from(Disposition::Info) > 0,
        CompareFailOn::Any => comparison.differs(),
        CompareFailOn::Never => false,
    };
    Ok(if differs { Exit::Findings } else { Exit::Clean })
}

fn write(args: &Compare, comparison: &Comparison, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut out = BufWriter::new(out);
    let written = match args.format {
        CompareFormat::Text => text(args, comparison, &mut out),
        CompareFormat::Csv => csv(comparison, &mut out),
        CompareFormat::Json => json(comparison, &mut out),
    };
    written.and_then(|()| Ok(out.flush()?)).map_err(unwrapped)
}

/// An error of the disk as itself: `main` recognizes a closed pipe by its kind, and messages say what to do about it.
fn unwrapped(e: CompareError) -> anyhow::Error {
    match e {
        CompareError::Write(e) => e.into(),
        unfit @ CompareError::FindingsFile(_) => unfit.into(),
    }
}

/// A finding in the list at the terminal.
struct Listed {
    /// The order of the list: new, changed, gone, suppressed; then by disposition and amount; then by the order of the reports.
    rank: (bool, Change, Reverse<Disposition>, Reverse<Option<Cents>>, usize),
    cells: [String; 8],
}

fn text(args: &Compare, comparison: &Comparison, out: &mut dyn Write) -> Result<(), CompareError> {
    let most = usize::from(args.rows);
    let (mut by_rule, mut listed, mut all) = (ByRule::new(), Vec::<Listed>::new(), 0);
    comparison.visit(&mut |difference| {
        difference.count(&mut by_rule);
        let entry = &difference.entry;
        let rank = (entry.suppressed, difference.change, Reverse(entry.disposition), Reverse(entry.amount()), all);
        all += 1;
        let at = listed.partition_point(|other| other.rank < rank);
        if at < most {
            listed.insert(at, Listed { rank, cells: cells(difference) });
            listed.truncate(most);
        }
        Ok(())
    })?;
    let (old, new) = (args.old.display().to_string(), args.new.display().to_string());
    writeln!(out, "\n{}  {} -> {}\n", paint(BOLD, "compare"), seen(&old), seen(&new))?;
    totals(&comparison.shares(), comparison.knows_amounts(), out)?;
    if !by_rule.is_empty() {
        rules(&by_rule, out)?;
    }
    let left = all - listed.len();
    if !listed.is_empty() {
        rows(listed, out)?;
    }
    if left > 0 {
        let more = format!(
            "{} more findings: --rows N lists more here, --format csv or json lists all.\n",
            grouped(left as u64)
        );
        writeln!(out, "{DIM}{}{DIM:#}", style::fitted(more.trim_end(), 0))?;
    }
    Ok(())
}

fn cells(difference: &Difference<'_>) -> [String; 8] {
    let row = difference.row;
    let now = difference.entry.amount().map_or(String::new(), dollars);
    let differs: Vec<String> = difference.differs().into_iter().map(|what| was(difference, what)).collect();
    // A suppressed finding is listed as such, so how it differs is said here.
    let change = difference.change.word();
    let note = if difference.entry.suppressed && differs.is_empty() { change } else { "" };
    let notes: Vec<&str> = differs.iter().map(String::as_str).chain([note]).filter(|n| !n.is_empty()).collect();
    [
        difference.counted_as().to_owned(),
        row.rule().to_owned(),
        difference.entry.disposition.word().to_owned(),
        seen(row.cell("claim_id")).into_owned(),
        seen(row.cell("procedure_code")).into_owned(),
        row.cell("service_date").to_owned(),
        now,
        notes.join(", "),
    ]
}

/// The value that the earlier report had.
fn was(difference: &Difference<'_>, what: &str) -> String {
    let Some(was) = difference.was else { return String::new() };
    match what {
        "disposition" => format!("was {}", was.disposition.word()),
        "amount_at_risk" => format!("was {}", was.amount().map_or("no amount".to_owned(), dollars)),
        "suppressed" if was.suppressed => "was suppressed".to_owned(),
        "suppressed" => "was not suppressed".to_owned(),
        "text" => "other message".to_owned(),
        _ => String::new(),
    }
}

fn totals(shares: &Shares, knows_amounts: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Columns::new([
        ("findings", Align::Left),
        ("", Align::Left),
        ("count", Align::Right),
        ("services", Align::Right),
        ("at risk", Align::Right),
    ]);
    let named = shares.by.iter().map(|(change, share)| (change.word(), share));
    for (word, share) in named.chain([(SUPPRESSED, &shares.suppressed)]) {
        let parts = Disposition::WORDS.iter().map(|(word, d)| (*word, share.of_disposition(*d)));
        let (all, parts) = (share.all(), parts.filter(|(_, tally)| tally.findings > 0));
        if word == SUPPRESSED && all.findings == 0 {
            continue;
        }
        let same = word == Change::Same.word();
        for (n, (what, tally)) in [("", all)].into_iter().chain(parts.filter(|_| !same)).enumerate() {
            table.row([
                if n == 0 { word } else { "" }.to_owned(),
                what.to_owned(),
                grouped(tally.findings),
                grouped(tally.services),
                if tally.services == 0 { String::new() } else { sum_in_words(tally.at_risk, knows_amounts) },
            ]);
        }
    }
    table.print(out)?;
    writeln!(out)
}

fn rules(by_rule: &ByRule, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Columns::new([
        ("change", Align::Left),
        ("rule", Align::Left),
        ("disposition", Align::Left),
        ("findings", Align::Right),
        ("at risk", Align::Right),
    ]);
    for ((change, rule, Reverse(disposition)), (findings, at_risk)) in by_rule {
        table.row([
            change.word().to_owned(),
            seen(rule).into_owned(),
            disposition.word().to_owned(),
            grouped(*findings),
            if at_risk.0 == 0 { String::new() } else { dollars(*at_risk) },
        ]);
    }
    table.print(out)?;
    writeln!(out)
}

fn rows(listed: Vec<Listed>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Columns::new([
        ("change", Align::Left),
        ("rule", Align::Left),
        ("disposition", Align::Left),
        ("claim", Align::Left),
        ("code", Align::Left),
        ("date", Align::Left),
        ("at risk", Align::Right),
        ("", Align::Left),
    ]);
    for one in listed {
        table.row(one.cells);
    }
    table.print(out)?;
    writeln!(out)
}
