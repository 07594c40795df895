//! Reads frames back, within an allowance of memory.

use std::io::{self, BufRead, Read};

use postcard::de_flavors::Flavor;
use serde::de::DeserializeOwned;
use zstd::bulk::decompress;
use zstd::zstd_safe::get_frame_content_size;

use crate::frame::allowance::{Allowance, TooLarge};

/// Why a frame cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is damaged.
    #[error("is damaged")]
    Damaged,
    /// It would take more memory than it may.
    #[error("{0}")]
    TooLarge(#[from] TooLarge),
    /// The disk reports an error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl FrameError {
    /// The error of a kind of file, with its own word for a damaged one.
    pub(crate) fn of_file<E: From<TooLarge> + From<io::Error>>(self, damaged: E) -> E {
        match self {
            Self::Damaged => damaged,
            Self::TooLarge(e) => e.into(),
            Self::Io(e) => e.into(),
        }
    }
}

/// Most bytes of the first line that are read; the name of a version is much shorter.
const LONGEST_FIRST_LINE: u64 = 256;

/// What the first line of a file of frames says.
#[derive(Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// It is the wanted one.
    Own,
    /// This other program or version wrote the file.
    Version(String),
    /// The file is something else.
    Foreign,
}

/// Reads the first line of a file and compares it with the wanted one, which has the kind of the file, a slash, the format,
/// and after a blank the program that wrote it.
pub fn first_line(from: &mut impl BufRead, wanted: &str) -> io::Result<FirstLine> {
    let mut first = Vec::new();
    from.by_ref().take(LONGEST_FIRST_LINE).read_until(b'\n', &mut first)?;
    if first == wanted.as_bytes() {
        return Ok(FirstLine::Own);
    }
    let kind = wanted.split_inclusive('/').next().unwrap_or(wanted);
    let by = std::str::from_utf8(&first).ok().and_then(|line| line.strip_prefix(kind));
    let by = by.and_then(|line| line.trim_end().split_once(' '));
    let own = wanted.trim_end().split_once(' ').map_or("", |(_, own)| own);
    // Between two versions the format may change without the version.
    let said = |by: &str| if by == own { format!("another build of {by}") } else { by.to_owned() };
    Ok(by.map_or(FirstLine::Foreign, |(_, by)| FirstLine::Version(said(by))))
}

/// Reads a frame into `into`. `None`: the file ends here.
pub(crate) fn read_frame(
    from: &mut impl BufRead,
    allowance: &mut Allowance,
    into: &mut Vec<u8>,
) -> Result<Option<()>, FrameError> {
    if from.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut length = [0; 4];
    let cut = |_| FrameError::Damaged;
    from.read_exact(&mut length).map_err(cut)?;
    let length = u64::from(u32::from_le_bytes(length));
    allowance.take(length)?;
    into.clear();
    // The vector grows with what is read, whatever length the file claims.
    from.take(length).read_to_end(into)?;
    if into.len() as u64 == length { Ok(Some(())) } else { Err(FrameError::Damaged) }
}

/// Unpacks a frame and decodes its value. Takes nothing that is still needed from the allowance: what the value takes is
/// for the caller to take.
pub fn unpack<T: DeserializeOwned>(frame: &[u8], allowance: &mut Allowance) -> Result<T, FrameError> {
    // The size is checked before anything is unpacked. zstd never writes more than the buffer holds.
    let size = get_frame_content_size(frame).ok().flatten().ok_or(FrameError::Damaged)?;
    allowance.take(size)?;
    let size = usize::try_from(size).map_err(|_| TooLarge)?;
    let plain = decompress(frame, size).map_err(|_| FrameError::Damaged)?;
    let mut decoder = postcard::Deserializer::from_flavor(Costed { rest: &plain, left: allowance.left() });
    let value = T::deserialize(&mut decoder).map_err(|e| match e {
        OVERDRAWN => FrameError::TooLarge(TooLarge),
        _ => FrameError::Damaged,
    })?;
    allowance.give_back(size as u64);
    Ok(value)
}

/// Bytes of memory that one byte outside of a text may take: an empty text is one byte in the file and 24 bytes in a
/// list, which has up to three times its size while it grows. No other element takes more for each of its bytes.
const BYTES_PER_BYTE: u64 = 72;

/// The error of [`Costed`] for a value that takes too much memory. Reading gives it no other meaning.
const OVERDRAWN: postcard::Error = postcard::Error::SerializeBufferFull;

/// The bytes of a value, which may take no more memory than is left.
struct Costed<'a> {
    rest: &'a [u8],
    left: u64,
}

impl<'a> Costed<'a> {
    fn take(&mut self, length: usize, cost: u64) -> postcard::Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.left = self.left.checked_sub(cost).ok_or(OVERDRAWN)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Flavor<'a> for Costed<'a> {
    type Remainder = ();
    type Source = &'a [u8];

    fn pop(&mut self) -> postcard::Result<u8> {
        Ok(self.take(1, BYTES_PER_BYTE)?[0])
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }

    fn try_take_n(&mut self, length: usize) -> postcard::Result<&'a [u8]> {
        self.take(length, length as u64)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
