//! `claimlint check`: plan, read, write (which judges part by part), publish, and print the result.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use anyhow::{anyhow, bail};
use serde_json::json;

use crate::claim::Sum;
use crate::claim::store::BATCH_LINES;
use crate::cli::args::{Check, FailOn};
use crate::cli::command::{gates, run_file};
use crate::cli::job::{Job, JobSlices};
use crate::cli::metrics::{RunFigures, StagedMetrics};
use crate::cli::plan::{Materials, Plan, hash_inputs, is_pipe, sizes};
use crate::cli::signals::{Stop, interrupted};
use crate::cli::terminal::absent;
use crate::cli::terminal::log::Log;
use crate::cli::terminal::progress::Watcher;
use crate::cli::terminal::summary;
use crate::cli::terminal::summary::Shown;
use crate::cli::{announce, clock, comparison, metrics, new_file, plan};
use crate::exit::Exit;
use crate::ingest::Source;
use crate::policy::Disposition;
use crate::report::dir;
use crate::report::dir::{DEFAULT, StagedReport};
use crate::report::format::{csv, dossier, html};
use crate::report::{ReportContext, Totals, write};
use crate::rules::judge::ServiceStatus;
use crate::run;
use crate::run::{Memory, Run, Setup};
use crate::tally::Share;

/// What every stage of a running `check` needs.
struct Session<'a> {
    plan: &'a Plan,
    slices: Option<&'a JobSlices>,
    log: &'a Arc<Log>,
    stop: &'a Stop,
    quiet: bool,
}

/// Runs a check. With `--log json` an error is an event, and the last event gives the exit code.
pub(crate) fn check(typed: &Check, out: &mut dyn Write) -> anyhow::Result<Exit> {
    check_slices(typed, None, out)
}

/// The same with the slices of a job, if they are to be read instead of the extracts.
pub(crate) fn check_slices(typed: &Check, slices: Option<&JobSlices>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    logged(typed, |log, stop| plan_and_run(typed, slices, log, stop, out))
}

/// Prepares the check of a job as for reading its slices, and ends there: nothing is left.
pub(crate) fn prepare_job(typed: &Check, job: &Job) -> anyhow::Result<Exit> {
    logged(typed, |log, stop| prepare(typed, Some(job), log, stop).map(|_| Exit::Clean))
}

/// Runs a check with its log, and with signals that end it.
fn logged(typed: &Check, run: impl FnOnce(&Arc<Log>, &Stop) -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    let log = Arc::new(Log::new(typed.log, typed.quiet));
    let stop = Stop::listen(&log)?;
    let exit = match stop.end(run(&log, &stop)) {
        Err(e) if log.is_json() => {
            log.error(stop.word(), &e);
            Exit::Failed
        }
        ended => ended?,
    };
    log.finish(exit);
    Ok(exit)
}

/// Plans a check and takes the place of its report, which is given back if nothing is written.
fn prepare(
    typed: &Check,
    job: Option<&Job>,
    log: &Log,
    stop: &Stop,
) -> anyhow::Result<(Plan, Materials, StagedReport)> {
    let (plan, materials) = plan::resolve(typed, log)?;
    job.map_or(Ok(()), |job| plan.pool.install(|| job.ensure_same(&plan, &materials.policy)))?;
    let protected = plan.protected_files();
    if let Some(target) = &plan.metrics {
        if job.is_some_and(|job| job.holds(target)) {
            bail!("--metrics {}: is a file of the job; name another file", target.display());
        }
        metrics::check_place(target, &protected, plan.out.as_deref())?;
    }
    new_file::ensure_no_report("--out", plan.out.as_deref().unwrap_or(Path::new(DEFAULT)))?;
    let staged = plan.pool.install(|| StagedReport::open(plan.out.as_deref(), typed.force, &protected))?;
    stop.building(staged.leftovers());
    Ok((plan, materials, staged))
}

