//! Strict reader for TOML files. It reports all faults of a file at once, each with its line, its column, and what to write.
//!
//! serde stops at the first fault. Policies are edited by people who are not programmers, and they should be able to fix a
//! file in one go. So this module walks the parsed document, reads the requested keys, and records every key that is
//! missing, has the wrong type, or is unknown.
//!
//! # Sub-rooms, in order
//!
//! - [`fault`]: a fault with its place, and the word that was probably meant.
//! - [`document`]: a file and its faults.
//! - [`syntax`]: what is said of a text that is not TOML.
//! - [`table`]: its tables and their keys.

mod document;
mod fault;
mod syntax;
mod table;

pub use crate::strict_toml::document::Document;
pub use crate::strict_toml::fault::{Fault, Faults, nearest};
pub(crate) use crate::strict_toml::fault::{kind_in_words, nearest_few};
pub use crate::strict_toml::table::{SpannedText, Table, texts};
