//! x
pub mod claim;
pub mod ingest;
pub mod sheet;
