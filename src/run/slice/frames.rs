//! The frames of a slice: lists of any length as frames of bounded size, and why a slice cannot be used.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::frame::{Allowance, FrameError, Frames, TooLarge, read_frame, unpack};

/// Bytes of values in a frame of a list: few enough that reading them back is within any bound on memory.
const LIST_BYTES: usize = 1 << 18;

/// Values in a frame of a list, likewise.
const LIST_VALUES: usize = 1 << 12;

/// Why a slice cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SliceError {
    /// The file is not a slice.
    #[error("is not a slice of claimlint")]
    Foreign,
    /// It was written by another version.
    #[error("was written by {0}, and this is claimlint {version}; make it again with this version, or merge with that one", version = env!("CARGO_PKG_VERSION"))]
    Version(String),
    /// It is damaged.
    #[error("is damaged; make it again")]
    Damaged,
    /// It would take more memory than it may.
    #[error("{0}")]
    TooLarge(#[from] TooLarge),
    /// The disk reports an error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<FrameError> for SliceError {
    fn from(error: FrameError) -> Self {
        error.of_file(Self::Damaged)
    }
}

/// Writes a list of any length as frames.
pub(super) struct ListWriter<'w, T, W> {
    frames: &'w Frames,
    out: &'w mut W,
    values: Vec<T>,
    bytes: usize,
}

impl<'w, T: Serialize, W: Write> ListWriter<'w, T, W> {
    /// An empty list.
    pub(super) fn new(frames: &'w Frames, out: &'w mut W) -> Self {
        Self { frames, out, values: Vec::new(), bytes: 0 }
    }

    /// Adds a value of so many bytes.
    pub(super) fn push(&mut self, value: T, bytes: usize) -> io::Result<()> {
        if self.values.len() == LIST_VALUES || self.bytes + bytes > LIST_BYTES {
            self.finish()?;
        }
        self.bytes += bytes;
        self.values.push(value);
        Ok(())
    }

    /// Writes the values that were added last.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if !self.values.is_empty() {
            self.out.write_all(&self.frames.of(&self.values)?)?;
        }
        self.values.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// Reads the frames of a slice, which may be anybody's.
#[derive(Debug)]
pub(super) struct FrameReader {
    from: BufReader<File>,
    allowance: Allowance,
}

impl FrameReader {
    /// Reads what follows the first line. A frame may take this many bytes of memory.
    pub(super) fn new(from: BufReader<File>, memory: usize) -> Self {
        Self { from, allowance: Allowance::new(memory) }
    }

    /// The value of the next frame.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<T, SliceError> {
        let mut frame = Vec::new();
        read_frame(&mut self.from, &mut self.allowance, &mut frame)?.ok_or(SliceError::Damaged)?;
        let value = unpack(&frame, &mut self.allowance)?;
        self.allowance.give_back(frame.len() as u64);
        Ok(value)
    }

    /// Passes each value of a list with so many values to `take`.
    pub(super) fn list<T: DeserializeOwned>(
        &mut self,
        count: u64,
        mut take: impl FnMut(T) -> Result<(), SliceError>,
    ) -> Result<(), SliceError> {
        let mut left = count;
        while left > 0 {
            let values: Vec<T> = self.next()?;
            left = left.checked_sub(values.len() as u64).filter(|_| !values.is_empty()).ok_or(SliceError::Damaged)?;
            values.into_iter().try_for_each(&mut take)?;
        }
        Ok(())
    }

    /// Fails if there is another frame.
    pub(super) fn end(&mut self) -> Result<(), SliceError> {
        if self.from.fill_buf()?.is_empty() { Ok(()) } else { Err(SliceError::Damaged) }
    }
}
