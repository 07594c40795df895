//! The columns of a roll-up after its key, in CSV and in the workbook.
//!
//! A share or ratio is an exact fraction of whole numbers, printed with four decimals, rounded half away from zero, and
//! empty if the divisor is zero.

use crate::claim::Sum;
use crate::report::format::measures::{Measure, Measures};

/// A column of a roll-up after its key. CSV and workbook use the same list.
#[derive(Clone, Copy)]
pub(crate) struct RollupColumn {
    /// The head of the column.
    pub(crate) name: &'static str,
    /// Computes its value from the sums of a key.
    compute: fn(&Measures) -> RollupValue,
}

impl RollupColumn {
    /// Its value for a key.
    pub(crate) fn value(&self, measures: &Measures, knows_amounts: bool) -> RollupValue {
        match (self.compute)(measures) {
            RollupValue::Money(_) if !knows_amounts => RollupValue::Unknown,
            value => value,
        }
    }
}

/// A value of a roll-up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RollupValue {
    /// A whole number.
    Count(i128),
    /// An amount in cents.
    Money(i128),
    /// A number with four decimals; empty if the divisor is zero.
    Decimal(String),
    /// An amount that is unknown because the extracts have no column for amounts; its cell is empty.
    Unknown,
}

impl RollupValue {
    /// The text of its CSV cell.
    pub(super) fn text(self) -> String {
        match self {
            Self::Count(n) => n.to_string(),
            Self::Money(cents) => Sum(cents).to_string(),
            Self::Decimal(text) => text,
            Self::Unknown => String::new(),
        }
    }
}

/// The columns after the key, in their order.
pub(crate) const COLUMNS: [RollupColumn; 13] = [
    rollup_column("services", |m| RollupValue::Count(m.get(Measure::Services))),
    rollup_column("flagged", |m| RollupValue::Count(flagged(m))),
    rollup_column("flagged_share", |m| share(flagged(m), m)),
    rollup_column("deny", |m| RollupValue::Count(m.get(Measure::Deny))),
    rollup_column("review", |m| RollupValue::Count(m.get(Measure::Review))),
    rollup_column("amount_at_risk", |m| RollupValue::Money(m.get(Measure::AtRisk))),
    rollup_column("recoverable", |m| RollupValue::Money(m.get(Measure::Recoverable))),
    rollup_column("findings", |m| RollupValue::Count(m.get(Measure::Findings))),
    rollup_column("primaries", |m| RollupValue::Count(m.get(Measure::Primaries))),
    rollup_column("add_on_units", |m| RollupValue::Decimal(decimal(m.get(Measure::AddOnUnits)))),
    rollup_column("add_on_ratio", |m| ratio(m.get(Measure::AddOnUnits), m.get(Measure::Primaries) * 10_000)),
    rollup_column("inpatient", |m| RollupValue::Count(m.get(Measure::Inpatient))),
    rollup_column("inpatient_share", |m| share(m.get(Measure::Inpatient), m)),
];

const fn rollup_column(name: &'static str, compute: fn(&Measures) -> RollupValue) -> RollupColumn {
    RollupColumn { name, compute }
}

/// Services that are not clear.
fn flagged(m: &Measures) -> i128 {
    m.get(Measure::Deny) + m.get(Measure::Review)
}

/// A number of services as a share of all services of the key.
fn share(part: i128, m: &Measures) -> RollupValue {
    ratio(part, m.get(Measure::Services))
}

/// A fraction; empty if `whole` is zero.
fn ratio(part: i128, whole: i128) -> RollupValue {
    RollupValue::Decimal(fraction(part, whole).unwrap_or_default())
}

/// A number of ten-thousandths.
fn decimal(n: i128) -> String {
    let (sign, n) = (if n < 0 { "-" } else { "" }, n.unsigned_abs());
    format!("{sign}{}.{:04}", n / 10_000, n % 10_000)
}

/// A fraction of two counts with four decimals, rounded half away from zero.
fn fraction(part: i128, whole: i128) -> Option<String> {
    (whole > 0).then(|| decimal((part * 10_000 * 2 + whole) / (2 * whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_rounded_half_away_from_zero() {
        for (part, whole, want) in [
            (1, 3, Some("0.3333")),
            (2, 3, Some("0.6667")),
            (1, 20_000, Some("0.0001")),
            (1, 20_001, Some("0.0000")),
            (7, 7, Some("1.0000")),
            (0, 5, Some("0.0000")),
            (0, 0, None),
        ] {
            assert_eq!(fraction(part, whole).as_deref(), want, "{part}/{whole}");
        }
        assert_eq!(decimal(15_000), "1.5000");
    }

    #[test]
    fn every_column_has_its_cell() {
        let measures = Measures::of(&[
            (Measure::Services, 7),
            (Measure::Deny, 1),
            (Measure::Review, 2),
            (Measure::Findings, 9),
            (Measure::Primaries, 3),
            (Measure::Inpatient, 1),
            (Measure::AtRisk, 123_456),
            (Measure::Recoverable, 1_000),
            (Measure::AddOnUnits, 20_000),
        ]);
        let named = COLUMNS.map(|column| format!("{} {}", column.name, column.value(&measures, true).text()));
        assert_eq!(
            named.join(", "),
            "services 7, flagged 3, flagged_share 0.4286, deny 1, review 2, amount_at_risk 1234.56, recoverable 10.00, findings 9, \
             primaries 3, add_on_units 2.0000, add_on_ratio 0.6667, inpatient 1, inpatient_share 0.1429"
        );
    }
}
