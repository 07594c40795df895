//! The memory that the rows of joined claims may take while an extract is read, and where the others go.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::disk::spool::{Scratch, Spool};
use crate::ingest::error::ReadError;

/// The rows of joined claims of an extract may take the memory of lines divided by this. Of the rest they take nothing, so that
/// lines stay in memory, too. An even split: before the tables are read, nothing tells how many of its rows become lines.
const SHARE: usize = 2;

/// What is read at a time, and the memory for rows that are kept of an extract and its tables together. It is a part of what the
/// spool allows to all extracts that are read at a time and to their lines.
pub(super) struct JoinRoom {
    /// Also for rejected rows.
    pub(super) spool: Option<Arc<Spool>>,
    /// Bytes of a block.
    pub(super) block: usize,
    most: usize,
    taken: AtomicUsize,
}

impl JoinRoom {
    /// The room of an extract. Without a spool, there is no bound.
    pub(super) fn new(spool: Option<Arc<Spool>>, block: usize) -> Self {
        let most = spool.as_ref().map_or(usize::MAX, |spool| spool.limit() / SHARE);
        Self { spool, block, most, taken: AtomicUsize::new(0) }
    }

    /// Makes files for what memory does not hold, on the disk of the spool.
    pub(super) fn scratch(&self) -> Scratch {
        self.spool.as_ref().map_or_else(|| Arc::new(tempfile::tempfile) as Scratch, |spool| spool.scratch())
    }
}

impl Drop for JoinRoom {
    fn drop(&mut self) {
        if let Some(spool) = &self.spool {
            spool.release(*self.taken.get_mut());
        }
    }
}

/// Bytes that one collection has taken of a room.
pub(super) struct RoomShare<'r> {
    pub(super) room: &'r JoinRoom,
    taken: usize,
}

impl<'r> RoomShare<'r> {
    pub(super) fn of(room: &'r JoinRoom) -> Self {
        Self { room, taken: 0 }
    }

    /// May the collection take this many bytes in all? If not, it has none of the room from now on.
    pub(super) fn holds(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.taken);
        let JoinRoom { spool, most, taken, .. } = self.room;
        let fits = taken.load(Ordering::Relaxed).saturating_add(more) <= *most;
        if fits && spool.as_ref().is_none_or(|spool| spool.may_hold(more)) {
            self.taken += more;
            taken.fetch_add(more, Ordering::Relaxed);
            return true;
        }
        let given = std::mem::take(&mut self.taken);
        taken.fetch_sub(given, Ordering::Relaxed);
        if let Some(spool) = spool {
            spool.release(given);
        }
        false
    }
}

/// The error for a disk that fails.
pub(super) fn unwritten(e: io::Error) -> ReadError {
    ReadError::Spool(e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_a_share_of_what_the_spool_allows_and_give_it_back() {
        let spool = Spool::new(Arc::new(tempfile::tempfile), 100);
        let room = JoinRoom::new(Some(Arc::clone(&spool)), 1);
        let (mut rows, mut cells) = (RoomShare::of(&room), RoomShare::of(&room));
        assert!(rows.holds(30) && rows.holds(40) && cells.holds(10) && !cells.holds(11), "half of 100 together");
        assert!(spool.may_hold(60) && !spool.may_hold(1), "40 are taken, and 10 were given back");
        assert!(!rows.holds(41), "the lines have the rest");
        drop(room);
        assert!(spool.may_hold(40) && !spool.may_hold(1), "all is given back");
    }
}
