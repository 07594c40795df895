//! Reads the text after the header in groups of blocks.
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

/// Bytes of a plain file per group of blocks: enough that threads seldom wait for the last block of a group, few enough
/// that progress moves and an interrupt takes effect at once, even on a slow disk.
const GROUP_BYTES: usize = 32 << 20;

/// Blocks per group of a stream whose blocks are smaller than [`SMALL_BLOCK_BYTES`]: enough to occupy the threads.
const SMALL_BLOCKS: usize = 64;

/// Blocks of fewer bytes count as small. Only tests use them.
const SMALL_BLOCK_BYTES: usize = 1 << 12;

/// Blocks of a stream that a group holds per thread, so that threads of different speed stay busy.
const BLOCKS_PER_THREAD: usize = 4;

/// Blocks of a group per thread where most rows are kept. Those of two groups are in memory.
const FEW_PER_THREAD: usize = 2;

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
    /// Most blocks of a group per thread, if they are few.
    per_thread: Option<usize>,
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
        Self { name, text, block: block.max(1), left_out, per_thread: None }
    }

    /// The same with few blocks in a group: for files of which most rows are kept, which then take ten times their bytes.
    #[must_use]
    pub(crate) fn in_small_groups(self) -> Self {
        Self { per_thread: Some(FEW_PER_THREAD), ..self }
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

    /// The next blocks in order; empty at the end of the text. Reuses the buffers of `blocks`, an earlier group.
    pub(crate) fn next_group(&mut self, mut blocks: Vec<Block>) -> Result<Vec<Block>, ReadError> {
        let block = self.block;
        let few = self.per_thread.filter(|_| block >= SMALL_BLOCK_BYTES);
        let few = few.map_or(usize::MAX, |few| few * rayon::current_num_threads());
        match &mut self.text {
            TextSource::File { file, at, size } => {
                let in_group = (block.max(GROUP_BYTES) / block).min(few);
                let end = (*at + (in_group * block) as u64).min(*size);
                blocks.clear();
                blocks.extend((*at..end).step_by(block).map(|from| Block::OnDisk {
                    file: Arc::clone(file),
                    at: from,
                    length: (end - from).min(block as u64) as usize,
                }));
                *at = end;
            }
            TextSource::Stream { stream, .. } => {
                let most = if block < SMALL_BLOCK_BYTES {
                    SMALL_BLOCKS
                } else {
                    rayon::current_num_threads() * BLOCKS_PER_THREAD
                };
                blocks.resize_with(most.min(few), || Block::InMemory(Vec::new()));
                let mut n = 0;
                for next in &mut blocks {
                    let Block::InMemory(buffer) = next else { continue };
                    fill(stream, buffer, block).map_err(|e| ReadError::cannot_read(&self.name, &e))?;
                    if buffer.is_empty() {
                        break;
                    }
                    n += 1;
                }
                blocks.truncate(n);
            }
        }
        Ok(blocks)
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
