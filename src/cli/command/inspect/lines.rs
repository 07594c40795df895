//! The lines of `inspect`: where a text stands beside a name, and how names and delimiters are shown.

use std::io::Write;

use crate::cli::terminal::style::{fitted, seen};
use crate::ingest::cell::printable;
use crate::ingest::parquet::ParquetFile;
use crate::report::words::numbers::counted;

/// Columns before the text beside a field's name: an indent of 2, the longest name, a gap.
pub(super) const BESIDE: usize = 27;

/// Columns before a text about the form of a file: an indent of 2, the longest word for what is said, a gap.
const AFTER_WORD: usize = 13;

/// Prints what is known of a file's form, after a word for it.
pub(super) fn say(out: &mut dyn Write, word: &str, text: &str) -> std::io::Result<()> {
    writeln!(out, "{}", fitted(&format!("  {word:10} {text}"), AFTER_WORD))
}

/// The form of a table in words.
pub(super) fn form(table: &ParquetFile) -> String {
    let (rows, groups) = (counted(table.rows(), "row"), counted(table.groups() as u64, "row group"));
    format!("Parquet: {} columns, {rows} in {groups}", table.columns().len())
}

/// A text from the file or the layout, shortened and safe to print.
pub(super) fn shown(text: &str) -> String {
    seen(&printable(text)).into_owned()
}
