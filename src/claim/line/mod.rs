//! A service or related row: everything a rule can ask of it, compact.
//!
//! Rows that matter are rare, so they are kept whole; but in a dense audit every row matters, so thousands of lines share
//! one [`Batch`]: one text that holds all their cells, one list of the cells' ends, one of their known codes. A [`Line`] is
//! a view into it.

pub mod mask;
pub mod reader;
pub(crate) mod validate;

use std::ops::Deref;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::value::amount::Cents;
use crate::claim::value::code::CodeId;
use crate::claim::value::pointer;
use crate::claim::value::product::ClassId;
use crate::claim::value::setting::{ClaimForm, Setting};

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

/// What a line holds beside its texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
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
    pub(crate) diagnoses: u8,
    pub(crate) procedures: u32,
    pub(crate) pointed: [u8; pointer::MOST],
    pub(crate) pointers: u8,
}

/// Lines that follow each other, in one piece of memory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Batch {
    pub(crate) heads: Vec<Head>,
    /// Where the text, the ends and the known codes of each line end.
    pub(crate) stops: Vec<[u32; 3]>,
    pub(crate) text: String,
    pub(crate) ends: Vec<u32>,
    pub(crate) known: Vec<CodeId>,
}

impl Batch {
    /// Number of lines.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Has it no line?
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The nth line.
    pub fn line(&self, n: usize) -> Line<'_> {
        let [text, ends, known] = n.checked_sub(1).map_or([0; 3], |before| self.stops[before]).map(|at| at as usize);
        let [text_end, ends_end, known_end] = self.stops[n].map(|at| at as usize);
        Line {
            head: &self.heads[n],
            known: &self.known[known..known_end],
            text: &self.text[text..text_end],
            ends: &self.ends[ends..ends_end],
        }
    }

    /// All lines, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        (0..self.len()).map(|n| self.line(n))
    }

    /// Bytes that it takes in memory, for the bound on them.
    pub fn bytes(&self) -> usize {
        self.heads.len() * (size_of::<Head>() + size_of::<[u32; 3]>())
            + self.text.len()
            + self.ends.len() * size_of::<u32>()
            + self.known.len() * size_of::<CodeId>()
    }

    /// Puts a line behind the others. Its ends count from the beginning of its own text.
    pub(crate) fn push(&mut self, head: Head, text: &str, ends: &[u32], known: &[CodeId]) {
        self.heads.push(head);
        self.text.push_str(text);
        self.ends.extend_from_slice(ends);
        self.known.extend_from_slice(known);
        self.stops.push([self.text.len() as u32, self.ends.len() as u32, self.known.len() as u32]);
    }

    /// Puts the lines of another behind its own.
    pub fn append(&mut self, other: &Self) {
        let [text, ends, known] = self.stops.last().copied().unwrap_or_default();
        self.heads.extend_from_slice(&other.heads);
        self.stops.extend(other.stops.iter().map(|[t, e, k]| [t + text, e + ends, k + known]));
        self.text.push_str(&other.text);
        self.ends.extend_from_slice(&other.ends);
        self.known.extend_from_slice(&other.known);
    }

    /// Makes room for this many lines that are on average as long as those that are here.
    pub(crate) fn reserve_for(&mut self, lines: usize) {
        let (now, more) = (self.len().max(1), lines.saturating_sub(self.len()));
        // An eighth above the average, so that a batch seldom grows once more.
        let of = |length: usize| length * more / now + length * more / now / 8;
        self.heads.reserve(more);
        self.stops.reserve(more);
        self.text.reserve(of(self.text.len()));
        self.ends.reserve(of(self.ends.len()));
        self.known.reserve(of(self.known.len()));
    }

    /// The same memory without lines.
    pub(crate) fn clear(&mut self) {
        self.heads.clear();
        self.stops.clear();
        self.text.clear();
        self.ends.clear();
        self.known.clear();
    }
}