fn plan_and_run(
    typed: &Check,
    slices: Option<&JobSlices>,
    log: &Arc<Log>,
    stop: &Stop,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let (plan, materials, staged) = prepare(typed, slices.map(JobSlices::job), log, stop)?;
    let session = Session { plan: &plan, slices, log, stop, quiet: typed.quiet };
    let run = session.read(typed, materials, &staged)?;
    let Some(totals) = session.write(&run, &staged)? else { return Ok(interrupted(log)) };
    session.seal(&run, &staged, started)?;
    let failed = gates::failed(&plan.settings.gates, &run, &totals);
    let exit = exit(&totals, plan.fail_on).max(if failed.is_empty() { Exit::Clean } else { Exit::Findings });
    let figures = RunFigures { began: began(started), elapsed: started.elapsed(), failed_gates: failed.len(), exit };
    let metrics = session.stage_metrics(&run, &totals, &figures)?;
    if !stop.begin_publishing() {
        return Ok(interrupted(log));
    }
    let place = staged.publish()?;
    let published = metrics.map_or(Ok(()), StagedMetrics::publish);
    let shown = Shown { all_rules: typed.all_rules, elapsed: started.elapsed() };
    session.print_summary(&run, &totals, &place, &shown, out);
    gates::announce(&failed, log);
    published?;
    // Leaving the memory to the operating system is faster than dropping every line.
    std::mem::forget(run);
    Ok(exit)
}

