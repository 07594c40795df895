//! `claimlint check`: plan, read, judge, write, tell.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use serde_json::json;

use crate::claim::store::LINES;
use crate::cli::args::{Check, FailOn, Hashed, MEMORY};
use crate::cli::inputs::Given;
use crate::cli::settings;
use crate::cli::settings::InForce;
use crate::cli::signals::{Stop, interrupted};
use crate::cli::terminal::log::Log;
use crate::cli::terminal::progress::Watcher;
use crate::cli::terminal::summary;
use crate::cli::{comparison, load_library, mask_key};
use crate::exit::Exit;
use crate::gate;
use crate::gate::{Gate, GateResult};
use crate::ingest;
use crate::ingest::Source;
use crate::ingest::error::ReadErrors;
use crate::ingest::layout::detect;
use crate::policy::Disposition;
use crate::report::dir;
use crate::report::dir::StagedReport;
use crate::report::dir::manifest;
use crate::report::{RUN, ReportContext, Totals, write};
use crate::rules::doc;
use crate::rules::judge::ServiceStatus;
use crate::run::{Expect, Memory, Run, Setup, absent, read_authorizations, run};

/// Runs it. With `--log json` an error is an event, and the last event says how it ended.
pub(crate) fn check(typed: &Check, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let log = Arc::new(Log::new(typed.log, typed.quiet));
    let stop = Stop::listen(&log)?;
    let exit = match stop.end(checked(typed, &log, &stop, out)) {
        Err(e) if log.is_json() => {
            log.error(stop.word(), &e);
            Exit::Failed
        }
        ended => ended?,
    };
    log.finish(exit);
    Ok(exit)
}

fn checked(typed: &Check, log: &Arc<Log>, stop: &Stop, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let in_force = settings::resolve(typed)?;
    let args = &in_force.check;
    let threads = args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, Into::into), usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("threads cannot be started")?;

    let mask = args.mask.as_deref().map(mask_key::load).transpose()?;
    let (docs, (planned, given)) = pool.install(|| rayon::join(doc::load, || planned(&in_force, log)));
    let docs = docs?;
    let mut setup = planned?;
    // The baseline may be the report that this one replaces.
    let earlier = comparison::load(args)?;
    let site = StagedReport::open(args.out.as_deref(), args.force)?;
    setup.memory = Some(Memory { bytes: args.memory.unwrap_or(MEMORY), directory: site.path().to_path_buf() });
    stop.building(site.temp_paths());
    let given = given.map_or_else(|| pool.install(|| Given::take(args)), Ok)?;
    let watcher = Watcher::new(args.progress, args.quiet, sizes(args).sum(), stop.flag(), Arc::clone(log));
    let open = |name: &str| Source::open_within(name, args.layout.max_decompressed);
    let ran = pool.install(|| run(&args.files, &open, setup, &watcher));
    watcher.finish();
    let mut run = ran?;
    for input in run.frame.inputs.iter().filter(|input| is_read_once(&input.name)) {
        announce(log, &input.name, &input.absent);
    }
    if !run.frame.ledger.adds_up() {
        bail!("the ledger does not add up: {:?}; this is a fault of claimlint, please report it", run.frame.ledger);
    }
    let today = earlier.today();
    earlier.given_to(&mut run.frame);
    run.frame.originals = given.originals().to_vec();
    let target = site.target().to_path_buf();
    let unwritten = |e| anyhow!("{}: {}", target.display(), dir::describe_io_error(&e));
    if let Some(mask) = mask {
        pool.install(|| run.mask(mask, args.mask_dates.is_some())).map_err(unwritten)?;
    }
    let formats = write::chosen(&args.formats);
    let flag = stop.flag();
    let go_on = || !flag.load(Ordering::Relaxed);
    let written =
        pool.install(|| write::write(&run, &docs, &formats, &write::files(site.path()), &go_on)).map_err(unwritten)?;
    let Some(totals) = written else { return Ok(interrupted(log)) };
    let services = |status| totals.summary.status(status).services;
    let [deny, review, not_evaluated, clear] = ServiceStatus::ALL.map(services);
    let amount = totals.summary.at_risk().to_string();
    log.event(
        "judged",
        "judge",
        json!({
            "deny": deny,
            "review": review,
            "not_evaluated": not_evaluated,
            "clear": clear,
            "amount": amount,
        }),
    );
    write_run(&site, args, started, threads, (log.run(), today))
        .and_then(|()| pool.install(|| manifest::write(site.path(), given.originals())))
        .map_err(unwritten)?;
    given.unchanged()?;
    if !stop.settling() {
        return Ok(interrupted(log));
    }
    let place = site.publish()?;
    let (files, bytes) = weigh(&place);
    log.event("written", "write", json!({ "files": files, "bytes": bytes }));
    if !args.quiet {
        comparison::tell(&run.frame, &totals, log);
        let about = ReportContext { run: &run.frame, docs: &docs };
        // The report lies there, and the exit code says what was found, whatever becomes of the screen.
        match summary::result(about, &totals, &place, out).and_then(|()| out.flush()) {
            // `claimlint check ... | head -1`
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            Err(e) => log.note(&format!("this could not be printed ({e}); the report lies in {}", place.display())),
            Ok(()) => {}
        }
    }
    let gates = gates(&in_force.gates, (&run, &totals), log);
    let exit = exit(&totals, args.fail_on.unwrap_or(FailOn::Deny)).max(gates);
    // The system takes the lines back faster than we could hand them over one by one.
    std::mem::forget(run);
    Ok(exit)
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

