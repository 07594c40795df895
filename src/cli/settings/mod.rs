//! Settings: what was typed, over `claimlint.toml`, over the defaults, and where each value came from.
//!
//! `check` and `config show` both come through [`resolve`]. The keys are data ([`crate::cli::settings::keys`]); a flag beats
//! the file as a whole: a list that was typed replaces the file's list.

pub(crate) mod keys;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::cli::args::Check;
use crate::cli::settings::keys::{KEYS, Key};
use crate::cli::{load_policy_over, read_given};
use crate::gate::Gate;
use crate::policy::overrides;
use crate::policy::overrides::{read_dispositions, read_products};
use crate::policy::parse::PolicyFile;
use crate::policy::{Disposition, Policy};
use crate::strict_toml::{Document, Fault, Faults, SpannedText, Table};

/// Name of the file that is looked for beside the first extract.
pub(crate) const FILE: &str = "claimlint.toml";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    /// File and line.
    File(String, usize),
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// One value in force.
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Everything that a run goes by.
pub(crate) struct InForce {
    /// What was typed, filled up from the file.
    pub(crate) check: Check,
    /// The settings file, if there is one.
    pub(crate) file: Option<String>,
    /// Each setting with its origin, in the order of [`KEYS`], then products and dispositions.
    pub(crate) rows: Vec<Row>,
    /// The gates, read.
    pub(crate) gates: Vec<Gate>,
    overrides: Option<PolicyFile>,
    labels: Vec<(SpannedText, usize, String)>,
}

/// What a settings file says.
#[derive(Default)]
struct Read {
    /// Key, line, values.
    values: Vec<(&'static Key, usize, Vec<String>)>,
    /// Rule, line, word.
    dispositions: Vec<(String, usize, Disposition)>,
    /// Label, line, class.
    products: Vec<(SpannedText, usize, String)>,
}

/// Finds the settings file and lays what was typed over it. Whatever is wrong with either is refused here.
pub(crate) fn resolve(typed: &Check) -> anyhow::Result<InForce> {
    let path = find(typed)?;
    let mut check = typed.clone();
    let mut rows = Vec::new();
    let (file, read) = match &path {
        None => (None, Read::default()),
        Some(path) => {
            let given = read_given(path)?;
            let read = read(&given, path.parent().unwrap_or(Path::new("")))?;
            (Some(given.file), read)
        }
    };
    let from_file = |line| Origin::File(file.clone().unwrap_or_default(), line);
    let mut gates_from = Origin::Flag;
    for key in KEYS {
        let said = (key.typed)(typed);
        let of_file = read.values.iter().find(|(k, ..)| k.name == key.name);
        let (value, origin) = match of_file {
            _ if !said.is_empty() => (said, Origin::Flag),
            Some((_, line, values)) => {
                (key.put)(&mut check, values).map_err(|what| anyhow!("{}: {}: {what}", from_file(*line), key.name))?;
                (values.clone(), from_file(*line))
            }
            None => (vec![key.default.to_owned()], Origin::Default),
        };
        if key.name == "fail_if" {
            gates_from = origin.clone();
        }
        rows.push(Row { key: key.name.to_owned(), value: value.join(", "), origin });
    }
    for (label, line, class) in &read.products {
        let key = format!("products.{:?}", label.text);
        rows.push(Row { key, value: class.clone(), origin: from_file(*line) });
    }
    for (rule, line, disposition) in &read.dispositions {
        let value = disposition.word().to_owned();
        rows.push(Row { key: format!("dispositions.{rule}"), value, origin: from_file(*line) });
    }
    if check.mask_dates.is_some() && check.mask.is_none() {
        bail!("--mask-dates cuts the dates of a masked report: give --mask KEYFILE, too");
    }
    let gates = check.fail_if.iter().map(|text| {
        let place = if gates_from == Origin::Flag { "--fail-if".to_owned() } else { format!("{gates_from}: fail_if") };
        Gate::parse(text, check.baseline.is_some()).map_err(|wrong| anyhow!("{place}: {wrong}"))
    });
    let gates = gates.collect::<anyhow::Result<Vec<_>>>()?;
    let overrides = (!read.products.is_empty() || !read.dispositions.is_empty()).then(|| PolicyFile {
        file: file.clone().unwrap_or_default(),
        text: overrides::text(
            read.dispositions.iter().map(|(rule, _, disposition)| (rule.as_str(), *disposition)),
            read.products.iter().map(|(label, _, class)| (label.text.as_str(), class.as_str())),
        ),
    });
    Ok(InForce { check, file, rows, gates, overrides, labels: read.products })
}

impl InForce {
    /// The policy in force: files that replace built-in ones, and the settings' dispositions and labels over them.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let plain = load_policy_over(&self.check.policy, None)?;
        let Some(overrides) = &self.overrides else { return Ok(plain) };
        let unknown = self.labels.iter().filter(|(.., class)| plain.class_named(class).is_none());
        let list: Vec<Fault> =
            unknown.map(|(_, line, class)| Fault { line: *line, column: 1, message: plain.no_class(class) }).collect();
        if list.is_empty() {
            return load_policy_over(&self.check.policy, Some(overrides));
        }
        Err(Faults { file: overrides.file.clone(), list }.into())
    }
}

