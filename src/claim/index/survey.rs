//! The first pass over the lines: the traits of each line in a few bytes, so that later steps need not read the line again.

use std::hash::{Hash, Hasher};
use std::io;

use rustc_hash::FxHasher;

use crate::claim::index::partition::{Lines, copies};
use crate::claim::line::head::AmountsPer;
use crate::claim::line::{Batch, Head, Line, Text};
use crate::claim::value::amount::Cents;
use crate::claim::value::code::{CodeTable, System};
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;

/// The traits of a line, in 6 bytes, because those of all lines are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) version: Version,
    pub(crate) status: RowStatus,
    /// The same for lines of one date and the same amounts, and one of sixteen numbers for others.
    pub(crate) alike: u8,
    /// The facts that the line states, one bit each, and above them the flags.
    bits: u16,
}

const LISTED: u16 = 1 << 15;
const LISTED_PCS: u16 = 1 << 14;
const TAKES_BACK: u16 = 1 << 13;
const NAMES_CLAIM: u16 = 1 << 12;
const HAS_VERSION_NUMBER: u16 = 1 << 11;
const HAS_MEMBER: u16 = 1 << 10;

/// The bits of the facts.
const STATED: u16 = (1 << (FILLED.len() + 1)) - 1;

impl Traits {
    fn new(line: Line<'_>, codes: &CodeTable) -> Self {
        let names_claim = || line.states(Text::OriginalClaimId) && line.text(Text::OriginalClaimId) != line.claim_id();
        let listed = |system: Option<System>| {
            let is_listed = |id| {
                let code = codes.get(id);
                code.listed && system.is_none_or(|system| code.system == system)
            };
            line.known.iter().any(|id| is_listed(*id))
        };
        let flags = [
            (LISTED, listed(None)),
            (LISTED_PCS, listed(Some(System::Pcs))),
            (TAKES_BACK, takes_back(line)),
            (NAMES_CLAIM, names_claim()),
            (HAS_VERSION_NUMBER, line.states(Text::VersionNumber)),
            (HAS_MEMBER, line.states(Text::MemberId)),
        ];
        let bits = flags.into_iter().filter(|(_, is)| *is).fold(stated(line), |all, (flag, _)| all | flag);
        Self { version: line.version, status: line.status, alike: alike(line), bits }
    }

    fn has(self, flag: u16) -> bool {
        self.bits & flag != 0
    }

    /// Does the line hold a listed code?
    pub(crate) fn is_listed(self) -> bool {
        self.has(LISTED)
    }

    /// Does the line hold a listed ICD-10-PCS code?
    pub(crate) fn has_listed_pcs(self) -> bool {
        self.has(LISTED_PCS)
    }

    /// Does the line take back another line?
    pub(crate) fn takes_back(self) -> bool {
        self.has(TAKES_BACK)
    }

    /// Does the line name another claim number as its original?
    pub(crate) fn names_claim(self) -> bool {
        self.has(NAMES_CLAIM)
    }

    pub(crate) fn has_version_number(self) -> bool {
        self.has(HAS_VERSION_NUMBER)
    }

    /// Does the line name its member?
    pub(crate) fn has_member(self) -> bool {
        self.has(HAS_MEMBER)
    }

    /// Does the line carry an authorization number?
    pub(crate) fn carries_number(self) -> bool {
        self.has(1 << AUTHORIZATION)
    }

    /// The facts that the line states, one bit each, in the order of [`FILLED`]; the last bit is for the diagnoses.
    pub(crate) fn stated(self) -> u16 {
        self.bits & STATED
    }

    /// Is the line a replacement or a void?
    pub(crate) fn is_version(self) -> bool {
        self.version != Version::Original
    }
}

/// Texts that a line can take from another row of its claim with the same claim form.
pub(crate) const FILLED: [Text; 9] = [
    Text::Product,
    Text::MemberState,
    Text::BillingNpi,
    Text::PlaceOfService,
    Text::BillType,
    Text::Authorization,
    Text::AdmissionType,
    Text::PayerSequence,
    Text::Capitated,
];

/// The place of the authorization number among them.
const AUTHORIZATION: usize = 5;

const _: () = assert!(matches!(FILLED[AUTHORIZATION], Text::Authorization));

/// A number for the date and the amounts of a line.
fn alike(line: Line<'_>) -> u8 {
    let mut hasher = FxHasher::default();
    (line.date, line.charge(), line.allowed(), line.paid()).hash(&mut hasher);
    (hasher.finish() % u64::from(u16::BITS)) as u8
}

fn stated(line: Line<'_>) -> u16 {
    let texts = FILLED.iter().enumerate().filter(|(_, text)| line.states(**text));
    let all = texts.fold(0, |all, (place, _)| all | 1 << place);
    all | u16::from(line.diagnosis_count() > 0) << FILLED.len()
}

/// Is the line a reversal? It is if it has negative units, a negative charge, or a negative payment without a charge. A void
/// never is.
pub(crate) fn takes_back(line: Line<'_>) -> bool {
    let is_negative = |amount: Option<Cents>| amount.is_some_and(|amount| amount.0 < 0);
    line.version != Version::Void
        && (line.marks().negative_units
            || is_negative(line.charge())
            || (line.charge().is_none_or(|charge| charge.0 == 0) && is_negative(line.paid())))
}

/// What is known of a batch as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchTraits {
    /// Is each line a row, as in every extract whose rows have one service?
    pub(crate) has_line_per_row: bool,
    /// Does a row repeat the amounts of its claim?
    pub(crate) repeats_amounts: bool,
}

impl BatchTraits {
    pub(crate) fn of(batch: &Batch) -> Self {
        let row = |head: &Head| (head.extract, head.row);
        Self {
            has_line_per_row: batch.heads.array_windows().all(|[one, next]| row(one) != row(next)),
            repeats_amounts: batch.heads.iter().any(|head| head.amounts == AmountsPer::Claim),
        }
    }
}

/// The traits of all lines, in input order, and what `note` returns for batches with their traits.
pub(crate) fn survey<R: Send>(
    lines: &Lines<'_>,
    codes: &CodeTable,
    note: impl Fn(usize, &Batch, &[Traits]) -> R + Sync,
) -> io::Result<(Vec<Traits>, Vec<R>)> {
    let none = Traits { version: Version::Original, status: RowStatus::None, alike: 0, bits: 0 };
    let mut all = copies(lines.len(), || none);
    let noted = lines.each_with(&mut all, |start, batch, of_batch| {
        of_batch.iter_mut().zip(batch.iter()).for_each(|(traits, line)| *traits = Traits::new(line, codes));
        note(start, batch, of_batch)
    })?;
    Ok((all, noted))
}
