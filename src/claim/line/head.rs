//! The fixed part of a line: the cells that were read as values.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::line::kept::Text;
use crate::claim::value::amount::{Cents, OptionalCents};
use crate::claim::value::code::CodeId;
use crate::claim::value::pointer::Pointers;
use crate::claim::value::product::ClassId;
use crate::claim::value::setting::{ClaimForm, Setting};
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Flags set while a row was read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(into = "u32", from = "u32")]
        pub struct Marks {
            $($(#[$doc])* pub $name: bool,)*
        }

        /// One bit for each flag; the first flag is the lowest bit.
        impl From<Marks> for u32 {
            #[inline]
            fn from(marks: Marks) -> Self {
                [$(marks.$name),*].into_iter().rev().fold(0, |bits, is| bits << 1 | Self::from(is))
            }
        }

        impl From<u32> for Marks {
            fn from(mut bits: u32) -> Self {
                let mut next = || {
                    let is = bits & 1 == 1;
                    bits >>= 1;
                    is
                };
                // The fields of a literal are evaluated in the order in which they are written.
                Self { $($name: next(),)* }
            }
        }
    };
}

marks! {
    /// A procedure cell held more than a code (DQ506).
    composite,
    /// A PCS code had lost its leading zero (DQ507).
    zero_lost,
    /// The extract has an authorization column.
    authorization_column,
    /// The units have a minus sign; they are kept without it.
    negative_units,
    /// The claim number was mangled by a spreadsheet, so it never equals another (DQ513).
    claim_id_mangled,
    /// The member number was mangled by a spreadsheet and counts as empty (DQ513).
    member_id_mangled,
    /// The payer is not the member's primary payer.
    not_primary,
    /// The service is covered by a capitation.
    capitated,
    /// The admission was an emergency.
    emergency,
    /// The row is the total of its claim (revenue code 0001).
    total_line,
    /// A modifier says that the row is an assistant's or a co-surgeon's.
    assistant,
    /// The claim form column states the form. Otherwise the form is inferred from bill type and place of service.
    form_said,
    /// The product label is filled, and no table knows it.
    product_unread,
    /// The line status is filled, and no table knows it.
    line_status_unread,
    /// The claim status is filled, and no table knows it.
    claim_status_unread,
    /// The claim form word is filled, and no table knows it.
    form_unread,
    /// The payer sequence is filled, and no table knows it.
    payer_unread,
    /// The authorization cell is filled, and holds no number.
    authorization_unread,
}

impl Marks {
    /// Is a filled cell of the row a label that no table knows?
    pub(crate) fn has_unread_label(self) -> bool {
        self.product_unread
            || self.line_status_unread
            || self.claim_status_unread
            || self.form_unread
            || self.payer_unread
    }
}

/// The flags of a line in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackedMarks(u32);

impl From<Marks> for PackedMarks {
    fn from(marks: Marks) -> Self {
        Self(marks.into())
    }
}

impl PackedMarks {
    /// These flags and others.
    #[inline]
    pub(crate) fn with(self, others: Marks) -> Self {
        Self(self.0 | u32::from(others))
    }

    /// The flags as bits.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// The flags that these bits stand for.
    pub(crate) fn of_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// The amounts of a row, each in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amounts {
    charge: OptionalCents,
    allowed: OptionalCents,
    paid: OptionalCents,
}

impl Amounts {
    /// These amounts.
    pub(crate) fn new(charge: Option<Cents>, allowed: Option<Cents>, paid: Option<Cents>) -> Self {
        Self { charge: charge.into(), allowed: allowed.into(), paid: paid.into() }
    }

    /// Charge, allowed and paid.
    pub(crate) fn of([charge, allowed, paid]: [OptionalCents; 3]) -> Self {
        Self { charge, allowed, paid }
    }

    /// The same three.
    pub(crate) fn all(self) -> [OptionalCents; 3] {
        [self.charge, self.allowed, self.paid]
    }
}

/// What the amounts on the rows of a stay refer to, according to the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AmountsPer {
    /// The layout does not say.
    #[default]
    Unsaid,
    /// Each row has its own amounts.
    Line,
    /// Each row repeats the amounts of its claim.
    Claim,
}

