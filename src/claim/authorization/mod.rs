//! The plan's authorization file (`--auths`), read like an extract and looked up by number and by member.
//!
//! Denials depend on the file, so no part of it is skipped: if a row cannot be read, the run fails.
//!
//! # Sub-rooms, in order
//!
//! - [`row`]: one row, and the procedures that it is for.
//! - [`days`](mod@days): the days that rows cover, and a search among many of them.
//! - [`lookup`]: the rows of one number.
//! - [`member`]: the approvals of one member.
//! - [`file`](mod@file): the file, indexed.
//! - [`read`]: reads the file.

mod days;
pub mod file;
pub mod lookup;
mod member;
mod read;
pub mod row;

pub use crate::claim::authorization::file::{AuthorizationCoverage, AuthorizationFile, NeededRows};
pub use crate::claim::authorization::read::{AuthorizationColumns, AuthorizationWords};
pub use crate::claim::authorization::row::{Approval, Authorization, Scope};
