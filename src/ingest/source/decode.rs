//! Turns the bytes on disk into text: removes compression and UTF-16, and refuses files that are not text.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};
use flate2::bufread::GzDecoder;

use crate::ingest::error::ReadError;
use crate::ingest::parquet;
use crate::warning::WarningKind;

pub(crate) fn peek(mut stream: Box<dyn Read + Send>, n: u64) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::new();
    stream.by_ref().take(n).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(stream))))
}

pub(crate) fn compression(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, ..] => Some("gzip"),
        head if is_zstd(head) => Some("zstd"),
        _ => None,
    }
}

/// Why a file is refused that unpacks to another compressed one.
pub(crate) fn compressed_twice(outer: &str, inner: &str) -> String {
    format!("was compressed twice: first with {inner}, then with {outer}; compress it only once, with gzip or zstd")
}

/// Does a zstd frame begin here? The second pattern is a skippable frame, where some tools store an index before the data.
pub(crate) fn is_zstd(bytes: &[u8]) -> bool {
    matches!(bytes, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

pub(crate) fn utf16(head: &[u8]) -> Option<Decoder> {
    match head {
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(UTF_16LE.new_decoder_with_bom_removal()),
        [0xfe, 0xff, ..] => Some(UTF_16BE.new_decoder_with_bom_removal()),
        _ => None,
    }
}

/// Formats that people give to a CSV tool by mistake: their first bytes, and what to do.
const NOT_TEXT: [(&[u8], &str); 9] = [
    (UTF_32[0], IS_UTF_32),
    (UTF_32[1], IS_UTF_32),
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook; save the sheet as CSV, or unpack it first"),
    (parquet::MAGIC, IS_PARQUET),
    (parquet::ENCRYPTED, parquet::IS_ENCRYPTED),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook; save the sheet as CSV"),
    (b"%PDF", "is a PDF; export the table as CSV"),
    (b"BZh", "is bzip2-compressed; unpack it first (gzip and zstd are read directly)"),
    (b"\xfd7zXZ", "is xz-compressed; unpack it first (gzip and zstd are read directly)"),
];

const IS_PARQUET: &str = "is a Parquet file, which is read as an extract in a file of its own: not through a pipe, not \
                          compressed once more, and not as an authorization file or a joined table; name the file, or export \
                          it as CSV";

/// Bytes of an X12 file in which its first group begins: the ISA segment has 106.
const X12_HEAD_BYTES: usize = 200;

/// The byte order marks of UTF-32. That of little-endian UTF-16 is the beginning of the first.
const UTF_32: [&[u8]; 2] = [b"\xff\xfe\0\0", b"\0\0\xfe\xff"];

const IS_UTF_32: &str = "is UTF-32; save it as UTF-8";

/// Bytes at the start of a text that are searched for control characters: 1 MiB holds thousands of rows.
pub(crate) const BINARY_CHECK_BYTES: usize = 1 << 20;

/// Texts that are no table, by how they begin after blanks and a byte order mark.
fn other_text(sample: &[u8]) -> Option<&'static str> {
    let text = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample).trim_ascii_start();
    let after = |first: &[u8]| text.strip_prefix(first).map(<[u8]>::trim_ascii_start);
    let is_x12 = text.starts_with(b"ISA") && text.get(3).is_some_and(|b| matches!(b, b'*' | b'|' | b'~' | b'^' | b':'));
    if is_x12 && memchr::memmem::find(&text[..text.len().min(X12_HEAD_BYTES)], b"GS").is_some() {
        return Some("is a raw X12 file, such as an 837; convert it to CSV with one row per service line first");
    }
    if after(b"{").is_some_and(|rest| rest.starts_with(b"\"") || rest.starts_with(b"}"))
        || after(b"[").is_some_and(|rest| rest.starts_with(b"{") || rest.starts_with(b"["))
    {
        return Some("is JSON; write it as CSV with one row per service line first");
    }
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|first| first.eq_ignore_ascii_case(word));
    if begins(b"<?xml") || begins(b"<!doctype") || begins(b"<html") {
        return Some("is XML or a web page, not a table; was it downloaded without being signed in?");
    }
    None
}

