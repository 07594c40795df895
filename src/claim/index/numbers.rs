//! Counts the units of all services with the same authorization number, in input order, separately for each claim form.

use std::io;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::index::groups::Keyed;
use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::notes::{KEPT_AT_A_TIME, NoteTaker, Notes};
use crate::claim::index::partition::Lines;
use crate::claim::index::service::{Bin, PolicyLists, ServiceKey, cpt_service};
use crate::claim::index::stays::Stays;
use crate::claim::line::{Batch, Text};
use crate::claim::value::authorization;

/// For each service, the running units on each of its numbers, with the position of the number on the claim. Only numbers
/// whose units exceed those of the service itself are included.
pub(crate) type UnitsOnNumbers = Notes<(u16, Decimal)>;

/// One number of a service.
#[derive(Clone, Serialize, Deserialize)]
struct Use {
    /// Number and claim form.
    key: KeyHash,
    service: ServiceKey,
    /// Position of the number on the claim.
    place: u16,
    units: Decimal,
}

impl Keyed for Use {
    type Order = ServiceKey;

    fn key(&self) -> KeyHash {
        self.key
    }

    /// The numbers of a service differ.
    fn order(&self) -> ServiceKey {
        self.service
    }
}

/// Counts the units, except those of assistants and co-surgeons.
pub(crate) fn count(
    lines: &Lines<'_>,
    bins: &[Bin],
    stays: &Stays,
    policy: PolicyLists<'_>,
) -> io::Result<UnitsOnNumbers> {
    let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Use)| {
        let mut stays = stays.of(start..start + batch.len())?;
        for (number, line) in (start..).zip(batch.iter()) {
            let numbers = line.text(Text::Authorization);
            if numbers.is_empty() || bins[number] != Bin::InScope || line.marks().assistant {
                continue;
            }
            let units = cpt_service(bins[number], line, policy.codes).map(|_| (false, line.units));
            let stay = stays.next((number as u32, true)).map(|_| (true, Decimal::ONE));
            for (place, text) in numbers.split(';').enumerate() {
                let key = lines.keys.hash((authorization::key(text), line.form));
                for (is_stay, units) in [units, stay].into_iter().flatten() {
                    add(Use { key, service: (number as u32, is_stay), place: place as u16, units });
                }
            }
        }
        Ok(())
    };
    let most = bins.iter().filter(|bin| **bin == Bin::InScope).count();
    let all = NoteTaker::new(lines);
    lines.partitioned_batches(most, size_of::<(&Use, u32)>(), remember, |uses| {
        let mut sums = Vec::new();
        uses.groups(|on_number| {
            let mut sum = Decimal::ZERO;
            on_number.each(|Use { service, place, units, .. }| {
                sum = sum.saturating_add(*units);
                if sum != *units {
                    sums.push((*service, (*place, sum)));
                }
                if sums.len() > KEPT_AT_A_TIME { all.add(&mut sums) } else { Ok(()) }
            })
        })?;
        all.add(&mut sums)
    })?;
    all.finish()
}
