//! Records: the grammar of a row, rejected rows and trailer lines.

pub mod grammar;
pub mod reject;
pub mod trailer;
