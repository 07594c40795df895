//! An unnamed temporary file for values that do not fit in memory. It is gone when the run ends.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Makes a temporary file without a name.
pub type Scratch = Arc<dyn Fn() -> io::Result<File> + Send + Sync>;

/// A temporary file, used once the values exceed a memory limit.
pub struct Spool {
    scratch: Scratch,
    /// Bytes that may stay in memory.
    limit: usize,
    in_memory: AtomicUsize,
    on_disk: Mutex<OnDisk>,
}

#[derive(Debug, Default)]
struct OnDisk {
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

impl SpoolSlot {
    /// Bytes of the value on disk.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("limit", &self.limit).field("on_disk", &self.on_disk).finish_non_exhaustive()
    }
}

impl Spool {
    /// A spool that allows `limit` bytes in memory and writes everything beyond to a file that `scratch` makes.
    pub fn new(scratch: Scratch, limit: usize) -> Arc<Self> {
        Arc::new(Self { scratch, limit, in_memory: AtomicUsize::new(0), on_disk: Mutex::default() })
    }

    /// Bytes that may stay in memory.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Makes files on the same disk.
    pub fn scratch(&self) -> Scratch {
        Arc::clone(&self.scratch)
    }

    /// The first disk error, if any.
    pub fn failure(&self) -> Option<io::Error> {
        self.on_disk().failed.take()
    }

    /// Has a disk error occurred?
    pub(crate) fn has_failed(&self) -> bool {
        self.on_disk().failed.is_some()
    }

    fn on_disk(&self) -> MutexGuard<'_, OnDisk> {
        self.on_disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May this many more bytes stay in memory? If so, they are counted.
    pub fn may_hold(&self, bytes: usize) -> bool {
        let fits = self.in_memory.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.limit;
        if !fits {
            self.in_memory.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }

    /// Counts bytes that must stay in memory, even if they are more than may.
    pub fn hold(&self, bytes: usize) {
        self.in_memory.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Is more in memory than may be?
    pub(crate) fn holds_too_much(&self) -> bool {
        self.in_memory.load(Ordering::Relaxed) > self.limit
    }

    /// No longer counts bytes that were in memory.
    pub(crate) fn release(&self, bytes: usize) {
        self.in_memory.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Writes a value. After a disk error the value is lost, because memory must stay bounded; the run then ends with
    /// [`Spool::failure`].
    pub fn put(&self, value: &impl Serialize) -> SpoolSlot {
        self.write(value).unwrap_or_else(|e| {
            self.on_disk().failed.get_or_insert(e);
            SpoolSlot { at: 0, bytes: 0 }
        })
    }

    /// Writes a value. Fails if the disk does.
    pub fn write(&self, value: &impl Serialize) -> io::Result<SpoolSlot> {
        let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
        let mut on_disk = self.on_disk();
        let at = on_disk.length;
        let file = match &mut on_disk.file {
            Some(file) => file,
            none => none.insert((self.scratch)()?),
        };
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&bytes)?;
        on_disk.length += bytes.len() as u64;
        Ok(SpoolSlot { at, bytes: bytes.len() })
    }

    /// Reads a value.
    pub fn get<T: DeserializeOwned>(&self, slot: SpoolSlot) -> io::Result<T> {
        let mut buffer = vec![0; slot.bytes];
        {
            let mut on_disk = self.on_disk();
            let file = on_disk.file.as_mut().ok_or_else(|| io::Error::other("nothing was put on disk"))?;
            file.seek(SeekFrom::Start(slot.at))?;
            file.read_exact(&mut buffer)?;
        }
        postcard::from_bytes(&buffer).map_err(io::Error::other)
    }
}
