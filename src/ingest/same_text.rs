//! Finds extracts that hold the same text in other bytes: compressed, in another encoding, with other line ends.
//!
//! Reading every text twice would cost too much. So only extracts with the same counts of rows are looked at, of these the
//! beginnings are compared first, and only where the beginnings are equal the whole texts.

use std::fs::metadata;
use std::io::{self, Read};

use rustc_hash::FxHashMap;

use crate::ingest::source::Source;

/// What a run counts of an extract. Those of equal texts are equal, whatever the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowCounts {
    /// All rows after the header.
    pub rows: u64,
    /// Those that were rejected.
    pub rejected: u64,
    /// Those that are out of scope.
    pub ignored: u64,
}

/// The texts of the extracts that were read so far.
#[derive(Debug, Default)]
pub struct Texts {
    /// By counts, the position of the first extract, until the beginning of its text is needed.
    first: FxHashMap<RowCounts, Option<usize>>,
    /// Positions of extracts by their counts and the beginnings of their texts.
    by_beginning: FxHashMap<(RowCounts, Beginning), Vec<usize>>,
}

/// The hash of a text's beginning.
type Beginning = [u8; blake3::OUT_LEN];

/// Bytes of the beginning of a text: a hundred rows or more, in which different extracts differ.
const BEGINNING_BYTES: u64 = 1 << 15;

impl Texts {
    /// Adds the extract at this position of `names`. Returns the position of an earlier one with the same text.
    pub fn add(&mut self, position: usize, counts: RowCounts, names: &[String]) -> Option<usize> {
        let Some(first) = self.first.get_mut(&counts) else {
            self.first.insert(counts, Some(position));
            return None;
        };
        if let Some((first, beginning)) = first.take().and_then(|first| Some((first, beginning(&names[first])?))) {
            self.by_beginning.entry((counts, beginning)).or_default().push(first);
        }
        let others = self.by_beginning.entry((counts, beginning(&names[position])?)).or_default();
        let same = others.iter().copied().find(|other| is_same(&names[*other], &names[position]));
        others.push(position);
        same
    }
}

/// The text of a file. `None`: it is no file, or is no text.
fn text(name: &str) -> Option<PlainText<Box<dyn Read>>> {
    if !metadata(name).is_ok_and(|meta| meta.is_file()) {
        return None;
    }
    // It was read before, within the limit of the run.
    Source::open_within(name, Some(u64::MAX)).ok()?.into_text().ok().map(PlainText::new)
}

/// The beginning of the text of a file. `None`: it cannot be read again, as that of a pipe.
fn beginning(name: &str) -> Option<Beginning> {
    let mut bytes = Vec::new();
    text(name)?.take(BEGINNING_BYTES).read_to_end(&mut bytes).ok()?;
    // The last line may have no line end.
    Some(blake3::hash(bytes.trim_ascii_end()).into())
}

/// Are the texts of two files equal, apart from blank lines at the end? A file that cannot be read is equal to none.
fn is_same(one: &str, other: &str) -> bool {
    let Some((mut one, mut other)) = text(one).zip(text(other)) else { return false };
    loop {
        let (Ok(left), Ok(right)) = (one.ready(), other.ready()) else { return false };
        let n = left.len().min(right.len());
        if n == 0 {
            // One of them has ended.
            return one.is_blank() && other.is_blank();
        }
        if left[..n] != right[..n] {
            return false;
        }
        one.consume(n);
        other.consume(n);
    }
}

/// Bytes read at a time.
const READ_BYTES: usize = 1 << 16;

/// Longest encoding of a character in UTF-8.
const CHARACTER_BYTES: usize = 4;

/// A text in UTF-8 without a byte order mark, whose lines end with LF. As in cells, bytes that are not UTF-8 are Latin-1.
struct PlainText<R> {
    inner: R,
    /// Bytes of `inner` that are not converted: the beginning of a character, or a CR whose LF may follow.
    rest: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    has_begun: bool,
    has_ended: bool,
}

impl<R: Read> PlainText<R> {
    fn new(inner: R) -> Self {
        Self { inner, rest: Vec::new(), ready: Vec::new(), at: 0, has_begun: false, has_ended: false }
    }

    /// Text that was not consumed; empty at the end.
    fn ready(&mut self) -> io::Result<&[u8]> {
        while self.at == self.ready.len() && !self.has_ended {
            self.convert_more()?;
        }
        Ok(&self.ready[self.at..])
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
    }

    /// Is the rest of the text blank?
    fn is_blank(&mut self) -> bool {
        loop {
            match self.ready() {
                Ok([]) => return true,
                Ok(text) if text.trim_ascii().is_empty() => {
                    let n = text.len();
                    self.consume(n);
                }
                _ => return false,
            }
        }
    }

