//! The tokens of a key.

use std::borrow::Cow;

use crate::claim::line::kept::IdKind;
use crate::claim::line::mask::key::{WeakKey, derive};
use crate::claim::value::authorization;

/// The digits of tokens, each for 5 bits. No I, L, O, U: a token is read out at the telephone.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of a token. With 80 bits, the chance that any two of a hundred million ids share a token is below one in a hundred
/// million.
const LENGTH: usize = 16;

/// The letter of the tokens of claim numbers.
const CLAIM: char = 'C';

/// A secret key.
#[derive(Clone)]
pub struct Mask {
    key: [u8; 32],
}

impl Mask {
    /// A mask with the key of this secret: a random key of 32 bytes, or a pass phrase, which is stretched.
    pub fn new(secret: &[u8]) -> Result<Self, WeakKey> {
        derive(secret).map(|key| Self { key })
    }

    /// The token of an id: a letter, a hyphen and 16 digits of 5 bits each. An empty id stays empty.
    pub fn token(&self, id: IdKind, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let (letter, text): (char, Cow<'_, str>) = match id {
            IdKind::Member => ('M', text.into()),
            IdKind::Claim => (CLAIM, text.into()),
            IdKind::Authorization => ('A', authorization::key(text).into()),
            IdKind::Unreadable => ('X', text.into()),
        };
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[letter as u8]).update(text.as_bytes());
        let mut bits = [0; 16];
        hasher.finalize_xof().fill(&mut bits);
        let bits = u128::from_le_bytes(bits);
        let digits = (0..LENGTH).map(|i| char::from(DIGITS[(bits >> (5 * i)) as usize % DIGITS.len()]));
        [letter, '-'].into_iter().chain(digits).collect()
    }

    /// Each authorization number of a list, replaced by its token.
    pub(super) fn numbers(&self, list: &str) -> String {
        list.split(';').map(|number| self.token(IdKind::Authorization, number)).collect::<Vec<_>>().join(";")
    }

    /// 64 bits that nobody can predict without the key, for this purpose.
    pub(super) fn bits(&self, purpose: &str) -> u64 {
        let bytes = blake3::keyed_hash(&self.key, purpose.as_bytes());
        bytes.as_bytes()[..8].iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

/// Is the text the token of a claim number, whatever the key?
pub(crate) fn is_claim_token(text: &str) -> bool {
    let digits = text.strip_prefix(CLAIM).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
    digits.len() == LENGTH && digits.bytes().all(|digit| DIGITS.contains(&digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_join_like_ids() {
        let mask = Mask::new(b"0123456789abcdef\r\n").expect("long enough");
        let token = mask.token(IdKind::Member, "M1");
        assert_eq!(token.len(), 18);
        assert_eq!(token, Mask::new(b"0123456789abcdef").expect("long enough").token(IdKind::Member, "M1"));
        assert_ne!(token[2..], mask.token(IdKind::Claim, "M1")[2..]);
        assert_ne!(token, mask.token(IdKind::Member, "m1"));
        assert_ne!(token, Mask::new(b"0123456789abcdeg").expect("long enough").token(IdKind::Member, "M1"));
        assert_eq!(mask.token(IdKind::Authorization, "pa-1"), mask.token(IdKind::Authorization, "PA-1"));
        assert_eq!(mask.token(IdKind::Member, ""), "");
        assert_ne!(mask.bits("a"), mask.bits("b"));
    }

    #[test]
    fn the_token_of_a_claim_is_known_by_its_form() {
        let mask = Mask::new(b"0123456789abcdef").expect("long enough");
        for claim in 0..1000 {
            assert!(is_claim_token(&mask.token(IdKind::Claim, &claim.to_string())), "{claim}");
        }
        assert!(!is_claim_token(&mask.token(IdKind::Member, "1")));
        assert!(is_claim_token("C-0123456789ABCDEF"));
        for other in [
            "",
            "C-",
            "C-0123456789ABCDE",
            "C-0123456789ABCDEFG",
            "C0123456789ABCDEF",
            "C-0123456789abcdef",
            "C-0123456789ABCDEO",
        ] {
            assert!(!is_claim_token(other), "{other}");
        }
    }
}
