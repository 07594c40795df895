//! Entries with one key: in memory if there are few of them, and sorted on disk if there are more than memory may hold.
//!
//! Almost every claim and every member has a few rows. If a column of claims or members holds one word, all rows are of one, and
//! a run must not take more memory for that.

use std::io;
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::disk::sequence::{Sequence, SequenceWriter, Values};
use crate::disk::sorted::{Ordered, Sortable, Sorter};
use crate::disk::spool::Scratch;
use crate::steps;

/// The part of the memory of a pass that values take which are being sorted. Of a key with very many entries up to four lists are
/// sorted at a time: its entries, its services, and its stays twice. A growing list may take twice as much, so together they take
/// the memory of the pass.
const SORTED_SHARE: usize = 8;

/// Least bytes of values that are sorted at a time.
const LEAST_SORTED: usize = 4 << 10;

/// The part of the memory of a pass that a group takes before it is on disk: what the entries of one key may take that is not sorted
/// on disk. So the few keys that were only counted together with a big one are in memory.
const HELD_SHARE: usize = 16;

/// An entry of a pass. Its key decides its partition and its group.
pub(crate) trait Keyed: Clone + Send + Sync + Serialize + DeserializeOwned {
    /// The order of the entries of a group that is on disk.
    type Order: Ord + Send + Serialize + DeserializeOwned;

    fn key(&self) -> KeyHash;

    fn order(&self) -> Self::Order;
}

/// What a pass keeps of a line, by the claim of the line.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ClaimRow<T> {
    key: KeyHash,
    pub(crate) line: u32,
    pub(crate) kept: T,
}

impl<T> ClaimRow<T> {
    pub(crate) fn new(claim: u32, line: u32, kept: T) -> Self {
        Self { key: Keys::claim(claim), line, kept }
    }
}

impl<T: Clone + Send + Sync + Serialize + DeserializeOwned> Keyed for ClaimRow<T> {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.key
    }

    fn order(&self) -> u32 {
        self.line
    }
}

/// Memory and disk for what a pass of the index sorts.
#[derive(Clone)]
pub(crate) struct PassRoom {
    pub(crate) scratch: Scratch,
    /// Bytes that the pass may take.
    pub(crate) memory: usize,
}

impl PassRoom {
    /// Sorts values by keys.
    pub(crate) fn sorter<K, T>(&self) -> PassSorter<K, T>
    where
        Ordered<K, T>: Sortable,
    {
        PassSorter(Sorter::new(self.scratch.clone(), (self.memory / SORTED_SHARE).max(LEAST_SORTED)))
    }

    /// Collects values that are read several times.
    pub(crate) fn sequence<T: Clone + Serialize + DeserializeOwned>(&self) -> SequenceWriter<T> {
        SequenceWriter::new(self.scratch.clone(), self.memory / HELD_SHARE)
    }
}

/// Sorts values by keys within the memory of a pass.
pub(crate) struct PassSorter<K, T>(Sorter<Ordered<K, T>>);

impl<K, T> PassSorter<K, T>
where
    Ordered<K, T>: Sortable,
{
    pub(crate) fn push(&mut self, key: K, value: T) -> io::Result<()> {
        self.0.push(Ordered { key, value }, size_of::<Ordered<K, T>>())
    }

    /// The keys in order, each with its value.
    pub(crate) fn finish(self) -> io::Result<impl Iterator<Item = io::Result<(K, T)>>> {
        Ok(self.0.finish()?.map(|next| next.map(|Ordered { key, value }| (key, value))))
    }
}

/// Entries with one key.
pub(crate) enum Group<'g, T> {
    /// In input order.
    Held(&'g [&'g T]),
    /// In their own order.
    OnDisk(&'g BigGroup<T>),
}

impl<T: Keyed> Group<'_, T> {
    /// Calls `look` for each entry. Fails if `look` does, or if the entries cannot be read back.
    pub(crate) fn each(&self, mut look: impl FnMut(&T) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Held(entries) => entries.iter().try_for_each(|entry| look(entry)),
            Self::OnDisk(group) => group.iter().try_for_each(|entry| look(&entry?)),
        }
    }
}

/// Entries with one key that may be on disk.
pub(crate) struct BigGroup<T> {
    entries: Sequence<T>,
    pub(crate) room: PassRoom,
}

impl<T: Keyed> BigGroup<T> {
    /// The entries in their order.
    pub(crate) fn iter(&self) -> Values<'_, T> {
        self.entries.iter()
    }
}

/// Sorts entries by group.
pub(crate) struct BigGroups<T: Keyed> {
    sorter: Mutex<PassSorter<(KeyHash, T::Order), T>>,
    room: PassRoom,
}

impl<T: Keyed> BigGroups<T> {
    pub(crate) fn new(room: PassRoom) -> Self {
        Self { sorter: Mutex::new(room.sorter()), room }
    }

    /// Adds entries, in any order.
    pub(crate) fn add(&self, entries: Vec<T>) -> io::Result<()> {
        let mut sorter = self.sorter.lock().unwrap_or_else(PoisonError::into_inner);
        entries.into_iter().try_for_each(|entry| sorter.push((entry.key(), entry.order()), entry))
    }

    /// Calls `work` for one group after another.
    pub(crate) fn finish(self, mut work: impl FnMut(&BigGroup<T>) -> io::Result<()>) -> io::Result<()> {
        let Self { sorter, room } = self;
        let mut sorted = sorter.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?.peekable();
        while let Some(first) = sorted.next() {
            let ((key, _), first) = first?;
            let mut entries = room.sequence();
            entries.push(first, size_of::<T>())?;
            let is_same =
                |next: &io::Result<((KeyHash, T::Order), T)>| next.as_ref().map_or(true, |((k, _), _)| *k == key);
            while let Some(next) = sorted.next_if(is_same) {
                entries.push(next?.1, size_of::<T>())?;
                steps::take(1);
            }
            work(&BigGroup { entries: entries.finish()?, room: room.clone() })?;
        }
        Ok(())
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
        // The first item of each group, by its place, which takes less memory than its key.
        let mut firsts = hashbrown::HashTable::<u32>::with_capacity(items.len());
        let key_at = |place: &u32| key(&items[*place as usize]);
        for (place, item) in (0..).zip(&items) {
            let key = key(item);
            let group = match firsts.entry(key as u64, |other| key_at(other) == key, |other| key_at(other) as u64) {
                hashbrown::hash_table::Entry::Occupied(first) => of_item[*first.get() as usize],
                hashbrown::hash_table::Entry::Vacant(free) => {
                    let group = sizes.len() as u32;
                    free.insert(place);
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
}
