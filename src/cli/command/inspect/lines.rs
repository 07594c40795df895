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

/// What ends the lines of the first rows. A lone CR does if `cr_ends`.
pub(super) fn line_ends(sample: &[u8], cr_ends: bool) -> String {
    let [mut cr, mut lf, mut crlf] = [false; 3];
    for at in memchr::memchr2_iter(b'\r', b'\n', sample) {
        let after_cr = at > 0 && sample[at - 1] == b'\r';
        match sample[at] {
            b'\n' if after_cr => crlf = true,
            b'\n' => lf = true,
            _ => cr |= cr_ends && sample.get(at + 1) != Some(&b'\n'),
        }
    }
    let found = [("CR", cr), ("LF", lf), ("CRLF", crlf)].into_iter().filter(|(_, is_there)| *is_there);
    let found: Vec<&str> = found.map(|(name, _)| name).collect();
    match found.as_slice() {
        // One line, which nothing ends.
        [] => "LF".to_owned(),
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        [one, ..] => (*one).to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_line_ends_are_said() {
        for (text, cr_ends, want) in [
            ("a", false, "LF"),
            ("a\nb", false, "LF"),
            ("a\r\nb\r\n", false, "CRLF"),
            ("a\r\nb\n", false, "LF and CRLF"),
            ("a\nb\rc", false, "LF"),
            ("a\rb\r", true, "CR"),
            ("a\rb\n", true, "CR and LF"),
            ("a\rb\n\nc\r\n", true, "CR, LF and CRLF"),
        ] {
            assert_eq!(line_ends(text.as_bytes(), cr_ends), want, "{text:?}");
        }
    }
}
