//! The words that the terminal, the page, the workbook and `explain` share: numbers, escaping, findings for people.
//!
//! # Sub-rooms, in order
//!
//! - [`wrap`]: lines of a bounded width.
//! - [`numbers`]: counts, money and days.
//! - [`escape`]: escaping for HTML.
//! - [`codes`]: words for diagnoses, places of service and types of bill.
//! - [`lists`]: lists in sentences.
//! - [`finding`]: findings, authorization results and diagnoses.
//! - [`share`]: shares with their interval.
//! - [`warning`](mod@warning): warnings in sentences.

pub mod codes;
pub(crate) mod escape;
pub(crate) mod finding;
pub(crate) mod lists;
pub mod numbers;
pub mod share;
pub(crate) mod warning;
pub(crate) mod wrap;
