//! Collects the rows of the authorization file while it is read: in memory up to a bound, and then on disk.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::claim::authorization::file::INDEX_BYTES;
use crate::claim::authorization::on_disk::{RowWriter, WrittenRows};
use crate::claim::authorization::row::Authorization;
use crate::disk::spool::{Scratch, Spool};
use crate::ingest::Collector;

/// The memory that the rows of an authorization file may take, and where they go if they take more.
#[derive(Clone)]
pub struct RowRoom {
    /// Bytes.
    pub bytes: usize,
    /// Makes a file for rows that take more.
    pub scratch: Scratch,
}

impl fmt::Debug for RowRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowRoom").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl RowRoom {
    /// All rows may be in memory.
    pub fn unbounded() -> Self {
        Self { bytes: usize::MAX, scratch: Arc::new(tempfile::tempfile) }
    }
}

/// The rows of a block or of the file, and its first fault with its line.
#[derive(Default)]
pub(super) struct FileRows {
    held: Vec<Authorization>,
    /// Bytes of the rows in memory.
    bytes: usize,
    pub(super) fault: Option<(u64, String)>,
    count: u64,
    /// Where the rows of the file go. The rows of a block are few.
    beyond: Option<Beyond>,
}

/// Where rows go that memory does not hold.
struct Beyond {
    room: RowRoom,
    /// For rejected rows.
    spool: Arc<Spool>,
    written: Option<RowWriter>,
    failed: Option<io::Error>,
}

/// The rows of the whole file.
pub(super) enum CollectedRows {
    Held(Vec<Authorization>),
    Written(WrittenRows),
}

impl FileRows {
    /// Collects the rows of a file.
    pub(super) fn of_file(room: RowRoom) -> Self {
        let spool = Spool::new(Arc::clone(&room.scratch), 0);
        Self { beyond: Some(Beyond { room, spool, written: None, failed: None }), ..Self::default() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Authorization) {
        self.bytes += row.bytes() + INDEX_BYTES;
        self.count += 1;
        self.held.push(row);
    }

    /// Writes the rows if memory does not hold them. After an error of the disk, and after a fault of the file, they are lost,
    /// because the run ends with it.
    fn settle(&mut self) {
        let Some(Beyond { room, written, failed, .. }) = &mut self.beyond else { return };
        if self.fault.is_some() || failed.is_some() {
            self.held = Vec::new();
            return;
        }
        if self.bytes <= room.bytes && written.is_none() {
            return;
        }
        let writer = written.get_or_insert_with(|| RowWriter::new(&room.scratch));
        let write = |row: Authorization| {
            let bytes = row.bytes() + INDEX_BYTES;
            writer.add(row, bytes)
        };
        *failed = std::mem::take(&mut self.held).into_iter().try_for_each(write).err();
    }

    /// All rows. Fails if the disk did.
    pub(super) fn finish(mut self) -> io::Result<CollectedRows> {
        self.settle();
        match self.beyond {
            Some(Beyond { failed: Some(e), .. }) => Err(e),
            Some(Beyond { written: Some(writer), .. }) => writer.finish().map(CollectedRows::Written),
            _ => Ok(CollectedRows::Held(self.held)),
        }
    }
}

impl Collector for FileRows {
    fn for_block() -> Self {
        Self::default()
    }

    fn append(&mut self, next: Self, lines: u64, _: u64) -> Option<Self> {
        self.held.extend(next.held);
        self.bytes += next.bytes;
        self.count += next.count;
        self.fault = self.fault.take().or(next.fault.map(|(line, what)| (line + lines, what)));
        self.settle();
        None
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.beyond.as_ref().map(|beyond| Arc::clone(&beyond.spool))
    }
}
