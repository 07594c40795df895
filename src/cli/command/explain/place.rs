//! Which report `claimlint explain` reads: the one that was named, else the newest one where reports are written.

use std::path::{Component, Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::cli::args::{ConfigChoice, Explain};
use crate::cli::load::describe_io_error;
use crate::cli::settings;
use crate::report::siblings::{SiblingReport, Siblings, in_directory};

/// Most reports that a sentence names.
const NAMED: usize = 3;

/// The report to read, and the others that could have been meant.
pub(super) struct ChosenReport {
    /// The report.
    pub(super) report: SiblingReport,
    /// That it is the newest of several, with the others and with those that cannot be read; empty if it was named or is the only
    /// one.
    pub(super) others: String,
}

/// Chooses the report. Fails if there is none, or if two are equally new.
pub(super) fn choose(args: &Explain) -> anyhow::Result<ChosenReport> {
    if let Some(named) = &args.report {
        return Ok(ChosenReport { report: SiblingReport::at(named.clone()), others: String::new() });
    }
    let choice = ConfigChoice { config: args.config.clone(), no_config: args.no_config };
    let found = match settings::report_place(&choice)? {
        Some(out) => at_place(&out)?,
        None => found_in(Path::new(""), |_| true)?,
    };
    let unreadable: Vec<_> = found.perhaps_newest().map(ToString::to_string).collect();
    let [newest, older @ ..] = found.reports.as_slice() else {
        if !unreadable.is_empty() {
            bail!("{}; name the directory of a report with --in", listed(&unreadable));
        }
        bail!("no report is in this directory; name the directory of one with --in");
    };
    let ties: Vec<_> = older.iter().take_while(|report| report.ties_with(newest)).collect();
    if !ties.is_empty() {
        let names: Vec<_> = std::iter::once(newest).chain(ties).map(shown).collect();
        bail!("{} were written at the same time, so none is the newest; name one with --in", listed(&names));
    }
    let names: Vec<_> = older.iter().map(shown).collect();
    let others = match names.len() {
        0 => String::new(),
        1 => format!("It is the newest of 2 reports; the other is {}. --in names another.", names[0]),
        n => format!("It is the newest of {} reports; the others are {}. --in names another.", n + 1, listed(&names)),
    };
    let unreadable = (!unreadable.is_empty()).then(|| format!("It may not be the newest: {}.", listed(&unreadable)));
    let others: Vec<_> = unreadable.into_iter().chain((!others.is_empty()).then_some(others)).collect();
    Ok(ChosenReport { report: newest.clone(), others: others.join(" ") })
}

/// The reports at the place that `out` of the settings names. Each `{...}` in it stands for any text.
fn at_place(out: &Path) -> anyhow::Result<Siblings> {
    let parts: Vec<Component<'_>> = out.components().collect();
    let is_open = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains('{');
    let Some(first) = parts.iter().position(is_open) else {
        return Ok(Siblings { reports: vec![SiblingReport::at(out.to_owned())], ..Siblings::default() });
    };
    if first + 1 < parts.len() {
        bail!("{}: the date is not in the last part of `out`; name the directory of a report with --in", out.display());
    }
    let parent: PathBuf = parts[..first].iter().collect();
    let pattern = parts[first].as_os_str().to_string_lossy().into_owned();
    let found = found_in(&parent, |name| fits(&pattern, name))?;
    if found == Siblings::default() {
        bail!("{}: no report has such a name; name the directory of one with --in", out.display());
    }
    Ok(found)
}

fn found_in(parent: &Path, is_wanted: impl Fn(&str) -> bool) -> anyhow::Result<Siblings> {
    in_directory(parent, is_wanted).map_err(|e| anyhow!("{}: {}", parent.display(), describe_io_error(&e)))
}

/// Does a name have the fixed texts of a pattern, in order, with any text in the place of each `{...}`?
fn fits(pattern: &str, name: &str) -> bool {
    let mut fixed = pattern.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let Some(mut rest) = name.strip_prefix(fixed.next().unwrap_or_default()) else { return false };
    let mut texts: Vec<&str> = fixed.collect();
    let Some(last) = texts.pop() else { return rest.is_empty() };
    for text in texts {
        let Some((_, after)) = rest.split_once(text) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The directory of a report, with the time of its run.
fn shown(report: &SiblingReport) -> String {
    match &report.run {
        Some(run) => format!("{} ({} UTC)", report.path.display(), run.when()),
        None => format!("{} (its run.json cannot be read)", report.path.display()),
    }
}

/// The first names, and how many follow.
fn listed(names: &[String]) -> String {
    let (named, rest) = names.split_at(names.len().min(NAMED));
    match (named, rest.len()) {
        ([head @ .., last], 0) if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        (_, 0) => named.join(", "),
        (_, more) => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_any_text_in_braces() {
        for (pattern, name, want) in [
            ("claims-{date}", "claims-2024-03-05", true),
            ("claims-{date}", "other-2024-03-05", false),
            ("{date}-{run}.d", "2024-03-05-0a1b.d", true),
            ("{date}-{run}.d", "20240305.d", false),
            ("{run}", "anything", true),
            ("claims", "claims", true),
            ("claims", "claims-2", false),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn long_lists_end_with_a_count() {
        let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
        for (n, want) in [(1, "a"), (2, "a and b"), (3, "a, b and c"), (5, "a, b, c and 2 more")] {
            assert_eq!(listed(&names[..n]), want);
        }
    }
}
