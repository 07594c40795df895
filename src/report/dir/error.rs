//! Why a report cannot be published.

/// Why a report cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The target exists.
    #[error(
        "{0}: exists already; name another directory with --out, such as reports/{{date}}-{{run}}, or replace it with --force"
    )]
    Exists(String),
    /// The target exists, and `--force` would not replace it.
    #[error(
        "{0}: exists already and is not a claimlint report; name another directory with --out, such as reports/{{date}}-{{run}}"
    )]
    Taken(String),
    /// The target is not a report.
    #[error("{0}: is not a claimlint report, so --force does not replace it; name another directory with --out")]
    NoReport(String),
    /// The target is a report that also has other entries.
    #[error(
        "{0}: holds {1}, which is not part of this claimlint report, so --force does not replace it; move it away, or name \
         another directory with --out"
    )]
    Strange(String, String),
    /// A file of the target was changed after claimlint wrote it.
    #[error(
        "{0}: {1} was changed after the report was written, so --force does not replace it; move the report away, or name \
         another directory with --out"
    )]
    Altered(String, String),
    /// A file of the target is read by this run.
    #[error(
        "{0}: {1} is an input of this run, so --force does not replace it; move it away, or name another directory with --out"
    )]
    Input(String, String),
    /// Another run is writing to the target.
    #[error("{0}: another run is writing there; wait for its end, or name another directory with --out")]
    Busy(String),
    /// The place of the lock is taken.
    #[error(
        "{0}: is in the place of the lock of this report, and is a link, an input of this run, or a file that claimlint did \
         not make; move it away, or name another directory with --out"
    )]
    ForeignLock(String),
    /// Somebody changed the directory under construction.
    #[error(
        "{0}: somebody moved or changed the directory in which the report was built, so the report was not put in place; \
         run again, or name a directory with --out whose parent directory only you can change"
    )]
    Interfered(String),
    /// The disk says no.
    #[error("{0}: {1}")]
    Io(String, String),
}
