//! Reads the text after the header in blocks.
//!
//! A block of a plain file is only a byte range: the thread that scans it also reads it, so that the bytes are in that
//! core's L2 cache. A stream must be read in order, so its blocks already hold their bytes.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use crate::disk::read_at::read_at;
use crate::ingest::error::ReadError;
use crate::ingest::source::decode::LeftOut;
use crate::warning::WarningKind;

/// Most blocks in flight per thread, so that a thread that is late seldom stops the others. Those that were scanned wait with the
/// lines that they hold, which may take more than their bytes.
const BLOCKS_PER_THREAD: usize = 8;

/// The same where rows are kept until others were read.
const FEW_PER_THREAD: usize = 2;

/// Of more threads, fewer blocks each are in flight.
const MOST_BLOCKS: usize = 64;

/// Where the text comes from.
pub(crate) enum TextSource {
    /// A plain file, read by position.
    File { file: Arc<File>, at: u64, size: u64 },
    /// Anything else; `taken` counts the bytes on disk.
    Stream { stream: Box<dyn Read + Send>, taken: Arc<AtomicU64> },
}

/// The text of an extract after its header.
pub struct BlockReader {
    name: String,
    text: TextSource,
    block: usize,
    left_out: LeftOut,
    per_thread: usize,
}

/// One block of the text.
#[derive(Debug)]
pub enum Block {
    /// Its bytes.
    InMemory(Vec<u8>),
    /// A byte range, which the scanning thread reads.
    OnDisk {
        /// The file.
        file: Arc<File>,
        /// First byte.
        at: u64,
        /// Number of bytes.
        length: usize,
    },
}

impl Block {
    /// The bytes of the block; those on disk are read into `buffer`. Fails if the file has been truncated.
    pub fn bytes<'a>(&'a self, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
        match self {
            Self::InMemory(bytes) => Ok(bytes),
            Self::OnDisk { file, at, length } => {
                buffer.resize(*length, 0);
                read_at(file, buffer, *at)?;
                Ok(buffer)
            }
        }
    }
}

impl BlockReader {
    pub(crate) fn new(name: String, text: TextSource, block: usize, left_out: LeftOut) -> Self {
        Self { name, text, block: block.max(1), left_out, per_thread: BLOCKS_PER_THREAD }
    }

    /// The same with few blocks in flight: for files of which most rows are kept, which then take ten times their bytes.
    #[must_use]
    pub(crate) fn with_few_in_flight(self) -> Self {
        Self { per_thread: FEW_PER_THREAD, ..self }
    }

    /// Most blocks in flight.
    pub(crate) fn most_in_flight(&self) -> usize {
        let threads = rayon::current_num_threads();
        (threads * self.per_thread).min(MOST_BLOCKS).max(threads * FEW_PER_THREAD)
    }

    /// Bytes read from disk so far, for progress. For a compressed file these are compressed bytes.
    pub fn taken(&self) -> u64 {
        match &self.text {
            TextSource::File { at, .. } => *at,
            TextSource::Stream { taken, .. } => taken.load(Ordering::Relaxed),
        }
    }

    /// What the decoders left out of the text, as kinds of warnings. Complete once all blocks have been read.
    pub(crate) fn left_out(&self) -> Vec<WarningKind> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The extract as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next block in order; `None` at the end of the text. The bytes of a stream are in a buffer that `buffer` makes.
    pub(crate) fn next_block(&mut self, buffer: impl FnOnce() -> Vec<u8>) -> Result<Option<Block>, ReadError> {
        let block = self.block;
        match &mut self.text {
            TextSource::File { file, at, size } => {
                let (from, length) = (*at, (*size - *at).min(block as u64));
                *at += length;
                let next = || Block::OnDisk { file: Arc::clone(file), at: from, length: length as usize };
                Ok((length > 0).then(next))
            }
            TextSource::Stream { stream, .. } => {
                let mut buffer = buffer();
                fill(stream, &mut buffer, block).map_err(|e| ReadError::cannot_read(&self.name, &e))?;
                Ok((!buffer.is_empty()).then_some(Block::InMemory(buffer)))
            }
        }
    }
}

/// Reads a whole block, or the rest of the stream. Requests all bytes at once: `read_to_end` requests small pieces, which
/// halves the speed of a zstd stream.
fn fill(stream: &mut impl Read, buffer: &mut Vec<u8>, block: usize) -> io::Result<()> {
    buffer.resize(block, 0);
    let mut filled = 0;
    while filled < block {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    buffer.truncate(filled);
    Ok(())
}
