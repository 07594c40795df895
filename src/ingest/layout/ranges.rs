//! Numbered runs of column names: `dx{1..25}`, or `dx{01..25}` with padded numbers.

use crate::ingest::layout::definition::SLOT;
use crate::strict_toml::{Document, SpannedText};

/// Maximum number of names that a list of runs expands to. It bounds what a broken file can request; every group has far
/// fewer slots.
const MAX_NAMES: usize = 1000;

/// Expands runs such as `dx{1..25}` to numbers and names. A single run keeps its own numbers; several runs, or names
/// without numbers, are numbered from 1.
pub(crate) fn expand(document: &Document<'_>, items: &[SpannedText]) -> Vec<(usize, String)> {
    let mut numbered = Vec::new();
    let keep_numbers = items.len() == 1;
    for item in items {
        let Some(at) = run_at(&item.text) else {
            numbered.push((numbered.len() + 1, item.text.clone()));
            continue;
        };
        let (before, rest) = (&item.text[..at], &item.text[at + 1..]);
        let range = rest.split_once('}').and_then(|(range, after)| {
            let (from, to) = range.split_once("..")?;
            // At most three digits. All numbers are padded to the width of the first one.
            let number = |text: &str| {
                let plain = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
                if plain { text.parse::<usize>().ok() } else { None }
            };
            Some((number(from)?, number(to)?, from.len(), after))
        });
        let Some((from, to, digits, after)) = range.filter(|(from, to, ..)| from <= to) else {
            document.fault(
                item.span.clone(),
                "a numbered run holds its first and last number: write \"dx{1..25}\" or \"dx{01..25}\"",
            );
            continue;
        };
        for n in (from..=to).take(MAX_NAMES.saturating_sub(numbered.len())) {
            let number = if keep_numbers { n } else { numbered.len() + 1 };
            numbered.push((number, format!("{before}{n:0digits$}{after}")));
        }
    }
    numbered
}

/// Position of the braces of a run in a name. [`SLOT`] is not a run.
fn run_at(name: &str) -> Option<usize> {
    name.match_indices('{').map(|(at, _)| at).find(|at| !name[*at..].starts_with(SLOT))
}
