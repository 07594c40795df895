//! The long way from a row to a line: every cell is cleaned, and split if the layout says so. This is the place that says what a cell
//! means.

use std::borrow::Cow;

use crate::claim::line::batch::Batch;
use crate::claim::line::encoder::Encoder;
use crate::claim::line::head::{Amounts, Head, Marks};
use crate::claim::line::parts;
use crate::claim::line::reader::{Reader, Remembered};
use crate::claim::line::values::{ONE_UNIT, RowValues};
use crate::claim::value::amount::{Cents, units, units_of_one_digit, without_measure};
use crate::claim::value::code::{CodeId, ProcedureCell, ProcedureColumn, System};
use crate::claim::value::pointer::Pointers;
use crate::claim::value::words::short_code;
use crate::claim::value::{authorization, diagnosis, id, modifier};
use crate::ingest::cell::upper;
use crate::ingest::date;
use crate::ingest::field::{Field, Group};
use crate::ingest::record::reject::Reason;
use crate::ingest::{Binding, Row};

/// What was found in the procedure cells of a row.
#[derive(Default)]
struct Procedures {
    marks: Marks,
    /// The CPT or HCPCS code of `procedure_code`.
    cpt: Option<CodeId>,
    /// Modifiers in `procedure_code`, next to its code.
    modifiers: Vec<String>,
}

impl Reader<'_> {
    /// Reads the service slot with this number. The error is the reason for rejecting the row.
    pub(super) fn read_slot(
        &self,
        (number, binding): (usize, &Binding),
        row: &Row<'_>,
        remembered: &mut Remembered,
        lines: &mut Batch,
    ) -> Result<(), Reason> {
        let mut encoder = lines.encode();
        let procedures = self.read_codes(binding, row, &mut encoder)?;
        if encoder.has_no_known_code() {
            return Ok(());
        }
        let head = self.read_cells((number, binding), row, procedures, remembered, &mut encoder)?;
        encoder.finish(head);
        Ok(())
    }

    /// Writes the procedure cells and the known codes in them.
    fn read_codes(&self, binding: &Binding, row: &Row<'_>, encoder: &mut Encoder<'_>) -> Result<Procedures, Reason> {
        let mut procedures = Procedures::default();
        let cell = upper(binding.text(row, Field::ProcedureCode));
        let is_cpt = |id: &CodeId| self.codes.get(*id).system == System::Cpt;
        // The common case: the cell is exactly one code.
        if let Some(id) = self.codes.exact(&cell, ProcedureColumn::Procedure) {
            encoder.known(id);
            encoder.procedure(&cell);
            procedures.cpt = Some(id).filter(is_cpt);
        } else {
            let found = self.codes.read(&cell, ProcedureColumn::Procedure);
            let mut of_cpt = found.codes.iter().copied().filter(is_cpt);
            procedures.cpt = of_cpt.next();
            if of_cpt.next().is_some() {
                return Err(Reason::SeveralCodes);
            }
            note(&found, &mut procedures.marks, encoder);
            let texts: Vec<&str> = found.codes.iter().map(|id| self.codes.get(*id).code.as_str()).collect();
            match texts.as_slice() {
                [] => encoder.procedure(&cell),
                texts => encoder.procedure(&texts.join(";")),
            }
            procedures.modifiers = found.modifiers.into_iter().map(Cow::into_owned).collect();
        }
        let split = binding.split(Group::IcdProcedure);
        for (_, cell) in binding.slots(row, Group::IcdProcedure) {
            for part in split.parts(&cell).filter(|p| !p.is_empty()) {
                let found = self.codes.read(part, ProcedureColumn::Icd);
                note(&found, &mut procedures.marks, encoder);
                for id in &found.codes {
                    encoder.procedure(&self.codes.get(*id).code);
                }
                if found.codes.is_empty() {
                    encoder.procedure(part);
                }
            }
        }
        Ok(procedures)
    }

    /// Writes the other cells.
    fn read_cells(
        &self,
        (number, binding): (usize, &Binding),
        row: &Row<'_>,
        procedures: Procedures,
        Remembered { labels, coded, .. }: &mut Remembered,
        encoder: &mut Encoder<'_>,
    ) -> Result<Head, Reason> {
        let text = |field| binding.text(row, field);
        let whole_claim_id = id::read(text(Field::ClaimId));
        if whole_claim_id.is_empty() {
            return Err(Reason::NoClaimId);
        }
        let (claim_id, cut_version) = id::cut_version(&whole_claim_id, self.version_len);
        let whole_original = id::read(text(Field::OriginalClaimId));
        let (original, _) = id::cut_version(&whole_original, self.version_len);
        let person = |field| id::of_person(binding.value(row, field, |cell| !id::of_person(cell.into()).is_empty()));
        let (line_number, member) = (id::read(text(Field::LineNumber)), person(Field::MemberId));
        let member_id_mangled = id::is_mangled(&member);
        let (billing, rendering) = (person(Field::BillingNpi), person(Field::RenderingNpi));
        let provider_name = text(Field::BillingProviderName);
        let (state, product) = (upper(text(Field::MemberState)), text(Field::Product));

        let coded = coded.read(self.words(), number, binding, row);
        let version_cell = upper(text(Field::VersionNumber));
        let version = if self.version_len > 0 { cut_version } else { &*version_cell };
        let has_number = |cell: &str| !authorization::normalized(cell).is_empty();
        let authorization_cell = binding.value(row, Field::AuthorizationNumber, has_number);
        let authorization = authorization::normalized(&authorization_cell);
        let date_cell = text(Field::ServiceDate);
        let date = date::service_day(&date_cell, self.dates);
        let end_cell = text(Field::ServiceEndDate);
        // Most services last one day.
        let end_date = if end_cell == date_cell { date } else { date::service_day(&end_cell, self.dates) };
        let units_cell = text(Field::Units);
        let unusual = || if without_measure(&units_cell).is_empty() { Some(ONE_UNIT) } else { units(&units_cell) };
        let read_units = units_of_one_digit(&units_cell).or_else(unusual);
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

        let values = RowValues {
            claim_id,
            line_number: &line_number,
            original,
            version: short_code(version),
            member: if member_id_mangled { "" } else { &member },
            state: &state,
            product: &product,
            billing: &billing,
            rendering: &rendering,
            authorization: &authorization,
            provider_name: &provider_name,
            bad_date: if date.is_none() { &date_cell } else { "" },
            bad_units: if read_units.is_none() { &units_cell } else { "" },
            bad_amount: &bad_amount,
            id_parts: &parts::of_glued(binding, row),
            coded,
            date,
            end_date,
            units: read_units.unwrap_or(ONE_UNIT),
            money: Amounts::new(charge, allowed, paid),
            class: labels.class(self.extract, &self.products, &product),
            cpt: procedures.cpt,
            pointers: Pointers::read(binding, row),
            marks: Marks {
                authorization_column: binding.has(Field::AuthorizationNumber),
                claim_id_mangled: id::is_mangled(&whole_claim_id),
                member_id_mangled,
                authorization_unread: authorization.is_empty() && !authorization_cell.is_empty(),
                composite: procedures.marks.composite,
                zero_lost: procedures.marks.zero_lost,
                ..Marks::default()
            },
        };
        values.write_texts(encoder);
        read_diagnoses(binding, row, encoder);
        let assistant = self.read_modifiers(binding, row, &procedures.modifiers, encoder);
        Ok(values.head(self, assistant))
    }

    /// Writes the modifiers of the columns, then those of the procedure cell. Returns whether one of them marks an assistant or
    /// a co-surgeon.
    fn read_modifiers(&self, binding: &Binding, row: &Row<'_>, of_code: &[String], encoder: &mut Encoder<'_>) -> bool {
        let split = binding.split(Group::Modifier);
        let mut is_assistant = false;
        let mut take = |modifier: &str| {
            is_assistant |= self.assistants.iter().any(|list| list.iter().any(|own| own == modifier));
            encoder.modifier(modifier);
        };
        for (_, cell) in binding.slots(row, Group::Modifier) {
            if cell.len() == 2 && split.leaves_whole(&cell) {
                take(&cell);
            } else {
                split.parts(&cell).flat_map(modifier::parts).for_each(&mut take);
            }
        }
        of_code.iter().map(String::as_str).for_each(take);
        is_assistant
    }
}

