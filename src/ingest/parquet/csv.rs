//! Rows as lines of CSV: the first ones, which show how a table is read, and those that are rejected.

use rayon::prelude::*;

use crate::ingest::error::ReadError;
use crate::ingest::parquet::chunk::Cells;
use crate::ingest::parquet::file::ParquetFile;
use crate::ingest::parquet::kind::Kind;
use crate::ingest::parquet::rows::Rows;
use crate::ingest::parquet::text::Between;

/// The header and at most `rows` rows as CSV, in about `bytes` bytes at most, and whether these are all rows. Each row is one
/// line: line breaks in cells are blanks.
pub(crate) fn first_rows(file: &ParquetFile, rows: usize, bytes: usize) -> Result<(Vec<u8>, bool), ReadError> {
    let mut text = Vec::new();
    for (nth, column) in file.columns().iter().enumerate() {
        if nth > 0 {
            text.push(b',');
        }
        write_cell(&on_one_line(column.name.as_bytes().to_vec()), true, &mut text);
    }
    text.push(b'\n');
    let mut written = 0;
    for group in 0..file.groups() {
        if written == rows {
            break;
        }
        let of_group = file.metadata.row_groups[group].num_rows();
        let wanted = of_group.min(rows - written);
        let mut lines = Lines::of(file, group, &Rows::First { count: wanted, of: of_group }, None)?;
        for _ in 0..wanted {
            if text.len() >= bytes {
                return Ok((text, false));
            }
            let mut line = Vec::new();
            lines.write_next(&mut line);
            text.append(&mut on_one_line(line));
            text.push(b'\n');
            written += 1;
        }
    }
    Ok((text, written as u64 == file.rows()))
}

fn on_one_line(mut text: Vec<u8>) -> Vec<u8> {
    text.iter_mut().filter(|b| matches!(b, b'\n' | b'\r')).for_each(|b| *b = b' ');
    text
}

/// Rows of a row group as lines.
pub(crate) struct Lines(Vec<Option<Cells>>);

impl Lines {
    /// Reads these rows with all their columns but this one. Columns that are not read are empty.
    pub(crate) fn of(
        file: &ParquetFile,
        group: usize,
        rows: &Rows<'_>,
        left_out: Option<usize>,
    ) -> Result<Self, ReadError> {
        let columns = file.columns().par_iter().enumerate().filter(|(nth, _)| Some(*nth) != left_out);
        let cells = columns.map(|(_, column)| match column.kind {
            Kind::Unreadable(..) => Ok(None),
            _ => file.cells(group, column, rows, Between::Comma).map(Some),
        });
        cells.collect::<Result<_, _>>().map(Self)
    }

    /// Appends the next line, without a line end.
    pub(crate) fn write_next(&mut self, out: &mut Vec<u8>) {
        let mut cell = Vec::new();
        for (nth, cells) in self.0.iter_mut().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            cell.clear();
            let is_null = cells.as_mut().is_none_or(|cells| !cells.write_next(&mut cell));
            write_cell(&cell, is_null, out);
        }
    }
}

/// Appends a cell, in quotes where `DuckDB` writes them: an empty text has them, so that it is no NULL.
fn write_cell(cell: &[u8], is_null: bool, out: &mut Vec<u8>) {
    let is_plain = !cell.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) && !cell.starts_with(b"#");
    if is_plain && (is_null || !cell.is_empty()) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for b in cell {
        if *b == b'"' {
            out.push(b'"');
        }
        out.push(*b);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_need_it() {
        for (cell, is_null, want) in [
            ("plain", false, "plain"),
            ("", true, ""),
            ("", false, "\"\""),
            ("a,b", false, "\"a,b\""),
            ("5\" nail", false, "\"5\"\" nail\""),
            ("two\nlines", false, "\"two\nlines\""),
            ("# 7", false, "\"# 7\""),
            (" a ", false, " a "),
        ] {
            let mut out = Vec::new();
            write_cell(cell.as_bytes(), is_null, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), want);
        }
    }
}
