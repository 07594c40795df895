//! The scan: blocks in parallel, records in order, every row counted, the few that matter kept.
//!
//! # Sub-rooms, in order
//!
//! - [`simd`]: finds bytes with the widest instructions of the processor.
//! - [`window`]: line ends, delimiters and doubtful quotes of a stretch of text.
//! - [`prefilter`]: may a cell hold a code?
//! - [`collect`]: what is done with a row, and what is kept of it.
//! - [`tally`]: the counts.
//! - [`scanner`]: reads a block record by record.
//! - [`kernel`]: the fast scan.
//! - [`block`]: scans one block.
//! - [`parallel`]: scans the blocks in parallel and joins them in order.

pub(crate) mod block;
pub mod collect;
pub(crate) mod kernel;
pub mod parallel;
pub mod prefilter;
pub(crate) mod scanner;
pub(crate) mod simd;
pub mod tally;
pub(crate) mod window;

pub use crate::ingest::scan::block::RowFilter;
pub use crate::ingest::scan::scanner::ChargeReader;
