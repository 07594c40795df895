//! `claimlint.toml` as written: a serde structure whose values keep their positions in the file.
//!
//! Deserializing a value never fails: an invalid value becomes [`Checked::Faulty`], so every fault of the file is
//! reported at once. [`crate::strict_toml`] finds unknown keys and suggests the key that was probably meant.

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer};
use toml::{Spanned, Value};

use crate::cli::args::{
    FailOn, HashedPart, MaskDates, duration, format_words, memory, required_field, rule_word, size,
};
use crate::cli::settings::keys::{KEYS, reason_without_key};
use crate::gate::Gate;
use crate::ingest::TableFile;
use crate::policy::Disposition;
use crate::policy::overrides::{read_dispositions, read_products};
use crate::policy::parse::PolicyFile;
use crate::strict_toml::{Document, Faults, SpannedText, Table, kind_in_words};

/// A value of the file; `None` without its key.
pub(crate) type FileValue<T> = Option<Spanned<Checked<T>>>;

/// The keys of the file that correspond to flags of `check`. Paths are as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SettingsFile {
    pub(crate) layout: FileValue<One<String>>,
    pub(crate) skip_lines: FileValue<Whole<0, 1_000_000>>,
    pub(crate) comment: FileValue<Many<String>>,
    pub(crate) join: FileValue<Many<TableFile>>,
    pub(crate) require: FileValue<Many<RequiredField>>,
    pub(crate) max_decompressed: FileValue<One<Size>>,
    pub(crate) policy: FileValue<Many<String>>,
    pub(crate) select: FileValue<Many<RuleWord>>,
    pub(crate) ignore: FileValue<Many<RuleWord>>,
    pub(crate) auths: FileValue<One<String>>,
    pub(crate) settle: FileValue<One<Time>>,
    pub(crate) out: FileValue<One<String>>,
    pub(crate) mask: FileValue<One<String>>,
    pub(crate) mask_dates: FileValue<One<MaskDates>>,
    pub(crate) fingerprint: FileValue<One<HashedPart>>,
    pub(crate) fail_on: FileValue<One<FailOn>>,
    pub(crate) fail_if: FileValue<Many<String>>,
    pub(crate) threads: FileValue<Whole<1, 1024>>,
    pub(crate) format: FileValue<Many<FormatWord>>,
    pub(crate) no_html: FileValue<Yes>,
    pub(crate) no_dossier: FileValue<Yes>,
    pub(crate) no_services: FileValue<Yes>,
    pub(crate) memory: FileValue<One<MemorySize>>,
    pub(crate) baseline: FileValue<One<String>>,
    pub(crate) suppress: FileValue<One<String>>,
}

/// A valid value, or the rest of an error sentence that begins with its key.
#[derive(Debug)]
pub(crate) enum Checked<T> {
    Usable(T),
    Faulty(String),
}

impl<'de, T: FromToml> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(T::from_toml(&value).map_or_else(Self::Faulty, Self::Usable))
    }
}

/// A kind of value. The error is the rest of the sentence that begins with the key.
pub(crate) trait FromToml: Sized {
    fn from_toml(value: &Value) -> Result<Self, String>;
}

/// Parses a text. The error says what to write.
pub(crate) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, String>;
}

/// One text.
#[derive(Debug)]
pub(crate) struct One<T>(pub(crate) T);

/// A list of texts, or one text.
#[derive(Debug)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

/// `true` or `false`.
#[derive(Debug)]
pub(crate) struct Yes(pub(crate) bool);

/// A whole number within bounds.
#[derive(Debug)]
pub(crate) struct Whole<const MIN: i64, const MAX: i64>(pub(crate) i64);

impl<T: FromText> FromToml for One<T> {
    fn from_toml(value: &Value) -> Result<Self, String> {
        read_text(value, "a text in quotes").map(Self)
    }
}

impl<T: FromText> FromToml for Many<T> {
    fn from_toml(value: &Value) -> Result<Self, String> {
        let items = match value {
            Value::Array(items) => items.iter().map(|item| read_text(item, "texts in quotes, separated by commas")),
            one => {
                return read_text(one, "a text in quotes, or a list of texts: [\"...\", \"...\"]")
                    .map(|one| Self(vec![one]));
            }
        };
        items.collect::<Result<_, _>>().map(Self)
    }
}

impl FromToml for Yes {
    fn from_toml(value: &Value) -> Result<Self, String> {
        value.as_bool().map(Self).ok_or_else(|| format!(" is {}: write true or false", kind_in_words(value.type_str())))
    }
}

