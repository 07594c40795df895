//! Cell values as types: codes, amounts, products, settings, pointers, the words of a column. One type a file.

pub mod amount;
pub mod authorization;
pub mod code;
pub mod code_set;
pub mod diagnosis;
pub mod id;
pub mod modifier;
pub mod pointer;
pub mod product;
pub mod setting;
pub mod status;
pub mod vocabulary;
pub mod words;
