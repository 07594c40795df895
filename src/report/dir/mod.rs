//! The report directory: complete or absent, private to its owner, never written over anything that is not a report.
//!
//! # Sub-rooms, in order
//!
//! - [`error`]: why a report cannot be published.
//! - [`files`]: private files, syncing, renames that never overwrite.
//! - [`manifest`]: the files of a report with their hashes.
//! - [`contents`]: what a report directory may hold.
//! - [`lock`]: one run at a time writes a report; the leftovers of killed runs are removed.
//! - [`staged`]: a report under construction, and how it is moved into place.

mod contents;
mod error;
mod files;
pub(crate) mod lock;
pub mod manifest;
mod staged;

pub use crate::report::dir::contents::has_summary;
pub use crate::report::dir::error::PublishError;
pub use crate::report::dir::files::{create, describe_io_error, sync_file};
pub use crate::report::dir::manifest::RUN;
pub use crate::report::dir::staged::{DEFAULT, StagedReport};