    fn convert_more(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.rest);
        let n = self.inner.by_ref().take(READ_BYTES as u64).read_to_end(&mut bytes)?;
        self.has_ended = n == 0;
        let mut text = bytes.as_slice();
        if !self.has_begun {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
            self.has_begun = true;
        }
        (self.at, self.ready) = (0, Vec::with_capacity(text.len()));
        if !self.has_ended {
            let held = held_back(text);
            self.rest = text[text.len() - held..].to_vec();
            text = &text[..text.len() - held];
        }
        for chunk in text.utf8_chunks() {
            let mut lines = chunk.valid();
            while let Some((line, rest)) = lines.split_once('\r') {
                self.ready.extend_from_slice(line.as_bytes());
                self.ready.push(b'\n');
                lines = rest.strip_prefix('\n').unwrap_or(rest);
            }
            self.ready.extend_from_slice(lines.as_bytes());
            for byte in chunk.invalid() {
                self.ready.extend_from_slice(char::from(*byte).encode_utf8(&mut [0; CHARACTER_BYTES]).as_bytes());
            }
        }
        Ok(())
    }
}

/// How many bytes at the end of a text cannot be converted before more are known.
fn held_back(text: &[u8]) -> usize {
    if text.last() == Some(&b'\r') {
        return 1;
    }
    let tail = &text[text.len().saturating_sub(CHARACTER_BYTES - 1)..];
    let begins = tail.iter().rposition(|b| *b >= 0xC0);
    let start = begins.unwrap_or(tail.len());
    match std::str::from_utf8(&tail[start..]) {
        Err(e) if e.valid_up_to() == 0 && e.error_len().is_none() => tail.len() - start,
        _ => 0,
    }
}

impl<R: Read> Read for PlainText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let text = self.ready()?;
        let n = text.len().min(buffer.len());
        buffer[..n].copy_from_slice(&text[..n]);
        self.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn texts_are_plain_wherever_their_bytes_are_cut() {
        struct Slow<'a>(&'a [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let n = buffer.len().min(self.1).min(self.0.len());
                self.0.read(&mut buffer[..n])
            }
        }
        for (bytes, want) in [
            (&b"\xEF\xBB\xBFa\r\nb\rc\n\r\n\n"[..], "a\nb\nc\n\n\n"),
            ("é\u{2028}\u{1F600}\r".as_bytes(), "é\u{2028}\u{1F600}\n"),
            (b"caf\xe9,\xc5\xff\xe2\x82", "café,Åÿâ\u{82}"),
            (b"", ""),
        ] {
            // Each read returns a few bytes, as a pipe does.
            for step in 1..6 {
                let mut text = PlainText::new(Slow(bytes, step));
                let mut found = Vec::new();
                while let Ok(ready) = text.ready() {
                    if ready.is_empty() {
                        break;
                    }
                    found.extend_from_slice(ready);
                    let n = ready.len();
                    text.consume(n);
                }
                assert_eq!(String::from_utf8_lossy(&found), want, "{bytes:?}");
            }
        }
        // At any place of a longer text, beyond what is read at a time.
        for before in READ_BYTES - 5..READ_BYTES + 2 {
            let text = "x".repeat(before) + "é\r\n\u{1F600}\r\n";
            let mut found = String::new();
            PlainText::new(text.as_bytes()).read_to_string(&mut found).expect("a text");
            assert_eq!(found, text.replace('\r', ""), "{before}");
        }
    }

    #[test]
    fn texts_are_found_in_other_bytes() {
        let directory = tempfile::tempdir().expect("a directory");
        let put = |name: &str, bytes: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).expect("room");
            path.display().to_string()
        };
        let text = (0..9000).map(|n| format!("C{n},é,22513\n")).collect::<Vec<_>>().concat();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("memory");
        let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
        let last_differs = text.replace("C8999", "C9999");
        let names = [
            put("plain", text.as_bytes()),
            put("gzip", &gzip.finish().expect("memory")),
            put("crlf", text.replace('\n', "\r\n").as_bytes()),
            put("cr", text.replace('\n', "\r").as_bytes()),
            put("mark", format!("\u{feff}{text}").as_bytes()),
            put("utf16", &utf16),
            put("latin1", &latin1),
            put("no-end", text.trim_end().as_bytes()),
            put("other", last_differs.as_bytes()),
            put("longer", format!("{text}C,é,22513\n").as_bytes()),
            "-".to_owned(),
            put("other-too", last_differs.replace('\n', "\r\n").as_bytes()),
        ];
        let counts = RowCounts { rows: 9000, rejected: 0, ignored: 8999 };
        let mut texts = Texts::default();
        let same: Vec<_> = (0..names.len()).map(|position| texts.add(position, counts, &names)).collect();
        let copy = Some(0);
        assert_eq!(same, [None, copy, copy, copy, copy, copy, copy, copy, None, None, None, Some(8)]);
        let others = RowCounts { ignored: 8998, ..counts };
        assert_eq!(texts.add(0, others, &names), None, "other counts are another text");
    }
}
