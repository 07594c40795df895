//! Cell values as types: codes, dates, amounts, products, settings and pointers. One type a file.

pub mod amount;
pub mod authorization;
pub mod code;
pub mod code_set;
pub mod date;
pub mod id;
pub mod pointer;
pub mod product;
pub mod setting;
pub mod status;
pub mod words;
