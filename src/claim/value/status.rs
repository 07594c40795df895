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
    /// Taken back.
    Reversed,
}
