//! The tables of services and findings: which columns they have, in which order, and how a row becomes CSV.
//!
//! # Sub-rooms, in order
//!
//! - [`record`]: a service and a finding as every format prints them.
//! - [`csv_row`]: CSV rows as bytes.

pub(crate) mod csv_row;
pub mod record;
