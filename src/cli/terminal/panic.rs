//! The message of a panic: it is a fault of claimlint, where it happened, and what to do. The panic's own text is never
//! printed, because it may quote a row.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe, Location, PanicHookInfo};
use std::sync::Once;

use crate::cli::terminal::screen;
use crate::exit::Exit;
use crate::ingest::parquet::guard::is_decoding;

/// Runs a job and turns a panic into an error: a report under construction is removed while the stack unwinds,
/// whichever thread panicked.
pub(crate) fn guarded(job: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(print_message));
    panic::catch_unwind(AssertUnwindSafe(job)).unwrap_or(Exit::Failed)
}

/// Several threads may panic for the same reason; one message is enough.
static PRINTED: Once = Once::new();

fn print_message(panic: &PanicHookInfo<'_>) {
    // The decoder of Parquet panics on some damaged bytes, and an error follows.
    if is_decoding() {
        return;
    }
    PRINTED.call_once(|| {
        let _ = writeln!(screen::stderr(), "{}", message(panic.location()));
    });
}

fn message(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    format!(
        "error: this is a fault of claimlint {}, at {place}; no report was written\n  Please report this line and the \
         command. What the extract holds was not printed; keep it, so that we can find the fault.",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::report::dir::{ProtectedFiles, StagedReport};

    /// The working directory of the child process below; only this test sets it.
    const DIRECTORY: &str = "CLAIMLINT_TEST_DESK";

    /// A run that panics on the main thread or on a worker thread, after it has begun to write.
    #[test]
    fn child() {
        // This does nothing by itself. The test below runs it in a separate process, because the panic hook is global.
        let Some(directory) = std::env::var_os(DIRECTORY).map(std::path::PathBuf::from) else { return };
        let worker = std::env::var_os("CLAIMLINT_TEST_WORKER").is_some();
        let job = || {
            let staged =
                StagedReport::open(Some(&directory.join("report")), false, &ProtectedFiles::default()).expect("free");
            staged.create("services.csv").expect("room");
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
            let panic_at_7 = |n: i32| assert!(n != 7, "row 7 says SECRET-MEMBER");
            if worker {
                pool.install(|| (0..100).into_par_iter().for_each(panic_at_7));
            } else {
                panic_at_7(7);
            }
            Exit::Clean
        };
        guarded(job).now()
    }

    #[test]
    fn a_panic_exits_with_2_and_leaves_no_quote_and_no_file() {
        for worker in [false, true] {
            let directory = tempfile::tempdir().expect("a directory");
            let mut command = std::process::Command::new(std::env::current_exe().expect("this test"));
            command
                .args(["--exact", "--nocapture", "cli::terminal::panic::tests::child"])
                .env(DIRECTORY, directory.path());
            if worker {
                command.env("CLAIMLINT_TEST_WORKER", "1");
            }
            let output = command.env("RUST_BACKTRACE", "full").output().expect("it runs");
            let message = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(2), "{message}");
            assert!(
                message.contains("fault of claimlint") && message.contains("src/cli/terminal/panic.rs:"),
                "{message}"
            );
            assert!(!message.contains("SECRET"), "{message}");
            let left: Vec<_> = std::fs::read_dir(directory.path()).expect("there").collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}
