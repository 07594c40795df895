//! The findings that a run is compared with: those of an earlier report (`--baseline`), and those that are suppressed
//! (`--suppress`).

use std::path::Path;

use anyhow::bail;
use jiff::civil::Date;

use crate::cli::args::{FailOn, MEMORY};
use crate::cli::clock;
use crate::cli::load::read_text;
use crate::cli::settings::EffectiveSettings;
use crate::cli::terminal::log::Log;
use crate::cli::terminal::style::grouped;
use crate::report::Totals;
use crate::report::allowance::Allowance;
use crate::report::compare::read::FindingsFile;
use crate::report::words::numbers::counted;
use crate::run::RunContext;
use crate::suppress::{State, Suppressions};

/// A baseline and suppressions, loaded before the first row is read.
pub(crate) struct ComparedFindings {
    baseline: Option<FindingsFile>,
    suppressions: Option<Suppressions>,
}

/// Loads baseline and suppressions, or fails. `today` is the day of `--today`.
pub(crate) fn load(settings: &EffectiveSettings, today: Option<Date>) -> anyhow::Result<ComparedFindings> {
    let asks_for_new = matches!(settings.fail_on.value, Some(FailOn::NewDeny | FailOn::NewReview | FailOn::NewInfo));
    if settings.baseline.value.is_none() && asks_for_new {
        bail!("--fail-on new-...: new since which report? name its directory with --baseline DIR");
    }
    // The file may be named in claimlint.toml, so clap cannot check this.
    if today.is_some() && settings.suppress.value.is_none() {
        bail!("--today is the day of suppressions: give --suppress FILE, too");
    }
    let mut allowance = Allowance::new(settings.memory.value.unwrap_or(MEMORY));
    let baseline =
        settings.baseline.value.as_deref().map(|path| FindingsFile::read(path, &mut allowance)).transpose()?;
    if let Some(report) = &baseline {
        report.suits(Some(settings.mask.value.is_some()), Path::new("this run"))?;
    }
    let suppressions = settings.suppress.value.as_deref().map(|path| {
        let file = read_text(path)?;
        anyhow::Ok(Suppressions::load(&file.file, &file.text, today.unwrap_or_else(current_day))?)
    });
    Ok(ComparedFindings { baseline, suppressions: suppressions.transpose()? })
}

/// Today by the clock, in UTC. It is read once and stated in the report.
fn current_day() -> Date {
    jiff::tz::Offset::UTC.to_datetime(clock::timestamp(std::time::SystemTime::now())).date()
}

impl ComparedFindings {
    /// Adds both to the context of a run.
    pub(crate) fn add_to(self, context: &mut RunContext) {
        (context.baseline, context.baseline_facts) = self.baseline.map(|report| (report.entries, report.facts)).unzip();
        context.suppressions = self.suppressions;
    }
}

/// Notes which suppressions have no effect, and whether the baseline may be masked under another key.
pub(crate) fn announce(context: &RunContext, totals: &Totals, log: &Log) {
    for (one, fits) in context.suppressions.iter().flat_map(|all| totals.suppressions(all)) {
        let head = format!("suppression {} (line {}, {})", one.number, one.line, one.owner);
        match one.state(fits) {
            State::Used => {}
            State::Unused => log.note(&format!("{head} matches no finding; remove it if it is no longer needed")),
            State::Expired => {
                let back =
                    if fits == 0 { "it matches no finding".to_owned() } else { counted(fits, "finding") + " back" };
                log.note(&format!("{head} expired after {}: {back}; renew it or remove it", one.expires));
            }
        }
    }
    let known = totals.new.as_ref().filter(|_| context.masked != crate::run::Masked::Nothing);
    if let Some(new) = known.filter(|t| t.known.all().findings == 0 && t.gone.all().findings > 0) {
        log.note(&format!(
            "none of the {} findings of the baseline is in this run: {OTHER_KEY}",
            grouped(new.gone.all().findings)
        ));
    }
}

/// Why two masked reports may have no finding in common.
pub(crate) const OTHER_KEY: &str =
    "the two are of different claims, or masked under different keys, or only one of them with --mask-dates";
