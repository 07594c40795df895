//! Shares with their 95% interval.
//!
//! The interval is Wilson's (score interval without continuity correction; E. B. Wilson, JASA 22, 1927): it never leaves 0 to
//! 100%, and it holds for the few services that a provider has. A square root and the four operations are rounded alike on
//! every machine, so the text is, too.

/// The fewest services for which a share is shown, or compared with another. With fewer, a single service moves a share by more
/// than 20 percentage points.
pub(crate) const LEAST_SERVICES: u64 = 5;

/// The quantile of the normal distribution that leaves 2.5% on either side.
const Z: f64 = 1.959_963_984_540_054;

/// The lower and the upper limit of the share of `part` in `whole`, from 0 to 1. Nothing is known of nothing: 0 to 1.
pub fn interval(part: u64, whole: u64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    // Exact up to 2^53 services.
    let (n, share) = (whole as f64, part.min(whole) as f64 / whole as f64);
    let spread = Z * Z / n;
    let center = (share + spread / 2.0) / (1.0 + spread);
    let half = Z * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt() / (1.0 + spread);
    ((center - half).max(0.0), (center + half).min(1.0))
}

/// The share and its interval in percent: `40% (12 to 77)`. Empty below [`LEAST_SERVICES`].
pub(crate) fn share_in_words(part: u64, whole: u64) -> String {
    if whole < LEAST_SERVICES {
        return String::new();
    }
    let (low, high) = interval(part, whole);
    format!("{:.0}% ({:.0} to {:.0})", 100.0 * part as f64 / whole as f64, 100.0 * low, 100.0 * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last three are those of R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
    #[test]
    fn limits_are_those_of_the_score_interval() {
        for (part, whole, low, high) in [
            (0, 5, 0.0, 0.4345),
            (5, 5, 0.5655, 1.0),
            (2, 5, 0.1176, 0.7693),
            (5, 10, 0.2366, 0.7634),
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (found_low, found_high) = interval(part, whole);
            assert!(
                (found_low - low).abs() < 0.0001 && (found_high - high).abs() < 0.0001,
                "{part}/{whole}: {found_low} {found_high}"
            );
        }
        assert_eq!(interval(0, 0), (0.0, 1.0));
    }

    #[test]
    fn few_services_have_no_share() {
        assert_eq!(share_in_words(1, 4), "");
        assert_eq!(share_in_words(2, 5), "40% (12 to 77)");
    }
}
