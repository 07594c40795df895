//! Masked sample values of each column.

use std::io::Write;

use crate::cli::command::inspect::lines::{BESIDE, shown};
use crate::cli::terminal::style::{DIM, fitted, width};
use crate::ingest::cell::shape;
use crate::ingest::record::first_rows::each_first_row;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::{Detected, ReadError, Source};

/// Sample values shown per column.
const SAMPLES: usize = 3;

/// Number of rows from which samples are taken.
const ROWS: usize = 200;

/// Columns that samples have at least beside padded names.
const LEAST_BESIDE: usize = 16;

/// Prints a field, the column that it comes from as it is shown, padded to `longest`, and the shapes of its first values.
pub(super) fn line(
    out: &mut dyn Write,
    field: &str,
    column: &str,
    longest: usize,
    samples: &[String],
) -> std::io::Result<()> {
    let values = if samples.is_empty() { "(empty in the first rows)".to_owned() } else { samples.join("  ") };
    let margin = BESIDE + longest + 2;
    if width() < margin + LEAST_BESIDE {
        return writeln!(out, "{}", fitted(&format!("  {field}  {column}  {DIM}{values}{DIM:#}"), 4));
    }
    let line = format!("  {field:24} {column:longest$}  {DIM}{values}{DIM:#}");
    writeln!(out, "{}", fitted(&line, margin))
}

/// The first distinct shapes of each column's values, with the columns of joined tables.
pub(super) fn samples(source: &Source, detected: &Detected, limit: Option<u64>) -> Result<Vec<Vec<String>>, ReadError> {
    let mut shapes = shapes(source, &detected.grammar, detected.data_start);
    for join in &detected.joins {
        let of_table = self::shapes(&Source::open_within(&join.file, limit)?, &join.grammar, join.data_start);
        shapes.extend((0..join.names.len()).map(|nth| of_table[join.column(nth)].clone()));
    }
    Ok(shapes)
}

fn shapes(source: &Source, grammar: &Grammar, data_start: usize) -> Vec<Vec<String>> {
    let mut shapes = vec![Vec::new(); grammar.width];
    each_first_row(grammar, &source.sample, data_start, source.whole, ROWS, |row| {
        let Some((row, _)) = row else { return true };
        for (column, shapes) in
            shapes.iter_mut().enumerate().filter(|(_, s): &(usize, &mut Vec<String>)| s.len() < SAMPLES)
        {
            let shape = shown(&shape(&row.text(column, &[])));
            if !shape.is_empty() && !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        true
    });
    shapes
}
