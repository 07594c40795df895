//! A row that is to be planted, and what must be said about it.

/// The columns of an invented extract: the canonical names, and one that nobody asks for.
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

/// Places in [`COLUMNS`]; of numbered columns the first.
pub(super) mod at {
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

/// Slots of the diagnosis columns.
pub(super) const DIAGNOSES: usize = at::POINTERS - at::DIAGNOSIS;

/// The bin of the ledger that a row must fall in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bin {
    Rejected,
    Duplicate,
    Superseded,
    InScope,
    Related,
    OutOfScope,
}

impl Bin {
    /// The word in `summary.json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Superseded => "superseded",
            Self::InScope => "in_scope",
            Self::Related => "related",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

/// What is wrong with the record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// Nothing.
    None,
    /// The last fields are missing.
    Short,
    /// One filled field too many.
    Long,
    /// A quote opens and does not close.
    OpenQuote,
    /// Text behind a closing quote.
    AfterQuote,
    /// It is the header once more.
    Header,
}

/// A finding: the rule, and how much it weighs.
pub(super) type Remark = (&'static str, Weight);

/// Disposition of a finding, the heaviest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Info,
    Review,
    Deny,
}

impl Weight {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }
}

/// What must be said of a service.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    /// Its listed codes, joined.
    pub(super) procedure: String,
    pub(super) class: &'static str,
    pub(super) setting: &'static str,
    /// ISO, or empty.
    pub(super) date: String,
    pub(super) units: String,
    pub(super) considered: Vec<String>,
    pub(super) necessity: &'static str,
    pub(super) authorization: &'static str,
    /// What is found about the authorization.
    pub(super) held: Vec<Remark>,
    /// What else is found.
    pub(super) remarks: Vec<Remark>,
    /// Cents, and the column that they stand in.
    pub(super) money: Option<(i64, &'static str)>,
}

impl Verdict {
    /// All findings in order of their codes.
    pub(super) fn findings(&self) -> Vec<Remark> {
        let mut all: Vec<Remark> = self.held.iter().chain(&self.remarks).copied().collect();
        all.sort_by_key(|(rule, _)| *rule);
        all
    }

    /// What the heaviest finding makes of it.
    pub(super) fn status(&self) -> &'static str {
        match self.findings().iter().map(|(_, weight)| *weight).max() {
            Some(Weight::Deny) => "deny",
            Some(Weight::Review) => "review",
            _ => "clear",
        }
    }

    /// What is at risk, and by which column; nothing of a clear service.
    pub(super) fn at_risk(&self) -> Option<(i64, &'static str)> {
        self.money.filter(|_| self.status() != "clear")
    }
}

/// A row to be written.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) damage: Damage,
    pub(super) bin: Bin,
    /// Findings on a row that is no service.
    pub(super) remarks: Vec<Remark>,
    /// Its services: a CPT line before a stay.
    pub(super) verdicts: Vec<Verdict>,
}

impl Row {
    /// A row that nothing is said about.
    pub(super) fn silent(cells: Vec<String>, bin: Bin) -> Self {
        Self { cells, damage: Damage::None, bin, remarks: Vec::new(), verdicts: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_columns() {
        for (place, name) in [
            (at::CLAIM_ID, "claim_id"),
            (at::FREQUENCY, "frequency_code"),
            (at::RENDERING_NPI, "rendering_npi"),
            (at::DATE, "service_date"),
            (at::PROCEDURE, "procedure_code"),
            (at::MODIFIER, "modifier_1"),
            (at::UNITS, "units"),
            (at::DIAGNOSIS, "diagnosis_1"),
            (at::POINTERS, "diagnosis_pointer"),
            (at::POINTER, "diagnosis_pointer_1"),
            (at::ICD_PROCEDURE, "icd_procedure_1"),
            (at::AUTHORIZATION, "authorization_number"),
            (at::PAID, "paid_amount"),
            (at::NOTE, "note"),
        ] {
            assert_eq!(COLUMNS[place], name);
        }
    }
}
