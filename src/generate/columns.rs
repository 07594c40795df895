//! The columns of an invented extract, in canonical order.

/// The columns of an invented extract: the canonical names, and one that no layout knows.
pub const COLUMNS: [&str; 48] = [
    "claim_id",
    "line_number",
    "claim_form",
    "frequency_code",
    "original_claim_id",
    "member_id",
    "member_state",
    "product",
    "billing_npi",
    "rendering_npi",
    "place_of_service",
    "bill_type",
    "service_date",
    "service_end_date",
    "procedure_code",
    "modifier_1",
    "modifier_2",
    "modifier_3",
    "modifier_4",
    "units",
    "diagnosis_1",
    "diagnosis_2",
    "diagnosis_3",
    "diagnosis_4",
    "diagnosis_5",
    "diagnosis_6",
    "diagnosis_7",
    "diagnosis_8",
    "diagnosis_9",
    "diagnosis_10",
    "diagnosis_11",
    "diagnosis_12",
    "diagnosis_pointer",
    "diagnosis_pointer_1",
    "diagnosis_pointer_2",
    "diagnosis_pointer_3",
    "diagnosis_pointer_4",
    "icd_procedure_1",
    "icd_procedure_2",
    "icd_procedure_3",
    "icd_procedure_4",
    "icd_procedure_5",
    "icd_procedure_6",
    "authorization_number",
    "charge_amount",
    "allowed_amount",
    "paid_amount",
    "note",
];

/// Positions in [`COLUMNS`]. For numbered columns it is the position of the first.
pub(super) mod column {
    pub(crate) const CLAIM_ID: usize = 0;
    pub(crate) const LINE_NUMBER: usize = 1;
    pub(crate) const CLAIM_FORM: usize = 2;
    pub(crate) const FREQUENCY: usize = 3;
    pub(crate) const ORIGINAL: usize = 4;
    pub(crate) const MEMBER_ID: usize = 5;
    pub(crate) const MEMBER_STATE: usize = 6;
    pub(crate) const PRODUCT: usize = 7;
    pub(crate) const BILLING_NPI: usize = 8;
    pub(crate) const RENDERING_NPI: usize = 9;
    pub(crate) const PLACE: usize = 10;
    pub(crate) const BILL_TYPE: usize = 11;
    pub(crate) const DATE: usize = 12;
    pub(crate) const PROCEDURE: usize = 14;
    pub(crate) const MODIFIER: usize = 15;
    pub(crate) const UNITS: usize = 19;
    pub(crate) const DIAGNOSIS: usize = 20;
    pub(crate) const POINTERS: usize = 32;
    pub(crate) const POINTER: usize = 33;
    pub(crate) const ICD_PROCEDURE: usize = 37;
    pub(crate) const AUTHORIZATION: usize = 43;
    pub(crate) const CHARGE: usize = 44;
    pub(crate) const ALLOWED: usize = 45;
    pub(crate) const PAID: usize = 46;
    pub(crate) const NOTE: usize = 47;
}

/// Number of diagnosis columns.
pub(super) const DIAGNOSIS_SLOTS: usize = column::POINTERS - column::DIAGNOSIS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_that_of_its_column() {
        for (position, name) in [
            (column::CLAIM_ID, "claim_id"),
            (column::FREQUENCY, "frequency_code"),
            (column::RENDERING_NPI, "rendering_npi"),
            (column::DATE, "service_date"),
            (column::PROCEDURE, "procedure_code"),
            (column::MODIFIER, "modifier_1"),
            (column::UNITS, "units"),
            (column::DIAGNOSIS, "diagnosis_1"),
            (column::POINTERS, "diagnosis_pointer"),
            (column::POINTER, "diagnosis_pointer_1"),
            (column::ICD_PROCEDURE, "icd_procedure_1"),
            (column::AUTHORIZATION, "authorization_number"),
            (column::PAID, "paid_amount"),
            (column::NOTE, "note"),
        ] {
            assert_eq!(COLUMNS[position], name);
        }
    }
}
