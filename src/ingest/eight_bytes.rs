//! Tests of the bytes of a text, eight at a time. Cells are short, and a loop over single bytes takes longer to set up than to run.

/// Does a test hold for some bytes of a text? The test gets eight bytes at a time and says whether one of them passes. It may get a
/// byte of the text several times, and gets no others.
#[inline]
pub(crate) fn any_word(bytes: &[u8], test: impl Fn(u64) -> bool) -> bool {
    match bytes.len() {
        0 => false,
        1..8 => test(short(bytes)),
        length => (0..length - 8).step_by(8).any(|at| test(word(bytes, at))) || test(word(bytes, length - 8)),
    }
}

/// The first eight bytes of a text and the last eight, which may overlap. Shorter texts have one word, of nothing but their bytes,
/// and a zero. With their lengths, equal words are equal texts if these have at most sixteen bytes.
#[inline]
pub(crate) fn both_ends(bytes: &[u8]) -> [u64; 2] {
    match bytes.len() {
        0 => [0, 0],
        1..8 => [short(bytes), 0],
        length => [word(bytes, 0), word(bytes, length - 8)],
    }
}

/// Most bytes of a text that [`ends_and_length`] tells from all others.
pub(crate) const TOLD_APART: usize = 2 * size_of::<u64>();

/// A key of a text, equal for equal texts.
#[inline]
pub(crate) fn ends_and_length(text: &str) -> ([u64; 2], usize) {
    (both_ends(text.as_bytes()), text.len())
}

/// The bytes of a text as a number, with their count in its highest byte. `None` if there are more than fifteen.
#[inline]
pub(crate) fn packed(bytes: &[u8]) -> Option<u128> {
    let length = bytes.len();
    // The last word overlaps the one before it, with equal bytes in the same places.
    let [low, high] = match length {
        0..8 => [fewer_than_eight(bytes), 0],
        8 => [word(bytes, 0), 0],
        9..16 => [word(bytes, 0), word(bytes, length - 8) >> (8 * (16 - length))],
        _ => return None,
    };
    Some((length as u128) << 120 | u128::from(high) << 64 | u128::from(low))
}

/// The bits of the first bytes of a word, at most all eight.
#[inline(always)]
pub(crate) const fn starting(length: usize) -> u64 {
    match u64::MAX.checked_shr(u64::BITS - 8 * length as u32) {
        Some(bits) => bits,
        None => 0,
    }
}

/// The first bytes of a text as a number, at most eight.
#[inline(always)]
pub(crate) fn first_bytes(ahead: &[u8], length: usize) -> u64 {
    match ahead.first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight) & starting(length),
        None => near_the_end(ahead) & starting(length),
    }
}

/// [`fewer_than_eight`], where a cell is among the last bytes of a text. Few are, so its code is kept out of that for all others.
#[cold]
#[inline(never)]
fn near_the_end(ahead: &[u8]) -> u64 {
    fewer_than_eight(ahead)
}

/// The first eight bytes of a text as a number, or all if it has fewer.
#[inline]
pub(crate) fn beginning(text: &str) -> u64 {
    match text.as_bytes().first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => fewer_than_eight(text.as_bytes()),
    }
}

/// The bytes of a text of at most seven as a number.
#[inline]
fn fewer_than_eight(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0..4 => bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)),
        // The second half overlaps the first, with equal bytes in the same places.
        length => half(bytes, 0) | half(bytes, length - 4) << (8 * (length - 4)),
    }
}

/// Eight bytes of a text from this place on.
#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// Four of them.
#[inline]
fn half(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |four| u64::from(u32::from_le_bytes(*four)))
}

/// All bytes of a text of one to seven, some of them several times.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    if length >= 4 {
        return half(bytes, 0) | half(bytes, length - 4) << 32;
    }
    let [first, middle, last] = [0, length / 2, length - 1].map(|at| u64::from(bytes[at]));
    first | middle << 8 | (last * (repeated(1) << 16))
}

/// Mixes a word into a hash, of which the upper bits are the best mixed.
#[inline]
pub(crate) const fn mixed(hash: u64, word: u64) -> u64 {
    // The multiplier of FxHash.
    (hash.rotate_left(5) ^ word).wrapping_mul(0xf135_7aea_2e62_a9c5)
}

/// A word whose eight bytes are all this one.
pub(crate) const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte.
const HIGH: u64 = repeated(0x80);

