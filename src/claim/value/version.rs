//! The frequency code of a claim: original, replacement or void.

use serde::{Deserialize, Serialize};

/// Does this line replace or void an earlier claim?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// Neither.
    Original,
    /// Frequency 7.
    Replacement,
    /// Frequency 8.
    Void,
}
