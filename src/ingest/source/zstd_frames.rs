//! Reads all frames of a zstd file, and tells what follows the last one from a frame.

use std::io::{self, Read};

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use crate::ingest::source::decode::{LeftOut, WINDOW_LOG, is_zstd, leave_out};
use crate::warning::WarningKind;

/// Compressed bytes that are read at a time: two blocks of a frame, which have at most 128 KiB each.
const READ_BYTES: usize = 1 << 18;

/// Bytes by which a frame is recognized.
const MAGIC_BYTES: usize = 4;

/// Reads all frames of a zstd file, skippable ones included. As in a gzip file, zero bytes between and after frames are padding
/// and skipped; other bytes after a frame are left out, with a warning. The reader of the zstd crate fails on both.
pub(crate) struct ZstdFrames {
    inner: Box<dyn Read + Send>,
    decoder: Decoder<'static>,
    /// Compressed bytes.
    buffer: Vec<u8>,
    /// Those of `buffer` that are not decompressed yet.
    unread: std::ops::Range<usize>,
    place: Place,
    left_out: LeftOut,
}

/// Where the next byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the start of the first frame, which the caller has recognized.
    Start,
    InFrame,
    AfterFrame,
    End,
}

impl ZstdFrames {
    /// Reads a stream that begins with a frame.
    pub(crate) fn new(inner: Box<dyn Read + Send>, left_out: LeftOut) -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self { inner, decoder, buffer: vec![0; READ_BYTES], unread: 0..0, place: Place::Start, left_out })
    }

    /// Reads more compressed bytes after those that are not decompressed yet. False at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let n = loop {
            match self.inner.read(&mut self.buffer[self.unread.end..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.unread.end += n;
        Ok(n > 0)
    }

    /// Skips padding after a frame. Another frame follows, or the file ends, perhaps after other bytes.
    fn after_frame(&mut self) -> io::Result<Place> {
        loop {
            let padding = self.buffer[self.unread.clone()].iter().take_while(|b| **b == 0).count();
            self.unread.start += padding;
            if self.unread.len() >= MAGIC_BYTES {
                break;
            }
            if !self.fill()? {
                break;
            }
        }
        if is_zstd(&self.buffer[self.unread.clone()]) {
            self.decoder.reinit()?;
            return Ok(Place::InFrame);
        }
        if !self.unread.is_empty() {
            leave_out(&self.left_out, WarningKind::TrailingBytes);
            // Read to the end: the writer of a pipe must not see it close early.
            io::copy(&mut self.inner, &mut io::sink())?;
        }
        Ok(Place::End)
    }
}

impl Read for ZstdFrames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.place {
                Place::End => return Ok(0),
                Place::AfterFrame => self.place = self.after_frame()?,
                Place::Start | Place::InFrame => {
                    let mut input = InBuffer::around(&self.buffer[self.unread.clone()]);
                    let mut output = OutBuffer::around(&mut *buffer);
                    let left = self.decoder.run(&mut input, &mut output)?;
                    let (taken, given) = (input.pos(), output.pos());
                    self.unread.start += taken;
                    // Before the first byte nothing is left of a frame, either.
                    let has_begun = taken > 0 || self.place == Place::InFrame;
                    self.place = match (left, has_begun) {
                        (0, true) => Place::AfterFrame,
                        (_, true) => Place::InFrame,
                        (_, false) => Place::Start,
                    };
                    if given > 0 {
                        return Ok(given);
                    }
                    if self.place != Place::AfterFrame && self.unread.is_empty() && !self.fill()? {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::PoisonError;

    /// Gives a few bytes at a time.
    struct Slow<R>(R, usize);

    impl<R: Read> Read for Slow<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = buffer.len().min(self.1);
            self.0.read(&mut buffer[..n])
        }
    }

    /// The text of a file, and whether bytes were left out.
    fn read(file: &[u8], step: usize) -> io::Result<(Vec<u8>, bool)> {
        let left_out = LeftOut::default();
        let slow = Slow(io::Cursor::new(file.to_vec()), step);
        let mut text = Vec::new();
        Slow(ZstdFrames::new(Box::new(slow), LeftOut::clone(&left_out))?, step).read_to_end(&mut text)?;
        let left_out = left_out.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((text, left_out.contains(&WarningKind::TrailingBytes)))
    }

    #[test]
    fn frames_padding_and_other_bytes_are_told_apart() {
        let text: Vec<u8> = (0..200_000u32).flat_map(|n| (n % 251).to_le_bytes()).collect();
        let frame = |text: &[u8]| zstd::encode_all(text, 1).expect("a frame");
        let (whole, one, two) = (frame(&text), frame(&text[..500]), frame(&text[500..]));
        let (empty, skippable) = (frame(b""), [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        let zeros = [0; 700];
        for (parts, has_other_bytes) in [
            (vec![&whole[..]], false),
            (vec![&one, &two], false),
            (vec![&skippable, &one, &zeros, &skippable, &two, &skippable, &zeros], false),
            (vec![&empty, &whole, &empty], false),
            (vec![&whole, b"trailer"], true),
            (vec![&whole, &zeros, b"("], true),
            (vec![&one, &two, b"(\xb5/"], true),
        ] {
            for step in [1, 3, 1 << 10, usize::MAX] {
                let found = read(&parts.concat(), step).expect("a text");
                assert!(found == (text.clone(), has_other_bytes), "{} parts, {step} bytes at a time", parts.len());
            }
        }
        let cut = read(&whole[..whole.len() - 5], 1 << 10).expect_err("the frame does not end");
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
        assert!(read(&[&whole[..], &whole[..9]].concat(), 7).is_err(), "a second frame that does not end");
    }
}
