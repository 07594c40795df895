//! Opens an input: a path or stdin, plain or compressed, UTF-8 or UTF-16. Nothing else opens extracts.
//!
//! Plain files are read by position, block by block, in parallel. A memory map would be 25% faster, but the process
//! would die if the file were truncated while mapped. Everything else is read as a stream.
//!
//! # Sub-rooms, in order
//!
//! - [`decode`]: compression, UTF-16, and the refusal of files that are not text.
//! - [`sample`]: how many of its first bytes are in memory.
//! - [`zstd_frames`]: the frames of a zstd file, and what follows them.
//! - [`blocks`]: the text in groups of blocks.
//! - [`input_hash`]: the hash that identifies an input.
//! - [`same_file`]: inputs that are the same file.

pub mod blocks;
pub(crate) mod decode;
pub mod input_hash;
pub mod same_file;
pub(crate) mod sample;
mod zstd_frames;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::ingest::error::ReadError;
use crate::ingest::parquet;
use crate::ingest::parquet::ParquetFile;
use crate::ingest::source::blocks::{BlockReader, TextSource};
use crate::ingest::source::decode::{
    Counted, Guarded, GzipMembers, LeftOut, Utf16, compressed_twice, compression, peek, refuse_binary, utf16,
};
use crate::ingest::source::sample::{SAMPLE_BYTES, SAMPLE_ROWS, of_file};
use crate::ingest::source::zstd_frames::ZstdFrames;

/// An opened input: its first bytes in memory, the rest on demand.
pub struct Source {
    /// The input as given.
    pub name: String,
    /// Bytes on disk; 0 for stdin.
    pub size: u64,
    /// The encodings that were removed to get at the text: "gzip", "zstd", "UTF-16".
    pub undone: Vec<&'static str>,
    /// First bytes of the text, at most [`SAMPLE_BYTES`]; all of it if `whole`.
    pub sample: Vec<u8>,
    /// The sample is the whole text.
    pub whole: bool,
    taken: Arc<AtomicU64>,
    left_out: LeftOut,
    bytes: Bytes,
}

enum Bytes {
    File(File),
    Stream(Box<dyn Read + Send>),
    Table(Box<ParquetFile>),
}

impl Source {
    /// Opens a path, or stdin for `-`, like [`Source::open_within`] with the default limit.
    pub fn open(name: &str) -> Result<Self, ReadError> {
        Self::open_within(name, None)
    }

    /// Opens a path, or stdin for `-`. A compressed input may unpack to at most `limit` bytes; by default to 1 GiB or 1,000
    /// times its size, whichever is more, which no claim extract reaches.
    pub(crate) fn open_within(name: &str, limit: Option<u64>) -> Result<Self, ReadError> {
        Self::open_as(name, limit, None)
    }

    /// Opens an extract: like [`Source::open_within`], or a Parquet file, whose sample is its first rows as CSV.
    pub fn open_extract(name: &str, limit: Option<u64>) -> Result<Self, ReadError> {
        Self::open_as(name, limit, Some(SAMPLE_ROWS))
    }

    /// Opens an extract of which only the header is wanted: the sample of a Parquet file has no rows.
    pub(crate) fn open_header(name: &str, limit: Option<u64>) -> Result<Self, ReadError> {
        Self::open_as(name, limit, Some(0))
    }

    /// An extract that was opened for its header, with the sample that reading it takes.
    pub(crate) fn with_first_rows(self) -> Result<Self, ReadError> {
        match self.bytes {
            Bytes::Table(table) => Self::of_table(*table, SAMPLE_ROWS),
            Bytes::File(_) | Bytes::Stream(_) => Ok(self),
        }
    }