impl<const MIN: i64, const MAX: i64> FromToml for Whole<MIN, MAX> {
    fn from_toml(value: &Value) -> Result<Self, String> {
        match value.as_integer() {
            Some(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            Some(number) => Err(format!(" is {number}: write a whole number from {MIN} to {MAX}")),
            None => Err(format!(" is {}: write a whole number from {MIN} to {MAX}", kind_in_words(value.type_str()))),
        }
    }
}

fn read_text<T: FromText>(value: &Value, write: &str) -> Result<T, String> {
    match value.as_str() {
        None => Err(format!(" is {}: write {write}", kind_in_words(value.type_str()))),
        Some("") => Err(" is empty: write a text, or leave the key out".to_owned()),
        // A line end in a name could begin a line of a message.
        Some(text) if text.contains('\n') => Err(" holds a line end: write a text without one".to_owned()),
        Some(text) => T::from_text(text).map_err(|what| format!(": {what}")),
    }
}

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromText for TableFile {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl FromText for FailOn {
    fn from_text(text: &str) -> Result<Self, String> {
        choice(text)
    }
}

impl FromText for MaskDates {
    fn from_text(text: &str) -> Result<Self, String> {
        choice(text)
    }
}

impl FromText for HashedPart {
    fn from_text(text: &str) -> Result<Self, String> {
        choice(text)
    }
}

fn choice<T: ValueEnum>(text: &str) -> Result<T, String> {
    let words = || T::value_variants().iter().filter_map(|v| Some(v.to_possible_value()?.get_name().to_owned()));
    T::from_str(text, false).map_err(|_| format!("write one of {}", words().collect::<Vec<_>>().join(", ")))
}

/// A word of `--format`.
#[derive(Debug)]
pub(crate) struct FormatWord(pub(crate) String);

impl FromText for FormatWord {
    fn from_text(text: &str) -> Result<Self, String> {
        let words = format_words();
        if words.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("no format is called {text:?}; write some of {}", words.join(", ")))
    }
}

/// A word of `--select` or `--ignore`.
#[derive(Debug)]
pub(crate) struct RuleWord(pub(crate) String);

impl FromText for RuleWord {
    fn from_text(text: &str) -> Result<Self, String> {
        rule_word(text).map(Self).map_err(|what| format!("{text:?} {what}"))
    }
}

/// A field of `--require`.
#[derive(Debug)]
pub(crate) struct RequiredField(pub(crate) String);

impl FromText for RequiredField {
    fn from_text(text: &str) -> Result<Self, String> {
        required_field(text).map(Self)
    }
}

/// Bytes of `--memory`.
#[derive(Debug)]
pub(crate) struct MemorySize(pub(crate) usize);

impl FromText for MemorySize {
    fn from_text(text: &str) -> Result<Self, String> {
        memory(text).map(Self)
    }
}

/// Bytes, such as 500M.
#[derive(Debug)]
pub(crate) struct Size(pub(crate) u64);

impl FromText for Size {
    fn from_text(text: &str) -> Result<Self, String> {
        size(text).map(Self)
    }
}

/// A length of time, such as 60s.
#[derive(Debug)]
pub(crate) struct Time(pub(crate) Duration);

impl FromText for Time {
    fn from_text(text: &str) -> Result<Self, String> {
        duration(text).map(Self)
    }
}

impl SettingsFile {
    /// Adds every invalid value to the faults of the document.
    fn report_faults(&self, document: &Document<'_>) {
        fn report<T>(document: &Document<'_>, key: &str, entry: Option<&Spanned<Checked<T>>>) {
            if let Some(entry) = entry
                && let Checked::Faulty(what) = entry.get_ref()
            {
                document.fault(entry.span(), format!("`{key}`{what}"));
            }
        }
        report(document, "layout", self.layout.as_ref());
        report(document, "skip_lines", self.skip_lines.as_ref());
        report(document, "comment", self.comment.as_ref());
        report(document, "join", self.join.as_ref());
        report(document, "require", self.require.as_ref());
        report(document, "select", self.select.as_ref());
        report(document, "ignore", self.ignore.as_ref());
        report(document, "no_html", self.no_html.as_ref());
        report(document, "no_dossier", self.no_dossier.as_ref());
        report(document, "no_services", self.no_services.as_ref());
        report(document, "max_decompressed", self.max_decompressed.as_ref());
        report(document, "policy", self.policy.as_ref());
        report(document, "auths", self.auths.as_ref());
        report(document, "settle", self.settle.as_ref());
        report(document, "out", self.out.as_ref());
        report(document, "mask", self.mask.as_ref());
        report(document, "mask_dates", self.mask_dates.as_ref());
        report(document, "fingerprint", self.fingerprint.as_ref());
        report(document, "fail_on", self.fail_on.as_ref());
        report(document, "fail_if", self.fail_if.as_ref());
        report(document, "threads", self.threads.as_ref());
        report(document, "format", self.format.as_ref());
        report(document, "memory", self.memory.as_ref());
        report(document, "baseline", self.baseline.as_ref());
        report(document, "suppress", self.suppress.as_ref());
    }
}

/// A settings file that was read and has no faults.
#[derive(Debug)]
pub(crate) struct LoadedSettings {
    /// The path of the file as given.
    pub(crate) file: String,
    text: String,
    /// The keys that correspond to flags.
    pub(crate) values: SettingsFile,
    /// Labels of `[products]` and the class that each means.
    pub(crate) products: Vec<(SpannedText, String)>,
    /// Rules of `[dispositions]`, with their positions.
    pub(crate) dispositions: Vec<(SpannedText, Disposition)>,
}

impl LoadedSettings {
    /// Reads the text of a settings file.
    pub(crate) fn read(file: &PolicyFile) -> Result<Self, Faults> {
        Document::load(&file.file, &file.text, |document, root| {
            for key in KEYS {
                root.allow_key(key.name);
            }
            for key in root.keys() {
                if let Some((flag, reason)) = reason_without_key(&key.text) {
                    root.allow_key(&key.text);
                    document.fault(
                        key.span,
                        format!("`{}` has no key here: write --{flag} at the command line ({reason})", key.text),
                    );
                }
            }
            let (products, dispositions) = (read_labels(&root), read_rules(&root));
            root.deny_unknown_keys();
            let values = match toml::from_str::<SettingsFile>(&file.text) {
                Ok(values) => values,
                Err(e) => {
                    document.fault(e.span().unwrap_or(0..0), e.message());
                    return None;
                }
            };
            values.report_faults(document);
            Some(Self { file: file.file.clone(), text: file.text.clone(), values, products, dispositions })
        })
    }

