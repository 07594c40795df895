//! Passes over all lines of a run, partitioned by key.
//!
//! Each pass creates entries for the lines, partitions them by the hash of a key, and lets one thread process one partition in
//! input order. If the entries of all partitions do not fit in memory, the lines are read again for each group of partitions,
//! as in a grace hash join.

use std::io;
use std::ops::Range;

use rayon::prelude::*;

use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::line::{Batch, Line};
use crate::claim::store::Store;
use crate::steps;

/// Minimum number of lines for more than one partition: below it a second thread costs more than it saves.
const MIN_PARTITIONED_LINES: usize = 1 << 14;

/// Bytes of a partition: a core's share of a common cache. Entries with equal keys are anywhere in their partition, so to fetch
/// them from memory takes longer than all other work on them.
const PARTITION_BYTES: usize = 8 << 20;

/// Most partitions for each thread at a time: with more, a partition has too few entries of each batch.
const MOST_OF_THREAD: usize = 32;

/// An entry of a pass. Its key decides its partition.
pub(crate) trait Keyed {
    fn key(&self) -> KeyHash;
}

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

    /// Calls `look` for each batch with the number of its first line, in parallel. Returns the results in order.
    pub(crate) fn each<T: Send>(&self, look: impl Fn(usize, &Batch) -> T + Sync) -> io::Result<Vec<T>> {
        let one = |n: usize| {
            let batch = self.store.batch(n)?;
            let filled = self.fill.map_or(Ok(None), |fill| fill(self.starts[n], &batch))?;
            Ok(look(self.starts[n], filled.as_ref().unwrap_or(&batch)))
        };
        (0..self.store.batches()).into_par_iter().map(one).collect()
    }

    /// Partitions the entries that `remember` makes of the lines that `wants` names, and returns the results of `work` for each
    /// partition, whose entries it gets in input order. `most` is the maximum number of entries; `beside` is the number of bytes
    /// that `work` needs for an entry in addition to the entry itself.
    pub(crate) fn partitioned<T: Keyed + Send + Sync, R: Send>(
        &self,
        most: usize,
        beside: usize,
        wants: impl Fn(usize) -> bool + Sync,
        remember: impl Fn(usize, Line<'_>) -> T + Sync,
        work: impl Fn(Entries<'_, T>) -> R + Sync,
    ) -> io::Result<Vec<R>> {
        self.partitioned_batches(
            most,
            beside,
            |start, batch, add| {
                // Nothing is read of a line that is not wanted.
                let wanted = (0..batch.len()).filter(|n| wants(start + n));
                wanted.for_each(|n| add(remember(start + n, batch.line(n))));
                Ok(())
            },
            work,
        )
    }

    /// Same as [`Lines::partitioned`], but `remember` gets a whole batch and may fail.
    pub(crate) fn partitioned_batches<T: Keyed + Send + Sync, R: Send>(
        &self,
        most: usize,
        beside: usize,
        remember: impl Fn(usize, &Batch, &mut dyn FnMut(T)) -> io::Result<()> + Sync,
        work: impl Fn(Entries<'_, T>) -> R + Sync,
    ) -> io::Result<Vec<R>> {
        let mut made = Vec::new();
        if most == 0 {
            return Ok(made);
        }
        let (partitions, at_a_time) = self.partitions(most, size_of::<T>() + beside);
        for first in (0..partitions).step_by(at_a_time) {
            let partitioned = self.partition(most, partitions, &(first..first + at_a_time), &remember)?;
            made.extend(
                (0..at_a_time)
                    .into_par_iter()
                    .map(|number| work(Entries { partitioned: &partitioned, number }))
                    .collect::<Vec<_>>(),
            );
        }
        Ok(made)
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

    /// The entries of the partitions `now`, by batch and partition, in input order. `most` is an upper bound on the entries of
    /// all partitions.
    fn partition<T: Keyed + Send>(
        &self,
        most: usize,
        partitions: usize,
        now: &Range<usize>,
        remember: &(impl Fn(usize, &Batch, &mut dyn FnMut(T)) -> io::Result<()> + Sync),
    ) -> io::Result<Vec<Vec<Vec<T>>>> {
        let by_batch = self.each(|start, batch| {
            // Capacity for an even share plus a sixteenth, so that a vector rarely grows.
            let share = (most as u64 * batch.len() as u64 / (self.len().max(1) * partitions) as u64) as usize;
            let mut partitioned: Vec<Vec<T>> =
                now.clone().map(|_| Vec::with_capacity((share + share / 16).min(batch.len()))).collect();
            remember(start, batch, &mut |entry: T| {
                // The upper half of the key decides the partition; hash tables use the lower half.
                let partition = (((entry.key() >> 64) * partitions as u128) >> 64) as usize;
                if now.contains(&partition) {
                    partitioned[partition - now.start].push(entry);
                }
            })?;
            Ok(partitioned)
        })?;
        by_batch.into_iter().collect()
    }
}

/// The entries of one partition.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'d, T> {
    partitioned: &'d [Vec<Vec<T>>],
    number: usize,
}

impl<'d, T> Entries<'d, T> {
    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.partitioned.iter().map(|of_batch| of_batch[self.number].len()).sum()
    }

    /// The entries in input order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'d T> + use<'d, T> {
        let number = self.number;
        self.partitioned.iter().flat_map(move |of_batch| &of_batch[number]).inspect(|_| steps::take(1))
    }
}