/// Says which gates fail the run, and with what figures. One that cannot be told fails, too: a number that nobody could
/// form must not pass for a good one.
fn gates(gates: &[Gate], (run, totals): (&Run, &Totals), log: &Log) -> Exit {
    let new = totals.new.as_ref().map(|since| {
        let findings = |disposition| since.new.of_disposition(disposition).findings;
        gate::NewFindings {
            deny: findings(Disposition::Deny),
            review: findings(Disposition::Review),
            info: findings(Disposition::Info),
            amount: since.new.all().at_risk,
        }
    });
    let totals = gate::GateInputs { ledger: &run.frame.ledger, summary: &totals.summary, new };
    let mut exit = Exit::Clean;
    for gate in gates {
        let said = match gate.verdict(&totals) {
            GateResult::False => continue,
            GateResult::True => "is met".to_owned(),
            GateResult::Undefined(column) => format!("cannot be told, column {column} divides by zero"),
        };
        let figures: Vec<_> =
            gate.figures(&totals).into_iter().map(|(name, figure)| (name.to_owned(), figure.to_string())).collect();
        log.gate(gate.text(), &said, &figures);
        exit = Exit::Findings;
    }
    exit
}

fn exit(totals: &Totals, fail_on: FailOn) -> Exit {
    let new = |least| totals.new.as_ref().map_or(0, |tally| tally.new.findings_from(least));
    let found = match fail_on {
        FailOn::Deny => totals.findings_from(Disposition::Deny),
        FailOn::Review => totals.findings_from(Disposition::Review),
        FailOn::Info => totals.findings_from(Disposition::Info),
        FailOn::NewDeny => new(Disposition::Deny),
        FailOn::NewReview => new(Disposition::Review),
        FailOn::NewInfo => new(Disposition::Info),
        FailOn::Never => 0,
    };
    if found > 0 { Exit::Findings } else { Exit::Clean }
}

/// The plan, and the fingerprints if they are samples: those take no longer. Whole hashes wait until nothing is refused,
/// and so does the message about a file that cannot be read.
fn planned(in_force: &InForce, log: &Log) -> (anyhow::Result<Setup>, Option<Given>) {
    match in_force.check.fingerprint {
        Hashed::Sampled => rayon::join(|| plan(in_force, log), || Given::take(&in_force.check).ok()),
        Hashed::Full => (plan(in_force, log), None),
    }
}

/// Everything that can be refused is refused here, before the first row.
fn plan(in_force: &InForce, log: &Log) -> anyhow::Result<Setup> {
    let args = &in_force.check;
    let (policy, library) = rayon::join(|| in_force.policy(), || load_library(&args.layout));
    let policy = policy?;
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
    let library = library?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = args.files.iter().find(|f| !seen.insert(f.as_str())) {
        bail!("{twice}: given twice; its rows would be duplicates of themselves");
    }
    let limit = args.layout.max_decompressed;
    let mut refused = Vec::new();
    // A pipe can be read once only; what is wrong with it comes out when its turn comes.
    for name in args.files.iter().filter(|f| !is_read_once(f)) {
        match Source::open_within(name, limit).and_then(|source| detect::detect(&source, &library)) {
            Ok(detected) => {
                announce(log, name, &absent(&detected));
                announce_unjoined(log, name, &detected.unjoined);
            }
            Err(e) => refused.push(e),
        }
    }
    if !refused.is_empty() {
        return Err(ReadErrors(refused).into());
    }
    let register = args
        .auths
        .as_deref()
        .map(|name| read_authorizations(Source::open_within(name, limit)?, &policy, &library))
        .transpose()?;
    let expect = Expect { rows: args.expect_rows, amount: args.expect_amount };
    let block = args.block_size.unwrap_or(ingest::BLOCK).max(1);
    Ok(Setup { policy, library, register, expect, block, part: LINES, memory: None })
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
struct RunFile<'a> {
    schema: &'static str,
    #[serde(rename = "run")]
    id: &'a str,
    started_unix_seconds: u64,
    seconds: f64,
    threads: usize,
    block_bytes: usize,
    host: String,
    /// The day on which suppressions were held against their expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<String>,
    arguments: Vec<String>,
}

fn write_run(
    site: &StagedReport,
    args: &Check,
    started: Instant,
    threads: usize,
    (id, today): (&str, Option<jiff::civil::Date>),
) -> std::io::Result<()> {
    let elapsed = started.elapsed();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let run = RunFile {
        schema: "claimlint-run/1",
        id,
        started_unix_seconds: now.saturating_sub(elapsed).as_secs(),
        seconds: elapsed.as_secs_f64(),
        threads,
        block_bytes: args.block_size.unwrap_or(ingest::BLOCK),
        today: today.map(|day| day.to_string()),
        host: std::env::consts::OS.to_owned() + "/" + std::env::consts::ARCH,
        arguments: std::env::args().skip(1).collect(),
    };
    let mut text = serde_json::to_vec_pretty(&run)?;
    text.push(b'\n');
    dir::create(&site.path().join(RUN))?.write_all(&text)
}
