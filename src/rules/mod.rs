//! The rules: the checks in code, one family per file, with their documentation as data in a TOML file of the same
//! name.
//!
//! A rule is a function from a [`RuleInput`] to an [`Answer`]: the reason why it fires, or why it does not. It knows
//! neither CSV nor threads. Lists, limits and dispositions come from the policy.
//!
//! To add a rule: write its check in the file of its family, add it to the family's list, document it in the TOML file
//! with an example that fires and one that does not, and give it a disposition and a citation in the policy file. The
//! tests name whatever is missing.
//!
//! # Sub-rooms, in order
//!
//! - [`necessity`]: do the diagnoses support the service?
//! - [`authorization_decision`]: is an authorization required, and is it there?
//! - [`input`]: what a rule may ask.
//! - [`rule`]: a rule, and what it answers.
//! - [`diagnosis`], [`authorization`], [`coding`], [`routing`], [`session`], [`quality`]: the families.
//! - [`roster`](mod@roster): all rules with their numbers.
//! - [`doc`]: the documentation of the rules.
//! - [`money`]: the amount at risk and the recoverable amount of a service.
//! - [`cap`]: what makes a denial a review.
//! - [`judge`]: judges the services of a run.
//! - [`explain`]: what every rule says of one service or line.

pub mod authorization;
pub mod authorization_decision;
mod cap;
pub mod coding;
pub mod diagnosis;
pub mod doc;
pub mod explain;
pub mod input;
pub mod judge;
mod money;
pub mod necessity;
pub mod quality;
mod roster;
pub mod routing;
mod rule;
pub mod session;

pub use crate::rules::input::RuleInput;
pub(crate) use crate::rules::roster::reasons_rule;
pub use crate::rules::roster::{FAMILIES, codes, get, roster};
pub use crate::rules::rule::{Answer, AppliesTo, Rule};
