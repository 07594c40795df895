//! The plan's authorization file (`--auths`), read like an extract and looked up by number and by member.
//!
//! Denials depend on the file, so no part of it is skipped: if a row cannot be read, the run fails.
//!
//! # Sub-rooms, in order
//!
//! - [`row`]: one row, and the procedures that it is for.
//! - [`lookup`]: the rows of one number or one member.
//! - [`file`](mod@file): the file, indexed.
//! - [`read`]: reads the file.

pub mod file;
pub mod lookup;
mod read;
pub mod row;

pub use crate::claim::authorization::file::{AuthorizationCoverage, AuthorizationFile, NeededRows};
pub use crate::claim::authorization::read::{AuthorizationColumns, AuthorizationWords};
pub use crate::claim::authorization::row::{Approval, Authorization, Scope};
