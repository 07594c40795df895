//! The report directory: complete or absent, private to its owner, never written over anything that is not a report.
//!
//! # Sub-rooms, in order
//!
//! - [`error`]: why a report cannot be published.
//! - [`directory`]: a directory that is held open, whatever becomes of its name.
//! - [`files`]: single files, and the words for errors of the disk.
//! - [`written`]: the files of a report while they are written.
//! - [`manifest`]: the files of a report with their hashes.
//! - [`state`]: whether the entries of a report are still as they were made.
//! - [`protected`]: the files that a run reads and must not remove.
//! - [`contents`]: what a report directory may hold.
//! - [`lock`]: one run at a time writes a report.
//! - [`recover`]: what killed runs left is removed.
//! - [`parents`]: the directories above a report that are made for it.
//! - [`building`]: a directory under construction.
//! - [`removal`]: old reports are removed as a whole.
//! - [`destination`]: the place of a report, and how it is moved there.
//! - [`staged`]: a report under construction.

mod building;
mod contents;
mod destination;
mod directory;
mod error;
mod files;
pub(crate) mod lock;
pub mod manifest;
mod parents;
mod protected;
mod recover;
mod removal;
mod staged;
pub(crate) mod state;
mod written;

pub use crate::report::dir::building::Building;
pub(crate) use crate::report::dir::contents::{FoundReport, has_summary, is_file_of_report, look_for_report};
pub use crate::report::dir::directory::{Directory, FileState};
pub(crate) use crate::report::dir::directory::{file_state, is_ordinary_file};
pub use crate::report::dir::error::PublishError;
pub use crate::report::dir::files::create;
pub(crate) use crate::report::dir::files::{describe_io_error, remove_incomplete};
pub(crate) use crate::report::dir::manifest::RUN;
pub use crate::report::dir::protected::ProtectedFiles;
pub use crate::report::dir::removal::{RemovalError, Shelf};
pub(crate) use crate::report::dir::staged::DEFAULT;
pub use crate::report::dir::staged::StagedReport;
pub use crate::report::dir::written::ReportFile;
