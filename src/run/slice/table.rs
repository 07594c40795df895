//! What a slice holds of the tables that are joined to its extract.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::disk::spool::{Scratch, Spool};
use crate::frame::Frames;
use crate::ingest::Rejects;
use crate::ingest::read_joined::keys::KeySet;
use crate::ingest::read_joined::lost::{LostCodes, SortedLost, Unkeyed};
use crate::ingest::read_joined::usage::TableRead;
use crate::ingest::scan::tally::Counts;
use crate::run::slice::counts::{MOST_LINES, are_possible, read_rejects, write_rejects};
use crate::run::slice::frames::{FrameReader, ListWriter, SliceError};

/// The size of a set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct KeySetSize {
    hashes: u64,
    halvings: u32,
}

/// Everything that was read of a joined table except its keys, its rejected rows and its lost codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHead {
    /// What was counted. Lines and bytes are those of the table.
    counts: Counts,
    /// Number of rejected rows.
    rejected: u64,
    keys: KeySetSize,
    met: KeySetSize,
    asked: u64,
    is_used: bool,
    /// Number of keys with lost codes.
    lost: u64,
    unkeyed: Unkeyed,
    kept: u64,
    without: u64,
}

impl TableHead {
    /// That of a table.
    pub(super) fn of(read: &TableRead) -> Self {
        let size = |keys: &KeySet| {
            let (hashes, halvings) = keys.size();
            KeySetSize { hashes, halvings }
        };
        Self {
            counts: read.counts.clone(),
            rejected: read.rejects.len(),
            keys: size(&read.keys),
            met: size(&read.met),
            asked: read.asked,
            is_used: read.is_used,
            lost: read.lost.keys(),
            unkeyed: read.unkeyed,
            kept: read.kept,
            without: read.without,
        }
    }

    /// Could a table have these counts? Each of its keys and of its lost codes has a row.
    pub(super) fn is_possible(&self) -> bool {
        i64::try_from(self.counts.bytes).is_ok()
            && are_possible(&self.counts, self.rejected)
            && [self.keys.hashes, self.met.hashes, self.lost].into_iter().all(|number| number <= self.counts.rows)
            && self.unkeyed.is_possible(self.counts.rows)
            && self.without <= self.kept
            && [self.asked, self.kept].into_iter().all(|number| number <= MOST_LINES)
    }

    /// Reads what [`write`] wrote of a table with this head. What does not fit in memory goes to the disk of the spool.
    pub(super) fn read(self, from: &mut FrameReader, spool: Option<Arc<Spool>>) -> Result<TableRead, SliceError> {
        let scratch = spool.as_ref().map_or_else(|| Arc::new(tempfile::tempfile) as Scratch, |spool| spool.scratch());
        let mut rejects = Rejects::new(spool);
        read_rejects(from, &self.counts, self.rejected, |reject| rejects.push(reject))?;
        let (keys, met) = (read_keys(from, self.keys)?, read_keys(from, self.met)?);
        if !keys.has_all(&met) {
            return Err(SliceError::Damaged);
        }
        let lost = LostCodes::Sorted(read_lost(from, self.lost, self.counts.rows, scratch)?);
        let Self { counts, asked, is_used, unkeyed, kept, without, .. } = self;
        Ok(TableRead { counts, rejects, keys, met, asked, is_used, lost, unkeyed, kept, without })
    }
}

/// Writes what was read of a table, beside its head.
pub(super) fn write(read: &TableRead, frames: &Frames, out: &mut impl Write) -> io::Result<()> {
    write_rejects(&read.rejects, frames, out)?;
    for keys in [&read.keys, &read.met] {
        let mut list = ListWriter::new(frames, out);
        keys.sorted().into_iter().try_for_each(|hash| list.push(hash, size_of::<u64>()))?;
        list.finish()?;
    }
    let mut list = ListWriter::new(frames, out);
    read.lost.each(|key, cells| list.push((key.to_owned(), cells), key.len()))?;
    list.finish()
}

fn read_keys(from: &mut FrameReader, size: KeySetSize) -> Result<KeySet, SliceError> {
    let mut keys = KeySet::halved(size.halvings).ok_or(SliceError::Damaged)?;
    from.list(size.hashes, |hash| if keys.restore(hash) { Ok(()) } else { Err(SliceError::Damaged) })?;
    Ok(keys)
}

