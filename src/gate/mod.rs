//! Gates: conditions over the exact totals of a run, such as `deny.amount > 50000`.
//!
//! Values are fractions of any size, so nothing is rounded and nothing overflows; amounts are dollars, and a cent is a
//! hundredth. A condition is undefined where a number is divided by zero or where an amount is unknown. `and` and `or` are
//! defined where one side decides alone.
//!
//! No crate for expressions is used: none is exact, has a third truth value, and reports a fault with its column.
//!
//! # Sub-rooms, in order
//!
//! - [`names`]: the names that a gate can ask for.
//! - [`condition`]: a condition that was read, and its value in a run.
//! - [`parse`](mod@parse): from the text of a gate to its condition.

mod condition;
mod names;
pub mod parse;

pub use crate::gate::condition::{Figure, Gate, GateInputs, GateResult, NewFindings, Undefined};
pub use crate::gate::names::{Baseline, LedgerBin, Name};
pub use crate::gate::parse::GateSyntaxError;
