//! Whether the entries of a report are still as they were made: ordinary files with one name each, which only their owner
//! may read and write, in a directory that only its owner may open.

use std::io;

use crate::report::dir::directory::{Directory, Entry, EntryKind};

/// The mode of a file of a report.
const FILE_MODE: u32 = 0o600;

/// The mode of a report directory.
const DIRECTORY_MODE: u32 = 0o700;

/// How the entries and the directory itself differ from what was made, a sentence each.
pub(crate) fn changes(directory: &Directory) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    wrong.extend(other_mode("the directory", &directory.entry()?, DIRECTORY_MODE));
    for name in directory.names()? {
        let shown = name.to_string_lossy();
        let Some(entry) = directory.look(&name)? else { continue };
        if entry.kind != EntryKind::File {
            wrong.push(format!("{shown} is not an ordinary file, but a link, a pipe or a folder"));
            continue;
        }
        if entry.links > 1 {
            wrong.push(format!("{shown} has {} names (hard links), and can be changed by each of them", entry.links));
        }
        wrong.extend(other_mode(&shown, &entry, FILE_MODE));
    }
    Ok(wrong)
}

fn other_mode(shown: &str, entry: &Entry, made: u32) -> Option<String> {
    let mode = entry.mode.filter(|mode| *mode != made)?;
    Some(format!("{shown} has mode {mode:o} and was made with mode {made:o}"))
}
