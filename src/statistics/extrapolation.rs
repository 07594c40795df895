//! The total of a frame, estimated from a simple or stratified random sample drawn without replacement.
//!
//! Each sampled service has a difference: the amount of the report less the amount that the audit allows. In a stratum
//! of N services of which n were drawn, the estimate of the sum of all differences is N times the mean difference, and its
//! variance is N (N - n) s² / n, where s² is the variance of the n differences with the divisor n - 1. The factor N - n
//! corrects for a finite frame, so a complete census has no error. The estimates and the variances of strata are added.
//! Source: Cochran, Sampling Techniques, 3rd edition, sections 2.5 to 2.9 and 5.3 to 5.4.
//!
//! Sums are exact. The point estimate is exact and rounded once to the cent, half away from zero; the margin is computed
//! in double precision from exact sums and rounded to the cent; the limits are the point less and plus the margin.

use num_rational::BigRational;

use crate::claim::Sum;
use crate::statistics::quantiles::{normal_quantile, student_quantile};

/// The differences that were found in one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    services: u64,
    sampled: u64,
    sum: i128,
    squares: i128,
}

/// Why no total can be estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// Nothing was sampled.
    #[error("no service was sampled")]
    Empty,
    /// A stratum has several services and a sample of one, which has no variance.
    #[error("a stratum with several services needs at least two of them in the sample")]
    OneOfMany,
    /// A stratum has more sampled services than services.
    #[error("more services were sampled than there are")]
    TooMany,
    /// A sum does not fit 128 bits.
    #[error("the differences are too large to be added")]
    TooLarge,
}

/// The distribution whose quantile makes the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Student's t with these degrees of freedom: a sample without strata.
    Student(u64),
    /// The normal distribution: a stratified sample.
    Normal,
}

/// An estimated total with its two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimated sum of all differences of the frame.
    pub point: Sum,
    /// Its standard error, in cents.
    pub standard_error: f64,
    /// The distribution of the quantile.
    pub distribution: Distribution,
    /// By how many standard errors the limits differ from the point.
    pub quantile: f64,
    /// Half of the interval.
    pub margin: Sum,
}

impl Estimate {
    /// The lower limit of the interval.
    pub fn lower(&self) -> Sum {
        Sum(self.point.0 - self.margin.0)
    }

    /// The upper limit of the interval.
    pub fn upper(&self) -> Sum {
        Sum(self.point.0 + self.margin.0)
    }
}

impl Stratum {
    /// A stratum of this many services, of which none was sampled yet.
    pub fn of(services: u64) -> Self {
        Self { services, sampled: 0, sum: 0, squares: 0 }
    }

    /// Adds the difference of a sampled service.
    pub fn add(&mut self, Sum(difference): Sum) -> Result<(), EstimateError> {
        let square = difference.checked_mul(difference).ok_or(EstimateError::TooLarge)?;
        self.sampled += 1;
        self.sum = self.sum.checked_add(difference).ok_or(EstimateError::TooLarge)?;
        self.squares = self.squares.checked_add(square).ok_or(EstimateError::TooLarge)?;
        Ok(())
    }

    /// The number of services in the frame.
    pub fn services(&self) -> u64 {
        self.services
    }

    /// The number of sampled services.
    pub fn sampled(&self) -> u64 {
        self.sampled
    }

    /// The sum of the differences of the sample.
    pub fn sum(&self) -> Sum {
        Sum(self.sum)
    }

    /// The estimated sum of all differences of the stratum.
    fn point(&self) -> BigRational {
        BigRational::new(self.sum.into(), self.sampled.into()) * BigRational::from_integer(self.services.into())
    }

