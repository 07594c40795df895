//! Counts, money and days as people read them: the terminal and the page print the same text.

use jiff::civil::Date;

use crate::claim::Sum;

/// A whole number in groups of three.
pub fn grouped(n: impl Into<u128>) -> String {
    let digits = n.into().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Money in groups of three, two decimals: `-$1,234.50`.
pub fn dollars(amount: impl Into<Sum>) -> String {
    let Sum(amount) = amount.into();
    let cents = amount.unsigned_abs();
    format!("{}${}.{:02}", if amount < 0 { "-" } else { "" }, grouped(cents / 100), cents % 100)
}

/// A sum of money, or `unknown` where the extracts have no column for amounts.
pub(crate) fn sum_in_words(amount: impl Into<Sum>, is_known: bool) -> String {
    if is_known { dollars(amount) } else { "unknown".to_owned() }
}

/// A count with its noun: `1 row`, `2,000 rows`. Every noun of the reports takes an s.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// Days from one day to another; years have four digits, so they fit.
pub(crate) fn days_since(date: Date, from: Date) -> i32 {
    (date.duration_since(from).as_hours() / 24) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_counts() {
        let table = [
            (0, "$0.00"),
            (5, "$0.05"),
            (99_999, "$999.99"),
            (1_234_567, "$12,345.67"),
            (-123_450, "-$1,234.50"),
            (i64::MIN.into(), "-$92,233,720,368,547,758.08"),
        ];
        for (cents, text) in table {
            assert_eq!(dollars(Sum(cents)), text);
        }
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_000_000, "row"), "1,000,000 rows");
    }
}
