//! Compares two reports by their findings.csv and summary.json.
//!
//! Both tables are read twice: first to pair their entries, then to print the rows that differ. So memory holds the
//! entries of [`crate::baseline`] and never the texts.
//!
//! # Sub-rooms, in order
//!
//! - [`read`]: reads the findings of a report.
//! - [`comparison`]: two reports with their findings paired.
//! - [`write`](mod@write): the comparison as CSV and JSON.
//! - [`page`]: the comparison as a page.

pub mod comparison;
pub mod page;
pub mod read;
mod write;

pub use crate::report::compare::comparison::{ByRule, Comparison, Difference, SUPPRESSED, Shares};
pub use crate::report::compare::write::{COLUMNS, csv, json};
