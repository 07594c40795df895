//! The columns of a Parquet file, whose rows are those of an extract.
//!
//! A row becomes cells of text, and from there on it is a row like any other: the layouts, the words, the reader of lines and
//! the ledger do not know where it comes from. What a column holds is written as `DuckDB` writes it into CSV, so that a file
//! and its export give the same report.
//!
//! Of each row group the columns with procedure codes are read first. Of the other columns only those that a field uses are
//! read, and of those only the rows that may hold a known code. A row group without such a row costs no more than its codes.
//!
//! # Sub-rooms, in order
//!
//! - [`guard`]: runs the library on bytes that may be damaged.
//! - [`table_format`]: the table of which a file is a part.
//! - [`kind`]: the kinds of columns.
//! - [`text`]: values as the text of a cell.
//! - [`file`](mod@file): opens a file.
//! - [`pages`]: the pages of a column, by their headers.
//! - [`rows`]: which rows are wanted, and why a column is not read.
//! - [`unpack`]: unpacks pages.
//! - [`runs`]: numbers of few bits.
//! - [`numbers`]: numbers of values in a dictionary.
//! - [`plain`]: values after their lengths.
//! - [`strings`]: columns of text, of which only some cells are wanted.
//! - [`chunk`]: reads a column of one row group.
//! - [`csv`]: rows as lines of CSV, for the first rows and for rejected ones.

pub(crate) mod chunk;
pub(crate) mod csv;
mod file;
pub(crate) mod guard;
pub(crate) mod kind;
mod numbers;
pub(crate) mod pages;
mod plain;
pub(crate) mod rows;
mod runs;
mod strings;
mod table_format;
pub(crate) mod text;
mod unpack;

pub(crate) use crate::ingest::parquet::csv::first_rows;
pub(crate) use crate::ingest::parquet::file::{ENCRYPTED, IS_ENCRYPTED, MAGIC, ParquetFile};
