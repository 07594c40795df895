//! The ids of a run as sorted numbers: a hash with the kind of the id below it. They are in memory, or on disk where they take
//! more than they may.
//!
//! On disk, a filter in memory says of almost every text that it is no id, and one page of the file is read for each of the
//! others. So what is in memory is bounded, except for a sixteenth of a byte for each id.

use std::fs::File;
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::key_filter::KeyFilter;
use crate::disk::read_at::read_at;
use crate::disk::spool::{Scratch, Spool, SpoolSlot};

/// Number of bits of an entry below its hash: the kind of the id.
pub(super) const KIND_BITS: u32 = 3;

/// Number of bits of a hash.
const HASH_BITS: u32 = 61;

/// Average number of entries that begin with the same bits, which a look-up in memory compares one by one.
const ENTRIES_PER_START: usize = 8;

/// Number of entries that a look-up on disk reads.
const PAGE: usize = 128;

/// Bytes of an entry.
const BYTES: usize = size_of::<u64>();

/// Least number of shares, so that a share is small even if there are many more ids than expected.
const LEAST_SHARES: usize = 64;

/// The part of the memory for ids that a share of them takes while it is sorted, and that those take which wait to be written. With
/// the filter, that is all of it.
const SORTED_SHARE: usize = 4;

/// The part of it that the filter of ids on disk takes.
const FILTER_SHARE: usize = 2;

/// Memory and disk for ids.
pub struct IdRoom {
    /// Bytes that ids may take in memory. Collecting them takes no more.
    pub bytes: usize,
    /// Makes a file for ids that exceed it.
    pub scratch: Scratch,
}

/// Collects entries from several threads, in shares of about equal size that are in the order of the hashes.
pub(super) struct EntryShares {
    shares: usize,
    /// Entries that wait to be written together.
    most_waiting: usize,
    collected: Mutex<Collected>,
    spool: Arc<Spool>,
}

struct Collected {
    waiting: Vec<u64>,
    /// The places of the written entries of each share.
    written: Vec<Vec<SpoolSlot>>,
    /// The number of written entries.
    count: usize,
}

impl EntryShares {
    /// No entries yet, of about `count`.
    pub(super) fn new(count: usize, room: &IdRoom) -> Self {
        let bytes = (room.bytes / SORTED_SHARE).max(1);
        let shares = count.saturating_mul(BYTES).div_ceil(bytes).clamp(LEAST_SHARES, 1 << 16);
        let collected = Collected { waiting: Vec::new(), written: vec![Vec::new(); shares], count: 0 };
        let spool = Spool::new(Arc::clone(&room.scratch), 0);
        Self { shares, most_waiting: bytes / BYTES, collected: Mutex::new(collected), spool }
    }

    /// Adds the entries of a part of the run, in any order.
    pub(super) fn add(&self, entries: &mut Vec<u64>) -> io::Result<()> {
        sort(entries);
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        collected.waiting.append(entries);
        if collected.waiting.len() <= self.most_waiting {
            return Ok(());
        }
        // The others wait meanwhile, so that no more is in memory.
        let mut full = std::mem::take(&mut collected.waiting);
        sort(&mut full);
        for share in 0..self.shares {
            let piece = self.of_share(&full, share);
            if !piece.is_empty() {
                collected.written[share].push(self.spool.write(&piece)?);
                collected.count += piece.len();
            }
        }
        Ok(())
    }

    /// Those of sorted entries that are in a share.
    fn of_share<'e>(&self, sorted: &'e [u64], share: usize) -> &'e [u64] {
        let start = |share: usize| sorted.partition_point(|entry| share_of(*entry, self.shares) < share);
        &sorted[start(share)..start(share + 1)]
    }

    /// All entries, one for each hash.
    pub(super) fn finish(mut self, room: &IdRoom) -> io::Result<EntrySet> {
        let collected = self.collected.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (mut waiting, written) = (std::mem::take(&mut collected.waiting), std::mem::take(&mut collected.written));
        sort(&mut waiting);
        let mut writer = EntryWriter { held: Vec::new(), file: None, about: collected.count + waiting.len(), room };
        for (share, slots) in written.into_iter().enumerate() {
            let mut entries = self.of_share(&waiting, share).to_vec();
            for slot in slots {
                entries.extend(self.spool.get::<Vec<u64>>(slot)?);
            }
            sort(&mut entries);
            writer.append(&entries)?;
        }
        writer.finish()
    }
}

