//! One cell as text: decoded, trimmed, unwrapped, and empty if it holds a null word such as `NULL` or `n/a`.

use std::borrow::Cow;

use crate::ingest::eight_bytes::{any_word, has_byte, has_lowercase_or_foreign};
use crate::ingest::empty_words::{EMPTY, is_own_null_word};

/// The text of a raw cell. Bytes that are not UTF-8 are read one by one as Latin-1. These are removed, in this order: white
/// space at both ends, a spreadsheet's `="..."` or `=`, one pair of quotes around the whole, a leading apostrophe, white
/// space again. A null word becomes empty. `null` holds the layout's own null words, upper-case.
pub fn clean<'a>(raw: &'a [u8], null: &[String]) -> Cow<'a, str> {
    match decoded(raw) {
        Cow::Borrowed(text) => clean_text(text, null),
        Cow::Owned(text) => Cow::Owned(clean_text(&text, null).into_owned()),
    }
}

/// Bytes as text. Those that are not UTF-8 are read one by one as Latin-1.
pub(crate) fn decoded(raw: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(raw).map_or_else(|_| Cow::Owned(latin1(raw)), Cow::Borrowed)
}

/// Is it certain at a glance that [`clean_text`] leaves this text as it is?
#[inline(always)]
pub(super) fn is_clean(raw: &str, null: &[String]) -> bool {
    let Some(last) = raw.as_bytes().last() else { return true };
    // No wrapper begins with a letter or digit.
    null.is_empty() && last.is_ascii_graphic() && EMPTY.begins_plainly(raw.as_bytes())
}

/// Same as [`clean`], for a cell that is known to be UTF-8.
pub(super) fn clean_text<'a>(raw: &'a str, null: &[String]) -> Cow<'a, str> {
    let text = unwrap(raw);
    if EMPTY.holds(text) || is_own_null_word(text, null) { Cow::Borrowed("") } else { Cow::Borrowed(text) }
}

/// Removes white space and wrappers.
fn unwrap(text: &str) -> &str {
    let text = text.trim_matches(is_blank);
    let text = text.strip_prefix("=\"").and_then(|t| t.strip_suffix('"')).or(text.strip_prefix('=')).unwrap_or(text);
    let text = unquote(text);
    text.strip_prefix('\'').unwrap_or(text).trim_matches(is_blank)
}

/// Removes one pair of quotes around the whole: straight quotes, however often they are doubled, or any two typographic
/// quotes that are both double or both single.
fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inside = |t| str::strip_prefix(t, quote).and_then(|t| t.strip_suffix(quote));
        if let Some(mut inner) = inside(text) {
            while let Some(next) = inside(inner) {
                inner = next;
            }
            return inner;
        }
    }
    for quotes in [DOUBLE_QUOTES, SINGLE_QUOTES] {
        if let Some(inner) = text.strip_prefix(quotes).and_then(|t| t.strip_suffix(quotes)) {
            return inner;
        }
    }
    text
}

/// The typographic quotes that open or close a double quotation in some language.
const DOUBLE_QUOTES: [char; 6] = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{ab}', '\u{bb}'];

/// The typographic quotes that open or close a single quotation in some language.
const SINGLE_QUOTES: [char; 6] = ['\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{2039}', '\u{203a}'];

/// Upper-cases a text. Letters outside ASCII follow Unicode, for printing, but never become ASCII letters, so that no
/// other text turns into a code: `0p\u{17f}43zz`, with a long s, is not 0PS43ZZ.
#[inline]
pub fn upper(text: Cow<'_, str>) -> Cow<'_, str> {
    if !any_word(text.as_bytes(), has_lowercase_or_foreign) {
        return text;
    }
    Cow::Owned(upper_cased(&text))
}

#[inline(never)]
fn upper_cased(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() || !c.to_uppercase().any(|u| u.is_ascii()) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// What a JSON list holds, without its brackets and quotes. `None` if the cell is none.
pub(crate) fn json_list(cell: &str) -> Option<String> {
    let inside = cell.strip_prefix('[')?.strip_suffix(']')?;
    Some(inside.replace(['"', '\''], ""))
}

/// White space of Unicode, the characters of no width, and the byte-order mark that joined files leave behind.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Removes the `.0` or `.00` that an id of digits gains in a floating-point column. Other texts are unchanged: `A1.0` is
/// an id of its own.
pub(crate) fn without_float_trace(text: &str) -> &str {
    let Some((digits, zeros)) = text.split_once('.') else { return text };
    let is_trace = !digits.is_empty()
        && !zeros.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && zeros.bytes().all(|b| b == b'0');
    if is_trace { digits } else { text }
}

/// Number of characters of a name that a message quotes; longer names are cut.
const MAX_NAME_CHARS: usize = 40;

/// A name from a file, shortened and without control characters, for a terminal.
pub fn printable(name: &str) -> String {
    let mut out: String =
        name.chars().take(MAX_NAME_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().count() > MAX_NAME_CHARS {
        out.push('\u{2026}');
    }
    out
}

fn latin1(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len() * 2);
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|b| char::from(*b)));
    }
    text
}

