//! Chance that can be had again: `SplitMix64` (Steele, Lea, Flood 2014), whose numbers depend on the seed alone, whatever the
//! machine or the version of a library.

/// A row of numbers that a seed decides.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The numbers of this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // The constants of the paper's reference implementation.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 if `n` is.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        // The upper half of a product: the bias is n in 2^64.
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// True in `percent` of a hundred throws.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True in this share of throws.
    pub(super) fn share(&mut self, share: f64) -> bool {
        // 53 bits are what a double holds.
        ((self.next() >> 11) as f64) < share * (1u64 << 53) as f64
    }

    /// One of some; there is at least one.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Puts them in another order.
    pub(super) fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            of.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut dice = Dice::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| dice.next()).collect();
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn shares_come_out() {
        let mut dice = Dice::new(7);
        assert!((0..1000).all(|_| !dice.share(0.0) && dice.share(1.0)));
        let thrown = (0..10_000).filter(|_| dice.share(0.25)).count();
        assert!((2300..2700).contains(&thrown), "{thrown}");
        assert_eq!(dice.below(0), 0);
    }
}
