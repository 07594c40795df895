//! What made a rule fire, as values: codes, numbers, and references to cells. [`crate::finding::words`] turns it into
//! English.
//!
//! A cell of the claim or of the authorization file is referred to, not copied. So a masked report, which is worded
//! from the same evidence, shows the masked cell.

use rust_decimal::Decimal;

use crate::claim::CodeId;
use crate::claim::index::service::RowRef;
use crate::policy::ListedCode;

/// How a diagnosis resembles a listed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resemblance {
    /// The end is cut off.
    CutShort,
    /// The placeholder X is missing.
    PlaceholderMissing,
    /// The letter O or I replaces the digit 0 or 1.
    LetterForDigit,
    /// There are separators inside.
    Separators,
    /// The code does not have such a seventh character.
    SeventhCharacter,
}

/// What is wrong with an authorization number of the claim. Rows are numbers of rows in the authorization file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberProblem {
    /// The file does not have the number.
    NotFound,
    /// The status of the row is not an approval.
    NotApproved {
        /// The row that the sentence names.
        row: usize,
        /// A table knows the status word.
        known: bool,
    },
    /// The row is for another member.
    OtherMember,
    /// The row names other procedures.
    OtherProcedures {
        /// One of them is on the policy's list: another level of the spine.
        level: bool,
    },
    /// The row is not valid on the service date.
    OtherDates {
        /// The row that the sentence names.
        row: usize,
    },
    /// The services with the number have more units than the row allows.
    TooManyUnits {
        /// The row that the sentence names.
        row: usize,
        /// Units of all services with the number, up to and including this one.
        used: Decimal,
    },
}

/// What made a rule fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// On diagnoses.
    Diagnosis(DiagnosisEvidence),
    /// On authorizations.
    Authorization(AuthorizationEvidence),
    /// On procedure codes, modifiers and units.
    Coding(CodingEvidence),
    /// On which part of the policy applies.
    Routing(RoutingEvidence),
    /// On other claims of the same treatment.
    Session(SessionEvidence),
    /// On cells that could not be read as they are.
    Quality(QualityEvidence),
}

impl Evidence {
    /// Is the finding for information only, whatever the policy's disposition?
    pub(crate) fn is_informational(&self) -> bool {
        matches!(self, Self::Authorization(AuthorizationEvidence::Number { required: false, .. }))
    }
}

/// Evidence on diagnoses. Numbers of diagnoses count the filled ones of the line, in column order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiagnosisEvidence {
    /// No considered diagnosis is listed.
    NotListed {
        /// Every considered diagnosis is an injury.
        injuries_only: bool,
    },
    /// A listed diagnosis is on the claim, and the line does not point to it.
    NotPointedTo {
        /// Its place among the diagnoses of the line, from 0.
        diagnosis: usize,
    },
    /// A considered diagnosis resembles a listed one.
    NearMiss {
        /// Its place among the diagnoses of the line, from 0.
        diagnosis: usize,
        /// The listed one.
        listed: ListedCode,
        /// How they differ.
        how: Resemblance,
    },
    /// Every listed diagnosis is of a region that the policy's statement leaves out.
    OutsideStatement {
        /// The listed diagnoses.
        listed: Vec<ListedCode>,
    },
    /// Every procedure code of the stay is of a region that the policy's statement leaves out.
    ProceduresOutsideStatement,
    /// The line carries no diagnosis.
    NoDiagnosis,
    /// No listed diagnosis fits the level of the procedure.
    RegionMismatch {
        /// The listed diagnoses.
        listed: Vec<ListedCode>,
    },
    /// Two diagnoses that must not be coded together.
    ExcludedTogether {
        /// One of them.
        one: usize,
        /// The other one.
        other: usize,
    },
    /// A diagnosis names an injury.
    Trauma {
        /// Its place among the diagnoses of the line, from 0.
        injury: usize,
        /// The listed diagnoses next to it.
        listed: Vec<ListedCode>,
    },
    /// The listed diagnoses name pain or a remission only.
    PainOrRemission {
        /// The listed diagnoses.
        listed: Vec<ListedCode>,
    },
}

/// Evidence on authorizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationEvidence {
    /// An authorization is required, and the claim carries none.
    NoNumber,
    /// No row of the authorization file approves the service under a number of the claim.
    Number {
        /// Which of the numbers in the cell.
        number: usize,
        /// What is wrong with it.
        problem: NumberProblem,
        /// An authorization is required, or may be.
        required: bool,
        /// The row of another approval that would fit the service.
        other: Option<usize>,
    },
    /// An authorization is required, and the extract has no column for it.
    NoNumberColumn,
    /// The claim carries no number, and the file holds an approval.
    OnlyOnFile {
        /// The row of the authorization file.
        row: usize,
    },
}

