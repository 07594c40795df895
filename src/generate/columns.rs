//! The columns of an invented extract, in canonical order.

/// The columns of an invented extract: the canonical names, and one that no layout knows.
pub const COLUMNS: [&str; 55] = [
    "claim_id",
    "line_number",
    "claim_form",
    "frequency_code",
    "original_claim_id",
    "version_number",
    "claim_status",
    "line_status",
    "member_id",
    "member_state",
    "product",
    "payer_sequence",
    "capitated",
    "billing_npi",
    "rendering_npi",
    "place_of_service",
    "bill_type",
    "admission_type",
    "revenue_code",
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
    pub(crate) const VERSION: usize = 5;
    pub(crate) const CLAIM_STATUS: usize = 6;
    pub(crate) const LINE_STATUS: usize = 7;
    pub(crate) const MEMBER_ID: usize = 8;
    pub(crate) const MEMBER_STATE: usize = 9;
    pub(crate) const PRODUCT: usize = 10;
    pub(crate) const PAYER_SEQUENCE: usize = 11;
    pub(crate) const CAPITATED: usize = 12;
    pub(crate) const BILLING_NPI: usize = 13;
    pub(crate) const RENDERING_NPI: usize = 14;
    pub(crate) const PLACE: usize = 15;
    pub(crate) const BILL_TYPE: usize = 16;
    pub(crate) const ADMISSION: usize = 17;
    pub(crate) const REVENUE: usize = 18;
    pub(crate) const DATE: usize = 19;
    pub(crate) const END_DATE: usize = 20;
    pub(crate) const PROCEDURE: usize = 21;
    pub(crate) const MODIFIER: usize = 22;
    pub(crate) const UNITS: usize = 26;
    pub(crate) const DIAGNOSIS: usize = 27;
    pub(crate) const POINTERS: usize = 39;
    pub(crate) const POINTER: usize = 40;
    pub(crate) const ICD_PROCEDURE: usize = 44;
    pub(crate) const AUTHORIZATION: usize = 50;
    pub(crate) const CHARGE: usize = 51;
    pub(crate) const ALLOWED: usize = 52;
    pub(crate) const PAID: usize = 53;
    pub(crate) const NOTE: usize = 54;
}

/// Number of diagnosis columns.
pub(super) const DIAGNOSIS_SLOTS: usize = column::POINTERS - column::DIAGNOSIS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_matches_its_column() {
        for (position, name) in [
            (column::CLAIM_ID, "claim_id"),
            (column::LINE_NUMBER, "line_number"),
            (column::CLAIM_FORM, "claim_form"),
            (column::FREQUENCY, "frequency_code"),
            (column::ORIGINAL, "original_claim_id"),
            (column::VERSION, "version_number"),
            (column::CLAIM_STATUS, "claim_status"),
            (column::LINE_STATUS, "line_status"),
            (column::MEMBER_ID, "member_id"),
            (column::MEMBER_STATE, "member_state"),
            (column::PRODUCT, "product"),
            (column::PAYER_SEQUENCE, "payer_sequence"),
            (column::CAPITATED, "capitated"),
            (column::BILLING_NPI, "billing_npi"),
            (column::RENDERING_NPI, "rendering_npi"),
            (column::PLACE, "place_of_service"),
            (column::BILL_TYPE, "bill_type"),
            (column::ADMISSION, "admission_type"),
            (column::REVENUE, "revenue_code"),
            (column::DATE, "service_date"),
            (column::END_DATE, "service_end_date"),
            (column::PROCEDURE, "procedure_code"),
            (column::MODIFIER, "modifier_1"),
            (column::UNITS, "units"),
            (column::DIAGNOSIS, "diagnosis_1"),
            (column::POINTERS, "diagnosis_pointer"),
            (column::POINTER, "diagnosis_pointer_1"),
            (column::ICD_PROCEDURE, "icd_procedure_1"),
            (column::AUTHORIZATION, "authorization_number"),
            (column::CHARGE, "charge_amount"),
            (column::ALLOWED, "allowed_amount"),
            (column::PAID, "paid_amount"),
            (column::NOTE, "note"),
        ] {
            assert_eq!(COLUMNS[position], name);
        }
    }
}