/// The share of an entry.
fn share_of(entry: u64, shares: usize) -> usize {
    ((u128::from(entry >> KIND_BITS) * shares as u128) >> HASH_BITS) as usize
}

/// Sorts entries and leaves one for each hash.
fn sort(entries: &mut Vec<u64>) {
    entries.sort_unstable();
    entries.dedup_by_key(|entry| *entry >> KIND_BITS);
}

/// Takes sorted entries, and writes them once they are too many for memory.
struct EntryWriter<'r> {
    held: Vec<u64>,
    file: Option<WrittenEntries>,
    /// About how many entries there will be.
    about: usize,
    room: &'r IdRoom,
}

struct WrittenEntries {
    file: BufWriter<File>,
    count: usize,
    firsts: Vec<u64>,
    filter: KeyFilter,
}

impl WrittenEntries {
    fn append(&mut self, entries: &[u64]) -> io::Result<()> {
        for entry in entries {
            if self.count.is_multiple_of(PAGE) {
                self.firsts.push(*entry);
            }
            self.count += 1;
            self.filter.add(filtered(entry >> KIND_BITS));
            self.file.write_all(&entry.to_le_bytes())?;
        }
        Ok(())
    }
}

/// A hash in the form in which the filter takes it: its first bit is that of the number.
fn filtered(hash: u64) -> u64 {
    hash << (u64::BITS - HASH_BITS)
}

impl EntryWriter<'_> {
    /// Adds entries, all greater than those before.
    fn append(&mut self, entries: &[u64]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.append(entries);
        }
        if (self.held.len() + entries.len()) * BYTES <= self.room.bytes {
            self.held.extend(entries);
            return Ok(());
        }
        let filter = KeyFilter::for_keys(self.about, self.room.bytes / FILTER_SHARE);
        let file = BufWriter::with_capacity(1 << 16, (self.room.scratch)()?);
        let mut file = WrittenEntries { file, count: 0, firsts: Vec::new(), filter };
        file.append(&std::mem::take(&mut self.held))?;
        file.append(entries)?;
        self.file = Some(file);
        Ok(())
    }

    fn finish(self) -> io::Result<EntrySet> {
        let Some(WrittenEntries { file, count, firsts, filter }) = self.file else {
            return Ok(EntrySet::held(self.held));
        };
        let file = file.into_inner().map_err(IntoInnerError::into_error)?;
        Ok(EntrySet::OnDisk(EntriesOnDisk { file, count, firsts, filter, failed: Mutex::default() }))
    }
}

/// Sorted entries, one for each hash.
#[derive(Debug)]
pub(super) enum EntrySet {
    /// In memory.
    Held {
        entries: Vec<u64>,
        /// Where the entries with the same first bits start.
        starts: Vec<usize>,
        /// Number of bits of a hash after those first bits.
        after: u32,
    },
    /// On disk.
    OnDisk(EntriesOnDisk),
}

/// Entries in a file.
#[derive(Debug)]
pub(super) struct EntriesOnDisk {
    file: File,
    count: usize,
    /// The first entry of each page.
    firsts: Vec<u64>,
    filter: KeyFilter,
    /// The first disk error, if any.
    failed: Mutex<Option<io::Error>>,
}

