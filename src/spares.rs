//! Buffers that were emptied and serve the next piece of work, so that their memory is not given back and asked for again.

use std::sync::{Mutex, PoisonError};

/// Values that wait to be used again, by any thread.
#[derive(Debug)]
pub struct Spares<T>(Mutex<Vec<T>>);

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Spares<T> {
    /// A value that waits, if there is one.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a value. There are never more than were in use at a time.
    pub fn keep(&self, spare: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(spare);
    }
}
