//! The ids of a run, as hashes of their letters and digits.
//!
//! The hash rolls: after one pass over a text, the hash of any part of it is known, so a text is compared with all ids in time
//! linear in its length.

use std::io;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::claim::authorization::Authorization;
use crate::claim::line::Line;
use crate::claim::line::kept::{IdKind, Privacy, Text};
use crate::claim::line::mask::entries::{EntrySet, EntryShares, IdRoom, KIND_BITS};
use crate::claim::line::mask::token::Mask;
use crate::claim::line::parts;
use crate::claim::value::authorization::compared;

/// Number of letters and digits by which an id is looked for. The ids of any plan are shorter. Of a longer one, its
/// beginning is looked for.
pub(super) const MAX_LENGTH: usize = 48;

/// Least number of letters and digits of an id that is found inside a longer word. A shorter one may be part of a code by
/// chance, because a procedure code has five characters and a diagnosis begins with three to five.
pub(super) const MIN_INSIDE: usize = 6;

/// The same in words and names. A number of three digits in them is a count or a percentage.
pub(super) const MIN_INSIDE_LABEL: usize = 4;

/// The modulus of the hash, a prime for which the remainder is cheap.
const PRIME: u64 = (1 << 61) - 1;

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// An id of this kind.
    Id(IdKind),
    /// The beginning of an id of more than [`MAX_LENGTH`] letters and digits.
    Beginning,
}

/// Entries by their bits. If ids of two kinds have the same letters and digits, the first of the kinds is taken.
const ENTRIES: [Entry; 4] =
    [Entry::Id(IdKind::Member), Entry::Id(IdKind::Claim), Entry::Id(IdKind::Authorization), Entry::Beginning];

/// A hash of letters and digits that rolls. Its base comes from the key, so nobody without it can make two texts collide.
#[derive(Debug, Clone)]
pub(super) struct RollingHash {
    base: u64,
    /// Powers of the base.
    powers: Vec<u64>,
}

impl RollingHash {
    fn new(mask: &Mask) -> Self {
        // Larger than any character, so that even two characters are spread.
        let base = mask.bits("base of the hash of ids") % (PRIME - 256) + 256;
        let powers = std::iter::successors(Some(1), |power| Some(times(*power, base))).take(MAX_LENGTH + 1).collect();
        Self { base, powers }
    }

    /// The hash of a text and one more character.
    pub(super) fn and(&self, hash: u64, next: u8) -> u64 {
        (times(hash, self.base) + u64::from(next)) % PRIME
    }

    /// The hash of the last `length` characters of a text, given its hash and that of what precedes them.
    pub(super) fn last(&self, whole: u64, before: u64, length: usize) -> u64 {
        (whole + PRIME - times(before, self.powers[length])) % PRIME
    }
}

/// A product modulo [`PRIME`].
fn times(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    ((product as u64 & PRIME) + (product >> 61) as u64) % PRIME
}

/// The number of a letter or digit: 0 to 35.
pub(super) fn digit(b: u8) -> usize {
    usize::from(if b.is_ascii_digit() { b - b'0' } else { b.wrapping_sub(b'A' - 10) }).min(35)
}

/// The lengths of ids, one bit each, by their first character.
type Lengths = [u64; 36];

/// Tells whether letters and digits are a code.
pub type IsCode<'c> = dyn Fn(&str) -> bool + Sync + 'c;

/// Takes the ids of a part of the run.
pub struct IdSink<'h> {
    hash: &'h RollingHash,
    /// Is this, in upper-case letters and digits, a code? An id that is written like one cannot be told from it.
    is_code: &'h IsCode<'h>,
    entries: Vec<u64>,
    shape: Shape,
}

/// What the letters and digits of ids have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    lengths: Lengths,
    has_other_letters: bool,
}

impl Shape {
    const NONE: Self = Self { lengths: [0; 36], has_other_letters: false };

    fn add(&mut self, other: &Self) {
        self.lengths.iter_mut().zip(other.lengths).for_each(|(all, own)| *all |= own);
        self.has_other_letters |= other.has_other_letters;
    }
}

