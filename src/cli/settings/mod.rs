//! Settings: flags of `check` override `claimlint.toml`, which overrides the defaults. Each value keeps its origin.
//!
//! `check` and `config show` both call [`resolve`]. A flag replaces the whole value of the file, even if it is a list.
//! [`keys`] lists which flags have a key and why the others have none.
//!
//! # Sub-rooms, in order
//!
//! - [`keys`]: which flags have a key in the file.
//! - [`file`](mod@file): the file as it is written.
//! - [`trust`]: whether a file that nobody named may be used.

mod file;
pub(crate) mod keys;
mod trust;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::ValueEnum;

use crate::cli::args::{Check, FailOn, HashedPart, LayoutChoice, MaskDates};
use crate::cli::load::{load_policy_with, read_text};
use crate::cli::settings::file::{Checked, FileValue, LoadedSettings, SettingsFile, beside};
use crate::cli::settings::keys::KEYS;
use crate::gate::Gate;
use crate::ingest::TableFile;
use crate::ingest::layout::library::SHIPPED;
use crate::policy::parse::PolicyFile;
use crate::policy::selection::Selection;
use crate::policy::{Policy, overrides};
use crate::strict_toml::{Fault, Faults};
use crate::warning::{Warning, WarningKind};

/// Name of the file that is looked for beside the first extract.
pub(crate) const FILE: &str = "claimlint.toml";

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
    pub(crate) memory: SettingValue<usize>,
    pub(crate) baseline: SettingValue<PathBuf>,
    pub(crate) suppress: SettingValue<PathBuf>,
    /// The gates of `fail_if`, parsed.
    pub(crate) gates: Vec<Gate>,
    /// Was the file found beside the extract, and not named with `--config`?
    was_found: bool,
    loaded: Option<LoadedSettings>,
}

/// The file name of overrides that hold a selection only.
const SELECTION_FLAGS: &str = "--select and --ignore";

/// The flags, and the file that they override.
struct Layers<'a> {
    file: Option<&'a LoadedSettings>,
    directory: &'a Path,
}

impl Layers<'_> {
    /// The value of the flag, else the value of the file, else `None`.
    fn pick<T, W>(
        &self,
        flag: Option<T>,
        entry: impl Fn(&SettingsFile) -> &FileValue<W>,
        convert: impl Fn(&W, &Path) -> T,
    ) -> SettingValue<T> {
        if flag.is_some() {
            return SettingValue { value: flag, origin: SettingOrigin::Flag };
        }
        let of_file = self.file.and_then(|loaded| {
            let entry = entry(&loaded.values).as_ref()?;
            let Checked::Usable(value) = entry.get_ref() else { return None };
            let origin = SettingOrigin::File(loaded.file.clone(), loaded.line_of(entry.span().start));
            Some(SettingValue { value: Some(convert(value, self.directory)), origin })
        });
        of_file.unwrap_or(SettingValue { value: None, origin: SettingOrigin::Default })
    }

    /// The same for lists. An empty list counts as absent.
    fn pick_list<T: Clone, W>(
        &self,
        flag: &[T],
        entry: impl Fn(&SettingsFile) -> &FileValue<W>,
        convert: impl Fn(&W, &Path) -> Vec<T>,
    ) -> SettingValue<Vec<T>> {
        let picked = self.pick((!flag.is_empty()).then(|| flag.to_vec()), entry, convert);
        if picked.list().is_empty() { SettingValue { value: None, origin: SettingOrigin::Default } } else { picked }
    }
}

