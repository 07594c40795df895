//! How a joined table was used by the extracts of a run.

use std::io;

use crate::ingest::error::ReadError;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::read_joined::keys::KeySet;
use crate::ingest::read_joined::lost::{LostCodes, Unkeyed};
use crate::ingest::record::reject::Rejects;
use crate::ingest::scan::tally::Counts;
use crate::warning::Warning;

/// Keys of the extracts, all of them missing from a sample of a table's keys, after which the table is that of other claims. If
/// three in a hundred were met, a hundred would miss them once in twenty times.
const MISSING_FROM_SAMPLE: u64 = 100;

/// What was read of a joined table, and which of its keys the extracts have.
#[derive(Debug)]
pub struct TableUsage {
    /// Name of the table.
    pub table: String,
    /// Its file, as given.
    pub file: String,
    /// The columns of its key, in words.
    key: String,
    /// The columns of the extract that equal them, in words.
    to: String,
    /// Has a row of the extract at most one row of the table?
    is_row: bool,
    pub(crate) read: TableRead,
    /// The numbers of its keys and of those that were met, once the keys are forgotten.
    counted: Option<KeyCounts>,
}

/// What reading extracts with a joined table gives: all of its usage that is not in a header.
#[derive(Debug)]
pub(crate) struct TableRead {
    /// What was counted while the table was read. Lines and bytes are those of its file.
    pub(crate) counts: Counts,
    /// Rows that cannot be read.
    pub(crate) rejects: Rejects,
    pub(crate) keys: KeySet,
    /// Keys that a row of the extracts has.
    pub(crate) met: KeySet,
    /// Keys of the extracts that the sample of the table's keys would hold.
    pub(crate) asked: u64,
    /// Does a row of the extracts that is kept take cells of the table?
    pub(crate) is_used: bool,
    /// Cells with known codes, by keys that no row of the extracts has.
    pub(crate) lost: LostCodes,
    /// Rows of the table whose key meets none, and the known codes on them.
    pub(crate) unkeyed: Unkeyed,
    /// Rows of the extracts that are kept.
    pub(crate) kept: u64,
    /// Those of them for which the table has no row.
    pub(crate) without: u64,
}

/// Numbers of keys.
#[derive(Debug, Clone, Copy)]
struct KeyCounts {
    all: u64,
    met: u64,
    estimated: bool,
}

/// The counts of a [`TableUsage`], for reports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableCounts {
    /// Name of the table.
    pub table: String,
    /// Its file, as given.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Rows that cannot be read.
    pub rejected: u64,
    /// Rows of which a part of the key is empty.
    pub rows_without_key: u64,
    /// Its distinct keys.
    pub keys: u64,
    /// Keys that a row of the extracts has.
    pub keys_met: u64,
    /// Keys that no row has.
    pub keys_met_by_none: u64,
    /// Are the numbers of keys estimated from a sample, as in a table with more than a million of them?
    pub estimated: bool,
    /// Cells with listed codes on keys that no row has, and rows with such codes whose key is empty or was mangled.
    pub codes_unmet: u64,
}

impl TableUsage {
    /// `names`: those of the extract's columns.
    pub(crate) fn new(join: &Joined, names: &[String], read: TableRead) -> Self {
        let words = |columns: &[usize], names: &[String]| {
            let names: Vec<_> = columns.iter().filter_map(|column| names.get(*column)).map(String::as_str).collect();
            names.join(", ")
        };
        Self {
            table: join.table.clone(),
            file: join.file.clone(),
            key: words(&join.key, &join.header),
            to: words(&join.to, names),
            is_row: matches!(join.shape, TableShape::Row),
            read,
            counted: None,
        }
    }

    /// What was left out of the table, and what is odd about its rows.
    pub(crate) fn warnings(&self, join: &Joined) -> Vec<Warning> {
        warnings(join, &self.read.counts)
    }

    /// Rows that cannot be read.
    pub fn rejects(&self) -> &Rejects {
        &self.read.rejects
    }

    /// Replaces the text of every rejected row with this sentence.
    pub(crate) fn withhold_rejects(&mut self, sentence: &'static str) {
        self.read.rejects.withhold(sentence);
    }

    /// Adds the use by another extract. The table was read again for it, with the same rows. Fails if the disk does.
    pub(crate) fn merge(&mut self, other: &Self) -> io::Result<()> {
        self.read.met.merge(&other.read.met);
        self.read.asked += other.read.asked;
        self.read.is_used |= other.read.is_used;
        self.read.kept += other.read.kept;
        self.read.without += other.read.without;
        self.read.lost.retain(&other.read.lost)
    }

