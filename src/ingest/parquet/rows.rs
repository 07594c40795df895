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
    /// The first rows, as a sample: the start of a page is enough, and what follows it is not checked.
    First {
        /// How many.
        count: usize,
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
            Self::First { count, of } => Self::between(0, *count, *of).bits(),
        }
    }

    /// Number of rows.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Bits(bits) => bits.set_bits(),
            Self::Listed { numbers, .. } => numbers.len(),
            Self::First { count, .. } => *count,
        }
    }

    /// The numbers of the rows, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let (bits, listed, first) = match self {
            Self::Bits(bits) => (Some(bits), &[][..], 0),
            Self::Listed { numbers, .. } => (None, *numbers, 0),
            Self::First { count, .. } => (None, &[][..], *count as u32),
        };
        let bits = bits.into_iter().flat_map(Bitmap::true_idx_iter).map(|number| number as u32);
        bits.chain(listed.iter().copied()).chain(0..first)
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
