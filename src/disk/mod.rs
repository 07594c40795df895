//! What does not fit in memory: values in unnamed temporary files, read back one by one, in turn or in order. Knows bytes and
//! bounds on memory, but no extract.
//!
//! The files have no name and are gone when the run ends, however it ends.
//!
//! # Sub-rooms, in order
//!
//! - [`read_at`]: reads a file by position.
//! - [`spool`]: a temporary file for values that are read back one by one.
//! - [`sorted`]: sorting and sums by key beyond memory.
//! - [`sequence`]: values beyond memory that are read several times.
//! - [`key_filter`]: which keys may be among more than memory holds.

pub(crate) mod key_filter;
pub(crate) mod read_at;
pub(crate) mod sequence;
pub(crate) mod sorted;
pub mod spool;
