//! What is kept of an extract, as a collection that grows block by block.

use std::sync::Arc;

use crate::ingest::scan::KeptRow;
use crate::ingest::source::spill::Spool;

/// Collects what is kept of rows. Each block has one of its own; they are joined in the order of the file.
pub trait Collector: Send {
    /// What is kept of one row.
    type Item: Send;

    /// An empty one for a block.
    fn for_block() -> Self;

    /// Takes what was kept of the row that starts on this line and byte.
    fn keep(&mut self, line: u64, offset: u64, item: Self::Item);

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
    type Item = T;

    fn for_block() -> Self {
        Self::new()
    }

    fn keep(&mut self, line: u64, offset: u64, value: T) {
        self.push(KeptRow { line, offset, value });
    }

    fn append(&mut self, next: Self, lines: u64, bytes: u64) {
        self.extend(next.into_iter().map(|k| KeptRow { line: k.line + lines, offset: k.offset + bytes, ..k }));
    }

    fn count(&self) -> u64 {
        self.len() as u64
    }
}
