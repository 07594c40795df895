//! What happens to a row, and the collector of what is kept, which grows block by block.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::disk::spool::Spool;
use crate::ingest::record::reject::Reason;

/// Where a row starts. In a block that has not been joined to the others, both values count from the start of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the file.
    pub line: u64,
    /// Byte of the decompressed file.
    pub offset: u64,
}

/// What to do with a row.
#[derive(Debug)]
pub enum RowAction<T> {
    /// Count it as out of scope.
    Ignore,
    /// Keep this.
    Keep(T),
    /// Reject it.
    Reject(Reason),
}

impl<T> RowAction<T> {
    /// Passes the value to `keep`, if the row is kept.
    pub fn then(self, keep: impl FnOnce(T)) -> RowAction<()> {
        match self {
            Self::Ignore => RowAction::Ignore,
            Self::Keep(value) => {
                keep(value);
                RowAction::Keep(())
            }
            Self::Reject(reason) => RowAction::Reject(reason),
        }
    }
}

/// A value kept for one row.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptRow<T> {
    /// Line of the file on which the row starts. Before blocks are joined, the number of lines before it in the block.
    pub line: u64,
    /// Byte of the decompressed file at which the row starts. Before blocks are joined, the byte in the block.
    pub offset: u64,
    /// The value that the caller made from the row.
    pub value: T,
}

/// Collects what is kept. Each block has its own collector, and the collectors are joined in file order.
pub trait Collector: Send + Sized {
    /// An empty collector for one block.
    fn for_block() -> Self;

    /// Appends the collector of the next block, whose positions are relative to the end of this one. Returns it, emptied, if its
    /// memory is worth keeping for another block.
    fn append(&mut self, next: Self, lines: u64, bytes: u64) -> Option<Self>;

    /// Number of items, for progress.
    fn count(&self) -> u64;

    /// Where rejected rows go that do not fit in memory. `None` if they all stay in memory.
    fn spool(&self) -> Option<Arc<Spool>> {
        None
    }
}

impl<T: Send> Collector for Vec<KeptRow<T>> {
    fn for_block() -> Self {
        Self::new()
    }

    fn append(&mut self, next: Self, lines: u64, bytes: u64) -> Option<Self> {
        self.extend(next.into_iter().map(|k| KeptRow { line: k.line + lines, offset: k.offset + bytes, ..k }));
        None
    }

    fn count(&self) -> u64 {
        self.len() as u64
    }
}