/// The settings file: the one that was named, else the one beside the first extract. Standard input lies nowhere, and
/// the working directory is searched only if an extract lies in it.
fn find(typed: &Check) -> anyhow::Result<Option<PathBuf>> {
    if typed.config.no_config {
        return Ok(None);
    }
    if let Some(path) = &typed.config.config {
        return Ok(Some(path.clone()));
    }
    let beside = |name: &String| Some(Path::new(name).parent()?.join(FILE)).filter(|p| name != "-" && p.is_file());
    let first = typed.files.iter().find(|name| *name != "-").and_then(beside);
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    for other in typed.files.iter().filter_map(beside) {
        let Some(first) = &first else {
            bail!(
                "{}: lies beside a later extract and not beside the first one; say with --config FILE that it holds for \
                 all, or leave it out with --no-config",
                other.display()
            );
        };
        if real(first) != real(&other) {
            bail!(
                "{} and {}: two settings files, and a run has one; name it with --config FILE, or leave both out with \
                 --no-config",
                first.display(),
                other.display()
            );
        }
    }
    Ok(first)
}

fn read(given: &PolicyFile, directory: &Path) -> Result<Read, Faults> {
    Document::load(&given.file, &given.text, |document, root| Some(read_root(document, &root, directory)))
}

fn read_root(document: &Document<'_>, root: &Table<'_, '_>, directory: &Path) -> Read {
    let mut read = Read::default();
    let places = root.keys();
    let mut scratch = Check::default();
    for key in KEYS {
        let values = key.kind.read(root, key.name, directory);
        let Some(place) = places.iter().find(|place| place.text == key.name) else { continue };
        if values.is_empty() {
            continue;
        }
        if let Err(what) = (key.put)(&mut scratch, &values) {
            document.fault(place.span.clone(), format!("`{}`: {what}", key.name));
        }
        read.values.push((key, document.line_of(place.span.start), values));
    }
    if let Some(sheet) = root.table_if("products") {
        let line = |label: &SpannedText| document.line_of(label.span.start);
        read.products = read_products(&sheet).into_iter().map(|(p, class)| (p.clone(), line(&p), class)).collect();
        sheet.deny_unknown_keys();
    }
    if let Some(sheet) = root.table_if("dispositions") {
        let places = sheet.keys();
        let line = |rule: &str| places.iter().find(|p| p.text == rule).map_or(1, |p| document.line_of(p.span.start));
        let said = read_dispositions(&sheet, &crate::rules::codes());
        read.dispositions = said.into_iter().map(|(rule, word)| (rule.clone(), line(&rule), word)).collect();
        sheet.deny_unknown_keys();
    }
    root.deny_unknown_keys();
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let given = PolicyFile { file: FILE.to_owned(), text: text.to_owned() };
        let faults = read(&given, Path::new("in")).map(|_| ()).expect_err("faults");
        faults.list.iter().map(|f| format!("{}:{} {}", f.line, f.column, f.message)).collect()
    }

    #[test]
    fn every_fault_is_said_at_once_with_its_place() {
        let said = faults(
            "polcy = \"p.toml\"\nfail_on = \"sometimes\"\nthreads = 0\njoin = \"dx\"\nlayout = \"\"\nformat = [\"xls\"]\n\
             [products]\nGOLD = 5\n[dispositions]\nDX1O1 = \"deny\"\nDX101 = \"no\"\n",
        );
        for (place, says) in [
            ("1:1", "`polcy` is not known; did you mean `policy`?"),
            ("2:1", "deny, review, info, never"),
            ("3:11", "a whole number from 1 to 1024"),
            ("4:1", "NAME=FILE"),
            ("5:10", "is empty"),
            ("6:1", "write some of"),
            ("8:8", "a text in quotes"),
            ("10:1", "DX1O1 is no rule; did you mean DX101?"),
            ("11:9", "write one of deny, review, info"),
        ] {
            assert!(said.iter().any(|s| s.starts_with(place) && s.contains(says)), "{place} {says}: {said:#?}");
        }
        assert_eq!(said.len(), 9, "{said:#?}");
    }

    #[test]
    fn paths_start_where_the_file_lies() {
        let text = "policy = [\"a.toml\", \"/etc/b.toml\"]\nlayout = \"tuva\"\nmask = \"env:KEY\"\njoin = \"dx=d.csv\"\n\
                    auths = \"../auths.csv\"\n";
        let given = PolicyFile { file: FILE.to_owned(), text: text.to_owned() };
        let read = read(&given, Path::new("in")).unwrap_or_else(|e| panic!("{e}"));
        let said: Vec<_> =
            read.values.iter().map(|(k, line, v)| format!("{} {line} {}", k.name, v.join(" "))).collect();
        assert_eq!(
            said,
            [
                "layout 2 tuva",
                "join 4 dx=in/d.csv",
                "policy 1 in/a.toml /etc/b.toml",
                "auths 5 in/../auths.csv",
                "mask 3 env:KEY"
            ]
        );
    }
}
