//! Records: the grammar of a row, its cells, the header, rejected rows and trailer records.
//!
//! # Sub-rooms, in order
//!
//! - [`row_count`]: how many rows something is true of.
//! - [`reject`]: rows that cannot be used.
//! - [`quoting`]: how cells are quoted.
//! - [`grammar`]: where a record ends, what its fields are, and when it is rejected.
//! - [`line_end`]: where lines end.
//! - [`quoted`]: where a quoted field ends.
//! - [`plain_cell`]: a cell whose bytes are its text.
//! - [`row`]: the cells of a row.
//! - [`first_rows`]: the first rows, which show how many surplus fields rows have.
//! - [`footer`]: a last line that is no row.
//! - [`delimiter`]: the delimiters, and what to do about lines before the header.
//! - [`header`]: the names of the columns.
//! - [`trailer`]: the last line that states the number of rows.

pub mod delimiter;
pub mod first_rows;
pub(crate) mod footer;
pub mod grammar;
pub mod header;
pub(crate) mod line_end;
pub(crate) mod plain_cell;
mod quoted;
pub mod quoting;
pub mod reject;
pub mod row;
pub mod row_count;
pub mod trailer;
