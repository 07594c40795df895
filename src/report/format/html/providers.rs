//! Services and money by billing provider. There may be more providers than fit in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::claim::Text;
use crate::disk::sorted::KeyedSums;
use crate::report::format::html::chart::{BarMeasure, ChartRow, ServiceMeasure, rest};
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

/// The providers of a part. That services of the same provider belong together is only found when the part is merged.
pub(crate) struct PartProviders {
    /// NPI and name of each provider, one after another. Services that follow each other often have the same one, which is then there once.
    text: String,
    services: Vec<ProviderService>,
}

/// A service of a provider.
struct ProviderService {
    /// Where the NPI of the provider is in the text. Its name follows.
    npi: usize,
    npi_length: u32,
    name_length: u32,
    measure: ServiceMeasure,
}

impl PartProviders {
    /// Of the services of a part.
    pub(crate) fn of(part: &PartView<'_>) -> Self {
        let mut text = String::new();
        let mut services: Vec<ProviderService> = Vec::with_capacity(part.judged.services.len());
        for (number, judgment) in part.judged.services.iter().enumerate() {
            let line = part.line_set.line_of(number);
            let (npi, name) = (provider_key(line), value(line.text(Text::BillingProviderName)));
            let measure = ServiceMeasure::of(judgment);
            let of_last = services.last().filter(|last| last.npi(&text) == npi && last.name(&text) == name);
            let start = of_last.map_or(text.len(), |last| last.npi);
            if of_last.is_none() {
                text.push_str(&npi);
                text.push_str(&name);
            }
            let [npi_length, name_length] = [npi.len() as u32, name.len() as u32];
            services.push(ProviderService { npi: start, npi_length, name_length, measure });
        }
        Self { text, services }
    }
}

impl ProviderService {
    fn npi<'t>(&self, text: &'t str) -> &'t str {
        &text[self.npi..][..self.npi_length as usize]
    }

    fn name<'t>(&self, text: &'t str) -> &'t str {
        &text[self.npi..][self.npi_length as usize..][..self.name_length as usize]
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
        for services in next.services.chunks(AHEAD) {
            let touch = |sums: &ProviderSums| sums.measure.all ^ sums.measure.deny.0;
            self.sums.look_ahead(services.iter().map(|service| service.npi(&next.text)), touch);
            for service in services {
                self.sums.add_with(service.npi(&next.text), |sums| {
                    sums.measure.add_service(service.measure);
                    sums.take_name(service.name(&next.text), part);
                })?;
            }
        }
        Ok(())
    }

    /// The highest providers, each with NPI and name, and sentences on the rest and the shares.
    pub(crate) fn highest(self, knows_amounts: bool) -> io::Result<(Vec<ChartRow>, String)> {
        let mut highest = Highest::default();
        self.sums.each(|npi, sums| highest.add(npi, sums))?;
        Ok(highest.shown(knows_amounts))
    }
}

/// A provider that is shown: its rank, NPI, name and sums. Of equal providers, that with the highest number is the lowest.
type ShownProvider = (Reverse<(i128, u64, u64)>, Box<str>, Box<str>, BarMeasure);

/// The highest providers, and the sums of the others.
#[derive(Default)]
struct Highest {
    /// The lowest of them is on top.
    shown: BinaryHeap<ShownProvider>,
    left_out: BarMeasure,
    left_out_count: u64,
}

impl Highest {
    fn add(&mut self, npi: &str, ProviderSums { measure, name, .. }: ProviderSums) {
        let rank = Reverse((measure.at_risk().0, measure.flagged(), measure.all));
        self.shown.push((rank, npi.into(), name, measure));
        if self.shown.len() > MAX_PROVIDERS_SHOWN
            && let Some((.., lowest)) = self.shown.pop()
        {
            self.left_out.merge(&lowest);
            self.left_out_count += 1;
        }
    }

    fn shown(self, knows_amounts: bool) -> (Vec<ChartRow>, String) {
        let left_out = rest(knows_amounts, ["provider more", "providers more"], (self.left_out_count, self.left_out));
        let shares = format!(
            "Providers with at least {LEAST_SERVICES} services have the share of flagged ones, with its 95% interval (Wilson)."
        );
        let note = if left_out.is_empty() {
            shares
        } else {
            format!("The {MAX_PROVIDERS_SHOWN} highest. {left_out} {shares}")
        };
        let label = |npi: &str| if npi.is_empty() { "no NPI on the claim".to_owned() } else { value(npi).into_owned() };
        let rows = self.shown.into_sorted_vec().into_iter();
        (rows.map(|(_, npi, name, m)| (label(&npi), value(&name).into_owned(), m)).collect(), note)
    }
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

    fn highest(providers: impl Iterator<Item = (String, BarMeasure)>) -> (Vec<ChartRow>, String) {
        let mut highest = Highest::default();
        providers.for_each(|(npi, measure)| highest.add(&npi, ProviderSums { measure, ..ProviderSums::default() }));
        highest.shown(true)
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
            .map(|(name, n)| (name.clone(), BarMeasure { deny: (1, Sum(n * 100)), all: 2, ..BarMeasure::default() }));
        let (rows, others) = highest(providers);
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
        let equal = names.iter().map(|name| (name.clone(), BarMeasure { all: 2, ..BarMeasure::default() }));
        let (rows, _) = highest(equal);
        assert!(rows.iter().map(|(name, ..)| name).eq(names.iter().rev().take(MAX_PROVIDERS_SHOWN)));
    }
}
