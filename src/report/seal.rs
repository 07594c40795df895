//! The end of run.json: its own hash and that of manifest.json, and a signature if `check` was given a key.
//!
//! run.json may differ between two runs over the same inputs, and manifest.json may not, so the hash of run.json is in
//! run.json itself. Whoever can write the files of a report can write hashes that fit them. The signature is a hash
//! under a secret key over manifest.json and run.json, and by the hashes of the manifest over all other files; nobody can
//! make it without the key.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::report::dir::RUN;
use crate::report::dir::manifest;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// The least number of distinct bytes in a key. Of a hundred million random keys, none has fewer.
const LEAST_DISTINCT: usize = 8;

/// The purpose of the key, so that a key that also serves another purpose gives other hashes there.
const PURPOSE: &str = "claimlint 2026 signature of a report";

/// A secret key for signatures.
#[derive(Clone)]
pub struct SignKey([u8; KEY_BYTES]);

/// Why a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has another length.
    #[error("holds neither 32 bytes nor 64 hexadecimal digits")]
    Length,
    /// It has so few distinct bytes that it can be guessed.
    #[error("holds a key that is easy to guess, with fewer than {LEAST_DISTINCT} distinct bytes")]
    Weak,
}

impl SignKey {
    /// The key of these bytes: 32 bytes as they are, or 64 hexadecimal digits with white space around them.
    pub fn new(secret: &[u8]) -> Result<Self, KeyError> {
        let key = match <[u8; KEY_BYTES]>::try_from(secret) {
            Ok(key) => key,
            Err(_) => *blake3::Hash::from_hex(secret.trim_ascii()).map_err(|_| KeyError::Length)?.as_bytes(),
        };
        if key.iter().collect::<BTreeSet<_>>().len() < LEAST_DISTINCT {
            return Err(KeyError::Weak);
        }
        Ok(Self(blake3::derive_key(PURPOSE, &key)))
    }

    fn sign(&self, text: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, text)
    }
}

/// The keys at the end of run.json.
#[derive(Deserialize)]
struct End {
    manifest_blake3: String,
    signature: Option<String>,
    blake3: String,
}

fn line(key: &str, hash: &str) -> String {
    format!(",\n  \"{key}\": \"{hash}\"")
}

const LAST_LINE: &str = "\n}\n";

/// The text of run.json, from its other keys as pretty JSON without a line break at the end.
pub fn sealed(run: &str, manifest: &[u8], key: Option<&SignKey>) -> String {
    let mut text = run.strip_suffix("\n}").unwrap_or(run).to_owned();
    text += &line("manifest_blake3", &blake3::hash(manifest).to_hex());
    if let Some(key) = key {
        text += &line("signature", &key.sign(text.as_bytes()).to_hex());
    }
    text += &line("blake3", &blake3::hash(text.as_bytes()).to_hex());
    text + LAST_LINE
}

/// What is wrong with run.json and its hashes, a sentence each; empty if nothing is.
pub fn altered(run: &[u8], manifest: &[u8]) -> Vec<String> {
    let Some((end, start, signature)) = split(run) else { return vec![format!("{RUN} was altered")] };
    let mut wrong = Vec::new();
    if blake3::hash(&[start, signature.as_bytes()].concat()).to_hex().as_str() != end.blake3 {
        wrong.push(format!("{RUN} was altered"));
    }
    if blake3::hash(manifest).to_hex().as_str() != end.manifest_blake3 {
        wrong.push(format!("{} is not the one that was written with {RUN}", manifest::FILE));
    }
    wrong
}

/// Is there a signature?
pub(crate) fn is_signed(run: &[u8]) -> bool {
    split(run).is_some_and(|(end, ..)| end.signature.is_some())
}

/// What is wrong with the signature of run.json.
pub fn unsigned(run: &[u8], key: &SignKey) -> Option<String> {
    let Some((End { signature: Some(signature), .. }, start, _)) = split(run) else {
        return Some(format!("{RUN} has no signature: `check` was given no --sign, or somebody removed it"));
    };
    // Hashes are compared in the same time wherever they differ.
    let fits = blake3::Hash::from_hex(signature).is_ok_and(|signature| key.sign(start) == signature);
    (!fits).then(|| format!("the signature in {RUN} was not made with this key over these files"))
}

/// The end of run.json, the text before it, and the line of its signature; `None` if it is not as claimlint writes it.
fn split(run: &[u8]) -> Option<(End, &[u8], String)> {
    let end: End = serde_json::from_slice(run).ok()?;
    let signature = end.signature.as_deref().map(|hash| line("signature", hash)).unwrap_or_default();
    let tail = signature.clone() + &line("blake3", &end.blake3) + LAST_LINE;
    let start = run.strip_suffix(tail.as_bytes())?;
    Some((end, start, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SignKey {
        let bytes: Vec<u8> = (0..32).map(|n| n * 7 + seed).collect();
        SignKey::new(&bytes).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let manifest = b"{}\n";
        for signed in [false, true] {
            let run = sealed("{\n  \"seconds\": 1.5\n}", manifest, signed.then(|| key(1)).as_ref()).into_bytes();
            assert_eq!(altered(&run, manifest), [""; 0]);
            assert_eq!((is_signed(&run), unsigned(&run, &key(1)).is_none()), (signed, signed));
            assert!(unsigned(&run, &key(2)).is_some());
            for bit in 0..run.len() * 8 {
                let mut other = run.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!altered(&other, manifest).is_empty(), "bit {bit}");
            }
            for other in [&run[..run.len() - 1], &[&run[..], b"\n"].concat(), &[b" ", &run[..]].concat(), b"", b"{}"] {
                assert_eq!(altered(other, manifest).len(), 1);
            }
            assert_eq!(altered(&run, b"{ }\n").len(), 1);
        }
    }

    #[test]
    fn keys_are_32_bytes_or_64_digits_and_hard_to_guess() {
        let bytes: [u8; KEY_BYTES] = std::array::from_fn(|n| 100 + n as u8);
        let digits = blake3::Hash::from_bytes(bytes).to_hex().to_uppercase();
        let hash = |secret: &[u8]| SignKey::new(secret).map(|key| key.sign(b"text"));
        assert!(hash(&bytes).is_ok());
        assert_eq!(hash(&bytes), hash(format!("{digits}\n").as_bytes()));
        assert_ne!(hash(&bytes), hash(&bytes.iter().rev().copied().collect::<Vec<_>>()));
        for other in [&bytes[..31], &bytes[..0], &digits.as_bytes()[..63], &[bytes, bytes].concat()] {
            assert_eq!(hash(other), Err(KeyError::Length));
        }
        assert_eq!(hash(&[7; 32]), Err(KeyError::Weak));
        assert_eq!(hash(&b"0123456".repeat(10)[..64]), Err(KeyError::Weak));
        assert_eq!(hash(b"abcdefgabcdefgabcdefgabcdefgabcd"), Err(KeyError::Weak));
        assert!(hash(b"abcdefghabcdefghabcdefghabcdefgh").is_ok());
    }
}
