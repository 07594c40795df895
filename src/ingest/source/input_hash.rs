//! Identifies an input by its size and a BLAKE3 hash of its bytes on disk, either of all bytes or of a sample.
//!
//! Hashing a whole sparse extract takes longer than reading it, so a sample is the default. The sample detects a different
//! file, a truncated, extended or re-sorted one, and most edits that shift the bytes after them. It does not detect a
//! change of a few bytes in place between two samples, so reports always print "sampled" with it.

use std::fs::File;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::disk::read_at::read_at;
use crate::ingest::error::ReadError;

/// How much of a file was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashScope {
    /// The size, the first and last MiB, and 64 samples of 64 KiB spread evenly between them. Files of at most 6 MiB are
    /// hashed whole.
    Sampled,
    /// Every byte, as `b3sum` does.
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

/// Identifies the content of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// How much of the file was hashed.
    pub extent: HashScope,
    /// Bytes on disk.
    pub bytes: u64,
    /// The hash in hexadecimal digits.
    pub blake3: String,
}

/// A file that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// What it was read as.
    pub role: InputRole,
    /// The name as given.
    pub file: String,
    /// `None` if it was read from stdin or a pipe.
    pub fingerprint: Option<FileHash>,
}

/// What a file was read as.
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
    /// The name at the terminal and in the page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Joined => "joined table",
            Self::Authorizations => "authorization file",
        }
    }
}

/// Bytes hashed at each end of a file.
const EDGE_BYTES: u64 = 1 << 20;

/// Bytes of each sample between the ends.
const SAMPLE_BYTES: u64 = 1 << 16;

/// Samples between the ends: 4 MiB, with the two ends 6 MiB, which hash in a few milliseconds.
const SAMPLES: u64 = 64;

/// Hashed before the samples, so that a sampled hash never equals a full hash.
const SAMPLED_PREFIX: &[u8] = b"claimlint sampled fingerprint 1\n";

/// Bytes read at a time for a full hash: enough to split among all threads.
const FULL_READ_BYTES: u64 = 8 << 20;

impl FileHash {
    /// Hashes the file of this name. `None` for stdin or a pipe, which can be read only once.
    pub fn compute(name: &str, extent: HashScope) -> Result<Option<Self>, ReadError> {
        if name == "-" || std::fs::metadata(name).is_ok_and(|m| !m.is_file()) {
            return Ok(None);
        }
        let mut file = File::open(name).map_err(|e| ReadError::cannot_open(name, &e))?;
        let read = |e: std::io::Error| ReadError::cannot_read(name, &e);
        let bytes = file.metadata().map_err(read)?.len();
        let mut hasher = blake3::Hasher::new();
        let mut buffer = Vec::new();
        match extent {
            HashScope::Full => loop {
                buffer.clear();
                if file.by_ref().take(FULL_READ_BYTES).read_to_end(&mut buffer).map_err(read)? == 0 {
                    break;
                }
                hasher.update_rayon(&buffer);
            },
            HashScope::Sampled => {
                hasher.update(SAMPLED_PREFIX).update(&bytes.to_le_bytes());
                // In small pieces, which stay in the caches and touch few new pages of memory.
                for (at, length) in samples(bytes) {
                    for from in (at..at + length).step_by(SAMPLE_BYTES as usize) {
                        buffer.resize(SAMPLE_BYTES.min(at + length - from) as usize, 0);
                        read_at(&file, &mut buffer, from).map_err(read)?;
                        hasher.update(&buffer);
                    }
                }
            }
        }
        Ok(Some(Self { extent, bytes, blake3: hasher.finalize().to_hex().to_string() }))
    }
}

/// Does [`HashScope::Sampled`] take every byte of a file of this size?
pub fn is_hashed_whole(size: u64) -> bool {
    size <= 2 * EDGE_BYTES + SAMPLES * SAMPLE_BYTES
}

/// Positions and lengths of the samples. They depend only on the size of the file.
fn samples(size: u64) -> Vec<(u64, u64)> {
    if is_hashed_whole(size) {
        // Still in pieces, so that memory is bounded.
        return (0..size).step_by(EDGE_BYTES as usize).map(|at| (at, EDGE_BYTES.min(size - at))).collect();
    }
    let between = size - 2 * EDGE_BYTES;
    let piece = |i: u64| {
        // Each in the middle of its share of the bytes between the ends; in 128 bits, because sizes may be any.
        let middle = u128::from(between) * u128::from(2 * i + 1) / u128::from(2 * SAMPLES);
        (EDGE_BYTES + middle as u64 - SAMPLE_BYTES / 2, SAMPLE_BYTES)
    };
    let mut found = vec![(0, EDGE_BYTES)];
    found.extend((0..SAMPLES).map(piece));
    found.push((size - EDGE_BYTES, EDGE_BYTES));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_inside_the_file_in_order_and_disjoint() {
        let all = 2 * EDGE_BYTES + SAMPLES * SAMPLE_BYTES;
        for size in [0, 1, EDGE_BYTES, all - 1, all, all + 1, all + 65, 10 * all + 7, u64::MAX / 2, u64::MAX] {
            let samples = samples(size);
            let mut end = 0;
            for (at, length) in &samples {
                assert!(*at >= end && *length > 0 && *length <= EDGE_BYTES, "{size}: {at}");
                end = at + length;
            }
            assert_eq!(end, size, "the end is seen");
            assert_eq!(samples.iter().map(|(_, n)| n).sum::<u64>(), size.min(all), "{size}");
        }
    }

    #[test]
    fn a_hash_detects_the_changes_it_claims_to_detect() {
        let directory = tempfile::tempdir().expect("a directory");
        let name = directory.path().join("x").display().to_string();
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