/// Finds the settings file and overrides it with the flags. Fails if either has a fault.
pub(crate) fn resolve(typed: &Check) -> anyhow::Result<EffectiveSettings> {
    let found = find(typed)?;
    let path = typed.config.config.clone().or_else(|| found.clone());
    let loaded = path.as_deref().map(|path| anyhow::Ok(LoadedSettings::read(&read_text(path)?)?)).transpose()?;
    let directory = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let layers = Layers { file: loaded.as_ref(), directory };
    let typed_layout = &typed.layout;
    let path_of = |path: &String, directory: &Path| PathBuf::from(beside(directory, path));
    let mut settings = EffectiveSettings {
        file: loaded.as_ref().map(|loaded| loaded.file.clone()),
        layout: layers.pick(typed_layout.layout.clone(), |f| &f.layout, |v, d| layout_or_path(&v.0, d)),
        skip_lines: layers.pick(typed_layout.skip_lines, |f| &f.skip_lines, |v, _| number_from_toml(v.0)),
        comment: layers.pick_list(&typed_layout.comment, |f| &f.comment, |v, _| v.0.clone()),
        join: layers.pick_list(
            &typed_layout.join,
            |f| &f.join,
            |v, d| v.0.iter().map(|t| TableFile { file: beside(d, &t.file), ..t.clone() }).collect(),
        ),
        require: layers.pick_list(
            &typed_layout.require,
            |f| &f.require,
            |v, _| v.0.iter().map(|field| field.0.clone()).collect(),
        ),
        max_decompressed: layers.pick(typed_layout.max_decompressed, |f| &f.max_decompressed, |v, _| v.0.0),
        policy: layers.pick_list(
            &typed.policy.policy,
            |f| &f.policy,
            |v, d| v.0.iter().map(|path| path_of(path, d)).collect(),
        ),
        select: layers.pick_list(&typed.select, |f| &f.select, |v, _| v.0.iter().map(|w| w.0.clone()).collect()),
        ignore: layers.pick_list(&typed.ignore, |f| &f.ignore, |v, _| v.0.iter().map(|w| w.0.clone()).collect()),
        auths: layers.pick(typed.auths.clone(), |f| &f.auths, |v, d| beside(d, &v.0)),
        out: layers.pick(typed.out.clone(), |f| &f.out, |v, d| path_of(&v.0, d)),
        mask: layers.pick(typed.mask.clone(), |f| &f.mask, |v, d| variable_or_path(&v.0, d)),
        mask_dates: layers.pick(typed.mask_dates, |f| &f.mask_dates, |v, _| v.0),
        fingerprint: layers.pick(typed.fingerprint, |f| &f.fingerprint, |v, _| v.0),
        fail_on: layers.pick(typed.fail_on, |f| &f.fail_on, |v, _| v.0),
        fail_if: layers.pick_list(&typed.fail_if, |f| &f.fail_if, |v, _| v.0.clone()),
        threads: layers.pick(typed.threads, |f| &f.threads, |v, _| number_from_toml(v.0)),
        format: layers.pick_list(&typed.formats, |f| &f.format, |v, _| v.0.iter().map(|w| w.0.clone()).collect()),
        no_html: layers.pick(typed.no_html.then_some(true), |f| &f.no_html, |v, _| v.0),
        no_dossier: layers.pick(typed.no_dossier.then_some(true), |f| &f.no_dossier, |v, _| v.0),
        memory: layers.pick(typed.memory, |f| &f.memory, |v, _| v.0.0),
        baseline: layers.pick(typed.baseline.clone(), |f| &f.baseline, |v, d| path_of(&v.0, d)),
        suppress: layers.pick(typed.suppress.clone(), |f| &f.suppress, |v, d| path_of(&v.0, d)),
        gates: Vec::new(),
        was_found: found.is_some(),
        loaded: None,
    };
    if settings.mask_dates.value.is_some() && settings.mask.value.is_none() {
        bail!("--mask-dates cuts the dates of a masked report: give --mask KEYFILE, too");
    }
    settings.gates = settings.parse_gates()?;
    settings.loaded = loaded;
    Ok(settings)
}

/// The name of a built-in layout, else a file.
fn layout_or_path(text: &str, directory: &Path) -> String {
    if SHIPPED.iter().any(|(name, _)| *name == text) { text.to_owned() } else { beside(directory, text) }
}

/// `env:NAME`, else a file.
fn variable_or_path(text: &str, directory: &Path) -> String {
    if text.starts_with("env:") { text.to_owned() } else { beside(directory, text) }
}

