//! The lines of a run in input order, in batches. Batches that do not fit in the memory for lines are kept on disk.
//!
//! All later work proceeds by batch: a batch is indexed, judged, written and dropped as a whole.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use crate::claim::line::Batch;
use crate::claim::line::reader::Reader;
use crate::ingest::source::spill::{Spool, SpoolSlot};
use crate::ingest::{Binding, Collector, Position, Row, RowAction};

/// Number of lines in a full batch: about 1 MB of cells, enough that handing it to a thread costs nothing, and few enough for
/// the caches.
pub const LINES: usize = 4096;

/// Number of lines after which the final size of a batch is estimated, so that its buffers do not grow in many small steps.
const SAMPLE_LINES: usize = 64;

/// Size in bytes at which a batch is full, whatever its number of lines, because cells may have any length.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// Lines in input order.
#[derive(Debug)]
pub struct Store {
    slots: Vec<Slot>,
    lines: usize,
    /// Lines of a full batch.
    full: usize,
    spool: Option<Arc<Spool>>,
}

#[derive(Debug)]
enum Slot {
    Held(Box<Batch>),
    Spooled { place: SpoolSlot, lines: usize },
}

impl Store {
    /// An empty store with batches of `full` lines. Without a spool, all batches stay in memory.
    pub fn new(spool: Option<Arc<Spool>>, full: usize) -> Self {
        Self { slots: Vec::new(), lines: 0, full, spool }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines
    }

    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Number of batches.
    pub fn batches(&self) -> usize {
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

    /// The number of the first line of each batch.
    pub fn starts(&self) -> Vec<usize> {
        let lines = |slot: &Slot| match slot {
            Slot::Held(batch) => batch.len(),
            Slot::Spooled { lines, .. } => *lines,
        };
        let add = |sum: &mut usize, slot: &Slot| Some(std::mem::replace(sum, *sum + lines(slot)));
        self.slots.iter().scan(0, |sum, slot| add(sum, slot)).collect()
    }

    /// Adds the batches of the next extract of the run.
    pub fn extend(&mut self, next: Self) {
        self.lines += next.lines;
        self.slots.extend(next.slots);
    }

    /// Marks the end of the input: the last batch is complete and may go to disk.
    pub fn finish(&mut self) {
        self.close_last();
    }

    /// Appends a batch of lines.
    pub fn push(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        self.lines += batch.len();
        let full = self.full;
        match self.slots.last_mut() {
            Some(Slot::Held(last))
                if last.len() + batch.len() <= full && last.bytes() + batch.bytes() <= MAX_BATCH_BYTES =>
            {
                last.append(&batch);
            }
            _ => {
                self.close_last();
                self.slots.push(Slot::Held(Box::new(batch)));
            }
        }
    }

    /// Closes the last batch: it stays in memory if there is room, otherwise it goes to disk.
    fn close_last(&mut self) {
        // A row that turned out to be out of scope may have opened an empty batch.
        if matches!(self.slots.last(), Some(Slot::Held(batch)) if batch.is_empty()) {
            self.slots.pop();
        }
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
        if !reader.may_hold_code(binding, row) {
            return RowAction::Ignore;
        }
        let most = self.full;
        let full = |batch: &Batch| batch.len() >= most || batch.bytes() >= MAX_BATCH_BYTES;
        if !matches!(self.slots.last(), Some(Slot::Held(batch)) if !full(batch)) {
            self.close_last();
            self.slots.push(Slot::Held(Box::default()));
        }
        let Some(Slot::Held(batch)) = self.slots.last_mut() else { return RowAction::Ignore };
        let before = batch.len();
        let look = reader.look(binding, row, batch);
        if matches!(look, RowAction::Reject(_)) {
            batch.truncate(before);
        }
        // A block with so many lines has more of them.
        if before < SAMPLE_LINES && batch.len() >= SAMPLE_LINES {
            batch.reserve_for(most);
        }
        batch.heads[before..].iter_mut().for_each(|head| head.row = position.line);
        self.lines += batch.len() - before;
        look
    }
}

impl Collector for Store {
    fn for_block() -> Self {
        Self::new(None, LINES)
    }

    fn append(&mut self, next: Self, lines: u64, _: u64) {
        for slot in next.slots {
            if let Slot::Held(mut batch) = slot {
                batch.heads.iter_mut().for_each(|head| head.row += lines);
                self.push(*batch);
            }
        }
    }

    fn count(&self) -> u64 {
        self.lines as u64
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.clone()
    }
}
