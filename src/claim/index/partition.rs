//! Passes over all lines of a run, partitioned by key.
//!
//! Each pass creates entries for the lines, partitions them by the hash of a key, and lets one thread process one partition in
//! input order. If the entries of all partitions do not fit in memory, the lines are read again for each group of partitions,
//! as in a grace hash join. If the entries of few keys do not fit, these are sorted on disk.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::claim::index::groups::{BigGroup, BigGroups, Group, GroupedItems, Keyed, PassRoom};
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::line::{Batch, Line};
use crate::claim::store::Store;
use crate::steps;

/// Minimum number of lines for more than one partition: below it a second thread costs more than it saves.
const MIN_PARTITIONED_LINES: usize = 1 << 14;

/// Lines that a thread takes at a time where a line takes a few nanoseconds.
pub(crate) const LINES_AT_A_TIME: usize = MIN_PARTITIONED_LINES;

/// Bytes of a partition. Entries with equal keys are anywhere in their partition, and to fetch them from memory takes longer than all
/// other work on them, so they and the table of their keys should be in the caches of a core. Measured on two cores with 1 MiB each
/// and 32 MiB in common: with 8 MiB the rows of a claim are found a third slower; with 512 KiB, which makes more partitions, writing
/// the entries costs what is saved.
const PARTITION_BYTES: usize = 4 << 20;

/// Most partitions for each thread at a time. With more, a partition has too few entries of each batch: on two threads, 64 of the
/// 4,096 lines. Chosen, not measured apart from [`PARTITION_BYTES`], by which 128 MiB of entries a thread have as many.
const MOST_OF_THREAD: usize = 32;

/// The part of the memory of a pass that a partition may take. What `work` makes of the entries of one key may take three times as
/// much as they do.
const PARTITION_SHARE: usize = 4;

/// The part of the memory that the entries of one key may take if not all entries fit. So four such keys are within what a
/// partition may take, whose size is not looked at again.
const KEY_SHARE: usize = 4 * PARTITION_SHARE;

/// Number of first bits of keys by which entries are counted if they do not fit. The counters take 512 KiB. Of a hundred million
/// entries of ordinary keys, one of them counts 1,500, far below the share of a key, so that none is taken for a big one.
const COUNTED_BITS: u32 = 16;

/// Fills the facts of other rows into a batch whose first line has this number. `None` if nothing is filled in.
/// Fails if the facts cannot be read back.
pub(crate) type Fill<'f> = dyn Fn(usize, &Batch) -> io::Result<Option<Batch>> + Sync + 'f;

/// The lines of a run, for the passes of the index.
pub(crate) struct Lines<'a> {
    pub(crate) store: &'a Store,
    /// The number of the first line of each batch.
    pub(crate) starts: Vec<usize>,
    pub(crate) keys: Keys,
    /// Bytes that the entries of a pass may take.
    pub(crate) memory: usize,
    /// Fills in facts from other rows, after they were found.
    pub(crate) fill: Option<&'a Fill<'a>>,
}

