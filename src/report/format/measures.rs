//! What a roll-up adds up.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// What a roll-up adds up for each of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Services; a service counts as one.
    Services,
    /// Services of status deny.
    Deny,
    /// Services of status review.
    Review,
    /// Findings.
    Findings,
    /// Services with a primary code, which an add-on code requires in its encounter.
    Primaries,
    /// Services in an inpatient setting.
    Inpatient,
    /// Amount at risk, in cents.
    AtRisk,
    /// Units of add-on codes, in ten-thousandths.
    AddOnUnits,
    /// The part of the amount at risk that denials would recover, in cents.
    Recoverable,
}

/// The number of measures.
const MEASURES: usize = Measure::Recoverable as usize + 1;

/// One sum for each [`Measure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) struct Measures([i128; MEASURES]);

impl Measures {
    /// The sums of one service or finding: the given measures, and zero for all others.
    pub(crate) fn of(values: &[(Measure, i128)]) -> Self {
        let mut sums = Self::default();
        for (measure, value) in values {
            sums.0[*measure as usize] += value;
        }
        sums
    }

    /// The sum of one measure.
    pub(crate) fn get(&self, measure: Measure) -> i128 {
        self.0[measure as usize]
    }
}

impl AddAssign for Measures {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }
}