pub(crate) fn refuse_binary(name: &str, sample: &[u8]) -> Result<(), ReadError> {
    let refuse = |what: &str| Err(ReadError::unusable(name, what));
    let sample = &sample[..sample.len().min(BINARY_CHECK_BYTES)];
    // A workbook is a ZIP archive whose first file is the list of its parts.
    if sample.starts_with(b"PK\x03\x04") && memchr::memmem::find(sample, b"[Content_Types].xml").is_some() {
        return refuse("is an Excel workbook (XLSX); save the sheet as CSV");
    }
    if let Some((_, what)) = NOT_TEXT.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return refuse(what);
    }
    if let Some(what) = other_text(sample) {
        return refuse(what);
    }
    // Text has almost no control characters. A stray NUL in a damaged cell passes; a table of binary numbers does not.
    let control =
        sample.iter().filter(|b| **b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1a)).count();
    if control * 20 > sample.len() {
        // In UTF-16 of Western text every other byte is NUL; in a program file NULs are anywhere.
        let [even, odd] = [0, 1].map(|parity| sample.iter().skip(parity).step_by(2).filter(|b| **b == 0).count());
        return refuse(if (even + odd) * 3 > sample.len() && even.min(odd) * 10 < even.max(odd) {
            "looks like UTF-16 without its mark; save it as UTF-8"
        } else {
            "is not a text file"
        });
    }
    Ok(())
}

/// Bytes to which any compressed file may unpack, whatever its size: 1 GiB of text is read in seconds.
const HARMLESS_BYTES: u64 = 1 << 30;

/// Maximum ratio of unpacked to compressed size, once more than [`HARMLESS_BYTES`] were unpacked. Claim extracts reach 5 to
/// 40, and a few hundred if most columns are empty. Deflate cannot exceed 1,032; zstd has no limit.
const MAX_RATIO: u64 = 1000;

/// Largest window of a zstd frame, as a power of two: 128 MiB, the default limit of `zstd -d`.
pub(crate) const WINDOW_LOG: u32 = 27;

/// Stops a decompression bomb: without a bound, a few bytes on disk could keep a machine busy for days.
pub(crate) struct Guarded {
    pub(crate) inner: Box<dyn Read + Send>,
    /// Bytes on disk, as [`Counted`] counts them.
    pub(crate) taken: Arc<AtomicU64>,
    /// Bytes unpacked.
    pub(crate) given: u64,
    /// Maximum number of unpacked bytes set by the user. If `None`, [`HARMLESS_BYTES`] and [`MAX_RATIO`] apply.
    pub(crate) limit: Option<u64>,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer).map_err(|e| {
            // The library has no error kind for this, so its text is compared.
            if e.to_string().contains("requires too much memory") { too_large(WINDOW) } else { e }
        })?;
        self.given += n as u64;
        match self.limit {
            Some(limit) if self.given > limit => Err(too_large(format!(
                "unpacks to more than the {limit} bytes of --max-decompressed; name more if it is meant"
            ))),
            None if self.given > HARMLESS_BYTES.max(self.taken.load(Ordering::Relaxed).saturating_mul(MAX_RATIO)) => {
                Err(too_large(BOMB))
            }
            _ => Ok(n),
        }
    }
}

const WINDOW: &str = "was compressed with a window of more than 128 MiB; compress it with --long=27 at most, or unpack it \
                      first: zstd -dc --long=31 FILE | claimlint check -";
const BOMB: &str = "unpacks to more than 1 GiB and more than 1000 times its size, as no claim extract does; if it is meant, \
                    say how much may come: --max-decompressed 2T";

/// An error whose text is a whole sentence for the user.
fn too_large(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, what.into())
}

