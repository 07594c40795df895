//! The lines of a run in input order, in batches. Batches that do not fit in the memory for lines are kept on disk.
//!
//! All later work proceeds by batch: a batch is indexed, judged, written and dropped as a whole.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use crate::claim::line::Batch;
use crate::claim::line::batch::MAX_BATCH_BYTES;
use crate::claim::line::reader::{Reader, Remembered};
use crate::disk::spool::{Spool, SpoolSlot};
use crate::ingest::{Binding, Collector, Position, ReadError, Row, RowAction};

/// Number of lines in a full batch, from the seventh on: about 1 MB of cells, enough that handing it to a thread costs nothing, and
/// few enough for the caches.
pub const BATCH_LINES: usize = 4096;

/// The first batches have an eighth of the lines of a full one, and every second batch twice as many, so that the few lines of a
/// sparse extract are several batches, which several threads index and judge.
const DOUBLINGS: usize = 3;

/// Number of lines after which the final size of a batch is estimated, so that its buffers do not grow in many small steps.
const SAMPLE_LINES: usize = 64;

/// Most lines of a run: the index numbers them in 32 bits.
pub(crate) const MOST_LINES: u64 = u32::MAX as u64;

/// Lines in input order.
#[derive(Debug)]
pub struct Store {
    slots: Vec<Slot>,
    lines: usize,
    /// Lines of a full batch, but for the first ones.
    full: usize,
    /// How often the number of lines of a batch doubles.
    doublings: usize,
    spool: Option<Arc<Spool>>,
    /// Empty batches of the block before, to be filled again.
    spares: Vec<Batch>,
    /// What was read before of the extract that is read.
    remembered: Remembered,
}

#[derive(Debug)]
enum Slot {
    Held(Box<Batch>),
    Spooled { place: SpoolSlot, lines: usize },
}

impl Slot {
    /// The batch, if it is in memory.
    fn held(&self) -> Option<&Batch> {
        match self {
            Self::Held(batch) => Some(batch),
            Self::Spooled { .. } => None,
        }
    }
}

impl Store {
    /// An empty store with batches of `full` lines, the first ones smaller. Without a spool, all batches stay in memory.
    pub fn new(spool: Option<Arc<Spool>>, full: usize) -> Self {
        let (slots, spares, remembered) = Default::default();
        Self { slots, lines: 0, full, doublings: DOUBLINGS, spool, spares, remembered }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines
    }

    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Where batches are kept that do not fit in memory.
    pub fn spool(&self) -> Option<&Arc<Spool>> {
        self.spool.as_ref()
    }

    /// Number of batches.
    pub(crate) fn batches(&self) -> usize {
        self.slots.len()
    }

