//! The lists of the policy from one day on, and how a diagnosis is looked up in them.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::value::code_set::CodeSet;
use crate::ingest::eight_bytes::{TOLD_APART, ends_and_length};
use crate::policy::family::DiagnosisFamily;

/// Identifies a listed diagnosis by its edition and its position in that edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedCode {
    /// Number of the edition, earliest first.
    pub edition: u8,
    /// Number of the diagnosis in the edition, in code order.
    pub diagnosis: u16,
}

/// A listed diagnosis.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Where the diagnosis is listed.
    pub place: ListedCode,
    /// Upper-case, without dot.
    pub code: String,
    /// What the codes of its group mean, in our words.
    pub about: String,
    /// Spinal region, if the code states one.
    pub region: Option<String>,
    /// The region is outside the thoracolumbar statement.
    pub outside_statement: bool,
    /// Procedures that fit the region. `None` if every procedure fits.
    pub fits: Option<CodeSet>,
    /// The diagnosis is pain or a remission, not a lesion.
    pub pain_or_remission: bool,
}

/// The lists of the policy from one day on.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Id in reports.
    pub id: String,
    /// First service date to which it applies.
    pub from: Date,
    /// Last day on which its text is known to be in force.
    pub verified_through: Date,
    /// Where that day comes from.
    pub source: String,
    /// Listed diagnoses in code order.
    pub diagnoses: Vec<Listed>,
    /// Diagnoses that are injuries.
    pub trauma: Vec<DiagnosisFamily>,
    /// Regions that the policy's statement leaves out.
    pub outside_statement: Vec<String>,
    /// By the ends of a code and its length.
    pub(super) by_ends: FxHashMap<([u64; 2], usize), usize>,
}

impl Edition {
    /// Looks up a normalized diagnosis in the list.
    pub fn listed(&self, code: &str) -> Option<&Listed> {
        let listed = self.by_ends.get(&ends_and_length(code)).map(|i| &self.diagnoses[*i])?;
        (code.len() <= TOLD_APART || listed.code == code).then_some(listed)
    }

    /// Is a diagnosis with this [`beginning`](crate::ingest::eight_bytes::beginning) an injury?
    pub(crate) fn is_injury(&self, beginning: u64) -> bool {
        self.trauma.iter().any(|family| family.holds(beginning))
    }

    /// The listed diagnoses whose codes begin with a text.
    pub(crate) fn beginning_with(&self, text: &str) -> &[Listed] {
        let from = self.diagnoses.partition_point(|listed| listed.code.as_str() < text);
        let with_it = self.diagnoses[from..].partition_point(|listed| listed.code.starts_with(text));
        &self.diagnoses[from..from + with_it]
    }
}