/// A service or related row, or one such service slot of a row that has several.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub(crate) head: &'a Head,
    /// Known codes, distinct, in order of appearance: procedure column, then ICD procedures.
    pub known: &'a [CodeId],
    pub(crate) text: &'a str,
    /// Ends of the procedure cells, then of the texts, then (end, slot) of the diagnoses, then ends of the modifiers.
    pub(crate) ends: &'a [u32],
}

impl Deref for Line<'_> {
    type Target = Head;

    fn deref(&self) -> &Head {
        self.head
    }
}

impl<'a> Line<'a> {
    fn slice(&self, from: usize, to: usize) -> &'a str {
        &self.text[from..to]
    }

    fn end(&self, index: usize) -> usize {
        self.ends[index] as usize
    }

    /// One of the kept texts.
    pub fn text(&self, text: Text) -> &'a str {
        // There is always a procedure cell before the first text, be it empty.
        let index = self.procedures as usize + text as usize;
        self.slice(self.end(index - 1), self.end(index))
    }

    /// The claim number.
    pub fn claim_id(&self) -> &'a str {
        self.text(Text::ClaimId)
    }

    /// Number of filled diagnoses.
    pub fn diagnosis_count(&self) -> usize {
        usize::from(self.diagnoses)
    }

    /// The nth filled diagnosis in column order, normalised.
    pub fn diagnosis(&self, n: usize) -> &'a str {
        let first = self.procedures as usize + TEXTS;
        let start = if n == 0 { self.end(first - 1) } else { self.end(first + 2 * n - 2) };
        self.slice(start, self.end(first + 2 * n))
    }

    /// All filled diagnoses of the row, in column order.
    pub fn all_diagnoses(self) -> impl Iterator<Item = &'a str> {
        (0..self.diagnosis_count()).map(move |n| self.diagnosis(n))
    }

    /// The diagnoses considered: the pointed ones in pointer order if any pointer is valid, else all.
    pub fn considered(self) -> impl Iterator<Item = &'a str> {
        self.considered_places().map(move |n| self.diagnosis(n))
    }

    /// The numbers of the considered diagnoses among the filled ones.
    pub fn considered_places(self) -> impl Iterator<Item = usize> {
        let pointed = &self.head.pointed[..usize::from(self.head.pointers)];
        let all = if pointed.is_empty() { 0..self.diagnosis_count() } else { 0..0 };
        pointed.iter().map(|n| usize::from(*n)).chain(all)
    }

    /// The diagnoses of the row that no pointer of the line points to. None if all are considered.
    pub fn unpointed(self) -> impl Iterator<Item = &'a str> {
        self.unpointed_places().map(move |n| self.diagnosis(n))
    }

    /// The numbers of these among the filled ones.
    pub fn unpointed_places(self) -> impl Iterator<Item = usize> {
        let pointed = &self.head.pointed[..usize::from(self.head.pointers)];
        let all = if pointed.is_empty() { 0..0 } else { 0..self.diagnosis_count() };
        all.filter(move |n| !pointed.contains(&(*n as u8)))
    }

    /// Procedure cells as normalised: the procedure column (may be empty), then the filled ICD procedures.
    pub fn procedure_cells(self) -> impl Iterator<Item = &'a str> {
        let start = move |i: usize| if i == 0 { 0 } else { self.end(i - 1) };
        (0..self.procedures as usize).map(move |i| self.slice(start(i), self.end(i)))
    }

    /// Filled modifiers.
    pub fn modifiers(self) -> impl Iterator<Item = &'a str> {
        let first = self.procedures as usize + TEXTS + 2 * self.diagnosis_count();
        // Before the first modifier stands the slot of the last diagnosis, which is no end.
        let start = move |i: usize| if i == first && self.diagnoses > 0 { self.end(i - 2) } else { self.end(i - 1) };
        (first..self.ends.len()).map(move |i| self.slice(start(i), self.end(i)))
    }
}
