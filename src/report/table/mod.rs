//! The tables of services and findings: which columns they have, in which order, and how a row becomes CSV.

pub(crate) mod csv_row;
pub mod record;
