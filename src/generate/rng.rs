//! Reproducible random numbers: `SplitMix64` (Steele, Lea, Flood 2014). They depend on the seed alone, not on the machine or
//! the version of a library.

/// A generator of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// The generator with this seed.
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

    /// A number below `n`, or 0 if `n` is 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        // The upper half of the product has a bias of at most n in 2^64.
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// True with a probability of `percent` in a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True with this probability, from 0 to 1.
    pub(super) fn share(&mut self, share: f64) -> bool {
        // An f64 holds 53 bits exactly.
        ((self.next() >> 11) as f64) < share * (1u64 << 53) as f64
    }

    /// A random element of `of`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Shuffles the elements (Fisher-Yates).
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
    fn the_numbers_match_the_reference_implementation() {
        let mut rng = Rng::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn chances_match_their_shares() {
        let mut rng = Rng::new(7);
        assert!((0..1000).all(|_| !rng.share(0.0) && rng.share(1.0)));
        let drawn = (0..10_000).filter(|_| rng.share(0.25)).count();
        assert!((2300..2700).contains(&drawn), "{drawn}");
        assert_eq!(rng.below(0), 0);
    }
}
