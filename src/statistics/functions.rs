//! Special functions in double precision. Source of the expansions: Abramowitz and Stegun, Handbook of Mathematical
//! Functions, 6.5 and 26.5; Lanczos, SIAM Journal on Numerical Analysis B 1 (1964), with g = 7 and nine terms.

#![allow(clippy::many_single_char_names, reason = "the names of the sources")]

/// Most terms of a series or a continued fraction. Both converge in fewer than a hundred terms for a chi-square of one
/// degree of freedom, and in about the square root of the larger parameter for the beta function.
const TERMS: u32 = 20_000;

/// A relative change that no longer changes a sum of doubles.
const NEGLIGIBLE: f64 = 1e-16;

/// Takes the place of a denominator that is zero.
const TINY: f64 = 1e-300;

const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The logarithm of the gamma function for a number above 0.
fn ln_gamma(x: f64) -> f64 {
    let x = x - 1.0;
    let base = x + 7.5;
    let terms = LANCZOS.iter().enumerate().skip(1).map(|(i, c)| c / (x + i as f64));
    let sum: f64 = LANCZOS[0] + terms.sum::<f64>();
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * base.ln() - base + sum.ln()
}

/// A denominator that is not zero.
fn nonzero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

/// The upper part of the regularized incomplete gamma function, Q(a, x), for a above 0 and x of at least 0.
pub(super) fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..TERMS {
            term *= x / (a + f64::from(n));
            sum += term;
            if term.abs() < sum.abs() * NEGLIGIBLE {
                break;
            }
        }
        return 1.0 - front * sum;
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / nonzero(b));
    let mut fraction = d;
    for n in 1..TERMS {
        let n = f64::from(n);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b);
        c = nonzero(b + an / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < NEGLIGIBLE {
            break;
        }
    }
    front * fraction
}

/// The regularized incomplete beta function I of x from 0 to 1, for a and b above 0.
pub(super) fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges fast only below the mean; the other side is the complement.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for step in [even, odd] {
            d = 1.0 / nonzero(1.0 + step * d);
            c = nonzero(1.0 + step / c);
            fraction *= d * c;
        }
        if (fraction / before - 1.0).abs() < NEGLIGIBLE {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_whole_numbers_is_a_factorial() {
        let mut factorial = 1.0_f64;
        for n in 1..30 {
            assert!((ln_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-11, "{n}");
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-13);
    }

    #[test]
    fn known_values_of_the_incomplete_functions() {
        // Q(1, x) is exp(-x); I of x with a = b = 1 is x; with a = 2, b = 3 it is a polynomial.
        for x in [0.1_f64, 0.9, 2.0, 7.5, 30.0] {
            assert!((upper_gamma(1.0, x) - (-x).exp()).abs() < 1e-14, "{x}");
        }
        for x in [0.0_f64, 0.1, 0.5, 0.77, 1.0] {
            assert!((beta(x, 1.0, 1.0) - x).abs() < 1e-14, "{x}");
            let polynomial = x * x * (6.0 - 8.0 * x + 3.0 * x * x);
            assert!((beta(x, 2.0, 3.0) - polynomial).abs() < 1e-13, "{x}");
        }
    }
}