/// Reads keys with lost codes, each of which comes after the one before it. Together they have a code in a row at most.
fn read_lost(from: &mut FrameReader, keys: u64, rows: u64, scratch: Scratch) -> Result<SortedLost, SliceError> {
    let mut lost = SortedLost::new(scratch);
    let (mut before, mut left): (Option<Box<str>>, u64) = (None, rows);
    from.list(keys, |(key, cells): (Box<str>, u64)| {
        left = left.checked_sub(cells).ok_or(SliceError::Damaged)?;
        if before.as_ref().is_some_and(|before| *before >= key) {
            return Err(SliceError::Damaged);
        }
        lost.add(key.clone(), cells)?;
        before = Some(key);
        Ok(())
    })?;
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Seek as _};

    use proptest::prelude::*;

    use super::*;

    /// A file with these frames, read from its beginning.
    fn reader(write: impl Fn(&Frames, &mut std::fs::File) -> io::Result<()>) -> FrameReader {
        let mut file = tempfile::tempfile().expect("a disk");
        write(&Frames::default(), &mut file).and_then(|()| file.rewind()).expect("room");
        FrameReader::new(BufReader::new(file), 1 << 29)
    }

    fn table(rows: u64, keys: std::ops::Range<u64>, lost: &[(&str, u64)]) -> TableRead {
        let (mut all, mut met) = (KeySet::default(), KeySet::default());
        keys.clone().for_each(|key| all.add(&key.to_string()));
        keys.step_by(3).for_each(|key| met.add(&key.to_string()));
        let lost = LostCodes::Held(lost.iter().map(|(key, cells)| (Box::from(*key), *cells)).collect());
        let counts = Counts { rows, lines: rows, bytes: rows, ..Counts::default() };
        TableRead {
            counts,
            rejects: Rejects::default(),
            met: all.common(&met),
            asked: 7,
            is_used: true,
            keys: all,
            lost,
            unkeyed: Unkeyed { empty: rows / 3, mangled: rows / 9, codes: rows / 9, line: (rows > 8).then_some(rows) },
            kept: 5,
            without: 2,
        }
    }

    #[test]
    fn what_was_written_is_read_back_within_little_memory() {
        // The last set is a sample.
        for (rows, keys) in [(0, 0..0), (9, 0..9), (3 << 20, 0..3 << 20)] {
            let lost: &[(&str, u64)] = if rows == 0 { &[] } else { &[("C1", 2), ("", 1), ("C10", 1)] };
            let table = table(rows, keys, lost);
            let head = TableHead::of(&table);
            assert!(head.is_possible(), "{head:?}");
            let mut from = reader(|frames, out| write(&table, frames, out));
            let read = head.clone().read(&mut from, None).expect("it is whole");
            from.end().expect("nothing follows");
            assert_eq!(TableHead::of(&read), head);
            assert_eq!((read.keys.sorted(), read.met.sorted()), (table.keys.sorted(), table.met.sorted()));
            assert_eq!((read.lost.keys(), read.lost.cells()), (table.lost.keys(), table.lost.cells()));
        }
    }

    #[test]
    fn what_no_table_has_is_damaged() {
        let whole = table(9, 0..9, &[("C1", 2), ("C2", 1)]);
        let head = TableHead::of(&whole);
        let refuses = |head: &TableHead, table: &TableRead| {
            let mut from = reader(|frames, out| write(table, frames, out));
            matches!(head.clone().read(&mut from, None), Err(SliceError::Damaged))
        };
        assert!(!refuses(&head, &whole));
        let of = |edit: &dyn Fn(&mut TableHead)| {
            let mut head = head.clone();
            edit(&mut head);
            head
        };
        let size = |hashes, halvings| KeySetSize { hashes, halvings };
        assert!(
            refuses(&of(&|head| head.keys = size(8, 0)), &whole)
                && refuses(&of(&|head| head.keys = size(9, 64)), &whole)
        );
        assert!(refuses(&of(&|head| head.keys = size(9, 8)), &whole), "hashes outside of the range of the sample");
        assert!(refuses(&of(&|head| head.lost = 3), &whole) && refuses(&of(&|head| head.counts.rows = 2), &whole));
        let foreign = TableRead { met: table(9, 20..29, &[]).keys, ..table(9, 0..9, &[("C1", 2), ("C2", 1)]) };
        assert!(refuses(&TableHead::of(&foreign), &foreign), "a key is met that the table does not have");
        assert!(
            !of(&|head| head.unkeyed.empty = 9).is_possible() && !of(&|head| head.unkeyed.line = None).is_possible()
        );
        assert!(!of(&|head| head.counts.rows = 8).is_possible() && !of(&|head| head.rejected = 10).is_possible());
        for (keys, is_sorted) in [(["a", "b"], true), (["b", "a"], false), (["a", "a"], false)] {
            let mut from = reader(|frames, out| out.write_all(&frames.of(&keys.map(|key| (key, 1_u64)).to_vec())?));
            assert_eq!(read_lost(&mut from, 2, 9, Arc::new(tempfile::tempfile)).is_ok(), is_sorted, "{keys:?}");
        }
    }

    proptest! {
        /// Lists of anything with a head of anything.
        #[test]
        fn frames_of_others_are_read_or_refused(
            halvings in prop::array::uniform2(0..70_u32),
            keys in prop::collection::vec(any::<u64>(), 0..6),
            met in prop::collection::vec(any::<u64>(), 0..6),
            lost in prop::collection::vec(("[a-c]{0,2}", any::<u64>()), 0..4),
            counts in prop::array::uniform4(0..8_u64),
        ) {
            let [hashes, others, codes, rows] = counts;
            let counts = Counts { rows, ..Counts::default() };
            let [keys_size, met_size] =
                [(hashes, halvings[0]), (others, halvings[1])].map(|(hashes, halvings)| KeySetSize { hashes, halvings });
            let head =
                TableHead { counts, rejected: 0, keys: keys_size, met: met_size, asked: 0, is_used: false, lost: codes, unkeyed: Unkeyed::default(), kept: 0, without: 0 };
            let mut from = reader(|frames, out| {
                [&keys, &met].into_iter().try_for_each(|list| out.write_all(&frames.of(list)?))?;
                out.write_all(&frames.of(&lost)?)
            });
            if let Ok(mut read) = head.read(&mut from, None) {
                let other = read.met.common(&read.keys);
                read.met.merge(&other);
                prop_assert!(read.met.len() <= read.keys.len() || halvings[0] != halvings[1]);
                prop_assert!(read.lost.cells() <= rows);
            }
        }
    }
}
