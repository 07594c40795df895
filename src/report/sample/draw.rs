//! Draws a sample: strata by amount, the number of services from each, and the services with the lowest ranks.
//!
//! Strata: the services in the order of their amounts are cut so that the strata hold about equal sums. The stratum of an
//! amount is the whole part of k C / T, where C is the sum of all smaller amounts, T the sum of all and k the number of
//! strata; amounts below 0 count as 0 in both sums. Equal amounts are in one stratum, and empty strata are left out.
//!
//! Allocation: two services from each stratum, or its only one. Each further service is drawn from the stratum with the
//! highest quotient of its sum of amounts and one more than the number drawn from it so far (the method of D'Hondt), the
//! stratum of larger amounts if two are equal; a stratum that is drawn whole takes no more.

use crate::claim::{Cents, Sum};
use crate::report::sample::frame::{Frame, Unit};

/// A stratum with the services that were drawn from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnStratum {
    /// Its number of services in the frame.
    pub services: u64,
    /// The sum of their amounts.
    pub amount: Sum,
    /// The least and the largest amount.
    pub amounts: (Cents, Cents),
    /// The drawn services in the order of their ranks.
    pub drawn: Vec<Unit>,
}

/// Why no sample can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// The frame has no service.
    #[error("the report has no service of this status with an amount at risk, so there is nothing to draw from")]
    EmptyFrame,
    /// More services are wanted than there are.
    #[error("--size {wanted}: the frame has only {services} services")]
    TooLarge {
        /// The wanted size.
        wanted: u64,
        /// The size of the frame.
        services: u64,
    },
    /// A stratum would have a sample of one, which has no variance.
    #[error("--size {wanted}: at least {needed} are needed, two from each stratum, to estimate an error")]
    TooSmall {
        /// The wanted size.
        wanted: u64,
        /// The least size.
        needed: u64,
    },
}

/// Draws `size` services from a frame that is cut into at most `strata` strata; 1 is a sample without strata.
pub fn draw(frame: &Frame, size: u64, strata: u32) -> Result<Vec<DrawnStratum>, DrawError> {
    let services = frame.units.len() as u64;
    if services == 0 {
        return Err(DrawError::EmptyFrame);
    }
    if size > services {
        return Err(DrawError::TooLarge { wanted: size, services });
    }
    let groups = cut(frame, strata);
    let sizes: Vec<(u64, i128)> = groups.iter().map(|group| (group.len() as u64, weight(group))).collect();
    let needed = sizes.iter().map(|(services, _)| (*services).min(2)).sum();
    if size < needed {
        return Err(DrawError::TooSmall { wanted: size, needed });
    }
    let drawn = allocate(&sizes, size);
    Ok(groups.into_iter().zip(drawn).map(|(group, drawn)| stratum(group, drawn)).collect())
}

/// The amount as it counts for strata and allocation.
fn counted(unit: &Unit) -> i128 {
    unit.amount.0.max(0).into()
}

fn weight(group: &[Unit]) -> i128 {
    group.iter().map(counted).sum()
}

/// Cuts the frame into strata, the one with the smallest amounts first.
fn cut(frame: &Frame, strata: u32) -> Vec<Vec<Unit>> {
    let mut units = frame.units.clone();
    units.sort_unstable_by_key(|unit| (unit.amount, unit.rank));
    let total = weight(&units).max(1);
    let (mut groups, mut below, mut last) = (Vec::<Vec<Unit>>::new(), 0_i128, None);
    for same in units.chunk_by(|a, b| a.amount == b.amount) {
        let place = i128::from(strata.max(1)) * below / total;
        if last != Some(place) {
            groups.push(Vec::new());
        }
        last = Some(place);
        if let Some(group) = groups.last_mut() {
            group.extend_from_slice(same);
        }
        below += weight(same);
    }
    groups
}

/// How many services are drawn from each stratum, given its number of services and the sum of its amounts.
fn allocate(strata: &[(u64, i128)], size: u64) -> Vec<u64> {
    let mut drawn: Vec<u64> = strata.iter().map(|(services, _)| (*services).min(2)).collect();
    for _ in drawn.iter().sum::<u64>()..size {
        let open = (0..strata.len()).filter(|i| drawn[*i] < strata[*i].0);
        // a / (n + 1) > b / (m + 1), without division.
        let quotient = |a: &usize, b: &usize| {
            let left = strata[*a].1 * i128::from(drawn[*b] + 1);
            left.cmp(&(strata[*b].1 * i128::from(drawn[*a] + 1)))
        };
        if let Some(next) = open.max_by(quotient) {
            drawn[next] += 1;
        }
    }
    drawn
}

