//! What a check is given beside the claims: the findings of an earlier report, and those that somebody answers for.

use std::path::Path;

use anyhow::{anyhow, bail};
use jiff::civil::Date;

use crate::cli::args::{Check, FailOn};
use crate::cli::read_given;
use crate::cli::terminal::log::Log;
use crate::cli::terminal::style::grouped;
use crate::report::Totals;
use crate::report::compare::read::FindingsFile;
use crate::report::words::numbers::counted;
use crate::run::RunContext;
use crate::suppress::{State, Suppressions};

/// What was loaded before the first row.
pub(crate) struct Earlier {
    baseline: Option<FindingsFile>,
    suppressions: Option<Suppressions>,
}

/// Loads it, or refuses it.
pub(crate) fn load(args: &Check) -> anyhow::Result<Earlier> {
    if args.baseline.is_none() && matches!(args.fail_on, Some(FailOn::NewDeny | FailOn::NewReview | FailOn::NewInfo)) {
        bail!("--fail-on new-...: new since which report? name its directory with --baseline DIR");
    }
    // The file may be named in claimlint.toml, so the command line alone cannot tell.
    if args.today.is_some() && args.suppress.is_none() {
        bail!("--today is the day of suppressions: give --suppress FILE, too");
    }
    let baseline = args.baseline.as_deref().map(FindingsFile::read).transpose()?;
    if let Some(report) = &baseline {
        report.suits(Some(args.mask.is_some()), Path::new("this run"))?;
    }
    let suppressions = args.suppress.as_deref().map(|path| {
        let given = read_given(path)?;
        anyhow::Ok(Suppressions::load(&given.file, &given.text, args.today.map_or_else(today, Ok)?)?)
    });
    Ok(Earlier { baseline, suppressions: suppressions.transpose()? })
}

/// The day by the clock, in UTC. Taken once, and stated in the report.
fn today() -> anyhow::Result<Date> {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map(|since| since.as_secs());
    let stamp = seconds.ok().and_then(|s| jiff::Timestamp::from_second(i64::try_from(s).ok()?).ok());
    let stamp = stamp.ok_or_else(|| anyhow!("the clock shows no day; give it with --today YYYY-MM-DD"))?;
    Ok(jiff::tz::Offset::UTC.to_datetime(stamp).date())
}

impl Earlier {
    /// The day on which suppressions are held against their expiry.
    pub(crate) fn today(&self) -> Option<Date> {
        self.suppressions.as_ref().map(|all| all.today)
    }

    /// Hands it to the run.
    pub(crate) fn given_to(self, frame: &mut RunContext) {
        frame.baseline = self.baseline.map(|report| report.entries);
        frame.suppressions = self.suppressions;
    }
}

/// Says which suppressions do nothing, and whether the baseline may be under another key.
pub(crate) fn tell(frame: &RunContext, totals: &Totals, log: &Log) {
    for (one, fits) in frame.suppressions.iter().flat_map(|all| totals.suppressions(all)) {
        let head = format!("suppression {} (line {}, {})", one.number, one.line, one.owner);
        match one.state(fits) {
            State::Used => {}
            State::Unused => log.note(&format!("{head} fits no finding; take it out if it is done with")),
            State::Expired => {
                let back = if fits == 0 { "it fits no finding".to_owned() } else { counted(fits, "finding") + " back" };
                log.note(&format!("{head} expired after {}: {back}; renew it or take it out", one.expires));
            }
        }
    }
    let known = totals.new.as_ref().filter(|_| frame.masked != crate::run::Masked::Nothing);
    if let Some(new) = known.filter(|t| t.known.all().findings == 0 && t.gone.all().findings > 0) {
        log.note(&format!(
            "none of the {} findings of the baseline is here: {OTHER_KEY}",
            grouped(new.gone.all().findings)
        ));
    }
}

/// What it may mean that two masked reports have nothing in common.
pub(crate) const OTHER_KEY: &str =
    "the two are of different claims, or masked under different keys, or only one of them with --mask-dates";
