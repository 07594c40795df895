//! The shapes of codes, and the codes of a cell that may hold several with qualifiers and separators.

use crate::claim::value::qualifiers::{QUALIFIERS, without};
use crate::ingest::cell::is_blank;

/// The codes of a cell in capitals: without brackets and quotes of a list, qualifiers, and what follows a code in a segment of an 837. A
/// code with another qualifier, such as that of an admission, stays as it is, and has no shape of a code.
pub(super) fn parts(cell: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| matches!(c, ';' | '|' | ',' | '^' | '[' | ']' | '"' | '\'') || is_blank(c);
    let of_codes = [&QUALIFIERS.diagnosis, &QUALIFIERS.icd_procedure, &QUALIFIERS.procedure];
    let is_known = move |first: &str| of_codes.iter().any(|list| list.iter().any(|own| own == first));
    cell.split(separates).filter(|part| !part.is_empty()).map(move |part| {
        let rest = part.split_once(':').filter(|(first, _)| is_known(first));
        rest.map_or(part, |(_, rest)| rest.split(':').next().unwrap_or(rest))
    })
}

/// Three digits, a dot, one digit or two: a diagnosis of ICD-9-CM, or a number.
pub(super) fn is_dotted_icd9(code: &[u8]) -> bool {
    let Some((front, [b'.', rest @ ..])) = code.split_at_checked(3) else { return false };
    matches!(rest.len(), 1 | 2) && front.iter().chain(rest).all(u8::is_ascii_digit)
}

/// Five digits, or four after or before a letter.
pub(super) fn is_cpt(code: &[u8]) -> bool {
    let [first, middle @ .., last] = code else { return false };
    let is_digit_or_letter = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    code.len() == 5
        && middle.iter().all(u8::is_ascii_digit)
        && is_digit_or_letter(first)
        && is_digit_or_letter(last)
        && (first.is_ascii_digit() || last.is_ascii_digit())
}

/// A CPT or HCPCS code with up to four modifiers: `99213-25`, `99213:25:59`, `99213 25`.
pub(super) fn is_cpt_with_modifiers(cell: &str) -> bool {
    let is_separator = |c: char| matches!(c, '-' | ':') || is_blank(c);
    let cell = without(&QUALIFIERS.procedure, cell);
    let mut tokens = cell.split(is_separator).filter(|token| !token.is_empty());
    tokens.next().is_some_and(|code| is_cpt(code.as_bytes()))
        && tokens.clone().count() <= 4
        && tokens.all(|token| token.len() == 2 && token.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Seven digits and letters other than I and O, among them at least one of each, the first a section of ICD-10-PCS.
pub(super) fn is_icd_procedure(code: &[u8]) -> bool {
    let is_character = |b: &u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'O'));
    code.len() == 7
        && matches!(code.first(), Some(b'0'..=b'9' | b'B'..=b'D' | b'F'..=b'H' | b'X'))
        && code.iter().all(is_character)
        && code.iter().any(u8::is_ascii_digit)
        && code.iter().any(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::value::diagnosis;

    #[test]
    fn cells_are_split_into_codes() {
        for (cell, want) in [
            ("M48.54XA", "M48.54XA"),
            ("ABK:M4854XA", "M4854XA"),
            ("ABK:M4854XA:D8:20240305;ABF:C9000", "M4854XA C9000"),
            ("[\"M4854XA\", \"C9000\"]", "M4854XA C9000"),
            ("['M4854XA']", "M4854XA"),
            ("M4854XA | C9000^I10", "M4854XA C9000 I10"),
            ("BBR:0PU43JZ:D8:20240305", "0PU43JZ"),
            ("ABJ:M4854XA", "ABJ:M4854XA"),
            ("[]", ""),
        ] {
            assert_eq!(parts(cell).collect::<Vec<_>>().join(" "), want, "{cell}");
        }
    }

    #[test]
    fn shapes_are_those_of_codes() {
        for (code, icd10, icd9, cpt, procedure) in [
            ("M48.54XA", true, false, false, false),
            ("733.13", false, true, false, false),
            ("401.9", false, true, false, false),
            ("0PU43JZ", false, false, false, true),
            ("M4854XA", true, false, false, false),
            ("99213", false, false, true, false),
            ("J1885", true, false, true, false),
            ("0201T", false, false, true, false),
            ("1733.13", false, false, false, false),
            ("733.131", false, false, false, false),
            ("7.3.13", false, false, false, false),
            ("20240305", false, false, false, false),
            ("1234567893", false, false, false, false),
            ("0360", false, false, false, false),
            ("470", false, false, false, false),
        ] {
            let bytes = code.as_bytes();
            let got = (diagnosis::is_code(code), is_dotted_icd9(bytes), is_cpt(bytes), is_icd_procedure(bytes));
            assert_eq!(got, (icd10, icd9, cpt, procedure), "{code}");
        }
        for (cell, want) in [
            ("99213", true),
            ("99213-25", true),
            ("HC:99213:25:59", true),
            ("99213 25", true),
            ("02115-1234", false),
            ("99213,99214", false),
            ("22513 MAIN ST", false),
        ] {
            assert_eq!(is_cpt_with_modifiers(cell), want, "{cell}");
        }
    }
}
