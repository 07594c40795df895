//! Gates: conditions over the exact totals of a run, such as `deny.amount > 50000`.
//!
//! Values are fractions of arbitrary size, so nothing is rounded and nothing overflows. Amounts are in dollars. A condition is
//! undefined if it divides by zero or uses an unknown amount, unless it is part of an `and` or `or` whose other side decides
//! the result.
//!
//! No expression crate is used: none combines exact numbers, a third truth value, and errors with a column.
//!
//! # Sub-rooms, in order
//!
//! - [`names`]: the names that a gate can ask for.
//! - [`condition`]: a parsed condition, and its evaluation in a run.
//! - [`parse`](mod@parse): parses the text of a gate.

mod condition;
mod names;
pub mod parse;

pub use crate::gate::condition::{Figure, Gate, GateInputs, GateResult, NewFindings, Undefined};
pub use crate::gate::names::{Baseline, Name};
pub use crate::gate::parse::GateSyntaxError;
