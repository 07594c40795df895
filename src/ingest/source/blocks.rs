//! The text of an extract after its header, handed out in waves of blocks.
//!
//! A block of a plain file is only a place: the thread that scans it reads it first, so that the bytes are scanned while
//! they lie in that core's second-level cache. A stream has to be read in order, so its blocks come with their bytes.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ingest::source::{ReadError, read_sentence};

/// Bytes of a wave of places: enough that the threads seldom wait for the last of them (a block is a hundredth), little
/// enough that progress moves and an interrupt is heeded at once on a slow disk.
const WAVE: usize = 32 << 20;

/// Where the text comes from.
pub(crate) enum Text {
    /// A plain file, read by position.
    File { file: Arc<File>, at: u64, size: u64 },
    /// Anything else; `taken` counts the bytes on disk.
    Stream { stream: Box<dyn Read + Send>, taken: Arc<AtomicU64> },
}

/// The text of an extract after its header.
pub struct Feed {
    name: String,
    text: Text,
    block: usize,
}

/// One block of the text.
#[derive(Debug)]
pub enum Block {
    /// Read already.
    Held(Vec<u8>),
    /// To be read where it is scanned.
    SpannedText {
        /// The file.
        file: Arc<File>,
        /// First byte.
        at: u64,
        /// Number of bytes.
        length: usize,
    },
}

impl Block {
    /// Its bytes, in `buffer` if they have to be read. An error if the file does not have them any more.
    pub fn bytes<'a>(&'a self, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
        match self {
            Self::Held(bytes) => Ok(bytes),
            Self::SpannedText { file, at, length } => {
                buffer.resize(*length, 0);
                read_at(file, buffer, *at)?;
                Ok(buffer)
            }
        }
    }
}

impl Feed {
    pub(crate) fn new(name: String, text: Text, block: usize) -> Self {
        Self { name, text, block: block.max(1) }
    }

    /// Bytes taken from disk so far, for progress: of a compressed file the compressed ones.
    pub fn taken(&self) -> u64 {
        match &self.text {
            Text::File { at, .. } => *at,
            Text::Stream { taken, .. } => taken.load(Ordering::Relaxed),
        }
    }

    /// An error of reading, with the name of the extract.
    pub fn trouble(name: &str, e: &io::Error) -> ReadError {
        ReadError::Io { file: name.to_owned(), what: read_sentence(e) }
    }

    /// The extract as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next blocks in order; none at the end. Buffers of an earlier wave are used again.
    pub fn wave(&mut self, mut pieces: Vec<Block>) -> Result<Vec<Block>, ReadError> {
        let block = self.block;
        match &mut self.text {
            Text::File { file, at, size } => {
                let end = (*at + block.max(WAVE) as u64 / block as u64 * block as u64).min(*size);
                pieces.clear();
                pieces.extend((*at..end).step_by(block).map(|from| Block::SpannedText {
                    file: Arc::clone(file),
                    at: from,
                    length: (end - from).min(block as u64) as usize,
                }));
                *at = end;
            }
            Text::Stream { stream, .. } => {
                // Small blocks are for tests; a wave of them should still be worth a hand-over.
                let most = if block < 1 << 12 { 64 } else { rayon::current_num_threads() * 4 };
                pieces.resize_with(most, || Block::Held(Vec::new()));
                let mut n = 0;
                for piece in &mut pieces {
                    let Block::Held(buffer) = piece else { continue };
                    fill(stream, buffer, block).map_err(|e| Self::trouble(&self.name, &e))?;
                    if buffer.is_empty() {
                        break;
                    }
                    n += 1;
                }
                pieces.truncate(n);
            }
        }
        Ok(pieces)
    }
}

/// Reads a whole block, or what is left. Decoders are asked for all that is missing at once: `read_to_end` would ask
/// in small pieces, which costs a zstd stream half its speed.
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

#[cfg(unix)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(windows)]
pub(crate) fn read_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, buffer, at)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[n..];
        at += n as u64;
    }
    Ok(())
}
