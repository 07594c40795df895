//! What is done with a row, and the collection of what is kept, which grows block by block.

use std::sync::Arc;

use crate::ingest::record::reject::Reason;
use crate::ingest::record::row::Row;
use crate::ingest::source::spill::Spool;

/// Where a row starts. Within a block that is not yet joined to the others, both count from the start of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the file.
    pub line: u64,
    /// Byte of the decompressed file.
    pub offset: u64,
}

/// What is to be done with a row.
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
    /// Passes what is kept to `keep`.
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

/// What is kept of one row.
#[derive(Debug)]
pub struct KeptRow<T> {
    /// Line of the file on which the row starts. Before blocks are joined: number of lines before it in the block.
    pub line: u64,
    /// Byte of the decompressed file at which the row starts. Before blocks are joined: byte of the block.
    pub offset: u64,
    /// The value that the caller made from the row.
    pub value: T,
}

/// Looks at a row and adds what is kept of it to the collection.
pub fn keeping<T>(
    look: impl Fn(&Row<'_>) -> RowAction<T> + Sync,
) -> impl Fn(&Row<'_>, Position, &mut Vec<KeptRow<T>>) -> RowAction<()> + Sync {
    move |row, Position { line, offset }, kept| look(row).then(|value| kept.push(KeptRow { line, offset, value }))
}

/// Collects what is kept of rows. Each block has its own collector; they are joined in the order of the file.
pub trait Collector: Send {
    /// An empty collector for one block.
    fn for_block() -> Self;

    /// Appends the collector of the next block, whose positions are relative to the end of this one.
    fn append(&mut self, next: Self, lines: u64, bytes: u64);

    /// Number of items, for progress.
    fn count(&self) -> u64;

    /// Where rejected rows go that do not fit into memory. None: they stay in memory.
    fn spool(&self) -> Option<Arc<Spool>> {
        None
    }
}

impl<T: Send> Collector for Vec<KeptRow<T>> {
    fn for_block() -> Self {
        Self::new()
    }

    fn append(&mut self, next: Self, lines: u64, bytes: u64) {
        self.extend(next.into_iter().map(|k| KeptRow { line: k.line + lines, offset: k.offset + bytes, ..k }));
    }

    fn count(&self) -> u64 {
        self.len() as u64
    }
}
