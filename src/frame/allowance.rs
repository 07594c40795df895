//! The memory that a report may take which somebody else may have written.

/// The part of the memory that the text of one row of a table may take: a cell of one byte has two entries of 8 bytes
/// in a growing list, and few rows are that bad.
const ROWS_IN_MEMORY: u64 = 8;

/// More memory would be needed than may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("needs more memory than it may take; if the report is your own, give more with --memory")]
pub struct TooLarge;

/// The step in which a message suggests `--memory`, in bytes.
const STEP: u64 = 256 << 20;

/// A value of `--memory` of at least this many bytes, for a message: `512M`.
pub(crate) fn suggested(bytes: u64) -> String {
    format!("{}M", bytes.div_ceil(STEP).saturating_mul(STEP) >> 20)
}

/// The memory that may still be taken for a report, in bytes.
#[derive(Debug)]
pub struct Allowance {
    left: u64,
    largest_row: u64,
}

impl Allowance {
    /// All of this memory.
    pub fn new(bytes: usize) -> Self {
        Self { left: bytes as u64, largest_row: bytes as u64 / ROWS_IN_MEMORY }
    }

    /// Takes some of it.
    pub fn take(&mut self, bytes: u64) -> Result<(), TooLarge> {
        self.left = self.left.checked_sub(bytes).ok_or(TooLarge)?;
        Ok(())
    }

    /// Gives back what was taken and is no longer used.
    pub(crate) fn give_back(&mut self, bytes: u64) {
        self.left = self.left.saturating_add(bytes);
    }

    /// What is left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Most bytes that a row of a table may have.
    pub(crate) fn largest_row(&self) -> u64 {
        self.largest_row
    }
}
