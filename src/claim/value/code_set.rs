//! Sets of known codes.

use serde::{Deserialize, Serialize};

use crate::claim::value::code::CodeId;

/// A set of known codes. The policy loader admits at most 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CodeSet(u64);

impl CodeSet {
    /// Adds a code.
    pub fn insert(&mut self, id: CodeId) {
        self.0 |= 1 << id.0;
    }

    /// Creates a set from codes.
    pub(crate) fn from_ids(codes: &[CodeId]) -> Self {
        Self(codes.iter().fold(0, |set, id| set | 1 << id.0))
    }

    /// The codes, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = CodeId> {
        (0..u64::BITS as u16).map(CodeId).filter(move |id| self.contains(*id))
    }

    /// The union of both sets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Do the two sets share a code?
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Does the set contain this code?
    pub fn contains(self, id: CodeId) -> bool {
        self.0 & (1 << id.0) != 0
    }
}
