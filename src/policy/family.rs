//! Families of diagnoses: all ICD-10-CM codes that begin with the same characters.

use crate::ingest::eight_bytes::{beginning, starting};

/// A family of diagnoses.
#[derive(Debug, Clone)]
pub struct DiagnosisFamily {
    /// The characters with which its codes begin, without dot.
    text: String,
    /// These characters as a number.
    bytes: u64,
}

impl DiagnosisFamily {
    /// Most characters of a family: as many as a code has.
    pub(super) const MOST_CHARACTERS: usize = 7;

    /// The codes that begin with a text of at most [`Self::MOST_CHARACTERS`] ASCII characters.
    pub(super) fn new(text: String) -> Self {
        Self { bytes: beginning(&text), text }
    }

    /// The characters with which its codes begin.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Does a normalized diagnosis with this [`beginning`] belong to it?
    #[inline]
    pub(crate) fn holds(&self, beginning: u64) -> bool {
        beginning & starting(self.text.len()) == self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_family_holds_what_begins_with_it(family in "[A-C][0-1]{0,6}", diagnosis in "[A-C]?[0-1]{0,8}", own in "\\PC{0,3}") {
            let known = DiagnosisFamily::new(family.clone());
            prop_assert_eq!(known.holds(beginning(&diagnosis)), diagnosis.starts_with(&family));
            let member = family + &own;
            prop_assert!(known.holds(beginning(&member)));
        }
    }
}
