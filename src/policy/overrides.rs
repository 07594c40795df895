//! Overrides: a user's own dispositions by rule, own product labels, and the selection of rules.
//!
//! Overrides are another file of the policy, so they are part of the fingerprint and of every dossier. None is built in; the
//! settings of a run are turned into one ([`text`]).

use crate::claim::value::words::MAX_LABEL_LEN;
use crate::ingest::empty_words::refuse_empty;
use crate::ingest::word::product_key;
use crate::policy::origin::OriginKind;
use crate::policy::selection::{Selection, read_word};
use crate::policy::{Disposition, Policy};
use crate::strict_toml::{Document, SpannedText, Table, nearest};

/// Writes the text of an overrides file. Equal dispositions, labels and words of a selection give equal texts, whatever
/// file or flag they come from.
pub fn text<'a>(
    dispositions: impl IntoIterator<Item = (&'a str, Disposition)>,
    products: impl IntoIterator<Item = (&'a str, &'a str)>,
    selection: &Selection,
) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let head = format!(
        "kind = \"{}\"\nid = \"settings\"\ntitle = \"Dispositions, product labels and selected rules of the run\"\n\
         publisher = \"the user\"\nsource = \"claimlint.toml\"\nvalid = \"this run\"\n",
        OriginKind::Overrides.word()
    );
    let rules = dispositions.into_iter().map(|(rule, word)| format!("{} = \"{}\"\n", quoted(rule), word.word()));
    let labels = products.into_iter().map(|(label, class)| format!("{} = {}\n", quoted(label), quoted(class)));
    let rules = rules.collect::<String>();
    let words = |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    let lists = [("select", &selection.select), ("ignore", &selection.ignore)];
    let lists = lists.iter().filter(|(_, list)| !list.is_empty());
    let lists = lists.map(|(key, list)| format!("{key} = [{}]\n", words(list))).collect::<Vec<_>>().concat();
    format!("{head}{lists}\n[dispositions]\n{rules}\n[products]\n{}", labels.collect::<String>())
}

/// Reads `[dispositions]`: rules of the roster with their dispositions, which apply to all procedure codes.
pub(crate) fn read_dispositions(table: &Table<'_, '_>, roster: &[&str]) -> Vec<(String, Disposition)> {
    for code in roster {
        table.allow_key(code);
    }
    let known = |key: &&SpannedText| roster.contains(&key.text.as_str());
    let keys = table.keys();
    let read = keys.iter().filter(known);
    let read = read.filter_map(|key| Some((key.text.clone(), table.choice(&key.text, &Disposition::WORDS)?))).collect();
    for key in keys.iter().filter(|key| !known(key)) {
        table.allow_key(&key.text);
        let near = nearest(&key.text, roster.iter().copied()).map(|near| format!("; did you mean {near}?"));
        let message = format!("{} is not a rule{}", key.text, near.unwrap_or_default());
        table.document().fault(key.span.clone(), message);
    }
    read
}

/// Reads `[products]`: labels with their classes. The classes are not checked here.
pub(crate) fn read_products(table: &Table<'_, '_>) -> Vec<(SpannedText, String)> {
    let mut products = Vec::new();
    refuse_empty(table, &[]);
    for key in table.words("a product label", product_key) {
        if key.text.len() > MAX_LABEL_LEN {
            let message = format!("a label has at most {MAX_LABEL_LEN} letters: shorten it");
            table.document().fault(key.span.clone(), message);
        }
        products.extend(table.text(&key.text).map(|class| (key, class.text)));
    }
    products
}

/// Reads `select` and `ignore`.
fn read_selection(document: &Document<'_>, root: &Table<'_, '_>, roster: &[&str]) -> Selection {
    let words = |key: &str| {
        let read = root.texts_if(key).into_iter().filter_map(|word| match read_word(&word.text, roster) {
            Ok(read) => Some(read),
            Err(what) => {
                document.fault(word.span, format!("\"{}\" {what}", word.text));
                None
            }
        });
        read.collect()
    };
    Selection { select: words("select"), ignore: words("ignore") }
}

/// Applies an overrides file to a policy.
pub(super) fn read(document: &Document<'_>, root: &Table<'_, '_>, policy: &mut Policy, roster: &[&str]) {
    if let Some(table) = root.table_if("dispositions") {
        for (rule, disposition) in read_dispositions(&table, roster) {
            if let Some(setting) = policy.rules.get_mut(&rule) {
                setting.disposition = disposition;
                setting.by_code.clear();
            }
        }
        table.deny_unknown_keys();
    }
    let selection = read_selection(document, root, roster);
    for (code, setting) in &mut policy.rules {
        setting.is_asked = selection.asks(code);
    }
    if policy.rules.values().all(|setting| !setting.is_asked) {
        root.fault("no rule is left to ask: select more rules, or ignore fewer");
    }
    if let Some(table) = root.table_if("products") {
        for (label, class) in read_products(&table) {
            match policy.class_named(&class) {
                Some(id) => policy.own_labels.push((label.text, id)),
                None => document.fault(label.span, policy.no_class(&class)),
            }
        }
        table.deny_unknown_keys();
    }
}

impl Policy {
    /// The message for a class that the policy does not have.
    pub(crate) fn no_class(&self, class: &str) -> String {
        let known: Vec<_> = self.classes.iter().map(|c| c.id.as_str()).collect();
        // A text of a file begins no line of a message.
        let class = class.replace('\n', "\u{240a}");
        format!("\"{class}\" is not a class of the policy; write one of {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::origin::PolicyFile;
    use crate::policy::parse::load;

    /// The rules of the built-in policy; the roster itself is in a later room.
    fn roster() -> Vec<&'static str> {
        let policy = include_str!("../policies/bcbsma-485.toml").split("\n[rules]\n").nth(1).unwrap_or_default();
        let keys = policy.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = {"));
        keys.map(|(key, _)| key.trim()).collect()
    }

    #[test]
    fn an_override_is_part_of_the_policy() {
        let plain = load(&[], &roster()).unwrap_or_else(|e| panic!("{e}"));
        let load_text = |text: String| load(&[PolicyFile { file: "claimlint.toml".to_owned(), text }], &roster());
        let text =
            text([("DX101", Disposition::Info)], [("Our \"Gold\"", "commercial-managed-care")], &Selection::default());
        let policy = load_text(text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            (plain.rule("DX101").disposition, policy.rule("DX101").disposition),
            (Disposition::Deny, Disposition::Info)
        );
        assert_eq!(policy.own_labels[0].0, "Our \"Gold\"");
        assert_ne!(plain.fingerprint, policy.fingerprint);
        assert_eq!(policy.origins.len(), 5);
        let wrong = load_text(super::text([("DX1O1", Disposition::Info)], [("a", "b")], &Selection::default()))
            .expect_err("faults")
            .to_string();
        assert!(
            wrong.contains("DX1O1 is not a rule; did you mean DX101?") && wrong.contains("\"b\" is not a class"),
            "{wrong}"
        );
    }
}
