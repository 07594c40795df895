//! How many rows something is true of, and where the first is.

use serde::{Deserialize, Serialize};

/// Rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCount {
    /// How many.
    pub rows: u64,
    /// Line of the first.
    pub first: u64,
}

impl RowCount {
    /// Counts the rows of one more stretch of an input, of which the first is on line `first`.
    pub(crate) fn add(count: &mut Option<Self>, rows: u64, first: u64) {
        count.get_or_insert(Self { rows: 0, first }).rows += rows;
    }
}
