//! What tells lines apart: 128-bit hashes under a key that is drawn anew for each run.
//!
//! So nothing depends on their values, nobody can make two ids meet on purpose, and among ten million lines two different
//! keys have the same hash with a chance of one in 10^24.

use std::hash::{BuildHasher, Hash, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::claim::line::{Line, Text};
use crate::claim::value::setting::ClaimForm;

/// A hash by which keys are told apart.
pub(crate) type Key = u128;

/// Hashes of this run.
pub(crate) struct Keys(SipHasher13);

impl Keys {
    pub(crate) fn new() -> Self {
        let draw = || RandomState::new().hash_one(0u8);
        Self(SipHasher13::new_with_keys(draw(), draw()))
    }

    fn of(&self, write: impl FnOnce(&mut SipHasher13)) -> Key {
        let mut hasher = self.0;
        write(&mut hasher);
        hasher.finish128().as_u128()
    }

    pub(crate) fn text(&self, text: &str) -> Key {
        self.of(|h| text.hash(h))
    }

    /// Two lines that say the same: claim, line number, procedures, date, units, frequency and amounts.
    pub(crate) fn same(&self, line: Line<'_>) -> Key {
        self.of(|h| {
            line.claim_id().hash(h);
            line.text(Text::LineNumber).hash(h);
            line.date.hash(h);
            line.text(Text::BadDate).hash(h);
            line.units.hash(h);
            line.text(Text::Frequency).hash(h);
            (line.charge, line.allowed, line.paid).hash(h);
            line.procedure_cells().for_each(|cell| cell.hash(h));
        })
    }

    /// Member, or the claim that stands in for an empty one, date, claim form and billing provider.
    pub(crate) fn encounter(&self, line: Line<'_>) -> Key {
        self.of(|h| encounter(line).hash(h))
    }
}

/// What lines of one encounter have in common.
pub(crate) fn encounter(line: Line<'_>) -> impl Hash + Eq + use<'_> {
    let member = line.text(Text::MemberId);
    // The member, or the claim that stands in for an empty one; the two never meet.
    let member = if member.is_empty() { Err(line.claim_id()) } else { Ok(member) };
    let date = line.date.ok_or_else(|| line.text(Text::BadDate));
    let form: ClaimForm = line.form;
    (member, date, form, line.text(Text::BillingNpi))
}
