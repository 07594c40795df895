//! Opening an extract: path or stdin, plain or compressed, UTF-8 or UTF-16. The only opener of extracts.
//!
//! Plain files are read by position, block by block and in parallel; a memory map would be faster by a quarter but
//! kills the process when the file is cut while it is read. Everything else is a stream.

pub mod blocks;
pub(crate) mod decode;
pub mod input_hash;
pub mod spill;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::ingest::source::blocks::{Feed, Text, read_at};
use crate::ingest::source::decode::{Counted, Guarded, Utf16, WINDOW_LOG, compression, peek, refuse_binary, utf16};

/// What stops the reading of an extract.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be opened or read.
    #[error("{file}: {what}")]
    Io {
        /// The extract as given.
        file: String,
        /// What happened and what to do.
        what: String,
    },
    /// It can be read but not used.
    #[error("{file}: {what}")]
    Unusable {
        /// The extract as given.
        file: String,
        /// Why, and what to do.
        what: String,
    },
    /// What is beyond the bound on memory cannot be put on disk.
    #[error(
        "the rows in scope do not fit into --memory, and the disk of the report does not take them: {0}; free some space, name another disk with --out, or raise --memory"
    )]
    Spool(String),
    /// What was read is not what was announced.
    #[error("{0}")]
    Unreconciled(String),
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

/// How much is read before the detected is decided. Large enough for any header with its first rows.
pub const SAMPLE: usize = 1 << 20;

/// An opened extract: its first bytes, and the rest on demand.
pub struct Source {
    /// The extract as given.
    pub name: String,
    /// Bytes on disk; 0 for stdin.
    pub size: u64,
    /// What was undone to get at the text: "gzip", "zstd", "UTF-16".
    pub undone: Vec<&'static str>,
    /// First bytes of the text, at most [`SAMPLE`]; all of it if `whole`.
    pub sample: Vec<u8>,
    /// The sample is the whole text.
    pub whole: bool,
    taken: Arc<AtomicU64>,
    bytes: Bytes,
}

enum Bytes {
    File(File),
    Stream(Box<dyn Read + Send>),
}

impl Source {
    /// Opens a path, or stdin for `-`, as [`Source::open_within`] without a limit of its own.
    pub fn open(name: &str) -> Result<Self, ReadError> {
        Self::open_within(name, None)
    }

    /// Opens a path, or stdin for `-`. `limit`: most bytes that it may unpack to if it is compressed; without one what no
    /// claim extract reaches, a thousand times its size and a GiB.
    pub fn open_within(name: &str, limit: Option<u64>) -> Result<Self, ReadError> {
        let io_trouble = |what: String| ReadError::Io { file: name.to_owned(), what };
        if name == "-" {
            return Self::from_reader("-", Box::new(io::stdin()), 0, limit);
        }
        let path = Path::new(name);
        let meta = std::fs::metadata(path).map_err(|e| io_trouble(open_sentence(&e)))?;
        if meta.is_dir() {
            return Err(io_trouble(
                "is a directory; name the extracts in it, for example with a shell pattern: dir/*.csv".to_owned(),
            ));
        }
        let file = File::open(path).map_err(|e| io_trouble(open_sentence(&e)))?;
        if !meta.is_file() {
            return Self::from_reader(name, Box::new(file), 0, limit);
        }
        let mut head = Vec::new();
        (&file).take(4).read_to_end(&mut head).map_err(|e| io_trouble(read_sentence(&e)))?;
        if head.is_empty() {
            return Err(ReadError::Unusable { file: name.to_owned(), what: EMPTY.to_owned() });
        }
        if compression(&head).is_some() || utf16(&head).is_some() {
            let reopened = File::open(path).map_err(|e| io_trouble(open_sentence(&e)))?;
            return Self::from_reader(name, Box::new(reopened), meta.len(), limit);
        }
        let mut sample = vec![0; usize::try_from(meta.len()).unwrap_or(SAMPLE).min(SAMPLE)];
        read_at(&file, &mut sample, 0).map_err(|e| io_trouble(read_sentence(&e)))?;
        refuse_binary(name, &sample)?;
        Ok(Self {
            name: name.to_owned(),
            size: meta.len(),
            undone: Vec::new(),
            whole: sample.len() as u64 == meta.len(),
            sample,
            taken: Arc::default(),
            bytes: Bytes::File(file),
        })
    }

