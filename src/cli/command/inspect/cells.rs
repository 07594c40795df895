//! What the cells of each column look like among the first rows.

use std::collections::BTreeMap;

use crate::claim::value::id::is_npi;
use crate::ingest::Source;
use crate::ingest::record::first_rows::{FIRST_ROWS, each_first_row};
use crate::ingest::record::grammar::Grammar;
use crate::report::words::numbers::grouped;
use crate::run::read::Words;

/// What a cell may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Date,
    Diagnosis,
    Procedure,
    IcdProcedure,
    Npi,
    Amount,
    Product,
    Status,
}

impl Kind {
    pub(super) const ALL: [(Self, &'static str); 8] = [
        (Self::Date, "dates"),
        (Self::Diagnosis, "diagnosis codes"),
        (Self::Procedure, "CPT or HCPCS codes"),
        (Self::IcdProcedure, "ICD procedure codes"),
        (Self::Npi, "NPIs"),
        (Self::Amount, "amounts"),
        (Self::Product, "products"),
        (Self::Status, "statuses"),
    ];

    /// In the plural, as part of a sentence.
    pub(super) fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Different texts of a column that are counted. A column with more is no column of labels.
const MAX_LABELS: usize = 50;

/// Share of the filled cells, in percent, that must look alike.
const MOST_PERCENT: usize = 80;

/// The cells of one column.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Cells that are not empty.
    pub(super) filled: usize,
    by_kind: [usize; Kind::ALL.len()],
    labels: BTreeMap<String, usize>,
    has_more_labels: bool,
}

impl Looks {
    /// Cells of a kind.
    pub(super) fn of(&self, kind: Kind) -> usize {
        self.by_kind[kind as usize]
    }

    /// Do most of the cells look like this?
    pub(super) fn are(&self, kind: Kind) -> bool {
        self.filled > 0 && self.of(kind) * 100 >= self.filled * MOST_PERCENT
    }

    /// The texts with their numbers, the most frequent first. None: there are too many to be labels.
    pub(super) fn labels(&self) -> Option<Vec<(&str, usize)>> {
        let mut labels: Vec<_> = self.labels.iter().map(|(label, n)| (label.as_str(), *n)).collect();
        labels.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        (!self.has_more_labels).then_some(labels)
    }

    fn add(&mut self, text: &str, is_date: &impl Fn(&str) -> bool, words: &Words) {
        self.filled += 1;
        for ((kind, _), count) in Kind::ALL.iter().zip(&mut self.by_kind) {
            *count += usize::from(is(*kind, text, is_date, words));
        }
        if let Some(count) = self.labels.get_mut(text) {
            *count += 1;
        } else if self.labels.len() < MAX_LABELS {
            self.labels.insert(text.to_owned(), 1);
        } else {
            self.has_more_labels = true;
        }
    }
}

/// The first rows.
pub(super) struct FirstRows {
    /// How many can be read.
    read: u64,
    /// How many cannot.
    rejected: u64,
    /// The cells of each column.
    pub(super) columns: Vec<Looks>,
}

impl FirstRows {
    /// Their number in words.
    pub(super) fn said(&self) -> String {
        match self.rejected {
            0 => format!("{} looked at", grouped(self.read)),
            rejected => format!("{} looked at; {} more cannot be read", grouped(self.read), grouped(rejected)),
        }
    }
}

/// Looks at the first rows.
pub(super) fn look(
    source: &Source,
    (grammar, start): (&Grammar, usize),
    is_date: &impl Fn(&str) -> bool,
    words: &Words,
) -> FirstRows {
    let mut columns: Vec<Looks> = (0..grammar.width).map(|_| Looks::default()).collect();
    let (mut read, mut rejected) = (0, 0);
    each_first_row(grammar, &source.sample, start, source.whole, FIRST_ROWS, |row| {
        if row.is_none() {
            rejected += 1;
        }
        if let Some((row, _)) = row {
            read += 1;
            for (column, looks) in columns.iter_mut().enumerate() {
                let text = row.text(column, &[]);
                if !text.is_empty() {
                    looks.add(&text, is_date, words);
                }
            }
        }
        true
    });
    FirstRows { read, rejected, columns }
}

fn is(kind: Kind, text: &str, is_date: &impl Fn(&str) -> bool, words: &Words) -> bool {
    let bytes = text.as_bytes();
    let (digit, letter) = (|b: &u8| b.is_ascii_digit(), |b: &u8| b.is_ascii_alphabetic());
    match kind {
        Kind::Date => is_date(text),
        Kind::Diagnosis => {
            let code: Vec<u8> = bytes.iter().copied().filter(|b| *b != b'.').collect();
            matches!(&code[..], [first, second, rest @ ..] if letter(first) && digit(second)
                && (1..=5).contains(&rest.len()) && rest.iter().all(u8::is_ascii_alphanumeric))
                && !matches!(&code[1..], [_, _, _, _] if code[1..].iter().all(digit))
        }
        Kind::Procedure => match bytes {
            [first, middle @ .., last] if bytes.len() == 5 => {
                middle.iter().all(digit)
                    && (digit(last) && first.is_ascii_alphanumeric() || digit(first) && letter(last))
            }
            _ => false,
        },
        Kind::IcdProcedure => {
            bytes.len() == 7
                && bytes.iter().all(|b| b.is_ascii_alphanumeric() && !matches!(b.to_ascii_uppercase(), b'I' | b'O'))
                && bytes.iter().any(letter)
                && bytes.first().is_some_and(|b| digit(b) || matches!(b.to_ascii_uppercase(), b'B'..=b'H' | b'X'))
        }
        Kind::Npi => is_npi(text),
        Kind::Amount => {
            let plain = text.trim_start_matches(['-', '$', '(']).trim_end_matches(')');
            plain.rsplit_once('.').is_some_and(|(whole, cents)| {
                cents.len() == 2
                    && cents.bytes().all(|b| b.is_ascii_digit())
                    && !whole.is_empty()
                    && whole.bytes().all(|b| b.is_ascii_digit() || b == b',')
            })
        }
        Kind::Product => words.products.known(text).is_some(),
        Kind::Status => bytes.len() > 2 && words.vocabulary.statuses.get(text).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::date;
    use crate::policy::parse::load;

    #[test]
    fn cells_are_told_apart_by_their_look() {
        let policy = load(&[], &crate::rules::codes()).unwrap_or_else(|e| panic!("{e}"));
        let words = Words::of(None, &policy).unwrap_or_else(|e| panic!("{e}"));
        let is_date = |text: &str| date::service_day(text, &[]).is_some();
        let kinds = |text: &str| {
            let fits = |(kind, _): &&(Kind, &str)| is(*kind, text, &is_date, &words);
            Kind::ALL.iter().filter(fits).map(|(_, word)| *word).collect::<Vec<_>>()
        };
        for (text, want) in [
            ("2024-03-05", &["dates"][..]),
            ("M80.08XA", &["diagnosis codes"]),
            ("m545", &["diagnosis codes"]),
            ("22514", &["CPT or HCPCS codes"]),
            ("0200T", &["CPT or HCPCS codes"]),
            ("J1234", &["CPT or HCPCS codes"]),
            ("0PU43JZ", &["ICD procedure codes"]),
            ("1234567893", &["NPIs"]),
            ("1234567890", &[]),
            ("$1,234.50", &["amounts"]),
            ("HMO Blue", &["products"]),
            ("DENIED", &["statuses"]),
            ("hello", &[]),
        ] {
            assert_eq!(kinds(text), want, "{text}");
        }
    }
}
