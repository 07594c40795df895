//! The lines of `inspect`: where a text stands beside a name, and how names and delimiters are shown.

use crate::cli::terminal::style::seen;
use crate::ingest::cell::printable;
use crate::ingest::parquet::ParquetFile;
use crate::report::words::numbers::counted;

/// Columns before the text beside a field's name: an indent of 2, the longest name, a gap.
pub(super) const BESIDE: usize = 27;

/// A delimiter in words.
pub(super) fn delimiter(byte: u8) -> String {
    match byte {
        b',' => "comma".to_owned(),
        b'\t' => "tab".to_owned(),
        b';' => "semicolon".to_owned(),
        b'|' => "pipe".to_owned(),
        b'*' => "asterisk".to_owned(),
        other => format!("{:?}", char::from(other)),
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