/// The shape of a text: A for each letter, 9 for each digit, and all other characters.
pub fn shape(text: &str) -> String {
    let of = |c: char| match c {
        c if c.is_alphabetic() => 'A',
        c if c.is_numeric() => '9',
        c => c,
    };
    text.chars().map(of).collect()
}

/// Signs that begin a formula, also in their full-width form, which some spreadsheets read like the sign itself.
const FORMULA_SIGNS: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Would a spreadsheet run this text as a formula? If so, an apostrophe precedes it in CSV files. Blanks and control
/// characters before the sign do not count, because spreadsheets drop them.
#[inline]
pub(crate) fn is_formula(text: &str) -> bool {
    // The common case.
    !text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) && is_formula_after_blanks(text)
}

#[inline(never)]
fn is_formula_after_blanks(text: &str) -> bool {
    text.trim_start_matches(|c: char| is_blank(c) || c.is_control()).starts_with(FORMULA_SIGNS)
}

/// Did a spreadsheet turn the number into scientific notation such as `1.23E+15`, which many numbers share? A point or a plus
/// sign is required, because digits, E and digits may be a real claim number.
#[inline]
pub fn is_mangled(id: &str) -> bool {
    // Few ids have one of these.
    any_word(id.as_bytes(), |word| has_byte(word, b'.') || has_byte(word, b'+')) && is_scientific(id)
}

