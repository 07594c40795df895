//! Where a service took place according to the claim, and on which form it was billed.

use serde::{Deserialize, Serialize};

/// The setting of a service, as the authorization table distinguishes it.
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
    /// The claim does not say.
    Unknown,
}

impl ClaimForm {
    /// The words in data files.
    pub const WORDS: [(&'static str, Self); 2] =
        [("professional", Self::Professional), ("institutional", Self::Institutional)];

    /// From its word in a data file.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, form)| *form)
    }

    /// Infers the form of a row without a claim form: a filled bill type or place of service decides, readable or not.
    pub(crate) fn inferred(bill_type: &str, place_of_service: &str) -> Self {
        match (bill_type.is_empty(), place_of_service.is_empty()) {
            (false, _) => Self::Institutional,
            (true, false) => Self::Professional,
            (true, true) => Self::Unknown,
        }
    }
}

/// Normalizes a place of service: removes leading zeros, a final `.0`, and anything after the digits. `022`, `22.0`, `22:B:1`
/// and `22 - On campus` become `22`. Other cells are returned unchanged; they match no setting.
pub fn place_of_service(cell: &str) -> &str {
    let digits = &cell[..cell.find(|c: char| !c.is_ascii_digit()).unwrap_or(cell.len())];
    let place = digits.trim_start_matches('0');
    if (1..=2).contains(&place.len()) { place } else { cell }
}

/// Normalizes an upper-case bill type: removes a final `.0` and leading zeros. `0131` and `131.0` become `131`.
pub fn bill_type(cell: &str) -> &str {
    cell.strip_suffix(".0").unwrap_or(cell).trim_start_matches('0')
}

/// The parts of a bill type: facility and class of care, then the frequency if present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillType {
    /// First two characters, `11` = hospital inpatient.
    pub facility: [u8; 2],
    /// Third character, `7` = replacement, `8` = void.
    pub frequency: Option<u8>,
}

impl BillType {
    /// Reads `111`, `11` or `11:A:1` from a cell normalized by [`bill_type`]. `None` for other forms.
    pub fn parse(text: &str) -> Option<Self> {
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
    bill_types: SettingByNumber,
    /// Places of service.
    places: SettingByNumber,
}

/// Settings of the numbers 00 to 99.
#[derive(Debug, Clone)]
struct SettingByNumber([Setting; 100]);

impl Default for SettingByNumber {
    fn default() -> Self {
        Self([Setting::Undetermined; 100])
    }
}

impl SettingByNumber {
    /// The settings of these numbers. The first setting of a number counts.
    fn new(numbers: &[([u8; 2], Setting)]) -> Self {
        let mut table = Self::default();
        for (number, setting) in numbers.iter().rev() {
            if let Some(own) = place(*number).and_then(|place| table.0.get_mut(place)) {
                *own = *setting;
            }
        }
        table
    }

    fn get(&self, number: [u8; 2]) -> Setting {
        place(number).map_or(Setting::Undetermined, |place| self.0[place])
    }
}

/// The number that two digits say.
fn place(digits: [u8; 2]) -> Option<usize> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| usize::from(tens) * 10 + usize::from(ones))
}

impl SettingTable {
    /// The settings of the facility parts of bill types, and of places of service in two digits.
    pub fn new(bill_types: &[([u8; 2], Setting)], places: &[([u8; 2], Setting)]) -> Self {
        Self { bill_types: SettingByNumber::new(bill_types), places: SettingByNumber::new(places) }
    }

    /// The setting by bill type if it is filled, otherwise by place of service.
    pub fn setting(&self, bill_type: &str, place_of_service: &str) -> Setting {
        if !bill_type.is_empty() {
            return BillType::parse(bill_type).map_or(Setting::Undetermined, |b| self.bill_types.get(b.facility));
        }
        match place_of_service.as_bytes() {
            [d] => self.places.get([b'0', *d]),
            [a, b] => self.places.get([*a, *b]),
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
            BillType::parse(bill_type(text))
                .map(|b| format!("{}{}", String::from_utf8_lossy(&b.facility), b.frequency.map_or('-', char::from)))
        };
        for (text, want) in [
            ("111", Some("111")),
            ("0111", Some("111")),
            ("00131", Some("131")),
            ("131.0", Some("131")),
            ("11", Some("11-")),
            ("011", Some("11-")),
            ("11:A:7", Some("117")),
            ("011:A:1", Some("111")),
            ("13I", Some("13I")),
            ("1A1", None),
            ("1111", None),
            ("11:B:1", None),
            ("11:A:", None),
            ("1", None),
            ("0", None),
            ("", None),
            ("11-", None),
            ("131.5", None),
        ] {
            assert_eq!(said(text).as_deref(), want, "{text}");
        }
        assert_eq!((bill_type("000"), bill_type("0.0"), bill_type("ABC")), ("", "", "ABC"));
    }

    #[test]
    fn places_of_service() {
        for (cell, want) in [
            ("22", "22"),
            ("022", "22"),
            ("22.0", "22"),
            ("22:B:1", "22"),
            ("22 - On campus", "22"),
            ("05", "5"),
            ("99", "99"),
            ("100", "100"),
            ("0", "0"),
            ("00.0", "00.0"),
            ("ABC", "ABC"),
            ("X22", "X22"),
            ("", ""),
        ] {
            assert_eq!(place_of_service(cell), want, "{cell}");
        }
    }

    #[test]
    fn claim_forms_are_inferred_from_what_is_filled() {
        use ClaimForm::{Institutional as I, Professional as P, Unknown as U};
        for (bill, place, want) in [("111", "22", I), ("?!", "", I), ("", "22", P), ("", "ABC", P), ("", "", U)] {
            assert_eq!(ClaimForm::inferred(bill, place), want, "{bill} {place}");
        }
    }
}
