//! `claimlint verify`: is a report complete and unchanged, and was it made from these inputs?

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use rayon::prelude::*;

use crate::claim::line::mask::Mask;
use crate::claim::store::BATCH_LINES;
use crate::cli::args::{Check, READING_FLAGS, Verify};
use crate::cli::input_files::with_roles;
use crate::cli::input_names;
use crate::cli::machine::DefaultMemory;
use crate::cli::settings;
use crate::cli::settings::EffectiveSettings;
use crate::cli::sign_key;
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, grouped, paint, seen};
use crate::exit::Exit;
use crate::ingest;
use crate::ingest::{FileHash, InputFile, InputRole, ReadError, Source};
use crate::report::dir::Directory;
use crate::report::foreign;
use crate::report::format::dossier;
use crate::report::verify::{IntegrityCheck, SavedReport, SavedSummary, VerifyError};
use crate::report::write;
use crate::rules;
use crate::rules::doc;
use crate::rules::judge::ServiceStatus;
use crate::run::{Expect, Memory, RunContext, Setup, Unwatched, read_authorizations, run};
use crate::tally::Summary;

const BROKEN: &str = "The report is not as it was written: do not use it, and run `claimlint check` again.";

/// What verify cannot know without a key.
const UNSIGNED: &str = "A manifest alone cannot prove who wrote a report: whoever can write to its files can make it fit. \
                        A report that was made with `check --sign KEYFILE` proves it to `verify --sign KEYFILE`, and the \
                        seal above proves it to whoever kept it in another place.";
const SIGNED: &str = "The report is signed, and its signature was not checked: give --sign KEYFILE to know that nobody \
                      without the key made or changed it.";

/// The arguments of `check` that `verify` was given, under the settings file that `check` would read.
fn check_of(args: &Verify) -> Check {
    Check {
        files: args.files.clone(),
        auths: args.auths.clone(),
        layout: args.layout.clone(),
        policy: args.policy.clone(),
        config: args.config.clone(),
        memory: args.memory,
        ..Check::default()
    }
}

/// A flag that would not be looked at, because no extract is named. Without a settings file there is none to look at either way.
fn typed_for_nothing(args: &Verify) -> Option<String> {
    let typed = check_of(args);
    let mut flags = READING_FLAGS.iter().filter(|(flag, _)| *flag != "no_config");
    flags.find(|(_, is_typed)| is_typed(&typed)).map(|(flag, _)| flag.replace('_', "-"))
}

/// Checks a report and prints a line for each check.
pub(crate) fn verify(args: &Verify, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let (files, _) = input_names::expanded(&args.files)?;
    let args = &Verify { files, ..args.clone() };
    if args.files.is_empty()
        && let Some(flag) = typed_for_nothing(args)
    {
        bail!("--{flag} says how extracts are read and judged; name the extracts of the report, too");
    }
    let key = args.sign.as_deref().map(sign_key::load).transpose()?;
    let place = args.report.display();
    let report = match SavedReport::open(&args.report) {
        Ok(report) => report,
        Err(VerifyError::Broken(what)) => {
            writeln!(out, "{BOLD}{}{BOLD:#}", seen(&place.to_string()))?;
            print_check(out, &IntegrityCheck { what: String::new(), wrong: vec![what] })?;
            write!(out, "\n{}", style::wrapped(BROKEN, 0))?;
            return Ok(Exit::Differs);
        }
        Err(e) => return Err(anyhow!("{place}: {e}")),
    };
    writeln!(out, "{BOLD}{}{BOLD:#}", seen(&place.to_string()))?;
    writeln!(out, "  {DIM}seal {}{DIM:#}", report.manifest.seal)?;
    let mut checks = report
        .checks(&args.report, args.memory.unwrap_or_else(|| DefaultMemory::here().bytes))
        .map_err(|e| anyhow!("{place}: {e}"))?;
    checks.extend(key.as_ref().map(|key| report.signature(key)));
    checks.iter().try_for_each(|check| print_check(out, check))?;
    let whole = checks.iter().all(|check| check.wrong.is_empty());
    let (theirs, unnamed) = if args.files.is_empty() { (true, None) } else { belongs(args, &report, out)? };
    let without = unnamed.map(|file| {
        format!(
            "The report is whole and belongs to these extracts. Its verdicts were not compared: they rest on the authorization \
             file {file}, too, and it was not named. Give it with --auths."
        )
    });
    let end = match (whole, theirs, args.files.is_empty()) {
        (true, _, true) => "The report is whole. Name its extracts, too, to see whether it belongs to them.",
        (true, true, false) => without.as_deref().unwrap_or("The report is whole and belongs to these inputs."),
        (true, false, _) => {
            "The report is whole but does not belong to these inputs: name those it was made from, or run `claimlint \
             check` on these."
        }
        (false, ..) => BROKEN,
    };
    write!(out, "\n{}", style::wrapped(&seen(end), 0))?;
    if whole && key.is_none() {
        let note = if report.is_signed() { SIGNED } else { UNSIGNED };
        write!(out, "{DIM}{}{DIM:#}", style::wrapped(note, 0))?;
    }
    Ok(if whole && theirs { Exit::Clean } else { Exit::Differs })
}

