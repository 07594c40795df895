//! Money in whole cents, and units as exact decimals. No floating-point numbers.

use serde::{Deserialize, Serialize};
use std::fmt;

use rust_decimal::Decimal;

use crate::claim::value::qualifiers::{QUALIFIERS, without};

/// An amount of money in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Cents(pub i64);

impl Cents {
    /// Reads an amount: digits with at most one decimal point and commas between groups of three; optionally one `$`, and one
    /// minus before or after it, or parentheses for a negative amount. More than two decimals are rounded half away from
    /// zero. `None` if it is not an amount or exceeds 92 quadrillion dollars.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(amount) = common(text.as_bytes()) {
            return Some(amount);
        }
        cents(text).and_then(|cents| i64::try_from(cents).ok()).filter(|cents| *cents != i64::MIN).map(Self)
    }
}

/// Reads an amount in the forms of [`Cents::parse`]. `None` also if it exceeds 128 bits.
fn cents(text: &str) -> Option<i128> {
    let (negative, text) = if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        (true, inner.strip_prefix('$').unwrap_or(inner))
    } else {
        let (minus, rest) = strip(text, '-');
        let (_, rest) = strip(rest, '$');
        let (second, rest) = if minus { (false, rest) } else { strip(rest, '-') };
        (minus || second, rest)
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let dollars = if whole.is_empty() { 0 } else { grouped(whole)? };
    let digit = |i: usize| fraction.as_bytes().get(i).map_or(0, |b| i128::from(b - b'0'));
    let cents = dollars.checked_mul(100)?.checked_add(digit(0) * 10 + digit(1) + i128::from(digit(2) >= 5))?;
    Some(if negative { -cents } else { cents })
}

/// Reads an amount in the most common form: up to fifteen digits, a point and two more. `None` for all other forms.
fn common(text: &[u8]) -> Option<Cents> {
    let (whole, [b'.', tens, ones]) = text.split_last_chunk::<3>()? else { return None };
    if !(1..=15).contains(&whole.len()) {
        return None;
    }
    let digit = |cents: i64, b: &u8| b.is_ascii_digit().then(|| cents * 10 + i64::from(b - b'0'));
    whole.iter().chain([tens, ones]).try_fold(0, digit).map(Cents)
}

fn strip(text: &str, sign: char) -> (bool, &str) {
    text.strip_prefix(sign).map_or((false, text), |rest| (true, rest))
}

/// Digits, or digits in groups of three after a first group of one to three.
fn grouped(text: &str) -> Option<i128> {
    let mut value = 0i128;
    for (i, group) in text.split(',').enumerate() {
        let lone = !text.contains(',');
        let length_fits = if i == 0 { lone || (1..=3).contains(&group.len()) } else { group.len() == 3 };
        if !length_fits || group.is_empty() {
            return None;
        }
        for b in group.bytes() {
            if !b.is_ascii_digit() {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(i128::from(b - b'0'))?;
        }
    }
    Some(value)
}

/// An amount that may be missing, in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OptionalCents(i64);

impl OptionalCents {
    /// No amount. [`Cents::parse`] never returns this number.
    const MISSING: i64 = i64::MIN;

    /// The amount.
    pub(crate) fn get(self) -> Option<Cents> {
        (self.0 != Self::MISSING).then_some(Cents(self.0))
    }

    /// The amount as bits.
    pub(crate) fn bits(self) -> u64 {
        self.0.cast_unsigned()
    }

    /// The amount that these bits stand for.
    pub(crate) fn of_bits(bits: u64) -> Self {
        Self(bits.cast_signed())
    }
}

impl From<Option<Cents>> for OptionalCents {
    fn from(amount: Option<Cents>) -> Self {
        Self(amount.map_or(Self::MISSING, |Cents(cents)| cents))
    }
}

/// A sum of amounts in cents. 128 bits cannot overflow, so the sum is exact in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Sum(pub i128);

impl Sum {
    /// Reads a control total as people and trailer records write it: dollars with a point and one or two decimals, or whole
    /// cents without a point. Minus sign, `$` and commas are read as by [`Cents::parse`].
    pub(crate) fn parse_control(text: &str) -> Option<Self> {
        match text.split_once('.') {
            Some((_, decimals)) if (1..=2).contains(&decimals.trim_end_matches(')').len()) => cents(text).map(Self),
            Some(_) => None,
            // Read as dollars, an amount in cents is a hundred times too large.
            None => cents(text).map(|cents| Self(cents / 100)),
        }
    }
}

impl From<Cents> for Sum {
    fn from(amount: Cents) -> Self {
        Self(amount.0.into())
    }
}

impl<T: Into<Sum>> std::ops::AddAssign<T> for Sum {
    fn add_assign(&mut self, other: T) {
        self.0 += other.into().0;
    }
}

impl<T: Into<Sum>> std::iter::Sum<T> for Sum {
    fn sum<I: Iterator<Item = T>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.into().0).sum())
    }
}

impl fmt::Display for Sum {
    /// Prints two decimals and no grouping: `-12.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.unsigned_abs();
        write!(f, "{}{}.{:02}", if self.0 < 0 { "-" } else { "" }, cents / 100, cents % 100)
    }
}

impl fmt::Display for Cents {
    /// The sum of this one amount.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Sum::from(*self).fmt(f)
    }
}

