//! The plan's own authorization file (`--auths`): read like an extract, looked up by number and by member.
//!
//! The file decides denials, so nothing in it is overlooked: a row that cannot be read refuses the run.
//!
//! # Sub-rooms, in order
//!
//! - [`row`]: one row, and the procedures that it is for.
//! - [`lookup`]: the rows of one number or one member.
//! - [`file`]: the file, indexed.
//! - [`read`]: reads the file.

pub mod file;
pub mod lookup;
mod read;
pub mod row;

pub use crate::claim::authorization::file::{AuthorizationCoverage, AuthorizationFile, NeededRows};
pub use crate::claim::authorization::read::{AuthorizationColumns, AuthorizationWords};
pub use crate::claim::authorization::row::{Approval, Authorization, Scope};
