//! Where a service took place, as far as the claim says, and on which form it was billed.

use serde::{Deserialize, Serialize};

/// The setting that the authorization table asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Setting {
    /// An inpatient stay.
    Inpatient,
    /// Office, hospital outpatient, emergency room, ambulatory surgical center.
    Outpatient,
    /// The claim does not say.
    Undetermined,
}

impl Setting {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Outpatient => "outpatient",
            Self::Undetermined => "undetermined",
        }
    }
}

/// Which claim form a line came on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClaimForm {
    /// 837P, CMS-1500.
    Professional,
    /// 837I, UB-04.
    Institutional,
    /// Neither is said.
    Unknown,
}

impl ClaimForm {
    /// From the claim form column, or, that being absent or empty, from what else is filled.
    pub fn of(text: &str, bill_type: &str, place_of_service: &str) -> Self {
        if text.is_empty() {
            return match (bill_type.is_empty(), place_of_service.is_empty()) {
                (false, _) => Self::Institutional,
                (true, false) => Self::Professional,
                (true, true) => Self::Unknown,
            };
        }
        let folded: String = text.chars().flat_map(char::to_uppercase).filter(char::is_ascii_alphanumeric).collect();
        match folded.as_str() {
            "P" | "PROFESSIONAL" | "837P" | "HCFA" | "CMS1500" => Self::Professional,
            "I" | "INSTITUTIONAL" | "837I" | "UB04" => Self::Institutional,
            _ => Self::Unknown,
        }
    }
}

/// A bill type taken apart: facility and class of care, then the frequency if it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillType {
    /// First two characters, `11` = hospital inpatient.
    pub facility: [u8; 2],
    /// Third character, `7` = replacement, `8` = void.
    pub frequency: Option<u8>,
}

impl BillType {
    /// Reads `111`, `0111`, `11`, `11:A:1` from an upper-cased cell. None: another form.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('0').unwrap_or(text);
        let (facility, frequency) = match text.as_bytes() {
            [a, b] => ([*a, *b], None),
            [a, b, f] | [a, b, b':', b'A', b':', f] => ([*a, *b], Some(*f)),
            _ => return None,
        };
        let well_formed =
            facility.iter().all(u8::is_ascii_digit) && frequency.is_none_or(|f| f.is_ascii_alphanumeric());
        well_formed.then_some(Self { facility, frequency })
    }
}

/// Which bill types and places of service mean which setting.
#[derive(Debug, Clone, Default)]
pub struct SettingTable {
    /// Facility parts of bill types.
    pub bill_types: Vec<([u8; 2], Setting)>,
    /// Two-digit places of service.
    pub places: Vec<([u8; 2], Setting)>,
}

impl SettingTable {
    /// By bill type if filled, else by place of service.
    pub fn setting(&self, bill_type: &str, place_of_service: &str) -> Setting {
        let look = |table: &[([u8; 2], Setting)], key| {
            table.iter().find(|(k, _)| *k == key).map_or(Setting::Undetermined, |(_, s)| *s)
        };
        if !bill_type.is_empty() {
            return BillType::parse(bill_type).map_or(Setting::Undetermined, |b| look(&self.bill_types, b.facility));
        }
        match place_of_service.as_bytes() {
            [d] => look(&self.places, [b'0', *d]),
            [a, b] => look(&self.places, [*a, *b]),
            _ => Setting::Undetermined,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bill_types() {
        let said = |text| {
            BillType::parse(text)
                .map(|b| format!("{}{}", String::from_utf8_lossy(&b.facility), b.frequency.map_or('-', char::from)))
        };
        for (text, want) in [
            ("111", Some("111")),
            ("0111", Some("111")),
            ("11", Some("11-")),
            ("011", Some("11-")),
            ("11:A:7", Some("117")),
            ("011:A:1", Some("111")),
            ("13I", Some("13I")),
            ("1A1", None),
            ("1111", None),
            ("11:B:1", None),
            ("1", None),
            ("", None),
            ("11-", None),
        ] {
            assert_eq!(said(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn claim_forms() {
        use ClaimForm::{Institutional as I, Professional as P, Unknown as U};
        for (text, bill, place, want) in [
            ("P", "111", "", P),
            ("cms-1500", "", "", P),
            ("UB 04", "", "22", I),
            ("837i", "", "", I),
            ("dental", "111", "22", U),
            ("", "111", "22", I),
            ("", "", "22", P),
            ("", "", "", U),
        ] {
            assert_eq!(ClaimForm::of(text, bill, place), want, "{text} {bill} {place}");
        }
    }
}