    /// The nth batch. It is read back if it is on disk.
    pub fn batch(&self, n: usize) -> io::Result<Cow<'_, Batch>> {
        match &self.slots[n] {
            Slot::Held(batch) => Ok(Cow::Borrowed(batch)),
            Slot::Spooled { place, .. } => {
                let spool = self.spool.as_ref().ok_or_else(|| io::Error::other("there is no spool"))?;
                spool.get(*place).map(Cow::Owned)
            }
        }
    }

    /// The lines of the nth batch, which is empty from now on.
    fn take(&mut self, n: usize) -> io::Result<Batch> {
        match &mut self.slots[n] {
            Slot::Held(batch) => Ok(std::mem::take(batch)),
            Slot::Spooled { .. } => self.batch(n).map(Cow::into_owned),
        }
    }

    /// All lines as one batch. Each batch is dropped once its lines are in it.
    pub(crate) fn into_one(mut self) -> io::Result<Batch> {
        let mut all = Batch::with_room_for(self.slots.iter().filter_map(Slot::held));
        for n in 0..self.batches() {
            let batch = self.take(n)?;
            // Places in a batch are 32 bits wide.
            if all.bytes() + batch.bytes() > u32::MAX as usize {
                return Err(io::Error::other("more than 4 GiB of lines, too many for one part"));
            }
            all.append(&batch, 0..batch.len(), 0);
        }
        Ok(all)
    }

    /// Size in bytes of the largest batch, in memory or on disk.
    pub(crate) fn largest_batch_bytes(&self) -> usize {
        let bytes = |slot: &Slot| match slot {
            Slot::Held(batch) => batch.bytes(),
            Slot::Spooled { place, .. } => place.bytes(),
        };
        self.slots.iter().map(bytes).max().unwrap_or_default()
    }

    /// The number of the first line of each batch.
    pub fn starts(&self) -> Vec<usize> {
        let lines = |slot: &Slot| match slot {
            Slot::Held(batch) => batch.len(),
            Slot::Spooled { lines, .. } => *lines,
        };
        let add = |sum: &mut usize, slot: &Slot| Some(std::mem::replace(sum, *sum + lines(slot)));
        self.slots.iter().scan(0, |sum, slot| add(sum, slot)).collect()
    }

    /// Replaces the nth batch by one with as many lines.
    pub fn replace(&mut self, n: usize, batch: Batch) {
        let slot = &mut self.slots[n];
        *slot = match (&*slot, &self.spool) {
            (Slot::Spooled { .. }, Some(spool)) => Slot::Spooled { place: spool.put(&batch), lines: batch.len() },
            _ => Slot::Held(Box::new(batch)),
        };
    }

    /// Lines of the nth batch when it is full.
    fn full_at(&self, n: usize) -> usize {
        (self.full >> self.doublings.saturating_sub(n / 2)).max(1)
    }

    /// The last batch, if it is in memory and not full, and its lines when it is.
    fn open_batch(&mut self) -> Option<(&mut Batch, usize)> {
        let full = self.full_at(self.slots.len().saturating_sub(1));
        match self.slots.last_mut() {
            Some(Slot::Held(last)) if !last.is_full(full) => Some((last, full)),
            _ => None,
        }
    }

    /// Adds the batches of the next extract of the run, which was not finished. The lines of an extract that has no more than a
    /// full batch join those before it, so ten thousand small extracts have few batches. Fails if there are more lines than a
    /// run can number.
    pub fn extend(&mut self, mut next: Self) -> Result<(), ReadError> {
        next.drop_empty_last();
        if !self.is_empty() && (1..=self.full).contains(&next.lines) {
            let closed = next.slots.len().saturating_sub(1);
            for n in 0..next.slots.len() {
                let is_held = matches!(next.slots[n], Slot::Held(_));
                let batch = next.take(n).map_err(|e| ReadError::Spool(e.to_string()))?;
                // It was counted when it was closed, and will be when its lines are.
                if let Some(spool) = self.spool.as_ref().filter(|_| is_held && n < closed) {
                    spool.release(batch.bytes());
                }
                self.push(&batch, 0);
            }
        } else {
            self.lines += next.lines;
            if !next.slots.is_empty() {
                self.close_last();
            }
            self.slots.append(&mut next.slots);
        }
        if self.lines as u64 > MOST_LINES { Err(ReadError::TooManyLines) } else { Ok(()) }
    }

    /// Marks the end of the input: the last batch is complete and may go to disk.
    pub fn finish(&mut self) {
        self.close_last();
    }

    /// Makes room for bytes that others need as long as the lines: batches go to disk, the last first, until lines and those bytes
    /// take no more than lines may.
    pub(crate) fn make_room(&mut self, bytes: usize) {
        let Some(spool) = &self.spool else { return };
        spool.hold(bytes);
        for slot in self.slots.iter_mut().rev() {
            if !spool.holds_too_much() {
                return;
            }
            if let Slot::Held(batch) = slot {
                spool.release(batch.bytes());
                *slot = Slot::Spooled { place: spool.put(&**batch), lines: batch.len() };
            }
        }
    }

    /// Appends the lines of a batch, before whose rows the file has `rows_before` more lines. Batches are filled up one after another,
    /// so that their bounds depend only on the lines, not on how the input was cut into blocks.
    pub fn push(&mut self, batch: &Batch, rows_before: u64) {
        self.lines += batch.len();
        let mut from = 0;
        while from < batch.len() {
            if let Some((last, full)) = self.open_batch() {
                let (before, end) = (last.len(), last.fill_end(batch, from, full));
                if before < SAMPLE_LINES && before + end - from >= SAMPLE_LINES {
                    last.reserve(batch.room_for(full));
                }
                last.append(batch, from..end, rows_before);
                from = end;
            } else {
                self.close_last();
                self.slots.push(Slot::Held(Box::default()));
            }
        }
    }

    /// The store without its lines, to be filled again.
    fn emptied(mut self) -> Self {
        self.lines = 0;
        for slot in self.slots.drain(..).rev() {
            // Larger ones are rare, and would be too much to keep for each block in flight.
            if let Slot::Held(mut batch) = slot
                && batch.allocated() <= MAX_BATCH_BYTES
            {
                batch.clear();
                self.spares.push(*batch);
            }
        }
        self
    }

    /// A row that turned out to be out of scope may have opened an empty batch.
    fn drop_empty_last(&mut self) {
        if matches!(self.slots.last(), Some(Slot::Held(batch)) if batch.is_empty()) {
            self.slots.pop();
        }
    }

    /// Closes the last batch: it stays in memory if there is room, otherwise it goes to disk.
    fn close_last(&mut self) {
        self.drop_empty_last();
        let (Some(spool), Some(last)) = (&self.spool, self.slots.last_mut()) else { return };
        if let Slot::Held(batch) = last
            && !spool.may_hold(batch.bytes())
        {
            *last = Slot::Spooled { place: spool.put(&**batch), lines: batch.len() };
        }
    }
}

