//! The tables of a file and their keys. What is missing, has the wrong type or is unknown becomes a fault.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::strict_toml::document::Document;
use crate::strict_toml::fault::{Faults, kind_in_words, nearest};
use crate::strict_toml::syntax;

/// A text with its position in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpannedText {
    /// The value.
    pub text: String,
    /// Byte range in the file.
    pub span: Range<usize>,
}

/// The texts without their positions.
pub fn texts(spanned: Vec<SpannedText>) -> Vec<String> {
    spanned.into_iter().map(|s| s.text).collect()
}

impl<'a> Document<'a> {
    /// Parses `text`, passes the root table to `load`, and returns its result. Fails if any fault was recorded.
    pub fn load<T>(
        file: &'a str,
        text: &'a str,
        load: impl FnOnce(&Self, Table<'_, '_>) -> Option<T>,
    ) -> Result<T, Faults> {
        Self::load_piece(file, text, 0, load)
    }

    /// The same for whole lines of a file that come after `lines_before` others and are TOML by themselves.
    pub(crate) fn load_piece<T>(
        file: &'a str,
        text: &'a str,
        lines_before: usize,
        load: impl FnOnce(&Self, Table<'_, '_>) -> Option<T>,
    ) -> Result<T, Faults> {
        let document = Self::new(file, text, lines_before);
        let (root, errors) = DeTable::parse_recoverable(text);
        let at = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let found = errors.iter().map(|error| (at(error), error.message().to_owned())).collect();
        for (at, what) in syntax::said(&document, text, found) {
            document.fault(at..at, what);
        }
        let made = if errors.is_empty() {
            let (entries, path) = (root.get_ref(), String::new());
            load(&document, Table { document: &document, entries, span: 0..0, path, taken: RefCell::default() })
        } else {
            None
        };
        document.result(made)
    }
}

