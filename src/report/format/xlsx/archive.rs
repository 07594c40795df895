//! The ZIP archive of a workbook, written by the `zip` crate.
//!
//! A sheet is compressed while its rows are written, into an archive of its own in a temporary file, so several sheets
//! can be compressed at the same time. At the end the compressed bytes are copied into the workbook. No entry has a
//! time stamp, and text is compressed in blocks of fixed size, so the bytes depend neither on the parts of a run nor on
//! threads.

use std::fs::File;
use std::io::{self, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Bytes of text that are compressed at a time.
const BLOCK_BYTES: usize = 1 << 18;

/// The fastest level of deflate. The next level takes half as long again and saves a tenth of the size.
const DEFLATE_LEVEL: i64 = 1;

/// Most bytes of text in an entry. Above 4 GiB, ZIP needs another layout that not every spreadsheet program reads. A
/// sheet ends 64 MiB before that, see [`crate::report::format::xlsx::sheet`].
pub(crate) const MAX_ENTRY_BYTES: u64 = u32::MAX as u64 - (1 << 26);

/// How every entry is written: deflated, and dated with the earliest day of the format (1980-01-01).
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(DEFLATE_LEVEL))
        .last_modified_time(DateTime::default())
}

/// An entry under construction, compressed into a temporary file.
pub(crate) struct ZipEntry {
    archive: Box<ZipWriter<File>>,
    waiting: Vec<u8>,
    packed: u64,
}

impl ZipEntry {
    /// An empty entry whose compressed bytes go to `file`, which must be empty.
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let mut archive = ZipWriter::new(file);
        archive.start_file("entry", options())?;
        Ok(Self { archive: Box::new(archive), waiting: Vec::with_capacity(BLOCK_BYTES), packed: 0 })
    }

    /// Bytes of text so far.
    pub(crate) fn len(&self) -> u64 {
        self.packed + self.waiting.len() as u64
    }

    /// Adds text.
    pub(crate) fn write(&mut self, mut text: &[u8]) -> io::Result<()> {
        while self.waiting.len() + text.len() >= BLOCK_BYTES {
            let (head, rest) = text.split_at(BLOCK_BYTES - self.waiting.len());
            self.waiting.extend_from_slice(head);
            self.pack()?;
            text = rest;
        }
        self.waiting.extend_from_slice(text);
        Ok(())
    }

    fn pack(&mut self) -> io::Result<()> {
        self.archive.write_all(&self.waiting)?;
        self.packed += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

/// A workbook under construction.
pub(crate) struct WorkbookArchive<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> WorkbookArchive<W> {
    /// An archive without entries.
    pub(crate) fn new(out: W) -> Self {
        Self(ZipWriter::new(out))
    }

    /// Adds an entry with this text.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.0.start_file(name, options())?;
        self.0.write_all(text.as_bytes())
    }

    /// Adds an entry that is already compressed.
    pub(crate) fn copy(&mut self, name: &str, mut entry: ZipEntry) -> io::Result<()> {
        entry.pack()?;
        let mut packed = entry.archive.finish_into_readable()?;
        Ok(self.0.raw_copy_file_rename(packed.by_index_raw(0)?, name)?)
    }

    /// Writes the directory of the archive and flushes the file.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.0.finish()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    /// Text that neither repeats nor is random, longer than a block.
    fn text() -> String {
        (0..120_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_string() + " ").collect()
    }

    #[test]
    fn entries_can_be_read_back_however_they_were_cut() {
        let text = text();
        assert!(text.len() > 3 * BLOCK_BYTES);
        let archive = |step: usize| {
            let mut file = Cursor::new(Vec::new());
            let mut workbook = WorkbookArchive::new(&mut file);
            workbook.add("small.xml", "<a/>").expect("memory takes it");
            workbook.add("empty.xml", "").expect("memory takes it");
            let mut entry = ZipEntry::new(tempfile::tempfile().expect("a disk")).expect("a disk");
            for piece in text.as_bytes().chunks(step) {
                entry.write(piece).expect("a disk");
            }
            assert_eq!(entry.len(), text.len() as u64);
            workbook.copy("large.xml", entry).expect("memory takes it");
            workbook.finish().expect("memory takes it");
            file.into_inner()
        };
        let bytes = archive(usize::MAX);
        for step in [1000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1] {
            assert!(archive(step) == bytes, "pieces of {step}");
        }
        assert!(bytes.len() < text.len());
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        for (name, want) in [("small.xml", "<a/>"), ("empty.xml", ""), ("large.xml", &text)] {
            let mut entry = zip.by_name(name).expect("it is there");
            assert_eq!(entry.last_modified().map(|time| time.year()), Some(1980));
            let mut got = String::new();
            entry.read_to_string(&mut got).expect("its checksum is right");
            assert!(got == want, "{name}");
        }
    }
}
