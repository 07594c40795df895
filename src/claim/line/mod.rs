//! A line: a service or related row with everything that a rule can ask of it, stored compactly.
//!
//! Rows that matter are usually rare, so all of their fields are kept. In a dense audit, however, every row matters, so
//! thousands of lines share one [`Batch`], and a [`Line`] is a view into it.
//!
//! # Sub-rooms, in order
//!
//! - [`kept`]: the table of the texts that a line keeps.
//! - [`head`]: the cells that were read as values.
//! - [`view`]: one line, with its decoder.
//! - [`parts`]: the parts of ids that several columns make.
//! - [`batch`]: lines in one piece of memory, with their encoder.
//! - [`fill`]: a line with facts from other rows of its claim.
//! - [`mask`]: tokens in place of ids.
//! - [`coded`]: the cells that hold words and codes out of short lists.
//! - [`reader`]: from a row to a line.
//! - [`validate`]: checks lines that come from a stored dossier.

pub mod batch;
pub(crate) mod coded;
pub(crate) mod fill;
pub mod head;
pub mod kept;
pub mod mask;
mod parts;
pub mod reader;
pub(crate) mod validate;
pub mod view;

pub use crate::claim::line::batch::Batch;
pub use crate::claim::line::head::{Head, Marks};
pub use crate::claim::line::kept::Text;
pub use crate::claim::line::view::Line;