/// Records the known codes of a procedure cell, and any defects of the cell.
fn note(found: &ProcedureCell<'_>, marks: &mut Marks, encoder: &mut Encoder<'_>) {
    marks.composite |= found.composite;
    marks.zero_lost |= found.zero_lost;
    found.codes.iter().for_each(|id| encoder.known(*id));
}

/// Writes the filled diagnoses with their slots. A code takes the slot of its column, or the next free slot if a cell with
/// several codes took that one.
fn read_diagnoses(binding: &Binding, row: &Row<'_>, encoder: &mut Encoder<'_>) {
    let split = binding.split(Group::Diagnosis);
    let keeps_codes = split.keeps_codes();
    let mut next_slot = 1u8;
    for (number, column) in binding.group(Group::Diagnosis) {
        // Most slots of a row are empty.
        if !row.has_bytes(*column) {
            continue;
        }
        let mut add = |code: &str| {
            let slot = next_slot.max(*number);
            if encoder.diagnosis(slot, code) {
                next_slot = slot.saturating_add(1);
            }
        };
        if let Some(code) = row.code(*column, &binding.null).filter(|_| keeps_codes) {
            add(code);
        } else {
            let cell = upper(row.text(*column, &binding.null));
            split.parts(&cell).for_each(|part| diagnosis::each(part, &binding.null, &mut add));
        }
    }
}