impl Store {
    /// Keeps the lines of a row that is in scope or related.
    pub fn look(&mut self, reader: &Reader<'_>, binding: &Binding, row: &Row<'_>, position: Position) -> RowAction<()> {
        if self.open_batch().is_none() {
            self.close_last();
            self.slots.push(Slot::Held(Box::new(self.spares.pop().unwrap_or_default())));
        }
        let most = self.full_at(self.slots.len() - 1);
        let Some(Slot::Held(batch)) = self.slots.last_mut() else { return RowAction::Ignore };
        let before = batch.len();
        let look = reader.look(binding, row, &mut self.remembered, batch);
        if matches!(look, RowAction::Reject(_)) {
            batch.truncate(before);
        }
        // A block with so many lines has more of them.
        if before < SAMPLE_LINES && batch.len() >= SAMPLE_LINES {
            batch.reserve(batch.room_for(most));
        }
        batch.heads[before..].iter_mut().for_each(|head| head.row = position.line);
        self.lines += batch.len() - before;
        look
    }
}

impl Collector for Store {
    fn for_block() -> Self {
        // Its lines are copied into other batches.
        Self { doublings: 0, ..Self::new(None, BATCH_LINES) }
    }

    fn append(&mut self, next: Self, lines: u64, _: u64) -> Option<Self> {
        let held = next.slots.iter().filter_map(Slot::held);
        held.for_each(|batch| self.push(batch, lines));
        Some(next.emptied())
    }

