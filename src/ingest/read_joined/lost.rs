//! Cells with known codes in a joined table whose keys no row of the extracts has.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::disk::spool::{Scratch, Spool, SpoolSlot};

/// Keys that are written and read back at a time.
const CHUNK_KEYS: usize = 1 << 14;

/// Bytes of keys likewise, because keys may have any length.
const CHUNK_BYTES: usize = 1 << 20;

/// The number of such cells by key.
#[derive(Debug)]
pub(crate) enum LostCodes {
    /// In memory.
    Held(FxHashMap<Box<str>, u64>),
    /// On disk, in the order of the keys.
    Sorted(SortedLost),
}

impl Default for LostCodes {
    fn default() -> Self {
        Self::Held(FxHashMap::default())
    }
}

/// Rows of a table that meet no row of any extract: a part of their key is empty, or a spreadsheet mangled it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unkeyed {
    /// Rows of which a part of the key is empty.
    pub(crate) empty: u64,
    /// Rows of which a part of the key was mangled.
    pub(crate) mangled: u64,
    /// Rows of both kinds that hold a known code.
    pub(crate) codes: u64,
    /// The line of the first of these. Before blocks are joined, the number of lines before it in the block.
    pub(crate) line: Option<u64>,
}

impl Unkeyed {
    /// Adds those of a later part of the table, which begins after so many lines.
    pub(crate) fn append(&mut self, next: &Self, lines: u64) {
        self.empty += next.empty;
        self.mangled += next.mangled;
        self.codes += next.codes;
        self.line = self.line.or(next.line.map(|line| line + lines));
    }

    /// Could a table with so many rows have these?
    pub(crate) fn is_possible(&self, rows: u64) -> bool {
        let unkeyed = self.empty.checked_add(self.mangled);
        unkeyed.is_some_and(|unkeyed| unkeyed <= rows && self.codes <= unkeyed)
            && self.line.is_some() == (self.codes > 0)
    }
}

/// Keys on disk, each with its number of cells.
#[derive(Debug)]
pub(crate) struct SortedLost {
    spool: Arc<Spool>,
    chunks: Vec<SpoolSlot>,
    next: Vec<(Box<str>, u64)>,
    /// Bytes of the keys of `next`.
    bytes: usize,
    keys: u64,
    cells: u64,
}

impl SortedLost {
    /// No keys yet, in a file that `scratch` makes.
    pub(crate) fn new(scratch: Scratch) -> Self {
        Self { spool: Spool::new(scratch, 0), chunks: Vec::new(), next: Vec::new(), bytes: 0, keys: 0, cells: 0 }
    }

    /// Adds the next key.
    pub(crate) fn add(&mut self, key: Box<str>, cells: u64) -> io::Result<()> {
        self.keys += 1;
        self.cells += cells;
        self.bytes += key.len();
        self.next.push((key, cells));
        if self.next.len() == CHUNK_KEYS || self.bytes >= CHUNK_BYTES {
            self.chunks.push(self.spool.write(&self.next)?);
            self.next.clear();
            self.bytes = 0;
        }
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = io::Result<(Box<str>, u64)>> {
        let chunk = |slot: &SpoolSlot| -> Vec<io::Result<(Box<str>, u64)>> {
            match self.spool.get::<Vec<_>>(*slot) {
                Ok(keys) => keys.into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e)],
            }
        };
        self.chunks.iter().flat_map(chunk).chain(self.next.iter().cloned().map(Ok))
    }

    /// The keys that the other has, too.
    fn common(&self, other: &Self) -> io::Result<Self> {
        let mut common = Self::new(self.spool.scratch());
        let (mut ours, mut theirs) = (self.iter(), other.iter());
        let (mut one, mut another) = (ours.next().transpose()?, theirs.next().transpose()?);
        while let (Some((key, cells)), Some((their_key, _))) = (&one, &another) {
            let order = key.cmp(their_key);
            if order == Ordering::Equal {
                common.add(key.clone(), *cells)?;
            }
            if order != Ordering::Greater {
                one = ours.next().transpose()?;
            }
            if order != Ordering::Less {
                another = theirs.next().transpose()?;
            }
        }
        Ok(common)
    }
}

impl LostCodes {
    /// Number of keys.
    pub(crate) fn keys(&self) -> u64 {
        match self {
            Self::Held(keys) => keys.len() as u64,
            Self::Sorted(keys) => keys.keys,
        }
    }

    /// Number of cells.
    pub(crate) fn cells(&self) -> u64 {
        match self {
            Self::Held(keys) => keys.values().sum(),
            Self::Sorted(keys) => keys.cells,
        }
    }

    /// Passes every key to `take`, in order, with its number of cells. Fails if the disk or `take` fails.
    pub(crate) fn each(&self, mut take: impl FnMut(&str, u64) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Held(keys) => {
                let mut sorted: Vec<_> = keys.iter().collect();
                sorted.sort_unstable();
                sorted.into_iter().try_for_each(|(key, cells)| take(key, *cells))
            }
            Self::Sorted(keys) => keys.iter().try_for_each(|entry| entry.and_then(|(key, cells)| take(&key, cells))),
        }
    }

    /// Keeps the keys that are also in `other`. Fails if the disk does.
    pub(crate) fn retain(&mut self, other: &Self) -> io::Result<()> {
        match (&mut *self, other) {
            (Self::Held(ours), Self::Held(theirs)) => ours.retain(|key, _| theirs.contains_key(key)),
            (Self::Held(ours), Self::Sorted(theirs)) => {
                let mut common = FxHashMap::default();
                for entry in theirs.iter() {
                    common.extend(ours.remove_entry(&entry?.0));
                }
                *ours = common;
            }
            (Self::Sorted(ours), Self::Held(theirs)) => {
                let is_theirs = |entry: &io::Result<(Box<str>, u64)>| {
                    entry.as_ref().map_or(true, |(key, _)| theirs.contains_key(key))
                };
                *self = Self::Held(ours.iter().filter(is_theirs).collect::<io::Result<_>>()?);
            }
            (Self::Sorted(ours), Self::Sorted(theirs)) => *ours = ours.common(theirs)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_two_have_in_common_does_not_depend_on_where_they_are(
            one in prop::collection::btree_map("[a-c]{1,3}", 1_u64..9, 0..30),
            other in prop::collection::btree_map("[a-c]{1,3}", 1_u64..9, 0..30),
        ) {
            let of = |keys: &std::collections::BTreeMap<String, u64>, is_sorted: bool| {
                let keys = keys.iter().map(|(key, cells)| (Box::from(key.as_str()), *cells));
                if !is_sorted {
                    return LostCodes::Held(keys.collect());
                }
                let mut sorted = SortedLost::new(Arc::new(tempfile::tempfile));
                keys.for_each(|(key, cells)| sorted.add(key, cells).expect("room on disk"));
                LostCodes::Sorted(sorted)
            };
            let all = |is_sorted| {
                let mut all = Vec::new();
                let taken = of(&one, is_sorted).each(|key, cells| {
                    all.push((key.to_owned(), cells));
                    Ok(())
                });
                taken.map(|()| all).expect("room on disk")
            };
            prop_assert_eq!((all(false), all(true)), (one.clone().into_iter().collect(), one.clone().into_iter().collect()));
            let want: Vec<u64> = one.iter().filter(|(key, _)| other.contains_key(*key)).map(|(_, cells)| *cells).collect();
            for (first, second) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut kept = of(&one, first);
                kept.retain(&of(&other, second)).expect("room on disk");
                prop_assert_eq!((kept.keys(), kept.cells()), (want.len() as u64, want.iter().sum::<u64>()));
            }
        }
    }
}
