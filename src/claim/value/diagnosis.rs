//! Diagnosis codes in a cell.

use crate::claim::value::qualifiers::{QUALIFIERS, without};
use crate::ingest::cell::{is_blank, json_list};
use crate::ingest::empty_words::{is_null_word, stands_for_nothing};

/// Maximum number of characters of an ICD-10-CM code after the first three, without the dot.
const MAX_EXTENSION_LEN: usize = 4;

/// Passes the codes of a cleaned, upper-case cell to a function, in order, without qualifiers but with dots. A cell of two or
/// more codes, or of one or none as a JSON list, is a list, in which null words are no codes; any other cell is one code, whatever it
/// holds, unless it stands for nothing. `null` holds the layout's own null words, upper-case.
pub fn each(cell: &str, null: &[String], take: impl FnMut(&str)) {
    let is_code_or_other = |part: &&str| !stands_for_nothing(part, null);
    // The common case: the cell is exactly one code.
    if cell.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') {
        return Some(cell).filter(is_code_or_other).into_iter().for_each(take);
    }
    let list = json_list(cell);
    let cell = list.as_deref().map_or(cell, |inside| inside.trim_matches(is_blank));
    let all_parts = || {
        let separates = |c: char| matches!(c, ';' | '|' | ',' | '^') || is_blank(c);
        cell.split(separates).map(without_qualifier).filter(|part| !part.is_empty())
    };
    // Outside a JSON list a dash is a part of the code.
    let is_part = |part: &&str| if list.is_some() { is_code_or_other(part) } else { !is_null_word(part, null) };
    let parts = || all_parts().filter(is_part);
    if (list.is_some() || all_parts().nth(1).is_some()) && parts().all(is_code) {
        parts().for_each(take);
    } else {
        Some(without_qualifier(cell)).filter(is_code_or_other).into_iter().for_each(take);
    }
}

/// The code without its qualifier, and without blanks between the two.
fn without_qualifier(code: &str) -> &str {
    without(&QUALIFIERS.diagnosis, code).trim_start_matches(is_blank)
}

/// Is it a letter, a digit, a letter or digit, optionally a dot, and up to four letters or digits?
pub(crate) fn is_code(text: &str) -> bool {
    let [letter, digit, third, rest @ ..] = text.as_bytes() else { return false };
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    letter.is_ascii_alphabetic()
        && digit.is_ascii_digit()
        && third.is_ascii_alphanumeric()
        && rest.len() <= MAX_EXTENSION_LEN
        && rest.iter().all(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    fn read(cell: &str) -> String {
        let mut codes = Vec::new();
        super::each(cell, &["N.A.".to_owned()], |code| codes.push(code.to_owned()));
        codes.join(" ")
    }

    #[test]
    fn cells_hold_codes() {
        for (cell, want) in [
            ("M48.54XA", "M48.54XA"),
            ("M48.54XA;M80.08XA", "M48.54XA M80.08XA"),
            ("M4854XA|M8008XA,C90.01^S22", "M4854XA M8008XA C90.01 S22"),
            ("M48.54XA  M80.08XA", "M48.54XA M80.08XA"),
            ("[\"M48.54XA\",\"M80.08XA\"]", "M48.54XA M80.08XA"),
            ("[\"M48.54XA\", \"M80.08XA\"]", "M48.54XA M80.08XA"),
            ("[\"M48.54XA\"]", "M48.54XA"),
            ("['M48.54XA','M80.08XA']", "M48.54XA M80.08XA"),
            ("[]", ""),
            ("ABK:M48.54XA", "M48.54XA"),
            ("BF:M48.54XA", "M48.54XA"),
            ("ABK: M48.54XA", "M48.54XA"),
            ("ABK: M48.54XA; ABF: M80.08XA", "M48.54XA M80.08XA"),
            ("ABK:M48.54XA;ABF:M80.08XA", "M48.54XA M80.08XA"),
            ("M48.54XA;;M80.08XA;", "M48.54XA M80.08XA"),
            ("[\"M48.54XA\", NULL]", "M48.54XA"),
            ("M80.08XA;NULL;M48.54XA", "M80.08XA M48.54XA"),
            ("NONE,NONE", ""),
            ("[\"NULL\"]", ""),
            ("[N/A]", ""),
            ("[\"-\"]", ""),
            ("[\"\", \"\"]", ""),
            ("[\"M80.08XA\",\"\"]", "M80.08XA"),
            ("[\"N.A.\", \"M80.08XA\"]", "M80.08XA"),
            ("[\"M54.5\",\"-\",\"M80.08XA\"]", "M54.5 M80.08XA"),
            ("M54.5;-;M80.08XA", "M54.5;-;M80.08XA"),
            ("N/A", ""),
            ("NONE", ""),
            ("N.A.", ""),
            ("[\"733.13\"]", "733.13"),
            // Not every part is a code, or there is one only: nothing is repaired.
            ("M48.54XA;733.13", "M48.54XA;733.13"),
            ("M48.54XA;", "M48.54XA;"),
            ("M48.5XAB;M80", "M48.5XAB M80"),
            ("M48.54XAB;M80", "M48.54XAB;M80"),
            ("M48..54;M80", "M48..54;M80"),
            ("XX:M48.54XA", "XX:M48.54XA"),
            ("M48 -", "M48 -"),
        ] {
            assert_eq!(read(cell), want, "{cell}");
        }
    }
}
