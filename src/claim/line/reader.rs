//! From a row to a line: the one place where cells are read as what they mean.

use std::cell::RefCell;

use rust_decimal::Decimal;

use crate::claim::line::{Batch, Head, Marks, Version};
use crate::claim::value::amount::{Cents, units};
use crate::claim::value::code::{CodeId, CodeTable, System};
use crate::claim::value::date;
use crate::claim::value::pointer;
use crate::claim::value::product::ProductTable;
use crate::claim::value::setting::{BillType, ClaimForm, SettingTable};
use crate::ingest::cell::upper;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::Split;
use crate::ingest::record::reject::Reason;
use crate::ingest::{Binding, Row, RowAction};

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
    pub fn look(&self, binding: &Binding, row: &Row<'_>) -> RowAction<Drafted> {
        // In a dense audit every row comes here: one draft per thread, cleared and used again.
        DRAFT.with_borrow_mut(|draft| {
            draft.row.clear();
            for slot in binding.each() {
                if !self.look_at(slot, row, draft) {
                    // The claim number is the row's: what one slot lacks all lack.
                    return RowAction::Reject(Reason::NoClaimId);
                }
            }
            if draft.row.is_empty() { RowAction::Ignore } else { RowAction::Keep(Drafted(())) }
        })
    }

    /// One service. The order of questions is the order of cost. False: it lacks its claim number.
    fn look_at(&self, binding: &Binding, row: &Row<'_>, draft: &mut Draft) -> bool {
        let may = |c: usize| self.codes.may_hold(&row.cell(c));
        let procedure = binding.columns(Field::ProcedureCode).iter().any(|c| may(*c));
        if !procedure
            && !binding.group(Group::IcdProcedure).iter().any(|(_, c)| may(*c))
            && binding.split(Group::IcdProcedure) == Split::No
        {
            return true;
        }
        draft.clear();
        self.codes_of(binding, row, draft);
        if draft.known.is_empty() {
            return true;
        }
        let Some(head) = self.line(binding, row, draft) else { return false };
        draft.row.push(head, &draft.line_text, &draft.ends, &draft.known);
        true
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

    fn line(&self, binding: &Binding, row: &Row<'_>, draft: &mut Draft) -> Option<Head> {
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
        Some(Head {
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

/// The lines of a row that was looked at last on this thread.
#[derive(Debug)]
pub struct Drafted(());

/// Hands them on, before the next row is looked at.
pub(crate) fn drafted<R>(_: Drafted, take: impl FnOnce(&Batch) -> R) -> R {
    DRAFT.with_borrow(|draft| take(&draft.row))
}

/// A line under construction, and those of its row that are finished.
#[derive(Default)]
struct Draft {
    row: Batch,
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
        // Most slots of a row are empty.
        for (slot, cell) in binding.slots(row, Group::Diagnosis).filter(|(_, cell)| !cell.is_empty()) {
            for part in split.parts(&cell) {
                // In a list cell the codes count on; otherwise the column's number is the slot.
                let slot = if split == Split::No { slot } else { next_slot };
                let start = self.line_text.len();
                if part.bytes().any(|b| b == b'.') {
                    part.split('.').for_each(|piece| self.line_text.push_str(piece));
                } else {
                    self.line_text.push_str(part);
                }
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
