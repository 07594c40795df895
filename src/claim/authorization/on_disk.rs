//! Rows of an authorization file that is too large for memory: in the order of the file, in pieces, in a temporary file.

use std::io;
use std::sync::Arc;

use crate::claim::authorization::row::{Approval, Authorization};
use crate::claim::authorization::statuses::{StatusCounter, UnreadStatuses};
use crate::disk::spool::{Scratch, Spool, SpoolSlot};

/// Rows of a piece: they take one or two MiB in memory.
pub(super) const ROWS_IN_PIECE: usize = 4096;

/// All rows of an authorization file.
#[derive(Debug)]
pub struct RowsOnDisk {
    spool: Arc<Spool>,
    /// Each has [`ROWS_IN_PIECE`] rows; the last may have fewer.
    pieces: Vec<SpoolSlot>,
    /// Bytes that the rows would take in memory.
    bytes: u64,
}

impl RowsOnDisk {
    /// Number of pieces.
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// The rows of a piece.
    pub(super) fn piece(&self, n: usize) -> io::Result<Vec<Authorization>> {
        self.spool.get(self.pieces[n])
    }

    /// Bytes that the rows would take in memory, with their index.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Writes rows to disk, and counts them.
pub(super) struct RowWriter {
    rows: RowsOnDisk,
    next: Vec<Authorization>,
    count: u64,
    approvals: u64,
    unread: StatusCounter,
}

/// Rows on disk, and what was counted of them.
pub(super) struct WrittenRows {
    pub(super) rows: RowsOnDisk,
    pub(super) count: u64,
    pub(super) approvals: u64,
    pub(super) unread: UnreadStatuses,
}

impl RowWriter {
    pub(super) fn new(scratch: &Scratch) -> Self {
        let spool = Spool::new(Arc::clone(scratch), 0);
        let (rows, unread) =
            (RowsOnDisk { spool, pieces: Vec::new(), bytes: 0 }, StatusCounter::new(Arc::clone(scratch)));
        Self { rows, next: Vec::with_capacity(ROWS_IN_PIECE), count: 0, approvals: 0, unread }
    }

    /// Adds a row that takes `bytes` in memory.
    pub(super) fn add(&mut self, row: Authorization, bytes: usize) -> io::Result<()> {
        self.count += 1;
        self.approvals += u64::from(row.approval == Approval::Approved);
        self.unread.add(&row, |row| row.status.clone())?;
        self.rows.bytes += bytes as u64;
        self.next.push(row);
        if self.next.len() == ROWS_IN_PIECE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.rows.pieces.push(self.rows.spool.write(&self.next)?);
        self.next.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<WrittenRows> {
        if !self.next.is_empty() {
            self.write()?;
        }
        let Self { rows, count, approvals, unread, .. } = self;
        Ok(WrittenRows { rows, count, approvals, unread: unread.finish()? })
    }
}