impl EntrySet {
    fn held(entries: Vec<u64>) -> Self {
        let after = HASH_BITS - (entries.len() / ENTRIES_PER_START).max(1).ilog2();
        let mut starts: Vec<usize> = vec![0; (1 << (HASH_BITS - after)) + 1];
        for entry in &entries {
            starts[(entry >> KIND_BITS >> after) as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self::Held { entries, starts, after }
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Held { entries, starts, .. } => entries.capacity() * BYTES + starts.capacity() * size_of::<usize>(),
            Self::OnDisk(file) => file.firsts.capacity() * BYTES + file.filter.bytes(),
        }
    }

    /// The entry with this hash. If the disk fails, `Err` with the error put by for [`EntrySet::failure`].
    pub(super) fn get(&self, hash: u64) -> Result<Option<u64>, Failed> {
        match self {
            Self::Held { entries, starts, after } => {
                let start = (hash >> after) as usize;
                let of_start =
                    starts.get(start).zip(starts.get(start + 1)).and_then(|(from, to)| entries.get(*from..*to));
                Ok(of_start.unwrap_or_default().iter().copied().find(|entry| entry >> KIND_BITS == hash))
            }
            Self::OnDisk(file) => file.get(hash).map_err(|e| {
                file.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
                Failed
            }),
        }
    }

    /// Fails with the first disk error of a look-up since the last call.
    pub(super) fn failure(&self) -> io::Result<()> {
        let Self::OnDisk(file) = self else { return Ok(()) };
        file.failed.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

/// A look-up could not read the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

impl EntriesOnDisk {
    fn get(&self, hash: u64) -> io::Result<Option<u64>> {
        if !self.filter.may_hold(filtered(hash)) {
            return Ok(None);
        }
        let pages = self.firsts.partition_point(|first| first >> KIND_BITS <= hash);
        let Some(page) = pages.checked_sub(1) else { return Ok(None) };
        let (from, to) = (page * PAGE, self.count.min((page + 1) * PAGE));
        let mut bytes = [0; PAGE * BYTES];
        let bytes = &mut bytes[..(to - from) * BYTES];
        read_at(&self.file, bytes, (from * BYTES) as u64)?;
        let (entries, _) = bytes.as_chunks::<BYTES>();
        let at = entries.binary_search_by_key(&hash, |entry| u64::from_le_bytes(*entry) >> KIND_BITS);
        Ok(at.ok().map(|at| u64::from_le_bytes(entries[at])))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    fn room(bytes: usize) -> (IdRoom, Arc<AtomicUsize>) {
        let files = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&files);
        let scratch: Scratch = Arc::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            tempfile::tempfile()
        });
        (IdRoom { bytes, scratch }, files)
    }

    /// A hash of 61 bits.
    fn hash(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 3
    }

    proptest! {
        #[test]
        fn entries_do_not_depend_on_the_memory(
            parts in prop::collection::vec(prop::collection::vec((0_u64..600, 0_u64..4), 0..200), 0..6),
            bytes in prop_oneof![0_usize..6000, Just(usize::MAX)],
        ) {
            let (room, _) = room(bytes);
            let count = parts.iter().map(Vec::len).sum();
            let shares = EntryShares::new(count, &room);
            let mut wanted = std::collections::BTreeMap::new();
            for part in parts {
                let mut entries: Vec<u64> = part.iter().map(|(n, kind)| hash(*n) << KIND_BITS | kind).collect();
                for entry in &entries {
                    let least = wanted.entry(entry >> KIND_BITS).or_insert(*entry);
                    *least = (*least).min(*entry);
                }
                shares.add(&mut entries).expect("room on disk");
            }
            let set = shares.finish(&room).expect("room on disk");
            prop_assert_eq!(matches!(set, EntrySet::Held { .. }), wanted.len() * BYTES <= bytes);
            for n in 0..700 {
                prop_assert_eq!(set.get(hash(n)), Ok(wanted.get(&hash(n)).copied()));
            }
            prop_assert!(set.failure().is_ok());
        }
    }

    #[test]
    fn very_many_entries_are_sorted_and_looked_up_on_disk() {
        let count = 800_000;
        let (room, files) = room(1 << 20);
        let shares = EntryShares::new(count, &room);
        for first in (0..count as u64).step_by(1000) {
            let part = first..(first + 1000).min(count as u64);
            // Every entry comes twice, and the kind that is lower counts.
            let mut entries: Vec<u64> =
                part.flat_map(|n| [hash(n) << KIND_BITS | 2, hash(n) << KIND_BITS | 1]).collect();
            shares.add(&mut entries).expect("room on disk");
        }
        let set = shares.finish(&room).expect("room on disk");
        assert_eq!(files.load(Ordering::Relaxed), 2, "one to sort them, and one with the result");
        assert!(set.bytes() < 1 << 20, "{}", set.bytes());
        for n in (0..count as u64).step_by(97) {
            assert_eq!(set.get(hash(n)), Ok(Some(hash(n) << KIND_BITS | 1)));
            assert_eq!(set.get(hash(n + count as u64)), Ok(None));
        }
    }

    #[test]
    fn a_disk_that_fails_is_told() {
        let (room, _) = room(64);
        let shares = EntryShares::new(1000, &room);
        shares.add(&mut (0..1000).map(|n| hash(n) << KIND_BITS).collect()).expect("room on disk");
        let set = shares.finish(&room).expect("room on disk");
        let EntrySet::OnDisk(entries) = &set else { panic!("they are on disk") };
        entries.file.set_len(8).expect("a file can be cut");
        assert_eq!(set.get(hash(7)), Err(Failed));
        assert!(set.failure().is_err(), "it says so");
        assert!(set.failure().is_ok(), "once");
    }
}
