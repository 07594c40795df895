//! Extracts whose cells are quoted in another way than their layout says, so that most rows cannot be read.

use crate::ingest::layout::detect;
use crate::ingest::record::first_rows::{FIRST_ROWS, each_first_row};
use crate::ingest::record::quoting::Quoting;
use crate::ingest::{Detected, Library, Source};

/// The other ways in the order in which they are tried, each with the line of a layout that says so.
const WAYS: [(Quoting, &str); 3] = [
    (Quoting { quote: Some(b'"'), escapes: true }, "escape = \"\\\\\""),
    (Quoting { quote: None, escapes: false }, "quote = \"none\""),
    (Quoting { quote: Some(b'\''), escapes: false }, "quote = \"'\""),
];

/// If fewer than half of the first rows can be read: the way in which all but one in [`UNREAD_ONE_IN`] can, with the layouts
/// that say so.
pub(super) fn other_way(
    source: &Source,
    library: &Library,
    detected: &Detected,
) -> Option<(Library, Detected, &'static str)> {
    let (read, rejected) = first_rows(source, detected);
    if read >= rejected {
        return None;
    }
    WAYS.into_iter().find_map(|(quoting, line)| {
        let library = library.clone().quoting(quoting);
        let detected = detect::detect(source, &library).ok()?;
        let (read, rejected) = first_rows(source, &detected);
        (read > 0 && rejected * UNREAD_ONE_IN <= read).then_some((library, detected, line))
    })
}

/// A way fits an extract although one in this many of its first rows is damaged.
const UNREAD_ONE_IN: usize = 20;

/// How many of the first rows can be read, and how many cannot.
fn first_rows(source: &Source, detected: &Detected) -> (usize, usize) {
    let (mut read, mut rejected) = (0, 0);
    each_first_row(&detected.grammar, &source.sample, detected.data_start, source.whole, FIRST_ROWS, |row| {
        *if row.is_some() { &mut read } else { &mut rejected } += 1;
        true
    });
    (read, rejected)
}
