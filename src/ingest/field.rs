//! The canonical fields of a claim line: the names used in layouts, messages and outputs.

use crate::ingest::cell::is_blank;

/// A field with at most one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the field's standard terms, see NAMES")]
pub enum Field {
    ClaimId,
    LineNumber,
    ClaimForm,
    FrequencyCode,
    OriginalClaimId,
    VersionNumber,
    ClaimStatus,
    LineStatus,
    MemberId,
    MemberState,
    Product,
    PayerSequence,
    Capitated,
    BillingNpi,
    RenderingNpi,
    PlaceOfService,
    BillType,
    AdmissionType,
    RevenueCode,
    ServiceDate,
    ServiceEndDate,
    ProcedureCode,
    Units,
    DiagnosisPointer,
    AuthorizationNumber,
    ChargeAmount,
    AllowedAmount,
    PaidAmount,
    BillingProviderName,
}

/// A field with numbered columns: `diagnosis_1`, `diagnosis_2`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the field's standard terms, see NAMES")]
pub enum Group {
    Modifier,
    Diagnosis,
    DiagnosisPointer,
    IcdProcedure,
}

impl Field {
    /// Every field with its canonical name, in the order of the enum.
    pub const NAMES: [(Self, &'static str); 29] = [
        (Self::ClaimId, "claim_id"),
        (Self::LineNumber, "line_number"),
        (Self::ClaimForm, "claim_form"),
        (Self::FrequencyCode, "frequency_code"),
        (Self::OriginalClaimId, "original_claim_id"),
        (Self::VersionNumber, "version_number"),
        (Self::ClaimStatus, "claim_status"),
        (Self::LineStatus, "line_status"),
        (Self::MemberId, "member_id"),
        (Self::MemberState, "member_state"),
        (Self::Product, "product"),
        (Self::PayerSequence, "payer_sequence"),
        (Self::Capitated, "capitated"),
        (Self::BillingNpi, "billing_npi"),
        (Self::RenderingNpi, "rendering_npi"),
        (Self::PlaceOfService, "place_of_service"),
        (Self::BillType, "bill_type"),
        (Self::AdmissionType, "admission_type"),
        (Self::RevenueCode, "revenue_code"),
        (Self::ServiceDate, "service_date"),
        (Self::ServiceEndDate, "service_end_date"),
        (Self::ProcedureCode, "procedure_code"),
        (Self::Units, "units"),
        (Self::DiagnosisPointer, "diagnosis_pointer"),
        (Self::AuthorizationNumber, "authorization_number"),
        (Self::ChargeAmount, "charge_amount"),
        (Self::AllowedAmount, "allowed_amount"),
        (Self::PaidAmount, "paid_amount"),
        (Self::BillingProviderName, "billing_provider_name"),
    ];

    /// The canonical name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// Does the field hold a number of which all parts are needed, where several columns make it?
    pub(crate) fn is_number(self) -> bool {
        matches!(
            self,
            Self::ClaimId
                | Self::OriginalClaimId
                | Self::LineNumber
                | Self::MemberId
                | Self::BillingNpi
                | Self::RenderingNpi
        )
    }

    /// Is the field printed only? Nothing depends on it, so its absence is not announced.
    pub(crate) fn is_printed_only(self) -> bool {
        self == Self::BillingProviderName
    }

    /// The consequence of a missing column, announced at the start of a run, where `has` says which fields have one. `None` if
    /// the field is required, if its absence changes no verdict, or if the absence of another field says it.
    pub(crate) fn absence(self, has: &dyn Fn(Self) -> bool) -> Option<&'static str> {
        let knows_versions = has(Self::FrequencyCode) || has(Self::BillType);
        Some(match self {
            Self::FrequencyCode if has(Self::BillType) => {
                "replaced and voided claims are known only by the third character of the bill type"
            }
            Self::FrequencyCode => "replaced and voided claims are not known",
            Self::OriginalClaimId if knows_versions => {
                "a replacement or void reaches only rows of its own claim number"
            }
            Self::VersionNumber if knows_versions => "older versions of a claim are known only by frequency 7 and 8",
            Self::VersionNumber => "older versions of a claim are not known",
            Self::ClaimStatus | Self::LineStatus if has(Self::ClaimStatus) || has(Self::LineStatus) => return None,
            Self::ClaimStatus | Self::LineStatus => {
                "rows that the payer denied or pended are not known, and those that it took back only by negative amounts or units"
            }
            Self::LineNumber => "rows of a claim that differ in their line number only are taken for duplicates",
            Self::ClaimForm => match (has(Self::BillType), has(Self::PlaceOfService)) {
                (true, true) => {
                    "a row with a bill type is taken for institutional, else one with a place of service for professional"
                }
                (true, false) => {
                    "a row with a bill type is taken for institutional, and the form of others is not known"
                }
                (false, true) => {
                    "a row with a place of service is taken for professional, and the form of others is not known"
                }
                (false, false) => "no claim form is known",
            },
            Self::PayerSequence => "every row is taken for that of the primary payer",
            Self::Capitated => "no row is taken for capitated",
            Self::AdmissionType if has(Self::PlaceOfService) => {
                "an emergency admission is not known, only place of service 23"
            }
            Self::AdmissionType => "an emergency is not known",
            Self::RevenueCode => "the total line of a stay is not known (revenue code 0001)",
            Self::ServiceEndDate => "a stay is taken to last one day",
            Self::MemberId => {
                "encounters are formed within a claim only, CD301 to CD303 ask for a review, and no sessions are seen"
            }
            Self::MemberState => "Medicare members are taken to live in Massachusetts",
            Self::Product => "every service's product will be undetermined (RT402)",
            Self::BillingNpi => "encounters do not tell billing providers apart, and CD301 to CD303 ask for a review",
            Self::PlaceOfService if has(Self::BillType) => "the setting comes from the bill type alone",
            Self::BillType if has(Self::PlaceOfService) => "the setting comes from the place of service alone",
            Self::PlaceOfService | Self::BillType => "no setting is known (RT403)",
            Self::ProcedureCode => "only ICD-10-PCS codes are looked for",
            Self::Units => "every line counts one unit",
            Self::AuthorizationNumber => {
                "where an authorization is required the claim shows none (PA208; with --auths PA201, unless the file has an approval)"
            }
            Self::PaidAmount => match (has(Self::AllowedAmount), has(Self::ChargeAmount)) {
                (true, true) => "the amount at risk is the allowed amount, else the charge",
                (true, false) => "the amount at risk is the allowed amount",
                (false, true) => "the amount at risk is the charge",
                // A warning says that no amount is known.
                (false, false) => return None,
            },
            _ => return None,
        })
    }
}

