//! Slices: what was read of an extract, or of a split of it, kept in a file so that another process can go on with it.
//!
//! A slice is a function of the bytes of its range, its entry and the plan of the job: it holds no time and no name of a
//! machine, so two attempts at a slice give equal bytes. Positions in it count from its entry. The slices of an extract, one
//! after the other, give what one pass over the extract gives.
//!
//! # Sub-rooms, in order
//!
//! - [`file`](mod@file): a slice as a file of frames.
//! - [`make`]: reads an extract or a split into a slice.
//! - [`merge`]: reads an extract from its slices.

pub mod file;
pub mod make;
pub mod merge;

pub use crate::run::slice::file::{SliceError, SliceHead, SliceId, SliceReader};
pub use crate::run::slice::make::{Slice, read_split, read_whole};
pub use crate::run::slice::merge::{SliceFile, read_slices};