impl IdSink<'_> {
    /// Adds the ids of a line.
    pub fn line(&mut self, line: Line<'_>) {
        for text in Text::ALL {
            if let Privacy::Token(kind) = text.privacy() {
                self.ids(line.text(text), kind);
            }
        }
        // What is made of several columns may be a number and its suffix.
        parts::of_line(line).for_each(|(part, kind)| self.id(part, kind));
    }

    /// Adds the ids of a row of the authorization file.
    pub fn authorization(&mut self, row: &Authorization) {
        self.ids(&row.number, IdKind::Authorization);
        self.ids(&row.member_id, IdKind::Member);
    }

    /// Adds the ids of a cell. A cell of authorization numbers holds several.
    fn ids(&mut self, cell: &str, kind: IdKind) {
        match kind {
            IdKind::Unreadable => {}
            IdKind::Authorization => cell.split(';').for_each(|number| self.id(number, kind)),
            IdKind::Member | IdKind::Claim => self.id(cell, kind),
        }
    }

    fn id(&mut self, text: &str, kind: IdKind) {
        let (mut hash, mut plain, mut length) = (0, [0; MAX_LENGTH], 0);
        for (b, place) in compared(text).zip(&mut plain) {
            hash = self.hash.and(hash, b);
            *place = b;
            length += 1;
        }
        let plain = &plain[..length];
        self.shape.has_other_letters |= !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && c.is_alphanumeric());
        if let Some(number) = with_point(text) {
            let hash = number.bytes().fold(0, |hash, b| self.hash.and(hash, b));
            self.add(hash, Entry::Id(kind));
        }
        let is_code = || std::str::from_utf8(plain).is_ok_and(self.is_code);
        if !is_looked_for(plain) || is_code() {
            return;
        }
        self.shape.lengths[digit(plain[0])] |= 1 << length;
        self.add(hash, if compared(text).nth(MAX_LENGTH).is_some() { Entry::Beginning } else { Entry::Id(kind) });
    }

    fn add(&mut self, hash: u64, entry: Entry) {
        let place = ENTRIES.iter().position(|own| *own == entry).unwrap_or_default();
        self.entries.push(hash << KIND_BITS | place as u64);
    }
}

/// A number with a point, without the zeros around it, such as `240305.17`. Amounts are compared with it, because only they
/// have a point. `None`: it is something else, or has so few digits that it is an amount by chance.
pub(super) fn with_point(text: &str) -> Option<&str> {
    let (whole, decimals) = text.split_once('.')?;
    let is_number = whole.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit());
    let number = text.trim_start_matches('0').trim_end_matches('0');
    (is_number && number.len() > MIN_INSIDE).then_some(number)
}

/// Are letters and digits looked for in other columns? There, a number of up to three digits is a count or a place, and a letter is a code.
fn is_looked_for(plain: &[u8]) -> bool {
    plain.len() >= if plain.iter().any(u8::is_ascii_alphabetic) { 2 } else { 4 }
}

/// The member, claim and authorization ids of a run.
#[derive(Debug)]
pub struct Ids {
    pub(super) hash: RollingHash,
    entries: EntrySet,
    shape: Shape,
}

impl Ids {
    /// Collects the ids of all parts of a run. `ids_of` passes those of a part to a sink. `count` is about the number of ids
    /// with repetitions. Ids that are codes are left out. Fails if `ids_of` or the disk does.
    pub fn collect(
        mask: &Mask,
        parts: usize,
        (count, room): (usize, &IdRoom),
        is_code: &IsCode<'_>,
        ids_of: impl Fn(usize, &mut IdSink<'_>) -> io::Result<()> + Sync,
    ) -> io::Result<Self> {
        let hash = RollingHash::new(mask);
        let (entries, shape) = (EntryShares::new(count, room), Mutex::new(Shape::NONE));
        (0..parts).into_par_iter().try_for_each(|part| {
            let mut sink = IdSink { hash: &hash, is_code, entries: Vec::new(), shape: Shape::NONE };
            ids_of(part, &mut sink)?;
            shape.lock().unwrap_or_else(PoisonError::into_inner).add(&sink.shape);
            entries.add(&mut sink.entries)
        })?;
        let shape = shape.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Self { entries: entries.finish(room)?, hash, shape })
    }

    /// Bytes of memory that they take.
    pub fn bytes(&self) -> usize {
        self.entries.bytes()
    }

    /// Fails if ids that are on disk could not be read since the last call. What was masked then is not to be used.
    pub fn failure(&self) -> io::Result<()> {
        self.entries.failure()
    }

    /// The lengths of ids that begin with this letter or digit, one bit each.
    pub(super) fn lengths(&self, first: u8) -> u64 {
        self.shape.lengths[digit(first)]
    }