impl Field {
    /// The field of this canonical name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, own)| *own == name).map(|(field, _)| *field)
    }
}

impl Group {
    /// Every group with its canonical name and its number of slots. spec: fields/names.
    pub const NAMES: [(Self, &'static str, usize); 4] = [
        (Self::Modifier, "modifier", 4),
        (Self::Diagnosis, "diagnosis", 25),
        (Self::DiagnosisPointer, "diagnosis_pointer", 4),
        (Self::IcdProcedure, "icd_procedure", 25),
    ];

    /// The group of this canonical name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, own, _)| *own == name).map(|(group, ..)| *group)
    }

    /// The canonical name without its number.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// Number of slots.
    pub fn slots(self) -> usize {
        Self::NAMES[self as usize].2
    }
}

/// Folds a header name for comparison: ignores case, blanks (also those of no width), `_`, `-` and `.`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | '.') && !is_blank(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_the_enums() {
        for (i, (field, _)) in Field::NAMES.iter().enumerate() {
            assert_eq!(*field as usize, i);
        }
        for (i, (group, _, _)) in Group::NAMES.iter().enumerate() {
            assert_eq!(*group as usize, i);
        }
    }

    #[test]
    fn folding() {
        assert_eq!(fold(" Claim-Line.Number_1 "), "claimlinenumber1");
        assert_eq!(fold("Claim\u{a0}\u{200b}Id\u{feff}"), "claimid");
    }
}
