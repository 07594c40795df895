//! A filter of keys: it says of a key that it may be among those that were added, or that it is not.

use std::sync::atomic::{AtomicU64, Ordering};

/// The power of two of the bits of a filter, which takes 16 MiB. Of ten million keys, two in a hundred others pass; of a million,
/// two in ten thousand.
const POWER: u32 = 27;

/// The least power of two of bits.
const LEAST_POWER: u32 = 10;

/// Bits of a filter for each of its keys, so that one or two in a hundred others pass.
const BITS_OF_KEY: usize = 16;

/// An odd number that spreads a hash over all bits: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Two bits for each key, by its hash.
#[derive(Debug)]
pub(crate) struct KeyFilter {
    words: Vec<AtomicU64>,
    /// Bits are numbered by so many first bits of a hash.
    power: u32,
}

impl KeyFilter {
    /// No keys yet.
    pub(crate) fn new() -> Self {
        Self::with_power(POWER)
    }

    /// A filter for about so many keys that takes at most `bytes`, and then lets more keys pass.
    pub(crate) fn for_keys(count: usize, bytes: usize) -> Self {
        let (wanted, most) = (count.saturating_mul(BITS_OF_KEY).max(1).ilog2(), bytes.saturating_mul(8).max(1).ilog2());
        Self::with_power(wanted.min(most).max(LEAST_POWER))
    }

    fn with_power(power: u32) -> Self {
        Self { words: (0..1 << (power - 6)).map(|_| AtomicU64::new(0)).collect(), power }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.words.len() * size_of::<u64>()
    }

    /// Adds a key by its hash.
    pub(crate) fn add(&self, hash: u64) {
        for (word, bit) in self.bits(hash) {
            self.words[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// May a key with this hash have been added? No false "no".
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        self.bits(hash).into_iter().all(|(word, bit)| self.words[word].load(Ordering::Relaxed) & bit != 0)
    }

    fn bits(&self, hash: u64) -> [(usize, u64); 2] {
        [hash, hash.rotate_left(32).wrapping_mul(SPREAD)].map(|hash| {
            let bit = hash >> (64 - self.power);
            ((bit / 64) as usize, 1 << (bit % 64))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_added_pass_and_few_others_do() {
        let hash = |n: u64| n.wrapping_mul(SPREAD).rotate_left(17).wrapping_mul(SPREAD);
        let filters = [(KeyFilter::new(), 100), (KeyFilter::for_keys(100_000, usize::MAX), 4000)];
        for (filter, most) in filters {
            (0..100_000).for_each(|n| filter.add(hash(n)));
            assert!((0..100_000).all(|n| filter.may_hold(hash(n))));
            let others = (100_000..200_000).filter(|n| filter.may_hold(hash(*n))).count();
            assert!(others < most, "{others}");
        }
    }

    #[test]
    fn a_filter_takes_no_more_than_it_may() {
        for (count, bytes, taken) in [(0, 0, 128), (1 << 20, 1 << 30, 2 << 20), (1 << 30, (1 << 20) + 9, 1 << 20)] {
            assert_eq!(KeyFilter::for_keys(count, bytes).bytes(), taken, "{count} {bytes}");
        }
    }
}
