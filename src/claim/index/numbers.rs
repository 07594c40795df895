//! Counts the units of all services with the same authorization number, in input order, separately for each claim form.

use std::io;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::partition::{Keyed, Lines};
use crate::claim::index::service::{Bin, PolicyLists, ServiceKey, cpt_service};
use crate::claim::index::stays::Stays;
use crate::claim::line::{Line, Text};
use crate::claim::value::authorization;

/// For each service, the running units on each of its numbers, with the position of the number on the claim. Only numbers
/// whose units exceed those of the service itself are included.
pub(crate) type UnitsOnNumbers = FxHashMap<ServiceKey, Vec<(u16, Decimal)>>;

/// One number of a service.
struct Use {
    /// Number and claim form.
    key: KeyHash,
    service: ServiceKey,
    /// Position of the number on the claim.
    place: u16,
    units: Decimal,
}

impl Keyed for Use {
    fn key(&self) -> KeyHash {
        self.key
    }
}

/// Counts the units, except those of assistants and co-surgeons.
pub(crate) fn count(
    lines: &Lines<'_>,
    bins: &[Bin],
    stays: &Stays,
    policy: PolicyLists<'_>,
) -> io::Result<UnitsOnNumbers> {
    let remember = |number: usize, line: Line<'_>, uses: &mut Vec<Use>| {
        let numbers = line.text(Text::Authorization);
        if numbers.is_empty() || bins[number] != Bin::InScope || line.marks.assistant {
            return;
        }
        let units = cpt_service(bins[number], line, policy.codes).map(|_| (false, line.units));
        let stay = stays.at(number as u32).map(|_| (true, Decimal::ONE));
        for (place, text) in numbers.split(';').enumerate() {
            let key = lines.keys.hash((authorization::key(text), line.form));
            for (is_stay, units) in [units, stay].into_iter().flatten() {
                uses.push(Use { key, service: (number as u32, is_stay), place: place as u16, units });
            }
        }
    };
    let most = bins.iter().filter(|bin| **bin == Bin::InScope).count();
    let found = lines.partitioned(most, size_of::<(&Use, u32)>(), remember, |uses| {
        let mut sums = Vec::new();
        for on_number in uses.groups().iter() {
            let mut sum = Decimal::ZERO;
            for Use { service, place, units, .. } in on_number {
                sum = sum.saturating_add(*units);
                if sum != *units {
                    sums.push((*service, (*place, sum)));
                }
            }
        }
        sums
    })?;
    let mut all = UnitsOnNumbers::default();
    for (service, sum) in found.into_iter().flatten() {
        all.entry(service).or_default().push(sum);
    }
    Ok(all)
}