    /// The gates of `fail_if`. `has_baseline`: is the run compared with an earlier one?
    pub(super) fn gates(&self, has_baseline: bool) -> Result<Vec<Gate>, Faults> {
        Document::load(&self.file, &self.text, |document, root| {
            let mut gates = Vec::new();
            for written in root.texts_if("fail_if") {
                match Gate::parse(&written.text, has_baseline) {
                    Ok(gate) => gates.push(gate),
                    Err(wrong) => document.fault(written.span, format!("`fail_if`: {}", wrong.on_one_line())),
                }
            }
            Some(gates)
        })
    }

    /// The line, counted from 1, of a byte of the file.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or(&self.text).matches('\n').count() + 1
    }
}

fn read_labels(root: &Table<'_, '_>) -> Vec<(SpannedText, String)> {
    let Some(table) = root.table_if("products") else { return Vec::new() };
    let products = read_products(&table);
    table.deny_unknown_keys();
    products
}

fn read_rules(root: &Table<'_, '_>) -> Vec<(SpannedText, Disposition)> {
    let Some(table) = root.table_if("dispositions") else { return Vec::new() };
    let places = table.keys();
    let read = read_dispositions(&table, &crate::rules::codes());
    table.deny_unknown_keys();
    let place = |rule: String| places.iter().find(|place| place.text == rule).cloned();
    read.into_iter().filter_map(|(rule, word)| Some((place(rule)?, word))).collect()
}

/// A path in the file is relative to the file's directory.
pub(crate) fn beside(directory: &Path, path: &str) -> String {
    directory.join(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let file = PolicyFile { file: "claimlint.toml".to_owned(), text: text.to_owned() };
        let faults = LoadedSettings::read(&file).expect_err("faults");
        faults.list.iter().map(|f| format!("{}:{} {}", f.line, f.column, f.message)).collect()
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_place() {
        let reported = faults(
            "polcy = \"p.toml\"\nfail_on = \"sometimes\"\nthreads = 0\njoin = \"dx\"\nlayout = \"\"\nformat = [\"xls\"]\n\
             [products]\nGOLD = 5\n[dispositions]\nDX1O1 = \"deny\"\nDX101 = \"no\"\n",
        );
        for (place, says) in [
            ("1:1", "`polcy` is not known; did you mean `policy`?"),
            ("2:11", "`fail_on`: write one of deny, review, info, never"),
            ("3:11", "`threads` is 0: write a whole number from 1 to 1024"),
            ("4:8", "NAME=FILE"),
            ("5:10", "`layout` is empty"),
            ("6:10", "write some of"),
            ("8:8", "a text in quotes"),
            ("10:1", "DX1O1 is not a rule; did you mean DX101?"),
            ("11:9", "write one of deny, review, info"),
        ] {
            assert!(reported.iter().any(|s| s.starts_with(place) && s.contains(says)), "{place} {says}: {reported:#?}");
        }
        assert_eq!(reported.len(), 9, "{reported:#?}");
    }

    #[test]
    fn a_flag_that_has_no_key_is_said_with_the_reason() {
        assert_eq!(
            faults("force = true\n"),
            [
                "1:1 `force` has no key here: write --force at the command line (a report is replaced only when the command itself says so, so that no file can destroy one)"
            ]
        );
        assert!(faults("all_rules = true\n")[0].contains("write --all-rules at the command line"));
    }

    /// Fails if the structure does not check a key, or if the table of keys lacks one.
    #[test]
    fn every_key_is_checked() {
        for key in KEYS {
            let reported = faults(&format!("{} = 2020-06-01\n", key.name));
            let start = format!("1:{} `{}` is a date: write ", key.name.len() + 4, key.name);
            assert!(reported.len() == 1 && reported[0].starts_with(&start), "{reported:?}");
        }
    }
}
