//! The findings that a run is compared with: those of an earlier report (`--baseline`), and those that are suppressed
//! (`--suppress`).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::ValueEnum as _;
use jiff::civil::Date;

use crate::baseline::{BaselineFacts, BaselineFindings};
use crate::cli::args::FailOn;
use crate::cli::load::read_text_within;
use crate::cli::out_name;
use crate::cli::out_name::LATEST;
use crate::cli::settings::EffectiveSettings;
use crate::cli::terminal::log::Log;
use crate::disk::spool::Scratch;
use crate::frame::{Allowance, allowance};
use crate::policy::Policy;
use crate::report::Totals;
use crate::report::compare::read::FindingsFile;
use crate::report::dir::describe_io_error;
use crate::report::words::numbers::counted;
use crate::rules;
use crate::run::{Masked, RunContext};
use crate::suppress::{State, Suppression, Suppressions};

/// A baseline and suppressions, loaded before the first row is read.
pub(crate) struct ComparedFindings {
    baseline: Option<(BaselineFacts, BaselineFindings)>,
    suppressions: Option<Suppressions>,
    /// The day of `--today`.
    today: Option<Date>,
}

/// Loads baseline and suppressions, or fails. `day` is that of the run, and `baseline` the report that is compared with. Both
/// together may take `memory` bytes; findings of the baseline beyond half of them are on the disk of the report `out`.
pub(crate) fn load(
    settings: &EffectiveSettings,
    baseline: Option<&Path>,
    day: Date,
    (memory, out): (usize, Option<&Path>),
) -> anyhow::Result<ComparedFindings> {
    let mut allowance = Allowance::new(memory);
    let read = |path: &Path| FindingsFile::read_sorted(path, &mut allowance, &scratch_beside(out));
    let baseline = baseline.map(read).transpose().map_err(Into::into);
    let baseline = settings.baseline.placed("baseline", baseline)?;
    if let Some((report, _)) = &baseline {
        let (masked, cuts_dates) = (settings.mask.value.is_some(), settings.mask_dates.value.is_some());
        report.suits(Some(masked), cuts_dates, Path::new("this run"))?;
    }
    let baseline = baseline.map(|(report, findings)| (report.facts, findings));
    let suppressions = settings.suppress.value.as_deref().map(|path| {
        fits(path, allowance.left())?;
        let file = settings.suppress.placed("suppress", read_text_within(path, allowance.left()))?;
        anyhow::Ok(Suppressions::load(&file.file, &file.text, day)?)
    });
    Ok(ComparedFindings { baseline, suppressions: suppressions.transpose()?, today: None })
}

/// Makes files without a name in the directory in which the report will be, or the nearest above it that is there.
pub(crate) fn scratch_beside(out: Option<&Path>) -> Scratch {
    let above = out.and_then(Path::parent).unwrap_or(Path::new("")).ancestors().find(|directory| directory.is_dir());
    let directory = above.unwrap_or(Path::new(".")).to_path_buf();
    Arc::new(move || {
        let what =
            |e: io::Error| format!("{}: no temporary file can be made: {}", directory.display(), describe_io_error(&e));
        tempfile::tempfile_in(&directory).map_err(|e| io::Error::new(e.kind(), what(e)))
    })
}

/// Refuses a file of suppressions whose text and suppressions, which take twice as much, do not fit into what is left.
fn fits(path: &Path, left: u64) -> anyhow::Result<()> {
    let bytes = path.metadata().map_or(0, |file| file.len());
    if 3 * bytes > 2 * left {
        bail!(
            "{}: its suppressions take {} MiB of memory, and --memory leaves {} MiB for them; remove those that have expired, \
             or give --memory {}",
            path.display(),
            (3 * bytes).div_ceil(2 << 20),
            left >> 20,
            allowance::suggested(3 * bytes)
        );
    }
    Ok(())
}

