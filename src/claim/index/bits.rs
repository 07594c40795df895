//! Sets of lines, one bit for each line of the run.

use std::sync::atomic::{AtomicU64, Ordering};

/// A set of lines, or of claims identified by their first lines: one bit for each line of the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set for this many lines.
    pub(crate) fn new(lines: usize) -> Self {
        Self(vec![0; lines.div_ceil(64)])
    }

    /// The items that occur more than once, such as claims with several lines.
    pub(crate) fn repeated(lines: usize, items: impl Iterator<Item = u32>) -> Self {
        let (mut seen, mut repeated) = (Self::new(lines), Self::new(lines));
        for item in items {
            if !seen.insert(item) {
                repeated.insert(item);
            }
        }
        repeated
    }

    /// Adds a line. Returns whether it is new.
    pub(crate) fn insert(&mut self, line: u32) -> bool {
        let (word, bit) = (&mut self.0[line as usize / 64], 1 << (line % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Is the line in the set?
    pub(crate) fn contains(&self, line: u32) -> bool {
        self.0.get(line as usize / 64).is_some_and(|word| word & (1 << (line % 64)) != 0)
    }

    /// The lines in the set, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let of_word = |(place, word): (usize, &u64)| {
            let word = *word;
            (0..u64::BITS).filter(move |bit| word & (1 << bit) != 0).map(move |bit| place as u32 * u64::BITS + bit)
        };
        self.0.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(of_word)
    }

    /// Is the set empty?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// A set of lines that several threads add to.
pub(crate) struct SharedBits(Vec<AtomicU64>);

impl SharedBits {
    /// An empty set for this many lines.
    pub(crate) fn new(lines: usize) -> Self {
        Self((0..lines.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Adds a line.
    pub(crate) fn insert(&self, line: u32) {
        self.0[line as usize / 64].fetch_or(1 << (line % 64), Ordering::Relaxed);
    }

    /// Was the line added?
    pub(crate) fn contains(&self, line: u32) -> bool {
        let word = self.0.get(line as usize / 64).map(|word| word.load(Ordering::Relaxed));
        word.is_some_and(|word| word & (1 << (line % 64)) != 0)
    }

    /// All lines that were added.
    pub(crate) fn finish(self) -> Bits {
        Bits(self.0.into_iter().map(AtomicU64::into_inner).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_set() {
        let mut bits = Bits::new(65);
        assert!(bits.is_empty() && bits.insert(64) && !bits.insert(64) && bits.contains(64) && !bits.contains(0));
        assert!(!bits.is_empty() && !Bits::new(0).contains(64));
        let repeated = Bits::repeated(70, [3, 64, 3, 65, 3].into_iter());
        assert!(repeated.iter().eq([3]));
        let shared = SharedBits::new(130);
        for line in [129, 5, 64, 5] {
            shared.insert(line);
        }
        assert!(shared.contains(64) && !shared.contains(65) && !shared.contains(200));
        assert!(shared.finish().iter().eq([5, 64, 129]));
    }
}