/// Units as a row states them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    /// Without sign.
    pub count: Decimal,
    /// They have a minus sign and are not zero, so the row takes something back.
    pub is_negative: bool,
}

/// The text after a unit of measure. It is empty if the cell states no quantity.
pub(crate) fn without_measure(text: &str) -> &str {
    without(&QUALIFIERS.measure, text)
}

/// Units of one digit, as nearly all are. `None` for all others.
#[inline]
pub(crate) fn units_of_one_digit(text: &str) -> Option<Units> {
    match text.as_bytes() {
        [one] if one.is_ascii_digit() => Some(Units { count: Decimal::from(one - b'0'), is_negative: false }),
        _ => None,
    }
}

/// Reads units: a decimal number, optionally with a minus sign and a unit of measure before it. `None` if it is not a number
/// or has more digits than 96 bits hold.
pub fn units(text: &str) -> Option<Units> {
    let text = without_measure(text);
    let (has_minus, text) = strip(text, '-');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if (whole.is_empty() && fraction.is_empty()) || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let mut mantissa = 0i128;
    for b in whole.bytes().chain(fraction.bytes()) {
        mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(b - b'0'))?;
    }
    let count = Decimal::try_from_i128_with_scale(mantissa, u32::try_from(fraction.len()).ok()?).ok()?;
    Some(Units { count, is_negative: has_minus && !count.is_zero() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_may_be_missing() {
        for amount in [None, Some(0), Some(-1), Some(i64::MAX), Some(i64::MIN + 1)] {
            let amount = amount.map(Cents);
            assert_eq!(OptionalCents::from(amount).get(), amount);
        }
    }

    #[test]
    fn amounts() {
        let table = [
            ("12.50", "12.50"),
            ("-12.50", "-12.50"),
            ("(12.50)", "-12.50"),
            ("($1,234.50)", "-1234.50"),
            ("$1,234.50", "1234.50"),
            ("-$5", "-5.00"),
            ("$-5", "-5.00"),
            (".5", "0.50"),
            ("5.", "5.00"),
            ("0.005", "0.01"),
            ("-0.005", "-0.01"),
            ("0.0049", "0.00"),
            ("1,234,567", "1234567.00"),
            ("(0)", "0.00"),
            ("12,34", ""),
            ("1234,567", ""),
            (",123", ""),
            ("--5", ""),
            ("-$-5", ""),
            ("5-", ""),
            ("(-5)", ""),
            ("$(5)", ""),
            ("$$5", ""),
            ("+5", ""),
            ("1e3", ""),
            (".", ""),
            ("$", ""),
            ("", ""),
            ("5 USD", ""),
            ("1.2.3", ""),
            ("92233720368547758.07", "92233720368547758.07"),
            ("-92233720368547758.07", "-92233720368547758.07"),
            ("92233720368547758.08", ""),
            ("-92233720368547758.08", ""),
            ("99999999999999999999", ""),
        ];
        for (text, want) in table {
            assert_eq!(Cents::parse(text).map(|c| c.to_string()).unwrap_or_default(), want, "{text}");
        }
    }

    #[test]
    fn control_totals() {
        for (text, want) in [
            ("12345.67", "12345.67"),
            ("1234567", "12345.67"),
            ("12345.6", "12345.60"),
            ("0", "0.00"),
            ("-5", "-0.05"),
            ("-5.00", "-5.00"),
            ("(5.25)", "-5.25"),
            ("$1,234.50", "1234.50"),
            // Beyond 64 bits of cents, up to 128.
            ("92233720368547758.08", "92233720368547758.08"),
            ("18446744073709551616", "184467440737095516.16"),
            ("-$999,999,999,999,999,999,999.99", "-999999999999999999999.99"),
            ("1701411834604692317316873037158841057.27", "1701411834604692317316873037158841057.27"),
            ("1701411834604692317316873037158841057.28", ""),
            ("9".repeat(500).leak(), ""),
            ("5.", ""),
            ("5.005", ""),
            ("", ""),
            ("x", ""),
        ] {
            assert_eq!(Sum::parse_control(text).map(|s| s.to_string()).unwrap_or_default(), want, "{text}");
        }
    }

    #[test]
    fn unit_counts() {
        let table = [
            ("1", "1"),
            ("1.0", "1"),
            ("01", "1"),
            ("1.", "1"),
            (".50", "0.5"),
            ("100", "100"),
            ("0", "0"),
            ("UN:2", "2"),
            ("MJ:15", "15"),
            ("-1", "-1"),
            ("-1.50", "-1.5"),
            ("UN:-2", "-2"),
            ("-0", "0"),
            ("-.5", "-0.5"),
            ("UN:", ""),
            ("UN: 2", ""),
            ("DA:2", ""),
            ("--1", ""),
            ("1-", ""),
            ("+1", ""),
            ("1,000", ""),
            ("x", ""),
            (".", ""),
            ("-", ""),
            ("1e1", ""),
        ];
        for (text, want) in table {
            let sign = |is_negative| if is_negative { "-" } else { "" };
            let read = units(text).map(|u| format!("{}{}", sign(u.is_negative), u.count.normalize()));
            assert_eq!(read.unwrap_or_default(), want, "{text}");
        }
    }
}
