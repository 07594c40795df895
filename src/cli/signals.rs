//! Ctrl-C and SIGTERM: the run is asked to stop, and the process is ended if it does not. SIGXFSZ: a write fails.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::cli::terminal::log::Log;
use crate::cli::terminal::screen;
use crate::exit::Exit;
use crate::report::dir::Building;

/// How long a run may take to stop by itself after a signal: far more than a group of blocks needs.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// The phase of a run, for the signal handler that may have to end it.
enum Phase {
    /// Nothing is on disk yet.
    Planning,
    /// This directory must be removed.
    Building(Weak<Building>),
    /// The report is being moved into place or is already there. This is not interrupted.
    Publishing,
}

/// Whether a run was asked to stop, and its phase.
#[derive(Clone)]
pub(crate) struct Stop {
    log: Arc<Log>,
    requested: Arc<AtomicBool>,
    phase: Arc<Mutex<Phase>>,
}

impl Stop {
    /// Starts to listen for signals.
    pub(crate) fn listen(log: &Arc<Log>) -> anyhow::Result<Self> {
        let log = Arc::clone(log);
        let stop = Self { log, requested: Arc::default(), phase: Arc::new(Mutex::new(Phase::Planning)) };
        let listener = stop.clone();
        // A second signal changes nothing while the first one is handled.
        ctrlc::set_handler(move || {
            listener.requested.store(true, Ordering::Relaxed);
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
        Arc::clone(&self.requested)
    }

    /// The phase of the run, as a word for events.
    pub(crate) fn word(&self) -> &'static str {
        match *self.phase() {
            Phase::Planning => "plan",
            Phase::Building(_) => "read",
            Phase::Publishing => "write",
        }
    }

    /// From now on this directory is removed if the run is stopped.
    pub(crate) fn building(&self, leftovers: Weak<Building>) {
        *self.phase() = Phase::Building(leftovers);
    }

    /// The report is complete and is about to be moved. Returns `false` if the run was asked to stop before.
    pub(crate) fn begin_publishing(&self) -> bool {
        *self.phase() = Phase::Publishing;
        !self.requested.load(Ordering::Relaxed)
    }

    /// The result of a run. An error after a request to stop is a consequence of stopping, so the run was interrupted.
    pub(crate) fn end(&self, ended: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
        // While the signal handler ends the process, this waits and never returns.
        let phase = self.phase();
        match ended {
            Err(_) if self.requested.load(Ordering::Relaxed) && !matches!(*phase, Phase::Publishing) => {
                Ok(interrupted(&self.log))
            }
            ended => ended,
        }
    }
}

/// Lets a limit on the size of files (`ulimit -f`) make a write fail, as a full disk does. Otherwise its signal would end
/// the process and leave the directory under construction. Threads that start later inherit this.
pub(crate) fn block_file_size_signal() {
    #[cfg(unix)]
    {
        let mut signals = nix::sys::signal::SigSet::empty();
        signals.add(nix::sys::signal::Signal::SIGXFSZ);
        let _ = signals.thread_block();
    }
}

/// Ends a run that does not stop by itself. The caller holds the lock on the phase, so no report can be moved.
fn leave(phase: &Phase, log: &Log) {
    match phase {
        Phase::Planning => {}
        Phase::Building(leftovers) => {
            if let Some(building) = leftovers.upgrade() {
                building.discard();
            }
        }
        Phase::Publishing => return,
    }
    let exit = interrupted(log);
    log.finish(exit);
    exit.now()
}

/// Reports that the run was interrupted.
pub(crate) fn interrupted(log: &Log) -> Exit {
    const MESSAGE: &str = "no report was written; run again to have one";
    if log.is_json() {
        log.event("interrupted", "read", json!({ "message": MESSAGE }));
    } else {
        let _ = writeln!(screen::stderr(), "interrupted: {MESSAGE}");
    }
    Exit::Interrupted
}
