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
//! - [`effective`]: every setting with its value and origin.
//! - [`in_force`]: the policy that the settings ask for.

mod effective;
mod file;
mod in_force;
pub(crate) mod keys;
mod trust;

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::cli::args::{Check, ConfigChoice};
use crate::cli::load::read_text;
use crate::cli::out_name::LATEST;
use crate::cli::settings::file::{Checked, FileValue, LoadedSettings, SettingsFile, beside};
use crate::ingest::TableFile;
use crate::ingest::layout::library::SHIPPED;

pub(crate) use crate::cli::settings::effective::{EffectiveSettings, SettingOrigin, SettingValue};

/// Name of the file that is looked for beside the first extract.
pub(crate) const FILE: &str = "claimlint.toml";

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
        settle: layers.pick(typed.settle, |f| &f.settle, |v, _| v.0.0),
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
        no_services: layers.pick(typed.no_services.then_some(true), |f| &f.no_services, |v, _| v.0),
        memory: layers.pick(typed.memory, |f| &f.memory, |v, _| v.0.0),
        baseline: layers.pick(typed.baseline.clone(), |f| &f.baseline, |v, d| latest_or_path(&v.0, d)),
        suppress: layers.pick(typed.suppress.clone(), |f| &f.suppress, |v, d| path_of(&v.0, d)),
        gates: Vec::new(),
        was_found: found.is_some(),
        loaded: None,
    };
    if settings.mask_dates.value.is_some() && settings.mask.value.is_none() {
        let alone = anyhow!("--mask-dates cuts the dates of a masked report: give --mask KEYFILE, too");
        return settings.mask_dates.placed("mask_dates", Err(alone));
    }
    let leaves_out = |no: &SettingValue<bool>| no.value == Some(true);
    if leaves_out(&settings.no_services) && !(leaves_out(&settings.no_html) && leaves_out(&settings.no_dossier)) {
        let alone = anyhow!(
            "--no-services leaves out services.csv, to which page and dossier refer: give --no-html and --no-dossier, too"
        );
        return settings.no_services.placed("no_services", Err(alone));
    }
    settings.loaded = loaded;
    settings.gates = settings.parse_gates()?;
    Ok(settings)
}

/// Where the settings file says that reports are written (`out`), for commands that read reports: the file that was named, else
/// the one in the working directory. `None`: there is no file, or it does not say.
pub(crate) fn report_place(choice: &ConfigChoice) -> anyhow::Result<Option<PathBuf>> {
    let own = Path::new(FILE);
    let path = match &choice.config {
        Some(named) => named.as_path(),
        None if choice.no_config || std::fs::symlink_metadata(own).is_err() => return Ok(None),
        None => {
            ensure_usable(own)?;
            own
        }
    };
    let loaded = LoadedSettings::read(&read_text(path)?)?;
    let layers = Layers { file: Some(&loaded), directory: path.parent().unwrap_or(Path::new("")) };
    Ok(layers.pick(None, |f| &f.out, |v, d| PathBuf::from(beside(d, &v.0))).value)
}

/// The name of a built-in layout, else a file.
fn layout_or_path(text: &str, directory: &Path) -> String {
    if SHIPPED.iter().any(|(name, _)| *name == text) { text.to_owned() } else { beside(directory, text) }
}

/// `env:NAME`, else a file.
fn variable_or_path(text: &str, directory: &Path) -> String {
    if text.starts_with("env:") { text.to_owned() } else { beside(directory, text) }
}

/// The word for the newest report beside `--out`, else a directory.
fn latest_or_path(text: &str, directory: &Path) -> PathBuf {
    if text == LATEST { PathBuf::from(text) } else { PathBuf::from(beside(directory, text)) }
}

/// A number whose bounds were checked when the file was read.
fn number_from_toml<T: TryFrom<i64> + Default>(number: i64) -> T {
    T::try_from(number).unwrap_or_default()
}

/// Refuses a settings file that nobody named and that is no file, or one of somebody else. A run without it would do something
/// else than was meant.
fn ensure_usable(found: &Path) -> anyhow::Result<()> {
    trust::refuse_foreign(found)?;
    if !found.is_file() {
        let what = match found.metadata() {
            Err(_) => "is a link that leads to no file",
            Ok(meta) if meta.is_dir() => "is a directory",
            Ok(_) => "is no ordinary file",
        };
        bail!(
            "{}: {what}, so the settings of this run are not known; mend it, name another with --config FILE, or leave it out \
             with --no-config",
            found.display()
        );
    }
    Ok(())
}

/// The settings file beside the first extract, unless one was named. Standard input has no directory, and
/// the working directory is searched only if it holds an extract.
fn find(typed: &Check) -> anyhow::Result<Option<PathBuf>> {
    if typed.config.no_config || typed.config.config.is_some() {
        return Ok(None);
    }
    let is_there = |path: &PathBuf| std::fs::symlink_metadata(path).is_ok();
    let beside = |name: &String| Some(Path::new(name).parent()?.join(FILE)).filter(|p| name != "-" && is_there(p));
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
    first.as_deref().map_or(Ok(()), ensure_usable)?;
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::settings::keys::KEYS;

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
