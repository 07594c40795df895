//! Slices: what was read of an extract, or of a split of it, kept in a file so that another process can go on with it.
//!
//! A slice is a function of the bytes of its range, of the tables that are joined to them, of its entry and of the plan of the
//! job: it holds no time and no name of a machine, and does not show what memory held, so two attempts at a slice give equal
//! bytes. Positions in it count from its entry. The slices of an extract, one after the other, give what one pass over the
//! extract gives.
//!
//! # Sub-rooms, in order
//!
//! - [`frames`]: lists as frames of bounded size.
//! - [`counts`]: counts and rejected rows.
//! - [`table`]: what was read of a joined table.
//! - [`file`](mod@file): a slice as a file of frames.
//! - [`make`]: reads an extract or a split into a slice.
//! - [`merge`]: reads an extract from its slices.

mod counts;
pub mod file;
mod frames;
pub mod make;
pub mod merge;
mod table;

pub use crate::run::slice::file::{SliceHead, SliceId, SliceReader, is_slice};
pub use crate::run::slice::frames::SliceError;
pub use crate::run::slice::make::{Slice, read_split, read_whole};
pub use crate::run::slice::merge::{SliceFile, read_slices};
pub use crate::run::slice::table::TableHead;
