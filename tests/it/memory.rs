//! A report's file in memory, shared with the fuzz targets.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use claimlint::report::sink::Output;

/// A file in memory that can be read after its writer is dropped.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Shared {
    /// The bytes written so far.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().expect("no writer ended in the middle").get_ref().clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer ended in the middle").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.lock().expect("no writer ended in the middle").seek(to)
    }
}

impl Output for Shared {}
