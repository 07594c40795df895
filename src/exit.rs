//! How a run ends: the only place where the numbers stand.

use std::process::ExitCode;

/// The outcomes that a scheduler can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Complete; nothing at or above `--fail-on`.
    Clean,
    /// Complete; something at or above `--fail-on`.
    Findings,
    /// Not complete: nothing was left in `--out`.
    Failed,
    /// Ctrl-C or SIGTERM: nothing was left in `--out`.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Interrupted => 130,
        })
    }
}
