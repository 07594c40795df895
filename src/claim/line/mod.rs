//! A service or related row: everything a rule can ask of it, compact.
//!
//! Rows that matter are rare, so they are kept whole; but in a dense audit every row matters, so thousands of lines share
//! one [`Batch`], and a [`Line`] is a view into it.

pub mod batch;
pub(crate) mod fill;
pub mod head;
pub mod kept;
pub mod mask;
pub mod reader;
pub(crate) mod validate;

pub use crate::claim::line::batch::{Batch, Line};
pub use crate::claim::line::head::{Head, Marks, Version};
pub use crate::claim::line::kept::Text;
