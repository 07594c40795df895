//! How a joined table was used by the extracts of a run.

use std::io;

use crate::ingest::error::ReadError;
use crate::ingest::layout::joined::Joined;
use crate::ingest::read_joined::keys::KeySet;
use crate::ingest::read_joined::lost::LostCodes;
use crate::ingest::record::reject::Rejects;

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
    /// Its rows, rejected ones included.
    pub rows: u64,
    /// Rows that cannot be read.
    pub rejects: Rejects,
    /// The columns of its key, in words.
    key: String,
    /// The columns of the extract that equal them, in words.
    to: String,
    keys: KeySet,
    met: KeySet,
    /// The counts of both, once the keys are forgotten.
    counted: Option<KeyCounts>,
    /// Keys of the extracts that the sample of the table's keys would hold.
    asked: u64,
    /// Does a row of the extracts that is kept take cells of the table?
    is_used: bool,
    /// Cells with known codes, by keys that no row of the extracts has.
    lost: LostCodes,
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
    /// Its distinct keys.
    pub keys: u64,
    /// Keys that a row of the extracts has.
    pub keys_met: u64,
    /// Keys that no row has.
    pub keys_met_by_none: u64,
    /// Are the numbers of keys estimated from a sample, as in a table with more than a million of them?
    pub estimated: bool,
    /// Cells with listed codes on keys that no row has.
    pub codes_unmet: u64,
}

impl TableUsage {
    /// `names`: those of the extract's columns.
    pub(crate) fn new(
        join: &Joined,
        names: &[String],
        (rows, rejects, keys): (u64, Rejects, KeySet),
        asked: &KeySet,
        (lost, is_used): (LostCodes, bool),
    ) -> Self {
        let words = |columns: &[usize], names: &[String]| {
            let names: Vec<_> = columns.iter().filter_map(|column| names.get(*column)).map(String::as_str).collect();
            names.join(", ")
        };
        Self {
            table: join.table.clone(),
            file: join.file.clone(),
            rows,
            rejects,
            key: words(&join.key, &join.header),
            to: words(&join.to, names),
            met: keys.common(asked),
            asked: asked.held_beside(&keys),
            is_used,
            keys,
            counted: None,
            lost,
        }
    }

    /// Adds the use by another extract. The table was read again for it, with the same rows. Fails if the disk does.
    pub(crate) fn merge(&mut self, other: &Self) -> io::Result<()> {
        self.met.merge(&other.met);
        self.asked += other.asked;
        self.is_used |= other.is_used;
        self.lost.retain(&other.lost)
    }

    /// Refuses a table of which no key is met: it is that of other claims, or its keys are written in another way.
    pub(crate) fn refuse_if_unmet(&self) -> Result<(), ReadError> {
        let least = if self.keys.is_sample() || self.met.is_sample() { MISSING_FROM_SAMPLE } else { 1 };
        if self.asked < least || self.keys.is_empty() || !self.met.is_empty() || self.is_used {
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
        let estimated = self.keys.is_sample() || self.met.is_sample();
        self.counted.unwrap_or_else(|| KeyCounts { all: self.keys.len(), met: self.met.len(), estimated })
    }

    /// Drops the keys, of which only the counts are asked for after the last extract.
    pub(crate) fn forget_keys(&mut self) {
        self.counted = Some(self.key_counts());
        (self.keys, self.met) = Default::default();
    }

    /// The counts.
    pub fn counts(&self) -> TableCounts {
        let KeyCounts { all: keys, met, estimated } = self.key_counts();
        TableCounts {
            table: self.table.clone(),
            file: self.file.clone(),
            rows: self.rows,
            rejected: self.rejects.len(),
            keys,
            keys_met: met.min(keys),
            keys_met_by_none: keys.saturating_sub(met),
            estimated,
            codes_unmet: self.lost.cells(),
        }
    }

    /// Number of keys that carry listed codes and that no row has.
    pub fn keys_with_unmet_codes(&self) -> u64 {
        self.lost.keys()
    }
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
            rows: 0,
            rejects: Rejects::default(),
            key: String::new(),
            to: String::new(),
            met: keys.common(&asked),
            asked: asked.held_beside(&keys),
            is_used: false,
            keys,
            counted: None,
            lost: LostCodes::default(),
        }
    }

    #[test]
    fn counts_outlive_the_keys() {
        for mut usage in [usage(0..9, 8..12), usage(0..3 << 20, 0..2 << 20)] {
            let before = usage.counts();
            usage.forget_keys();
            assert_eq!((usage.counts(), usage.keys.is_empty() && usage.met.is_empty()), (before, true));
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
        assert!(TableUsage { is_used: true, ..other }.refuse_if_unmet().is_ok());
        assert!(usage(0..9, 9..10).refuse_if_unmet().is_err() && usage(0..9, 8..10).refuse_if_unmet().is_ok());
        assert!(usage(0..0, 9..10).refuse_if_unmet().is_ok() && usage(0..9, 9..9).refuse_if_unmet().is_ok());
    }
}
