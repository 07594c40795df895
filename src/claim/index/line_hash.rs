//! 128-bit hashes that identify claims, members, encounters and equal lines, under a random key for each run.
//!
//! Because of the random key, no result may depend on the values, and an attacker cannot construct ids that collide. Among ten
//! million lines, the chance that two different keys share a hash is one in 10^24.

use std::hash::{BuildHasher, Hash, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::claim::line::{Line, Text};

/// A hash that stands for a key.
pub(crate) type KeyHash = u128;

/// Computes the hashes of one run.
pub(crate) struct Keys(SipHasher13);

impl Keys {
    pub(crate) fn new() -> Self {
        let draw = || RandomState::new().hash_one(0u8);
        Self(SipHasher13::new_with_keys(draw(), draw()))
    }

    /// The hash of a value.
    pub(crate) fn hash(&self, value: impl Hash) -> KeyHash {
        let mut hasher = self.0;
        value.hash(&mut hasher);
        hasher.finish128().as_u128()
    }

    /// The key of a claim, from its number in the run. The run assigns these numbers, so a cheap mix is enough.
    pub(crate) fn claim(claim: u32) -> KeyHash {
        let spread = (u64::from(claim) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u128::from(spread) << 64 | u128::from(spread.rotate_left(32))
    }

    /// The claim number of a line. A mangled number is unique to its row.
    pub(crate) fn claim_number(&self, line: Line<'_>) -> KeyHash {
        if line.marks().claim_id_mangled {
            return self.hash((line.extract, line.row));
        }
        self.hash(line.claim_id())
    }

    /// The member of a line. `None` if the row names none.
    pub(crate) fn member(&self, line: Line<'_>) -> Option<KeyHash> {
        let member = line.text(Text::MemberId);
        (!member.is_empty()).then(|| self.hash(member))
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
