//! Limits on coding: units per day, add-on codes, and codes or diagnoses that exclude each other.

use rust_decimal::Decimal;

use crate::claim::CodeId;
use crate::policy::family::DiagnosisFamily;

/// The maximum number of units of one code on one date.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The code whose units are limited.
    pub code: CodeId,
    /// Maximum number of units.
    pub units: Decimal,
    /// MUE adjudication indicator: 2 is an absolute limit per date of service, 3 a clinical one.
    pub mai: i64,
}

/// An add-on code and the primary codes with which it is payable.
#[derive(Debug, Clone)]
pub struct AddOn {
    /// The add-on.
    pub code: CodeId,
    /// The codes of which one must be on the same encounter.
    pub primaries: Vec<CodeId>,
}

/// The two codes of a procedure-to-procedure edit.
#[derive(Debug, Clone, Copy)]
pub struct Exclusive {
    /// The code of column 1, which is paid.
    pub paid: CodeId,
    /// The code of column 2, which is not paid.
    pub unpaid: CodeId,
}

/// Families of diagnoses that are not coded together.
#[derive(Debug, Clone)]
pub struct Excludes {
    /// The family.
    pub family: DiagnosisFamily,
    /// The families that it excludes.
    pub with: Vec<DiagnosisFamily>,
}
