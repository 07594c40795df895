//! `claimlint explain`: prints the dossier of one claim, and writes it as a page and as a letter.
//!
//! # Sub-rooms, in order
//!
//! - [`place`]: which report is read.
//! - [`show`]: what is printed.
//! - [`files`]: the page and the letter.

mod files;
mod place;
mod show;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::claim::Batch;
use crate::cli::args::Explain;
use crate::cli::command::explain::place::ChosenReport;
use crate::cli::load::describe_io_error;
use crate::cli::machine::DefaultMemory;
use crate::cli::mask_key;
use crate::cli::terminal::style::{BOLD, grouped, paint, seen};
use crate::exit::Exit;
use crate::report::claim::lookup::{Narrower, Wanted};
use crate::report::claim::{ClaimDossier, ReportSource, lookup};
use crate::report::format::dossier::DossierError;
use crate::report::format::{dossier, summary_json};
use crate::report::words::codes;
use crate::report::words::lists::alternatives;
use crate::report::words::numbers::counted;
use crate::report::{ReportContext, foreign};
use crate::rules::doc;
use crate::run::{JudgedRun, Masked};
use crate::strict_toml::nearest_few;

/// Most claim numbers suggested for an unknown one. A longer list would give away the claims of the report.
const SUGGESTED: usize = 3;

/// Prints everything about a claim, or the list of claims if several fit.
pub(crate) fn explain(args: &Explain, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let ChosenReport { report, others } = place::choose(args)?;
    let memory = args.memory.unwrap_or_else(|| DefaultMemory::here().bytes);
    // Where the key cannot be read, that is said after a report that needs none.
    let mask = args.mask.as_deref().map(mask_key::load).transpose();
    let key = mask.as_ref().ok().and_then(Option::as_ref);
    let any = Wanted::new(&args.wanted, Narrower::default(), key);
    let outcome = load(&report.path, |file| dossier::read_connected(file, memory, |line| any.finds(line).is_some()))?;
    if let Some(key) = args.mask.as_deref().filter(|_| outcome.context.masked == Masked::Nothing) {
        bail!(
            "--mask {key}: the report {} is not masked, and `explain` does not mask it: it would show every number as it is; \
             leave --mask out, or name a masked report with --in",
            report.path.display()
        );
    }
    let mask = mask?;
    let (docs, words) = (doc::load()?, codes::load()?);
    let part = ReportContext::of(&outcome, &docs);
    let run = report.run.as_ref().map(|run| (run.id.as_str(), run.when()));
    let source = ReportSource::of(report.path.display().to_string(), run, &outcome.context, others);
    let narrower = Narrower {
        date: args.date,
        member: args.member.as_deref(),
        provider: args.provider.as_deref(),
        row: args.row.as_deref(),
    };
    let found = lookup::find(&part, &Wanted::new(&args.wanted, narrower, mask.as_ref()));
    // In a masked report, the number is not printed among the tokens.
    let wanted = if mask.is_some() { "this number" } else { args.wanted.trim() };
    let claim = match found.as_slice() {
        [] => {
            // Nothing was read if no row has the number alone.
            let meant = if outcome.line_set.lines.is_empty() {
                similar(args.wanted.trim(), &report.path, memory)?
            } else {
                IS_THERE.to_owned()
            };
            return Err(unknown(args, (mask.is_some(), &meant), &outcome, &source));
        }
        [one] => one.claim,
        several => {
            if let Some(flag) = args.html.as_ref().map(|_| "--html").or(args.letter.as_ref().map(|_| "--letter")) {
                let count = counted(several.len() as u64, "claim");
                bail!(
                    "{flag}: {count} fit {wanted}; name one by its claim number, or narrow them with --member or --row"
                );
            }
            show::list(several, wanted, &source, out)?;
            return Ok(Exit::Clean);
        }
    };
    let dossier = ClaimDossier::of(&part, (claim, args.provider.as_deref().map(str::trim)), &source, &words)
        .ok_or_else(|| unknown(args, (mask.is_some(), IS_THERE), &outcome, &source))?;
    let files = files::asked_for(args, &dossier)?;
    files::save(&files)?;
    show::show(&dossier, out)?;
    if !files.is_empty() {
        writeln!(out)?;
    }
    for file in &files {
        writeln!(out, "{} {}", paint(BOLD, file.what), seen(&file.path.display().to_string()))?;
    }
    Ok(Exit::Clean)
}

/// Reads the dossier of a report.
fn load<T>(report: &Path, read: impl FnOnce(File) -> Result<T, DossierError>) -> anyhow::Result<T> {
    let path = report.join(dossier::FILE);
    let shown = path.display();
    let file = foreign::open(report, dossier::FILE).map_err(|e| match e.kind() {
        ErrorKind::NotFound if report.join(summary_json::FILE).exists() => {
            anyhow!("{shown}: is missing; run `claimlint check` again, without --no-dossier, to have it")
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            anyhow!("{}: holds no report; name the directory of a report with --in", report.display())
        }
        _ => anyhow!("{shown}: {}", describe_io_error(&e)),
    })?;
    read(file).map_err(|e| anyhow!("{shown}: {e}"))
}

/// The words after a number that is found, where what narrows it fits none of its rows.
const IS_THERE: &str = "; the number itself has rows";

/// The words after a number that is not found: the claim numbers that are most similar to it, if any are.
fn similar(wanted: &str, report: &Path, memory: usize) -> anyhow::Result<String> {
    let mut near: Vec<String> = Vec::new();
    let see = |batch: &Batch| {
        let ids: BTreeSet<&str> = batch.iter().map(|line| line.claim_id()).collect();
        let all = near.iter().map(String::as_str).chain(ids);
        near = nearest_few(wanted, all, SUGGESTED).into_iter().map(str::to_owned).collect();
    };
    load(report, |file| dossier::each_batch(file, memory, see))?;
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    Ok(if near.is_empty() { String::new() } else { format!("; did you mean {}?", alternatives(&near)) })
}

/// That nothing fits. `meant` says what may be meant.
fn unknown(args: &Explain, (keyed, meant): (bool, &str), outcome: &JudgedRun, source: &ReportSource) -> anyhow::Error {
    let day = args.date.map_or(String::new(), |day| format!(" and a service on {day}"));
    let narrower = [("--member", &args.member), ("--provider", &args.provider), ("--row", &args.row)];
    let narrower =
        narrower.iter().filter_map(|(flag, value)| Some(format!(" and {flag} {}", value.as_deref()?.trim())));
    let narrower: String = narrower.collect();
    let (out_of_scope, rejected) =
        (grouped(outcome.context.ledger.out_of_scope), grouped(outcome.context.ledger.rejected));
    let masked = match (outcome.context.masked, keyed) {
        (Masked::Nothing, _) => "",
        (_, false) => "\n  The report is masked: give the claim's token, or its number together with --mask KEYFILE.",
        (_, true) => {
            "\n  The report is masked, so a claim or a member is found only by its number as the extract has it: another case, \
             other punctuation or another key makes another token."
        }
    };
    let others = if source.others.is_empty() { String::new() } else { format!("\n  {}", seen(&source.others)) };
    anyhow!(
        "no kept row has the claim, member, authorization or billing provider number {}{day}{narrower}{meant}\n  Report: {} of {}.\n  Rows \
         with a code that the policy looks for are kept. Out of scope: {out_of_scope}. Rejected: {rejected} \
         (rejects.csv).{masked}{others}",
        seen(&args.wanted),
        seen(&source.report),
        seen(&source.extracts)
    )
}