impl<'d, T: Keyed> Entries<'d, T> {
    /// Entries with equal keys together, each group in input order.
    pub(crate) fn groups(&self) -> GroupedItems<&'d T> {
        GroupedItems::new(self.iter(), |entry| entry.key())
    }
}

/// Items grouped by key. Items of a group keep their order.
pub(crate) struct GroupedItems<T> {
    items: Vec<T>,
    /// The end of each group in `items`.
    ends: Vec<usize>,
}

impl<T: Copy> GroupedItems<T> {
    /// Groups items in linear time.
    pub(crate) fn new(items: impl Iterator<Item = T>, key: impl Fn(&T) -> KeyHash) -> Self {
        let items: Vec<T> = items.collect();
        let (mut of_item, mut sizes): (Vec<u32>, Vec<usize>) = (Vec::with_capacity(items.len()), Vec::new());
        let mut seen = hashbrown::HashTable::<(KeyHash, u32)>::with_capacity(items.len() / 2);
        for item in &items {
            let key = key(item);
            let group = match seen.entry(key as u64, |(k, _)| *k == key, |(k, _)| *k as u64) {
                hashbrown::hash_table::Entry::Occupied(known) => known.get().1,
                hashbrown::hash_table::Entry::Vacant(free) => {
                    let group = sizes.len() as u32;
                    free.insert((key, group));
                    sizes.push(0);
                    group
                }
            };
            sizes[group as usize] += 1;
            of_item.push(group);
        }
        let mut next: Vec<usize> =
            sizes.iter().scan(0, |sum, size| Some(std::mem::replace(sum, *sum + size))).collect();
        let ends = next.iter().zip(&sizes).map(|(start, size)| start + size).collect();
        let mut order = vec![0u32; items.len()];
        for (place, group) in of_item.iter().enumerate() {
            order[next[*group as usize]] = place as u32;
            next[*group as usize] += 1;
        }
        Self { items: order.into_iter().map(|place| items[place as usize]).collect(), ends }
    }

    /// The groups, in the order of their first items.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[T]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.items[start..*end]).inspect(|group| steps::take(group.len()))
    }
}

/// A set of lines, or of claims identified by their first lines: one bit for each line of the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set for this many lines.
    pub(crate) fn new(lines: usize) -> Self {
        Self(vec![0; lines.div_ceil(64)])
    }

    /// The items that occur more than once, such as claims with several lines.
    pub(crate) fn repeated(lines: usize, items: impl Iterator<Item = u32>) -> Self {
        let (mut seen, mut repeated) = (Self::new(lines), Self::new(lines));
        for item in items {
            if !seen.insert(item) {
                repeated.insert(item);
            }
        }
        repeated
    }

    /// Adds a line. Returns whether it is new.
    pub(crate) fn insert(&mut self, line: u32) -> bool {
        let (word, bit) = (&mut self.0[line as usize / 64], 1 << (line % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Is the line in the set?
    pub(crate) fn contains(&self, line: u32) -> bool {
        self.0.get(line as usize / 64).is_some_and(|word| word & (1 << (line % 64)) != 0)
    }

    /// Is the set empty?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_order_of_their_items() {
        let groups = GroupedItems::new([(2, 'a'), (1, 'b'), (2, 'c'), (3, 'd'), (1, 'e')].into_iter(), |(key, _)| *key);
        let said: Vec<String> = groups.iter().map(|group| group.iter().map(|(_, item)| item).collect()).collect();
        assert_eq!(said, ["ac", "be", "d"]);
        assert_eq!(GroupedItems::new(std::iter::empty::<u8>(), |_| 0).iter().count(), 0);
    }

    #[test]
    fn bits_are_a_set() {
        let mut bits = Bits::new(65);
        assert!(bits.is_empty() && bits.insert(64) && !bits.insert(64) && bits.contains(64) && !bits.contains(0));
        assert!(!bits.is_empty() && !Bits::new(0).contains(64));
        let repeated = Bits::repeated(70, [3, 64, 3, 65, 3].into_iter());
        assert!((0..70).filter(|item| repeated.contains(*item)).eq([3]));
    }
}
