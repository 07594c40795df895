//! Exit codes. No other file has these numbers.

use std::process::ExitCode;

/// The outcomes that a scheduler can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Complete; nothing at or above `--fail-on`.
    Clean,
    /// Complete; something at or above `--fail-on`.
    Findings,
    /// `verify`: the report is damaged, or it was made from other inputs.
    Differs,
    /// `merge`: some slices must be made again from another entry.
    Again,
    /// Not complete: nothing was left in `--out`.
    Failed,
    /// Ctrl-C or SIGTERM: nothing was left in `--out`.
    Interrupted,
}

impl Exit {
    /// The exit code for the operating system.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings | Self::Differs => 1,
            Self::Failed => 2,
            Self::Again => 3,
            Self::Interrupted => 130,
        }
    }

    /// Ends the process, from any thread.
    pub fn now(self) -> ! {
        std::process::exit(self.code().into())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
