//! A bound on the memory of rows that are kept of a file beside the extracts: an authorization file, or a joined table with
//! the claims that it belongs to. Rows beyond the bound are counted and not kept, so that the refusal can say what they need.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ingest::error::ReadError;

/// The memory that rows may take.
#[derive(Debug)]
pub struct RowMemory {
    /// Bytes.
    most: u64,
    /// Bytes of all rows so far.
    needed: AtomicU64,
    /// The `--memory` that leaves these bytes for rows.
    memory: fn(u64) -> u64,
}

/// The step in which `--memory` is suggested.
const STEP: u64 = 256 << 20;

impl RowMemory {
    /// Rows may take `most` bytes. `memory` is the `--memory` that leaves that many bytes for them.
    pub fn new(most: usize, memory: fn(u64) -> u64) -> Self {
        Self { most: most as u64, needed: AtomicU64::new(0), memory }
    }

    /// May a row that takes these bytes be kept?
    pub fn keeps(&self, bytes: usize) -> bool {
        self.needed.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64 <= self.most
    }

    /// Refuses the file if some of its rows were not kept. `what` says which rows.
    pub fn refuse(&self, file: &str, what: &str) -> Result<(), ReadError> {
        let needed = self.needed.load(Ordering::Relaxed);
        if needed <= self.most {
            return Ok(());
        }
        let enough = (self.memory)(needed).div_ceil(STEP) * STEP;
        let message = format!(
            "{what} take {} MiB of memory, and --memory leaves {} MiB for them; give --memory {}M",
            needed.div_ceil(1 << 20),
            self.most >> 20,
            enough >> 20
        );
        Err(ReadError::unusable(file, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_which_memory_would_do() {
        let rows = RowMemory::new(100 << 20, |bytes| bytes * 2);
        assert!(rows.keeps(60 << 20) && rows.keeps(40 << 20) && rows.refuse("f", "its rows").is_ok());
        assert!(!rows.keeps(101 << 20) && !rows.keeps(1));
        let refused = rows.refuse("a.csv", "its rows").expect_err("one row too many").to_string();
        let want = "a.csv: its rows take 202 MiB of memory, and --memory leaves 100 MiB for them; give --memory 512M";
        assert_eq!(refused, want);
    }
}
