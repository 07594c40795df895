//! A service or related row: everything a rule can ask of it, owned and compact.
//!
//! Rows that matter are rare, so they are kept whole; but in a dense audit every row matters, so a line is three
//! allocations: one text that holds all its cells, the ends of the cells, and its known codes.

use std::cell::RefCell;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::amount::{Cents, units};
use super::code::{CodeId, CodeTable, System};
use super::date;
use super::pointer;
use super::product::{ClassId, ProductTable};
use super::setting::{BillType, ClaimForm, Setting, SettingTable};
use crate::ingest::binding::Split;
use crate::ingest::cell::upper;
use crate::ingest::field::{Field, Group};
use crate::ingest::reject::Reason;
use crate::ingest::{Binding, Look, Row};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Neither.
    Original,
    /// Frequency 7.
    Replacement,
    /// Frequency 8.
    Void,
}

/// A service or related row, or one such service slot of a row that has several.
#[derive(Debug, Clone)]
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
    text: Box<str>,
    /// Ends of the procedure cells, then of the texts, then (end, slot) of the diagnoses, then ends of the modifiers.
    ends: Box<[u32]>,
    diagnoses: u8,
    procedures: u32,
    pointed: [u8; pointer::MOST],
    pointers: u8,
}

/// What the reading of rows needs to know of policy and extract.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The codes looked for.
    pub codes: &'a CodeTable,
    /// Product labels, the user's first.
    pub products: ProductTable,
    /// Settings.
    pub settings: &'a SettingTable,
    /// Cell values that are no authorization, upper-cased.
    pub fillers: &'a [String],
    /// Number of the extract in the run.
    pub extract: u32,
}

impl Reader<'_> {
    /// Is the row in scope or related, and what does it say? Of a row with several services each one that is becomes a
    /// line; the row is passed if none is.
    pub fn look(&self, binding: &Binding, row: &Row<'_>) -> Look<Line> {
        if !binding.has_slots() {
            return self.look_at(binding, row);
        }
        let mut lines = Vec::new();
        for slot in binding.each() {
            match self.look_at(slot, row) {
                Look::Pass => {}
                Look::Keep(line) => lines.push(line),
                Look::KeepAll(more) => lines.extend(more),
                // The claim number is the row's: what one slot lacks all lack.
                Look::Reject(reason) => return Look::Reject(reason),
            }
        }
        if lines.is_empty() { Look::Pass } else { Look::KeepAll(lines) }
    }

    /// One service. The order of questions is the order of cost.
    fn look_at(&self, binding: &Binding, row: &Row<'_>) -> Look<Line> {
        let may = |c: usize| self.codes.may_hold(&row.cell(c));
        let procedure = binding.columns(Field::ProcedureCode).iter().any(|c| may(*c));
        if !procedure
            && !binding.group(Group::IcdProcedure).iter().any(|(_, c)| may(*c))
            && binding.split(Group::IcdProcedure) == Split::No
        {
            return Look::Pass;
        }
        // In a dense audit every row comes here: one draft per thread, cleared and used again.
        DRAFT.with_borrow_mut(|draft| {
            draft.clear();
            self.codes_of(binding, row, draft);
            if draft.known.is_empty() {
                return Look::Pass;
            }
            match self.line(binding, row, draft) {
                Some(line) => Look::Keep(line),
                None => Look::Reject(Reason::NoClaimId),
            }
        })
    }

    fn codes_of(&self, binding: &Binding, row: &Row<'_>, draft: &mut Draft) {
        let cell = upper(binding.text(row, Field::ProcedureCode));
        let found = self.codes.find(&cell, true);
        if let Some(found) = found {
            draft.note(found.id, found.composite, found.zero_lost);
            if self.codes.get(found.id).system == System::Cpt {
                draft.cpt = Some(found.id);
            }
        }
        draft.push(found.map_or(&cell, |f| &self.codes.get(f.id).code));
        let split = binding.split(Group::IcdProcedure);
        for (_, cell) in binding.slots(row, Group::IcdProcedure) {
            for part in split.parts(&cell).filter(|p| !p.is_empty()) {
                let found = self.codes.find(part, false);
                if let Some(found) = found {
                    draft.note(found.id, found.composite, found.zero_lost);
                }
                draft.push(found.map_or(part, |f| &self.codes.get(f.id).code));
            }
        }
        draft.procedures = draft.ends.len();
    }

    fn line(&self, binding: &Binding, row: &Row<'_>, draft: &mut Draft) -> Option<Line> {
        let text = |field| binding.text(row, field);
        let claim_id = text(Field::ClaimId);
        if claim_id.is_empty() {
            return None;
        }
        let bill_type = upper(text(Field::BillType));
        let place = text(Field::PlaceOfService);
        let product = text(Field::Product);
        let parsed_bill = BillType::parse(&bill_type);
        let frequency = text(Field::FrequencyCode);
        let third = parsed_bill.and_then(|b| b.frequency).map(char::from);
        let mut letter = [0u8; 4];
        let frequency = match (frequency.is_empty(), third) {
            (true, Some(c)) => &*c.encode_utf8(&mut letter),
            _ => &*frequency,
        };
        let authorization = text(Field::AuthorizationNumber);
        let authorization = if is_filler(&authorization, self.fillers) { "" } else { &*authorization };
        let date_text = text(Field::ServiceDate);
        let date = date::parse(&date_text);
        let units_text = text(Field::Units);
        let read_units = if units_text.is_empty() { Some(Decimal::ONE) } else { units(&units_text) };
        let mut bad_amount = String::new();
        let mut amount = |field: Field| {
            let cell = text(field);
            let read = Cents::parse(&cell);
            if read.is_none() && !cell.is_empty() && bad_amount.is_empty() {
                bad_amount = format!("{} \"{cell}\"", field.name());
            }
            read
        };
        let (charge, allowed, paid) =
            (amount(Field::ChargeAmount), amount(Field::AllowedAmount), amount(Field::PaidAmount));
        for part in [
            &*claim_id,
            &*text(Field::LineNumber),
            frequency,
            &*text(Field::OriginalClaimId),
            &*text(Field::MemberId),
            &*upper(text(Field::MemberState)),
            &*product,
            &*text(Field::BillingNpi),
            &*text(Field::RenderingNpi),
            &*place,
            &*bill_type,
            authorization,
            if date.is_none() { &*date_text } else { "" },
            if read_units.is_none() { &*units_text } else { "" },
            &*bad_amount,
        ] {
            draft.push(part);
        }
        let diagnoses = draft.push_diagnoses(binding, row);
        let (pointed, pointers, pointer_to_nothing) = pointer::read(binding, row, &draft.slots);
        let split = binding.split(Group::Modifier);
        for (_, cell) in binding.slots(row, Group::Modifier) {
            for part in split.parts(&cell).filter(|p| !p.is_empty()) {
                draft.push(part);
            }
        }
        Some(Line {
            extract: self.extract,
            row: 0,
            date,
            class: self.products.class(&product),
            setting: self.settings.setting(&bill_type, &place),
            form: ClaimForm::of(&text(Field::ClaimForm), &bill_type, &place),
            facility: parsed_bill.map(|b| b.facility),
            version: match frequency {
                "7" => Version::Replacement,
                "8" => Version::Void,
                _ => Version::Original,
            },
            units: read_units.unwrap_or(Decimal::ONE),
            charge,
            allowed,
            paid,
            marks: Marks {
                pointer_to_nothing,
                authorization_column: binding.has(Field::AuthorizationNumber),
                ..draft.marks
            },
            cpt: draft.cpt,
            known: draft.known.as_slice().into(),
            text: draft.line_text.as_str().into(),
            ends: draft.ends.as_slice().into(),
            diagnoses,
            procedures: draft.procedures as u32,
            pointed,
            pointers,
        })
    }
}

