//! Sorting more values than memory holds, and sums by key over them.
//!
//! Values collect in memory up to a bound. Then they are sorted and written to a temporary file as one run, and the runs
//! are merged when they are read. So a report over ten million providers takes the memory of one over ten thousand, and
//! the order of the values depends on them alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufReader, BufWriter, IntoInnerError, Read, Seek, Write};
use std::mem;
use std::ops::AddAssign;
use std::vec;

use compact_str::CompactString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::disk::spool::Scratch;

/// Runs that are merged into one: enough that a value is rarely written more than twice, and few enough that their
/// buffers take 2 MiB.
const MERGED_RUNS: usize = 32;

/// Bytes of values that a sorter holds where nothing else bounds them. Up to 256 MiB of them are then written once and up to 8
/// GiB twice. A growing list may take twice as much; nobody sorts more than four at a time, which take 64 MiB.
pub(crate) const SORTED_BYTES: usize = 8 << 20;

/// Bytes of the buffer of a run that is read or written.
const BUFFER: usize = 1 << 16;

/// A value that can be sorted beyond memory.
pub(crate) trait Sortable: Ord + Serialize + DeserializeOwned {}

impl<T: Ord + Serialize + DeserializeOwned> Sortable for T {}

/// Collects values to read them back in order.
pub(crate) struct Sorter<T> {
    scratch: Scratch,
    /// Bytes of values that may stay in memory.
    limit: usize,
    held: Vec<T>,
    bytes: usize,
    /// By level, the sorted runs on disk. A run of a level was merged from [`MERGED_RUNS`] runs of the level below it, so
    /// a value is written once for each level.
    levels: Vec<Vec<File>>,
}

impl<T: Sortable> Sorter<T> {
    /// A sorter that holds `limit` bytes of values and writes the others to files that `scratch` makes.
    pub(crate) fn new(scratch: Scratch, limit: usize) -> Self {
        Self { scratch, limit, held: Vec::new(), bytes: 0, levels: Vec::new() }
    }

    /// Adds a value that takes `bytes` of memory.
    pub(crate) fn push(&mut self, value: T, bytes: usize) -> io::Result<()> {
        self.held.push(value);
        self.bytes += bytes;
        if self.bytes > self.limit {
            self.bytes = 0;
            let held = mem::take(&mut self.held);
            self.write(held)?;
        }
        Ok(())
    }

    /// Writes these values as a run.
    fn write(&mut self, mut values: Vec<T>) -> io::Result<()> {
        values.sort_unstable();
        let mut run = write_run(&self.scratch, values.into_iter().map(Ok))?;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let runs = &mut self.levels[level];
            runs.push(run);
            if runs.len() < MERGED_RUNS {
                break;
            }
            let full = mem::take(runs).into_iter().map(RunReader::open).collect::<io::Result<_>>()?;
            run = write_run(&self.scratch, Merged::<T>::new(vec::IntoIter::default(), full)?)?;
        }
        Ok(())
    }

    /// All values in their order.
    pub(crate) fn finish(mut self) -> io::Result<Merged<T>> {
        self.held.sort_unstable();
        let runs = self.levels.into_iter().flatten().map(RunReader::open).collect::<io::Result<_>>()?;
        Merged::new(self.held.into_iter(), runs)
    }
}

fn write_run<T: Serialize>(scratch: &Scratch, values: impl Iterator<Item = io::Result<T>>) -> io::Result<File> {
    let mut file = BufWriter::with_capacity(BUFFER, scratch()?);
    for value in values {
        write_value(&value?, &mut file)?;
    }
    let mut file = file.into_inner().map_err(IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// Writes a value after its length. Returns the bytes that both take.
pub(super) fn write_value(value: &impl Serialize, out: &mut impl Write) -> io::Result<u64> {
    let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&bytes)?;
    Ok(4 + u64::from(length))
}

/// Reads what [`write_value`] wrote, and the bytes that it takes.
pub(super) fn read_value<T: DeserializeOwned>(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<(T, u64)> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    buffer.resize(length as usize, 0);
    from.read_exact(buffer)?;
    Ok((postcard::from_bytes(buffer).map_err(io::Error::other)?, 4 + u64::from(length)))
}

/// Reads a run from its start.
struct RunReader {
    file: BufReader<File>,
    left: u64,
    buffer: Vec<u8>,
}

impl RunReader {
    fn open(file: File) -> io::Result<Self> {
        let left = file.metadata()?.len();
        Ok(Self { file: BufReader::with_capacity(BUFFER, file), left, buffer: Vec::new() })
    }

    fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        if self.left == 0 {
            return Ok(None);
        }
        let (value, bytes) = read_value(&mut self.file, &mut self.buffer)?;
        self.left = self.left.saturating_sub(bytes);
        Ok(Some(value))
    }
}

