//! Words that the terminal, the page, the workbook and `explain` share: numbers for people and escaping.

pub(crate) mod escape;
pub mod numbers;
