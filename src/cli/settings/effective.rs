//! Every setting in force, with its value and its origin.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::ValueEnum;

use crate::cli::args::{FailOn, HashedPart, LayoutChoice, MaskDates};
use crate::cli::settings::file::LoadedSettings;
use crate::cli::settings::keys::KEYS;
use crate::gate::Gate;
use crate::ingest::TableFile;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SettingOrigin {
    /// Neither the file nor a flag gives one.
    Default,
    /// The settings file, with the line.
    File(String, usize),
    /// A flag.
    Flag,
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A value in force and its origin. Without a value the default applies.
#[derive(Debug, Clone)]
pub(crate) struct SettingValue<T> {
    pub(crate) value: Option<T>,
    pub(crate) origin: SettingOrigin,
}

impl<T> SettingValue<T> {
    /// What was made of the value. An error about a value of the settings file begins with file, line and key instead of a flag
    /// that nobody typed.
    pub(crate) fn placed<R>(&self, key: &str, made: anyhow::Result<R>) -> anyhow::Result<R> {
        let SettingOrigin::File(..) = self.origin else { return made };
        made.map_err(|error| {
            let place = format!("{}: `{key}`", self.origin);
            match error.to_string().strip_prefix(&format!("--{} ", key.replace('_', "-"))) {
                Some(rest) => anyhow!("{place} {rest}"),
                None => error.context(place),
            }
        })
    }
}

impl<T> SettingValue<Vec<T>> {
    /// The list; empty by default.
    pub(crate) fn list(&self) -> &[T] {
        self.value.as_deref().unwrap_or_default()
    }
}

/// Every setting in force.
#[derive(Debug)]
pub(crate) struct EffectiveSettings {
    /// The settings file, if there is one.
    pub(crate) file: Option<String>,
    pub(crate) layout: SettingValue<String>,
    pub(crate) skip_lines: SettingValue<usize>,
    pub(crate) comment: SettingValue<Vec<String>>,
    pub(crate) join: SettingValue<Vec<TableFile>>,
    pub(crate) require: SettingValue<Vec<String>>,
    pub(crate) max_decompressed: SettingValue<u64>,
    pub(crate) policy: SettingValue<Vec<PathBuf>>,
    pub(crate) select: SettingValue<Vec<String>>,
    pub(crate) ignore: SettingValue<Vec<String>>,
    pub(crate) auths: SettingValue<String>,
    pub(crate) settle: SettingValue<Duration>,
    pub(crate) out: SettingValue<PathBuf>,
    pub(crate) mask: SettingValue<String>,
    pub(crate) mask_dates: SettingValue<MaskDates>,
    pub(crate) fingerprint: SettingValue<HashedPart>,
    pub(crate) fail_on: SettingValue<FailOn>,
    pub(crate) fail_if: SettingValue<Vec<String>>,
    pub(crate) threads: SettingValue<u16>,
    pub(crate) format: SettingValue<Vec<String>>,
    pub(crate) no_html: SettingValue<bool>,
    pub(crate) no_dossier: SettingValue<bool>,
    pub(crate) no_services: SettingValue<bool>,
    pub(crate) memory: SettingValue<usize>,
    pub(crate) baseline: SettingValue<PathBuf>,
    pub(crate) suppress: SettingValue<PathBuf>,
    /// The gates of `fail_if`, parsed.
    pub(crate) gates: Vec<Gate>,
    /// Was the file found beside the extract, and not named with `--config`?
    pub(super) was_found: bool,
    /// The file as it is written.
    pub(super) loaded: Option<LoadedSettings>,
}

impl EffectiveSettings {
    /// How columns are mapped.
    pub(crate) fn layout_choice(&self) -> LayoutChoice {
        LayoutChoice {
            layout: self.layout.value.clone(),
            skip_lines: self.skip_lines.value,
            comment: self.comment.list().to_vec(),
            join: self.join.list().to_vec(),
            require: self.require.list().to_vec(),
            max_decompressed: self.max_decompressed.value,
        }
    }

    pub(super) fn parse_gates(&self) -> anyhow::Result<Vec<Gate>> {
        let has_baseline = self.baseline.value.is_some();
        if let (SettingOrigin::File(..), Some(loaded)) = (&self.fail_if.origin, &self.loaded) {
            return Ok(loaded.gates(has_baseline)?);
        }
        let gates = self.fail_if.list().iter();
        gates.map(|text| Gate::parse(text, has_baseline).map_err(|wrong| anyhow!("--fail-if: {wrong}"))).collect()
    }

    /// Where the gates are, for messages.
    pub(super) fn gates_place(&self) -> String {
        match &self.fail_if.origin {
            SettingOrigin::File(..) => format!("{}: fail_if", self.fail_if.origin),
            SettingOrigin::Flag | SettingOrigin::Default => "--fail-if".to_owned(),
        }
    }

    /// Key, value and origin of every setting, in the order of [`KEYS`], then labels and dispositions.
    pub(crate) fn rows(&self) -> Vec<[String; 3]> {
        let text = |path: &PathBuf| path.display().to_string();
        let mut rows = vec![
            row("layout", &self.layout, Clone::clone),
            row("skip_lines", &self.skip_lines, ToString::to_string),
            row("comment", &self.comment, |list| list.join(", ")),
            row("join", &self.join, |list| joined(list, |t| format!("{}={}", t.name, t.file))),
            row("require", &self.require, |list| list.join(", ")),
            row("max_decompressed", &self.max_decompressed, ToString::to_string),
            row("policy", &self.policy, |list| joined(list, text)),
            row("select", &self.select, |list| list.join(", ")),
            row("ignore", &self.ignore, |list| list.join(", ")),
            row("auths", &self.auths, Clone::clone),
            row("settle", &self.settle, |time| format!("{}s", time.as_secs())),
            row("out", &self.out, text),
            row("mask", &self.mask, Clone::clone),
            row("mask_dates", &self.mask_dates, word),
            row("fingerprint", &self.fingerprint, word),
            row("fail_on", &self.fail_on, word),
            row("fail_if", &self.fail_if, |list| list.join(", ")),
            row("threads", &self.threads, ToString::to_string),
            row("format", &self.format, |list| list.join(", ")),
            row("no_html", &self.no_html, ToString::to_string),
            row("no_dossier", &self.no_dossier, ToString::to_string),
            row("no_services", &self.no_services, ToString::to_string),
            row("memory", &self.memory, ToString::to_string),
            row("baseline", &self.baseline, text),
            row("suppress", &self.suppress, text),
        ];
        let Some(loaded) = &self.loaded else { return rows };
        let place = |at: usize| SettingOrigin::File(loaded.file.clone(), loaded.line_of(at)).to_string();
        for (label, class) in &loaded.products {
            rows.push([format!("products.{:?}", label.text), class.clone(), place(label.span.start)]);
        }
        for (rule, word) in &loaded.dispositions {
            rows.push([format!("dispositions.{}", rule.text), word.word().to_owned(), place(rule.span.start)]);
        }
        rows
    }
}

fn row<T>(key: &str, setting: &SettingValue<T>, show: impl Fn(&T) -> String) -> [String; 3] {
    let default = || KEYS.iter().find(|k| k.name == key).map_or(String::new(), |k| k.default.to_owned());
    [key.to_owned(), setting.value.as_ref().map_or_else(default, show), setting.origin.to_string()]
}

fn joined<T>(list: &[T], show: impl Fn(&T) -> String) -> String {
    list.iter().map(show).collect::<Vec<_>>().join(", ")
}

/// The word of a value of an enumeration.
fn word<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map_or(String::new(), |word| word.get_name().to_owned())
}
