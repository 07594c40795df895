//! Reads the first rows of an input, to determine how many surplus fields its rows have.

use crate::ingest::record::grammar::{CellSpan, Grammar, Step, Surplus};
use crate::ingest::record::line_end::OtherLineEnd;
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

/// The first line of a sample, from byte `at`, that holds several rows because they end otherwise than lines do: where it
/// begins, and what ends its rows.
pub(crate) fn rows_that_end_otherwise(
    grammar: &Grammar,
    sample: &[u8],
    mut at: usize,
    whole: bool,
) -> Option<(usize, OtherLineEnd)> {
    let mut fields = Vec::new();
    while at < sample.len() {
        at = match grammar.read(sample, at, whole, &mut fields) {
            Step::Record { next } | Step::Blank { next } => next,
            Step::Rejected { next, .. } => match grammar.rows_in_line(&sample[at..next]) {
                Some(rows) if rows.all_end => return Some((at, rows.end)),
                _ => next,
            },
            Step::More => return None,
        };
    }
    None
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
    fn a_line_of_rows_is_found_where_rows_end_otherwise_than_lines() {
        let found = |text: &str| {
            let grammar = Grammar { width: 2, ..Grammar::for_header(b',', false, Vec::new()) };
            rows_that_end_otherwise(&grammar, text.as_bytes(), 0, true).map(|(at, end)| (at, end.name()))
        };
        assert_eq!(found("1,d\n\n2,d\r3,d\r4,d\n"), Some((5, "a CR")));
        assert_eq!(found("1,d\x0b2,d\x0b3,d\n"), Some((0, "the vertical tab 0x0B")));
        for sound in ["1,d\n2,d\r\n", "1,d\n2,d\r3,d\n", "1,d,x\n2\n", ""] {
            assert_eq!(found(sound), None, "{sound:?}");
        }
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
