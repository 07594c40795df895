//! What a format implements: a [`Sink`] that formats parts on many threads and writes them in order.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

pub use crate::disk::spool::Scratch;
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};

/// One output file that a report may have.
#[derive(Clone, Copy)]
pub struct Format {
    /// Its file name in the report directory.
    pub file: &'static str,
    /// Its content in words, for the README and the report.
    pub about: &'static str,
    /// The word of `--format` that adds it; `None` if it is always written.
    pub word: Option<&'static str>,
    /// Does it state whether the diagnoses of a service support it?
    pub states_necessity: bool,
    /// Opens it.
    pub open: Open,
}

/// The destination of an output file.
pub trait Output: Write + Seek + Send {
    /// Where a format may keep data until it can write it. A report on disk uses its own directory, so that temporary
    /// files are as private as the report and use the same disk.
    fn scratch(&self) -> Scratch {
        Arc::new(tempfile::tempfile)
    }
}

impl Output for File {}

/// Opens an output file: the constructor of its sink.
pub type Open = for<'a> fn(ReportContext<'a>, Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>>;

/// One output file under construction.
pub trait Sink: Send + Sync {
    /// Formats a part and keeps the result. Called from many threads, in any order.
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()>;

    /// Writes the formatted part to the file. Called once for each part, in their order, after [`Sink::format`].
    fn append(&self, n: usize) -> io::Result<()>;

    /// Writes what depends on the totals and flushes the file.
    fn finish(self: Box<Self>, totals: &Totals) -> io::Result<()>;
}

/// Formatted parts that wait until all earlier parts are written.
#[derive(Debug)]
pub struct PendingPieces<P>(Mutex<FxHashMap<usize, P>>);

impl<P> Default for PendingPieces<P> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<P> PendingPieces<P> {
    /// Stores the formatted part `n`.
    pub fn put(&self, n: usize, piece: P) {
        lock(&self.0).insert(n, piece);
    }

    /// Removes the formatted part `n`.
    pub fn take(&self, n: usize) -> Option<P> {
        lock(&self.0).remove(&n)
    }
}

/// Most bytes of the buffer of a written piece that is kept for the next one. Pieces of ordinary parts take a quarter of it; a longer one
/// has cells of megabytes, and would stay in memory for nothing.
pub(crate) const MOST_SPARE_BYTES: usize = 16 << 20;

/// Locks a mutex. A panic in another thread ends the run, so a poisoned value is never written to a report.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
