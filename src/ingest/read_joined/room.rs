//! The memory that the rows of joined claims may take while an extract is read, and where the others go.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ingest::error::ReadError;
use crate::ingest::source::spill::{Scratch, Spool};

/// The rows of joined claims may take the memory of lines divided by this: two extracts may be read at a time.
const SHARE: usize = 2;

/// Bytes of values that are sorted in memory.
pub(super) const SORTED_BYTES: usize = 8 << 20;

/// What is read at a time, and the memory for rows that are kept of an extract and its tables together.
pub(super) struct Room {
    /// For rejected rows.
    pub(super) spool: Option<Arc<Spool>>,
    /// Bytes of a block.
    pub(super) block: usize,
    most: usize,
    taken: AtomicUsize,
}

impl Room {
    /// A part of the memory for lines that this spool allows. Without one, there is no bound.
    pub(super) fn new(spool: Option<Arc<Spool>>, block: usize) -> Self {
        let most = spool.as_ref().map_or(usize::MAX, |spool| spool.limit() / SHARE);
        Self { spool, block, most, taken: AtomicUsize::new(0) }
    }

    /// Makes files for what memory does not hold, on the disk of the spool.
    pub(super) fn scratch(&self) -> Scratch {
        self.spool.as_ref().map_or_else(|| Arc::new(tempfile::tempfile) as Scratch, |spool| spool.scratch())
    }
}

/// Bytes that one collection has taken of a room.
pub(super) struct Share<'r> {
    pub(super) room: &'r Room,
    taken: usize,
}

impl<'r> Share<'r> {
    pub(super) fn of(room: &'r Room) -> Self {
        Self { room, taken: 0 }
    }

    /// May the collection take this many bytes in all? If not, it has none of the room from now on.
    pub(super) fn holds(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.taken);
        let fits = self.room.taken.fetch_add(more, Ordering::Relaxed) + more <= self.room.most;
        self.taken += more;
        if !fits {
            self.room.taken.fetch_sub(std::mem::take(&mut self.taken), Ordering::Relaxed);
        }
        fits
    }
}

/// The error for a disk that fails.
pub(super) fn unwritten(e: io::Error) -> ReadError {
    ReadError::Spool(e.to_string())
}
