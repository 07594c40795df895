//! The escaping of every value on the page: HTML cannot be injected, and every character of a cell is visible.
//!
//! Claim text can contain control characters and characters that reverse the direction of the text around them. A
//! browser drops or obeys them, so the page would not show the value of the file. Here they become visible signs.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The escaper named in askama.toml.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible;

impl askama::filters::Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.as_bytes().chunks(BYTES_AT_ONCE).all(|bytes| bytes.iter().fold(true, |all, byte| all & is_plain(*byte)))
        {
            return dest.write_str(text);
        }
        let mut written = 0;
        for (at, c) in text.char_indices() {
            let entity = match c {
                '<' => "&lt;",
                '>' => "&gt;",
                '&' => "&amp;",
                '"' => "&#34;",
                '\'' => "&#39;",
                ' '..='~' => continue,
                c if unseen(c) => "",
                _ => continue,
            };
            dest.write_str(&text[written..at])?;
            written = at + c.len_utf8();
            if entity.is_empty() { picture(c, &mut dest)? } else { dest.write_str(entity)? }
        }
        dest.write_str(&text[written..])
    }
}

/// Bytes that are looked at together.
const BYTES_AT_ONCE: usize = 32;

/// Is it a character that stays as it is? Most values have no others.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'')
}

/// A visible sign for an invisible character.
fn picture(c: char, dest: &mut impl Write) -> fmt::Result {
    match u32::from(c) {
        // Unicode has a picture for each of the old control characters.
        n @ 0..0x20 => dest.write_char(char::from_u32(0x2400 + n).unwrap_or(char::REPLACEMENT_CHARACTER)),
        0x7f => dest.write_char('\u{2421}'),
        n => write!(dest, "\u{27e8}U+{n:04X}\u{27e9}"),
    }
}

/// A text with its invisible characters made visible, for the terminal. A cell must not move the cursor, color the
/// screen or reverse the text around it.
pub(crate) fn seen(text: &str) -> Cow<'_, str> {
    if !text.contains(unseen) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        // A String takes everything.
        let _ = if unseen(c) { picture(c, &mut out) } else { out.write_char(c) };
    }
    Cow::Owned(out)
}

/// A JSON text whose values have their invisible characters escaped, so that they are visible and have the same value
/// for a program. JSON escapes only those below U+0020 by itself. It has such characters in its strings alone.
pub(crate) fn seen_json(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| unseen(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if unseen(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Characters that a browser does not show, or that change how other characters are shown.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use askama::filters::Escaper as _;

    use super::*;

    #[test]
    fn escaped_json_has_the_same_values() {
        let hostile = ["a\0b\n\u{1b}[31m\u{7f}", "\u{9b}31m\u{202e}\u{e0041}\\\"", "Müller 日本"];
        let text = serde_json::to_string_pretty(&hostile).expect("JSON");
        let escaped = seen_json(&text);
        assert!(!escaped.contains(|c| unseen(c) && c != '\n'), "{escaped}");
        assert_eq!(serde_json::from_str::<[String; 3]>(&escaped).expect("JSON"), hostile);
        assert!(escaped.contains("\\u009b31m\\u202e\\udb40\\udc41"), "{escaped}");
    }

    #[test]
    fn hostile_characters_are_harmless_and_visible() {
        let table = [
            ("M80.08XA", "M80.08XA"),
            ("", ""),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onmouseover='x", "&#34; onmouseover=&#39;x"),
            ("a&b;&lt;", "a&amp;b;&amp;lt;"),
            ("a\0b\n\u{1b}[31m\u{7f}", "a\u{2400}b\u{240a}\u{241b}[31m\u{2421}"),
            ("\u{85}\u{202e}cod\u{200b}e\u{feff}", "⟨U+0085⟩⟨U+202E⟩cod⟨U+200B⟩e⟨U+FEFF⟩"),
            ("\u{e0041}", "⟨U+E0041⟩"),
            ("Müller 日本", "Müller 日本"),
        ];
        for (text, want) in table {
            let mut out = String::new();
            Visible.write_escaped_str(&mut out, text).expect("a String takes everything");
            assert_eq!(out, want, "{text:?}");
            let plain = |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", "\"");
            assert_eq!(seen(text), plain(want).replace("&#39;", "'").replace("&amp;", "&"), "{text:?}");
        }
    }
}