/// One table of the file. Call [`Table::deny_unknown_keys`] after reading it: only then are unknown keys recorded as faults.
#[derive(Debug)]
pub struct Table<'a, 'd> {
    document: &'a Document<'d>,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a, 'd> Table<'a, 'd> {
    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.taken.borrow_mut().insert(key.to_owned());
        self.entries.get(key)
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { format!("`{key}`") } else { format!("`{}.{key}`", self.path) }
    }

    fn missing(&self, key: &str, example: &str) {
        self.document.fault(self.span.clone(), format!("{} is missing: write {key} = {example}", self.name(key)));
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let kind = kind_in_words(value.get_ref().type_str());
        self.document.fault(value.span(), format!("{} is {kind}: write {wanted}", self.name(key)));
    }

    /// The position of the table, for faults about the table as a whole.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The position of a value of the table; that of the table if it has no such key.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or_else(|| self.span(), Spanned::span)
    }

    /// Records a fault about this table.
    pub fn fault(&self, message: impl Into<String>) {
        self.document.fault(self.span.clone(), message);
    }

    /// The document that this table belongs to.
    pub fn document(&self) -> &'a Document<'d> {
        self.document
    }

    /// Does the table have this key?
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A required text.
    pub fn text(&self, key: &str) -> Option<SpannedText> {
        let found = self.text_if(key);
        if found.is_none() && !self.has(key) {
            self.missing(key, "\"...\"");
        }
        found
    }

    /// An optional text.
    pub(crate) fn text_if(&self, key: &str) -> Option<SpannedText> {
        let value = self.get(key)?;
        if let DeValue::String(s) = value.get_ref() {
            Some(SpannedText { text: s.to_string(), span: value.span() })
        } else {
            self.wrong(key, value, "a text in quotes");
            None
        }
    }

    /// A required word from a fixed set.
    pub(crate) fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        if !self.has(key) {
            let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.missing(key, &all.join(" or "));
        }
        let placed = self.text_if(key)?;
        let found = words.iter().find(|(word, _)| *word == placed.text).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let got = format!("{} is \"{}\"", self.name(key), placed.text);
            self.document.fault(placed.span, format!("{got}: write one of {}", all.join(", ")));
        }
        found
    }

    /// An optional boolean, false if absent.
    pub fn flag(&self, key: &str) -> bool {
        match self.get(key) {
            None => false,
            Some(value) => value.get_ref().as_bool().unwrap_or_else(|| {
                self.wrong(key, value, "true or false");
                false
            }),
        }
    }

    /// An optional whole number within bounds.
    pub(crate) fn number_if(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let value = self.get(key)?;
        let number = value.get_ref().as_integer().and_then(|n| n.as_str().parse::<i64>().ok());
        match number {
            Some(n) if range.contains(&n) => Some(n),
            _ => {
                let wanted = format!("a whole number from {} to {}", range.start(), range.end());
                match value.get_ref().as_integer() {
                    Some(n) => {
                        self.document
                            .fault(value.span(), format!("{} is {}: write {wanted}", self.name(key), n.as_str()));
                    }
                    None => self.wrong(key, value, &wanted),
                }
                None
            }
        }
    }

    /// A required whole number within bounds.
    pub fn number(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        if !self.has(key) {
            self.missing(key, &range.start().to_string());
        }
        self.number_if(key, range)
    }

    /// An optional calendar date, written bare: 2020-06-01.
    pub(crate) fn date_if(&self, key: &str) -> Option<Date> {
        self.date_or(key, "2020-06-01")
    }

    fn date_or(&self, key: &str, example: &str) -> Option<Date> {
        let value = self.get(key)?;
        let date = value.get_ref().as_datetime().and_then(|d| if d.time.is_none() { d.date } else { None });
        let date = date.and_then(|d| {
            Date::new(i16::try_from(d.year).ok()?, i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?).ok()
        });
        if date.is_none() {
            self.wrong(key, value, &format!("a date without quotes, such as {example}"));
        }
        date
    }

    /// A required calendar date. `example` is suggested if there is none.
    pub fn date(&self, key: &str, example: &str) -> Option<Date> {
        if !self.has(key) {
            self.missing(key, example);
        }
        self.date_or(key, example)
    }

    /// An optional list of texts. A single text counts as a list of one; an absent key is an empty list.
    pub(crate) fn texts_if(&self, key: &str) -> Vec<SpannedText> {
        let Some(value) = self.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::String(s) => vec![SpannedText { text: s.to_string(), span: value.span() }],
            DeValue::Array(items) => {
                let mut out = Vec::new();
                for item in items {
                    match item.get_ref() {
                        DeValue::String(s) => out.push(SpannedText { text: s.to_string(), span: item.span() }),
                        _ => self.wrong(key, item, "texts in quotes, separated by commas"),
                    }
                }
                out
            }
            _ => {
                self.wrong(key, value, "a text in quotes, or a list of texts: [\"...\", \"...\"]");
                Vec::new()
            }
        }
    }

    /// A required, non-empty list of texts.
    pub fn texts(&self, key: &str) -> Vec<SpannedText> {
        if !self.has(key) {
            self.missing(key, "[\"...\"]");
        }
        let found = self.texts_if(key);
        let is_empty = |value: &&Spanned<DeValue<'_>>| value.get_ref().as_array().is_some_and(|items| items.is_empty());
        if let Some(value) = self.get(key).filter(is_empty) {
            self.document.fault(value.span(), format!("{} is empty: write at least one text", self.name(key)));
        }
        found
    }

    /// Optional tables: `[[key]]` or a list of inline tables. Empty if absent.
    pub(crate) fn tables_if(&self, key: &str) -> Vec<Table<'a, 'd>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, value, &format!("tables, each under [[{key}]]"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => out.push(self.child(key, table, item.span())),
                _ => self.wrong(key, item, "a table: { key = value, ... }"),
            }
        }
        out
    }

    /// A required list of tables with at least one table.
    pub fn tables(&self, key: &str) -> Vec<Table<'a, 'd>> {
        if !self.has(key) {
            self.document
                .fault(self.span.clone(), format!("{} is missing: write a table under [[{key}]]", self.name(key)));
        }
        self.tables_if(key)
    }

    /// An optional table.
    pub(crate) fn table_if(&self, key: &str) -> Option<Table<'a, 'd>> {
        let value = self.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            Some(self.child(key, table, value.span()))
        } else {
            self.wrong(key, value, &format!("a table under [{key}]"));
            None
        }
    }

    /// A required table.
    pub fn table(&self, key: &str) -> Option<Table<'a, 'd>> {
        if !self.has(key) {
            self.document
                .fault(self.span.clone(), format!("{} is missing: write a table under [{key}]", self.name(key)));
        }
        self.table_if(key)
    }

    /// The keys of this table with their positions, in byte order. None of them counts as read.
    pub fn keys(&self) -> Vec<SpannedText> {
        self.entries.iter().map(|(k, _)| SpannedText { text: k.get_ref().to_string(), span: k.span() }).collect()
    }

    /// The keys of this table, which are words that are compared after folding. Two keys that are one word are a fault, and so is
    /// a key that folds to nothing.
    pub(crate) fn words(&self, what: &str, fold: impl Fn(&str) -> String) -> Vec<SpannedText> {
        let mut known: BTreeMap<String, SpannedText> = BTreeMap::new();
        let mut keys = self.keys();
        keys.sort_by_key(|key| key.span.start);
        for key in &keys {
            let folded = fold(&key.text);
            if folded.is_empty() {
                self.document.fault(
                    key.span.clone(),
                    format!("{what} has letters or digits (A to Z, 0 to 9): \"{}\" has none", key.text),
                );
            } else if let Some(first) = known.get(&folded) {
                let line = self.document.line_of(first.span.start);
                let said = format!(
                    "{what} is listed twice: \"{}\" is \"{}\" of line {line}; drop one of them",
                    key.text, first.text
                );
                self.document.fault(key.span.clone(), said);
            } else {
                known.insert(folded, key.clone());
            }
        }
        keys
    }

    /// Is the value of this key a table?
    pub fn is_table(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().is_table())
    }

    /// Is the value of this key a text?
    pub fn is_text(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    fn child(&self, key: &str, entries: &'a DeTable<'a>, span: Range<usize>) -> Table<'a, 'd> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Table { document: self.document, entries, span, path, taken: RefCell::default() }
    }

    /// Marks a key as known, whether or not the table has it.
    pub(crate) fn allow_key(&self, key: &str) {
        self.taken.borrow_mut().insert(key.to_owned());
    }

    /// Ends the reading of this table: every key that was not read or allowed is a fault. The message suggests a known key.
    pub(crate) fn deny_unknown_keys(&self) {
        let taken = self.taken.borrow();
        for (key, _) in self.entries {
            let name: &str = key.get_ref();
            if !taken.contains(name) {
                let hint = nearest(name, taken.iter().map(String::as_str)).map_or_else(
                    || format!("known here: {}", taken.iter().cloned().collect::<Vec<_>>().join(", ")),
                    |k| format!("did you mean `{k}`?"),
                );
                self.document.fault(key.span(), format!("{} is not known; {hint}", self.name(name)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_at_once_with_places() {
        let text = "title = 3\nfrm = 2020-06-01\n[[row]]\ncode = \"A\"\nunit = 1\n";
        let got = Document::load("p.toml", text, |_, root| {
            root.text("title");
            root.date("from", "2020-06-01");
            for row in root.tables("row") {
                row.text("code");
                row.number("units", 1..=9);
                row.deny_unknown_keys();
            }
            root.deny_unknown_keys();
            Some(())
        });
        let faults = got.expect_err("faults").list;
        let said: Vec<_> = faults.iter().map(|f| (f.line, f.column, f.message.as_str())).collect();
        assert_eq!(
            said,
            [
                (1, 1, "`from` is missing: write from = 2020-06-01"),
                (1, 9, "`title` is a whole number: write a text in quotes"),
                (2, 1, "`frm` is not known; did you mean `from`?"),
                (3, 1, "`row.units` is missing: write units = 1"),
                (5, 1, "`row.unit` is not known; did you mean `units`?"),
            ]
        );
    }

    #[test]
    fn words_that_fold_to_one_are_a_fault() {
        let text = "\"x-1\" = 1\ny = 2\n\"X 1\" = 3\n\"***\" = 4\n";
        let fold = |word: &str| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
        let read = Document::load("l.toml", text, |_, root| Some(root.words("a word", fold).len()));
        let said: Vec<_> =
            read.expect_err("faults").list.into_iter().map(|f| format!("{} {}", f.line, f.message)).collect();
        assert_eq!(
            said,
            [
                "3 a word is listed twice: \"X 1\" is \"x-1\" of line 1; drop one of them",
                "4 a word has letters or digits (A to Z, 0 to 9): \"***\" has none"
            ]
        );
    }

    #[test]
    fn broken_toml_is_placed() {
        assert_eq!(Document::load("p", "a = [1,\nb = 2", |_, _| Some(())).expect_err("faults").list[0].line, 2);
    }
}
