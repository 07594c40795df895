//! Services and money by billing provider. There may be more providers than fit in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::{AddAssign, Range};

use serde::{Deserialize, Serialize};

use crate::claim::Text;
use crate::disk::sorted::KeyedSums;
use crate::report::format::html::chart::{BarMeasure, ChartRow, rest};
use crate::report::provider_key::provider_key;
use crate::report::sink::Scratch;
use crate::report::view::PartView;
use crate::report::words::finding::value;
use crate::report::words::share::LEAST_SERVICES;

/// Most billing providers shown: as many as fit on a page.
const MAX_PROVIDERS_SHOWN: usize = 20;

/// Providers whose sums are asked for at once: as many as a processor core has requests under way.
const AHEAD: usize = 16;

/// Bytes of providers that stay in memory: as many as of a roll-up by provider, some tens of thousands. Their names, of at most 120
/// characters, take another 20 MiB at worst.
const PROVIDER_BYTES: usize = 8 << 20;

/// The sums of a provider, and the first name that a service states for it.
#[derive(Default, Serialize, Deserialize)]
struct ProviderSums {
    measure: BarMeasure,
    /// Cut to the length that is shown.
    name: Box<str>,
    /// The number of the part that states the name.
    part: u64,
}

impl ProviderSums {
    /// Takes a name, unless one of an earlier part is known, or an earlier one of the same.
    fn take_name(&mut self, name: &str, part: u64) {
        if !name.is_empty() && (self.name.is_empty() || part < self.part) {
            (self.name, self.part) = (name.into(), part);
        }
    }
}

impl AddAssign for ProviderSums {
    fn add_assign(&mut self, other: Self) {
        self.measure.merge(&other.measure);
        self.take_name(&other.name, other.part);
    }
}

/// The providers of a part. Services that follow each other in it often have the same one, and are one entry; that all others of a
/// provider belong together is only found when the part is merged.
pub(crate) struct PartProviders {
    /// NPI and name of each entry, one after another.
    text: String,
    entries: Vec<Entry>,
}

/// Services of one provider.
struct Entry {
    /// Where its NPI is in the text. Its name follows.
    npi: Range<usize>,
    name_end: usize,
    measure: BarMeasure,
}

impl PartProviders {
    /// Adds up a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut text = String::new();
        let mut entries: Vec<Entry> = Vec::with_capacity(part.judged.services.len());
        for (service, judgment) in part.judged.services.iter().enumerate() {
            let line = part.line_set.line_of(service);
            let (npi, name) = (provider_key(line), value(line.text(Text::BillingProviderName)));
            let is_of = |last: &&mut Entry| {
                text[last.npi.clone()] == *npi && (name.is_empty() || text[last.npi.end..last.name_end] == *name)
            };
            if let Some(last) = entries.last_mut().filter(is_of) {
                last.measure.add_service(judgment);
                continue;
            }
            let start = text.len();
            text.push_str(&npi);
            let npi = start..text.len();
            text.push_str(&name);
            let mut measure = BarMeasure::default();
            measure.add_service(judgment);
            entries.push(Entry { npi, name_end: text.len(), measure });
        }
        Self { text, entries }
    }
}

/// The providers of a run, of which there may be more than fit in memory.
pub(crate) struct Providers {
    sums: KeyedSums<ProviderSums>,
    parts: u64,
}

impl Providers {
    /// No providers. Those that do not fit in memory go to files that `scratch` makes.
    pub(crate) fn new(scratch: Scratch) -> Self {
        Self { sums: KeyedSums::new(scratch, PROVIDER_BYTES), parts: 0 }
    }

    /// Adds the next part.
    pub(crate) fn merge(&mut self, next: &PartProviders) -> io::Result<()> {
        let part = self.parts;
        self.parts += 1;
        for entries in next.entries.chunks(AHEAD) {
            self.sums.look_ahead(entries.iter().map(|entry| &next.text[entry.npi.clone()]));
            for Entry { npi, name_end, measure } in entries {
                let name = &next.text[npi.end..*name_end];
                self.sums.add_with(&next.text[npi.clone()], |sums| {
                    sums.measure.merge(measure);
                    sums.take_name(name, part);
                })?;
            }
        }
        Ok(())
    }

    /// The highest providers, each with NPI and name, and sentences on the rest and the shares.
    pub(crate) fn highest(self, knows_amounts: bool) -> io::Result<(Vec<ChartRow>, String)> {
        highest(knows_amounts, self.sums.finish()?)
    }
}