    fn count(&self) -> u64 {
        self.lines as u64
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::claim::line::head::Head;

    /// A batch with these lines: the number of the row, and the length of its text.
    fn batch(lines: &[(u64, usize)]) -> Batch {
        let mut batch = Batch::default();
        for (row, length) in lines {
            let mut encoder = batch.encode();
            encoder.procedure(&"x".repeat(*length));
            encoder.finish(Head { row: *row, ..Head::zero() });
        }
        batch
    }

    fn bounds(store: &Store) -> Vec<Batch> {
        (0..store.batches()).map(|n| store.batch(n).expect("it is in memory").into_owned()).collect()
    }

    proptest! {
        // A few cases, because some texts are as long as a batch may be.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn batches_do_not_depend_on_how_lines_arrive(
            rows in prop::collection::vec((1..4_usize, prop_oneof![9 => 0..9_usize, 1 => Just(MAX_BATCH_BYTES)]), 0..60),
            cuts in prop::collection::vec(0..60_usize, 0..8),
        ) {
            let lines: Vec<Vec<(u64, usize)>> = (0..).zip(&rows).map(|(row, (count, length))| vec![(row, *length); *count]).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(lines.len())).chain([0, lines.len()]).collect();
            cuts.sort_unstable();
            let (mut one_by_one, mut in_pieces) = (Store::new(None, 7), Store::new(None, 7));
            for row in &lines {
                one_by_one.push(&batch(row), 0);
            }
            for cut in cuts.windows(2) {
                in_pieces.push(&batch(&lines[cut[0]..cut[1]].concat()), 0);
            }
            one_by_one.finish();
            in_pieces.finish();
            prop_assert_eq!(one_by_one.len(), in_pieces.len());
            let (want, got) = (bounds(&one_by_one), bounds(&in_pieces));
            prop_assert_eq!(want.len(), got.len());
            for (want, got) in want.iter().zip(&got) {
                prop_assert_eq!(want.iter().map(|line| line.whole_text()).collect::<Vec<_>>(), got.iter().map(|line| line.whole_text()).collect::<Vec<_>>());
                prop_assert_eq!(&want.stops, &got.stops);
            }
        }
    }

    /// Whatever the memory, because what is on disk is full.
    #[test]
    fn small_extracts_share_a_batch() {
        for limit in [0, usize::MAX] {
            let spool = || Some(Spool::new(Arc::new(tempfile::tempfile), limit));
            let mut all = Store::new(spool(), 7);
            for rows in [2, 3, 1, 0, 20, 1, 1, 5] {
                let mut extract = Store::new(spool(), 7);
                extract.spool.clone_from(&all.spool);
                extract.push(&batch(&(0..rows).map(|row| (row, 1)).collect::<Vec<_>>()), 0);
                all.extend(extract).expect("few lines");
            }
            all.finish();
            // Four batches of a line, two of three, then seven each. The extract of 20 lines has batches of its own.
            let starts = vec![0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 13, 16, 23, 30];
            assert_eq!((all.len(), all.starts()), (33, starts), "{limit}");
        }
    }

    #[test]
    fn lines_make_room_on_disk_only_if_they_must() {
        let rows: Vec<_> = (0..70).map(|row| (row, 9)).collect();
        let bytes = batch(&rows).bytes();
        // Four batches of a line, two of three, and nine more.
        for (room, most) in [(bytes, 15), (bytes * 3 / 2, 10), (2 * bytes, 0), (9 * bytes, 0)] {
            let mut store = Store::new(Some(Spool::new(Arc::new(tempfile::tempfile), 2 * bytes)), 7);
            store.push(&batch(&rows), 0);
            store.finish();
            store.make_room(room);
            let held = store.slots.iter().filter(|slot| matches!(slot, Slot::Held(_))).count();
            assert!(held <= most && held + 2 >= most, "{held} of 15 batches are held beside {room} bytes");
            let rows =
                bounds(&store).into_iter().flat_map(|batch| batch.iter().map(|line| line.row).collect::<Vec<_>>());
            assert!(rows.eq(0..70), "no line is lost");
        }
    }

    #[test]
    fn more_lines_than_the_index_can_number_are_refused() {
        let told = |lines: u64| Store { lines: usize::try_from(lines).expect("64 bits"), ..Store::new(None, 1) };
        let mut all = told(MOST_LINES - 2);
        assert!(all.extend(told(2)).is_ok(), "as many as there are numbers");
        let refused = all.extend(told(2)).expect_err("more").to_string();
        assert!(refused.contains("4,294,967,295") && refused.contains("claimlint help cluster"), "{refused}");
    }
}
