//! The extracts of a run from what was typed: files, directories, and patterns with `*`, `?` and `[...]`.
//!
//! What lies beside extracts and is none is passed over, and said: hidden files, files that somebody is still writing,
//! checksums, settings and layouts, and folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use glob::{MatchOptions, Pattern};

use crate::cli::companions;
use crate::cli::load::describe_io_error;
use crate::cli::terminal::log::Log;
use crate::report::dir::is_file_of_report;
use crate::report::words::numbers::{counted, grouped};
use crate::warning::{Warning, WarningKind};

/// Endings of the names of files that programs give to what they are still writing, in lower case.
const UNFINISHED: [&str; 10] =
    [".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp", ".writing", "~"];

/// Most names that a note lists.
const NAMES_SHOWN: usize = 5;

/// Why a pipe with a name is passed over. One that is named itself is read.
const PIPE: &str = "pipe";

/// How to write a bracket in a pattern. A file of that name is taken as it is.
const LITERAL_BRACKET: &str = "in a pattern, write [[] for a bracket that is part of a name";

/// What a directory or a pattern stands for.
pub(crate) struct Expansion {
    /// As typed.
    typed: String,
    /// The number of extracts.
    extracts: usize,
    /// Entries that are no extracts, each with the reason.
    passed_over: Vec<(String, &'static str)>,
}

/// The names of extracts with every directory and every pattern replaced by the files that it stands for, in the order of
/// their names.
pub(crate) fn expanded(typed: &[String]) -> anyhow::Result<(Vec<String>, Vec<Expansion>)> {
    if typed.iter().filter(|name| *name == "-").count() > 1 {
        bail!("-: given twice, and stdin can be read once only; leave one of them out");
    }
    let (mut files, mut expansions) = (Vec::new(), Vec::new());
    for name in typed {
        let Some(paths) = candidates(name)? else {
            files.push(name.clone());
            continue;
        };
        let mut expansion = Expansion { typed: name.clone(), extracts: 0, passed_over: Vec::new() };
        for path in paths {
            let shown = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if let Some(reason) = reason_to_pass_over(&path, &shown) {
                expansion.passed_over.push((shown, reason));
                continue;
            }
            let text = path.to_str().ok_or_else(|| anyhow!("{}: its name is not UTF-8; rename it", path.display()))?;
            files.push(text.to_owned());
            expansion.extracts += 1;
        }
        if expansion.extracts == 0 {
            bail!("{name}: {}", expansion.without_extract());
        }
        expansions.push(expansion);
    }
    refuse_report(&files)?;
    Ok((files, expansions))
}

/// Refuses the files of a report, which somebody gave by the name of its directory or by a pattern. A single one is refused when it is
/// opened, by what it is.
fn refuse_report(files: &[String]) -> anyhow::Result<()> {
    let mut of_reports = files.iter().map(Path::new).filter(|file| is_file_of_report(file)).map(Path::parent);
    let first = of_reports.next().flatten();
    match first.filter(|first| of_reports.any(|other| other == Some(*first))) {
        Some(report) => bail!(
            "{}: is a report of claimlint, not a directory of extracts; name the extracts themselves, as in `claimlint check \
             claims.csv`, or the directory that holds them (`claimlint explain`, `compare`, `trend` and `verify` read reports)",
            if report.as_os_str().is_empty() { Path::new(".") } else { report }.display()
        ),
        None => Ok(()),
    }
}

/// Says how many extracts each directory and each pattern stands for, and what was passed over.
pub(crate) fn announce(expansions: &[Expansion], log: &Log) {
    for expansion in expansions {
        let passed_over = match expansion.passed_over.as_slice() {
            [] => String::new(),
            some => format!("; passed over: {}", listed(some)),
        };
        log.note(&format!("{}: {}{passed_over}", expansion.typed, counted(expansion.extracts as u64, "extract")));
    }
}

/// A warning for each pipe that was passed over: it was probably sent as an extract.
pub(crate) fn warnings(expansions: &[Expansion]) -> Vec<Warning> {
    let pipes = |expansion: &Expansion| -> Vec<Warning> {
        let pipes = expansion.passed_over.iter().filter(|(_, reason)| *reason == PIPE);
        let above = if is_directory(&expansion.typed) {
            Some(Path::new(&expansion.typed))
        } else {
            Path::new(&expansion.typed).parent()
        };
        let file = |name: &String| above.unwrap_or(Path::new("")).join(name).display().to_string();
        pipes.map(|(name, _)| Warning::new(WarningKind::PipePassedOver).file(file(name))).collect()
    };
    expansions.iter().flat_map(pipes).collect()
}

impl Expansion {
    fn without_extract(&self) -> String {
        let what = if is_directory(&self.typed) { "holds no extract" } else { "no extract has such a name" };
        match self.passed_over.as_slice() {
            [] if self.typed.contains('[') => format!("{what}; check the path; {LITERAL_BRACKET}"),
            [] => format!("{what}; check the path"),
            some => format!("{what}; passed over: {}", listed(some)),
        }
    }
}

/// Names with their reasons, the first few.
fn listed(passed_over: &[(String, &'static str)]) -> String {
    let mut names: Vec<_> =
        passed_over.iter().take(NAMES_SHOWN).map(|(name, reason)| format!("{name} ({reason})")).collect();
    if passed_over.len() > NAMES_SHOWN {
        names.push(format!("and {} more", grouped((passed_over.len() - NAMES_SHOWN) as u64)));
    }
    names.join(", ")
}

fn is_directory(name: &str) -> bool {
    name != "-" && Path::new(name).is_dir()
}

/// The entries of a directory or the matches of a pattern, in the order of their names; `None` for the name of a file.
fn candidates(name: &str) -> anyhow::Result<Option<Vec<PathBuf>>> {
    if is_directory(name) {
        let unreadable = |e: &std::io::Error| anyhow!("{name}: {}", describe_io_error(e));
        let entries = fs::read_dir(name).map_err(|e| unreadable(&e))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(Path::new(name).join(entry.map_err(|e| unreadable(&e))?.file_name()));
        }
        paths.sort();
        return Ok(Some(paths));
    }
    let is_pattern = name.contains(['*', '?', '[']) && fs::symlink_metadata(name).is_err();
    if !is_pattern {
        return Ok(None);
    }
    // With two stars, the folders below would be searched, too.
    if name.contains("**") {
        bail!("{name}: ** is not a pattern of claimlint; write one * for each folder");
    }
    Pattern::new(name)
        .map_err(|e| anyhow!("{name}: no such file exists, and it is not a pattern ({}); {LITERAL_BRACKET}", e.msg))?;
    let options =
        MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let found = glob::glob_with(name, options).map_err(|e| anyhow!("{name}: is not a pattern: {}", e.msg))?;
    let mut paths = Vec::new();
    for path in found {
        paths.push(path.map_err(|e| anyhow!("{}: {}", e.path().display(), describe_io_error(e.error())))?);
    }
    paths.sort();
    Ok(Some(paths))
}

#[cfg(unix)]
fn is_fifo(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type()))
}

