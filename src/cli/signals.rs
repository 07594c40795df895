//! Ctrl-C and SIGTERM: the run is asked to stop, and the process is ended if it does not.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::cli::terminal::log::Log;
use crate::exit::Exit;

/// How long a run may take to stop by itself after a signal: far more than a group of blocks needs.
const GRACE: Duration = Duration::from_secs(1);

/// Attempts to remove a directory that a thread may still be writing into. Each file is created once, so the second attempt
/// finds what came during the first; further attempts are for a slow disk.
const PASSES: usize = 5;

/// The phase of a run, for the signal handler that may have to end it.
enum Phase {
    /// Nothing is on disk yet.
    Planning,
    /// These paths must be removed.
    Building([PathBuf; 2]),
    /// The report is being moved into place, or is there already; this is not interrupted.
    Settling,
}

/// Whether a run was asked to stop, and its phase.
#[derive(Clone)]
pub(crate) struct Stop {
    log: Arc<Log>,
    asked: Arc<AtomicBool>,
    phase: Arc<Mutex<Phase>>,
}

impl Stop {
    /// Starts to listen for signals.
    pub(crate) fn listen(log: &Arc<Log>) -> anyhow::Result<Self> {
        let log = Arc::clone(log);
        let stop = Self { log, asked: Arc::default(), phase: Arc::new(Mutex::new(Phase::Planning)) };
        let listener = stop.clone();
        // A second signal changes nothing while the first one is handled.
        ctrlc::set_handler(move || {
            listener.asked.store(true, Ordering::Relaxed);
            // The run stops by itself between two groups of blocks. Only a read from a silent pipe never ends.
            std::thread::sleep(GRACE);
            leave(&listener.phase(), &listener.log);
        })
        .context("signals cannot be caught")?;
        Ok(stop)
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A flag that is set once the run must stop.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// The phase of the run, as a word for events.
    pub(crate) fn word(&self) -> &'static str {
        match *self.phase() {
            Phase::Planning => "plan",
            Phase::Building(_) => "read",
            Phase::Settling => "write",
        }
    }

    /// From now on these paths are removed if the run is stopped.
    pub(crate) fn building(&self, temp_paths: [PathBuf; 2]) {
        *self.phase() = Phase::Building(temp_paths);
    }

    /// The report is complete and about to be moved. `false`: the run was asked to stop before that.
    pub(crate) fn settling(&self) -> bool {
        *self.phase() = Phase::Settling;
        !self.asked.load(Ordering::Relaxed)
    }

    /// The result of a run. An error after a request to stop is a consequence of stopping, so the run was interrupted.
    pub(crate) fn end(&self, ended: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
        // While the signal handler ends the process, this waits and never returns.
        let phase = self.phase();
        match ended {
            Err(_) if self.asked.load(Ordering::Relaxed) && !matches!(*phase, Phase::Settling) => {
                Ok(interrupted(&self.log))
            }
            ended => ended,
        }
    }
}

/// Ends a run that does not stop by itself. The caller holds the lock on the phase, so no report is moved meanwhile.
fn leave(phase: &Phase, log: &Log) {
    match phase {
        Phase::Planning => {}
        Phase::Building([directory, lease]) => {
            for _ in 0..PASSES {
                if fs::remove_dir_all(directory).is_ok() {
                    break;
                }
            }
            let _ = fs::remove_file(lease);
        }
        Phase::Settling => return,
    }
    let exit = interrupted(log);
    log.finish(exit);
    exit.now()
}

/// Reports that the run was interrupted.
pub(crate) fn interrupted(log: &Log) -> Exit {
    const SAID: &str = "no report was written; run again to have one";
    if log.is_json() {
        log.event("interrupted", "read", json!({ "message": SAID }));
    } else {
        let _ = writeln!(anstream::stderr(), "interrupted: {SAID}");
    }
    Exit::Interrupted
}
