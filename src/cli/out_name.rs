//! The name of the report directory, in which `{date}` stands for the day of the run and `{run}` for its id, and the earlier
//! reports beside it.

use std::path::{Path, PathBuf};

use anyhow::bail;
use glob::{MatchOptions, Pattern};
use jiff::civil::Date;

use crate::report::dir::{DEFAULT, FoundReport, look_for_report};
use crate::report::siblings::{SiblingReport, Siblings, is_lost_and_found};

/// What stands for the day of the run.
const DATE: &str = "{date}";

/// What stands for the id of the run.
const RUN: &str = "{run}";

/// The value of `--baseline` that means the newest report beside `--out`.
pub(crate) const LATEST: &str = "latest";

/// The directory of a run. Any other word in braces is refused, because it is probably misspelled.
pub(crate) fn filled(template: &Path, day: Date, run: &str) -> anyhow::Result<PathBuf> {
    // A name that is not text has no placeholders.
    let Some(text) = template.to_str() else { return Ok(template.to_path_buf()) };
    let text = text.replace(DATE, &day.to_string()).replace(RUN, run);
    for (at, _) in text.match_indices('{') {
        let rest = &text[at..];
        if let Some(own) =
            [DATE, RUN].iter().find(|own| rest.starts_with(own.trim_end_matches('}')) && !rest.contains('}'))
        {
            bail!("--out {}: a brace is not closed; write {own}", template.display());
        }
        let word = text[at + 1..].split_once('}').map_or("", |(word, _)| word);
        if !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic()) {
            bail!("--out {}: {{{word}}} is not known; write {DATE} or {RUN}", template.display());
        }
    }
    Ok(PathBuf::from(text))
}

/// The newest report among those that the same `--out` names, or names on other days and in other runs. Without a placeholder
/// in its last part, that is every report in its directory. `None`: there is none yet. Fails if what may be a newer report cannot
/// be read: a gate on what is new would pass for the wrong reason.
pub(crate) fn latest(template: Option<&Path>) -> anyhow::Result<Option<SiblingReport>> {
    let (above, name) = match template {
        None => (String::new(), format!("{DEFAULT}*")),
        Some(template) => patterns(template)?,
    };
    let pattern = if above.is_empty() { name.clone() } else { format!("{}/{name}", above.trim_end_matches('/')) };
    let options =
        MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let (mut paths, mut links, mut shut) = (Vec::new(), Vec::new(), Vec::new());
    // A directory above that may not be listed has no entry to be found.
    for path in if above.contains('*') { glob::glob_with(&above, options)?.collect() } else { Vec::new() } {
        match path {
            Ok(path) if path.is_dir() && !is_lost_and_found(&path) && std::fs::read_dir(&path).is_err() => {
                shut.push(path);
            }
            Ok(_) => {}
            Err(e) => shut.push(e.path().to_path_buf()),
        }
    }
    for found in glob::glob_with(&pattern, options)? {
        match found {
            Ok(path) if template.is_none() && !is_default(&path) => {}
            Ok(path) if path.is_symlink() => links.push(path),
            Ok(path) => paths.push(path),
            Err(e) => shut.push(e.path().to_path_buf()),
        }
    }
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let known: Vec<_> = paths.iter().filter_map(|path| real(path)).collect();
    let mut found = Siblings::of(paths);
    for path in shut {
        found.add_unreadable(path, "may not be read by this user".to_owned());
    }
    for link in links {
        match real(&link) {
            Some(to) if known.contains(&to) || look_for_report(&to) == FoundReport::None => {}
            // Among files of any name, a link that leads nowhere need not have been a report.
            None if name == ANY => {}
            _ => found.add_unreadable(link, "is a link, and no run writes a report as a link".to_owned()),
        }
    }
    if let Some(unread) = found.perhaps_newest().next() {
        bail!(
            "--baseline {LATEST}: {unread}, so it cannot be told which report is the newest; make it readable or move it away, or \
             name the report to compare with: --baseline DIR"
        );
    }
    Ok(found.reports.into_iter().next())
}

/// A pattern for every name.
const ANY: &str = "*";

/// Patterns for the directory above the reports that an `--out` names, and for the last part of their names.
fn patterns(template: &Path) -> anyhow::Result<(String, String)> {
    let Some(text) = template.to_str() else { bail!("--baseline {LATEST}: --out is not text; name the baseline") };
    let wild = |part: &str| Pattern::escape(part).replace(DATE, "*").replace(RUN, "*");
    let path = Path::new(text);
    let part = |part: Option<&str>| part.map(wild).unwrap_or_default();
    let above = part(path.parent().and_then(Path::to_str));
    let name = part(path.file_name().and_then(|name| name.to_str()));
    let is_fixed = !text.contains(DATE) && !text.contains(RUN);
    Ok((above, if name.is_empty() || is_fixed { ANY.to_owned() } else { name }))
}

/// Is this a name that a report has without `--out`?
fn is_default(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let rest = name.strip_prefix(DEFAULT).unwrap_or_default();
    rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_and_run_are_filled_in_and_other_words_refused() {
        let day = jiff::civil::date(2024, 3, 5);
        let fill = |template: &str| filled(Path::new(template), day, "1a2b").map(|path| path.display().to_string());
        assert_eq!(fill("reports/{date}/a-{run}").expect("known"), "reports/2024-03-05/a-1a2b");
        assert_eq!(fill("plain").expect("no word"), "plain");
        assert_eq!(fill("{}{1}{").expect("no word"), "{}{1}{");
        for open in ["reports/{date", "{date}-{run"] {
            assert!(fill(open).expect_err(open).to_string().contains("a brace is not closed; write {"), "{open}");
        }
        let refused = fill("reports/{day}").expect_err("unknown").to_string();
        assert!(refused.contains("{day} is not known; write {date} or {run}"), "{refused}");
    }
}
