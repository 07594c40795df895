//! An unnamed temporary file for what does not fit into memory. Nothing of it outlives the run.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A temporary file on the disk of the report, with the memory bound beyond which it is used.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    /// Bytes that may be held in memory.
    most: usize,
    held: AtomicUsize,
    tape: Mutex<Tape>,
}

#[derive(Debug, Default)]
struct Tape {
    file: Option<File>,
    length: u64,
    failed: Option<io::Error>,
}

/// Position of a value in a spool.
#[derive(Debug, Clone, Copy)]
pub struct SpoolSlot {
    at: u64,
    bytes: usize,
}

impl Spool {
    /// A spool that allows `most` bytes in memory and writes the rest to a file in this directory.
    pub fn new(directory: PathBuf, most: usize) -> Arc<Self> {
        Arc::new(Self { directory, most, held: AtomicUsize::new(0), tape: Mutex::default() })
    }

    /// The first error of the disk, if there was one.
    pub fn failure(&self) -> Option<io::Error> {
        self.tape().failed.take()
    }

    /// Did the disk fail?
    pub fn has_failed(&self) -> bool {
        self.tape().failed.is_some()
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May so many more bytes stay in memory? If so, they count as held.
    pub fn may_hold(&self, bytes: usize) -> bool {
        let fits = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.most;
        if !fits {
            self.held.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }

    /// Writes a value. If the disk fails, the value is lost, so that memory stays bounded, and the run fails at its end
    /// with [`Spool::failure`].
    pub fn put(&self, value: &impl Serialize) -> SpoolSlot {
        self.write(value).unwrap_or_else(|e| {
            self.tape().failed.get_or_insert(e);
            SpoolSlot { at: 0, bytes: 0 }
        })
    }

    fn write(&self, value: &impl Serialize) -> io::Result<SpoolSlot> {
        let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
        let mut tape = self.tape();
        let at = tape.length;
        let file = match &mut tape.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.directory)?),
        };
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&bytes)?;
        tape.length += bytes.len() as u64;
        Ok(SpoolSlot { at, bytes: bytes.len() })
    }

    /// Reads a value.
    pub fn get<T: DeserializeOwned>(&self, place: SpoolSlot) -> io::Result<T> {
        let mut buffer = vec![0; place.bytes];
        {
            let mut tape = self.tape();
            let file = tape.file.as_mut().ok_or_else(|| io::Error::other("nothing was put on disk"))?;
            file.seek(SeekFrom::Start(place.at))?;
            file.read_exact(&mut buffer)?;
        }
        postcard::from_bytes(&buffer).map_err(io::Error::other)
    }
}
