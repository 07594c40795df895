//! A filter of keys: it says of a key that it may be among those that were added, or that it is not.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a filter, which takes 16 MiB. Of ten million keys, two in a hundred others pass; of a million, two in ten thousand.
const BITS: u64 = 1 << 27;

/// An odd number that spreads a hash over all bits: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Two bits for each key, by its hash.
pub(crate) struct KeyFilter(Vec<AtomicU64>);

impl KeyFilter {
    /// No keys yet.
    pub(crate) fn new() -> Self {
        Self((0..BITS / 64).map(|_| AtomicU64::new(0)).collect())
    }

    /// Adds a key by its hash.
    pub(crate) fn add(&self, hash: u64) {
        for (word, bit) in bits(hash) {
            self.0[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// May a key with this hash have been added? No false "no".
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        bits(hash).into_iter().all(|(word, bit)| self.0[word].load(Ordering::Relaxed) & bit != 0)
    }
}

fn bits(hash: u64) -> [(usize, u64); 2] {
    [hash, hash.rotate_left(32).wrapping_mul(SPREAD)].map(|hash| {
        let bit = hash >> (64 - BITS.ilog2());
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_added_pass_and_few_others_do() {
        let filter = KeyFilter::new();
        let hash = |n: u64| n.wrapping_mul(SPREAD).rotate_left(17).wrapping_mul(SPREAD);
        (0..100_000).for_each(|n| filter.add(hash(n)));
        assert!((0..100_000).all(|n| filter.may_hold(hash(n))));
        let others = (100_000..200_000).filter(|n| filter.may_hold(hash(*n))).count();
        assert!(others < 100, "{others}");
    }
}
