//! The policy that settings ask for, and the warning about settings that change a result unasked.

use anyhow::{anyhow, bail};

use crate::cli::load::{layout_file, library_of, read_texts};
use crate::cli::settings::effective::{EffectiveSettings, SettingOrigin};
use crate::cli::settings::file::LoadedSettings;
use crate::gate::Gate;
use crate::ingest::Library;
use crate::policy::parse::{PolicyFile, load};
use crate::policy::selection::Selection;
use crate::policy::{OriginKind, Policy, overrides};
use crate::strict_toml::{Fault, Faults};
use crate::warning::{Warning, WarningKind};

/// The file name of overrides that hold a selection only.
const SELECTION_FLAGS: &str = "--select and --ignore";

impl EffectiveSettings {
    /// A warning if a settings file that nobody named changes what a run denies, accepts or exits with: whoever can write
    /// beside an extract could change the result unseen.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let file = self.file.as_ref().filter(|_| self.was_found)?;
        let of_file = |origin: &SettingOrigin| matches!(origin, SettingOrigin::File(..));
        let keys = [
            ("layout", &self.layout.origin),
            ("skip_lines", &self.skip_lines.origin),
            ("comment", &self.comment.origin),
            ("join", &self.join.origin),
            ("auths", &self.auths.origin),
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

    /// Refuses a gate on a rule that is not asked, which could never be true.
    pub(crate) fn ensure_gates_are_asked(&self, policy: &Policy) -> anyhow::Result<()> {
        let mut named = self.gates.iter().flat_map(Gate::rules);
        match named.find(|(_, id)| !policy.rule(crate::rules::get(*id).code).is_asked) {
            Some((name, _)) => bail!(
                "{}: {name}: this rule is not asked (--select, --ignore), so the gate says nothing; ask it, or leave the gate out",
                self.gates_place()
            ),
            None => Ok(()),
        }
    }

    /// The policy in force: the files that replace built-in ones, with the dispositions and labels of the settings.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let roster = crate::rules::codes();
        let mut files = self.policy.placed("policy", read_texts(self.policy.list()))?;
        let plain = load(&files, &roster)?;
        let selection = Selection { select: self.select.list().to_vec(), ignore: self.ignore.list().to_vec() };
        if !roster.iter().any(|code| selection.asks(code)) {
            let nothing =
                anyhow!("no rule is left to ask; select more rules, or ignore fewer (`--select`, `--ignore`)");
            return self.select.placed("select", self.ignore.placed("ignore", Err(nothing)));
        }
        let overriding = |loaded: &&LoadedSettings| !loaded.products.is_empty() || !loaded.dispositions.is_empty();
        let loaded = self.loaded.as_ref().filter(overriding);
        if loaded.is_none() && selection.is_everything() {
            return Ok(plain);
        }
        if let Some(own) = plain.origin(OriginKind::Overrides) {
            let kinds = [
                ("select", selection.select.is_empty()),
                ("ignore", selection.ignore.is_empty()),
                ("[dispositions]", loaded.is_none_or(|loaded| loaded.dispositions.is_empty())),
                ("[products]", loaded.is_none_or(|loaded| loaded.products.is_empty())),
            ];
            let said: Vec<_> = kinds.iter().filter(|(_, is_empty)| !is_empty).map(|(what, _)| *what).collect();
            bail!(
                "{}: is a file of kind \"overrides\", and a run has one set of overrides: write {} into it, and nowhere else",
                own.file,
                said.join(", ")
            );
        }
        let Some(loaded) = loaded else {
            files.push(PolicyFile { file: SELECTION_FLAGS.to_owned(), text: overrides::text([], [], &selection) });
            return Ok(load(&files, &roster)?);
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
        files.push(PolicyFile { file: loaded.file.clone(), text });
        Ok(load(&files, &roster)?)
    }

    /// The built-in layouts, or the one that the settings name, with the files of the tables to join.
    pub(crate) fn library(&self) -> anyhow::Result<Library> {
        let choice = self.layout_choice();
        let file = self.layout.placed("layout", layout_file(&choice))?;
        library_of(&choice, file.as_ref())
    }
}
