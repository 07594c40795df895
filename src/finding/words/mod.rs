//! Findings in English: the one place that turns [`crate::finding::evidence`] into a sentence.
//!
//! The words are made when a report is written, from the lines as the report shows them. So a masked report words masked
//! cells, and nothing is formatted for findings that nobody prints.
//!
//! # Sub-rooms, in order
//!
//! - [`said`]: what sentences are made from, and the words that all of them share.
//! - [`diagnosis`], [`authorization`], [`coding`], [`routing`], [`session`], [`quality`]: the sentences of each family.
//! - [`cap`]: why a denial is only for review.
//! - [`message`]: the message of a finding.

mod authorization;
mod cap;
mod coding;
mod diagnosis;
mod message;
mod quality;
mod routing;
mod said;
mod session;

pub use crate::finding::words::said::Words;
