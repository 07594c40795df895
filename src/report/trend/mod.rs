//! Months, rules and providers over many reports: how many services, how much, which share, and what moved beyond chance.
//!
//! A service that several reports have counts once, as the newest of them has it. Months are those of the service dates.
//!
//! # Sub-rooms, in order
//!
//! - [`series`]: counts and money by month, by rule and by provider.
//! - [`read`]: adds the services of the reports, each once.
//! - [`moved`]: the later months compared with the earlier ones.
//! - [`words`]: its sentences.
//! - [`write`](mod@write): the trend as CSV.
//! - [`page`](mod@page): the trend as a page.

pub mod moved;
pub mod page;
pub mod read;
pub mod series;
pub mod words;
pub mod write;
