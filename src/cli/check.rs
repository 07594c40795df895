//! `claimlint check`: plan, read, judge, write, tell.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use serde_json::json;

use super::args::{Check, FailOn};
use super::log::Log;
use super::progress::Watcher;
use super::settings::{self, InForce};
use super::{key, load_library, screen};
use crate::claim::authorization::Register;
use crate::exit::Exit;
use crate::gate::{Gate, Totals, Verdict};
use crate::ingest::{self, Source, Trouble, dialect};
use crate::policy::Disposition;
use crate::report::place::{self, Site};
use crate::report::{Content, write_all};
use crate::rules::doc;
use crate::rules::judge::Status;
use crate::run::{Expect, Outcome, Setup, absent, run};

/// Runs it. With `--log json` an error is an event, and the last event says how it ended.
pub(super) fn check(typed: &Check, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let log = Arc::new(Log::new(typed.log, typed.quiet));
    let phase = Arc::new(Mutex::new(Phase::Planning));
    let ended = run_check(typed, &log, &phase, out).and_then(|exit| match out.flush() {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(exit),
    });
    let exit = match ended {
        Err(e) if log.is_json() => {
            log.error(locked(&phase).word(), &e);
            Exit::Failed
        }
        ended => ended?,
    };
    log.finish(exit);
    Ok(exit)
}

fn run_check(typed: &Check, log: &Arc<Log>, phase: &Arc<Mutex<Phase>>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, leaving, last) = (Arc::clone(&stop), Arc::clone(phase), Arc::clone(log));
    // A second signal while the first one is being honoured changes nothing.
    ctrlc::set_handler(move || {
        flag.store(true, Ordering::Relaxed);
        // The run stops by itself between two waves of blocks; only a read from a pipe that says nothing never ends.
        std::thread::sleep(GRACE);
        leave(&locked(&leaving), &last);
    })
    .context("signals cannot be caught")?;
    let in_force = settings::resolve(typed)?;
    let args = &in_force.check;
    let threads = args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, Into::into), usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("threads cannot be started")?;

    let docs = doc::load()?;
    let mask = args.mask.as_deref().map(key::load).transpose()?;
    let setup = pool.install(|| plan(&in_force, log))?;
    let site = Site::open(args.out.as_deref(), args.force)?;
    let enter = |next| *locked(phase) = next;
    enter(Phase::Building(site.path().to_path_buf()));
    let watcher = Watcher::new(args.progress, args.quiet, sizes(args).sum(), Arc::clone(&stop), Arc::clone(log));
    let ran = pool.install(|| run(&args.files, &Source::open, setup, &watcher));
    watcher.finish();
    let mut outcome = match ran {
        Ok(outcome) => outcome,
        Err(Trouble::Interrupted) => return Ok(interrupted(log)),
        Err(e) => return Err(e.into()),
    };
    for input in outcome.inputs.iter().filter(|input| is_read_once(&input.name)) {
        announce(log, &input.name, &input.absent);
    }
    if !outcome.ledger.adds_up() {
        bail!("the ledger does not add up: {:?}; this is a fault of claimlint, please report it", outcome.ledger);
    }
    let services = |status| outcome.summary.status(status).services;
    let [deny, review, clear] = Status::ALL.map(services);
    let amount = outcome.summary.at_risk().to_string();
    log.event("judged", "judge", json!({ "deny": deny, "review": review, "clear": clear, "amount": amount }));
    if let Some(mask) = &mask {
        pool.install(|| outcome.mask(mask, args.mask_dates.is_some()));
    }
    let content = Content { outcome: &outcome, docs: &docs };
    let written = pool.install(|| write_all(&content, site.path()));
    written
        .and_then(|()| write_run(&site, args, started, threads, log.run()))
        .map_err(|e| anyhow!("{}: {}", site.target().display(), place::sentence(&e)))?;
    enter(Phase::Settling);
    if stop.load(Ordering::Relaxed) {
        return Ok(interrupted(log));
    }
    let place = site.settle()?;
    let (files, bytes) = weigh(&place);
    log.event("written", "write", json!({ "files": files, "bytes": bytes }));
    if !args.quiet {
        match screen::result(&content, &place, out) {
            // `claimlint check ... | head -1`: the report lies there, and the exit code still says what was found.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            told => told?,
        }
    }
    let gates = gates(&in_force.gates, &outcome, log);
    let exit = exit(&outcome, args.fail_on.unwrap_or(FailOn::Deny)).max(gates);
    // Millions of small pieces; the system takes them back faster than we could hand them over one by one.
    std::mem::forget(outcome);
    Ok(exit)
}

fn locked(phase: &Mutex<Phase>) -> MutexGuard<'_, Phase> {
    phase.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of the extracts on disk, in their order; 0 for what is read from a pipe.
fn sizes(args: &Check) -> impl Iterator<Item = u64> {
    args.files.iter().map(|f| std::fs::metadata(f).map_or(0, |m| m.len()))
}

/// Files and bytes of a report.
fn weigh(directory: &Path) -> (u64, u64) {
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten().filter_map(|entry| entry.metadata().ok());
    files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.len()))
}

/// How long a run may take to stop by itself after a signal: far more than a wave of blocks needs.
const GRACE: Duration = Duration::from_secs(1);

/// How far a run is, for the one who has to end it from outside.
enum Phase {
    /// Nothing is on disk yet.
    Planning,
    /// This directory has to go.
    Building(PathBuf),
    /// The report is being moved into place; that is not interrupted.
    Settling,
}

