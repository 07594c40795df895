//! Findings in English: the one place that turns [`crate::finding::evidence`] into a sentence.
//!
//! Messages are worded when a report is written, from the lines as the report shows them. So a masked report quotes
//! masked cells, and no time is spent on findings that are not printed.
//!
//! # Sub-rooms, in order
//!
//! - [`writer`]: what sentences are made from, and the words that all of them share.
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
mod session;
mod writer;

pub(crate) use crate::finding::words::authorization::{no_number, units};
pub use crate::finding::words::writer::Words;
