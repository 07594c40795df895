//! Cell values as types: codes, amounts, products, settings, pointers, the words of a column. One file per type.
//!
//! # Sub-rooms, in order
//!
//! - [`qualifiers`]: what an 837 writes before a value.
//! - [`amount`]: money in cents, and units.
//! - [`words`]: words of a column that have a meaning.
//! - [`id`]: numbers of claims, lines, members and providers.
//! - [`authorization`]: authorization numbers in a cell.
//! - [`code`]: the known procedure codes, and how they are found in a cell.
//! - [`code_set`]: sets of known codes.
//! - [`diagnosis`], [`modifier`], [`pointer`](mod@pointer): diagnosis codes, modifiers and diagnosis pointers.
//! - [`product`]: from a product label to its class.
//! - [`setting`]: setting and claim form.
//! - [`status`], [`version`]: what the payer did with a row; original, replacement or void.
//! - [`vocabulary`]: the words of all columns as tables.

pub mod amount;
pub mod authorization;
pub mod code;
pub mod code_set;
pub mod diagnosis;
pub mod id;
pub mod modifier;
pub mod pointer;
pub mod product;
pub(crate) mod qualifiers;
pub mod setting;
pub mod status;
pub mod version;
pub mod vocabulary;
pub mod words;
