//! The frequency code of a claim: original, replacement or void.

use serde::{Deserialize, Serialize};

/// What a line does to earlier versions of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// Neither a replacement nor a void.
    Original,
    /// Frequency 7: replaces an earlier version.
    Replacement,
    /// Frequency 8: voids an earlier version.
    Void,
}
