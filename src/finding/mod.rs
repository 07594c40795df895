//! Findings: one rule that fired on one service or related row.
//!
//! # Sub-rooms, in order
//!
//! - [`evidence`]: what made a rule fire, as values.
//! - [`fingerprint`]: identifies a finding across runs.
//! - [`record`]: a finding and what it is about.
//! - [`words`]: a finding in English.

pub mod evidence;
pub mod fingerprint;
mod record;
pub mod words;

pub use crate::finding::record::{Cap, Finding, RuleId, Subject};
