//! The short way from a row to a line.
//!
//! Nearly every row has cells of which nothing is cleaned, cut or split. Each is then found, tested and written once. If a cell is
//! not of this kind, the row is read the long way, by [`cells`](mod@crate::claim::line::cells).

use crate::claim::line::batch::Batch;
use crate::claim::line::columns::PlainColumns;
use crate::claim::line::encoder::Encoder;
use crate::claim::line::head::{Amounts, Marks};
use crate::claim::line::reader::{Reader, Remembered};
use crate::claim::line::values::{ONE_UNIT, RowValues};
use crate::claim::value::amount::{Cents, OptionalCents, units, units_of_one_digit};
use crate::claim::value::code::{ProcedureColumn, System};
use crate::claim::value::pointer::Pointers;
use crate::claim::value::words::short_code;
use crate::claim::value::{authorization, id};
use crate::ingest::date;
use crate::ingest::eight_bytes::has_lowercase_or_foreign;
use crate::ingest::field::Field;
use crate::ingest::record::plain_cell::PlainCell;
use crate::ingest::{Binding, Row};

/// The cells of the fields of a row. Each is `None` if it may have to be cleaned. Fields that the extract does not have are empty.
///
/// What is done with a cell is a function of its own, not copied to each place where a cell is read: together these would not fit in
/// the part of a processor that holds its instructions.
#[derive(Clone, Copy)]
struct FieldCells<'r> {
    columns: &'r PlainColumns,
    row: &'r Row<'r>,
}

impl<'r> FieldCells<'r> {
    #[inline(always)]
    fn cell(&self, field: Field) -> Option<PlainCell<'r>> {
        self.row.clean_cell(usize::from(self.columns.fields[field as usize]), &[])
    }

    #[inline(never)]
    fn text(&self, field: Field) -> Option<&'r str> {
        Some(self.cell(field)?.text())
    }

    /// An id. `None` also if something may have to be removed from it, or a spreadsheet may have mangled it.
    #[inline(never)]
    fn id(&self, field: Field) -> Option<&'r str> {
        let cell = self.cell(field)?;
        if id::is_plain(cell) { Some(cell.text()) } else { None }
    }

    /// The id of a member or provider.
    #[inline(never)]
    fn person(&self, field: Field) -> Option<&'r str> {
        let cell = self.cell(field)?;
        if !id::is_plain(cell) {
            return None;
        }
        Some(if id::is_placeholder(cell.text()) { "" } else { cell.text() })
    }

    /// A text that is kept in capitals. `None` also if it is not written in them.
    #[inline(never)]
    fn capitals(&self, field: Field) -> Option<&'r str> {
        let cell = self.cell(field)?;
        if cell.any_word(has_lowercase_or_foreign) { None } else { Some(cell.text()) }
    }

    /// A cell that is an authorization number at a glance.
    #[inline(never)]
    fn authorization(&self) -> Option<&'r str> {
        let cell = self.cell(Field::AuthorizationNumber)?;
        if authorization::is_one(cell) { Some(cell.text()) } else { None }
    }

    /// An amount. `None` also if it cannot be read.
    #[inline(never)]
    fn amount(&self, field: Field) -> Option<OptionalCents> {
        let text = self.text(field)?;
        if text.is_empty() { Some(None.into()) } else { Cents::parse(text).map(|amount| Some(amount).into()) }
    }
}

