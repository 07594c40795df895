//! A service or related row: everything a rule can ask of it, compact.
//!
//! Rows that matter are rare, so they are kept whole; but in a dense audit every row matters, so thousands of lines share
//! one [`Batch`], and a [`Line`] is a view into it.
//!
//! # Sub-rooms, in order
//!
//! - [`kept`]: the table of the texts that a line keeps.
//! - [`head`]: the cells that were read as values.
//! - [`batch`]: lines in one piece of memory, with their encoder and decoder.
//! - [`fill`]: a line with facts from other rows of its claim.
//! - [`mask`]: tokens in place of ids.
//! - [`reader`]: from a row to a line.
//! - [`validate`]: checks lines that come from a stored dossier.

pub mod batch;
pub(crate) mod fill;
pub mod head;
pub mod kept;
pub mod mask;
pub mod reader;
pub(crate) mod validate;

pub use crate::claim::line::batch::{Batch, Line};
pub use crate::claim::line::head::{Head, Marks};
pub use crate::claim::line::kept::Text;
