//! The fixed part of a line: the cells that were read as values.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::value::amount::Cents;
use crate::claim::value::code::CodeId;
use crate::claim::value::pointer::Pointers;
use crate::claim::value::product::ClassId;
use crate::claim::value::setting::{ClaimForm, Setting};
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;

/// Flags set while a row was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Marks {
    /// A procedure cell held more than a code (DQ506).
    pub composite: bool,
    /// A PCS code had lost its leading zero (DQ507).
    pub zero_lost: bool,
    /// The extract has an authorization column.
    pub authorization_column: bool,
    /// The units have a minus sign; they are kept without it.
    pub negative_units: bool,
    /// The claim number was mangled by a spreadsheet, so it never equals another (DQ513).
    pub claim_id_mangled: bool,
    /// The member number was mangled by a spreadsheet and counts as empty (DQ513).
    pub member_id_mangled: bool,
    /// The payer is not the member's primary payer.
    pub not_primary: bool,
    /// The service is covered by a capitation.
    pub capitated: bool,
    /// The admission was an emergency.
    pub emergency: bool,
    /// The row is the total of its claim (revenue code 0001).
    pub total_line: bool,
    /// A modifier says that the row is an assistant's or a co-surgeon's.
    pub assistant: bool,
    /// The claim form column states the form. Otherwise the form is inferred from bill type and place of service.
    pub form_said: bool,
    /// The product label is filled, and no table knows it.
    pub product_unread: bool,
    /// The line status is filled, and no table knows it.
    pub line_status_unread: bool,
    /// The claim status is filled, and no table knows it.
    pub claim_status_unread: bool,
    /// The claim form word is filled, and no table knows it.
    pub form_unread: bool,
    /// The payer sequence is filled, and no table knows it.
    pub payer_unread: bool,
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
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// Charge, if it can be read.
    pub charge: Option<Cents>,
    /// Allowed, if it can be read.
    pub allowed: Option<Cents>,
    /// Paid, if it can be read.
    pub paid: Option<Cents>,
    /// Flags set while the row was read.
    pub marks: Marks,
    /// The CPT or HCPCS code of the procedure column, if known.
    pub cpt: Option<CodeId>,
    /// The diagnosis slots that the line points to.
    pub(crate) pointers: Pointers,
    pub(crate) shape: LineShape,
}

/// The number of cells of each kind in a line, counted by the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct LineShape {
    pub(crate) procedures: u32,
    /// One bit for each kept text that is not empty.
    pub(crate) texts: u32,
    pub(crate) diagnoses: u8,
}

impl LineShape {
    /// Index in `ends` of the first diagnosis.
    pub(crate) fn first_diagnosis(self) -> usize {
        self.procedures as usize + self.texts.count_ones() as usize
    }

    /// Index in `ends` of the first modifier.
    pub(crate) fn first_modifier(self) -> usize {
        self.first_diagnosis() + 2 * usize::from(self.diagnoses)
    }
}
