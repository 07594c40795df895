//! Which rows of a row group are wanted, and why a column is not read.

use std::sync::Arc;

use polars_arrow::bitmap::{Bitmap, BitmapBuilder};

/// Whether a cell matters, by its bytes.
pub(crate) type Asks = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Rows of a row group, one bit for each.
#[derive(Debug, Clone)]
pub(crate) struct Rows(pub(super) Bitmap);

impl Rows {
    /// Rows `from` to `to` of `rows`.
    pub(crate) fn between(from: usize, to: usize, rows: usize) -> Self {
        let mut bits = BitmapBuilder::with_capacity(rows);
        bits.extend_constant(from, false);
        bits.extend_constant(to - from, true);
        bits.extend_constant(rows - to, false);
        Self(bits.freeze())
    }

    /// Those of `rows` rows whose numbers are in this list, in order.
    pub(crate) fn listed(numbers: &[u32], rows: usize) -> Self {
        let mut bits = BitmapBuilder::with_capacity(rows);
        for number in numbers {
            bits.extend_constant(*number as usize - bits.len(), false);
            bits.push(true);
        }
        bits.extend_constant(rows - bits.len(), false);
        Self(bits.freeze())
    }

    /// Rows that are in one of them. Both are of one row group.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    /// Number of rows.
    pub(crate) fn count(&self) -> usize {
        self.0.set_bits()
    }

    /// The numbers of the rows, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.true_idx_iter().map(|number| number as u32)
    }
}

/// Why a column is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be decoded.
    Damaged,
    /// The library may read it.
    Unfit,
}