fn stratum(mut group: Vec<Unit>, drawn: u64) -> DrawnStratum {
    let amount = group.iter().map(|unit| unit.amount).sum();
    let amounts = group.first().zip(group.last()).map_or((Cents(0), Cents(0)), |(a, b)| (a.amount, b.amount));
    let services = group.len() as u64;
    group.sort_unstable_by_key(|unit| unit.rank);
    group.truncate(drawn as usize);
    DrawnStratum { services, amount, amounts, drawn: group }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::frame::tests::frame;

    fn sizes(drawn: &[DrawnStratum]) -> Vec<(u64, u64)> {
        drawn.iter().map(|one| (one.services, one.drawn.len() as u64)).collect()
    }

    #[test]
    fn strata_hold_about_equal_sums_and_draw_by_them() {
        // Smaller amounts before each: 0, 10, 20 (sums 10, 10, 20, 40): of 80 in two strata, the last begins at 40.
        let found = draw(&frame(&[10, 10, 20, 40], 1), 3, 2).expect("a sample");
        assert_eq!(sizes(&found), [(3, 2), (1, 1)]);
        assert_eq!(found[0].amounts, (Cents(10), Cents(20)));
        assert_eq!((found[0].amount, found[1].amount), (Sum(40), Sum(40)));
        // Two each, then D'Hondt over sums of 40, 40 and 40.
        let amounts = [vec![1; 40], vec![2; 20], vec![8; 5]].concat();
        assert_eq!(sizes(&draw(&frame(&amounts, 1), 9, 3).expect("a sample")), [(40, 3), (20, 3), (5, 3)]);
        // The last stratum is drawn whole, and the rest comes from the others.
        assert_eq!(sizes(&draw(&frame(&amounts, 1), 25, 3).expect("a sample")), [(40, 10), (20, 10), (5, 5)]);
        // Nothing to weigh by: one stratum.
        assert_eq!(sizes(&draw(&frame(&[0, 0, -5], 1), 2, 4).expect("a sample")), [(3, 2)]);
    }

    #[test]
    fn sizes_that_cannot_be_drawn_are_refused() {
        assert_eq!(draw(&frame(&[], 1), 0, 1), Err(DrawError::EmptyFrame));
        assert_eq!(draw(&frame(&[1, 2], 1), 3, 1), Err(DrawError::TooLarge { wanted: 3, services: 2 }));
        assert_eq!(draw(&frame(&[1, 2], 1), 1, 1), Err(DrawError::TooSmall { wanted: 1, needed: 2 }));
        assert_eq!(draw(&frame(&[1; 9], 1), 1, 1), Err(DrawError::TooSmall { wanted: 1, needed: 2 }));
        assert_eq!(sizes(&draw(&frame(&[1], 1), 1, 3).expect("a census")), [(1, 1)]);
    }

    /// Each of ten services is drawn in about half of the samples of five: of 2,000 seeds between 880 and 1,120, which is
    /// 5.4 standard deviations.
    #[test]
    fn every_service_has_the_same_chance() {
        let mut times = [0_u32; 10];
        for seed in 0..2_000 {
            for unit in &draw(&frame(&[100; 10], seed), 5, 1).expect("a sample")[0].drawn {
                times[unit.line as usize] += 1;
            }
        }
        assert!(times.iter().all(|n| (880..=1_120).contains(n)), "{times:?}");
    }

    proptest! {
        #[test]
        fn strata_partition_the_frame_and_draw_what_is_asked_for(
            amounts in prop::collection::vec(-10_i64..500, 1..60), strata in 1_u32..6, seed: u32, part in 0.0..1.0_f64
        ) {
            let frame = frame(&amounts, seed);
            let whole = draw(&frame, amounts.len() as u64, strata).expect("the frame itself");
            prop_assert!(whole.iter().all(|one| one.services == one.drawn.len() as u64));
            prop_assert_eq!(whole.iter().map(|one| one.services).sum::<u64>(), amounts.len() as u64);
            prop_assert_eq!(Sum(whole.iter().map(|one| one.amount.0).sum()), frame.amount());
            prop_assert!(whole.windows(2).all(|two| two[0].amounts.1 < two[1].amounts.0));
            let least: u64 = whole.iter().map(|one| one.services.min(2)).sum();
            let size = least + ((amounts.len() as u64 - least) as f64 * part) as u64;
            let some = draw(&frame, size, strata).expect("a sample");
            prop_assert_eq!(some.iter().map(|one| one.drawn.len() as u64).sum::<u64>(), size);
            // The drawn services of a stratum are the first of the whole stratum in the order of ranks.
            for (some, whole) in some.iter().zip(&whole) {
                prop_assert_eq!(&some.drawn[..], &whole.drawn[..some.drawn.len()]);
            }
        }
    }
}
