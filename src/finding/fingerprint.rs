//! The fingerprint identifies a finding across reports, even if its file name or line number changes.
//!
//! A fingerprint is made of what the finding is about, as findings.csv prints it: the rule, the claim number, the line
//! number, the procedure codes and the service date. It leaves out what may change while the finding stays the same:
//! file, row, amount, message, disposition and texts of the policy. For a finding on ICD-10-PCS codes it also leaves
//! out the line number and the date, because a stay is judged once per claim and printed at the first of its rows.
//!
//! Findings that are alike in all of this, such as two equal codes on a claim without line numbers, share a
//! fingerprint, and a comparison counts them. They are not numbered: a number would depend on other rows, and a row
//! added before would rename the finding.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ingest::cell::is_formula;

/// The key of the hash: its purpose and the version of the scheme. A changed scheme gets a new key.
const SCHEME: &[u8; 32] = b"claimlint finding fingerprint 01";

/// Bytes of a fingerprint. With 128 bits, a collision among the findings of a billion services has a chance of 1 in
/// 10^20, and forcing one takes 2^64 tries.
const BYTES: usize = 16;

/// A fingerprint. Printed as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u8; BYTES]);

/// What a finding is about. Ids may be given with or without the apostrophe that guards them against spreadsheets.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Code of the rule.
    pub rule: &'a str,
    /// The claim number; in a masked report its token.
    pub claim: &'a str,
    /// The line number.
    pub line_number: &'a str,
    /// The date as ISO has it; empty if it cannot be read.
    pub date: &'a str,
}

impl Fingerprint {
    /// The fingerprint of a finding on these codes, in any order.
    pub fn of<'a>(about: &About<'_>, codes: impl Iterator<Item = &'a str>) -> Self {
        let mut codes: Vec<&str> = codes.collect();
        codes.sort_unstable();
        // A code of CPT or HCPCS has five characters, one of ICD-10-PCS seven.
        let stay = !codes.is_empty() && codes.iter().all(|code| code.len() == 7);
        let (line_number, date) = if stay { ("", "") } else { (unguarded(about.line_number), about.date) };
        let fields = [about.rule, unguarded(about.claim), line_number, date];
        let mut text = Vec::with_capacity(96);
        for field in fields.into_iter().chain(codes) {
            // Each field is preceded by its length, so that no two lists of fields give the same bytes.
            text.extend_from_slice(&(field.len() as u64).to_le_bytes());
            text.extend_from_slice(field.as_bytes());
        }
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&blake3::keyed_hash(SCHEME, &text).as_bytes()[..BYTES]);
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Parses a printed fingerprint. `None`: it is not 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        let digits: Vec<u8> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect::<Option<_>>()?;
        if digits.len() != 2 * BYTES {
            return None;
        }
        bytes.iter_mut().zip(digits.chunks(2)).for_each(|(byte, pair)| *byte = pair[0] << 4 | pair[1]);
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An id without the apostrophe that guards it against spreadsheets.
pub(crate) fn unguarded(id: &str) -> &str {
    id.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About<'static> = About { rule: "DX101", claim: "C1", line_number: "1", date: "2024-03-05" };

    fn of(about: About<'_>, codes: &[&str]) -> Fingerprint {
        Fingerprint::of(&about, codes.iter().copied())
    }

    #[test]
    fn a_fingerprint_covers_every_part_of_a_finding() {
        let own = of(ABOUT, &["22514"]);
        for other in [
            of(About { rule: "DX102", ..ABOUT }, &["22514"]),
            of(About { claim: "C2", ..ABOUT }, &["22514"]),
            of(About { line_number: "2", ..ABOUT }, &["22514"]),
            of(About { date: "2024-03-06", ..ABOUT }, &["22514"]),
            of(ABOUT, &["22513"]),
            of(ABOUT, &["22514", "22515"]),
            of(About { claim: "C11", line_number: "", ..ABOUT }, &["22514"]),
        ] {
            assert_ne!(own, other);
        }
        // People write fingerprints down, so a test notices if the scheme changes.
        assert_eq!(own.to_string(), "e0ab4bd47b230fa9599ddebd89657a5d");
        assert_eq!(Fingerprint::parse(&own.to_string()), Some(own));
        assert_eq!(Fingerprint::parse(&own.to_string().to_uppercase()), Some(own));
        for bad in ["", "00", "zz", "\u{e9}", &"0".repeat(31), &"0".repeat(33), &"g".repeat(32)] {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_fingerprint_of_a_stay_covers_its_claim_and_codes() {
        let stay = of(ABOUT, &["0PU43JZ", "0QU03JZ"]);
        assert_eq!(stay, of(About { line_number: "2", date: "", ..ABOUT }, &["0QU03JZ", "0PU43JZ"]));
        assert_ne!(stay, of(ABOUT, &["0PU43JZ"]));
        assert_ne!(of(ABOUT, &[]), of(About { line_number: "2", ..ABOUT }, &[]));
    }

    #[test]
    fn formula_guards_do_not_change_the_fingerprint() {
        let raw = About { claim: "-17", line_number: "=1", ..ABOUT };
        assert_eq!(of(raw, &["22514"]), of(About { claim: "'-17", line_number: "'=1", ..ABOUT }, &["22514"]));
        assert_ne!(of(raw, &["22514"]), of(About { claim: "17", ..raw }, &["22514"]));
        assert_eq!(unguarded("'x"), "'x");
    }
}