    /// Does an id hold letters or digits that are not ASCII? Ids are compared without these.
    pub(super) const fn have_other_letters(&self) -> bool {
        self.shape.has_other_letters
    }

    /// Is a number with a point, in the form of [`with_point`], an id?
    pub(super) fn have_number(&self, number: &str) -> bool {
        self.get(number.bytes().fold(0, |hash, b| self.hash.and(hash, b))).is_some()
    }

    /// The entry with this hash. If the disk fails, every text counts as the beginning of an id, which is withheld.
    pub(super) fn get(&self, hash: u64) -> Option<Entry> {
        match self.entries.get(hash) {
            Ok(entry) => ENTRIES.get((entry? & ((1 << KIND_BITS) - 1)) as usize).copied(),
            Err(_) => Some(Entry::Beginning),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;

    pub(in super::super) fn mask() -> Mask {
        Mask::new(b"kT3v0Zq8mW1yR5uJ7cXbN2hL9gFdS4aPoEiUxVwYtQk=").expect("a random key")
    }

    /// These ids, fifty in each part. `Q1Q2Q3` is a code.
    pub(in super::super) fn ids(list: &[(&str, IdKind)], bytes: usize) -> Ids {
        let parts: Vec<_> = list.chunks(50).collect();
        let add = |n: usize, sink: &mut IdSink<'_>| {
            parts[n].iter().for_each(|(id, kind)| sink.ids(id, *kind));
            Ok(())
        };
        let is_code = |text: &str| text == "Q1Q2Q3";
        let room = IdRoom { bytes, scratch: Arc::new(tempfile::tempfile) };
        Ids::collect(&mask(), parts.len(), (list.len(), &room), &is_code, add).expect("room on disk")
    }

    fn hash(ids: &Ids, text: &str) -> u64 {
        compared(text).fold(0, |hash, b| ids.hash.and(hash, b))
    }

    #[test]
    fn ids_are_found_whatever_the_memory() {
        let texts: Vec<String> =
            (0..1000).map(|n| format!("{}{}", if n % 3 == 0 { "CLM-" } else { "" }, n * 7919)).collect();
        let list: Vec<_> = texts.iter().map(|text| (text.as_str(), IdKind::Claim)).collect();
        for bytes in [usize::MAX, 4096, 300] {
            let found = ids(&list, bytes);
            for text in &texts {
                let is_long = compared(text).count() > 3;
                assert_eq!(found.get(hash(&found, text)).is_some(), is_long, "{text}");
                assert_eq!(found.get(hash(&found, &format!("{text}X"))), None, "{text}");
            }
            assert_eq!(found.shape, ids(&list, usize::MAX).shape);
        }
    }

    #[test]
    fn a_hash_rolls() {
        let ids = ids(&[], usize::MAX);
        for before in ["", "A", "12345678901234567890"] {
            let whole = hash(&ids, &format!("{before}E24100744"));
            assert_eq!(ids.hash.last(whole, hash(&ids, before), 9), hash(&ids, "E24100744"));
        }
    }

    #[test]
    fn ids_are_compared_by_letters_and_digits() {
        let long = "7".repeat(MAX_LENGTH + 1);
        let ids = ids(
            &[
                ("clm-0001", IdKind::Claim),
                ("00123456", IdKind::Member),
                ("123456", IdKind::Authorization),
                ("PA1;pa/2000", IdKind::Authorization),
                ("1234567893|CLM77777", IdKind::Claim),
                ("999", IdKind::Member),
                ("Z", IdKind::Member),
                ("\u{674e}", IdKind::Member),
                ("secret", IdKind::Unreadable),
                ("q1.Q2 Q3", IdKind::Authorization),
                (&long, IdKind::Claim),
            ],
            usize::MAX,
        );
        for (text, want) in [
            ("CLM0001", Some(Entry::Id(IdKind::Claim))),
            ("123456", Some(Entry::Id(IdKind::Member))),
            ("pa-1", Some(Entry::Id(IdKind::Authorization))),
            ("PA2000", Some(Entry::Id(IdKind::Authorization))),
            ("1234567893CLM77777", Some(Entry::Id(IdKind::Claim))),
            ("999", None),
            ("Z", None),
            ("", None),
            ("SECRET", None),
            ("Q1Q2Q3", None),
            (&long[1..], Some(Entry::Beginning)),
        ] {
            assert_eq!(ids.get(hash(&ids, text)), want, "{text}");
        }
    }
}
