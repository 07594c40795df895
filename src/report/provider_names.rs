//! The names of the billing providers of a run, for the workbook, summary.json and `claimlint trend`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashSet;

use crate::claim::Text;
use crate::ingest::field::Field;
use crate::report::sink::{PendingPieces, lock};
use crate::report::view::PartView;
use crate::run::RunContext;

/// Most bytes of NPIs and names that are kept, as JSON has them: 45,000 providers with 90 bytes each, more than a plan pays.
/// Together with the listed suppressions they fit into the largest summary.json. Further providers have no name.
const MOST_BYTES: usize = 4 << 20;

/// Bytes of an entry in summary.json besides NPI and name: indentation, colon, comma and line end.
const BYTES_PER_NAME: usize = 8;

/// The first name of each billing provider, by NPI.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_npi: BTreeMap<Box<str>, Box<str>>,
    bytes: usize,
}

impl Names {
    /// The name of a provider; empty if it has none.
    pub(crate) fn get(&self, npi: &str) -> &str {
        self.by_npi.get(npi).map_or("", |name| name)
    }

    /// NPI and name of each provider that has one, in the order of the NPIs.
    pub(crate) fn by_npi(&self) -> &BTreeMap<Box<str>, Box<str>> {
        &self.by_npi
    }

    /// Adds a name, unless the provider has one or there is no room.
    fn add(&mut self, npi: Box<str>, name: Box<str>) {
        if self.by_npi.contains_key(&npi) {
            return;
        }
        let bytes = [&npi, &name].map(|text| serde_json::to_string(text).map_or(MOST_BYTES, |json| json.len()));
        let bytes = self.bytes + bytes.iter().sum::<usize>() + BYTES_PER_NAME;
        if bytes <= MOST_BYTES {
            self.bytes = bytes;
            self.by_npi.insert(npi, name);
        }
    }
}

/// Collects the names of a run, part by part.
#[derive(Debug)]
pub(crate) struct ProviderNames {
    /// Does any extract have names?
    is_mapped: bool,
    /// The names of a part, in input order.
    pieces: PendingPieces<Vec<(Box<str>, Box<str>)>>,
    names: Mutex<Names>,
}

impl ProviderNames {
    /// No name yet.
    pub(crate) fn of(run: &RunContext) -> Self {
        let has_names = |unmapped: &[Field]| !unmapped.contains(&Field::BillingProviderName);
        let is_mapped = run.inputs.iter().any(|input| has_names(&input.unmapped));
        Self { is_mapped, pieces: PendingPieces::default(), names: Mutex::default() }
    }

    /// Collects the names of part `n`.
    pub(crate) fn format(&self, n: usize, part: &PartView<'_>) {
        if !self.is_mapped {
            return;
        }
        let (mut known, mut names) = (FxHashSet::default(), Vec::new());
        for record in part.services() {
            let (npi, name) = (record.line.text(Text::BillingNpi), record.line.text(Text::BillingProviderName));
            if !npi.is_empty() && !name.is_empty() && known.insert(npi) {
                names.push((npi.into(), name.into()));
            }
        }
        self.pieces.put(n, names);
    }

    /// Adds the names of part `n`. The parts come in input order, so that the first name of a provider is kept.
    pub(crate) fn append(&self, n: usize) {
        let mut names = lock(&self.names);
        for (npi, name) in self.pieces.take(n).unwrap_or_default() {
            names.add(npi, name);
        }
    }

    /// The names of all parts.
    pub(crate) fn into_names(self) -> Names {
        self.names.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_counts_and_all_fit_into_the_bound() {
        let mut names = Names::default();
        names.add("1".into(), "First".into());
        names.add("1".into(), "Second".into());
        names.add("2".into(), "\u{1}".repeat(MOST_BYTES / 6).into());
        names.add("3".into(), "Third".into());
        assert_eq!(["1", "2", "3"].map(|npi| names.get(npi)), ["First", "", "Third"]);
        (0..100_000).for_each(|n| names.add(n.to_string().into(), "x".repeat(80).into()));
        let json = serde_json::to_string_pretty(names.by_npi()).expect("a map of texts");
        assert!(json.len() <= MOST_BYTES && json.len() > MOST_BYTES / 2, "{}", json.len());
    }
}