/// For each byte of a word without high bits: the high bit if the byte is from `first` to `last`. The other bits mean nothing.
const fn between(ascii: u64, first: u8, last: u8) -> u64 {
    // Adding to a byte of at most 127 sets its high bit if the byte has reached a threshold, and never carries.
    (ascii + repeated(0x80 - first)) & !(ascii + repeated(0x80 - last - 1))
}

/// Does a word hold an ASCII lower-case letter, or a byte of a character outside ASCII?
pub(crate) const fn has_lowercase_or_foreign(word: u64) -> bool {
    (word | between(word & !HIGH, b'a', b'z')) & HIGH != 0
}

/// Does a word hold a byte that is no ASCII letter or digit?
pub(crate) const fn has_no_letter_or_digit(word: u64) -> bool {
    let ascii = word & !HIGH;
    let is_letter = between(ascii | repeated(0x20), b'a', b'z');
    (word | !(is_letter | between(ascii, b'0', b'9'))) & HIGH != 0
}

/// Does a word hold a byte that is no ASCII capital letter or digit?
pub(crate) const fn has_no_capital_or_digit(word: u64) -> bool {
    let ascii = word & !HIGH;
    (word | !(between(ascii, b'A', b'Z') | between(ascii, b'0', b'9'))) & HIGH != 0
}

/// Does a word hold an ASCII digit?
pub(crate) const fn has_digit(word: u64) -> bool {
    between(word & !HIGH, b'0', b'9') & !word & HIGH != 0
}

/// Does a word hold this byte?
pub(crate) const fn has_byte(word: u64, byte: u8) -> bool {
    let zero_where_equal = word ^ repeated(byte);
    zero_where_equal.wrapping_sub(repeated(1)) & !zero_where_equal & HIGH != 0
}

/// The word with another byte in place of each byte that is this one.
pub(crate) const fn with_in_place_of(word: u64, byte: u8, other: u8) -> u64 {
    let ascii_difference = (word ^ repeated(byte)) & !HIGH;
    // The high bit of each byte that is this one. The byte is in ASCII, so others have a difference or the high bit.
    let equal = !(ascii_difference + repeated(0x7f)) & !word & HIGH;
    let whole = (equal >> 7) * 0xff;
    (word & !whole) | (repeated(other) & whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_texts_are_numbers_of_their_bytes(text in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut bytes = [0; 16];
            let first = text.len().min(8);
            let mut eight = [0; 8];
            eight[..first].copy_from_slice(&text[..first]);
            prop_assert_eq!(first_bytes(&text, first), u64::from_le_bytes(eight));
            prop_assert_eq!(first_bytes(&text[..first], first), u64::from_le_bytes(eight));
            if let Some(room) = bytes[..15].get_mut(..text.len()) {
                room.copy_from_slice(&text);
                bytes[15] = text.len() as u8;
                prop_assert_eq!(packed(&text), Some(u128::from_le_bytes(bytes)));
            } else {
                prop_assert_eq!(packed(&text), None);
            }
        }
    }

    #[test]
    fn words_show_what_single_bytes_show() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'g'; length];
                    bytes[at] = byte;
                    let any = |test: fn(u64) -> bool| any_word(&bytes, test);
                    assert_eq!(any(|word| has_byte(word, b'.')), byte == b'.', "{bytes:?}");
                    assert_eq!(any(has_digit), byte.is_ascii_digit(), "{bytes:?}");
                    assert_eq!(any(has_no_letter_or_digit), !byte.is_ascii_alphanumeric(), "{bytes:?}");
                    let without_hyphen = |word| has_no_letter_or_digit(with_in_place_of(word, b'-', b'0'));
                    assert_eq!(any(without_hyphen), !byte.is_ascii_alphanumeric() && byte != b'-', "{bytes:?}");
                    bytes.iter_mut().filter(|other| **other == b'g').for_each(|other| *other = b'7');
                    let is_code = byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'g';
                    assert_eq!(any_word(&bytes, has_no_capital_or_digit), !is_code, "{bytes:?}");
                    let want = byte.is_ascii_lowercase() && byte != b'g' || byte >= 0x80;
                    assert_eq!(any_word(&bytes, has_lowercase_or_foreign), want, "{bytes:?}");
                }
            }
        }
        assert!(!any_word(b"", |_| true));
    }
}
