//! Protects what a shell, a scheduler and a pipe see of the built binary.

use assert_cmd::Command;

/// What a finished process said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Its stdout; it must have ended with 0.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// Its stderr; it must have ended with 2.
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.code, Some(2), "{}", self.out);
        self.err
    }
}

/// Runs the built binary.
pub(crate) fn claimlint(args: &[&str]) -> Said {
    let output = Command::cargo_bin("claimlint").expect("built").args(args).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what it says is UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
