//! What was found: one rule that fired on one service or related row.

use crate::policy::Disposition;

/// Number of a rule in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u8);

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A service, by its number in the book.
    Service(usize),
    /// A related line, by its number in the book.
    Related(usize),
    /// A line that a version took back, by its number in the book.
    Withdrawn(usize),
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// What it asks for here.
    pub disposition: Disposition,
    /// On what it fired.
    pub subject: Subject,
    /// The line it points at, by its number in the book.
    pub line: usize,
    /// For the analyst: the values that made it fire.
    pub message: String,
}
