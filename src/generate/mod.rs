//! Invented extracts whose findings are known in advance: for trying out a pipeline, and for testing `check`.
//!
//! A case ([`cases`]) is a small function that plants rows and states what `check` must say about them. It takes that from
//! the specification ([`crate::spec`]) and the policy's lists, and never from the code that judges. Each case has its own members, claims and
//! authorization numbers, so the rows of many cases can be mixed in one extract. The same plan gives the same bytes.
//!
//! ```text
//!   rng --> builder (a clear service) --> cases (a change, and what follows from it)
//!                                           --> reformat (the same values in other spellings)
//!                                                 --> write (the extract and its truth, row by row)
//! ```
//!
//! # Sub-rooms, in order
//!
//! - [`rng`]: reproducible random numbers.
//! - [`lists`](mod@lists): codes and words that cases draw from.
//! - [`columns`]: the columns of an extract.
//! - [`plan`]: what to invent.
//! - [`expected`]: what is planted, and what `check` must say about it.
//! - [`draft`]: a service under construction.
//! - [`scenario`]: the cells of the authorization table.
//! - [`reformat`]: the same values in other spellings.
//! - [`builder`]: a clear service to start from, and the ways to plant it.
//! - [`cases`]: the catalog of cases.
//! - [`background`]: rows out of scope.
//! - [`write`](mod@write): writes the extract and its truth.

pub(super) mod background;
pub(super) mod builder;
pub(super) mod draft;
pub(super) mod reformat;
pub(super) mod rng;
pub(super) mod scenario;

mod cases;
mod columns;
mod expected;
mod lists;
mod plan;
mod write;

pub use crate::generate::columns::COLUMNS;
pub use crate::generate::plan::{CLAIM_AMOUNTS_LAYOUT, CsvStyle, ExtractPlan, Quoting};
pub use crate::generate::write::{ExtractFiles, generate};
