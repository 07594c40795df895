//! Intervals of proportions and of their differences.
//!
//! Sources: Wilson, Journal of the American Statistical Association 22 (1927); Newcombe, Statistics in Medicine 17 (1998),
//! pages 857 to 872 (one proportion) and 873 to 890 (difference of two, method 10, without correction for continuity). Both are
//! good also for few services and for shares near 0 and 1.

/// A count of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proportion {
    /// How many have the property; at most `all`.
    pub count: u64,
    /// How many there are.
    pub all: u64,
}

impl Proportion {
    /// The share, from 0 to 1; 0 if there are none.
    pub fn share(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.count as f64 / self.all as f64 }
    }

    /// The interval of Wilson. `z` is the quantile of the normal distribution. From 0 to 1 if there are none.
    pub fn interval(self, z: f64) -> (f64, f64) {
        if self.all == 0 {
            return (0.0, 1.0);
        }
        let (n, p, square) = (self.all as f64, self.share(), z * z);
        let middle = 2.0 * n * p + square;
        let spread = z * (square + 4.0 * n * p * (1.0 - p)).sqrt();
        let whole = 2.0 * (n + square);
        (((middle - spread) / whole).max(0.0), ((middle + spread) / whole).min(1.0))
    }
}

/// The difference of two proportions with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The later share less the earlier.
    pub change: f64,
    /// The lower limit.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
}

impl Difference {
    /// The interval of Newcombe, method 10. `z` is the quantile of the normal distribution.
    pub fn of(earlier: Proportion, later: Proportion, z: f64) -> Self {
        let (was, is) = (earlier.share(), later.share());
        let ((was_low, was_high), (is_low, is_high)) = (earlier.interval(z), later.interval(z));
        let change = is - was;
        let low = change - length(is - is_low, was_high - was);
        let high = change + length(is_high - is, was - was_low);
        Self { change, low: low.max(-1.0), high: high.min(1.0) }
    }

    /// Does the interval leave out 0?
    pub(crate) fn is_beyond_chance(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The length of a vector of two shares. Not `hypot`: that of glibc 2.35 is another symbol, without which the binary starts with
/// glibc 2.34, too; and a square root has the same last bit everywhere.
fn length(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const Z95: f64 = 1.959_963_984_540_054;

    fn of(count: u64, all: u64) -> Proportion {
        Proportion { count, all }
    }

    fn near(found: f64, published: f64) {
        assert!((found - published).abs() < 0.000_051, "{found}, published as {published}");
    }

    /// Newcombe 1998, pages 857 to 872, table I, method 3.
    #[test]
    fn published_intervals_of_one_proportion() {
        for (one, low, high) in [
            (of(81, 263), 0.2553, 0.3662),
            (of(15, 148), 0.0624, 0.1605),
            (of(0, 20), 0.0, 0.1611),
            (of(1, 29), 0.0061, 0.1718),
        ] {
            near(one.interval(Z95).0, low);
            near(one.interval(Z95).1, high);
        }
    }

    /// Newcombe 1998, pages 873 to 890, table II, method 10.
    #[test]
    fn published_intervals_of_a_difference() {
        for (later, earlier, low, high) in [
            (of(56, 70), of(48, 80), 0.0524, 0.3339),
            (of(9, 10), of(3, 10), 0.1705, 0.8090),
            (of(5, 56), of(0, 29), -0.0381, 0.1926),
            (of(0, 10), of(0, 10), -0.2775, 0.2775),
            (of(10, 10), of(0, 20), 0.6791, 1.0),
        ] {
            let found = Difference::of(earlier, later, Z95);
            near(found.low, low);
            near(found.high, high);
            assert_eq!(found.is_beyond_chance(), low > 0.0);
        }
    }

    proptest! {
        #[test]
        fn intervals_contain_their_value_and_turn_with_it(a in 0_u64..50, b in 0_u64..50, c in 0_u64..50, d in 0_u64..50) {
            let (one, two) = (of(a, a + b), of(c, c + d));
            let found = Difference::of(one, two, Z95);
            let turned = Difference::of(two, one, Z95);
            prop_assert!(-1.0 <= found.low && found.low <= found.change && found.change <= found.high && found.high <= 1.0);
            prop_assert!((found.low + turned.high).abs() < 1e-12 && (found.high + turned.low).abs() < 1e-12);
        }
    }
}
