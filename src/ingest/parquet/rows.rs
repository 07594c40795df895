//! Which rows of a row group are wanted, and why a column is not read.

use std::sync::Arc;

use polars_arrow::bitmap::{Bitmap, BitmapBuilder};

/// Whether a cell matters, by its bytes.
pub(crate) type Asks = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Rows of a row group.
#[derive(Debug, Clone)]
pub(crate) enum Rows<'a> {
    /// One bit for each row.
    Bits(Bitmap),
    /// A few rows. Looking for these among the bits of all would take longer than reading most columns.
    Listed {
        /// Their numbers, in order.
        numbers: &'a [u32],
        /// Number of rows of the row group.
        of: usize,
    },
}

impl Rows<'_> {
    /// Rows `from` to `to` of `rows`.
    pub(crate) fn between(from: usize, to: usize, rows: usize) -> Self {
        let mut bits = BitmapBuilder::with_capacity(rows);
        bits.extend_constant(from, false);
        bits.extend_constant(to - from, true);
        bits.extend_constant(rows - to, false);
        Self::Bits(bits.freeze())
    }

    /// Rows that are in one of them. Both are of one row group.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self::Bits(&self.bits() | &other.bits())
    }

    /// One bit for each row.
    pub(super) fn bits(&self) -> Bitmap {
        match self {
            Self::Bits(bits) => bits.clone(),
            Self::Listed { numbers, of } => {
                let mut bits = BitmapBuilder::with_capacity(*of);
                for number in *numbers {
                    bits.extend_constant(*number as usize - bits.len(), false);
                    bits.push(true);
                }
                bits.extend_constant(of - bits.len(), false);
                bits.freeze()
            }
        }
    }

    /// Number of rows.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Bits(bits) => bits.set_bits(),
            Self::Listed { numbers, .. } => numbers.len(),
        }
    }

    /// The numbers of the rows, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let (bits, listed) = match self {
            Self::Bits(bits) => (Some(bits), &[][..]),
            Self::Listed { numbers, .. } => (None, *numbers),
        };
        bits.into_iter().flat_map(Bitmap::true_idx_iter).map(|number| number as u32).chain(listed.iter().copied())
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