    /// Opens a path, or stdin for `-`. The sample of a table has this many rows; `None`: it may be none.
    fn open_as(name: &str, limit: Option<u64>, rows_of_table: Option<usize>) -> Result<Self, ReadError> {
        let cannot_open = |e: io::Error| ReadError::cannot_open(name, &e);
        let cannot_read = |e: io::Error| ReadError::cannot_read(name, &e);
        if name == "-" {
            return Self::from_reader("-", Box::new(io::stdin()), 0, limit);
        }
        let path = Path::new(name);
        let meta = std::fs::metadata(path).map_err(cannot_open)?;
        if meta.is_dir() {
            let what =
                "is a directory; name the extracts in it, for example with a shell pattern: dir/*.csv".to_owned();
            return Err(ReadError::Io { file: name.to_owned(), what });
        }
        let file = File::open(path).map_err(cannot_open)?;
        if !meta.is_file() {
            return Self::from_reader(name, Box::new(file), 0, limit);
        }
        let mut head = Vec::new();
        (&file).take(4).read_to_end(&mut head).map_err(cannot_read)?;
        if head.is_empty() {
            return Err(ReadError::Empty { file: name.to_owned() });
        }
        if let Some(rows) = rows_of_table.filter(|_| head == parquet::MAGIC) {
            return Self::of_table(ParquetFile::open(name, file, meta.len())?, rows);
        }
        if compression(&head).is_some() || utf16(&head).is_some() {
            let reopened = File::open(path).map_err(cannot_open)?;
            return Self::from_reader(name, Box::new(reopened), meta.len(), limit);
        }
        let sample = of_file(&file, meta.len()).map_err(cannot_read)?;
        let whole = sample.len() as u64 == meta.len();
        refuse_empty(name, &sample, whole)?;
        refuse_binary(name, &sample)?;
        Ok(Self {
            name: name.to_owned(),
            size: meta.len(),
            undone: Vec::new(),
            whole,
            sample,
            taken: Arc::default(),
            left_out: LeftOut::default(),
            bytes: Bytes::File(file),
        })
    }

    fn of_table(table: ParquetFile, rows: usize) -> Result<Self, ReadError> {
        let (sample, whole) = parquet::first_rows(&table, rows, SAMPLE_BYTES)?;
        Ok(Self {
            name: table.name().to_owned(),
            size: table.size(),
            undone: Vec::new(),
            sample,
            whole,
            taken: Arc::default(),
            left_out: LeftOut::default(),
            bytes: Bytes::Table(Box::new(table)),
        })
    }

    /// The table, if it is one and no text.
    pub(crate) fn table(&self) -> Option<&ParquetFile> {
        match &self.bytes {
            Bytes::Table(table) => Some(table),
            Bytes::File(_) | Bytes::Stream(_) => None,
        }
    }

    /// Sets the bytes of memory that reading a table may take. A text is read in blocks of a fixed size.
    pub fn set_memory(&mut self, bytes: usize) {
        if let Bytes::Table(table) = &mut self.bytes {
            table.set_memory(bytes);
        }
    }

    /// Takes a Parquet file for what is left of a file with this name and number of rows. The column has the line of each row.
    pub fn as_left_of(mut self, name: &str, rows: u64, line_column: &str) -> Result<Self, ReadError> {
        let Bytes::Table(table) = &mut self.bytes else {
            return Err(ReadError::unusable(&self.name, "is no Parquet file; what is left of a table must be one"));
        };
        table.set_left_of(rows, line_column)?;
        name.clone_into(&mut self.name);
        Ok(self)
    }

