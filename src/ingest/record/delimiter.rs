//! The delimiters, the line `sep=X` that spreadsheets write, and what to do about lines before the header.

use crate::ingest::source::Source;

/// The delimiters to try, in order of preference.
pub(crate) const DELIMITERS: [u8; 5] = [b',', b'\t', b';', b'|', b'*'];

/// The start of a text after its byte order mark.
pub(super) fn after_mark(sample: &[u8]) -> usize {
    if sample.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

/// A first line `sep=X` that is wrong: the next line has no X, and another delimiter. Returns X and that delimiter.
pub(crate) fn wrong_separator_line(sample: &[u8]) -> Option<(u8, u8)> {
    let (stated, next) = separator_line(sample, after_mark(sample))?;
    let mut lines = sample[next..].split(|b| matches!(b, b'\r' | b'\n'));
    let header = lines.find(|line| !line.trim_ascii().is_empty())?;
    if header.contains(&stated) {
        return None;
    }
    let count = |delimiter: &u8| memchr::memchr_iter(*delimiter, header).count();
    let most = DELIMITERS.into_iter().max_by_key(count).filter(|delimiter| count(delimiter) > 0)?;
    Some((stated, most))
}

/// A delimiter in words.
pub(crate) fn delimiter_name(byte: u8) -> String {
    match byte {
        b',' => "comma".to_owned(),
        b'\t' => "tab".to_owned(),
        b';' => "semicolon".to_owned(),
        b'|' => "pipe".to_owned(),
        b'*' => "asterisk".to_owned(),
        other => format!("{:?}", char::from(other)),
    }
}

/// The delimiter of a line `sep=X`, which may be in quotes, and the start of the next line.
pub(super) fn separator_line(sample: &[u8], start: usize) -> Option<(u8, usize)> {
    let line = &sample[start..];
    let end = memchr::memchr2(b'\r', b'\n', line)?;
    let next = if line[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
    let text = match line[..end].trim_ascii_end() {
        // A tab delimiter was trimmed as a blank at the end.
        b"sep=" | b"SEP=" | b"Sep=" => line[..end].get(..5)?,
        [b'"', inner @ .., b'"'] => inner,
        text => text,
    };
    let (word, delimiter) = text.split_last_chunk::<1>()?;
    let is_delimiter = !delimiter[0].is_ascii_alphanumeric() && delimiter[0].is_ascii() && delimiter[0] != b'"';
    (word.eq_ignore_ascii_case(b"sep=") && is_delimiter).then_some((delimiter[0], start + next))
}

/// Says of a first line `sep=X` that it is wrong.
pub(crate) fn wrong_separator_line_said(sample: &[u8]) -> Option<String> {
    let (stated, own) = wrong_separator_line(sample)?;
    let (stated, own) = (delimiter_name(stated), delimiter_name(own));
    Some(format!("its first line says that the delimiter is {stated}, and its header is separated by {own}"))
}

/// What to do about lines before the header: a first line `sep=X` that is wrong, or a preamble of this many lines, which may
/// begin with one.
pub(crate) fn preamble_advice(source: &Source, lines: Option<usize>) -> Option<String> {
    if source.table().is_some() {
        return None;
    }
    match (wrong_separator_line_said(&source.sample), lines) {
        (Some(said), _) => Some(format!("{said}: give --skip-lines {}", lines.unwrap_or(1))),
        (None, Some(lines)) => {
            Some(format!("its header is on line {}, after a preamble: give --skip-lines {lines}", lines + 1))
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_sep_is_wrong_if_only_another_delimiter_is_in_the_next_line() {
        for (text, wrong) in [
            ("sep=;\na,b\n1,2\n", Some((b';', b','))),
            ("\u{feff}\"sep=,\"\r\n\r\na;b,\r\n", None),
            ("sep=,\r\n\r\na;b\r\n", Some((b',', b';'))),
            ("sep=|\na\tb,\tc\n", Some((b'|', b'\t'))),
            ("sep=;\na;b,c,d\n", None),
            ("sep=;\nname\n", None),
            ("sep=;\n", None),
            ("a,b\n", None),
        ] {
            assert_eq!(wrong_separator_line(text.as_bytes()), wrong, "{text:?}");
        }
    }
}
