//! What the index knows about a row beyond its own cells: its bin, its service, and everything that affects the service.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::line::Line;
use crate::claim::value::amount::Cents;
use crate::claim::value::code::{CodeId, CodeTable};
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::setting::SettingTable;

/// The bin of the ledger that a line falls in. Each line is in exactly one; earlier variants take precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    /// Taken back by the payer, or takes something back.
    Reversed,
    /// Equal to an earlier line that was not reversed.
    Duplicate,
    /// Denied by the payer: nothing was paid.
    PayerDenied,
    /// Belongs to a voided, replaced or older version of a claim, or is itself a void.
    Superseded,
    /// Holds a listed code.
    InScope,
    /// Holds only codes that companion rules need.
    Related,
}

impl Bin {
    /// Is the line live? Only live lines make services and belong to encounters and sessions.
    pub fn is_live(self) -> bool {
        matches!(self, Self::InScope | Self::Related)
    }
}

/// The kind of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A service line with a listed CPT code.
    Line(CodeId),
    /// A claim with listed ICD-10-PCS codes. Holds the number of its stay in the line set.
    Stay(usize),
}

/// A row of the run, identified by its extract and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowRef {
    /// Number of the extract in the run.
    pub extract: u32,
    /// Line of the file on which the row starts.
    pub row: u64,
}

/// What the rules of a run ask about the other services and lines of a member. What nobody asks is not looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AskedOfMember {
    /// Nothing.
    #[default]
    Nothing,
    /// For services without an authorization number: whether another service of the session carries one.
    Numbers,
    /// Encounters, running units, and everything that a session shows.
    Everything,
}

/// Identifies a service: the number of its line in the run, and whether it is the stay that starts on the line.
pub(crate) type ServiceKey = (u32, bool);

/// The parts of the policy that the index needs.
#[derive(Debug, Clone, Copy)]
pub struct PolicyLists<'a> {
    /// The known codes.
    pub codes: &'a CodeTable,
    /// Settings.
    pub settings: &'a SettingTable,
}

/// The listed CPT code of a line in scope.
pub(crate) fn cpt_service(bin: Bin, line: Line<'_>, codes: &CodeTable) -> Option<CodeId> {
    line.cpt.filter(|id| bin == Bin::InScope && codes.get(*id).listed)
}

/// The first and last day of a line or stay. The end counts if it can be read and is not earlier.
pub(crate) fn days(line: Line<'_>, is_stay: bool) -> Option<(Date, Date)> {
    let first = line.date?;
    Some((first, line.end_date.filter(|last| is_stay && *last >= first).unwrap_or(first)))
}

/// Most days between two services of one session.
pub(crate) const DAYS_OF_SESSION: i32 = 1;

/// Days since 2000-01-01.
pub(crate) fn day_number(date: Date) -> i32 {
    (date.duration_since(jiff::civil::date(2000, 1, 1)).as_hours() / 24) as i32
}

/// A service to be judged.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its line; for a stay, the first line that holds a listed code.
    pub line: usize,
    /// A CPT line or a stay.
    pub kind: Kind,
    /// Its claim, identified by the number of the claim's first line in the run.
    pub claim: u32,
    /// Known rows with its claim number name two or more members (DQ511).
    pub claim_shared: bool,
    /// Its first and last day, if its date can be read.
    pub days: Option<(Date, Date)>,
    /// Its encounter.
    pub encounter: Encounter,
    /// Running units of this code in its encounter, including this line, without those of assistants and co-surgeons. One for
    /// a stay.
    pub units_so_far: Decimal,
    /// What other claims of its session show. `None` if they show nothing, as nearly always.
    pub(crate) shown: Option<Box<SessionFacts>>,
    /// Its money.
    pub money: ServiceMoney,
    /// The units of its line; one for a stay.
    pub(crate) units: Decimal,
    /// Running units of all services with the same authorization number, with the position of the number on the claim. Only
    /// numbers whose units exceed those of the service itself are included.
    pub(crate) units_on_numbers: Vec<(u16, Decimal)>,
}

impl Service {
    /// What other claims of its session show.
    pub fn session(&self) -> SessionFacts {
        self.shown.as_deref().copied().unwrap_or_default()
    }