/// A number whose bounds were checked when the file was read.
fn number_from_toml<T: TryFrom<i64> + Default>(number: i64) -> T {
    T::try_from(number).unwrap_or_default()
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

    /// A warning if a settings file that nobody named changes what a run denies, accepts or exits with: whoever can write
    /// beside an extract could change the result unseen.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let file = self.file.as_ref().filter(|_| self.was_found)?;
        let of_file = |origin: &SettingOrigin| matches!(origin, SettingOrigin::File(..));
        let keys = [
            ("policy", &self.policy.origin),
            ("select", &self.select.origin),
            ("ignore", &self.ignore.origin),
            ("suppress", &self.suppress.origin),
            ("fail_on", &self.fail_on.origin),
            ("fail_if", &self.fail_if.origin),
        ];
        let mut changed: Vec<String> =
            keys.into_iter().filter(|(_, origin)| of_file(origin)).map(|(key, _)| key.to_owned()).collect();
        if self.loaded.as_ref().is_some_and(|loaded| !loaded.products.is_empty()) {
            changed.push("products".to_owned());
        }
        let dispositions = self.loaded.iter().flat_map(|loaded| &loaded.dispositions);
        changed.extend(dispositions.map(|(rule, _)| format!("dispositions.{}", rule.text)));
        let about = Warning::new(WarningKind::SettingsBesideExtract).file(file).field(changed.join(", "));
        (!changed.is_empty()).then_some(about)
    }

    fn parse_gates(&self) -> anyhow::Result<Vec<Gate>> {
        let place = match &self.fail_if.origin {
            SettingOrigin::File(..) => format!("{}: fail_if", self.fail_if.origin),
            SettingOrigin::Flag | SettingOrigin::Default => "--fail-if".to_owned(),
        };
        let has_baseline = self.baseline.value.is_some();
        let gates = self.fail_if.list().iter();
        gates.map(|text| Gate::parse(text, has_baseline).map_err(|wrong| anyhow!("{place}: {wrong}"))).collect()
    }

    /// The policy in force: the files that replace built-in ones, with the dispositions and labels of the settings.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let plain = load_policy_with(self.policy.list(), None)?;
        let selection = Selection { select: self.select.list().to_vec(), ignore: self.ignore.list().to_vec() };
        let overriding = |loaded: &&LoadedSettings| !loaded.products.is_empty() || !loaded.dispositions.is_empty();
        let Some(loaded) = self.loaded.as_ref().filter(overriding) else {
            let text = overrides::text([], [], &selection);
            let file = PolicyFile { file: SELECTION_FLAGS.to_owned(), text };
            return if selection.is_everything() {
                Ok(plain)
            } else {
                load_policy_with(self.policy.list(), Some(&file))
            };
        };
        let unknown = loaded.products.iter().filter(|(_, class)| plain.class_named(class).is_none());
        let list: Vec<Fault> = unknown
            .map(|(label, class)| Fault {
                line: loaded.line_of(label.span.start),
                column: 1,
                message: plain.no_class(class),
            })
            .collect();
        if !list.is_empty() {
            return Err(Faults { file: loaded.file.clone(), list }.into());
        }
        let text = overrides::text(
            loaded.dispositions.iter().map(|(rule, disposition)| (rule.text.as_str(), *disposition)),
            loaded.products.iter().map(|(label, class)| (label.text.as_str(), class.as_str())),
            &selection,
        );
        load_policy_with(self.policy.list(), Some(&PolicyFile { file: loaded.file.clone(), text }))
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

/// The settings file beside the first extract, unless one was named. Standard input has no directory, and
/// the working directory is searched only if it holds an extract.
fn find(typed: &Check) -> anyhow::Result<Option<PathBuf>> {
    if typed.config.no_config || typed.config.config.is_some() {
        return Ok(None);
    }
    let beside = |name: &String| Some(Path::new(name).parent()?.join(FILE)).filter(|p| name != "-" && p.is_file());
    let first = typed.files.iter().find(|name| *name != "-").and_then(beside);
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    for other in typed.files.iter().filter_map(beside) {
        let Some(first) = &first else {
            bail!(
                "{}: is beside a later extract and not beside the first one; apply it to all with --config FILE, or leave \
                 it out with --no-config",
                other.display()
            );
        };
        if real(first) != real(&other) {
            bail!(
                "{} and {}: a run has one settings file; name it with --config FILE, or leave both out with --no-config",
                first.display(),
                other.display()
            );
        }
    }
    first.as_deref().map_or(Ok(()), trust::refuse_foreign)?;
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::ConfigChoice;

    #[test]
    fn paths_start_at_the_directory_of_the_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join(FILE);
        let text = "policy = [\"a.toml\", \"/etc/b.toml\"]\nlayout = \"tuva\"\nmask = \"env:KEY\"\njoin = \"dx=d.csv\"\n\
                    auths = \"../auths.csv\"\n";
        std::fs::write(&file, text).expect("room for it");
        let config = ConfigChoice { config: Some(file), no_config: false };
        let settings = resolve(&Check { config, ..Check::default() }).expect("no faults");
        let shown = |key: &str| settings.rows().into_iter().find(|row| row[0] == key).expect("a key");
        let inside = |name: &str| directory.path().join(name).display().to_string();
        for (key, value, line) in [
            ("policy", inside("a.toml") + ", /etc/b.toml", 1),
            ("layout", "tuva".to_owned(), 2),
            ("mask", "env:KEY".to_owned(), 3),
            ("join", format!("dx={}", inside("d.csv")), 4),
            ("auths", inside("../auths.csv"), 5),
        ] {
            let [_, found, origin] = shown(key);
            assert_eq!(found, value);
            assert!(origin.ends_with(&format!("{FILE}:{line}")), "{origin}");
        }
        assert_eq!(shown("out")[2], "default");
        let keys: Vec<String> = settings.rows().iter().map(|row| row[0].clone()).collect();
        assert_eq!(keys, KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
    }
}