    /// An extract in memory: worked examples and tests.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, ReadError> {
        let size = bytes.len() as u64;
        Self::from_reader(name, Box::new(Cursor::new(bytes)), size, None)
    }

    fn from_reader(name: &str, reader: Box<dyn Read + Send>, size: u64, limit: Option<u64>) -> Result<Self, ReadError> {
        let taken = Arc::<AtomicU64>::default();
        let counted: Box<dyn Read + Send> = Box::new(Counted { inner: reader, taken: Arc::clone(&taken) });
        let mut undone = Vec::new();
        let trouble = |e: io::Error| ReadError::Io { file: name.to_owned(), what: read_sentence(&e) };
        let (head, mut stream) = peek(counted, 4).map_err(trouble)?;
        match compression(&head) {
            Some("gzip") => {
                // MultiGzDecoder: concatenated members are one file; GzDecoder would stop after the first.
                stream = Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, stream)));
                undone.push("gzip");
            }
            Some(_) => {
                let mut decoder = zstd::stream::read::Decoder::new(stream).map_err(trouble)?;
                decoder.window_log_max(WINDOW_LOG).map_err(trouble)?;
                stream = Box::new(decoder);
                undone.push("zstd");
            }
            None => {}
        }
        if !undone.is_empty() {
            stream = Box::new(Guarded { inner: stream, taken: Arc::clone(&taken), given: 0, limit });
        }
        let (head, mut stream) = peek(stream, 4).map_err(trouble)?;
        if let Some(decoder) = utf16(&head) {
            stream = Box::new(Utf16::new(stream, decoder));
            undone.push("UTF-16");
        }
        let mut sample = Vec::new();
        stream.by_ref().take(SAMPLE as u64).read_to_end(&mut sample).map_err(trouble)?;
        if sample.is_empty() {
            return Err(ReadError::Unusable { file: name.to_owned(), what: EMPTY.to_owned() });
        }
        refuse_binary(name, &sample)?;
        let whole = sample.len() < SAMPLE;
        Ok(Self { name: name.to_owned(), size, undone, sample, whole, taken, bytes: Bytes::Stream(stream) })
    }

    /// Is there a line feed anywhere? Asked only when the sample has carriage returns and no line feed: whether a
    /// CR ends a line is a question about the whole file.
    pub fn has_line_feed(&self) -> Result<bool, ReadError> {
        let Bytes::File(file) = &self.bytes else { return Ok(memchr::memchr(b'\n', &self.sample).is_some()) };
        let mut buffer = vec![0; SAMPLE];
        let mut at = 0;
        while at < self.size {
            let n = (self.size - at).min(SAMPLE as u64) as usize;
            read_at(file, &mut buffer[..n], at)
                .map_err(|e| ReadError::Io { file: self.name.clone(), what: read_sentence(&e) })?;
            if memchr::memchr(b'\n', &buffer[..n]).is_some() {
                return Ok(true);
            }
            at += n as u64;
        }
        Ok(false)
    }

    /// The text from byte `from` on, in waves of blocks. `from` lies within the sample.
    pub fn feed(self, from: usize, block: usize) -> Feed {
        let feed = match self.bytes {
            Bytes::File(file) => Text::File { file: Arc::new(file), at: from as u64, size: self.size },
            Bytes::Stream(stream) => {
                let mut sample = self.sample;
                sample.drain(..from);
                Text::Stream { stream: Box::new(Cursor::new(sample).chain(stream)), taken: self.taken }
            }
        };
        Feed::new(self.name, feed, block)
    }
}

const EMPTY: &str = "is empty: not even a header line; was the export cut short?";

pub(crate) fn open_sentence(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        _ => format!("cannot be opened: {e}"),
    }
}

pub(crate) fn read_sentence(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => {
            "ends too soon: it was cut short, or shrank while it was read; take a complete copy".to_owned()
        }
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        io::ErrorKind::FileTooLarge => e.to_string(),
        _ => format!("cannot be read: {e}; check the disk that it lies on, or take another copy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text(name: &str, bytes: Vec<u8>) -> Vec<u8> {
        let source = Source::from_bytes(name, bytes).expect("source");
        let mut feed = source.feed(0, 3);
        let (mut out, mut buffer) = (Vec::new(), Vec::new());
        loop {
            let wave = feed.wave(Vec::new()).expect("wave");
            if wave.is_empty() {
                return out;
            }
            for piece in &wave {
                out.extend_from_slice(piece.bytes(&mut buffer).expect("bytes"));
            }
        }
    }

    #[test]
    fn everything_comes_out_as_the_same_text() {
        let plain = "claim_id,é\n1,2\n".as_bytes().to_vec();
        let gz = |b: &[u8]| {
            let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(b).expect("gz");
            e.finish().expect("gz")
        };
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain("claim_id,é\n1,2\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(text("plain", plain.clone()), plain);
        assert_eq!(text("gz", gz(&plain)), plain);
        assert_eq!(text("two members", [gz(&plain[..5]), gz(&plain[5..])].concat()), plain);
        assert_eq!(text("zst", zstd::encode_all(&plain[..], 1).expect("zstd")), plain);
        assert_eq!(text("utf-16", utf16.clone()), plain);
        assert_eq!(text("utf-16 gz", gz(&utf16)), plain);
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        for (bytes, says) in [
            (&b"PK\x03\x04...."[..], "Excel"),
            (b"", "empty"),
            (b"PAR1....", "Parquet"),
            (b"\0\x01\x02\x03\x04", "not a text"),
        ] {
            let Err(e) = Source::from_bytes("x", bytes.to_vec()) else { panic!("{says} was read") };
            assert!(e.to_string().contains(says), "{e}");
        }
    }
}
