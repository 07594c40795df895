//! The tables of services and findings: which columns they have, in which order, and how a row becomes CSV.
//!
//! # Sub-rooms, in order
//!
//! - [`columns`]: the columns, and what takes their cells.
//! - [`record`]: a service and a finding as every format prints them.
//! - [`csv_row`]: CSV rows as bytes.

pub mod columns;
pub(crate) mod csv_row;
pub mod record;