/// Evidence on procedure codes, modifiers and units. Numbers of modifiers count the filled ones of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodingEvidence {
    /// An add-on whose encounter has none of its primary codes on a row that counts.
    AddOnAlone {
        /// Its primary codes in the encounter, all of them on rows of assistants or co-surgeons.
        of_assistants: Vec<CodeId>,
    },
    /// The encounter also has the code that is paid instead of this one.
    PairedWith {
        /// The code that is paid.
        paid: CodeId,
    },
    /// More units than the limit.
    UnitsOverLimit {
        /// Units of the code in the encounter, up to and including this service.
        so_far: Decimal,
    },
    /// A listed PCS code on an outpatient claim.
    PcsOutpatient,
    /// A listed CPT code on a hospital inpatient bill.
    CptInpatient,
    /// The service date is before the code's first day.
    NotYetInForce {
        /// The code of the service.
        code: CodeId,
    },
    /// The service date is after the code's last day.
    NoLongerInForce {
        /// The code of the service.
        code: CodeId,
    },
    /// Vertebroplasty in the same encounter.
    Vertebroplasty {
        /// The codes of vertebroplasty, in order.
        codes: Vec<CodeId>,
    },
    /// A modifier that names a side.
    SideModifier {
        /// Its place among the modifiers of the line, from 0.
        modifier: usize,
    },
    /// Vertebral augmentation under codes that the policy does not list.
    UnlistedAugmentation {
        /// Those codes, in order.
        codes: Vec<CodeId>,
    },
    /// A stay without a reposition code.
    NoReposition,
    /// A modifier of an assistant at surgery.
    AssistantModifier {
        /// Its place among the modifiers of the line, from 0.
        modifier: usize,
    },
    /// A modifier of a co-surgeon or a team of surgeons.
    CoSurgeonModifier {
        /// Its place among the modifiers of the line, from 0.
        modifier: usize,
    },
}

/// Evidence on which part of the policy applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingEvidence {
    /// A Medicare class.
    MedicareFollowsLcd,
    /// No product, or one that the policy's tables do not name.
    ProductUndetermined,
    /// Authorization depends on the setting, which the claim does not show.
    SettingUndetermined,
    /// A service date before the earliest edition.
    BeforeFirstEdition,
}

/// Evidence on other claims of the same treatment. Each names a row of such a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEvidence {
    /// The institutional services of the session have another setting.
    SettingDisagrees {
        /// One of them.
        other: RowRef,
    },
    /// A professional service at an office, and the session has a facility.
    OfficeBesideFacility {
        /// The facility's row.
        other: RowRef,
    },
    /// An earlier stay of another claim has a day and a code in common.
    StayBilledTwice {
        /// The earlier stay.
        other: RowRef,
        /// One of the two is an interim bill.
        interim: bool,
    },
    /// An earlier service of another claim is the same.
    ServiceBilledTwice {
        /// The earlier service.
        other: RowRef,
    },
    /// An outpatient service during a stay or shortly before it.
    OutpatientBesideStay {
        /// The first row of the stay.
        other: RowRef,
    },
}

/// Evidence on cells that could not be read as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualityEvidence {
    /// A service date that is empty or cannot be read.
    DateUnreadable,
    /// Units that cannot be read.
    UnitsUnreadable,
    /// A diagnosis pointer without a diagnosis.
    PointerToNothing,
    /// A procedure cell with more than its code.
    ProcedureCellComposite,
    /// A PCS code without its leading zero.
    LeadingZeroLost,
    /// An amount that cannot be read.
    AmountUnreadable,
    /// A replacement or void whose original is not found.
    VersionWithoutOriginal,
    /// A row that takes a payment back, without a row that it matches.
    ReversalWithoutOriginal,
    /// Two or more members share the claim number.
    ClaimNumberShared,
    /// A listed ICD-10 diagnosis on a service from before ICD-10.
    Icd10TooEarly {
        /// Its place among the diagnoses of the line, from 0.
        diagnosis: usize,
    },
    /// Every considered diagnosis is an ICD-9-CM code.
    Icd9Only,
    /// A spreadsheet mangled the number of the claim, the member or both.
    IdMangled {
        /// The claim number.
        claim: bool,
        /// The member number.
        member: bool,
    },
}

impl From<DiagnosisEvidence> for Evidence {
    fn from(evidence: DiagnosisEvidence) -> Self {
        Self::Diagnosis(evidence)
    }
}

impl From<AuthorizationEvidence> for Evidence {
    fn from(evidence: AuthorizationEvidence) -> Self {
        Self::Authorization(evidence)
    }
}

impl From<CodingEvidence> for Evidence {
    fn from(evidence: CodingEvidence) -> Self {
        Self::Coding(evidence)
    }
}

impl From<RoutingEvidence> for Evidence {
    fn from(evidence: RoutingEvidence) -> Self {
        Self::Routing(evidence)
    }
}

impl From<SessionEvidence> for Evidence {
    fn from(evidence: SessionEvidence) -> Self {
        Self::Session(evidence)
    }
}

impl From<QualityEvidence> for Evidence {
    fn from(evidence: QualityEvidence) -> Self {
        Self::Quality(evidence)
    }
}
