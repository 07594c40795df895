//! Ctrl-C and SIGTERM: the run is asked to stop, and ended from outside if it does not.

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

/// How long a run may take to stop by itself after a signal: far more than a wave of blocks needs.
const GRACE: Duration = Duration::from_secs(1);

/// Passes over a directory that a thread may still be writing into. Files are made once each, so the second pass finds
/// what came during the first; the others are for a slow disk.
const PASSES: usize = 5;

/// How far a run is, for the one who has to end it from outside.
enum Phase {
    /// Nothing is on disk yet.
    Planning,
    /// These have to go.
    Building([PathBuf; 2]),
    /// The report is being moved into place, or lies there; that is not interrupted.
    Settling,
}

/// Whether a run was asked to stop, and how far it is.
#[derive(Clone)]
pub(crate) struct Stop {
    log: Arc<Log>,
    asked: Arc<AtomicBool>,
    phase: Arc<Mutex<Phase>>,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn listen(log: &Arc<Log>) -> anyhow::Result<Self> {
        let log = Arc::clone(log);
        let stop = Self { log, asked: Arc::default(), phase: Arc::new(Mutex::new(Phase::Planning)) };
        let listener = stop.clone();
        // A second signal while the first one is being honoured changes nothing.
        ctrlc::set_handler(move || {
            listener.asked.store(true, Ordering::Relaxed);
            // The run stops by itself between two waves of blocks; only a read from a pipe that says nothing never ends.
            std::thread::sleep(GRACE);
            leave(&listener.phase(), &listener.log);
        })
        .context("signals cannot be caught")?;
        Ok(stop)
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Set once the run shall stop.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// How far the run is, as a word for events.
    pub(crate) fn word(&self) -> &'static str {
        match *self.phase() {
            Phase::Planning => "plan",
            Phase::Building(_) => "read",
            Phase::Settling => "write",
        }
    }

    /// From now on this has to go if the run is stopped.
    pub(crate) fn building(&self, temp_paths: [PathBuf; 2]) {
        *self.phase() = Phase::Building(temp_paths);
    }

    /// The report is complete and about to be moved. False: the run was asked to stop before that.
    pub(crate) fn settling(&self) -> bool {
        *self.phase() = Phase::Settling;
        !self.asked.load(Ordering::Relaxed)
    }

    /// The end of a run: an error that came after it was asked to stop is only what stopping looks like from inside.
    pub(crate) fn end(&self, ended: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
        // While the one who ends it from outside is at work, this waits, and never returns.
        let phase = self.phase();
        match ended {
            Err(_) if self.asked.load(Ordering::Relaxed) && !matches!(*phase, Phase::Settling) => {
                Ok(interrupted(&self.log))
            }
            ended => ended,
        }
    }
}

/// Ends a run that does not stop by itself. The caller holds the phase, so nothing is settled meanwhile.
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

/// Says so.
pub(crate) fn interrupted(log: &Log) -> Exit {
    const SAID: &str = "no report was written; run again to have one";
    if log.is_json() {
        log.event("interrupted", "read", json!({ "message": SAID }));
    } else {
        let _ = writeln!(anstream::stderr(), "interrupted: {SAID}");
    }
    Exit::Interrupted
}
