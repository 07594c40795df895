//! A service or related row: everything a rule can ask of it, owned and compact.
//!
//! Rows that matter are rare, so they are kept whole; but in a dense audit every row matters, so a line is three
//! allocations: one text that holds all its cells, the ends of the cells, and its known codes.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amount::Cents;
use super::code::CodeId;
use super::pointer;
use super::product::ClassId;
use super::setting::{ClaimForm, Setting};

/// The texts that a line keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the canonical fields")]
pub enum Text {
    ClaimId,
    LineNumber,
    /// Frequency code, else the third character of the bill type.
    Frequency,
    OriginalClaimId,
    MemberId,
    MemberState,
    Product,
    BillingNpi,
    RenderingNpi,
    PlaceOfService,
    BillType,
    /// As on the claim; empty when it is a filler.
    Authorization,
    /// The service date's text where it cannot be read.
    BadDate,
    /// The units' text where they cannot be read.
    BadUnits,
    /// The first amount that cannot be read, with its field.
    BadAmount,
}

const TEXTS: usize = Text::BadAmount as usize + 1;

/// What was noticed while a row was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Marks {
    /// More stood in a procedure cell than its code (DQ506).
    pub composite: bool,
    /// A PCS code had lost its leading zero (DQ507).
    pub zero_lost: bool,
    /// A diagnosis pointer points at nothing (DQ505).
    pub pointer_to_nothing: bool,
    /// The extract has an authorization column.
    pub authorization_column: bool,
}

/// Does this line replace or void an earlier claim?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// Neither.
    Original,
    /// Frequency 7.
    Replacement,
    /// Frequency 8.
    Void,
}

/// A service or related row, or one such service slot of a row that has several.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// Number of the extract in the run.
    pub extract: u32,
    /// Line of the file on which the row starts.
    pub row: u64,
    /// Service date, if it can be read.
    pub date: Option<Date>,
    /// Product class of the label.
    pub class: ClassId,
    /// Setting of the service.
    pub setting: Setting,
    /// Claim form.
    pub form: ClaimForm,
    /// Facility part of a well-formed bill type.
    pub facility: Option<[u8; 2]>,
    /// Frequency 7 and 8.
    pub version: Version,
    /// Units used: as on the line, one where empty or unreadable.
    pub units: Decimal,
    /// Charge, if it can be read.
    pub charge: Option<Cents>,
    /// Allowed, if it can be read.
    pub allowed: Option<Cents>,
    /// Paid, if it can be read.
    pub paid: Option<Cents>,
    /// What was noticed.
    pub marks: Marks,
    /// The CPT or HCPCS code of the procedure column, if known.
    pub cpt: Option<CodeId>,
    /// Known codes, distinct, in order of appearance: procedure column, then ICD procedures.
    pub known: Box<[CodeId]>,
    pub(super) text: Box<str>,
    /// Ends of the procedure cells, then of the texts, then (end, slot) of the diagnoses, then ends of the modifiers.
    pub(super) ends: Box<[u32]>,
    pub(super) diagnoses: u8,
    pub(super) procedures: u32,
    pub(super) pointed: [u8; pointer::MOST],
    pub(super) pointers: u8,
}

impl Line {
    fn slice(&self, from: usize, to: usize) -> &str {
        &self.text[from..to]
    }

    fn end(&self, index: usize) -> usize {
        self.ends[index] as usize
    }

    /// One of the kept texts.
    pub fn text(&self, text: Text) -> &str {
        // There is always a procedure cell before the first text, be it empty.
        let index = self.procedures as usize + text as usize;
        self.slice(self.end(index - 1), self.end(index))
    }

    /// The claim number.
    pub fn claim_id(&self) -> &str {
        self.text(Text::ClaimId)
    }

    /// Number of filled diagnoses.
    pub fn diagnosis_count(&self) -> usize {
        usize::from(self.diagnoses)
    }

    /// The nth filled diagnosis in column order, normalised.
    pub fn diagnosis(&self, n: usize) -> &str {
        let first = self.procedures as usize + TEXTS;
        let start = if n == 0 { self.end(first - 1) } else { self.end(first + 2 * n - 2) };
        self.slice(start, self.end(first + 2 * n))
    }

    /// All filled diagnoses of the row, in column order.
    pub fn all_diagnoses(&self) -> impl Iterator<Item = &str> {
        (0..self.diagnosis_count()).map(|n| self.diagnosis(n))
    }

    /// The diagnoses considered: the pointed ones in pointer order if any pointer is valid, else all.
    pub fn considered(&self) -> impl Iterator<Item = &str> {
        let pointed = &self.pointed[..usize::from(self.pointers)];
        let all = if pointed.is_empty() { 0..self.diagnosis_count() } else { 0..0 };
        pointed.iter().map(|n| usize::from(*n)).chain(all).map(|n| self.diagnosis(n))
    }

    /// The diagnoses of the row that no pointer of the line points to. None if all are considered.
    pub fn unpointed(&self) -> impl Iterator<Item = &str> {
        let pointed = &self.pointed[..usize::from(self.pointers)];
        let all = if pointed.is_empty() { 0..0 } else { 0..self.diagnosis_count() };
        all.filter(move |n| !pointed.contains(&(*n as u8))).map(|n| self.diagnosis(n))
    }

    /// Procedure cells as normalised: the procedure column (may be empty), then the filled ICD procedures.
    pub fn procedure_cells(&self) -> impl Iterator<Item = &str> {
        let start = |i: usize| if i == 0 { 0 } else { self.end(i - 1) };
        (0..self.procedures as usize).map(move |i| self.slice(start(i), self.end(i)))
    }

    /// Filled modifiers.
    pub fn modifiers(&self) -> impl Iterator<Item = &str> {
        let first = self.procedures as usize + TEXTS + 2 * self.diagnosis_count();
        // Before the first modifier stands the slot of the last diagnosis, which is no end.
        let start = move |i: usize| if i == first && self.diagnoses > 0 { self.end(i - 2) } else { self.end(i - 1) };
        (first..self.ends.len()).map(move |i| self.slice(start(i), self.end(i)))
    }
}
