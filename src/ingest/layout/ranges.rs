//! Numbered runs of column names: `dx{1..25}`, or `dx{01..25}` with padded numbers.

use crate::ingest::field::{Group, fold};
use crate::ingest::layout::definition::{NumberedName, Run, SLOT};
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
        let Some(parts) = parts(&item.text) else {
            numbered.push((numbered.len() + 1, item.text.clone()));
            continue;
        };
        if parts.as_ref().is_ok_and(|parts| run_at(parts.after).is_some()) {
            document.fault(item.span.clone(), "a name holds one numbered run: write a name for each first number");
            continue;
        }
        let Ok(Parts { before, from, to, digits, after }) = parts else {
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

/// The run in a name of a group's columns. A name with [`SLOT`] has another run in each slot.
pub(crate) fn run_of(group: Group, name: &str) -> Option<Run> {
    let Parts { before, from, to, after, .. } = parts(name)?.ok().filter(|_| !name.contains(SLOT))?;
    let shown = format!("{before}{from}{after}");
    Some(Run { group, name: NumberedName { before: fold(before), after: fold(after), shown }, last: to })
}

/// A name with a run, taken apart.
struct Parts<'t> {
    before: &'t str,
    from: usize,
    to: usize,
    /// Digits of the first number, to which all are padded.
    digits: usize,
    after: &'t str,
}

/// The parts of a name with a run; an error if the run is none. None: the name has no run.
fn parts(name: &str) -> Option<Result<Parts<'_>, ()>> {
    let at = run_at(name)?;
    let (before, rest) = (&name[..at], &name[at + 1..]);
    let parts = rest.split_once('}').and_then(|(range, after)| {
        let (from, to) = range.split_once("..")?;
        // At most three digits. All numbers are padded to the width of the first one.
        let number = |text: &str| {
            let plain = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
            if plain { text.parse::<usize>().ok() } else { None }
        };
        Some(Parts { before, from: number(from)?, to: number(to)?, digits: from.len(), after })
    });
    Some(parts.filter(|parts| parts.from <= parts.to).ok_or(()))
}

/// Position of the braces of a run in a name. [`SLOT`] is not a run.
fn run_at(name: &str) -> Option<usize> {
    name.match_indices('{').map(|(at, _)| at).find(|at| !name[*at..].starts_with(SLOT))
}
