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
//! - [`batch`]: lines in one piece of memory.
//! - [`encoder`]: writes a line.
//! - [`fill`]: a line with facts from other rows of its claim.
//! - [`mask`]: tokens in place of ids.
//! - [`coded`]: the cells that hold words and codes out of short lists.
//! - [`columns`]: the columns of an extract whose cells are read as they are.
//! - [`reader`]: what is known of an extract before its rows are read.
//! - [`values`]: what was read of a row.
//! - [`cells`]: the long way from a row to a line, which says what a cell means.
//! - [`plain`]: the short way, for rows whose cells need no cleaning.
//! - [`look`]: looks at a row, and adds its lines.
//! - [`stored`]: batches as they are stored.
//! - [`validate`]: checks lines that come from a stored dossier.

pub mod batch;
mod cells;
pub(crate) mod coded;
mod columns;
mod encoder;
pub(crate) mod fill;
pub mod head;
pub mod kept;
pub(crate) mod look;
pub mod mask;
mod parts;
mod plain;
pub mod reader;
mod stored;
pub(crate) mod validate;
mod values;
pub mod view;

pub use crate::claim::line::batch::Batch;
pub use crate::claim::line::head::{Head, Marks};
pub use crate::claim::line::kept::Text;
pub use crate::claim::line::view::Line;
