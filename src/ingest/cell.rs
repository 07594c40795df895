//! One cell as text: decoded, trimmed, unwrapped, and empty when it says nothing.

use std::borrow::Cow;

/// The text of a raw cell: bytes that are not UTF-8 are read as Latin-1 one by one, white space (Unicode, and a stray
/// byte-order mark) goes from both ends, a spreadsheet's `="..."` is undone, and what stands for nothing becomes
/// empty. `null` holds the layout's further words for nothing, upper-cased.
pub fn clean<'a>(raw: &'a [u8], null: &[String]) -> Cow<'a, str> {
    let trimmed = raw.trim_ascii();
    if trimmed.is_empty() {
        return Cow::Borrowed("");
    }
    // Most cells are plain: nothing to take off at either end.
    let plain = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_graphic() && *b != b'=');
    let text = match std::str::from_utf8(trimmed) {
        Ok(text) if plain(trimmed.first()) && plain(trimmed.last()) => Cow::Borrowed(text),
        Ok(text) => Cow::Borrowed(trim(unwrap(trim(text)))),
        Err(_) => {
            let text = latin1(trimmed);
            Cow::Owned(trim(unwrap(trim(&text))).to_owned())
        }
    };
    if is_nothing(&text, null) { Cow::Borrowed("") } else { text }
}

/// As [`clean`], of a cell that is UTF-8.
pub(super) fn clean_text<'a>(raw: &'a str, null: &[String]) -> Cow<'a, str> {
    let (Some(first), Some(last)) = (raw.as_bytes().first(), raw.as_bytes().last()) else { return Cow::Borrowed("") };
    // Neither blank nor wrapped at either end, and no beginning of a word for nothing: what most cells are.
    let is_plain = first.is_ascii_graphic() && last.is_ascii_graphic() && null.is_empty();
    if is_plain && !matches!(first, b'=' | b'-' | b'~' | b'n' | b'N' | b'\\') {
        return Cow::Borrowed(raw);
    }
    clean(raw.as_bytes(), null)
}

/// The codes of the policy are ASCII; other letters follow Unicode, for what is printed, but none becomes a letter of
/// a code: `0p\u{17f}43zz`, with a long s, is not 0PS43ZZ.
pub fn upper(text: Cow<'_, str>) -> Cow<'_, str> {
    // All of them: a few bytes are looked at sooner than the way out of a loop is guessed.
    if text.bytes().filter(|b| b.is_ascii_lowercase() || *b >= 0x80).count() == 0 {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() || !c.to_uppercase().any(|u| u.is_ascii()) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// White space and the byte-order mark that joined files leave behind.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn unwrap(text: &str) -> &str {
    text.strip_prefix("=\"").and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

fn is_nothing(text: &str, null: &[String]) -> bool {
    match text.as_bytes().first() {
        None | Some(b'-') => text.bytes().all(|b| b == b'-') || is_null_word(text, null),
        Some(b'~') if text.len() == 1 => true,
        Some(b'n' | b'N') if text.eq_ignore_ascii_case("null") => true,
        Some(b'\\') if text == "\\N" => true,
        Some(_) => is_null_word(text, null),
    }
}

fn is_null_word(text: &str, null: &[String]) -> bool {
    !null.is_empty() && null.contains(&text.to_uppercase())
}

fn latin1(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len() * 2);
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|b| char::from(*b)));
    }
    text
}

/// Would a spreadsheet run this text from the input as a formula? In a CSV file it then gets an apostrophe in front.
pub fn is_formula(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'=' | b'+' | b'-' | b'@'))
}

/// The text of an id without the `.0` or `.00` that it gets when it passes through a floating-point column. Only digits
/// lose it: `A1.0` is an id of its own.
pub fn without_float_trace(text: &str) -> &str {
    let Some((digits, zeros)) = text.split_once('.') else { return text };
    let is_trace = !digits.is_empty()
        && !zeros.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && zeros.bytes().all(|b| b == b'0');
    if is_trace { digits } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let null = vec!["BLANK".to_owned()];
        let table: &[(&[u8], &str)] = &[
            (b"", ""),
            (b"  22514\t", "22514"),
            ("\u{a0}22514\u{feff}".as_bytes(), "22514"),
            (b"\xa022514\xa0", "22514"),
            (b"=\"22514\"", "22514"),
            (b" =\" 22514 \" ", "22514"),
            (b"=\"", "=\""),
            (b"NULL", ""),
            (b"null", ""),
            (b"\\N", ""),
            (b"\\n", "\\n"),
            (b"~", ""),
            (b"~~", "~~"),
            (b"----------", ""),
            (b"=\"-\"", ""),
            (b"-5", "-5"),
            (b"blank", ""),
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
    }

    #[test]
    fn no_letter_becomes_one_of_a_code() {
        for (text, want) in [
            ("0ps43zz", "0PS43ZZ"),
            ("0p\u{17f}43zz", "0P\u{17f}43ZZ"),
            ("\u{df}\u{131}", "\u{df}\u{131}"),
            ("\u{e9}", "\u{c9}"),
        ] {
            assert_eq!(upper(text.into()), want, "{text}");
        }
    }
}