    /// The variance of [`Stratum::point`], in cents squared.
    fn variance(&self) -> Result<f64, EstimateError> {
        match (self.services, self.sampled) {
            (_, 0) => Err(EstimateError::Empty),
            (services, sampled) if sampled > services => Err(EstimateError::TooMany),
            (services, sampled) if sampled == services => Ok(0.0),
            (_, 1) => Err(EstimateError::OneOfMany),
            (services, sampled) => {
                let n = i128::from(sampled);
                let (scaled, square) = (n.checked_mul(self.squares), self.sum.checked_mul(self.sum));
                let spread = scaled.zip(square).ok_or(EstimateError::TooLarge)?;
                let deviations = (spread.0 - spread.1) as f64;
                let (services, sampled) = (services as f64, sampled as f64);
                Ok(services * (services - sampled) * deviations / (sampled * sampled * (sampled - 1.0)))
            }
        }
    }
}

/// Estimates the total of a frame. `confidence` is that of the two-sided interval, such as 0.9: each limit is exceeded with
/// half of the rest.
pub fn estimate(strata: &[Stratum], confidence: f64) -> Result<Estimate, EstimateError> {
    if strata.is_empty() {
        return Err(EstimateError::Empty);
    }
    let variance: f64 = strata.iter().map(Stratum::variance).sum::<Result<f64, _>>()?;
    let point = strata.iter().map(Stratum::point).reduce(|a, b| a + b).ok_or(EstimateError::Empty)?;
    let tail = (1.0 - confidence) / 2.0;
    let (distribution, quantile) = match strata {
        [one] if one.sampled > 1 => {
            let degrees = one.sampled - 1;
            (Distribution::Student(degrees), student_quantile(tail, degrees))
        }
        _ => (Distribution::Normal, normal_quantile(tail)),
    };
    let standard_error = variance.sqrt();
    let point = i128::try_from(point.round().to_integer()).map_err(|_| EstimateError::TooLarge)?;
    let margin = (quantile * standard_error).round();
    // Both limits must be whole cents that 128 bits hold.
    if margin >= 1e37 || point.unsigned_abs() >= 1 << 126 {
        return Err(EstimateError::TooLarge);
    }
    Ok(Estimate { point: Sum(point), standard_error, distribution, quantile, margin: Sum(margin as i128) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stratum(services: u64, values: &[i128]) -> Stratum {
        let mut stratum = Stratum::of(services);
        for value in values {
            stratum.add(Sum(*value)).expect("it fits");
        }
        stratum
    }

    fn near(found: f64, published: f64, half_a_digit: f64) {
        assert!((found - published).abs() <= half_a_digit, "{found}, published as {published}");
    }

    /// Scheaffer, Mendenhall and Ott, Elementary Survey Sampling: the accounts of a hospital, nine of 484 records. Published:
    /// mean $40.89, variance 35.67, and a bound of two standard errors of $3.94.
    #[test]
    fn a_published_simple_random_sample() {
        let dollars = [33.5, 32.0, 52.0, 43.0, 40.0, 41.0, 45.0, 42.5, 39.0];
        let cents: Vec<i128> = dollars.iter().map(|amount| (amount * 100.0) as i128).collect();
        let found = estimate(&[stratum(484, &cents)], 0.9).expect("a sample");
        near(found.point.0 as f64 / 100.0 / 484.0, 40.89, 0.005);
        near(2.0 * found.standard_error / 100.0 / 484.0, 3.94, 0.005);
        assert_eq!(found.distribution, Distribution::Student(8));
        near(found.quantile, 1.860, 0.000_5);
        let margin = found.quantile * found.standard_error;
        assert_eq!((found.upper().0 - found.lower().0, found.margin.0), (2 * found.margin.0, margin.round() as i128));
    }

    /// The same book, difference estimation: ten of 180 inventory items with a book value of $13,320. Published: mean
    /// difference 0.4 (audit less book), mean audit value $74.40, variance of the estimated mean 0.59, bound $1.54.
    #[test]
    fn a_published_difference_estimate() {
        let audited = [9, 14, 7, 29, 45, 109, 40, 238, 60, 170];
        let book = [10, 12, 8, 26, 47, 112, 36, 240, 59, 167];
        let differences: Vec<i128> = audited.iter().zip(book).map(|(y, x)| (y - x) * 100).collect();
        let found = estimate(&[stratum(180, &differences)], 0.9).expect("a sample");
        near((found.point.0 + 1_332_000) as f64 / 100.0 / 180.0, 74.4, 1e-9);
        let error = found.standard_error / 100.0 / 180.0;
        near(error * error, 0.59, 0.005);
        near(2.0 * error, 1.54, 0.005);
    }

    /// The same book, stratified sampling: hours of television in two towns and a rural area, also worked in lesson 6 of
    /// STAT 506 of the Pennsylvania State University. Published: mean 27.7 (27.675), variance of the mean 1.97.
    #[test]
    fn a_published_stratified_sample() {
        let a = [35, 43, 36, 39, 28, 28, 29, 25, 38, 27, 26, 32, 29, 40, 35, 41, 37, 31, 45, 34];
        let b = [27, 15, 4, 41, 49, 25, 10, 30];
        let c = [8, 14, 12, 15, 30, 32, 21, 20, 34, 7, 11, 24];
        let strata = [stratum(155, &a), stratum(62, &b), stratum(93, &c)];
        let found = estimate(&strata, 0.9).expect("a sample");
        near(found.point.0 as f64 / 310.0, 27.675, 0.002);
        near((found.standard_error / 310.0).powi(2), 1.97, 0.005);
        assert_eq!(found.distribution, Distribution::Normal);
        near(found.quantile, 1.644_853_626_951, 1e-11);
    }

    #[test]
    fn samples_without_an_interval_are_refused() {
        assert_eq!(estimate(&[], 0.9), Err(EstimateError::Empty));
        assert_eq!(estimate(&[stratum(5, &[])], 0.9), Err(EstimateError::Empty));
        assert_eq!(estimate(&[stratum(5, &[1])], 0.9), Err(EstimateError::OneOfMany));
        assert_eq!(estimate(&[stratum(1, &[1, 2])], 0.9), Err(EstimateError::TooMany));
        assert_eq!(Stratum::of(1).add(Sum(i128::MAX)), Err(EstimateError::TooLarge));
        let one = estimate(&[stratum(1, &[7])], 0.9).expect("a census");
        assert_eq!((one.lower(), one.upper()), (Sum(7), Sum(7)));
    }

    proptest! {
        #[test]
        fn a_census_is_exact(values in prop::collection::vec(-1_000_000_i128..1_000_000, 1..40), cut in 0_usize..40) {
            let whole: i128 = values.iter().sum();
            let cut = cut.min(values.len());
            let parts = [&values[..cut], &values[cut..]];
            let strata: Vec<_> =
                parts.iter().filter(|v| !v.is_empty()).map(|v| stratum(v.len() as u64, v)).collect();
            for strata in [&strata[..], &[stratum(values.len() as u64, &values)]] {
                let found = estimate(strata, 0.9).expect("a census");
                prop_assert_eq!((found.point, found.margin), (Sum(whole), Sum(0)));
            }
        }

        /// Over all samples of two of a small frame, the mean of the estimates is the total, and the mean of the estimated
        /// variances is their variance. Both hold for any frame.
        #[test]
        fn estimates_and_variances_are_unbiased(values in prop::collection::vec(-5_000_i128..5_000, 3..9)) {
            let n = values.len();
            let (mut points, mut variances) = (Vec::new(), Vec::new());
            for i in 0..n {
                for j in i + 1..n {
                    let one = stratum(n as u64, &[values[i], values[j]]);
                    points.push((n as i128 * (values[i] + values[j])) as f64 / 2.0);
                    variances.push(one.variance().expect("two"));
                }
            }
            let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
            let total: i128 = values.iter().sum();
            prop_assert!((mean(&points) - total as f64).abs() < 1e-6);
            let spread: Vec<f64> = points.iter().map(|p| (p - total as f64).powi(2)).collect();
            prop_assert!((mean(&variances) - mean(&spread)).abs() <= 1e-9 * mean(&spread).max(1.0));
        }
    }
}
