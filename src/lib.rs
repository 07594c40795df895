//! x
pub mod claim;
pub mod finding;
pub mod ingest;
pub mod ledger;
pub mod policy;
pub mod rules;
pub mod run;
pub mod sheet;
pub mod tally;
pub mod report;
pub mod cli;
pub mod exit;
