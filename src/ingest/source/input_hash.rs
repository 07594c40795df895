//! By what an input is known again: its size and a BLAKE3 hash of its bytes on disk, all of them or a sample.
//!
//! A whole hash costs more than the reading of a sparse extract, so a sample is the default. It sees another file, a
//! truncated, an appended or a resorted one, and most edits of a size that moves what follows; it does not see a change
//! of a few bytes in place between two samples. It is called what it is wherever it is shown.

use std::fs::File;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::ingest::source::blocks::read_at;
use crate::ingest::source::{ReadError, open_sentence, read_sentence};

/// How much of a file was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashScope {
    /// The size, the first and the last MiB and 64 pieces of 64 KiB evenly between them; of a file of at most 6 MiB
    /// all of it.
    Sampled,
    /// Every byte: what `b3sum` prints.
    Full,
}

impl HashScope {
    /// The word in the manifest and on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Full => "full",
        }
    }
}

/// By what a file is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// How much of it was hashed.
    pub extent: HashScope,
    /// Bytes on disk.
    pub bytes: u64,
    /// The hash in hexadecimal digits.
    pub blake3: String,
}

/// A file that a run was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// As what it was read.
    pub role: InputRole,
    /// Its name as given.
    pub file: String,
    /// None: it was read from stdin or a pipe.
    pub fingerprint: Option<FileHash>,
}

/// As what a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputRole {
    /// An extract.
    Extract,
    /// A table joined to extracts.
    Joined,
    /// The authorization file.
    Authorizations,
}

impl InputRole {
    /// The word on screen and page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Joined => "joined table",
            Self::Authorizations => "authorization file",
        }
    }
}

/// Bytes hashed at the beginning and at the end.
const EDGE: u64 = 1 << 20;

/// Bytes of a piece between them.
const PIECE: u64 = 1 << 16;

/// Pieces between them: with the edges 6 MiB, which takes some milliseconds.
const PIECES: u64 = 64;

/// Hashed before a sample, so that it is never taken for a whole hash of the same bytes.
const SAMPLE: &[u8] = b"claimlint sampled fingerprint 1\n";

/// Bytes read at a time for a whole hash; enough for all threads to take part.
const WHOLE: u64 = 8 << 20;

impl FileHash {
    /// Of a file by its name. None: stdin or a pipe, which can be read once only.
    pub fn compute(name: &str, extent: HashScope) -> Result<Option<Self>, ReadError> {
        let trouble = |what: String| ReadError::Io { file: name.to_owned(), what };
        if name == "-" || std::fs::metadata(name).is_ok_and(|m| !m.is_file()) {
            return Ok(None);
        }
        let mut file = File::open(name).map_err(|e| trouble(open_sentence(&e)))?;
        let read = |e: std::io::Error| trouble(read_sentence(&e));
        let bytes = file.metadata().map_err(read)?.len();
        let mut hasher = blake3::Hasher::new();
        let mut buffer = Vec::new();
        match extent {
            HashScope::Full => loop {
                buffer.clear();
                if file.by_ref().take(WHOLE).read_to_end(&mut buffer).map_err(read)? == 0 {
                    break;
                }
                hasher.update_rayon(&buffer);
            },
            HashScope::Sampled => {
                hasher.update(SAMPLE).update(&bytes.to_le_bytes());
                for (at, length) in samples(bytes) {
                    buffer.resize(length as usize, 0);
                    read_at(&file, &mut buffer, at).map_err(read)?;
                    hasher.update(&buffer);
                }
            }
        }
        Ok(Some(Self { extent, bytes, blake3: hasher.finalize().to_hex().to_string() }))
    }
}

/// Where the pieces of a sample lie and how long they are: a function of the size alone.
fn samples(size: u64) -> Vec<(u64, u64)> {
    if size <= 2 * EDGE + PIECES * PIECE {
        // In pieces all the same, so that memory is bounded.
        return (0..size).step_by(EDGE as usize).map(|at| (at, EDGE.min(size - at))).collect();
    }
    let between = size - 2 * EDGE;
    let piece = |i: u64| {
        // Each in the middle of its share of what is between, computed wide: sizes may be any.
        let middle = u128::from(between) * u128::from(2 * i + 1) / u128::from(2 * PIECES);
        (EDGE + middle as u64 - PIECE / 2, PIECE)
    };
    let mut found = vec![(0, EDGE)];
    found.extend((0..PIECES).map(piece));
    found.push((size - EDGE, EDGE));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_in_the_file_in_order_and_do_not_overlap() {
        let all = 2 * EDGE + PIECES * PIECE;
        for size in [0, 1, EDGE, all - 1, all, all + 1, all + 65, 10 * all + 7, u64::MAX / 2, u64::MAX] {
            let samples = samples(size);
            let mut end = 0;
            for (at, length) in &samples {
                assert!(*at >= end && *length > 0 && *length <= EDGE, "{size}: {at}");
                end = at + length;
            }
            assert_eq!(end, size, "the end is seen");
            assert_eq!(samples.iter().map(|(_, n)| n).sum::<u64>(), size.min(all), "{size}");
        }
    }

    #[test]
    fn a_fingerprint_sees_what_it_says() {
        let desk = tempfile::tempdir().expect("a directory");
        let name = desk.path().join("x").display().to_string();
        let mut bytes: Vec<u8> = (0..20u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let of = |bytes: &[u8], extent| {
            std::fs::write(&name, bytes).expect("room");
            FileHash::compute(&name, extent).expect("a file").expect("no pipe")
        };
        let (sampled, full) = (of(&bytes, HashScope::Sampled), of(&bytes, HashScope::Full));
        assert_eq!(full.blake3, blake3::hash(&bytes).to_hex().to_string());
        assert_ne!(sampled.blake3, full.blake3);
        assert_eq!(sampled, of(&bytes, HashScope::Sampled));
        // A byte less, a byte more, a line taken out of the middle, another first or last byte: all seen.
        let middle = [&bytes[..10 << 20], &bytes[(10 << 20) + 80..], &bytes[..80]].concat();
        for other in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], b"\n"].concat(), &middle] {
            assert_ne!(sampled.blake3, of(other, HashScope::Sampled).blake3);
        }
        // One byte between two samples: the whole hash alone.
        let between = samples(bytes.len() as u64)[3].0 as usize - 1;
        bytes[between] ^= 1;
        assert_eq!(sampled, of(&bytes, HashScope::Sampled));
        assert_ne!(full, of(&bytes, HashScope::Full));
        assert_eq!(FileHash::compute("-", HashScope::Full).expect("stdin"), None);
        assert!(
            FileHash::compute("none.csv", HashScope::Full).expect_err("missing").to_string().contains("does not exist")
        );
    }
}
