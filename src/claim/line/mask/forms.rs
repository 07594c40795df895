//! Cells that could hold an id in a form that is not looked for. They are withheld.

use crate::claim::value::id::is_mangled;

/// Maximum length in bytes of a cell that is shown. Codes, labels and numbers are shorter, and longer texts are prose.
const MAX_BYTES: usize = 256;

/// Number of letters and digits from which a word that mixes both is withheld: one more than a provider number has.
/// Codes are shorter; identifiers that were encoded or encrypted are not.
const MAX_MIXED: usize = 10;

/// Could a text hold an id in a form that is not looked for? `have_other_letters`: some ids hold letters that are not ASCII.
pub(super) fn could_hide_an_id(text: &str, have_other_letters: bool) -> bool {
    text.len() > MAX_BYTES
        || text.bytes().any(|b| !matches!(b, b' '..=b'~')) && (have_other_letters || !is_prose(text))
        || has_escape(text.as_bytes())
        || text.split([' ', ',', ';']).any(is_mangled)
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_mixed)
}

/// Is it a text of Latin letters, without digits? Other letters and digits may look like those of an id, and invisible
/// characters may divide it.
fn is_prose(text: &str) -> bool {
    text.chars().all(|c| match c {
        '0'..='9' => false,
        ' '..='~' | '\u{a0}' | '\u{c0}'..='\u{24f}' | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201f}' => true,
        _ => false,
    })
}

/// Does it hold a character written as a number, as in a link, in mail, in HTML or in a program?
fn has_escape(text: &[u8]) -> bool {
    let hex = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
    text.iter().enumerate().any(|(i, b)| match b {
        b'%' | b'=' => hex(text.get(i + 1)) && hex(text.get(i + 2)),
        b'&' => text.get(i + 1) == Some(&b'#'),
        b'\\' => text.get(i + 1).is_some_and(u8::is_ascii_alphanumeric),
        _ => false,
    })
}

fn is_mixed(word: &str) -> bool {
    word.len() > MAX_MIXED && word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_forms_are_withheld() {
        for hidden in [
            // Full-width, Arabic, mathematical and superscript digits; look-alike letters; a divided number.
            "\u{ff25}\u{ff12}\u{ff14}",
            "\u{662}\u{664}\u{661}",
            "\u{1d7d0}\u{1d7d2}",
            "\u{b2}\u{2074}",
            "\u{415}24100744",
            "\u{415}\u{410}",
            "E24\u{ad}100744",
            "E24\u{0}100744",
            "E24\t100744",
            "ABC\u{200b}DEF",
            "Caf\u{e9} 65",
            "%45%32",
            "=45=32",
            "&#69;&#50;",
            "\\x45\\x32",
            "\\u0045",
            "2.41007E+14",
            "n 2.41007e14",
            "RTI0MTAwNzQ0",
            "453234313030373434A",
            &"x".repeat(257),
        ] {
            assert!(could_hide_an_id(hidden, false), "{hidden}");
        }
        for shown in [
            "",
            "HMO Blue New England",
            "Blue Care Elect Preferred (PPO) 80/20 $1,000 2024",
            "M\u{e9}dicare \u{2013} r\u{e9}gime",
            "M4854XA",
            "1234567893",
            "20240305121212",
            "100% A&B = C",
            "1E5",
            "W8ABCDEFGH",
            "ABCDEFGHIJKLMN",
            &"x".repeat(256),
        ] {
            assert!(!could_hide_an_id(shown, false), "{shown}");
            assert_eq!(could_hide_an_id(shown, true), !shown.is_ascii(), "{shown}");
        }
    }
}