/// The values of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Number of the extract in the run.
    pub extract: u32,
    /// Line of the file on which the row starts.
    pub row: u64,
    /// Service date, if it can be read.
    pub date: Option<Date>,
    /// Last day of service, if it can be read.
    pub end_date: Option<Date>,
    /// Product class of the label.
    pub class: ClassId,
    /// Setting of the service.
    pub setting: Setting,
    /// Claim form.
    pub form: ClaimForm,
    /// Facility part of a well-formed bill type.
    pub facility: Option<[u8; 2]>,
    /// Original, replacement or void.
    pub version: Version,
    /// What the payer did with the row.
    pub status: RowStatus,
    /// What the amounts refer to.
    pub amounts: AmountsPer,
    /// Units without sign. One if the cell is empty or unreadable.
    pub units: Decimal,
    /// Charge, allowed and paid.
    pub(crate) money: Amounts,
    /// Flags set while the row was read.
    pub(crate) packed_marks: PackedMarks,
    /// The CPT or HCPCS code of the procedure column, if known.
    pub cpt: Option<CodeId>,
    /// The diagnosis slots that the line points to.
    pub(crate) pointers: Pointers,
    pub(crate) shape: LineShape,
}

impl Head {
    /// A head of zeros.
    #[cfg(test)]
    pub(crate) fn zero() -> Self {
        Self {
            extract: 0,
            row: 0,
            date: None,
            end_date: None,
            class: ClassId(0),
            setting: Setting::Inpatient,
            form: ClaimForm::Professional,
            facility: None,
            version: Version::Original,
            status: RowStatus::None,
            amounts: AmountsPer::Unsaid,
            units: Decimal::ZERO,
            money: Amounts::new(None, None, None),
            packed_marks: PackedMarks(0),
            cpt: None,
            pointers: Pointers::default(),
            shape: LineShape::default(),
        }
    }

    /// Flags set while the row was read.
    pub fn marks(&self) -> Marks {
        self.packed_marks.0.into()
    }

    /// Changes the flags.
    pub(crate) fn change_marks(&mut self, change: impl FnOnce(&mut Marks)) {
        let mut marks = self.marks();
        change(&mut marks);
        self.packed_marks = marks.into();
    }

    /// Does the row fill this text? Unlike the text itself, that is known without looking at the cells.
    pub(crate) fn states(&self, text: Text) -> bool {
        self.shape.texts & text.bit() != 0
    }

    /// Charge, if it can be read.
    pub fn charge(&self) -> Option<Cents> {
        self.money.charge.get()
    }

    /// Allowed, if it can be read.
    pub fn allowed(&self) -> Option<Cents> {
        self.money.allowed.get()
    }

    /// Paid, if it can be read.
    pub fn paid(&self) -> Option<Cents> {
        self.money.paid.get()
    }
}

/// The number of cells of each kind in a line, counted by the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LineShape {
    pub(crate) procedures: u32,
    /// One bit for each kept text that is not empty, and [`WIDE`].
    pub(crate) texts: u32,
    pub(crate) diagnoses: u32,
}

/// The bit of [`LineShape::texts`] that says that the ends of the cells take 32 bits each.
const WIDE: u32 = 1 << 31;

impl LineShape {
    /// Do the ends of the cells take 32 bits each?
    #[inline]
    pub(crate) fn is_wide(self) -> bool {
        self.texts & WIDE != 0
    }

    /// The same shape of a line of which they do.
    pub(crate) fn widened(self) -> Self {
        Self { texts: self.texts | WIDE, ..self }
    }

    /// Number of kept texts that are not empty.
    fn text_count(self) -> u32 {
        (self.texts & !WIDE).count_ones()
    }

    /// Are all kept texts so far before this one?
    pub(crate) fn ends_before(self, text: Text) -> bool {
        self.texts & !WIDE < text.bit()
    }

    /// Does it have bits that mean nothing?
    pub(crate) fn has_unknown_bits(self) -> bool {
        (self.texts & !WIDE) >> Text::ALL.len() != 0
    }

    /// Index in `ends` of the first diagnosis.
    pub(crate) fn first_diagnosis(self) -> usize {
        self.procedures as usize + self.text_count() as usize
    }

    /// Index in `ends` of the first modifier.
    pub(crate) fn first_modifier(self) -> usize {
        self.first_diagnosis() + 2 * self.diagnoses as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_keep_their_names() {
        let marks = Marks { zero_lost: true, payer_unread: true, ..Marks::default() };
        assert_eq!(Marks::from(u32::from(marks)), marks);
        assert_eq!(u32::from(marks), 1 << 1 | 1 << 16);
    }
}