fn print_check(out: &mut dyn Write, check: &IntegrityCheck) -> std::io::Result<()> {
    if check.wrong.is_empty() {
        return writeln!(out, "{}", style::fitted(&format!("  ok     {}", seen(&check.what)), 9));
    }
    let word = paint(style::ERROR, "wrong");
    check.wrong.iter().try_for_each(|what| writeln!(out, "{}", style::fitted(&format!("  {word}  {}", seen(what)), 9)))
}

/// Compares the inputs with manifest and summary. `false`: the report was made from other inputs. Returns also the authorization
/// file of the report if it was not named, so that verdicts could not be compared.
fn belongs<'r>(args: &Verify, report: &'r SavedReport, out: &mut dyn Write) -> anyhow::Result<(bool, Option<&'r str>)> {
    let settings = settings::resolve(&check_of(args))?;
    if let Some(file) = &settings.file {
        writeln!(out, "{}", style::fitted(&format!("  {DIM}settings of {} are in force{DIM:#}", seen(file)), 9))?;
    }
    let named = with_roles(&args.files, settings.join.list(), settings.auths.value.as_deref());
    let recorded = &report.manifest.inputs;
    let is_named = settings.auths.value.is_some();
    let auths = recorded.iter().find(|input| input.role == InputRole::Authorizations && !is_named);
    let unnamed = auths.map(|input| input.file.as_str());
    let roles = roles(&named, recorded, unnamed);
    print_check(out, &roles)?;
    if !roles.wrong.is_empty() {
        return Ok((false, unnamed));
    }
    // The authorization file is last and is skipped if it was not given again.
    let found = named.par_iter().zip(recorded).map(|((_, file), input)| {
        let extent = input.fingerprint.as_ref().map(|print| print.extent);
        extent.map_or(Ok(None), |extent| FileHash::compute(file, extent))
    });
    let found: Vec<Option<FileHash>> = found.collect::<Result<_, ReadError>>()?;
    let mut theirs = true;
    for (((_, file), input), print) in named.iter().zip(recorded).zip(&found) {
        let check = same(file, input, print.as_ref(), recorded);
        theirs &= check.wrong.is_empty();
        print_check(out, &check)?;
    }
    if theirs {
        let counted = count_again(args, &settings, report)?;
        theirs = counted.wrong.is_empty();
        print_check(out, &counted)?;
    }
    Ok((theirs, unnamed))
}