/// Empty, a filler word, all zeros or all nines: no authorization.
pub fn is_filler(text: &str, fillers: &[String]) -> bool {
    let same = |digit: u8| text.bytes().all(|b| b == digit);
    text.is_empty() || same(b'0') || same(b'9') || fillers.iter().any(|f| f.eq_ignore_ascii_case(text))
}

thread_local! {
    static DRAFT: RefCell<Draft> = RefCell::default();
}

/// A line under construction.
#[derive(Default)]
struct Draft {
    line_text: String,
    ends: Vec<u32>,
    marks: Marks,
    cpt: Option<CodeId>,
    known: Vec<CodeId>,
    slots: Vec<u8>,
    procedures: usize,
}

impl Draft {
    fn clear(&mut self) {
        self.line_text.clear();
        self.ends.clear();
        self.marks = Marks::default();
        self.cpt = None;
        self.known.clear();
        self.slots.clear();
        self.procedures = 0;
    }

    fn push(&mut self, part: &str) {
        self.line_text.push_str(part);
        self.ends.push(self.line_text.len() as u32);
    }

    fn note(&mut self, id: CodeId, composite: bool, zero_lost: bool) {
        self.marks.composite |= composite;
        self.marks.zero_lost |= zero_lost;
        if !self.known.contains(&id) {
            self.known.push(id);
        }
    }

    /// Filled diagnoses without their dots, and the slots they stand in; returns their number.
    fn push_diagnoses(&mut self, binding: &Binding, row: &Row<'_>) -> u8 {
        let split = binding.split(Group::Diagnosis);
        let mut next_slot = 1u8;
        for (slot, cell) in binding.slots(row, Group::Diagnosis) {
            for part in split.parts(&cell) {
                // In a list cell the codes count on; otherwise the column's number is the slot.
                let slot = if split == Split::No { slot } else { next_slot };
                let start = self.line_text.len();
                self.line_text.extend(part.chars().filter(|c| *c != '.'));
                if self.line_text.len() == start || self.slots.len() == usize::from(u8::MAX) {
                    self.line_text.truncate(start);
                    continue;
                }
                self.ends.extend([self.line_text.len() as u32, u32::from(slot)]);
                self.slots.push(slot);
                next_slot = slot.saturating_add(1);
            }
        }
        self.slots.len() as u8
    }
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
