//! What is kept of an extract, as a collection that grows block by block.

use std::sync::Arc;

use crate::ingest::record::row::Row;
use crate::ingest::scan::{KeptRow, RowAction};
use crate::ingest::source::spill::Spool;

/// Where a row starts. Within a block that is not yet joined to the others, both count from the start of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the file.
    pub line: u64,
    /// Byte of the decompressed file.
    pub offset: u64,
}

/// Looks at a row, and adds what is kept of it to the collection.
pub fn keeping<T>(
    look: impl Fn(&Row<'_>) -> RowAction<T> + Sync,
) -> impl Fn(&Row<'_>, Position, &mut Vec<KeptRow<T>>) -> RowAction<()> + Sync {
    move |row, Position { line, offset }, kept| look(row).then(|value| kept.push(KeptRow { line, offset, value }))
}

/// Collects what is kept of rows. Each block has one of its own; they are joined in the order of the file.
pub trait Collector: Send {
    /// An empty one for a block.
    fn for_block() -> Self;

    /// Takes what follows in the file; its positions are counted from the end of what is held.
    fn append(&mut self, next: Self, lines: u64, bytes: u64);

    /// How much is held, for progress.
    fn count(&self) -> u64;

    /// Where rejected rows go that are too many for memory. None: they are held.
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
