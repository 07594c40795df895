//! What was read of a row, before it is written as a line.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::claim::line::coded::CodedCells;
use crate::claim::line::encoder::Encoder;
use crate::claim::line::head::{Amounts, Head, LineShape, Marks};
use crate::claim::line::kept::Text;
use crate::claim::line::reader::Reader;
use crate::claim::value::amount::Units;
use crate::claim::value::code::CodeId;
use crate::claim::value::pointer::Pointers;
use crate::claim::value::product::ClassId;

/// The texts that a line keeps of a row, and the values of its cells, but for procedures, diagnoses and modifiers.
pub(super) struct RowValues<'c> {
    pub(super) claim_id: &'c str,
    pub(super) line_number: &'c str,
    pub(super) original: &'c str,
    pub(super) version: &'c str,
    pub(super) member: &'c str,
    pub(super) state: &'c str,
    pub(super) product: &'c str,
    pub(super) billing: &'c str,
    pub(super) rendering: &'c str,
    pub(super) authorization: &'c str,
    pub(super) provider_name: &'c str,
    /// The cell of a date that cannot be read; the same of units, and of the first amount.
    pub(super) bad_date: &'c str,
    pub(super) bad_units: &'c str,
    pub(super) bad_amount: &'c str,
    pub(super) id_parts: &'c str,
    pub(super) coded: &'c CodedCells,
    pub(super) date: Option<Date>,
    pub(super) end_date: Option<Date>,
    pub(super) units: Units,
    pub(super) money: Amounts,
    /// The class of the product label, if a table knows it.
    pub(super) class: Option<ClassId>,
    pub(super) cpt: Option<CodeId>,
    pub(super) pointers: Pointers,
    /// The flags that neither the coded cells, units, label nor modifiers decide.
    pub(super) marks: Marks,
}

/// The units of a row whose cell is empty or unreadable.
pub(super) const ONE_UNIT: Units = Units { count: Decimal::ONE, is_negative: false };

impl RowValues<'_> {
    /// Writes the texts.
    #[inline(always)]
    pub(super) fn write_texts(&self, encoder: &mut Encoder<'_>) {
        let [form, frequency, claim_status, line_status, payer, capitated, place, bill_type, admission, revenue] =
            &self.coded.texts;
        encoder.text(Text::ClaimId, self.claim_id);
        encoder.text(Text::LineNumber, self.line_number);
        encoder.text(Text::ClaimForm, form);
        encoder.text(Text::Frequency, frequency);
        encoder.text(Text::OriginalClaimId, self.original);
        encoder.text(Text::VersionNumber, self.version);
        encoder.text(Text::ClaimStatus, claim_status);
        encoder.text(Text::LineStatus, line_status);
        encoder.text(Text::MemberId, self.member);
        encoder.text(Text::MemberState, self.state);
        encoder.text(Text::Product, self.product);
        encoder.text(Text::PayerSequence, payer);
        encoder.text(Text::Capitated, capitated);
        encoder.text(Text::BillingNpi, self.billing);
        encoder.text(Text::RenderingNpi, self.rendering);
        encoder.text(Text::PlaceOfService, place);
        encoder.text(Text::BillType, bill_type);
        encoder.text(Text::AdmissionType, admission);
        encoder.text(Text::RevenueCode, revenue);
        encoder.text(Text::Authorization, self.authorization);
        encoder.text(Text::BadDate, self.bad_date);
        encoder.text(Text::BadUnits, self.bad_units);
        encoder.text(Text::BadAmount, self.bad_amount);
        encoder.text(Text::BillingProviderName, self.provider_name);
        encoder.text(Text::IdParts, self.id_parts);
    }

    /// The values. `assistant` says that a modifier marks an assistant or a co-surgeon.
    #[inline(always)]
    pub(super) fn head(&self, reader: &Reader<'_>, assistant: bool) -> Head {
        let meaning = &self.coded.meaning;
        Head {
            extract: reader.extract,
            row: 0,
            date: self.date,
            end_date: self.end_date,
            class: self.class.unwrap_or(reader.products.fallback()),
            setting: meaning.setting,
            form: meaning.form,
            facility: meaning.facility,
            version: meaning.version,
            status: meaning.status,
            amounts: reader.amounts,
            units: self.units.count,
            money: self.money,
            packed_marks: meaning.marks.with(Marks {
                negative_units: self.units.is_negative,
                assistant,
                product_unread: self.class.is_none() && !self.product.is_empty(),
                ..self.marks
            }),
            cpt: self.cpt,
            pointers: self.pointers,
            shape: LineShape::default(),
        }
    }
}
