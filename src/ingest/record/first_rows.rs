//! The first rows of an input, which show how many surplus fields its rows have.

use crate::ingest::record::grammar::{CellSpan, Grammar, Step, Surplus};
use crate::ingest::record::row::Row;

/// Rows that decide about an extract before it is read.
pub const FIRST_ROWS: usize = 1000;

/// Looks at the first rows of a sample, from byte `at`, until `look` returns false: at most `most` rows, rejected ones
/// included. `look` gets None for a rejected row, else the row and the number of its fields.
pub fn each_first_row(
    grammar: &Grammar,
    sample: &[u8],
    mut at: usize,
    whole: bool,
    most: usize,
    mut look: impl FnMut(Option<(&Row<'_>, usize)>) -> bool,
) {
    let mut fields: Vec<CellSpan> = Vec::new();
    let mut rows = 0;
    while at < sample.len() && rows < most {
        let (next, goes_on) = match grammar.read(sample, at, whole, &mut fields) {
            Step::Record { next } => (next, look(Some((&Row::new(sample, &fields), fields.len())))),
            Step::Rejected { next, .. } => (next, look(None)),
            Step::Blank { next } => {
                at = next;
                continue;
            }
            Step::More => return,
        };
        if !goes_on {
            return;
        }
        (at, rows) = (next, rows + 1);
    }
}

/// The number of surplus fields of an input: that of the first row, among the first `most`, that has at least the header's
/// number of fields, all surplus ones empty, and that `fits`. None of them does: rows have no surplus fields.
pub fn surplus_fields(
    grammar: &Grammar,
    sample: &[u8],
    at: usize,
    whole: bool,
    most: usize,
    fits: impl Fn(&Row<'_>) -> bool,
) -> Surplus {
    let open = Grammar { surplus: Surplus::Any, ..grammar.clone() };
    let mut found = 0;
    each_first_row(&open, sample, at, whole, most, |row| match row {
        Some((row, fields)) if fits(row) => {
            found = fields - grammar.width;
            false
        }
        _ => true,
    });
    Surplus::Exactly(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surplus(text: &str, most: usize) -> Surplus {
        let grammar = Grammar { width: 2, ..Grammar::for_header(b',', false, Vec::new()) };
        surplus_fields(&grammar, text.as_bytes(), 0, true, most, |row| row.text(1, &[]) == "d")
    }

    #[test]
    fn the_first_row_that_fits_says_how_many_fields_are_surplus() {
        for (text, want) in [
            ("1,d\n1,d,,\n", 0),
            ("1,d,,\n1,d\n", 2),
            // Not one whose surplus fields are filled, or that has too few fields, or does not fit.
            ("1,d,x\n1\n\n1,x,,,\n1,d, ,NULL,\"\"\n", 3),
            ("1,x,\n1,x,\n", 0),
            ("", 0),
        ] {
            assert_eq!(surplus(text, FIRST_ROWS), Surplus::Exactly(want), "{text:?}");
        }
        assert_eq!(surplus("1,x,\n1,x\n1,d,\n", 2), Surplus::Exactly(0), "the third row is too late");
    }
}
