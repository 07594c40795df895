//! Tails and quantiles of the normal distribution and of Student's t.

use crate::statistics::functions::{beta, upper_gamma};

/// The probability that a standard normal variable exceeds `z`, for `z` of at least 0.
fn normal_tail(z: f64) -> f64 {
    0.5 * upper_gamma(0.5, z * z / 2.0)
}

/// The value that a standard normal variable exceeds with this probability, above 0 and at most 0.5.
pub(crate) fn normal_quantile(tail: f64) -> f64 {
    solve(&normal_tail, tail)
}

/// The value that a variable of Student's t with these degrees of freedom exceeds with this probability, above 0 and at
/// most 0.5. `degrees` is at least 1.
pub(crate) fn student_quantile(tail: f64, degrees: u64) -> f64 {
    let degrees = degrees as f64;
    solve(&|t| 0.5 * beta(degrees / (degrees + t * t), degrees / 2.0, 0.5), tail)
}

/// Most halvings of an interval of doubles until no number is left between its ends.
const HALVINGS: u32 = 2_000;

/// Finds where a falling function of a number of at least 0 reaches `wanted`, by halving the interval.
fn solve(tail: &dyn Fn(f64) -> f64, wanted: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while tail(high) > wanted && high < f64::MAX / 2.0 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if tail(middle) > wanted { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published tables: Student's t at an upper tail of 0.05, 0.025 and 0.005 (NIST/SEMATECH e-Handbook of Statistical
    /// Methods, 1.3.6.7.2, which gives three decimals).
    #[test]
    fn quantiles_of_t_are_those_of_the_published_table() {
        let table = [
            (1, [6.314, 12.706, 63.657]),
            (2, [2.920, 4.303, 9.925]),
            (3, [2.353, 3.182, 5.841]),
            (4, [2.132, 2.776, 4.604]),
            (5, [2.015, 2.571, 4.032]),
            (8, [1.860, 2.306, 3.355]),
            (10, [1.812, 2.228, 3.169]),
            (15, [1.753, 2.131, 2.947]),
            (20, [1.725, 2.086, 2.845]),
            (29, [1.699, 2.045, 2.756]),
            (30, [1.697, 2.042, 2.750]),
            (40, [1.684, 2.021, 2.704]),
            (60, [1.671, 2.000, 2.660]),
            (100, [1.660, 1.984, 2.626]),
        ];
        for (degrees, values) in table {
            for (tail, want) in [0.05, 0.025, 0.005].into_iter().zip(values) {
                let found = student_quantile(tail, degrees);
                assert!((found - want).abs() < 0.000_51, "{degrees} {tail}: {found}");
            }
        }
    }

    #[test]
    fn quantiles_of_the_normal_distribution_are_the_known_constants() {
        for (tail, want) in [
            (0.5, 0.0),
            (0.1, 1.281_551_565_545),
            (0.05, 1.644_853_626_951),
            (0.025, 1.959_963_984_540),
            (0.005, 2.575_829_303_549),
            (0.000_5, 3.290_526_731_492),
        ] {
            assert!((normal_quantile(tail) - want).abs() < 1e-11, "{tail}: {}", normal_quantile(tail));
        }
    }

    #[test]
    fn t_has_closed_forms_and_approaches_the_normal_distribution() {
        // One degree of freedom: the tangent. Two: an algebraic form.
        for tail in [0.001_f64, 0.05, 0.25, 0.4] {
            let one = (std::f64::consts::PI * (0.5 - tail)).tan();
            assert!((student_quantile(tail, 1) / one - 1.0).abs() < 1e-10, "{tail}");
            let two = (1.0 - 2.0 * tail) / (2.0 * tail * (1.0 - tail)).sqrt();
            assert!((student_quantile(tail, 2) / two - 1.0).abs() < 1e-10, "{tail}");
        }
        let far = student_quantile(0.05, 1_000_000);
        assert!((far - normal_quantile(0.05)).abs() < 1e-5, "{far}");
    }
}
