//! What the sources ask: one sentence in our words for the rules that rest on it, with section, page and address.

use crate::strict_toml::{Document, Table, nearest};

/// A requirement of a source.
#[derive(Debug, Clone)]
pub struct Clause {
    /// What is asked: a whole sentence in our words.
    pub asks: String,
    /// The section of the source.
    pub section: String,
    /// Page or pages of the source, such as `2` or `3 to 5`. Empty if they are not established.
    pub page: String,
    /// Where the source can be read. Empty if it has no public address.
    pub address: String,
    /// Codes of the rules that rest on it.
    rules: Vec<String>,
}

impl Clause {
    /// Does this rule rest on it?
    pub(super) fn is_of(&self, rule: &str) -> bool {
        self.rules.iter().any(|code| code == rule)
    }

    /// Section, page and address in one line.
    pub fn place(&self) -> String {
        let page = match self.page.as_str() {
            "" => String::new(),
            several if several.contains(' ') => format!(", pages {several}"),
            one => format!(", page {one}"),
        };
        let address = if self.address.is_empty() { String::new() } else { format!(", {}", self.address) };
        format!("{}{page}{address}", self.section)
    }
}

/// Reads the clauses of a file after those of earlier files. `roster` are the codes of all rules.
pub(super) fn read_clauses(document: &Document<'_>, root: &Table<'_, '_>, roster: &[&str], clauses: &mut Vec<Clause>) {
    for table in root.tables_if("clause") {
        let (asks, section) = (table.text("asks"), table.text("section"));
        let optional = |key: &str| table.text_if(key).map(|placed| placed.text).unwrap_or_default();
        let (page, address) = (optional("page"), optional("address"));
        let mut rules = Vec::new();
        for placed in table.texts("rules") {
            if !roster.contains(&placed.text.as_str()) {
                let hint = nearest(&placed.text, roster.iter().copied());
                let hint =
                    hint.map_or("`claimlint rules` lists them".to_owned(), |code| format!("did you mean {code}?"));
                document.fault(placed.span, format!("no rule has the code \"{}\"; {hint}", placed.text));
            } else if clauses.iter().any(|clause| clause.rules.contains(&placed.text)) || rules.contains(&placed.text) {
                document.fault(placed.span, format!("rule {} is in two clauses: leave it in one", placed.text));
            } else {
                rules.push(placed.text);
            }
        }
        table.deny_unknown_keys();
        if let Some((asks, section)) = asks.zip(section) {
            clauses.push(Clause { asks: asks.text, section: section.text, page, address, rules });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_has_known_rules_once_and_says_where_it_is() {
        let read = |text: &str| {
            let mut clauses = Vec::new();
            Document::load("p.toml", text, |document, root| {
                read_clauses(document, &root, &["DX101", "PA201"], &mut clauses);
                Some(())
            })
            .map(|()| clauses)
        };
        let whole = "[[clause]]\nasks = \"A.\"\nsection = \"S\"\nrules = [\"DX101\"]\n";
        let more = "page = \"3 to 5\"\naddress = \"https://example.org\"\n";
        let found = read(&format!("{whole}{more}")).expect("it is in order");
        assert_eq!(found[0].place(), "S, pages 3 to 5, https://example.org");
        assert_eq!(read(whole).expect("it is in order")[0].place(), "S");
        let faults =
            read(&format!("{whole}[[clause]]\nasks = \"B.\"\nrules = [\"DX101\", \"PA2O1\"]\nsource = \"x\"\n"));
        let said = faults.expect_err("it is broken").to_string();
        for part in [
            "p.toml:5:1: `clause.section` is missing",
            "rule DX101 is in two clauses",
            "no rule has the code \"PA2O1\"; did you mean PA201?",
            "`clause.source` is not known",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