/// Counts the bytes read from the inner reader.
pub(crate) struct Counted {
    pub(crate) inner: Box<dyn Read + Send>,
    pub(crate) taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// What the decoders left out of an input, as kinds of warnings. The user is told after the input was read.
pub(crate) type LeftOut = Arc<Mutex<Vec<WarningKind>>>;

/// Records that something was left out.
pub(crate) fn leave_out(left_out: &LeftOut, what: WarningKind) {
    left_out.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

/// One member of a gzip file, over the bytes that follow it.
type GzipMember = GzDecoder<BufReader<Box<dyn Read + Send>>>;

/// Reads all members of a gzip file. Zero bytes between and after members are padding and skipped; other bytes after a
/// member are left out, with a warning. The multi-member reader of flate2 fails on both.
pub(crate) struct GzipMembers {
    /// `None` after the last member.
    member: Option<GzipMember>,
    left_out: LeftOut,
}

impl GzipMembers {
    pub(crate) fn new(inner: Box<dyn Read + Send>, left_out: LeftOut) -> Self {
        Self { member: Some(GzDecoder::new(BufReader::with_capacity(1 << 18, inner))), left_out }
    }

    /// Skips padding and returns the next member, if there is one.
    fn next_member(&self, mut inner: BufReader<Box<dyn Read + Send>>) -> io::Result<Option<GzipMember>> {
        loop {
            let bytes = inner.fill_buf()?;
            let Some(first) = bytes.first() else { return Ok(None) };
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            if *first == 0x1f {
                return Ok(Some(GzDecoder::new(inner)));
            }
            if zeros == 0 {
                leave_out(&self.left_out, WarningKind::TrailingBytes);
                // Read to the end: the writer of a pipe must not see it close early.
                io::copy(&mut inner, &mut io::sink())?;
                return Ok(None);
            }
            inner.consume(zeros);
        }
    }
}

impl Read for GzipMembers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let n = member.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            if let Some(member) = self.member.take() {
                self.member = self.next_member(member.into_inner())?;
            }
        }
        Ok(0)
    }
}

/// Converts UTF-16 to UTF-8. Invalid units become U+FFFD; they are not repaired.
pub(crate) struct Utf16 {
    inner: Box<dyn Read + Send>,
    decoder: Decoder,
    raw: Vec<u8>,
    /// The first byte of a code unit whose second byte has not been read yet.
    odd: Option<u8>,
    ready: Vec<u8>,
    at: usize,
    ended: bool,
    left_out: LeftOut,
}

impl Utf16 {
    pub(crate) fn new(inner: Box<dyn Read + Send>, decoder: Decoder, left_out: LeftOut) -> Self {
        Self { inner, decoder, raw: vec![0; 1 << 16], odd: None, ready: Vec::new(), at: 0, ended: false, left_out }
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() && !self.ended {
            let carried = usize::from(self.odd.is_some());
            self.raw[0] = self.odd.take().unwrap_or_default();
            let read = self.inner.read(&mut self.raw[carried..])?;
            let mut n = carried + read;
            self.ended = read == 0;
            if n % 2 == 1 {
                n -= 1;
                self.odd = Some(self.raw[n]);
            }
            if self.ended && self.odd.is_some() {
                leave_out(&self.left_out, WarningKind::OddByte);
            }
            // Two bytes of UTF-16 become at most three of UTF-8; a few more complete what the decoder buffers.
            self.ready.resize(n * 3 / 2 + 16, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&self.raw[..n], &mut self.ready, self.ended);
            self.ready.truncate(written);
            self.at = 0;
        }
        let n = buffer.len().min(self.ready.len() - self.at);
        buffer[..n].copy_from_slice(&self.ready[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unpacks `given` bytes of what were `taken` on disk; the error if it is stopped.
    fn unpack(taken: u64, given: u64, limit: Option<u64>) -> Option<String> {
        let taken = Arc::new(AtomicU64::new(taken));
        let mut guarded = Guarded { inner: Box::new(io::repeat(b'A').take(1)), taken, given: given - 1, limit };
        guarded.read(&mut [0]).err().map(|e| e.to_string())
    }

    #[test]
    fn decompression_bombs_are_stopped() {
        assert_eq!(unpack(10, 1 << 30, None), None);
        assert!(unpack(10, (1 << 30) + 1, None).is_some_and(|e| e.contains("--max-decompressed")));
        assert_eq!(unpack(1 << 30, 1000 << 30, None), None);
        assert_eq!(unpack(1 << 30, (1000 << 30) + 1, None).as_deref(), Some(BOMB));
        assert_eq!(unpack(1, 1 << 40, Some(1 << 40)), None);
        assert!(unpack(1 << 30, 11, Some(10)).is_some_and(|e| e.contains("the 10 bytes of")));
    }
}