/// Compares the number of files of each kind with the number that the report was made from.
fn roles(named: &[(InputRole, &str)], recorded: &[InputFile], unnamed: Option<&str>) -> IntegrityCheck {
    let mut wrong = Vec::new();
    for role in [InputRole::Extract, InputRole::Joined, InputRole::Authorizations] {
        let given = named.iter().filter(|(r, _)| *r == role).count();
        let made: Vec<&str> = recorded.iter().filter(|i| i.role == role).map(|i| i.file.as_str()).collect();
        if given != made.len() && !(given == 0 && role == InputRole::Authorizations) {
            let made_from =
                if made.is_empty() { "none".to_owned() } else { format!("{} ({})", made.len(), made.join(" ")) };
            wrong.push(format!("inputs: {}, but the report was made from {made_from}", given_files(given, role)));
        }
    }
    let what = match named.len() {
        _ if unnamed.is_some() => format!(
            "inputs: all of the {} files that the report was made from are named but {}",
            recorded.len(),
            unnamed.unwrap_or_default()
        ),
        1 => "inputs: the file that the report was made from is named".to_owned(),
        many => format!("inputs: all {many} files that the report was made from are named"),
    };
    IntegrityCheck { what, wrong }
}

/// `2 extracts given`.
fn given_files(n: usize, role: InputRole) -> String {
    let plural = match role {
        InputRole::Extract => "extracts",
        InputRole::Joined => "joined tables",
        InputRole::Authorizations => "authorization files",
    };
    let word = if n == 1 { plural.trim_end_matches('s') } else { plural };
    format!("{n} {word} given")
}

fn same(file: &str, input: &InputFile, found: Option<&FileHash>, recorded: &[InputFile]) -> IntegrityCheck {
    let Some(made) = &input.fingerprint else {
        let what = format!("{file}: was read from a pipe and has no fingerprint; it is counted again");
        return IntegrityCheck { what, wrong: Vec::new() };
    };
    let extent = made.extent.word();
    let mut wrong = Vec::new();
    if found != Some(made) {
        let another = recorded.iter().find(|other| other.fingerprint.is_some() && other.fingerprint.as_ref() == found);
        wrong.push(match (another, found) {
            (Some(_), _) => format!(
                "{file}: was given in the place of {}; give the files in the order of the run: {}",
                input.file,
                recorded.iter().map(|i| i.file.as_str()).collect::<Vec<_>>().join(" ")
            ),
            (None, None) => format!("{file}: is a pipe; name the file that the report was made from, {}", input.file),
            (None, Some(found)) if found.bytes != made.bytes => format!(
                "{file}: has {} bytes, but {}, from which the report was made, had {}",
                grouped(found.bytes),
                input.file,
                grouped(made.bytes)
            ),
            (None, Some(_)) => {
                format!(
                    "{file}: its {extent} fingerprint is not that of {}, from which the report was made",
                    input.file
                )
            }
        });
    }
    IntegrityCheck { what: format!("{file}: {} bytes, {extent} fingerprint", grouped(made.bytes)), wrong }
}