    /// An input in memory, for worked examples and tests.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, ReadError> {
        let size = bytes.len() as u64;
        Self::from_reader(name, Box::new(Cursor::new(bytes)), size, None)
    }

    /// An input that is read from a stream, with `size` bytes. A compressed one may unpack to at most `limit` bytes.
    pub(crate) fn from_stream(
        name: &str,
        stream: Box<dyn Read + Send>,
        size: u64,
        limit: Option<u64>,
    ) -> Result<Self, ReadError> {
        Self::from_reader(name, stream, size, limit)
    }

    fn from_reader(name: &str, reader: Box<dyn Read + Send>, size: u64, limit: Option<u64>) -> Result<Self, ReadError> {
        let taken = Arc::<AtomicU64>::default();
        let counted: Box<dyn Read + Send> = Box::new(Counted { inner: reader, taken: Arc::clone(&taken) });
        let left_out = LeftOut::default();
        let mut undone = Vec::new();
        let trouble = |e: io::Error| ReadError::cannot_read(name, &e);
        let (head, mut stream) = peek(counted, 4).map_err(trouble)?;
        match compression(&head) {
            Some("gzip") => {
                stream = Box::new(GzipMembers::new(stream, LeftOut::clone(&left_out)));
                undone.push("gzip");
            }
            Some(_) => {
                stream = Box::new(ZstdFrames::new(stream, LeftOut::clone(&left_out)).map_err(trouble)?);
                undone.push("zstd");
            }
            None => {}
        }
        if !undone.is_empty() {
            stream = Box::new(Guarded { inner: stream, taken: Arc::clone(&taken), given: 0, limit });
        }
        let (head, mut stream) = peek(stream, 4).map_err(trouble)?;
        if let (Some(outer), Some(inner)) = (undone.first(), compression(&head)) {
            return Err(ReadError::unusable(name, compressed_twice(outer, inner)));
        }
        if let Some(decoder) = utf16(&head) {
            stream = Box::new(Utf16::new(stream, decoder, LeftOut::clone(&left_out)));
            undone.push("UTF-16");
        }
        let mut sample = Vec::new();
        stream.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut sample).map_err(trouble)?;
        let whole = sample.len() < SAMPLE_BYTES;
        refuse_empty(name, &sample, whole)?;
        refuse_binary(name, &sample)?;
        Ok(Self { name: name.to_owned(), size, undone, sample, whole, taken, left_out, bytes: Bytes::Stream(stream) })
    }

    /// Counts the bytes that are taken of a stream, before they are decoded.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }

    /// The whole text, decoded.
    pub(crate) fn into_text(self) -> io::Result<Box<dyn Read>> {
        Ok(match self.bytes {
            Bytes::File(mut file) => {
                file.seek(SeekFrom::Start(0))?;
                Box::new(file)
            }
            Bytes::Stream(stream) => Box::new(Cursor::new(self.sample).chain(stream)),
            Bytes::Table(_) => Box::new(NoText),
        })
    }

    /// Reads the text from byte `from`, which is inside the sample, in groups of blocks of `block` bytes.
    pub fn blocks(self, from: usize, block: usize) -> BlockReader {
        let text = match self.bytes {
            Bytes::File(file) => TextSource::File { file: Arc::new(file), at: from as u64, size: self.size },
            Bytes::Stream(stream) => {
                let mut sample = self.sample;
                sample.drain(..from);
                TextSource::Stream { stream: Box::new(Cursor::new(sample).chain(stream)), taken: self.taken }
            }
            // A table is read by its columns. Its text would be the first rows only.
            Bytes::Table(_) => TextSource::Stream { stream: Box::new(NoText), taken: self.taken },
        };
        BlockReader::new(self.name, text, block, self.left_out)
    }
}

/// The text of a table: there is none.
struct NoText;

impl Read for NoText {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "a table has no text"))
    }
}