    /// Units of all services on one of its authorization numbers, by the place of the number on the claim, on the same claim
    /// form and up to and including this one.
    pub fn units_on_numbers(&self, place: usize) -> Decimal {
        let more = self.units_on_numbers.iter().find(|(number, _)| usize::from(*number) == place);
        more.map_or(self.units, |(_, units)| *units)
    }
}

/// The money of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServiceMoney {
    /// The amounts of its line.
    #[default]
    OfLine,
    /// No money: the stay of the same claim has the amounts of its line.
    InStay,
    /// The money of a stay's claim, with the basis in the words of the outputs. `None` if no amount can be read.
    OfStay(Option<(Cents, &'static str)>),
}

/// What the services of other claims in the same session show about a service. Each row is one of those that show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionFacts {
    /// For a professional service with a determined setting: an institutional service, if all of these have the other setting.
    pub other_setting: Option<RowRef>,
    /// For a professional service in an office: an institutional service, or a service in an ambulatory surgical center with
    /// another billing provider.
    pub facility: Option<RowRef>,
    /// For a stay: an earlier stay that shares a day and a listed code.
    pub same_stay: Option<RowRef>,
    /// One of these two stays is an interim bill according to its frequency.
    pub interim: bool,
    /// For a CPT service: an earlier service with the same code, date and side, if neither is an assistant's.
    pub same_service: Option<RowRef>,
    /// For an institutional outpatient CPT service: a stay on the same day, or one that begins at most three days later.
    pub stay_nearby: Option<RowRef>,
    /// A service of the session carries an authorization number.
    pub carries_number: bool,
    /// Codes of CPT services of the same member and date in other encounters, without those of assistants and co-surgeons.
    pub codes_elsewhere: CodeSet,
}

/// The words for the basis of a stay's money: one row, a total row, equal rows, or the sum of all rows.
pub(crate) const BASES: [[&str; 4]; 3] = [
    ["paid", "paid-total", "paid-claim", "paid-sum"],
    ["allowed", "allowed-total", "allowed-claim", "allowed-sum"],
    ["charge", "charge-total", "charge-claim", "charge-sum"],
];

/// Writes the money of a stay with the number of its basis, because words that live as long as the program cannot be read back.
mod money_by_number {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{BASES, Cents};

    #[allow(clippy::ref_option, reason = "serde hands over the field")]
    pub(super) fn serialize<S: Serializer>(money: &Option<(Cents, &str)>, to: S) -> Result<S::Ok, S::Error> {
        let number = |basis: &str| BASES.iter().flatten().position(|word| *word == basis).unwrap_or_default() as u8;
        money.map(|(amount, basis)| (amount, number(basis))).serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<(Cents, &'static str)>, D::Error> {
        let money = Option::<(Cents, u8)>::deserialize(from)?;
        let basis = |number: u8| BASES.iter().flatten().nth(usize::from(number)).copied();
        let unknown = || serde::de::Error::custom("no such basis");
        money.map(|(amount, number)| Ok((amount, basis(number).ok_or_else(unknown)?))).transpose()
    }
}

/// A claim with listed ICD-10-PCS codes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stay {
    /// Its listed codes, distinct, in order of appearance.
    pub codes: Vec<CodeId>,
    /// Every known code of the claim, including its related rows.
    pub all_codes: CodeSet,
    /// A procedure cell held more than a code.
    pub composite: bool,
    /// A code had lost its leading zero.
    pub zero_lost: bool,
    /// The money of its claim, with the basis in the words of the outputs. `None` if no amount can be read.
    #[serde(with = "money_by_number")]
    pub money: Option<(Cents, &'static str)>,
}

/// Services and related lines of one member, date, claim form and billing provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Encounter {
    /// All known codes in it.
    pub codes: CodeSet,
    /// Its known codes without those of assistants and co-surgeons.
    pub principal_codes: CodeSet,
}

impl Encounter {
    /// The encounter of a service or related line to which no other line belongs. A stay adds nothing to the lines that it
    /// consists of.
    pub(crate) fn alone(is_stay: bool, codes: CodeSet, is_assistant: bool) -> Self {
        let codes = if is_stay { CodeSet::default() } else { codes };
        Self { codes, principal_codes: if is_assistant { CodeSet::default() } else { codes } }
    }
}
