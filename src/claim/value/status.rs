//! What the payer did with a row.

use serde::{Deserialize, Serialize};

/// The status of a row, from its status columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum RowStatus {
    /// The row does not say.
    #[default]
    None,
    /// Paid.
    Paid,
    /// Denied.
    Denied,
    /// Not decided yet.
    Pending,
    /// Taken back by the payer.
    Reversed,
}

impl RowStatus {
    /// The words in data files and outputs.
    pub const WORDS: [(&'static str, Self); 4] =
        [("paid", Self::Paid), ("denied", Self::Denied), ("pending", Self::Pending), ("reversed", Self::Reversed)];

    /// Looks up the word of a data file.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
    }
}