/// Elsewhere a pipe has no name among files.
#[cfg(not(unix))]
fn is_fifo(_: &Path) -> bool {
    false
}

/// Why an entry is no extract; `None` if it may be one.
fn reason_to_pass_over(path: &Path, name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    // Spark and Hadoop hide names with an underscore, such as that of the mark of success.
    if name.starts_with(['.', '_']) {
        return Some("hidden");
    }
    if path.is_dir() {
        return Some("folder");
    }
    // Whoever may write to the directory could keep the run waiting.
    if is_fifo(path) {
        return Some(PIPE);
    }
    if UNFINISHED.iter().any(|end| lower.ends_with(end)) {
        return Some("unfinished");
    }
    if companions::is_companion(&lower) {
        return Some("companion");
    }
    if Path::new(&lower).extension().is_some_and(|end| end == "toml") {
        return Some("settings");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_patterns_stand_for_extracts_alone() {
        let temp = tempfile::tempdir().expect("a directory");
        for name in [
            "b.csv",
            "a.csv",
            "c.csv.part",
            ".d.csv",
            "a.csv.sha256",
            "a.csv.done",
            "claimlint.toml",
            "x[1].csv",
            "_SUCCESS",
        ] {
            fs::write(temp.path().join(name), "").expect("room");
        }
        fs::create_dir(temp.path().join("old")).expect("room");
        fs::write(temp.path().join("old/z.csv"), "").expect("room");
        let at = |name: &str| temp.path().join(name).display().to_string();
        let names = |typed: &[String]| expanded(typed).map(|(files, _)| files);
        let all = vec![at("a.csv"), at("b.csv"), at("x[1].csv")];
        assert_eq!(names(&[at("")]).expect("extracts"), all);
        assert_eq!(names(&[at("*")]).expect("extracts"), all);
        assert_eq!(
            names(&[at("?.csv"), "-".to_owned()]).expect("extracts"),
            [at("a.csv"), at("b.csv"), "-".to_owned()]
        );
        assert_eq!(names(&[at("x[1].csv")]).expect("a file of that name"), [at("x[1].csv")]);
        assert_eq!(names(&[at("?[[]1].csv")]).expect("the same file"), [at("x[1].csv")]);
        assert_eq!(names(&[at("*/z.csv")]).expect("extracts"), [at("old/z.csv")]);
        assert_eq!(names(&[at("none.csv")]).expect("reading it fails later"), [at("none.csv")]);
        let (_, expansions) = expanded(&[at("")]).expect("extracts");
        let passed_over: Vec<_> = expansions[0].passed_over.iter().map(|(name, why)| (name.as_str(), *why)).collect();
        let want = [
            (".d.csv", "hidden"),
            ("_SUCCESS", "hidden"),
            ("a.csv.done", "companion"),
            ("a.csv.sha256", "companion"),
            ("c.csv.part", "unfinished"),
            ("claimlint.toml", "settings"),
            ("old", "folder"),
        ];
        assert_eq!(passed_over, want);
        for (pattern, says) in [
            ("z*.csv", "no extract has such a name; check the path"),
            ("**", "**"),
            ("claims[1.csv", "claims[1.csv: no such file exists, and it is not a pattern"),
            ("claims[1.csv", "write [[] for a bracket"),
            ("y[1].csv", "no extract has such a name; check the path; in a pattern, write [[] for a bracket"),
            ("*.part", "c.csv.part (unfinished)"),
        ] {
            let refused = names(&[at(pattern)]).expect_err(pattern).to_string();
            assert!(refused.contains(says), "{pattern}: {refused}");
        }
    }
}