impl Session<'_> {
    /// Reads and indexes the extracts, and completes what the report needs to know of the run.
    fn read(&self, typed: &Check, materials: Materials, staged: &StagedReport) -> anyhow::Result<Run> {
        let plan = self.plan;
        let hash = || hash_inputs(&plan.settings, &plan.files, plan.hashed);
        let inputs = materials.sampled.map_or_else(|| plan.pool.install(hash), Ok)?;
        let setup = Setup {
            policy: materials.policy,
            library: materials.library,
            authorizations: materials.authorizations,
            expect: plan.expect,
            block: plan.block,
            part: BATCH_LINES,
            memory: Some(Memory { bytes: plan.memory, scratch: staged.scratch() }),
        };
        let bytes = sizes(&plan.files).sum();
        let watcher = Watcher::new(typed.progress, self.quiet, bytes, self.stop.flag(), Arc::clone(self.log));
        let opened = Mutex::new(materials.opened);
        let open = |name: &str| {
            let opened = opened.lock().unwrap_or_else(PoisonError::into_inner).take_if(|opened| opened.name == name);
            opened.map_or_else(|| Source::open_extract(name, plan.max_decompressed), Source::with_first_rows)
        };
        let read = plan.pool.install(|| match (self.slices, &plan.table) {
            (Some(slices), _) => run::run_with(&plan.files, &slices.reader(&open, plan.memory), setup, &watcher),
            (None, Some(table)) => run::run_with(&table.names(), &table.reader(&open), setup, &watcher),
            (None, None) => run::run(&plan.files, &open, setup, &watcher),
        });
        watcher.finish();
        let mut run = read?;
        let pipes = run.context.inputs.iter().filter(|input| is_pipe(&input.name));
        let lacking: Vec<_> = pipes.map(|input| (input.name.as_str(), input.absent.as_slice())).collect();
        absent::announce(self.log, &lacking, plan.files.len());
        let surplus = run.context.inputs.iter().map(|input| (input.name.as_str(), input.surplus_fields));
        announce::surplus_fields(self.log, surplus);
        if let Some(list) = plan.table_list.as_ref().filter(|_| !run.context.ledger.adds_up()) {
            bail!(
                "{}: a row of the table is there more than once, so its rows cannot be told apart; leave out what is repeated, \
                 or give each row a number of its own (`key` of check_table)",
                list.display()
            );
        }
        if !run.context.ledger.adds_up() {
            bail!(
                "the ledger does not add up: {:?}; this is a fault of claimlint, please report it",
                run.context.ledger
            );
        }
        run.context.warnings.extend(plan.settings.warning());
        run.context.warnings.extend(plan.warnings.iter().cloned());
        materials.comparison.add_to(&mut run.context);
        run.context.input_files = inputs;
        if let Some(mask) = materials.mask {
            plan.pool.install(|| run.mask(mask, plan.masks_dates)).map_err(|e| unwritten(staged, &e))?;
        }
        Ok(run)
    }

    /// Judges the run part by part and writes every format. `None`: the run was asked to stop.
    fn write(&self, run: &Run, staged: &StagedReport) -> anyhow::Result<Option<Totals>> {
        let settings = &self.plan.settings;
        let left_out = [
            (&settings.no_html, html::FILE),
            (&settings.no_dossier, dossier::FILE),
            (&settings.no_services, csv::SERVICES),
        ];
        let left_out: Vec<_> = left_out.into_iter().filter(|(no, _)| no.value == Some(true)).map(|(_, f)| f).collect();
        let formats = write::chosen(settings.format.list(), &left_out);
        let flag = self.stop.flag();
        let go_on = || !flag.load(Ordering::Relaxed);
        let files = write::files(staged);
        let write = || write::write(run, &self.plan.docs, &formats, &files, &go_on);
        let written = self.plan.pool.install(write).map_err(|e| unwritten(staged, &e))?;
        if let Some(totals) = &written {
            self.log_judged(run, totals);
        }
        Ok(written)
    }

    /// Writes warnings and totals to the log. Amounts are null where no extract has a column for them.
    fn log_judged(&self, run: &Run, totals: &Totals) {
        let summary = &totals.summary;
        let [deny, review, not_evaluated, clear] = ServiceStatus::ALL.map(|status| summary.status(status).services);
        let amount = |sum: Sum| run.context.knows_amounts().then(|| sum.to_string());
        let findings = |share: &Share| {
            let by = Disposition::WORDS.iter().map(|(word, d)| (*word, share.of_disposition(*d).findings));
            by.collect::<BTreeMap<_, _>>()
        };
        let since = totals.new.as_ref().map(|since| [&since.new, &since.known, &since.gone].map(findings));
        let since = since.map(|[new, known, gone]| json!({ "new": new, "known": known, "gone": gone }));
        let context = ReportContext { run: &run.context, docs: &self.plan.docs };
        let rules = summary.rules.iter().map(|(id, tally)| (context.doc(*id).code.as_str(), tally.findings));
        let judged = json!({
            "deny": deny,
            "review": review,
            "not_evaluated": not_evaluated,
            "clear": clear,
            "amount": amount(summary.at_risk()),
            "recoverable": amount(summary.recoverable()),
            "after_verified": totals.after_verified,
            "rules": rules.collect::<BTreeMap<_, _>>(),
            "since_baseline": since,
        });
        totals.warnings.iter().for_each(|warning| self.log.warning(warning));
        self.log.event("judged", "judge", judged);
        for table in &run.context.tables {
            self.log.event("joined", "judge", json!(table.counts()));
        }
        if let Some(coverage) = totals.coverage(&run.context) {
            self.log.event("authorizations", "judge", json!(coverage));
        }
    }

    /// Writes the figures of the run beside their place, before the report is published.
    fn stage_metrics(&self, run: &Run, totals: &Totals, figures: &RunFigures) -> anyhow::Result<Option<StagedMetrics>> {
        let context = ReportContext { run: &run.context, docs: &self.plan.docs };
        let write = |target: &PathBuf| StagedMetrics::write(target, &metrics::text(context, totals, figures));
        self.plan.metrics.as_ref().map(write).transpose()
    }

    /// Adds the manifest and `run.json`, and refuses the report if an input changed under the run.
    fn seal(&self, run: &Run, staged: &StagedReport, started: Instant) -> anyhow::Result<()> {
        let today = run.context.suppressions.as_ref().map(|all| all.today);
        let manifest = self.plan.pool.install(|| staged.seal(&run.context.input_files));
        manifest
            .and_then(|manifest| run_file::write(staged, self.plan, self.log.run(), started, today, &manifest))
            .map_err(|e| unwritten(staged, &e))?;
        self.plan.states.ensure_unchanged()
    }

    /// Prints the result. The report is complete by now, and the exit code does not depend on the terminal.
    fn print_summary(&self, run: &Run, totals: &Totals, place: &Path, shown: &Shown, out: &mut dyn Write) {
        let (files, bytes) = count_files(place);
        self.log.event(
            "written",
            "write",
            json!({ "files": files, "bytes": bytes, "report": place.display().to_string() }),
        );
        comparison::announce(&run.context, totals, self.log);
        if self.quiet {
            return;
        }
        let context = ReportContext { run: &run.context, docs: &self.plan.docs };
        match summary::result(context, totals, place, shown, out).and_then(|()| out.flush()) {
            // `claimlint check ... | head -1`
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            Err(e) => {
                self.log.note(&format!("the summary could not be printed ({e}); the report is in {}", place.display()));
            }
            Ok(()) => {}
        }
    }
}

/// Seconds since 1970 at the start of the run.
fn began(started: Instant) -> f64 {
    let now = clock::nanoseconds_since_1970(SystemTime::now()) as f64 / 1e9;
    ((now - started.elapsed().as_secs_f64()) * 1e3).round() / 1e3
}

/// An error of the disk, with the directory of the report.
fn unwritten(staged: &StagedReport, e: &io::Error) -> anyhow::Error {
    anyhow!("{}: {}", staged.target().display(), dir::describe_io_error(e))
}

/// Files and bytes of a report.
fn count_files(directory: &Path) -> (u64, u64) {
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten().filter_map(|entry| entry.metadata().ok());
    files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.len()))
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
