//! Makes frames.

use std::io;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

/// A fast level of zstd: a million lines take half the time of level 1, and 80 MB in place of 43.
const ZSTD_LEVEL: i32 = -12;

/// Makes frames. Setting up a compressor takes longer than compressing a frame, and fresh memory for a batch must be faulted in,
/// so both are reused.
#[derive(Default)]
pub struct Frames(Mutex<Vec<FrameMaker>>);

struct FrameMaker {
    compressor: Compressor<'static>,
    /// The value in postcard.
    plain: Vec<u8>,
    /// The same, compressed.
    packed: Vec<u8>,
}

impl FrameMaker {
    fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(ZSTD_LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self { compressor, plain: Vec::new(), packed: Vec::new() })
    }

    fn frame<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<Vec<u8>> {
        self.plain.clear();
        self.plain = postcard::to_extend(value, std::mem::take(&mut self.plain)).map_err(io::Error::other)?;
        let most = compress_bound(self.plain.len());
        if self.packed.len() < most {
            self.packed.resize(most, 0);
        }
        let length = self.compressor.compress_to_buffer(&self.plain, &mut self.packed[..])?;
        let size = u32::try_from(length).map_err(io::Error::other)?;
        Ok([&size.to_le_bytes(), &self.packed[..length]].concat())
    }
}

impl Frames {
    /// A frame: a length, then the value in postcard and zstd.
    pub fn of<T: Serialize + ?Sized>(&self, value: &T) -> io::Result<Vec<u8>> {
        let unused = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut maker = unused.map_or_else(FrameMaker::new, Ok)?;
        let frame = maker.frame(value)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(maker);
        Ok(frame)
    }
}
