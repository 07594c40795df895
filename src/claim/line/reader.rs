//! From a row to a line: the one place where cells are read as what they mean.

use rust_decimal::Decimal;

use crate::claim::line::batch::{Batch, Encoder, Shape};
use crate::claim::line::head::{AmountsPer, Head, Marks, Version};
use crate::claim::line::kept::{Text, Texts};
use crate::claim::value::amount::{Cents, units};
use crate::claim::value::code::{CodeId, CodeTable, Found, System};
use crate::claim::value::date;
use crate::claim::value::pointer::Pointers;
use crate::claim::value::product::ProductTable;
use crate::claim::value::setting::{BillType, ClaimForm, SettingTable};
use crate::claim::value::status::RowStatus;
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
    /// Could the row hold a known code? The answer costs a few bytes of each cell; it is never a false "no".
    pub fn may_hold_code(&self, binding: &Binding, row: &Row<'_>) -> bool {
        binding.each().any(|slot| self.slot_may_hold_code(slot, row))
    }

    fn slot_may_hold_code(&self, slot: &Binding, row: &Row<'_>) -> bool {
        let may = |c: usize| self.codes.may_hold(&row.cell(c));
        slot.split(Group::IcdProcedure) != Split::No
            || slot.columns(Field::ProcedureCode).iter().any(|c| may(*c))
            || slot.group(Group::IcdProcedure).iter().any(|(_, c)| may(*c))
    }

    /// Adds a line for each service slot of the row that holds a known code. The row is out of scope if none does. When the
    /// row is rejected, lines may already have been added: the caller drops them.
    pub fn look(&self, binding: &Binding, row: &Row<'_>, lines: &mut Batch) -> RowAction<()> {
        let before = lines.len();
        for slot in binding.each() {
            // The claim number is the row's: what one slot lacks all lack.
            if self.slot_may_hold_code(slot, row) && !self.read_slot(slot, row, lines) {
                return RowAction::Reject(Reason::NoClaimId);
            }
        }
        if lines.len() == before { RowAction::Ignore } else { RowAction::Keep(()) }
    }

    /// Reads one service slot. False: it lacks its claim number.
    fn read_slot(&self, binding: &Binding, row: &Row<'_>, lines: &mut Batch) -> bool {
        let mut encoder = lines.encode();
        let (marks, cpt) = self.read_codes(binding, row, &mut encoder);
        if encoder.has_no_known_code() {
            return true;
        }
        let Some(head) = self.read_cells(binding, row, marks, cpt, &mut encoder) else { return false };
        encoder.finish(head);
        true
    }

    /// Writes the procedure cells and the known codes in them.
    fn read_codes(&self, binding: &Binding, row: &Row<'_>, encoder: &mut Encoder<'_>) -> (Marks, Option<CodeId>) {
        let mut marks = Marks::default();
        let mut note = |found: &Found, encoder: &mut Encoder<'_>| {
            marks.composite |= found.composite;
            marks.zero_lost |= found.zero_lost;
            encoder.known(found.id);
        };
        let cell = upper(binding.text(row, Field::ProcedureCode));
        let found = self.codes.find(&cell, true);
        if let Some(found) = &found {
            note(found, encoder);
        }
        let cpt = found.map(|found| found.id).filter(|id| self.codes.get(*id).system == System::Cpt);
        encoder.procedure(found.map_or(&cell, |f| &self.codes.get(f.id).code));
        let split = binding.split(Group::IcdProcedure);
        for (_, cell) in binding.slots(row, Group::IcdProcedure) {
            for part in split.parts(&cell).filter(|p| !p.is_empty()) {
                let found = self.codes.find(part, false);
                if let Some(found) = &found {
                    note(found, encoder);
                }
                encoder.procedure(found.map_or(part, |f| &self.codes.get(f.id).code));
            }
        }
        (marks, cpt)
    }

    /// Writes the other cells. None: the row lacks its claim number.
    fn read_cells(
        &self,
        binding: &Binding,
        row: &Row<'_>,
        marks: Marks,
        cpt: Option<CodeId>,
        encoder: &mut Encoder<'_>,
    ) -> Option<Head> {
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
        let (line_number, original) = (text(Field::LineNumber), text(Field::OriginalClaimId));
        let (member, state) = (text(Field::MemberId), upper(text(Field::MemberState)));
        let (billing, rendering) = (text(Field::BillingNpi), text(Field::RenderingNpi));
        let mut texts = Texts::new();
        texts.set(Text::ClaimId, &claim_id);
        texts.set(Text::LineNumber, &line_number);
        texts.set(Text::Frequency, frequency);
        texts.set(Text::OriginalClaimId, &original);
        texts.set(Text::MemberId, &member);
        texts.set(Text::MemberState, &state);
        texts.set(Text::Product, &product);
        texts.set(Text::BillingNpi, &billing);
        texts.set(Text::RenderingNpi, &rendering);
        texts.set(Text::PlaceOfService, &place);
        texts.set(Text::BillType, &bill_type);
        texts.set(Text::Authorization, authorization);
        texts.set(Text::BadDate, if date.is_none() { &date_text } else { "" });
        texts.set(Text::BadUnits, if read_units.is_none() { &units_text } else { "" });
        texts.set(Text::BadAmount, &bad_amount);
        encoder.texts(&texts);
        read_diagnoses(binding, row, encoder);
        let split = binding.split(Group::Modifier);
        for (_, cell) in binding.slots(row, Group::Modifier) {
            split.parts(&cell).filter(|p| !p.is_empty()).for_each(|part| encoder.modifier(part));
        }
        Some(Head {
            extract: self.extract,
            row: 0,
            date,
            end_date: None,
            class: self.products.class(&product),
            setting: self.settings.setting(&bill_type, &place),
            form: ClaimForm::of(&text(Field::ClaimForm), &bill_type, &place),
            facility: parsed_bill.map(|b| b.facility),
            version: match frequency {
                "7" => Version::Replacement,
                "8" => Version::Void,
                _ => Version::Original,
            },
            status: RowStatus::None,
            amounts: AmountsPer::Unsaid,
            units: read_units.unwrap_or(Decimal::ONE),
            charge,
            allowed,
            paid,
            marks: Marks { authorization_column: binding.has(Field::AuthorizationNumber), ..marks },
            cpt,
            pointers: Pointers::read(binding, row),
            shape: Shape::default(),
        })
    }
}

/// Writes the filled diagnoses with their slots.
fn read_diagnoses(binding: &Binding, row: &Row<'_>, encoder: &mut Encoder<'_>) {
    let split = binding.split(Group::Diagnosis);
    let mut next_slot = 1u8;
    // Most slots of a row are empty.
    for (slot, cell) in binding.slots(row, Group::Diagnosis).filter(|(_, cell)| !cell.is_empty()) {
        for part in split.parts(&cell) {
            // In a list cell the codes count on; otherwise the column's number is the slot.
            let slot = if split == Split::No { slot } else { next_slot };
            if encoder.diagnosis(slot, part) {
                next_slot = slot.saturating_add(1);
            }
        }
    }
}

/// Empty, a filler word, all zeros or all nines: no authorization.
pub fn is_filler(text: &str, fillers: &[String]) -> bool {
    let same = |digit: u8| text.bytes().all(|b| b == digit);
    text.is_empty() || same(b'0') || same(b'9') || fillers.iter().any(|f| f.eq_ignore_ascii_case(text))
}
