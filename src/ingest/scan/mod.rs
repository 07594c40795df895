//! The scan: reads blocks in parallel and records in order, counts every row, and keeps the few that matter.
//!
//! # Sub-rooms, in order
//!
//! - [`simd`]: finds bytes with the widest instructions of the processor.
//! - [`window`]: bit masks of line ends, delimiters and doubtful quotes.
//! - [`prefilter`]: may a cell hold a code?
//! - [`collect`]: what happens to a row, and what is kept.
//! - [`tally`]: the counts.
//! - [`scanner`]: reads a block record by record.
//! - [`kernel`]: the fast scan.
//! - [`block`]: scans one block.
//! - [`in_order`]: joins the scans of blocks in the order of the file.
//! - [`parallel`]: scans the blocks in parallel.

pub(crate) mod block;
pub mod collect;
pub(crate) mod in_order;
pub(crate) mod kernel;
pub mod parallel;
pub mod prefilter;
pub(crate) mod scanner;
pub(crate) mod simd;
pub mod tally;
pub(crate) mod window;

pub use crate::ingest::scan::block::RowFilter;
pub use crate::ingest::scan::scanner::ChargeReader;