fn highest(
    knows_amounts: bool,
    providers: impl Iterator<Item = io::Result<(Box<str>, ProviderSums)>>,
) -> io::Result<(Vec<ChartRow>, String)> {
    // The lowest of the highest is on top; of equal providers, that with the highest number.
    let mut shown = BinaryHeap::with_capacity(MAX_PROVIDERS_SHOWN + 1);
    let (mut left_out, mut count) = (BarMeasure::default(), 0);
    for provider in providers {
        let (npi, ProviderSums { measure, name, .. }) = provider?;
        let order = (measure.at_risk(), measure.flagged(), measure.all);
        shown.push((Reverse(order), npi, name, measure));
        if shown.len() > MAX_PROVIDERS_SHOWN
            && let Some((.., lowest)) = shown.pop()
        {
            left_out.merge(&lowest);
            count += 1;
        }
    }
    let left_out = rest(knows_amounts, ["provider more", "providers more"], (count, left_out));
    let shares = format!(
        "Providers with at least {LEAST_SERVICES} services have the share of flagged ones, with its 95% interval (Wilson)."
    );
    let note =
        if left_out.is_empty() { shares } else { format!("The {MAX_PROVIDERS_SHOWN} highest. {left_out} {shares}") };
    let label = |npi: &str| if npi.is_empty() { "no NPI on the claim".to_owned() } else { value(npi).into_owned() };
    let rows = shown.into_sorted_vec().into_iter();
    Ok((rows.map(|(_, npi, name, m)| (label(&npi), value(&name).into_owned(), m)).collect(), note))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::claim::Sum;
    use crate::policy::parse::load;
    use crate::report::view::ReportContext;
    use crate::rules::{codes, doc};
    use crate::run::run_text;

    #[test]
    fn services_are_summed_by_npi_with_the_first_name_of_each() {
        let header = "claim_id,line_number,claim_form,member_id,product,billing_npi,billing_provider_name,place_of_service,\
                      service_date,procedure_code,units,diagnosis_1,paid_amount\n";
        let long = "x".repeat(1 << 16);
        let row = |(n, (npi, name)): (usize, (&str, &str))| {
            format!("C{n},1,P,M{n},PPO,{npi},{name},22,2024-03-02,22514,1,M54.5,100.00\n")
        };
        let ours = [("1", ""), ("1", "First"), ("1", "Second"), ("2", &long), ("1", ""), ("2", "Other")];
        let rows: String = ours.into_iter().enumerate().map(row).collect();
        let policy = load(&[], &codes()).expect("the shipped policy is valid");
        let outcome = run_text(&policy, &format!("{header}{rows}"), None).expect("the extract is readable");
        let docs = doc::load().expect("the shipped documentation is valid");
        let of_part = PartProviders::of(&ReportContext::of(&outcome, &docs));
        assert!(of_part.text.len() < 1000, "names are cut before they are kept");
        let mut providers = Providers::new(Arc::new(tempfile::tempfile));
        providers.merge(&of_part).expect("no disk is needed");
        providers.merge(&of_part).expect("no disk is needed");
        let (shown, _) = providers.highest(true).expect("no disk is needed");
        let shown: Vec<_> = shown.iter().map(|(npi, name, sums)| (npi.as_str(), name.as_str(), sums.all)).collect();
        assert_eq!(shown, [("1", "First", 8), ("2", &*value(&long), 4)]);
    }

    fn provider(npi: &str, measure: BarMeasure) -> (Box<str>, ProviderSums) {
        (npi.into(), ProviderSums { measure, ..ProviderSums::default() })
    }

    #[test]
    fn the_first_name_counts_in_whatever_order_sums_are_added() {
        let sums = |name: &str, part| ProviderSums { name: name.into(), part, ..ProviderSums::default() };
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let named = ["", "First", "Second"];
            let mut sum = ProviderSums::default();
            for part in order {
                sum += sums(named[part], part as u64);
            }
            assert_eq!(&*sum.name, "First");
        }
    }

    #[test]
    fn providers_beyond_the_twentieth_are_summed() {
        let names: Vec<String> = (0..23).map(|n| format!("19000000{n:02}")).collect();
        let providers = names
            .iter()
            .zip(1..)
            .map(|(name, n)| provider(name, BarMeasure { deny: (1, Sum(n * 100)), all: 2, ..BarMeasure::default() }));
        let (rows, others) = highest(true, providers.map(Ok)).expect("no disk is needed");
        assert_eq!(rows.len(), MAX_PROVIDERS_SHOWN);
        assert_eq!(rows[0].0, "1900000022");
        assert!(rows.iter().map(|(name, ..)| name).rev().eq(&names[3..]));
        assert_eq!(
            others,
            "The 20 highest. 3 providers more: $6.00 at risk, 3 of 6 services flagged. Providers with at least 5 services \
             have the share of flagged ones, with its 95% interval (Wilson)."
        );
    }

    #[test]
    fn equal_providers_are_in_the_order_of_their_numbers() {
        let names: Vec<String> = (0..30).rev().map(|n| format!("19000000{n:02}")).collect();
        let equal = names.iter().map(|name| provider(name, BarMeasure { all: 2, ..BarMeasure::default() }));
        let (rows, _) = highest(true, equal.map(Ok)).expect("no disk is needed");
        assert!(rows.iter().map(|(name, ..)| name).eq(names.iter().rev().take(MAX_PROVIDERS_SHOWN)));
    }
}
