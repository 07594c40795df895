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

/// What ends the lines of the first rows, where it is not a lone CR.
pub(super) fn line_ends(sample: &[u8]) -> &'static str {
    let (mut with_cr, mut without) = (false, false);
    for end in memchr::memchr_iter(b'\n', sample) {
        let has_cr = end > 0 && sample[end - 1] == b'\r';
        (with_cr, without) = (with_cr || has_cr, without || !has_cr);
    }
    match (with_cr, without) {
        (true, true) => "LF and CRLF",
        (true, false) => "CRLF",
        (false, _) => "LF",
    }
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
