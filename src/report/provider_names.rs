//! The names of the billing providers of a run, for the workbook, summary.json and `claimlint trend`.

use std::collections::BTreeMap;

use crate::claim::Text;
use crate::ingest::field::Field;
use crate::report::view::PartView;
use crate::run::Input;

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
    /// The names of a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut names = Self::default();
        let has_names = |input: &Input| !input.unmapped.contains(&Field::BillingProviderName);
        if !part.context.run.inputs.iter().any(has_names) {
            return names;
        }
        for record in part.services() {
            let (npi, name) = (record.line.text(Text::BillingNpi), record.line.text(Text::BillingProviderName));
            if !npi.is_empty() && !name.is_empty() {
                names.add(npi, name);
            }
        }
        names
    }

    /// Adds the names of the next part. The first name of a provider is kept.
    pub(crate) fn merge(&mut self, next: &Self) {
        next.by_npi.iter().for_each(|(npi, name)| self.add(npi, name));
    }

    /// The name of a provider; empty if it has none.
    pub(crate) fn get(&self, npi: &str) -> &str {
        self.by_npi.get(npi).map_or("", |name| name)
    }

    /// NPI and name of each provider that has one, in the order of the NPIs.
    pub(crate) fn by_npi(&self) -> &BTreeMap<Box<str>, Box<str>> {
        &self.by_npi
    }

    /// Adds a name, unless the provider has one or there is no room.
    fn add(&mut self, npi: &str, name: &str) {
        if self.by_npi.contains_key(npi) {
            return;
        }
        let bytes = [npi, name].map(|text| serde_json::to_string(text).map_or(MOST_BYTES, |json| json.len()));
        let bytes = self.bytes + bytes.iter().sum::<usize>() + BYTES_PER_NAME;
        if bytes <= MOST_BYTES {
            self.bytes = bytes;
            self.by_npi.insert(npi.into(), name.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_counts_and_all_fit_into_the_bound() {
        let mut names = Names::default();
        names.add("1", "First");
        names.add("1", "Second");
        names.add("2", &"\u{1}".repeat(MOST_BYTES / 6));
        names.add("3", "Third");
        assert_eq!(["1", "2", "3"].map(|npi| names.get(npi)), ["First", "", "Third"]);
        let mut next = Names::default();
        next.add("1", "Third");
        next.add("4", "Fourth");
        names.merge(&next);
        assert_eq!(["1", "4"].map(|npi| names.get(npi)), ["First", "Fourth"]);
        (0..100_000).for_each(|n| names.add(&n.to_string(), &"x".repeat(80)));
        let json = serde_json::to_string_pretty(names.by_npi()).expect("a map of texts");
        assert!(json.len() <= MOST_BYTES && json.len() > MOST_BYTES / 2, "{}", json.len());
    }
}