/// Values of several sorted runs and of memory, in their order.
pub(crate) struct Merged<T> {
    held: vec::IntoIter<T>,
    runs: Vec<RunReader>,
    /// The next value of each run, with the number of the run; values in memory have the number after the last run.
    next: BinaryHeap<Reverse<(T, usize)>>,
}

impl<T: Sortable> Merged<T> {
    fn new(held: vec::IntoIter<T>, runs: Vec<RunReader>) -> io::Result<Self> {
        let count = runs.len();
        let mut merged = Self { held, runs, next: BinaryHeap::with_capacity(count + 1) };
        (0..=count).try_for_each(|run| merged.refill(run))?;
        Ok(merged)
    }

    fn refill(&mut self, run: usize) -> io::Result<()> {
        let value = match self.runs.get_mut(run) {
            Some(run) => run.next()?,
            None => self.held.next(),
        };
        self.next.extend(value.map(|value| Reverse((value, run))));
        Ok(())
    }
}

impl<T: Sortable> Iterator for Merged<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((value, run)) = self.next.pop()?;
        Some(self.refill(run).map(|()| value))
    }
}

/// A value whose order is that of its key alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ordered<K, T> {
    pub(crate) key: K,
    pub(crate) value: T,
}

impl<K: PartialEq, T> PartialEq for Ordered<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: Eq, T> Eq for Ordered<K, T> {}

impl<K: Ord, T> PartialOrd for Ordered<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> Ord for Ordered<K, T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// A key with its sum.
type Keyed<V> = Ordered<Box<str>, V>;

/// Bytes that an entry takes beside its key and its sum: its hash, its place in the table, free places, and the allocator.
const ENTRY: usize = 48;

fn keyed<V>((key, value): (CompactString, V)) -> Keyed<V> {
    Keyed { key: key.into(), value }
}

/// Sums by key.
pub(crate) struct KeyedSums<V> {
    /// Most keys are short, and are then found without another place in memory. The sums are large: they are close together in a list,
    /// and the table has only their places.
    held: IndexMap<CompactString, V, FxBuildHasher>,
    bytes: usize,
    limit: usize,
    sorter: Sorter<Keyed<V>>,
}

impl<V: AddAssign + Default + Serialize + DeserializeOwned> KeyedSums<V> {
    /// Sums that hold `limit` bytes of keys and write the others to files that `scratch` makes.
    pub(crate) fn new(scratch: Scratch, limit: usize) -> Self {
        // The values of the sorter are written as soon as there are any.
        Self { held: IndexMap::default(), bytes: 0, limit, sorter: Sorter::new(scratch, 0) }
    }

    /// Adds to the sum of a key.
    pub(crate) fn add(&mut self, key: &str, more: V) -> io::Result<()> {
        self.add_with(key, |sum| *sum += more)
    }

    /// Changes the sum of a key, which is the default at first.
    pub(crate) fn add_with(&mut self, key: &str, add: impl FnOnce(&mut V)) -> io::Result<()> {
        if let Some(sum) = self.held.get_mut(key) {
            add(sum);
            return Ok(());
        }
        let mut sum = V::default();
        add(&mut sum);
        self.held.insert(key.into(), sum);
        self.bytes += key.len() + mem::size_of::<V>() + ENTRY;
        if self.bytes > self.limit {
            self.bytes = 0;
            let held = mem::take(&mut self.held);
            self.sorter.write(held.into_iter().map(keyed).collect())?;
        }
        Ok(())
    }

