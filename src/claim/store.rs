//! The lines of a run in input order, in batches; what is beyond the memory that may be used lies on disk.
//!
//! A batch is the unit of everything that follows: it is looked up, judged, printed and forgotten as one.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::line::Batch;
use super::reader::{Drafted, drafted};
use crate::ingest::Gather;

/// Lines of a full batch: a megabyte or so of cells, enough to pay for a hand-over and small enough for the caches.
pub const LINES: usize = 4096;

/// Bytes of a batch from which on nothing is added to it: lines may hold cells of any length.
const BYTES: usize = 4 << 20;

/// Lines in input order.
#[derive(Debug)]
pub struct Store {
    slots: Vec<Slot>,
    lines: usize,
    /// Lines of a full batch.
    full: usize,
    spool: Option<Arc<Spool>>,
}

#[derive(Debug)]
enum Slot {
    Held(Box<Batch>),
    Spooled { at: u64, bytes: usize, lines: usize },
}

/// Where batches go that do not fit into memory: a file without a name, so nothing of it outlives the run.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    /// Bytes of batches that may be held.
    most: usize,
    held: AtomicUsize,
    file: Mutex<Tape>,
}

#[derive(Debug, Default)]
struct Tape {
    file: Option<File>,
    length: u64,
    failed: Option<io::Error>,
}

impl Spool {
    /// A spool that lets `most` bytes be held and puts the rest into a file in this directory.
    pub fn new(directory: PathBuf, most: usize) -> Arc<Self> {
        Arc::new(Self { directory, most, held: AtomicUsize::new(0), file: Mutex::default() })
    }

    /// Why the disk took no more. None: it did.
    pub fn failure(&self) -> Option<io::Error> {
        self.tape().failed.take()
    }

    /// Has the disk refused?
    pub fn has_failed(&self) -> bool {
        self.tape().failed.is_some()
    }

    /// Bytes on disk.
    pub fn spooled(&self) -> u64 {
        self.tape().length
    }

    fn tape(&self) -> std::sync::MutexGuard<'_, Tape> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch that is full: held if there is room, else written.
    fn place(&self, slot: &mut Slot) {
        let Slot::Held(batch) = slot else { return };
        let bytes = batch.bytes();
        if self.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.most {
            return;
        }
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        let lines = batch.len();
        // A batch of which nothing can be written is dropped: the run fails, and its memory stays bounded meanwhile.
        let (at, bytes) = self.write(batch).unwrap_or_else(|e| {
            self.tape().failed.get_or_insert(e);
            (0, 0)
        });
        *slot = Slot::Spooled { at, bytes, lines };
    }

    fn write(&self, batch: &Batch) -> io::Result<(u64, usize)> {
        let bytes = postcard::to_stdvec(batch).map_err(io::Error::other)?;
        let mut tape = self.tape();
        let at = tape.length;
        let file = match &mut tape.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.directory)?),
        };
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&bytes)?;
        tape.length += bytes.len() as u64;
        Ok((at, bytes.len()))
    }

    fn read(&self, at: u64, bytes: usize) -> io::Result<Batch> {
        let mut buffer = vec![0; bytes];
        {
            let mut tape = self.tape();
            let file = tape.file.as_mut().ok_or_else(|| io::Error::other("the spool is gone"))?;
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut buffer)?;
        }
        postcard::from_bytes(&buffer).map_err(io::Error::other)
    }
}

impl Store {
    /// An empty store over this spool, with batches of `full` lines; without a spool everything is held.
    pub fn new(spool: Option<Arc<Spool>>, full: usize) -> Self {
        Self { slots: Vec::new(), lines: 0, full, spool }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines
    }

    /// Has it no line?
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Number of batches.
    pub fn batches(&self) -> usize {
        self.slots.len()
    }

    /// The nth batch, from disk if it lies there.
    pub fn batch(&self, n: usize) -> io::Result<Cow<'_, Batch>> {
        match &self.slots[n] {
            Slot::Held(batch) => Ok(Cow::Borrowed(batch)),
            Slot::Spooled { at, bytes, .. } => {
                let spool = self.spool.as_ref().ok_or_else(|| io::Error::other("there is no spool"))?;
                spool.read(*at, *bytes).map(Cow::Owned)
            }
        }
    }

    /// The number of the first line of each batch.
    pub fn starts(&self) -> Vec<usize> {
        let lines = |slot: &Slot| match slot {
            Slot::Held(batch) => batch.len(),
            Slot::Spooled { lines, .. } => *lines,
        };
        let add = |sum: &mut usize, slot: &Slot| Some(std::mem::replace(sum, *sum + lines(slot)));
        self.slots.iter().scan(0, |sum, slot| add(sum, slot)).collect()
    }

    /// Takes the batches of the next extract of the run.
    pub fn extend(&mut self, next: Self) {
        self.lines += next.lines;
        self.slots.extend(next.slots);
    }

    /// Everything is read: the last batch finds its place, too.
    pub fn finish(&mut self) {
        self.settle();
    }

    /// Puts lines behind the others.
    pub fn push(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        self.lines += batch.len();
        let full = self.full;
        match self.slots.last_mut() {
            Some(Slot::Held(last)) if last.len() + batch.len() <= full && last.bytes() + batch.bytes() <= BYTES => {
                last.append(&batch);
            }
            _ => {
                self.settle();
                self.slots.push(Slot::Held(Box::new(batch)));
            }
        }
    }

    /// The last batch gets no more lines.
    fn settle(&mut self) {
        if let (Some(spool), Some(last)) = (&self.spool, self.slots.last_mut()) {
            spool.place(last);
        }
    }
}

impl Gather for Store {
    type Item = Drafted;

    fn of_block() -> Self {
        Self::new(None, LINES)
    }

    fn keep(&mut self, line: u64, _: u64, row: Drafted) {
        let most = self.full;
        let full = |batch: &Batch| batch.len() >= most || batch.bytes() >= BYTES;
        if !matches!(self.slots.last(), Some(Slot::Held(batch)) if !full(batch)) {
            self.settle();
            self.slots.push(Slot::Held(Box::default()));
        }
        let Some(Slot::Held(batch)) = self.slots.last_mut() else { return };
        let before = batch.len();
        drafted(row, |lines| batch.append(lines));
        batch.heads[before..].iter_mut().for_each(|head| head.row = line);
        self.lines += batch.len() - before;
    }

    fn append(&mut self, next: Self, lines: u64, _: u64) {
        for slot in next.slots {
            if let Slot::Held(mut batch) = slot {
                batch.heads.iter_mut().for_each(|head| head.row += lines);
                self.push(*batch);
            }
        }
    }

    fn count(&self) -> u64 {
        self.lines as u64
    }
}