    /// Refuses a table of which no key is met: it is that of other claims, or its keys are written in another way.
    pub(crate) fn refuse_if_unmet(&self) -> Result<(), ReadError> {
        let TableRead { keys, met, asked, is_used, .. } = &self.read;
        let least = if keys.is_sample() || met.is_sample() { MISSING_FROM_SAMPLE } else { 1 };
        if *asked < least || keys.is_empty() || !met.is_empty() || *is_used {
            return Ok(());
        }
        let what = format!(
            "--join {}: none of its keys ({}) is in the extracts (column {}); give the table of these claims, or name other \
             columns as `key` and `to` under [[join]] in a layout file",
            self.table, self.key, self.to
        );
        Err(ReadError::unusable(&self.file, what))
    }

    fn key_counts(&self) -> KeyCounts {
        let TableRead { keys, met, .. } = &self.read;
        let estimated = keys.is_sample() || met.is_sample();
        self.counted.unwrap_or_else(|| KeyCounts { all: keys.len(), met: met.len(), estimated })
    }

    /// Drops the keys, of which only the counts are asked for after the last extract.
    pub(crate) fn forget_keys(&mut self) {
        self.counted = Some(self.key_counts());
        (self.read.keys, self.read.met) = Default::default();
    }

    /// The counts.
    pub fn counts(&self) -> TableCounts {
        let KeyCounts { all: keys, met, estimated } = self.key_counts();
        TableCounts {
            table: self.table.clone(),
            file: self.file.clone(),
            rows: self.read.counts.rows,
            rejected: self.read.rejects.len(),
            rows_without_key: self.read.unkeyed.empty,
            keys,
            keys_met: met.min(keys),
            keys_met_by_none: keys.saturating_sub(met),
            estimated,
            codes_unmet: self.read.lost.cells() + self.read.unkeyed.codes,
        }
    }

    /// The first line of a row that cannot be read.
    pub(crate) fn first_rejected_line(&self) -> Option<u64> {
        self.read.rejects.first().first().map(|reject| reject.line)
    }

    /// Rows of the extracts that are kept although the table, which has a row for each claim, has none for them, and all that are
    /// kept. A table of codes has none for a claim without codes.
    pub(crate) fn kept_without(&self) -> Option<(u64, u64)> {
        self.is_row.then_some((self.read.without, self.read.kept))
    }

    /// The first line of a row with a listed code whose key is empty or was mangled.
    pub(crate) fn first_unkeyed_line(&self) -> Option<u64> {
        self.read.unkeyed.line
    }

    /// Number of keys that carry listed codes and that no row has.
    pub(crate) fn keys_with_unmet_codes(&self) -> u64 {
        self.read.lost.keys()
    }
}

/// What was left out of a joined table, and what is odd about its rows.
pub(crate) fn warnings(join: &Joined, counts: &Counts) -> Vec<Warning> {
    let left_out = counts.left_out.iter().map(|kind| Warning::new(*kind).file(&join.file));
    left_out.chain(counts.warnings_about_lines(&join.file, &join.grammar, join.lines_before)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(keys: impl Iterator<Item = u32>, asked: impl Iterator<Item = u32>) -> TableUsage {
        let set = |numbers: &mut dyn Iterator<Item = u32>| {
            let mut set = KeySet::default();
            numbers.for_each(|number| set.add(&number.to_string()));
            set
        };
        let (keys, asked) = (set(&mut { keys }), set(&mut { asked }));
        TableUsage {
            table: "dx".to_owned(),
            file: "dx.csv".to_owned(),
            key: String::new(),
            to: String::new(),
            is_row: true,
            read: TableRead {
                counts: Counts::default(),
                rejects: Rejects::default(),
                met: keys.common(&asked),
                asked: asked.held_beside(&keys),
                is_used: false,
                keys,
                lost: LostCodes::default(),
                unkeyed: Unkeyed::default(),
                kept: 0,
                without: 0,
            },
            counted: None,
        }
    }

    #[test]
    fn counts_outlive_the_keys() {
        for mut usage in [usage(0..9, 8..12), usage(0..3 << 20, 0..2 << 20)] {
            let before = usage.counts();
            usage.forget_keys();
            assert_eq!((usage.counts(), usage.read.keys.is_empty() && usage.read.met.is_empty()), (before, true));
        }
    }

    #[test]
    fn a_sample_that_misses_a_few_keys_does_not_refuse_a_table() {
        let large = || 0..3 << 20;
        // Few of the extract's keys, though the table has all of them, or none.
        for few in [0..1, 1..2, 2..3, 3..4, 9_000_000..9_000_010] {
            assert!(usage(large(), few.clone()).refuse_if_unmet().is_ok(), "{few:?}");
        }
        let other = usage(large(), 9_000_000..9_010_000);
        assert!(other.refuse_if_unmet().is_err());
        let used = TableRead { is_used: true, ..other.read };
        assert!(TableUsage { read: used, ..other }.refuse_if_unmet().is_ok());
        assert!(usage(0..9, 9..10).refuse_if_unmet().is_err() && usage(0..9, 8..10).refuse_if_unmet().is_ok());
        assert!(usage(0..0, 9..10).refuse_if_unmet().is_ok() && usage(0..9, 9..9).refuse_if_unmet().is_ok());
    }
}
