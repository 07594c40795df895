//! `claimlint check`: plan, read, judge, write, tell.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use serde::Serialize;

use super::args::{Check, FailOn};
use super::progress::Watcher;
use super::{key, load_library, load_policy, paint, screen};
use crate::claim::authorization::Register;
use crate::claim::store::LINES;
use crate::exit::Exit;
use crate::ingest::{self, Source, Trouble, dialect};
use crate::policy::Disposition;
use crate::report::place::{self, Site};
use crate::report::{About, Totals, sink};
use crate::rules::doc;
use crate::run::{Setup, absent, run};

/// Runs it.
pub(super) fn check(args: &Check, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let phase = Arc::new(Mutex::new(Phase::Planning));
    let (flag, leaving) = (Arc::clone(&stop), Arc::clone(&phase));
    // A second signal while the first one is being honoured changes nothing.
    ctrlc::set_handler(move || {
        flag.store(true, Ordering::Relaxed);
        // The run stops by itself between two waves of blocks; only a read from a pipe that says nothing never ends.
        std::thread::sleep(GRACE);
        leave(&leaving.lock().unwrap_or_else(PoisonError::into_inner));
    })
    .context("signals cannot be caught")?;
    let threads = args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, Into::into), usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("threads cannot be started")?;

    let docs = doc::load()?;
    let mask = args.mask.as_deref().map(key::load).transpose()?;
    let setup = pool.install(|| plan(args))?;
    let total = args.files.iter().filter_map(|f| std::fs::metadata(f).ok()).map(|m| m.len()).sum();
    let site = Site::open(args.out.as_deref(), args.force)?;
    let enter = |next| *phase.lock().unwrap_or_else(PoisonError::into_inner) = next;
    enter(Phase::Building(site.path().to_path_buf()));
    let watcher = Watcher::new(args.progress, args.quiet, total, Arc::clone(&stop));
    let ran = pool.install(|| run(&args.files, &Source::open, setup, &watcher));
    watcher.finish();
    let mut run = match ran {
        Ok(run) => run,
        Err(Trouble::Interrupted) => return Ok(interrupted()),
        Err(e) => return Err(e.into()),
    };
    for input in run.frame.inputs.iter().filter(|input| !args.quiet && is_read_once(&input.name)) {
        announce(&input.name, &input.absent);
    }
    if !run.frame.ledger.adds_up() {
        bail!("the ledger does not add up: {:?}; this is a fault of claimlint, please report it", run.frame.ledger);
    }
    let target = site.target().to_path_buf();
    let unwritten = |e| anyhow!("{}: {}", target.display(), place::sentence(&e));
    if let Some(mask) = mask {
        pool.install(|| run.mask(mask, args.mask_dates.is_some())).map_err(unwritten)?;
    }
    let formats = sink::chosen(&args.formats);
    let go_on = || !stop.load(Ordering::Relaxed);
    let written =
        pool.install(|| sink::write(&run, &docs, &formats, &sink::files(site.path()), &go_on)).map_err(unwritten)?;
    let Some(totals) = written else { return Ok(interrupted()) };
    write_run(&site, args, started, threads).map_err(unwritten)?;
    enter(Phase::Settling);
    if stop.load(Ordering::Relaxed) {
        return Ok(interrupted());
    }
    let place = site.settle()?;
    if !args.quiet {
        let about = About { frame: &run.frame, docs: &docs };
        match screen::result(about, &totals, &place, out) {
            // `claimlint check ... | head -1`: the report lies there, and the exit code still says what was found.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            told => told?,
        }
    }
    let exit = exit(&totals, args.fail_on);
    // The system takes the lines back faster than we could hand them over one by one.
    std::mem::forget(run);
    Ok(exit)
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
fn leave(phase: &Phase) {
    match phase {
        Phase::Planning => {}
        Phase::Building(directory) => drop(std::fs::remove_dir_all(directory)),
        Phase::Settling => return,
    }
    interrupted().now()
}

fn interrupted() -> Exit {
    let _ = writeln!(anstream::stderr(), "interrupted: no report was written; run again to have one");
    Exit::Interrupted
}

fn exit(totals: &Totals, fail_on: FailOn) -> Exit {
    let least = match fail_on {
        FailOn::Deny => Disposition::Deny,
        FailOn::Review => Disposition::Review,
        FailOn::Info => Disposition::Info,
        FailOn::Never => return Exit::Clean,
    };
    if totals.summary.findings_from(least) > 0 { Exit::Findings } else { Exit::Clean }
}

/// Everything that can be refused is refused here, before the first row.
fn plan(args: &Check) -> anyhow::Result<Setup> {
    let policy = load_policy(&args.policy)?;
    let library = load_library(&args.layout)?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = args.files.iter().find(|f| !seen.insert(f.as_str())) {
        bail!("{twice}: given twice; its rows would be duplicates of themselves");
    }
    let mut refused = Vec::new();
    // A pipe can be read once only; what is wrong with it comes out when its turn comes.
    for name in args.files.iter().filter(|f| !is_read_once(f)) {
        match Source::open(name).and_then(|source| dialect::recognise(&source, &library)) {
            Ok(dialect) if !args.quiet => {
                announce(name, &absent(&dialect));
                announce_unjoined(name, &dialect.unjoined);
            }
            Ok(_) => {}
            Err(e) => refused.push(e.to_string()),
        }
    }
    if !refused.is_empty() {
        bail!("{}", refused.join("\n"));
    }
    let register = args.auths.as_deref().map(|name| Register::read(Source::open(name)?)).transpose()?;
    Ok(Setup {
        policy,
        library,
        register,
        block: args.block_size.unwrap_or(ingest::BLOCK).max(1),
        part: LINES,
        memory: None,
    })
}

/// Stdin, or `claimlint check <(zcat claims.csv.gz)`: something to read from that is neither a file nor missing.
fn is_read_once(name: &str) -> bool {
    name == "-" || std::fs::metadata(Path::new(name)).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// A column that is not there is said once, with what that costs.
fn announce(name: &str, absent: &[(ingest::field::Field, &'static str)]) {
    for (field, consequence) in absent {
        note(&format!("{name} has no {} column: {consequence}", field.name()));
    }
}

/// A table that the layout joins and nobody gave.
fn announce_unjoined(name: &str, unjoined: &[(String, String)]) {
    for (table, what) in unjoined {
        note(&format!("{name} has no --join {table}=FILE: {what} are empty"));
    }
}

fn note(said: &str) {
    let line = format!("{} {}", paint::paint(paint::DIM, "note:"), paint::seen(said));
    let _ = writeln!(anstream::stderr(), "{}", paint::fitted(&line, 6));
}

/// What may differ between two runs over the same inputs.
#[derive(Serialize)]
struct Run {
    schema: &'static str,
    started_unix_seconds: u64,
    seconds: f64,
    threads: usize,
    block_bytes: usize,
    host: String,
    arguments: Vec<String>,
}

fn write_run(site: &Site, args: &Check, started: Instant, threads: usize) -> std::io::Result<()> {
    let elapsed = started.elapsed();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let run = Run {
        schema: "claimlint-run/1",
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