impl Reader<'_> {
    /// Adds the line of a row. `None`, and no line, if the row is to be read the long way.
    #[inline]
    pub(super) fn read_plain(
        &self,
        binding: &Binding,
        row: &Row<'_>,
        remembered: &mut Remembered,
        lines: &mut Batch,
    ) -> Option<()> {
        let Remembered { labels, coded, plain } = remembered;
        let columns = plain.columns(self.extract, || PlainColumns::of(binding).filter(|_| self.version_len == 0))?;
        let procedure = row.clean(usize::from(columns.procedure), &[])?;
        let code = self.codes.exact(procedure, ProcedureColumn::Procedure)?;
        if columns.others.iter().any(|column| row.has_bytes(usize::from(*column))) {
            return None;
        }
        let cells = FieldCells { columns, row };
        let claim_id = cells.id(Field::ClaimId)?;
        if claim_id.is_empty() {
            return None;
        }
        let (authorization_cell, other_numbers);
        let authorization = if let Some(number) = cells.authorization() {
            authorization_cell = number;
            number
        } else {
            authorization_cell = cells.text(Field::AuthorizationNumber)?;
            other_numbers = authorization::normalized(authorization_cell);
            &*other_numbers
        };
        let (date_cell, end_cell) = (cells.text(Field::ServiceDate)?, cells.text(Field::ServiceEndDate)?);
        let date = date::service_day(date_cell, self.dates);
        let units_cell = cells.text(Field::Units)?;
        let product = cells.text(Field::Product)?;
        let values = RowValues {
            claim_id,
            line_number: cells.id(Field::LineNumber)?,
            original: cells.id(Field::OriginalClaimId)?,
            version: short_code(cells.capitals(Field::VersionNumber)?),
            member: cells.person(Field::MemberId)?,
            state: cells.capitals(Field::MemberState)?,
            product,
            billing: cells.person(Field::BillingNpi)?,
            rendering: cells.person(Field::RenderingNpi)?,
            authorization,
            provider_name: cells.text(Field::BillingProviderName)?,
            bad_date: if date.is_none() { date_cell } else { "" },
            bad_units: "",
            bad_amount: "",
            id_parts: "",
            coded: coded.read(self.words(), 0, binding, row),
            date,
            end_date: if end_cell == date_cell { date } else { date::service_day(end_cell, self.dates) },
            units: if units_cell.is_empty() {
                ONE_UNIT
            } else {
                units_of_one_digit(units_cell).or_else(|| units(units_cell))?
            },
            money: Amounts::of([
                cells.amount(Field::ChargeAmount)?,
                cells.amount(Field::AllowedAmount)?,
                cells.amount(Field::PaidAmount)?,
            ]),
            class: labels.class(self.extract, &self.products, product),
            cpt: Some(code).filter(|code| self.codes.get(*code).system == System::Cpt),
            pointers: Pointers::of_letters_and_digits(cells.text(Field::DiagnosisPointer)?)?,
            marks: Marks {
                authorization_column: binding.has(Field::AuthorizationNumber),
                authorization_unread: authorization.is_empty() && !authorization_cell.is_empty(),
                ..Marks::default()
            },
        };
        let mut encoder = lines.encode();
        encoder.known(code);
        encoder.procedure(procedure);
        values.write_texts(&mut encoder);
        write_diagnoses(columns, row, &mut encoder)?;
        let assistant = self.write_modifiers(columns, row, &mut encoder)?;
        encoder.finish(values.head(self, assistant));
        plain.hit();
        Some(())
    }

    /// Writes the modifiers. Returns whether one of them marks an assistant or a co-surgeon.
    #[inline(always)]
    fn write_modifiers(&self, columns: &PlainColumns, row: &Row<'_>, encoder: &mut Encoder<'_>) -> Option<bool> {
        let mut is_assistant = false;
        for column in columns.modifiers.iter().map(|column| usize::from(*column)).filter(|c| row.has_bytes(*c)) {
            let modifier = row.code(column, &[]).filter(|modifier| modifier.len() == 2)?;
            is_assistant |= self.assistants.iter().any(|list| list.iter().any(|own| own == modifier));
            encoder.modifier(modifier);
        }
        Some(is_assistant)
    }
}

/// Writes the diagnoses with their slots.
#[inline(always)]
fn write_diagnoses(columns: &PlainColumns, row: &Row<'_>, encoder: &mut Encoder<'_>) -> Option<()> {
    let mut next_slot = 1u8;
    for (number, column) in &columns.diagnoses {
        let column = usize::from(*column);
        // Most slots of a row are empty.
        if !row.has_bytes(column) {
            continue;
        }
        let slot = next_slot.max(*number);
        next_slot = slot.saturating_add(1);
        if let Some(code) = row.code(column, &[]) {
            encoder.code(slot, code);
        } else {
            // Letters, digits and dots are one code, whatever they say.
            let is_code = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.';
            let code = row.clean(column, &[]).filter(|cell| cell.bytes().all(is_code))?;
            encoder.diagnosis(slot, code);
        }
    }
    Some(())
}