/// The report that findings are compared with, if there is one. `latest` is the newest beside the report of this run, and
/// none on the first run.
pub(crate) fn baseline(settings: &EffectiveSettings, log: &Log) -> anyhow::Result<Option<PathBuf>> {
    let asks_for_new = |level: &FailOn| matches!(level, FailOn::NewDeny | FailOn::NewReview | FailOn::NewInfo);
    let asked = settings.fail_on.value.filter(asks_for_new).and_then(|level| level.to_possible_value());
    let Some(named) = &settings.baseline.value else {
        if let Some(asked) = asked {
            let word = asked.get_name();
            let unnamed = anyhow!("--fail-on {word}: new since which report? name its directory with --baseline DIR");
            return settings.fail_on.placed("fail_on", Err(unnamed));
        }
        return Ok(None);
    };
    if named != Path::new(LATEST) {
        return Ok(Some(named.clone()));
    }
    let latest = out_name::latest(settings.out.value.as_deref())?;
    match &latest {
        Some(report) => {
            let when = report.run.as_ref().map_or_else(String::new, |run| format!(", written {} UTC", run.when()));
            log.note(&format!("baseline: {}{when}", report.path.display()));
        }
        None => log.note("baseline: there is no earlier report beside this one, so nothing counts as new"),
    }
    Ok(latest.map(|report| report.path))
}

impl ComparedFindings {
    /// States the day that was given with `--today` at the head of the report.
    pub(crate) fn dated(self, today: Option<Date>) -> Self {
        Self { today, ..self }
    }

    /// Bytes of memory that both take.
    pub(crate) fn bytes(&self) -> usize {
        self.baseline.as_ref().map_or(0, |(_, findings)| findings.bytes())
            + self.suppressions.as_ref().map_or(0, Suppressions::bytes)
    }

    /// Adds both to the context of a run.
    pub(crate) fn add_to(self, context: &mut RunContext) {
        (context.baseline_facts, context.baseline) = self.baseline.unzip();
        (context.suppressions, context.today) = (self.suppressions, self.today);
    }
}

/// Suppressions without effect that are noted one by one; there may be a million.
const NOTED: usize = 200;

/// Notes which suppressions have no effect, and whether the baseline may be masked under another key.
pub(crate) fn announce(context: &RunContext, totals: &Totals, log: &Log) {
    let all = context.suppressions.iter().flat_map(|all| totals.suppressions(all));
    let mut without_effect = all.filter(|(one, fits)| one.state(*fits) != State::Used);
    for (one, fits) in without_effect.by_ref().take(NOTED) {
        // In a masked run, the owner is withheld.
        let owner = if context.masked == Masked::Nothing { format!(", {}", one.owner) } else { String::new() };
        let head = format!("suppression {} (line {}{owner})", one.number, one.line);
        let unasked = unasked(one, &context.policy);
        match (one.state(fits), unasked) {
            (State::Expired, unasked) => {
                let back = match (fits, unasked) {
                    (0, Some(unasked)) => format!("it {unasked}"),
                    (0, None) => "it matches no finding".to_owned(),
                    _ => counted(fits, "finding") + " back",
                };
                log.note(&format!("{head} expired after {}: {back}; renew it or remove it", one.expires));
            }
            (_, Some(unasked)) => log.note(&format!("{head} {unasked}")),
            (_, None) => log.note(&format!("{head} matches no finding; remove it if it is no longer needed")),
        }
    }
    let more = without_effect.count() as u64;
    if more > 0 {
        log.note(&format!("{} more have no effect", counted(more, "suppression")));
    }
    let known = totals.new.as_ref().filter(|_| context.masked != Masked::Nothing);
    if let Some(new) = known.filter(|t| t.known.all().findings == 0 && t.gone.all().findings > 0) {
        log.note(&format!(
            "no finding of the baseline, which has {}, is in this run: {OTHER_KEY}",
            counted(new.gone.all().findings, "finding")
        ));
    }
}

/// Why a suppression may match no finding although it is needed: its rule was not asked, or it names none and some were not.
fn unasked(one: &Suppression, policy: &Policy) -> Option<String> {
    match one.rule.map(|rule| rules::get(rule).code) {
        Some(rule) if policy.rule(rule).is_asked => None,
        Some(rule) => Some(format!("could not match: {rule} was not asked (--select, --ignore)")),
        None if policy.not_asked().is_empty() => None,
        None => Some("matches no finding of the rules that were asked (--select, --ignore)".to_owned()),
    }
}

/// Why two masked reports may have no finding in common.
pub(crate) const OTHER_KEY: &str = "the two are of different claims, or masked under different keys";
