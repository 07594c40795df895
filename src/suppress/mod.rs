//! Suppressed findings: which ones, who is responsible, why, and until when. They stay in the report and are marked.
//!
//! A suppression does not change a verdict: disposition, status and amounts stay as judged, so nothing is hidden. Suppressed
//! findings do not make a run fail, and the report says so. Suppressions match ids as read, before they are masked.
//!
//! # Sub-rooms, in order
//!
//! - [`groups`]: finds the suppressions of a finding.
//! - [`list`]: the suppressions of a file, and the findings that they match.
//! - [`read`]: reads the file.
//! - [`kept`]: what a dossier keeps.

mod groups;
mod kept;
mod list;
mod read;

pub use crate::suppress::kept::KeptSuppressions;
pub use crate::suppress::list::{State, Suppression, SuppressionMatches, Suppressions};
