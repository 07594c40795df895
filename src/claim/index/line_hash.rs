//! 128-bit hashes that identify claims, members, encounters and equal lines, under a random key for each run.
//!
//! Because of the random key, no result may depend on the values, and an attacker cannot construct ids that collide. Among ten
//! million lines, the chance that two different keys share a hash is one in 10^24. Ids of up to fifteen bytes, as nearly all are,
//! never share one: they fit in 128 bits, and each step that spreads those can be undone.

use std::hash::{BuildHasher, Hash, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::claim::line::{Line, Text};
use crate::ingest::eight_bytes::packed;

/// A hash that stands for a key.
pub(crate) type KeyHash = u128;

/// An id, as a number if it is short. Two ids are compared without a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id<'a> {
    text: &'a str,
    packed: Option<u128>,
}

impl<'a> Id<'a> {
    #[inline]
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, packed: packed(text.as_bytes()) }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.text.is_empty()
    }
}

impl PartialEq for Id<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Only long ids have no number.
        self.packed == other.packed && (self.packed.is_some() || self.text == other.text)
    }
}

/// Computes the hashes of one run.
pub(crate) struct Keys {
    hasher: SipHasher13,
    /// What short ids are added to, and the odd numbers that they are multiplied by.
    spread: [u128; 3],
}

impl Keys {
    pub(crate) fn new() -> Self {
        let draw = || RandomState::new().hash_one(0u8);
        let wide = || u128::from(draw()) << 64 | u128::from(draw());
        Self { hasher: SipHasher13::new_with_keys(draw(), draw()), spread: [wide(), wide() | 1, wide() | 1] }
    }

    /// The hash of a value.
    pub(crate) fn hash(&self, value: impl Hash) -> KeyHash {
        let mut hasher = self.hasher;
        value.hash(&mut hasher);
        hasher.finish128().as_u128()
    }

    /// The hash of an id: of a claim, member or provider.
    #[inline]
    pub(crate) fn id(&self, id: &str) -> KeyHash {
        self.read_id(Id::new(id))
    }

    /// The hash of an id that was read.
    #[inline]
    pub(crate) fn read_id(&self, id: Id<'_>) -> KeyHash {
        match id.packed {
            Some(packed) => self.spread(packed),
            None => self.hash(id.text),
        }
    }

    /// Spreads a number over all bits. Both an odd product and the exclusive or with the upper half can be undone. A bit of a product
    /// depends on no higher one, so the upper half, on which all of the number has a bearing, is mixed into the lower one after each:
    /// partitions are found by the one, and places in tables by the other.
    #[inline]
    fn spread(&self, number: u128) -> KeyHash {
        let [added, first, second] = self.spread;
        let folded = |product: u128| product ^ product >> 64;
        folded(folded(number.wrapping_add(added).wrapping_mul(first)).wrapping_mul(second))
    }

    /// The key of a claim, from its number in the run. The run assigns these numbers, so a cheap mix is enough.
    pub(crate) fn claim(claim: u32) -> KeyHash {
        let spread = (u64::from(claim) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u128::from(spread) << 64 | u128::from(spread.rotate_left(32))
    }

    /// The claim number of a line, which is `id`. A mangled number is unique to its row.
    pub(crate) fn claim_number(&self, line: Line<'_>, id: Id<'_>) -> KeyHash {
        if line.marks().claim_id_mangled {
            return self.hash((line.extract, line.row));
        }
        self.read_id(id)
    }

    /// The member of a line. `None` if the row names none.
    pub(crate) fn member(&self, line: Line<'_>) -> Option<KeyHash> {
        let member = line.text(Text::MemberId);
        (!member.is_empty()).then(|| self.id(member))
    }

    /// Equal for duplicate lines of a claim: covers everything that identifies a row, and its amounts.
    pub(crate) fn duplicate(&self, claim: u32, line: Line<'_>) -> KeyHash {
        let version = (line.text(Text::Frequency), line.text(Text::VersionNumber), line.status);
        self.hash((claim, ServiceOfRow(line), line.units, version, [line.charge(), line.allowed(), line.paid()]))
    }

    /// Equal for a reversal and the row that it takes back, apart from their amounts. `claims` stands for the claims that are
    /// linked with theirs.
    pub(crate) fn reversal(&self, claims: u32, line: Line<'_>) -> KeyHash {
        self.hash((claims, ServiceOfRow(line)))
    }

    /// Equal for a pending row and the row that decides it.
    pub(crate) fn decision(&self, claim: u32, line: Line<'_>) -> KeyHash {
        self.hash((claim, ServiceOfRow(line), line.text(Text::Frequency), line.text(Text::VersionNumber)))
    }
}

/// Hashes line number, procedure cells and service date. An unreadable date is hashed as text.
struct ServiceOfRow<'a>(Line<'a>);

impl Hash for ServiceOfRow<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let line = self.0;
        line.text(Text::LineNumber).hash(state);
        line.date.hash(state);
        line.text(Text::BadDate).hash(state);
        line.procedure_cells().for_each(|cell| cell.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;

    /// Ids in a row, as payers give them, must fall into all partitions and into different places of a table, wherever their number is.
    /// Sixteen thousand of 65,536 places taken at random are 14,200.
    #[test]
    fn ids_in_a_row_are_spread_evenly() {
        // Two draws of a run.
        for spread in [
            [7 << 90, 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835, 0xd1b5_4a32_d192_ed03_abcd_ef01_2345_6789],
            [3 << 70, 0x2545_f491_4f6c_dd1d_5851_f42d_4c95_7f2d, 0xbf58_476d_1ce4_e5b9_94d0_49bb_1331_11eb],
        ] {
            let keys = Keys { spread, ..Keys::new() };
            let shapes: [fn(usize) -> String; 6] = [
                |n| format!("E{n:010}"),
                |n| format!("CLM{n:012}"),
                |n| format!("{n:06}ABCDEFGHI"),
                |n| format!("AB{n:06}XYZ"),
                |n| format!("1{n:09}"),
                |n| format!("{n:05}"),
            ];
            for (shape, id) in shapes.into_iter().enumerate() {
                let hashes: Vec<KeyHash> = (0..16_000).map(|n| keys.id(&id(n))).collect();
                for shift in [0, 112] {
                    let places: FxHashSet<u16> = hashes.iter().map(|hash| (hash >> shift) as u16).collect();
                    assert!(places.len() > 12_000, "shape {shape}, from bit {shift}: {}", places.len());
                }
                let distinct: FxHashSet<KeyHash> = hashes.iter().copied().collect();
                assert_eq!(distinct.len(), hashes.len(), "shape {shape}");
            }
        }
    }

    #[test]
    fn ids_that_differ_have_different_hashes() {
        let keys = Keys::new();
        let ids = [
            "",
            "0",
            "1",
            "C1",
            "c1",
            "C1 ",
            "E0000012098",
            "123456789012345",
            "1234567890123456",
            "a long claim number of a payer",
        ];
        let hashes = ids.map(|id| keys.id(id));
        assert!((0..ids.len()).all(|n| hashes[..n].iter().all(|other| *other != hashes[n])));
        assert!(ids.iter().zip(hashes).all(|(id, hash)| keys.id(id) == hash && Keys::new().id(id) != hash));
        for (one, other) in ids.iter().flat_map(|one| ids.map(|other| (*one, other))) {
            assert_eq!(Id::new(one) == Id::new(other), one == other, "{one} {other}");
        }
    }
}
