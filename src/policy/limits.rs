//! Limits of coding: units on one day, add-on codes, and codes or diagnoses that exclude each other.

use rust_decimal::Decimal;

use crate::claim::CodeId;

/// Units of one code on one date.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The code.
    pub code: CodeId,
    /// Most units.
    pub units: Decimal,
    /// Adjudication indicator: 2 absolute by date of service, 3 clinical.
    pub mai: i64,
}

/// An add-on code and the codes it is payable beside.
#[derive(Debug, Clone)]
pub struct AddOn {
    /// The add-on.
    pub code: CodeId,
    /// Its primaries.
    pub primaries: Vec<CodeId>,
}

/// Two codes that are never both payable.
#[derive(Debug, Clone, Copy)]
pub struct Exclusive {
    /// Column 1.
    pub paid: CodeId,
    /// Column 2.
    pub unpaid: CodeId,
}

/// Families of diagnoses that are not coded together.
#[derive(Debug, Clone)]
pub struct Excludes {
    /// Beginning of the codes of one family.
    pub family: String,
    /// Beginnings of the codes it excludes.
    pub with: Vec<String>,
}
