//! The form of a file's text as a layout gives it: delimiter, quotes, preamble and lines to skip. An extract has one,
//! each joined table, and the authorization file.

use crate::ingest::record::header::Preamble;
use crate::ingest::record::quoting::Quoting;
use crate::strict_toml::{Document, SpannedText, Table};

/// The form of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextForm {
    /// The delimiter; none: it is detected.
    pub delimiter: Option<u8>,
    /// How cells are quoted.
    pub quoting: Quoting,
    /// Number of physical lines before the header.
    pub skip_lines: usize,
    /// Lines that begin with one of these are skipped.
    pub skip_prefix: Vec<Vec<u8>>,
}

/// Most lines that a layout may skip before the header.
const MAX_SKIP_LINES: i64 = 1000;

/// The word for no quote.
const NO_QUOTE: &str = "none";

impl TextForm {
    /// The form of the tables joined to an extract of this form: they are quoted as it is, and often have another delimiter.
    #[must_use]
    pub fn of_tables(&self) -> Self {
        Self { delimiter: None, ..self.clone() }
    }

    /// Reads the keys of a form. Those that are not there are as in `base`.
    pub(crate) fn read(document: &Document<'_>, table: &Table<'_, '_>, base: &Self) -> Self {
        let delimiter = table.text_if("delimiter").and_then(|d| delimiter(document, &d)).or(base.delimiter);
        let quote =
            if let Some(placed) = table.text_if("quote") { quote(document, &placed) } else { base.quoting.quote };
        if quote.is_some() && quote == delimiter {
            table.fault("the quote is the delimiter, too: write another `quote`");
        }
        let escape = table.text_if("escape");
        if let Some(placed) = escape.as_ref().filter(|placed| placed.text != "\\") {
            document.fault(placed.span.clone(), "the escape is a backslash: write escape = \"\\\\\"");
        }
        let skip_lines = table.number_if("skip_lines", 0..=MAX_SKIP_LINES).and_then(|n| usize::try_from(n).ok());
        let prefixes = table.texts_if("skip_prefix").into_iter().map(|p| p.text.into_bytes()).filter(|p| !p.is_empty());
        let mut skip_prefix = base.skip_prefix.clone();
        skip_prefix.extend(prefixes);
        Self {
            delimiter,
            quoting: Quoting { quote, escapes: escape.is_some() || base.quoting.escapes },
            skip_lines: skip_lines.unwrap_or(base.skip_lines),
            skip_prefix,
        }
    }

    /// What the reader of a header needs; `names` for a file without a header line.
    pub(crate) fn preamble<'a>(&'a self, names: &'a [String]) -> Preamble<'a> {
        let Self { quoting, skip_lines, skip_prefix, .. } = self;
        Preamble { skip_lines: *skip_lines, skip_prefix, quoting: *quoting, names }
    }

    /// Skips these lines before the header, and lines with these prefixes.
    pub(crate) fn skip(&mut self, lines: Option<usize>, prefixes: &[String]) {
        self.skip_lines = lines.unwrap_or(self.skip_lines);
        self.skip_prefix.extend(prefixes.iter().filter(|p| !p.is_empty()).map(|p| p.clone().into_bytes()));
    }
}

fn delimiter(document: &Document<'_>, placed: &SpannedText) -> Option<u8> {
    if let [b @ (b',' | b'|' | b'\t' | b';' | b'*')] = placed.text.as_bytes() {
        return Some(*b);
    }
    document.fault(placed.span.clone(), "the delimiter is one of five: write \",\", \"|\", \"\\t\", \";\" or \"*\"");
    None
}

fn quote(document: &Document<'_>, placed: &SpannedText) -> Option<u8> {
    match placed.text.as_bytes() {
        [b] if b.is_ascii_punctuation() && *b != b'\\' => Some(*b),
        _ if placed.text == NO_QUOTE => None,
        _ => {
            document.fault(
                placed.span.clone(),
                "a quote is one character, such as \"'\"; where no cell is quoted write quote = \"none\"",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Result<TextForm, Vec<String>> {
        let base = TextForm { skip_prefix: vec![b"#".to_vec()], ..TextForm::default() };
        let read = Document::load("l.toml", text, |document, root| {
            let form = TextForm::read(document, &root, &base);
            root.deny_unknown_keys();
            Some(form)
        });
        read.map_err(|faults| faults.list.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn a_form_takes_what_it_does_not_give_from_its_base() {
        let read = form("").expect("a form");
        assert_eq!((read.quoting, read.skip_prefix.len(), read.skip_lines), (Quoting::STANDARD, 1, 0));
        let text = "delimiter = \"|\"\nquote = \"none\"\nescape = \"\\\\\"\nskip_lines = 2\nskip_prefix = \"TR\"\n";
        let read = form(text).expect("a form");
        assert_eq!((read.delimiter, read.quoting), (Some(b'|'), Quoting { quote: None, escapes: true }));
        assert_eq!((read.skip_lines, read.skip_prefix), (2, vec![b"#".to_vec(), b"TR".to_vec()]));
        assert_eq!(form("quote = \"'\"").expect("a form").quoting, Quoting { quote: Some(b'\''), escapes: false });
    }

    #[test]
    fn quotes_and_escapes_that_nothing_writes_are_refused() {
        for (text, says) in [
            ("quote = \"\"", "a quote is one character"),
            ("quote = \"a\"", "a quote is one character"),
            ("quote = \"''\"", "a quote is one character"),
            ("quote = \"\\\\\"", "a quote is one character"),
            ("escape = \"^\"", "the escape is a backslash"),
            ("escape = \"\"", "the escape is a backslash"),
            ("quote = \"|\"\ndelimiter = \"|\"", "the quote is the delimiter"),
            ("quot = \"'\"", "`quot` is not known; did you mean `quote`?"),
        ] {
            let faults = form(text).expect_err(text);
            assert!(faults[0].starts_with(says), "{text}: {faults:?}");
        }
    }
}