    /// Looks up keys that are added next, and lets `touch` read what will be changed of their sums. Their places in memory are all over
    /// the table, and so the processor waits for several of them at once.
    pub(crate) fn look_ahead<'k>(&self, keys: impl Iterator<Item = &'k str>, touch: impl Fn(&V) -> u64) {
        black_box(keys.filter_map(|key| self.held.get(key)).fold(0, |all, sum| all ^ touch(sum)));
    }

    /// Calls `see` with each key and its sum, in no order unless some had to be written.
    pub(crate) fn each(self, mut see: impl FnMut(&str, V)) -> io::Result<()> {
        if self.sorter.levels.is_empty() {
            self.held.into_iter().for_each(|(key, sum)| see(&key, sum));
            return Ok(());
        }
        self.finish()?.try_for_each(|row| row.map(|(key, sum)| see(&key, sum)))
    }

    /// All keys with their sums, in the order of the keys.
    pub(crate) fn finish(mut self) -> io::Result<KeyedRows<V>> {
        self.sorter.held = self.held.into_iter().map(keyed).collect();
        Ok(KeyedRows { merged: self.sorter.finish()?, next: None })
    }
}

/// Keys with their sums, in the order of the keys.
pub(crate) struct KeyedRows<V> {
    merged: Merged<Keyed<V>>,
    next: Option<Keyed<V>>,
}

impl<V: AddAssign + Serialize + DeserializeOwned> KeyedRows<V> {
    fn next_sum(&mut self) -> io::Result<Option<(Box<str>, V)>> {
        let first = match self.next.take() {
            Some(first) => Some(first),
            None => self.merged.next().transpose()?,
        };
        let Some(Keyed { key, value: mut sum }) = first else { return Ok(None) };
        while let Some(next) = self.merged.next().transpose()? {
            if next.key != key {
                self.next = Some(next);
                break;
            }
            sum += next.value;
        }
        Ok(Some((key, sum)))
    }
}

impl<V: AddAssign + Serialize + DeserializeOwned> Iterator for KeyedRows<V> {
    type Item = io::Result<(Box<str>, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_sum().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// A scratch that counts its files.
    fn counted() -> (Scratch, Arc<AtomicUsize>) {
        let files = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&files);
        let scratch: Scratch = Arc::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            tempfile::tempfile()
        });
        (scratch, files)
    }

    #[test]
    fn runs_of_many_levels_are_merged() {
        let (scratch, files) = counted();
        let mut sorter = Sorter::new(scratch, 0);
        // One run for each value: three levels.
        let count = MERGED_RUNS * MERGED_RUNS + 5;
        for n in 0..count {
            sorter.push((n * 7919) % count, 8).expect("room on disk");
        }
        assert!(sorter.levels.iter().all(|level| level.len() < MERGED_RUNS), "few files are open");
        assert_eq!(files.load(Ordering::Relaxed), count + MERGED_RUNS + 1);
        let sorted: io::Result<Vec<_>> = sorter.finish().and_then(Iterator::collect);
        assert!(sorted.expect("readable").into_iter().eq(0..count));
    }

    #[test]
    fn values_that_fit_stay_in_memory() {
        let (scratch, files) = counted();
        let mut sums = KeyedSums::new(scratch, 1 << 20);
        for n in 0..1000_u64 {
            sums.add(&(n % 10).to_string(), n).expect("no disk is needed");
        }
        let rows: Vec<_> = sums.finish().and_then(Iterator::collect).expect("no disk is needed");
        assert_eq!((rows.len(), files.load(Ordering::Relaxed)), (10, 0));
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_the_limit(
            added in prop::collection::vec(("[a-f]{0,3}", 0_u64..100), 0..200),
            limit in 0_usize..2000,
        ) {
            let mut expected = BTreeMap::<String, u64>::new();
            let [mut sums, mut again] = [0, 1].map(|_| KeyedSums::new(counted().0, limit));
            for (key, n) in &added {
                *expected.entry(key.clone()).or_default() += n;
                sums.add(key, *n).expect("room on disk");
                again.add(key, *n).expect("room on disk");
            }
            let rows: io::Result<Vec<_>> = sums.finish().and_then(Iterator::collect);
            let rows: Vec<_> = rows.expect("readable").into_iter().map(|(key, n)| (key.into_string(), n)).collect();
            prop_assert_eq!(rows, expected.clone().into_iter().collect::<Vec<_>>());
            let mut each = BTreeMap::new();
            again.each(|key, n| assert!(each.insert(key.to_owned(), n).is_none())).expect("readable");
            prop_assert_eq!(each, expected);
        }
    }
}
