//! Status labels of the authorization file that no table knows.

use std::cmp::Reverse;
use std::io;

use rustc_hash::FxHashMap;

use crate::claim::authorization::row::{Approval, Authorization};
use crate::disk::sorted::KeyedSums;
use crate::disk::spool::Scratch;

/// Labels that are kept. Reports list fewer.
const MOST_LABELS: usize = 100;

/// Bytes of labels that are counted in memory.
const COUNTED_BYTES: usize = 4 << 20;

/// The status labels that no table knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadStatuses {
    /// Rows with such a label.
    rows: u64,
    /// The most frequent labels with their rows, then in byte order.
    labels: Vec<(Box<str>, u64)>,
}

/// The label of a row, if no table knows it.
fn label(row: &Authorization) -> Option<&str> {
    (row.approval == Approval::Unread && !row.status.is_empty()).then_some(row.status.as_str())
}

impl UnreadStatuses {
    /// Those of rows in memory.
    pub(super) fn of(rows: &[Authorization]) -> Self {
        let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
        rows.iter().filter_map(label).for_each(|label| *counts.entry(label).or_default() += 1);
        let mut all = Self::default();
        for (label, rows) in counts {
            all.add(label.into(), rows);
        }
        all.keep_most_frequent();
        all
    }

    fn add(&mut self, label: Box<str>, rows: u64) {
        self.rows += rows;
        self.labels.push((label, rows));
        if self.labels.len() > 2 * MOST_LABELS {
            self.keep_most_frequent();
        }
    }

    fn keep_most_frequent(&mut self) {
        self.labels.sort_unstable_by(|(one, rows), (other, more)| (Reverse(rows), one).cmp(&(Reverse(more), other)));
        self.labels.truncate(MOST_LABELS);
    }

    /// Number of rows with such a label.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The most frequent labels, each with the number of its rows.
    pub fn labels(&self) -> impl Iterator<Item = (&str, u64)> {
        self.labels.iter().map(|(label, rows)| (&**label, *rows))
    }
}

/// Counts labels of any number in bounded memory.
pub(super) struct StatusCounter(KeyedSums<u64>);

impl StatusCounter {
    /// A counter that keeps labels beyond a bound in files that `scratch` makes.
    pub(super) fn new(scratch: Scratch) -> Self {
        Self(KeyedSums::new(scratch, COUNTED_BYTES))
    }

    /// Counts the label of a row. `shown` says how it is shown.
    pub(super) fn add(&mut self, row: &Authorization, shown: impl FnOnce(&Authorization) -> String) -> io::Result<()> {
        label(row).map_or(Ok(()), |_| self.0.add(&shown(row), 1))
    }

    /// The most frequent labels.
    pub(super) fn finish(self) -> io::Result<UnreadStatuses> {
        let mut all = UnreadStatuses::default();
        for sum in self.0.finish()? {
            let (label, rows) = sum?;
            all.add(label, rows);
        }
        all.keep_most_frequent();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_most_frequent_labels_do_not_depend_on_where_they_are_counted() {
        let row = |n: usize| Authorization {
            number: "A1".to_owned(),
            member_id: String::new(),
            procedures: Vec::new(),
            status: if n.is_multiple_of(7) { String::new() } else { format!("S{}", n * n % 311) },
            approval: if n.is_multiple_of(5) { Approval::Approved } else { Approval::Unread },
            valid_from: None,
            valid_to: None,
            units: None,
        };
        let rows: Vec<Authorization> = (0..3000).map(row).collect();
        let held = UnreadStatuses::of(&rows);
        let mut counter = StatusCounter::new(Arc::new(tempfile::tempfile));
        for row in &rows {
            counter.add(row, |row| row.status.clone()).expect("room");
        }
        assert_eq!(counter.finish().expect("room"), held);
        assert_eq!(held.labels().count(), MOST_LABELS);
        assert!(held.labels().map(|(_, rows)| rows).sum::<u64>() < held.rows(), "the others count, too");
        let shown: Vec<_> = held.labels().collect();
        assert!(shown.windows(2).all(|pair| (Reverse(pair[0].1), pair[0].0) < (Reverse(pair[1].1), pair[1].0)));
    }
}
