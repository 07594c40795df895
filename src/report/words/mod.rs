//! The words that the terminal, the page, the workbook and `explain` share: numbers, escaping, findings for people.

pub(crate) mod escape;
pub(crate) mod finding;
pub mod numbers;
