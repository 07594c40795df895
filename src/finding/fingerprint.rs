//! The fingerprint identifies a finding in the next report, whatever its file name or line there.
//!
//! A fingerprint is made of what the finding is about, as findings.csv prints it: the rule, the claim number, the line
//! number, the procedure codes and the service date. What may change while the finding stays (file, row, amount, message,
//! disposition, texts of the policy) is not in it. Of a finding on ICD-10-PCS codes the line number and the date are
//! not in it either: a stay is judged once a claim and printed at whichever of its rows comes first.
//!
//! There is no running number among findings that are alike in all of this, such as two equal codes on a claim without line
//! numbers: any number would depend on rows that are not the finding's own, and a row added before it would rename it. They
//! share a fingerprint, and a comparison counts them.

use std::fmt;

use crate::ingest::cell::is_formula;

/// The key of the hash: this use of it, and the version of the scheme. Another scheme is another key.
const SCHEME: &[u8; 32] = b"claimlint finding fingerprint 01";

/// Bytes of a fingerprint. 128 bits: among the findings of a billion services two meet by chance once in 10^20 times, and
/// making two meet takes 2^64 tries.
const BYTES: usize = 16;

/// A fingerprint. Printed as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; BYTES]);

/// What a finding is about. Ids may have the apostrophe that guards them against spreadsheets, or not.
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
            // With its length before it, no field can pass for the end of another.
            text.extend_from_slice(&(field.len() as u64).to_le_bytes());
            text.extend_from_slice(field.as_bytes());
        }
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&blake3::keyed_hash(SCHEME, &text).as_bytes()[..BYTES]);
        Self(bytes)
    }

    /// Reads it as printed. None: not 32 hexadecimal digits.
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
pub fn unguarded(id: &str) -> &str {
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
    fn everything_that_a_finding_is_about_is_in_it() {
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
    fn a_stay_is_known_by_its_claim_and_codes() {
        let stay = of(ABOUT, &["0PU43JZ", "0QU03JZ"]);
        assert_eq!(stay, of(About { line_number: "2", date: "", ..ABOUT }, &["0QU03JZ", "0PU43JZ"]));
        assert_ne!(stay, of(ABOUT, &["0PU43JZ"]));
        assert_ne!(of(ABOUT, &[]), of(About { line_number: "2", ..ABOUT }, &[]));
    }

    #[test]
    fn guards_are_no_part_of_ids() {
        let raw = About { claim: "-17", line_number: "=1", ..ABOUT };
        assert_eq!(of(raw, &["22514"]), of(About { claim: "'-17", line_number: "'=1", ..ABOUT }, &["22514"]));
        assert_ne!(of(raw, &["22514"]), of(About { claim: "17", ..raw }, &["22514"]));
        assert_eq!(unguarded("'x"), "'x");
    }
}
