//! Claim lines: turns rows into lines with typed values, and finds which lines belong together.
//!
//! Cells are parsed once, when a row becomes a line. After that a code is a [`value::code::CodeId`], an amount is
//! [`value::amount::Cents`], a date is a civil date, and a product is a [`value::product::ClassId`]. This room knows what the
//! fields of a claim mean and which lines belong together ([`index`]); the rules draw the conclusions.
//!
//! # Sub-rooms, in order
//!
//! - [`value`]: cell values as types.
//! - [`authorization`]: the authorization file.
//! - [`line`](mod@line): the lines of a run, packed, with one encoder and one decoder.
//! - [`store`]: the lines in input order, in memory or on disk.
//! - [`connected`]: lines that may bear on each other.
//! - [`index`]: which lines belong together, and what became of each.

pub mod value;

pub mod authorization;
pub(crate) mod connected;
pub mod index;
pub mod line;
pub mod store;

pub use crate::claim::index::line_set::LineSet;
pub use crate::claim::index::service::{Bin, Kind, Service};
pub use crate::claim::line::reader::Reader;
pub use crate::claim::line::{Batch, Line, Text};
pub use crate::claim::store::Store;
pub use crate::claim::value::amount::{Cents, Sum};
pub use crate::claim::value::code::{CodeId, CodeTable};
pub use crate::claim::value::product::ClassId;
pub use crate::claim::value::setting::{ClaimForm, Setting};
