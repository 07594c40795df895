//! The lists of the policy from one day on, and how a diagnosis is looked up in them.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::value::code_set::CodeSet;

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
    /// Prefixes of diagnoses that are injuries.
    pub trauma: Vec<String>,
    /// Regions that the policy's statement leaves out.
    pub outside_statement: Vec<String>,
    pub(super) by_code: FxHashMap<String, usize>,
}

impl Edition {
    /// Looks up a normalized diagnosis in the list.
    pub fn listed(&self, code: &str) -> Option<&Listed> {
        self.by_code.get(code).map(|i| &self.diagnoses[*i])
    }

    /// The listed diagnoses whose codes begin with a text.
    pub(crate) fn beginning_with(&self, text: &str) -> &[Listed] {
        let from = self.diagnoses.partition_point(|listed| listed.code.as_str() < text);
        let with_it = self.diagnoses[from..].partition_point(|listed| listed.code.starts_with(text));
        &self.diagnoses[from..from + with_it]
    }
}
