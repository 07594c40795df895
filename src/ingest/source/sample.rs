//! The first bytes of an input, which are in memory before its layout is detected.

use std::fs::File;
use std::io;

use crate::disk::read_at::read_at;
use crate::ingest::source::decode::BINARY_CHECK_BYTES;

/// Most bytes read before the layout is detected: enough for any header and a thousand wide rows.
pub(crate) const SAMPLE_BYTES: usize = 4 << 20;

/// Rows of a table in its sample, which is written as text: as many as are looked at before an extract is read.
pub(crate) const SAMPLE_ROWS: usize = 1000;

/// Bytes of a plain file that are read first, and that are its sample if the first rows are in them: as many as are looked at for
/// bytes that no text has.
const FIRST_BYTES: usize = BINARY_CHECK_BYTES;

/// A text holds the first rows if it has this many line ends outside quotes: 1,000 rows with three other lines for each, which may be
/// blank or comments, or inside a cell whose quotes are written in another way than by doubling them.
const LINES_OF_FIRST_ROWS: usize = 4 * SAMPLE_ROWS;

/// The sample of a plain file of this size. Fails if the file has fewer bytes by now.
pub(super) fn of_file(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let most = usize::try_from(size).unwrap_or(SAMPLE_BYTES).min(SAMPLE_BYTES);
    let mut sample = vec![0; most.min(FIRST_BYTES)];
    read_at(file, &mut sample, 0)?;
    let read = sample.len();
    if read < most && !holds_first_rows(&sample) {
        sample.resize(most, 0);
        read_at(file, &mut sample[read..], read as u64)?;
    }
    Ok(sample)
}

/// Are the first rows in it? A quoted cell may hold line ends. These come after an odd number of quotes, also if quotes are doubled.
fn holds_first_rows(text: &[u8]) -> bool {
    let mut is_quoted = false;
    let ends = memchr::memchr2_iter(b'"', b'\n', text).filter(|at| {
        let is_quote = text[*at] == b'"';
        is_quoted ^= is_quote;
        !is_quote && !is_quoted
    });
    ends.take(LINES_OF_FIRST_ROWS).count() == LINES_OF_FIRST_ROWS
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The length of the sample of a file that repeats a row beyond the most that a sample may have.
    fn length(row: &str) -> usize {
        let text = row.repeat(SAMPLE_BYTES / row.len() + 9);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("it can be written");
        let sample = of_file(&file, text.len() as u64).expect("it can be read");
        assert!(text.as_bytes().starts_with(&sample), "{row:?}");
        sample.len()
    }

    #[test]
    fn wide_rows_and_long_cells_take_a_longer_sample() {
        let wide = "x".repeat(FIRST_BYTES / LINES_OF_FIRST_ROWS);
        assert_eq!(length("C1,22513,2024-01-02\n"), FIRST_BYTES);
        assert_eq!(length(&format!("C1,{wide}\n")), SAMPLE_BYTES);
        assert_eq!(length("C1,\"22513 \"\"L1\"\"\",2024-01-02\n"), FIRST_BYTES);
        assert_eq!(length("C1,\"22513\n\",2024-01-02\n"), FIRST_BYTES);
        // Of a row with so many lines, the first bytes hold half of the first rows.
        let lines = "\n".repeat(FIRST_BYTES / LINES_OF_FIRST_ROWS * 2);
        assert_eq!(length(&format!("C1,\"{lines}\"\n")), SAMPLE_BYTES);
        assert_eq!(length("C1,22513,2024-01-02\r"), SAMPLE_BYTES);
    }
}
