//! Why a report cannot be published.

/// Why a report cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The target exists.
    #[error("{0}: exists already; name another directory with --out, or replace it with --force")]
    Exists(String),
    /// The target is not a report.
    #[error("{0}: is not a claimlint report, so --force does not replace it; name another directory with --out")]
    NoReport(String),
    /// The target is a report that also has other entries.
    #[error(
        "{0}: holds {1}, which is not part of a claimlint report, so --force does not replace it; move it away, or name \
         another directory with --out"
    )]
    Strange(String, String),
    /// Another run is writing to the target.
    #[error("{0}: another run is writing there; wait for its end, or name another directory with --out")]
    Busy(String),
    /// The disk says no.
    #[error("{0}: {1}")]
    Io(String, String),
}
