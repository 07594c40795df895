//! The faults of a TOML file with their places, and suggestions for misspelled words.

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

/// All faults of one file, in file order: the error of a policy or layout that cannot be used.
#[derive(Debug, thiserror::Error)]
pub struct Faults {
    /// The file as the user named it.
    pub file: String,
    /// At least one fault.
    pub list: Vec<Fault>,
}

/// Faults that a message shows at most. A file with more of them is seldom the one that was meant, such as an extract.
const MOST_SHOWN: usize = 40;

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.list.len();
        write!(f, "{} has {n} fault{}", self.file, if n == 1 { "" } else { "s" })?;
        for fault in self.list.iter().take(MOST_SHOWN) {
            // A message may quote a text of the file, and has one line.
            let message = fault.message.replace('\n', "\u{240a}");
            write!(f, "\n  {}:{}:{}: {message}", self.file, fault.line, fault.column)?;
        }
        match n.saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more; is it the file that you meant?"),
        }
    }
}

/// The faults found in a text, each with the byte where it is and in that order, with their places.
pub(super) fn placed(text: &str, found: Vec<(usize, String)>, line_of: impl Fn(usize) -> usize) -> Vec<Fault> {
    // A line may have very many faults, so each column is counted on from the fault before it.
    let (mut from, mut column) = (0, 1);
    let place = |(at, message)| {
        let between = text.get(from..at).unwrap_or_default();
        let line_start = between.rfind('\n').map(|end| end + 1);
        column = line_start.map_or(column, |_| 1) + between[line_start.unwrap_or(0)..].chars().count();
        from = at;
        Fault { line: line_of(at), column, message }
    };
    found.into_iter().map(place).collect()
}

/// A type of TOML in words, by its name in the parser.
pub(crate) fn kind_in_words(type_name: &str) -> &str {
    match type_name {
        "string" => "a text",
        "integer" => "a whole number",
        "float" => "a number with a point",
        "boolean" => "true or false",
        "datetime" => "a date",
        "array" => "a list",
        "table" => "a table",
        other => other,
    }
}

/// The candidate of which `word` is most likely a misspelling, if there is one.
pub fn nearest<'k>(word: &str, candidates: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    nearest_few(word, candidates, 1).pop()
}

/// The most similar candidates without repetition, the most similar first; equally similar ones in byte order.
pub(crate) fn nearest_few<'k>(word: &str, candidates: impl Iterator<Item = &'k str>, few: usize) -> Vec<&'k str> {
    // Up to a third of the letters may differ, or two: enough for a typing error, too few for a different word.
    let most = (word.chars().count() / 3).max(2);
    let length = word.chars().count();
    // The distance is at least the difference in length, which rules out most candidates.
    let likely = candidates.filter(|k| k.chars().count().abs_diff(length) <= most);
    let mut near: Vec<_> =
        likely.map(|k| (strsim::damerau_levenshtein(word, k), k)).filter(|(d, _)| *d <= most).collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(few);
    near.into_iter().map(|(_, k)| k).collect()
}
