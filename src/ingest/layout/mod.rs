//! From header names to fields: a layout is a TOML file, and a layout bound to a header is a [`binding::Binding`].
//!
//! # Sub-rooms, in order
//!
//! - [`text_form`]: delimiter, quotes, preamble and lines to skip.
//! - [`join`]: what a layout says about joined tables.
//! - [`binding`]: the columns of each field in one header.
//! - [`bind_error`]: why a header cannot be bound.
//! - [`dates`]: the forms of a day that a layout gives.
//! - [`words`]: the words of a source that a layout translates.
//! - [`demands`]: columns that must be there, that may be missing, and that are left out on purpose.
//! - [`definition`]: what a layout file says.
//! - [`known_names`]: the column names that may be quoted from a first line.
//! - [`ranges`]: numbered runs of names.
//! - [`shipped`]: the texts of the layouts that come with the program.
//! - [`parse_join`]: reads `[[join]]`.
//! - [`parse_columns`]: reads `[columns]`, `[spellings]` and `[lists]`.
//! - [`parse`]: reads a layout file.
//! - [`bind`]: looks the names of a layout up in a header.
//! - [`beyond`]: columns beyond the numbers that are read.
//! - [`slot_gaps`]: columns that some service slots of a header lack.
//! - [`library`]: the shipped layouts.
//! - [`joined`]: joined tables, opened and bound.
//! - [`table_gaps`]: columns of joined tables that the given tables lack.
//! - [`table`]: what a layout must know of the kinds of the columns of a table.
//! - [`detect`]: finds the delimiter, the header and the layout of an extract.
//! - [`dialect`]: how an extract is read, for another process.
//! - [`misread`]: the first rows under the layout: surplus fields, and dates that cannot be read.

pub(crate) mod beyond;
pub(crate) mod bind;
pub mod bind_error;
pub mod binding;
pub mod dates;
pub mod definition;
pub(crate) mod demands;
pub mod detect;
pub mod dialect;
pub mod join;
pub mod joined;
pub(crate) mod known_names;
pub mod library;
pub mod misread;
pub(crate) mod parse;
pub(crate) mod parse_columns;
pub(crate) mod parse_join;
pub(crate) mod ranges;
pub mod shipped;
pub(crate) mod slot_gaps;
pub(crate) mod table;
pub(crate) mod table_gaps;
pub mod text_form;
pub mod words;
