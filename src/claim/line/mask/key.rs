//! From a secret to a key: which secrets are refused, and which are stretched.
//!
//! There are few member numbers, so only the key protects them: whoever finds it can compute the token of every number. A
//! random key cannot be found by trying. A pass phrase can, so each try is made expensive.

use argon2::{Algorithm, Argon2, Params, Version};

/// Minimum length of a secret in bytes. A shorter one could be found by trying even if it is stretched.
const MIN_BYTES: usize = 16;

/// Minimum number of different bytes in a secret. Fewer are one character repeated, or a keyboard pattern.
const MIN_DIFFERENT_BYTES: usize = 8;

/// Length in bytes of a random key, in whatever form it is written.
const RANDOM_BYTES: usize = 32;

/// Minimum number of different characters in a random key. Of 32 random bytes, or of their 43 digits to base 64, fewer are
/// equal than this leaves with a probability of less than 1 in 10^8; 64 hexadecimal digits lack five of the sixteen as
/// seldom. A text of that form with fewer is a pass phrase.
const MIN_DIFFERENT_IF_RANDOM: usize = 12;

/// Memory in KiB, passes and lanes of Argon2id. RFC 9106, section 4, recommends 64 MiB and 3 passes where memory is limited.
/// One lane instead of its four, because they would be computed one after the other. Each try costs 64 MiB and about a
/// fifth of a second of one core, so a million tries take two days; the run itself makes one.
const STRETCHING: (u32, u32, u32) = (64 << 10, 3, 1);

/// The salt of all pass phrases. It cannot be random, because a phrase must give the same tokens in every run.
const SALT: &[u8] = b"claimlint 2024 mask of ids";

/// The purpose for which the key is derived.
const CONTEXT: &str = "claimlint 2024 mask of member, claim and authorization ids";

/// Why a secret is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It is too short.
    #[error("is shorter than {MIN_BYTES} bytes")]
    Short,
    /// It repeats few bytes.
    #[error("has fewer than {MIN_DIFFERENT_BYTES} different bytes")]
    Repetitive,
}

/// The key of a secret. Line breaks at the end of a text do not belong to it.
pub(super) fn derive(secret: &[u8]) -> Result<[u8; 32], WeakKey> {
    let end = secret.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |last| last + 1);
    // A random byte may be a line break.
    let secret = if is_random_bytes(secret) { secret } else { &secret[..end] };
    if secret.is_empty() {
        return Err(WeakKey::Empty);
    }
    if secret.len() < MIN_BYTES {
        return Err(WeakKey::Short);
    }
    if different(secret) < MIN_DIFFERENT_BYTES {
        return Err(WeakKey::Repetitive);
    }
    if is_random(secret) {
        return Ok(blake3::derive_key(CONTEXT, secret));
    }
    Ok(blake3::derive_key(CONTEXT, &stretched(secret)))
}

/// A pass phrase, stretched. Its hash is stretched, so that it may have any length.
fn stretched(phrase: &[u8]) -> [u8; 32] {
    let (memory, passes, lanes) = STRETCHING;
    let mut out = [0; 32];
    Params::new(memory, passes, lanes, Some(out.len()))
        .and_then(|params| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(blake3::hash(phrase).as_bytes(), SALT, &mut out)
        })
        .expect("parameters, salt and lengths are constant and within the bounds of Argon2");
    out
}

/// Is it a random key: 32 bytes as they are, or as base 64, or as hexadecimal digits?
fn is_random(secret: &[u8]) -> bool {
    let digits = secret.strip_suffix(b"=").unwrap_or(secret);
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    // Each digit to base 64 holds 6 of the 256 bits.
    let in_base64 = digits.len() == (RANDOM_BYTES * 8).div_ceil(6) && digits.iter().all(is_base64);
    let in_hex = secret.len() == RANDOM_BYTES * 2 && secret.iter().all(u8::is_ascii_hexdigit);
    (in_base64 || in_hex || is_random_bytes(secret)) && different(secret) >= MIN_DIFFERENT_IF_RANDOM
}

/// Is it 32 bytes that are no text? One in 10^8 random keys is a text, and is stretched needlessly.
fn is_random_bytes(secret: &[u8]) -> bool {
    secret.len() == RANDOM_BYTES && std::str::from_utf8(secret).is_err()
}

fn different(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for b in bytes {
        seen[usize::from(*b)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE64: &[u8] = b"kT3v0Zq8mW1yR5uJ7cXbN2hL9gFdS4aPoEiUxVwYtQk=";

    #[test]
    fn weak_secrets_are_refused() {
        let long = [b'a'; 100];
        for (secret, want) in [
            (&b""[..], WeakKey::Empty),
            (b"\n\r\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", WeakKey::Empty),
            (b"0123456789abcde\n", WeakKey::Short),
            (&long, WeakKey::Repetitive),
            (b"abcdefgabcdefgabcdefg", WeakKey::Repetitive),
            (&[7; 32], WeakKey::Repetitive),
            (&[0xff; 32], WeakKey::Repetitive),
        ] {
            assert_eq!(derive(secret), Err(want), "{secret:?}");
        }
        assert!(derive(b"abcdefghabcdefgh").is_ok());
    }

    #[test]
    fn only_random_keys_are_not_stretched() {
        let raw: Vec<u8> = (0..32).map(|n| n * 8 + 5).collect();
        let raw_with_break: Vec<u8> = raw[..31].iter().copied().chain([b'\n']).collect();
        let hex = b"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        for random in
            [BASE64, &BASE64[..43], b"kT3v0Zq8mW1yR5uJ7cXbN2hL9gFdS4aPoEiUxV-_tQk", hex, &raw, &raw_with_break]
        {
            assert_eq!(derive(random), Ok(blake3::derive_key(CONTEXT, random)), "{random:?}");
        }
        let with_break = [BASE64, b"\r\n"].concat();
        assert_eq!(derive(&with_break), derive(BASE64));
        for phrase in [
            &b"correct horse battery staple"[..],
            &BASE64[..42],
            &hex[..63],
            "zw\u{f6}lf Boxk\u{e4}mpfer jagen Viktor !".as_bytes(),
            b"0000000000000000000000000000000000000000000000000000000001234567",
        ] {
            let key = derive(phrase);
            assert_eq!(key, Ok(blake3::derive_key(CONTEXT, &stretched(phrase))), "{phrase:?}");
            assert_eq!(key, derive(phrase));
        }
    }
}
