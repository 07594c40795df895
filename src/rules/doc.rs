//! The documentation of the rules and of the bins that take rows out of the judging: one text for `claimlint rules`, the reports and the tests.

use crate::policy::Disposition;
use crate::strict_toml::{Document, Faults, Table, texts};

/// The documentation files, in the order of the families.
const FILES: [(&str, &str); 6] = [
    ("diagnosis.toml", include_str!("diagnosis.toml")),
    ("authorization.toml", include_str!("authorization.toml")),
    ("coding.toml", include_str!("coding.toml")),
    ("routing.toml", include_str!("routing.toml")),
    ("session.toml", include_str!("session.toml")),
    ("quality.toml", include_str!("quality.toml")),
];

/// The documentation of the bins.
const BINS: (&str, &str) = ("bins.toml", include_str!("bins.toml"));

/// The documentation of a rule or bin.
#[derive(Debug, Clone)]
pub struct RuleDoc {
    /// Stable code; for a bin, its key in the ledger.
    pub code: String,
    /// Name: what is found.
    pub name: String,
    /// One line.
    pub summary: String,
    /// When exactly it fires, or which rows the bin holds.
    pub finds: String,
    /// Why that matters.
    pub why: String,
    /// What the claim cannot show about it.
    pub unseen: String,
    /// What would change the verdict.
    pub change: String,
    /// The documents that a reviewer asks the provider for. Empty if the provider has none that would help.
    pub ask: Vec<String>,
    /// An example that fires, or whose line is in the bin.
    pub fires: Worked,
    /// A near miss that does not.
    pub passes: Worked,
}

impl RuleDoc {
    /// What would change the verdict, for a finding of this disposition. Empty for findings that are for information, which
    /// change no verdict.
    pub(crate) fn change_of(&self, disposition: Disposition) -> &str {
        if disposition == Disposition::Info { "" } else { &self.change }
    }
}

/// A worked example: a tiny extract.
#[derive(Debug, Clone)]
pub struct Worked {
    /// The situation, one sentence.
    pub story: String,
    /// The line that it is about.
    pub line: u64,
    /// The extract in canonical names.
    pub extract: String,
    /// An authorization file, if it needs one.
    pub auths: Option<String>,
}

/// Loads the documentation of all rules, in roster order.
pub fn load() -> Result<Vec<RuleDoc>, Faults> {
    let mut docs = Vec::new();
    for (file, text) in FILES {
        docs.extend(load_file(file, text, "rule")?);
    }
    Ok(docs)
}

/// Loads the documentation of the bins that take rows out of the judging, in the order of the ledger.
pub fn load_bins() -> Result<Vec<RuleDoc>, Faults> {
    load_file(BINS.0, BINS.1, "bin")
}

fn load_file(file: &str, text: &str, key: &'static str) -> Result<Vec<RuleDoc>, Faults> {
    Document::load(file, text, |_, root| {
        let docs: Vec<_> = root.tables(key).into_iter().filter_map(read).collect();
        root.deny_unknown_keys();
        Some(docs)
    })
}

fn read(sheet: Table<'_, '_>) -> Option<RuleDoc> {
    // Line breaks inside a paragraph belong to the file, not to the text.
    let prose = |key: &str| sheet.text(key).map(|p| p.text.split_whitespace().collect::<Vec<_>>().join(" "));
    let [code, name, summary] = ["code", "name", "summary"].map(prose);
    let [finds, why, unseen, change] = ["finds", "why", "unseen", "change"].map(prose);
    let ask = texts(sheet.texts_if("ask"));
    let fires = sheet.table("fires").and_then(worked);
    let passes = sheet.table("passes").and_then(worked);
    sheet.deny_unknown_keys();
    Some(RuleDoc {
        code: code?,
        name: name?,
        summary: summary?,
        finds: finds?,
        why: why?,
        unseen: unseen?,
        change: change?,
        ask,
        fires: fires?,
        passes: passes?,
    })
}

fn worked(sheet: Table<'_, '_>) -> Option<Worked> {
    let story = sheet.text("story");
    let line = sheet.number("line", 2..=1000);
    let extract = sheet.text("extract");
    let auths = sheet.text_if("auths").map(|p| p.text);
    sheet.deny_unknown_keys();
    Some(Worked { story: story?.text, line: u64::try_from(line?).ok()?, extract: extract?.text, auths })
}