impl Lines<'_> {
    /// Number of lines.
    pub(crate) fn len(&self) -> usize {
        self.store.len()
    }

    /// Are the lines judged part by part? They are if there is a bound on what they take. Then nobody asks how a line is related
    /// to a line of another part.
    pub(crate) fn in_parts(&self) -> bool {
        self.store.spool().is_some()
    }

    /// Memory and disk for what a pass sorts. `None` if there is no bound on memory.
    pub(crate) fn room(&self) -> Option<PassRoom> {
        self.store.spool().map(|spool| PassRoom { scratch: spool.scratch(), memory: self.memory })
    }

    /// Calls `look` for each batch with the number of its first line, in parallel. Returns the results in order.
    pub(crate) fn each<T: Send>(&self, look: impl Fn(usize, &Batch) -> T + Sync) -> io::Result<Vec<T>> {
        let one = |n: usize| {
            let batch = self.store.batch(n)?;
            let filled = self.fill.map_or(Ok(None), |fill| fill(self.starts[n], &batch))?;
            Ok(look(self.starts[n], filled.as_ref().unwrap_or(&batch)))
        };
        (0..self.store.batches()).into_par_iter().map(one).collect()
    }

    /// Calls `look` with the batches and values of their lines, in parallel, without the facts of other rows. Returns the results
    /// in order.
    pub(crate) fn each_with<T: Send, R: Send>(
        &self,
        values: &mut [T],
        look: impl Fn(usize, &Batch, &mut [T]) -> R + Sync,
    ) -> io::Result<Vec<R>> {
        let one = |(n, of_batch): (usize, &mut [T])| Ok(look(self.starts[n], &*self.store.batch(n)?, of_batch));
        self.by_batch(values).into_par_iter().enumerate().map(one).collect()
    }

    /// Values of all lines by batch.
    pub(crate) fn by_batch<'v, T>(&self, mut values: &'v mut [T]) -> Vec<&'v mut [T]> {
        let ends = self.starts.iter().skip(1).copied().chain([self.len()]);
        let of_batch = |(start, end): (&usize, usize)| values.split_off_mut(..end - start).unwrap_or_default();
        self.starts.iter().zip(ends).map(of_batch).collect()
    }

    /// Partitions the entries that `remember` makes of the lines that `wants` names, and returns the results of `work` for each
    /// partition, whose entries it gets in input order, and for each group that is on disk. `most` is the maximum number of
    /// entries; `beside` is the number of bytes that `work` needs for an entry in addition to the entry itself.
    pub(crate) fn partitioned<T: Keyed, R: Send>(
        &self,
        most: usize,
        beside: usize,
        wants: impl Fn(usize) -> bool + Sync,
        remember: impl Fn(usize, Line<'_>) -> T + Sync,
        work: impl Fn(Entries<'_, T>) -> io::Result<R> + Sync,
    ) -> io::Result<Vec<R>> {
        self.partitioned_batches(
            most,
            beside,
            |start, batch, add| {
                // Nothing is read of a line that is not wanted.
                let wanted: Vec<usize> = (0..batch.len()).filter(|n| wants(start + n)).collect();
                batch.each_of(&wanted, |n, line| add(remember(start + n, line)));
                Ok(())
            },
            work,
        )
    }

    /// Same as [`Lines::partitioned`], but `remember` gets a whole batch and may fail.
    pub(crate) fn partitioned_batches<T: Keyed, R: Send>(
        &self,
        most: usize,
        beside: usize,
        remember: impl Fn(usize, &Batch, &mut dyn FnMut(T)) -> io::Result<()> + Sync,
        work: impl Fn(Entries<'_, T>) -> io::Result<R> + Sync,
    ) -> io::Result<Vec<R>> {
        let mut made = Vec::new();
        if most == 0 {
            return Ok(made);
        }
        let (room, bytes) = (self.room(), size_of::<T>() + beside);
        let (mut partitions, at_a_time) = self.partitions(most, bytes);
        let (mut first, mut most, mut big) = (0, most, None);
        while first < partitions {
            let now = first..partitions.min(first + at_a_time);
            let limits = room.as_ref().filter(|_| big.is_none()).map(|room| Limits::new(room.memory, bytes));
            let wanted = Wanted { partitions, now: now.clone(), big: big.as_ref() };
            let Some(partitioned) = self.partition(most, &wanted, limits, &remember)? else {
                // The hashes of keys are even, so some keys have very many entries, or there are more entries than expected.
                let found = self.big_keys(first, partitions, bytes, &remember)?;
                most = found.others * partitions / (partitions - first);
                let finer = (most * at_a_time / partitions * bytes).div_ceil(self.memory / 2 + 1).max(1);
                (first, partitions) = (first * finer, partitions * finer);
                if found.others == 0 {
                    first = partitions;
                }
                big = Some(found);
                continue;
            };
            let of_number = |number| work(Entries::Held { partitioned: &partitioned, number });
            made.append(&mut (0..now.len()).into_par_iter().map(of_number).collect::<io::Result<Vec<_>>>()?);
            first = now.end;
        }
        let Some((big, room)) = big.zip(room).filter(|(big, _)| big.is_big.iter().any(|is_big| *is_big)) else {
            return Ok(made);
        };
        let groups = BigGroups::new(room);
        let add = |start: usize, batch: &Batch| {
            let mut entries = Vec::new();
            remember(start, batch, &mut |entry: T| {
                if big.contain(entry.key()) {
                    entries.push(entry);
                }
            })?;
            groups.add(entries)
        };
        self.each(add)?.into_iter().collect::<io::Result<()>>()?;
        groups.finish(|group| {
            made.push(work(Entries::OnDisk(group))?);
            Ok(())
        })?;
        Ok(made)
    }

    /// Finds keys with so many entries that they are sorted on disk, among those of the partitions from `first` on.
    fn big_keys<T: Keyed>(
        &self,
        first: usize,
        partitions: usize,
        bytes: usize,
        remember: &(impl Fn(usize, &Batch, &mut dyn FnMut(T)) -> io::Result<()> + Sync),
    ) -> io::Result<BigKeys> {
        let counts: Vec<AtomicU64> = (0..1 << COUNTED_BITS).map(|_| AtomicU64::new(0)).collect();
        let count = |start: usize, batch: &Batch| {
            remember(start, batch, &mut |entry: T| {
                if partition_of(entry.key(), partitions) >= first {
                    counts[counter_of(entry.key())].fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        self.each(count)?.into_iter().collect::<io::Result<()>>()?;
        let most = (self.memory / KEY_SHARE / bytes) as u64;
        let counts = counts.into_iter().map(AtomicU64::into_inner).collect::<Vec<_>>();
        let others = counts.iter().copied().filter(|count| *count <= most).sum::<u64>() as usize;
        Ok(BigKeys { first, partitions, is_big: counts.iter().map(|count| *count > most).collect(), others })
    }

    /// The number of partitions, and how many of them are in memory at a time.
    fn partitions(&self, entries: usize, bytes_an_entry: usize) -> (usize, usize) {
        if entries < MIN_PARTITIONED_LINES {
            return (1, 1);
        }
        let threads = rayon::current_num_threads();
        let passes = (entries * bytes_an_entry).div_ceil(self.memory.max(1)).max(1);
        let of_thread = (entries * bytes_an_entry).div_ceil(threads * passes * PARTITION_BYTES);
        let at_a_time = threads * of_thread.clamp(1, MOST_OF_THREAD);
        (at_a_time * passes, at_a_time)
    }

    /// The wanted entries, by batch and partition, in input order. `None` if they exceed the limits. `most` is an upper bound on
    /// the entries of all partitions.
    fn partition<T: Keyed>(
        &self,
        most: usize,
        wanted: &Wanted<'_>,
        limits: Option<Limits>,
        remember: &(impl Fn(usize, &Batch, &mut dyn FnMut(T)) -> io::Result<()> + Sync),
    ) -> io::Result<Option<Vec<Vec<Vec<T>>>>> {
        let Wanted { partitions, now, big } = wanted;
        let total = AtomicUsize::new(0);
        let exceeds =
            |more: usize| limits.is_some_and(|limits| total.fetch_add(more, Ordering::Relaxed) + more > limits.entries);
        let by_batch = self.each(|start, batch| {
            if exceeds(0) {
                return Ok(Vec::new());
            }
            // Capacity for an even share plus a sixteenth, so that a vector rarely grows.
            let share = (most as u64 * batch.len() as u64 / (self.len().max(1) * partitions) as u64) as usize;
            let mut partitioned: Vec<Vec<T>> =
                now.clone().map(|_| Vec::with_capacity((share + share / 16).min(batch.len()))).collect();
            remember(start, batch, &mut |entry: T| {
                let partition = partition_of(entry.key(), *partitions);
                if now.contains(&partition) && big.is_none_or(|big| !big.contain(entry.key())) {
                    partitioned[partition - now.start].push(entry);
                }
            })?;
            exceeds(partitioned.iter().map(Vec::len).sum());
            Ok(partitioned)
        })?;
        if exceeds(0) {
            return Ok(None);
        }
        let by_batch = by_batch.into_iter().collect::<io::Result<Vec<_>>>()?;
        let of_partition = |number: usize| by_batch.iter().map(|of_batch: &Vec<Vec<T>>| of_batch[number].len()).sum();
        let largest: usize = (0..now.len()).map(of_partition).max().unwrap_or_default();
        Ok(Some(by_batch).filter(|_| limits.is_none_or(|limits| largest <= limits.of_partition)))
    }
}

/// How many of so many lines are of this kind.
pub(crate) fn count(lines: usize, is: impl Fn(usize) -> bool + Sync) -> usize {
    (0..lines).into_par_iter().with_min_len(LINES_AT_A_TIME).filter(|line| is(*line)).count()
}

/// Those of so many lines that are of this kind, in order.
pub(crate) fn those(lines: usize, is: impl Fn(usize) -> bool + Sync) -> Vec<u32> {
    let found = (0..lines).into_par_iter().with_min_len(LINES_AT_A_TIME).filter(|line| is(*line));
    found.map(|line| line as u32).collect()
}

/// So many values, made in parallel, because the system hands out their memory page by page.
pub(crate) fn copies<T: Send>(count: usize, value: impl Fn() -> T + Sync) -> Vec<T> {
    (0..count).into_par_iter().with_min_len(LINES_AT_A_TIME).map(|_| value()).collect()
}

/// The partition of a key. The upper half decides it; hash tables use the lower half.
fn partition_of(key: KeyHash, partitions: usize) -> usize {
    (((key >> 64) * partitions as u128) >> 64) as usize
}

/// The place at which the entries of a key are counted.
fn counter_of(key: KeyHash) -> usize {
    (key >> (KeyHash::BITS - COUNTED_BITS)) as usize
}

/// Which entries are wanted at a time: those of the partitions `now`, without those of big keys.
struct Wanted<'b> {
    partitions: usize,
    now: Range<usize>,
    big: Option<&'b BigKeys>,
}

/// Most entries in memory.
#[derive(Clone, Copy)]
struct Limits {
    entries: usize,
    of_partition: usize,
}

impl Limits {
    /// Partitions differ by chance, so they may take a quarter more than the memory.
    fn new(memory: usize, bytes_an_entry: usize) -> Self {
        let entries = memory / bytes_an_entry;
        Self { entries: entries + entries / 4, of_partition: entries / PARTITION_SHARE }
    }
}

/// Keys with very many entries, and the few others that are counted with them.
struct BigKeys {
    /// The first partition of which keys are big; those before it are done.
    first: usize,
    partitions: usize,
    /// By the first bits of a key, whether it is one.
    is_big: Vec<bool>,
    /// Number of entries of all other keys in these partitions.
    others: usize,
}

impl BigKeys {
    fn contain(&self, key: KeyHash) -> bool {
        self.is_big[counter_of(key)] && partition_of(key, self.partitions) >= self.first
    }
}

/// The entries of one partition, or of one key that has very many.
pub(crate) enum Entries<'d, T> {
    Held { partitioned: &'d [Vec<Vec<T>>], number: usize },
    OnDisk(&'d BigGroup<T>),
}

impl<T: Keyed> Entries<'_, T> {
    /// Calls `look` for each entry, in input order. Fails if `look` does, or if they cannot be read back.
    pub(crate) fn each(&self, mut look: impl FnMut(&T) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Held { partitioned, number } => held(partitioned, *number).try_for_each(look),
            Self::OnDisk(group) => group.iter().try_for_each(|entry| look(&entry?)),
        }
    }

    /// Most keys that the entries may have.
    pub(crate) fn most_keys(&self) -> usize {
        match self {
            Self::Held { partitioned, number } => partitioned.iter().map(|of_batch| of_batch[*number].len()).sum(),
            Self::OnDisk(_) => 1,
        }
    }

    /// Calls `look` for each group of entries with equal keys. Fails if `look` does, or if they cannot be read back.
    pub(crate) fn groups(&self, mut look: impl FnMut(Group<'_, T>) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Held { partitioned, number } => {
                let groups = GroupedItems::new(held(partitioned, *number), |entry| entry.key());
                groups.iter().try_for_each(|group| look(Group::Held(group)))
            }
            Self::OnDisk(group) => look(Group::OnDisk(group)),
        }
    }
}

/// The entries of a partition in memory, in input order.
pub(crate) fn held<T>(partitioned: &[Vec<Vec<T>>], number: usize) -> impl Iterator<Item = &T> {
    partitioned.iter().flat_map(move |of_batch| &of_batch[number]).inspect(|_| steps::take(1))
}