/// Reads and judges the extracts again and compares the counts with the summary.
fn count_again(args: &Verify, settings: &EffectiveSettings, report: &SavedReport) -> anyhow::Result<IntegrityCheck> {
    let mut policy = settings.policy()?;
    let saved = &report.summary;
    let memory = settings.memory.value.unwrap_or_else(|| DefaultMemory::here().bytes);
    let mut by = "";
    // A settings file may be gone or may have changed since, but the report keeps what it said.
    if args.policy.policy.is_empty()
        && policy.fingerprint != saved.policy.fingerprint
        && let Some(kept) =
            foreign::open(&args.report, dossier::FILE).ok().and_then(|file| dossier::policy(file, memory).ok())
    {
        (policy, by) = (kept, " by the policy that the report holds");
    }
    if policy.fingerprint != saved.policy.fingerprint {
        // Its policy may be that of a selection, which no --policy file gives.
        let has_dossier = foreign::open(&args.report, dossier::FILE).is_ok();
        bail!(
            "the report was judged by policy {} with fingerprint {}, and this one has {}; give the --policy files that \
             `check` was given{}",
            saved.policy.id,
            saved.policy.fingerprint,
            policy.fingerprint,
            if has_dossier {
                ""
            } else {
                "; a report of --select or --ignore can be judged again only with its dossier"
            }
        );
    }
    let (library, limit) = (settings.library()?, settings.max_decompressed.value);
    let directory = Directory::open(&args.report)?;
    let memory = Memory { bytes: memory, scratch: Arc::new(move || directory.scratch()) };
    let read = |name: &str| read_authorizations(Source::open_within(name, limit)?, &policy, &library, Some(&memory));
    let authorizations = settings.auths.value.as_deref().map(read).transpose()?;
    let expect = Expect::default();
    let setup = Setup {
        policy,
        library,
        authorizations,
        expect,
        block: ingest::BLOCK,
        part: BATCH_LINES,
        memory: Some(memory),
    };
    let mut run = run(&args.files, &|name| Source::open_extract(name, limit), setup, &Unwatched)?;
    if saved.masked.is_some() {
        // Amounts, units and modifiers that are ids counted as unreadable. Which these are does not depend on the key.
        run.mask(Mask::new(report.manifest.seal.as_bytes())?, false)?;
    }
    // Without the authorizations of the run the verdicts would differ, and in a masked report the ids of the run.
    let had = report.manifest.inputs.iter().any(|input| input.role == InputRole::Authorizations);
    let judged = had == settings.auths.value.is_some();
    let has_bins = judged || saved.masked.is_none();
    let mut wrong = rows(&run.context, saved);
    if has_bins {
        wrong.extend(bins(&run.context, saved));
    }
    if judged {
        let totals = write::write(&run, &doc::load()?, &[], &|_| Err(ErrorKind::Unsupported.into()), &|| true)?;
        wrong.extend(totals.iter().flat_map(|totals| verdicts(&totals.summary, saved)));
    }
    let what = if judged {
        format!("read and judged again{by}: rows, ledger, services and findings as in summary.json")
    } else if !has_bins {
        "read again: rows as in summary.json (ledger and verdicts of a masked report rest on the authorization file, too: give \
         --auths)"
            .to_owned()
    } else {
        "read again: rows and ledger as in summary.json (verdicts rest on the authorization file, too: give --auths)"
            .to_owned()
    };
    Ok(IntegrityCheck { what, wrong })
}

fn rows(context: &RunContext, saved: &SavedSummary) -> Vec<String> {
    let mut wrong = Vec::new();
    for (input, saved) in context.inputs.iter().zip(&saved.inputs) {
        for (what, found, saved) in [
            ("rows", input.rows, saved.rows),
            ("bytes of text", input.bytes, saved.bytes),
            ("rejected rows", input.rejects.len(), saved.rejected),
        ] {
            if found != saved {
                wrong.push(format!("{}: {found} {what}, and summary.json says {saved}", input.name));
            }
        }
    }
    wrong
}

fn bins(context: &RunContext, saved: &SavedSummary) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((bin, found, _), (_, saved, _)) in context.ledger.bins().into_iter().zip(saved.ledger.bins()) {
        if found != saved {
            wrong.push(format!("ledger: {found} rows {bin}, and summary.json says {saved}"));
        }
    }
    wrong
}

fn verdicts(summary: &Summary, saved: &SavedSummary) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut differ = |what: String, found: String, saved: Option<String>| {
        let saved = saved.unwrap_or_else(|| "nothing".to_owned());
        if found != saved {
            wrong.push(format!("{what}: {found}, and summary.json says {saved}"));
        }
    };
    for status in ServiceStatus::ALL {
        let tally = summary.status(status);
        let of = saved.services.get(status.word()).map(u64::to_string);
        differ(format!("services {}", status.word()), tally.services.to_string(), of);
    }
    differ(
        "amount at risk".to_owned(),
        summary.at_risk().to_string(),
        saved
            .amount_at_risk
            .as_ref()
            .map_or_else(|| Some(summary.at_risk().to_string()), |saved| saved.get("total").cloned()),
    );
    for (id, tally) in &summary.rules {
        let code = rules::get(*id).code;
        let of = saved.rules.get(code).map(|rule| rule.findings.to_string());
        differ(format!("findings of {code}"), tally.findings.to_string(), of);
    }
    let found = |code: &str| summary.rules.keys().any(|id| rules::get(*id).code == code);
    for (code, rule) in saved.rules.iter().filter(|(code, _)| !found(code)) {
        differ(format!("findings of {code}"), "0".to_owned(), Some(rule.findings.to_string()));
    }
    wrong
}
