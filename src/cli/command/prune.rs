//! `claimlint prune`: removes old reports of a directory as a whole, after verifying that they are reports.

use std::io::Write;
use std::time::SystemTime;

use anyhow::anyhow;
use jiff::tz::TimeZone;

use crate::cli::args::Prune;
use crate::cli::clock;
use crate::cli::load::describe_io_error;
use crate::cli::terminal::screen;
use crate::cli::terminal::style::{WARNING, fitted, paint, seen};
use crate::exit::Exit;
use crate::report::dir::Shelf;
use crate::report::siblings::{RunRecord, SiblingReport, in_directory};
use crate::report::words::numbers::counted;

/// Removes reports, and names each. The exit code is 1 if a report that should go could not be removed, or if what may be a report
/// cannot be read.
pub(crate) fn prune(args: &Prune, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let trouble = |e: std::io::Error| anyhow!("{}: {}", args.directory.display(), describe_io_error(&e));
    let shelf = Shelf::open(&args.directory).map_err(trouble)?;
    let unfinished = if args.dry_run { 0 } else { shelf.remove_unfinished().map_err(trouble)? };
    let found = in_directory(&args.directory, |_| true).map_err(trouble)?;
    let (told, untold): (Vec<_>, Vec<_>) = found.reports.into_iter().partition(|report| report.time().is_some());
    let oldest_kept = oldest_kept(args)?;
    let keep = args.keep.map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let is_old = |report: &SiblingReport| oldest_kept.is_none_or(|time| report.time() < Some(time));
    let due: Vec<_> = told.iter().skip(keep).filter(|report| is_old(report)).collect();
    let (mut removed, mut stays) = (0, Vec::new());
    // The oldest first, so that what remains after an interruption is the newest.
    for report in due.into_iter().rev() {
        let shown = report.path.display().to_string();
        match shelf.remove(report.path.file_name().unwrap_or_default(), args.dry_run) {
            Ok(()) => {
                let word = if args.dry_run { "would remove" } else { "removed" };
                let when = report.run.as_ref().map(RunRecord::when).unwrap_or_default();
                writeln!(out, "{}", fitted(&format!("{word} {} (written {when} UTC)", seen(&shown)), 2))?;
                removed += 1;
            }
            Err(e) => stays.push(format!("{shown}: {e}")),
        }
    }
    let untold = untold.iter().map(|report| format!("{}: its run.json cannot be read", report.path.display()));
    stays.extend(untold);
    stays.extend(found.unreadable.iter().map(ToString::to_string));
    for what in &stays {
        let line = format!("{} {}; it stays", paint(WARNING, "warning:"), seen(what));
        writeln!(screen::stderr(), "{}", fitted(&line, 9))?;
    }
    let left = told.len() - removed;
    let word = if args.dry_run { "would be removed" } else { "removed" };
    let rest = if args.dry_run { "would be left" } else { "left" };
    writeln!(out, "{}", fitted(&format!("{} {word}, {left} {rest}", counted(removed as u64, "report")), 2))?;
    if unfinished > 0 {
        writeln!(out, "{} of killed runs removed", counted(unfinished as u64, "unfinished report"))?;
    }
    Ok(if stays.is_empty() { Exit::Clean } else { Exit::Differs })
}

/// The earliest time, in milliseconds since 1970, at which a report was written that is too young to be removed.
fn oldest_kept(args: &Prune) -> anyhow::Result<Option<i64>> {
    let Some(age) = args.older_than else { return Ok(None) };
    let now = match args.today {
        None => clock::timestamp(SystemTime::now()),
        Some(day) => day.to_zoned(TimeZone::UTC)?.timestamp(),
    };
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Ok(Some(now.as_millisecond().saturating_sub(age)))
}
