//! Reads the first rows of an input, to determine how many surplus fields its rows have.

use crate::ingest::record::grammar::{CellSpan, Grammar, Step, Surplus};
use crate::ingest::record::row::Row;
use crate::ingest::source::sample::SAMPLE_ROWS;

/// Rows at the start of an extract that are checked before it is read. They fit in the
/// [`SAMPLE_BYTES`](crate::ingest::source::sample::SAMPLE_BYTES) of the sample unless rows are very wide.
pub(crate) const FIRST_ROWS: usize = SAMPLE_ROWS;

/// Passes the first rows of a sample, from byte `at`, to `look` until it returns false: at most `most` rows, including
/// rejected ones. `look` gets `None` for a rejected row, otherwise the row and its number of fields.
pub(crate) fn each_first_row(
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

/// The number of surplus fields that the rows of an input have. The first row that `fits` decides, among the first `most`
/// rows, if it has all fields of the header and its surplus fields are empty. Without such a row the number is 0.
pub(crate) fn surplus_fields(
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
