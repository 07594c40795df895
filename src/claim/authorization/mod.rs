//! The plan's authorization file (`--auths`), read like an extract and looked up by number and by member.
//!
//! Denials depend on the file, so no part of it is skipped: if a row cannot be read, the run fails.
//!
//! A file that takes more than its share of the memory is on disk. Then each part of a run has an [`AuthorizationFile`] of its
//! own, with the rows that have a number or the member of one of its lines, in the order of the file: no look-up tells it from
//! the whole file.
//!
//! # Sub-rooms, in order
//!
//! - [`row`]: one row, and the procedures that it is for.
//! - [`column_names`]: names of columns that are not read.
//! - [`columns`]: the columns of the file, and what the absence of one costs.
//! - [`days`](mod@days): the days that rows cover, and a search among many of them.
//! - [`lookup`]: the rows of one number.
//! - [`member`]: the approvals of one member.
//! - [`file`](mod@file): rows, indexed.
//! - [`statuses`]: status labels that no table knows.
//! - [`on_disk`]: all rows on disk.
//! - [`collect`]: collects rows while the file is read.
//! - [`whole`]: the whole file, in memory or on disk.
//! - [`part_rows`]: the rows on disk that each part of a run needs.
//! - [`needed_rows`]: the rows that the dossier holds.
//! - [`read`]: reads the file.

mod collect;
mod column_names;
pub(crate) mod columns;
mod days;
pub mod file;
pub mod lookup;
mod member;
pub mod needed_rows;
pub mod on_disk;
pub mod part_rows;
mod read;
pub mod row;
pub mod statuses;
pub mod whole;

pub use crate::claim::authorization::collect::RowRoom;
pub use crate::claim::authorization::columns::AuthorizationColumns;
pub use crate::claim::authorization::file::AuthorizationFile;
pub use crate::claim::authorization::needed_rows::NeededRows;
pub use crate::claim::authorization::part_rows::{NeededKeys, PartRows};
pub use crate::claim::authorization::read::AuthorizationWords;
pub use crate::claim::authorization::row::{Approval, Authorization, Scope};
pub use crate::claim::authorization::whole::{AuthorizationCoverage, Authorizations};
