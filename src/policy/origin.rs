//! The files that a policy is made of: their kinds, their descriptions, and which files were given.

use crate::strict_toml::{Document, Fault, Faults, Table};

/// The kind of a policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginKind {
    /// Codes, tables and the disposition of each rule.
    Policy,
    /// Unit limits and code pairs.
    Limits,
    /// Suggested reason codes.
    Remittance,
    /// Words of claim columns.
    Vocabulary,
    /// A user's own dispositions and product labels, which take precedence.
    Overrides,
}

impl OriginKind {
    const WORDS: [(&'static str, Self); 5] = [
        ("policy", Self::Policy),
        ("limits", Self::Limits),
        ("remittance", Self::Remittance),
        ("vocabulary", Self::Vocabulary),
        ("overrides", Self::Overrides),
    ];

    /// The word in files and outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Limits => "limits",
            Self::Remittance => "remittance",
            Self::Vocabulary => "vocabulary",
            Self::Overrides => "overrides",
        }
    }
}

/// One of the files of a policy, with its description.
#[derive(Debug, Clone)]
pub struct PolicyOrigin {
    /// Which part of the policy it gives.
    pub kind: OriginKind,
    /// The short name that outputs have, such as `bcbsma-485`.
    pub id: String,
    /// The title of the document that it transcribes.
    pub title: String,
    /// The publisher of that document.
    pub publisher: String,
    /// Where its values come from.
    pub source: String,
    /// When its values apply.
    pub valid: String,
    /// The file, or `built in`.
    pub file: String,
    /// The whole file, for the fingerprint and for `policy show --toml`.
    pub text: String,
}

/// A file given with `--policy`: its name and its text.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// As the user named it.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// Shown instead of a file name for built-in files.
const BUILT_IN: &str = "built in";

/// The text of a policy file that has not been read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct OriginText<'a> {
    pub(super) kind: OriginKind,
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl<'a> OriginText<'a> {
    const fn built_in(kind: OriginKind, text: &'a str) -> Self {
        Self { kind, file: BUILT_IN, text }
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.file == BUILT_IN
    }

    /// Reads the description of the file. Its kind must match.
    pub(super) fn read(self, root: &Table<'_, '_>) -> Option<PolicyOrigin> {
        let stated = root.choice("kind", &OriginKind::WORDS).filter(|kind| *kind == self.kind);
        let [id, title, publisher, source, valid] =
            ["id", "title", "publisher", "source", "valid"].map(|key| root.text(key).map(|p| p.text));
        Some(PolicyOrigin {
            kind: stated?,
            id: id?,
            title: title?,
            publisher: publisher?,
            source: source?,
            valid: valid?,
            file: self.file.to_owned(),
            text: self.text.to_owned(),
        })
    }
}

/// The files of the policy in force: the built-in files, unless a file of the same kind was given, and the overrides.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChosenFiles<'a> {
    pub(super) policy: OriginText<'a>,
    pub(super) limits: OriginText<'a>,
    pub(super) remittance: OriginText<'a>,
    pub(super) vocabulary: OriginText<'a>,
    pub(super) overrides: Option<OriginText<'a>>,
}

impl<'a> ChosenFiles<'a> {
    /// Fails if two files of the same kind were given.
    pub(super) fn new(given: &'a [PolicyFile]) -> Result<Self, Faults> {
        let mut chosen = Self {
            policy: OriginText::built_in(OriginKind::Policy, include_str!("../policies/bcbsma-485.toml")),
            limits: OriginText::built_in(OriginKind::Limits, include_str!("../policies/ncci-2024q3.toml")),
            remittance: OriginText::built_in(OriginKind::Remittance, include_str!("../policies/remittance.toml")),
            vocabulary: OriginText::built_in(OriginKind::Vocabulary, include_str!("../policies/vocabulary.toml")),
            overrides: None,
        };
        for file in given {
            let kind = Document::load(&file.file, &file.text, |_, root| root.choice("kind", &OriginKind::WORDS))?;
            let text = OriginText { kind, file: &file.file, text: &file.text };
            let before = match kind {
                OriginKind::Policy => Some(std::mem::replace(&mut chosen.policy, text)),
                OriginKind::Limits => Some(std::mem::replace(&mut chosen.limits, text)),
                OriginKind::Remittance => Some(std::mem::replace(&mut chosen.remittance, text)),
                OriginKind::Vocabulary => Some(std::mem::replace(&mut chosen.vocabulary, text)),
                OriginKind::Overrides => chosen.overrides.replace(text),
            };
            if let Some(before) = before.filter(|before| !before.is_built_in()) {
                let message = format!("{} is a file of kind \"{}\" too: give one of them", before.file, kind.word());
                return Err(Faults { file: file.file.clone(), list: vec![Fault { line: 1, column: 1, message }] });
            }
        }
        Ok(chosen)
    }

    /// BLAKE3 hash of all files in hexadecimal digits.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let files = [self.policy, self.limits, self.remittance, self.vocabulary];
        for file in files.into_iter().chain(self.overrides) {
            hasher.update(file.kind.word().as_bytes());
            hasher.update(&(file.text.len() as u64).to_le_bytes()).update(file.text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}