/// Refuses a text of blanks only; a byte order mark and the Ctrl-Z of DOS count as blanks.
fn refuse_empty(name: &str, sample: &[u8], whole: bool) -> Result<(), ReadError> {
    let text = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    if whole && text.iter().all(|b| b.is_ascii_whitespace() || matches!(b, 0x0b | 0x1a)) {
        return Err(ReadError::Empty { file: name.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warning::WarningKind;
    use std::io::Write;

    fn text(name: &str, bytes: Vec<u8>) -> Vec<u8> {
        let source = Source::from_bytes(name, bytes).expect("source");
        let mut blocks = source.blocks(0, 3);
        let (mut out, mut buffer) = (Vec::new(), Vec::new());
        while let Some(block) = blocks.next_block(Vec::new).expect("a block") {
            out.extend_from_slice(block.bytes(&mut buffer).expect("bytes"));
        }
        out
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).expect("memory takes it")
    }

    #[test]
    fn every_encoding_yields_the_same_text() {
        let plain = "claim_id,é\n1,2\n".as_bytes().to_vec();
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain("claim_id,é\n1,2\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(text("plain", plain.clone()), plain);
        assert_eq!(text("gz", gzip(&plain)), plain);
        assert_eq!(text("two members", [gzip(&plain[..5]), gzip(&plain[5..])].concat()), plain);
        assert_eq!(text("zst", zstd(&plain)), plain);
        assert_eq!(text("utf-16", utf16.clone()), plain);
        assert_eq!(text("utf-16 gz", gzip(&utf16)), plain);
    }

    /// The text of an input, and what was left out of it.
    fn decoded(bytes: Vec<u8>) -> (Vec<u8>, Vec<WarningKind>) {
        let mut blocks = Source::from_bytes("x", bytes).expect("source").blocks(0, 7);
        let (mut out, mut buffer) = (Vec::new(), Vec::new());
        while let Some(block) = blocks.next_block(Vec::new).expect("a block") {
            out.extend_from_slice(block.bytes(&mut buffer).expect("bytes"));
        }
        (out, blocks.left_out())
    }

    #[test]
    fn bytes_outside_the_text_are_left_out_with_a_warning() {
        let plain = b"claim_id,x\n1,2\n".to_vec();
        let padded = [gzip(&plain[..5]), vec![0; 300], gzip(&plain[5..]), vec![0; 1000]].concat();
        assert_eq!(decoded(padded), (plain.clone(), vec![]));
        let trailing = [gzip(&plain), vec![0, 0], b"trailer".to_vec()].concat();
        assert_eq!(decoded(trailing), (plain.clone(), vec![WarningKind::TrailingBytes]));
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..]; 2];
        let frame = zstd(&plain);
        let padded = [&frame[..], &[0; 300]].concat();
        assert_eq!(decoded(padded), (plain.clone(), vec![]));
        let trailing = [&frame[..], b"trailer"].concat();
        assert_eq!(decoded(trailing), (plain.clone(), vec![WarningKind::TrailingBytes]));
        assert_eq!(decoded([skippable[0], &frame, skippable[1]].concat()), (plain.clone(), vec![]));
        let utf16 = std::iter::once(0xfeff).chain("claim_id,x\n1,2\n".encode_utf16()).flat_map(u16::to_le_bytes);
        assert_eq!(decoded(utf16.chain([b'C']).collect()), (plain, vec![WarningKind::OddByte]));
    }

    #[test]
    fn files_that_are_not_text_are_refused_by_format() {
        for (bytes, says) in [
            (&b"PK\x03\x04...."[..], "ZIP archive"),
            (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "Excel workbook (XLSX)"),
            (b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *240305*1200*^*00501*1*0*P*:~GS*HC*", "837"),
            (b"\n [ {\"claim_id\": 1}]", "JSON"),
            (b"{\"claim_id\": 1}\n{\"claim_id\": 2}\n", "JSON"),
            (b"\xff\xfe\0\0c\0\0\0", "UTF-32"),
            (b"\0\0\xfe\xff\0\0\0c", "UTF-32"),
            (b"<!DOCTYPE html><html>", "web page"),
            (b"", "empty"),
            (b"PAR1....", "Parquet"),
            (b"\0\x01\x02\x03\x04", "not a text"),
            (&zstd(&gzip(b"a,b\n1,2\n")), "compressed twice: first with gzip, then with zstd; compress it only once"),
            (&gzip(&zstd(b"a,b\n1,2\n")), "compressed twice: first with zstd, then with gzip; compress it only once"),
            (&gzip(&gzip(b"a,b\n1,2\n")), "compressed twice: first with gzip, then with gzip"),
        ] {
            let Err(e) = Source::from_bytes("x", bytes.to_vec()) else { panic!("{says} was read") };
            assert!(e.to_string().contains(says), "{e}");
        }
        // A column may be named like the beginning of such a file.
        for text in ["ISA*claim_id\n1*2\n", "[claim_id],[dos]\n1,2\n", "{claim_id},dos\n1,2\n"] {
            assert!(Source::from_bytes("x", text.as_bytes().to_vec()).is_ok(), "{text}");
        }
    }
}
