//! What is said about a broken file: every fault with its place, and the word that was probably meant.

use std::fmt;

/// One fault of a TOML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// All faults of one file, in the order of the file. What a refused policy or layout shows.
#[derive(Debug, thiserror::Error)]
pub struct Faults {
    /// The file as the user named it.
    pub file: String,
    /// At least one fault.
    pub list: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.list.len();
        write!(f, "{} has {n} fault{}", self.file, if n == 1 { "" } else { "s" })?;
        for fault in &self.list {
            write!(f, "\n  {}:{}:{}: {}", self.file, fault.line, fault.column, fault.message)?;
        }
        Ok(())
    }
}

/// The candidate that `word` is most likely a misspelling of, if any is near.
pub fn nearest<'k>(word: &str, candidates: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    nearest_few(word, candidates, 1).pop()
}

/// The few words most like it, the most like first; equally like ones in their byte order. None twice.
pub fn nearest_few<'k>(word: &str, candidates: impl Iterator<Item = &'k str>, few: usize) -> Vec<&'k str> {
    // Up to a third of the letters may differ, at least two: enough for a slip, too little for another word.
    let most = (word.chars().count() / 3).max(2);
    let length = word.chars().count();
    // Words of another length are that far away at least; most are ruled out so.
    let likely = candidates.filter(|k| k.chars().count().abs_diff(length) <= most);
    let mut near: Vec<_> =
        likely.map(|k| (strsim::damerau_levenshtein(word, k), k)).filter(|(d, _)| *d <= most).collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(few);
    near.into_iter().map(|(_, k)| k).collect()
}