#[inline(never)]
fn is_scientific(id: &str) -> bool {
    if id.contains('|') {
        return id.split('|').any(is_mangled);
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((mantissa, exponent)) = id.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    let digits = exponent.strip_prefix('+').unwrap_or(exponent);
    is_number(whole)
        && fraction.is_none_or(is_number)
        && is_number(digits)
        && (fraction.is_some() || digits.len() < exponent.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_may_begin_with_blanks_controls_and_full_width_signs() {
        for before in ["", "\t", "\r", "\n", "\0", " ", "\u{a0}", "\u{feff}", "\u{200b}", "\u{3000}", "\t\u{a0}\0 "] {
            for sign in FORMULA_SIGNS {
                assert!(is_formula(&format!("{before}{sign}1")), "{before:?}{sign}");
            }
            for harmless in ["", "1-1", "a=b", "'=1", "\u{e9}=", "(1)", "$-1"] {
                assert!(!is_formula(&format!("{before}{harmless}")), "{before:?}{harmless}");
            }
        }
    }

    #[test]
    fn cells() {
        let null = vec!["BLANK".to_owned()];
        let table: &[(&[u8], &str)] = &[
            (b"", ""),
            (b"  22514\t", "22514"),
            ("\u{a0}22514\u{feff}".as_bytes(), "22514"),
            ("\u{200b}\u{2060}22514\u{180e}\u{200d}".as_bytes(), "22514"),
            (b"\xa022514\xa0", "22514"),
            (b"=\"22514\"", "22514"),
            (b" =\" 22514 \" ", "22514"),
            (b"=22514", "22514"),
            (b"==22514", "=22514"),
            (b"=\"", "\""),
            (b"=", ""),
            (b"a=\"b\"", "a=\"b\""),
            // Quotes around the whole.
            (b"\"22514\"", "22514"),
            (b"\"\"22514\"\"", "22514"),
            (b"'22514'", "22514"),
            (b"''22514''", "22514"),
            (b"\"22514", "\"22514"),
            (b"22514\"", "22514\""),
            (b"\"'22514'\"", "22514'"),
            ("\u{201c}22514\u{201d}".as_bytes(), "22514"),
            ("\u{201e}22514\u{201c}".as_bytes(), "22514"),
            ("\u{bb}22514\u{ab}".as_bytes(), "22514"),
            ("\u{2018}22514\u{201b}".as_bytes(), "22514"),
            ("\u{2039}22514\u{203a}".as_bytes(), "22514"),
            ("\u{201c}22514\u{2019}".as_bytes(), "\u{201c}22514\u{2019}"),
            ("\u{201c}22514\"".as_bytes(), "\u{201c}22514\""),
            (b"\xab22514\xbb", "22514"),
            // A leading apostrophe.
            (b"'22514", "22514"),
            (b"' 22514", "22514"),
            (b"22514'", "22514'"),
            (b"'", ""),
            // Words for nothing.
            (b"NULL", ""),
            (b"null", ""),
            (b"(null)", ""),
            (b"[NULL]", ""),
            (b"\\N", ""),
            (b"\\n", ""),
            (b"NaN", ""),
            (b"NaT", ""),
            (b"None", ""),
            (b"nil", ""),
            (b"NA", ""),
            (b"n/a", ""),
            (b"#N/A", ""),
            (b"<NA>", ""),
            (b"~", ""),
            (b".", ""),
            (b"?", ""),
            (b"=\"NULL\"", ""),
            (b"NULLS", "NULLS"),
            (b"(N/A)", "(N/A)"),
            (b"NAB", "NAB"),
            (b"~~", "~~"),
            (b"..", ".."),
            (b"----------", ""),
            ("\u{2013}\u{2014}-".as_bytes(), ""),
            (b"=\"-\"", ""),
            (b"-5", "-5"),
            (b"blank", ""),
            (b"blanks", "blanks"),
            (b"caf\xe9", "caf\u{e9}"),
            ("caf\u{e9}\u{2019}".as_bytes(), "caf\u{e9}\u{2019}"),
            (b"\xff\xc3\xa9", "\u{ff}\u{e9}"),
        ];
        for (raw, want) in table {
            assert_eq!(clean(raw, &null), *want, "{raw:?}");
            if let Ok(text) = std::str::from_utf8(raw) {
                assert_eq!(clean_text(text, &null), *want, "{raw:?}");
                assert_eq!(clean_text(text, &[]), clean(raw, &[]), "{raw:?}");
            }
        }
        assert_eq!(clean(b"blank", &[]), "blank");
    }

    #[test]
    fn a_shape_holds_no_letter_and_no_digit() {
        assert_eq!(shape("M\u{fc}ller-7, 5\u{bd} \u{4e2d}"), "AAAAAA-9, 99 A");
    }

    #[test]
    fn float_traces_are_removed_from_digits_only() {
        for (text, want) in [
            ("1001.0", "1001"),
            ("1001.00", "1001"),
            ("1001", "1001"),
            ("1001.", "1001."),
            ("1001.01", "1001.01"),
            ("A1.0", "A1.0"),
            (".0", ".0"),
            ("1.0.0", "1.0.0"),
        ] {
            assert_eq!(without_float_trace(text), want, "{text}");
        }
    }

    #[test]
    fn no_other_letter_becomes_an_ascii_letter() {
        for (text, want) in [
            ("0ps43zz", "0PS43ZZ"),
            ("0p\u{17f}43zz", "0P\u{17f}43ZZ"),
            ("\u{df}\u{131}", "\u{df}\u{131}"),
            ("\u{e9}", "\u{c9}"),
        ] {
            assert_eq!(upper(text.into()), want, "{text}");
        }
    }

    #[test]
    fn scientific_notation_mangles_a_number() {
        for id in ["1.23E+15", "1.23e15", "1E+5", "12e+05", "1.2E15", "7|1.2E+3"] {
            assert!(is_mangled(id), "{id}");
        }
        for id in [
            "1E15", "1.E+5", ".1E+5", "1.23E-5", "1.23E+", "E+5", "1.23E+1x", "A1.2E+3", "123", "1.2.3E+5", "1.23E++5",
            "",
        ] {
            assert!(!is_mangled(id), "{id}");
        }
    }
}