/// Ends a run that does not stop by itself. The caller holds the phase, so nothing is settled meanwhile.
fn leave(phase: &Phase, log: &Log) {
    match phase {
        Phase::Planning => {}
        Phase::Building(directory) => drop(std::fs::remove_dir_all(directory)),
        Phase::Settling => return,
    }
    let exit = interrupted(log);
    log.finish(exit);
    exit.now()
}

fn interrupted(log: &Log) -> Exit {
    const SAID: &str = "no report was written; run again to have one";
    if log.is_json() {
        log.event("interrupted", "read", json!({ "message": SAID }));
    } else {
        let _ = writeln!(anstream::stderr(), "interrupted: {SAID}");
    }
    Exit::Interrupted
}

impl Phase {
    /// The word in events.
    fn word(&self) -> &'static str {
        match self {
            Self::Planning => "plan",
            Self::Building(_) => "read",
            Self::Settling => "write",
        }
    }
}

/// Says which gates fail the run, and with what figures. One that cannot be told fails, too: a number that nobody could
/// form must not pass for a good one.
fn gates(gates: &[Gate], outcome: &Outcome, log: &Log) -> Exit {
    let totals = Totals { ledger: &outcome.ledger, summary: &outcome.summary, new: None };
    let mut exit = Exit::Clean;
    for gate in gates {
        let said = match gate.verdict(&totals) {
            Verdict::NotMet => continue,
            Verdict::Met => "is met".to_owned(),
            Verdict::Untold(column) => format!("cannot be told, column {column} divides by zero"),
        };
        let figures: Vec<_> =
            gate.figures(&totals).into_iter().map(|(name, figure)| (name.to_owned(), figure.to_string())).collect();
        log.gate(gate.text(), &said, &figures);
        exit = Exit::Findings;
    }
    exit
}

fn exit(outcome: &Outcome, fail_on: FailOn) -> Exit {
    let least = match fail_on {
        FailOn::Deny => Disposition::Deny,
        FailOn::Review => Disposition::Review,
        FailOn::Info => Disposition::Info,
        FailOn::Never => return Exit::Clean,
    };
    if outcome.summary.findings_from(least) > 0 { Exit::Findings } else { Exit::Clean }
}

/// Everything that can be refused is refused here, before the first row.
fn plan(in_force: &InForce, log: &Log) -> anyhow::Result<Setup> {
    let args = &in_force.check;
    let policy = in_force.policy()?;
    let extracts: Vec<_> =
        sizes(args).enumerate().map(|(i, bytes)| json!({ "extract": i + 1, "bytes": bytes })).collect();
    log.event(
        "start",
        "plan",
        json!({ "version": env!("CARGO_PKG_VERSION"), "policy": policy.fingerprint, "extracts": extracts }),
    );
    if let Some(file) = &in_force.file {
        log.note(&format!(
            "settings of {file} are in force; `claimlint config show` prints them, --no-config leaves them out"
        ));
    }
    let library = load_library(&args.layout)?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = args.files.iter().find(|f| !seen.insert(f.as_str())) {
        bail!("{twice}: given twice; its rows would be duplicates of themselves");
    }
    let mut refused = Vec::new();
    // A pipe can be read once only; what is wrong with it comes out when its turn comes.
    for name in args.files.iter().filter(|f| !is_read_once(f)) {
        match Source::open(name).and_then(|source| dialect::recognise(&source, &library)) {
            Ok(dialect) => {
                announce(log, name, &absent(&dialect));
                announce_unjoined(log, name, &dialect.unjoined);
            }
            Err(e) => refused.push(e.to_string()),
        }
    }
    if !refused.is_empty() {
        bail!("{}", refused.join("\n"));
    }
    let register = args.auths.as_deref().map(|name| Register::read(Source::open(name)?)).transpose()?;
    let expect = Expect { rows: args.expect_rows, amount: args.expect_amount };
    Ok(Setup { policy, library, register, expect, block: args.block_size.unwrap_or(ingest::BLOCK).max(1) })
}

/// Stdin, or `claimlint check <(zcat claims.csv.gz)`: something to read from that is neither a file nor missing.
fn is_read_once(name: &str) -> bool {
    name == "-" || std::fs::metadata(Path::new(name)).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// A column that is not there is said once, with what that costs.
fn announce(log: &Log, name: &str, absent: &[(ingest::field::Field, &'static str)]) {
    for (field, consequence) in absent {
        log.note(&format!("{name} has no {} column: {consequence}", field.name()));
    }
}

/// A table that the layout joins and nobody gave.
fn announce_unjoined(log: &Log, name: &str, unjoined: &[(String, String)]) {
    for (table, what) in unjoined {
        log.note(&format!("{name} has no --join {table}=FILE: {what} are empty"));
    }
}

/// What may differ between two runs over the same inputs.
#[derive(Serialize)]
struct Run<'a> {
    schema: &'static str,
    #[serde(rename = "run")]
    id: &'a str,
    started_unix_seconds: u64,
    seconds: f64,
    threads: usize,
    block_bytes: usize,
    host: String,
    arguments: Vec<String>,
}

fn write_run(site: &Site, args: &Check, started: Instant, threads: usize, id: &str) -> std::io::Result<()> {
    let elapsed = started.elapsed();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let run = Run {
        schema: "claimlint-run/1",
        id,
        started_unix_seconds: now.saturating_sub(elapsed).as_secs(),
        seconds: elapsed.as_secs_f64(),
        threads,
        block_bytes: args.block_size.unwrap_or(ingest::BLOCK),
        host: std::env::consts::OS.to_owned() + "/" + std::env::consts::ARCH,
        arguments: std::env::args().skip(1).collect(),
    };
    let mut file = place::create(&site.path().join("run.json"))?;
    serde_json::to_writer_pretty(&mut file, &run)?;
    writeln!(file)?;
    place::settle(file)
}
