//! Names of columns in an authorization file beyond those that are read: what may stand beside the status, and what a column that
//! nothing reads is probably meant for.

use std::sync::LazyLock;

use crate::ingest::field::fold;
use crate::strict_toml::{Document, Faults, texts};

/// Names by what they are, folded.
pub(super) struct ColumnNames {
    beside_status: Vec<String>,
    begins: Vec<String>,
    /// The columns that a name may stand for, each with the names.
    meant: Vec<(&'static str, Vec<String>)>,
}

/// The columns that a column which nothing reads may be meant for.
const MEANT: [&str; 3] = ["valid_from", "valid_to", "units"];

/// The built-in names, loaded once.
pub(super) static COLUMN_NAMES: LazyLock<ColumnNames> = LazyLock::new(|| {
    ColumnNames::load("column-names.toml", include_str!("column-names.toml"))
        .unwrap_or_else(|faults| unreachable!("a test loads the built-in names: {faults}"))
});

impl ColumnNames {
    fn load(file: &str, text: &str) -> Result<Self, Faults> {
        Document::load(file, text, |_, root| {
            root.choice("kind", &[("authorization-column-names", ())]);
            root.text("source");
            root.text("valid");
            let names = |key| texts(root.texts(key)).iter().map(|name| fold(name)).collect::<Vec<_>>();
            let all = Self {
                beside_status: names("beside_status"),
                begins: names("begins"),
                meant: MEANT.into_iter().map(|column| (column, names(column))).collect(),
            };
            root.deny_unknown_keys();
            Some(all)
        })
    }

    /// May a column of this folded name stand beside the column `status`?
    pub(super) fn is_beside_status(&self, name: &str) -> bool {
        self.beside_status.iter().any(|own| own == name)
    }

    /// The column that one of this folded name is probably meant for.
    pub(super) fn meant(&self, name: &str) -> Option<&'static str> {
        let rest = |begin: &String| name.strip_prefix(begin.as_str()).filter(|rest| !rest.is_empty());
        let is_one = |own: &Vec<String>| {
            let is_own = |text: &str| own.iter().any(|own| own == text);
            is_own(name) || self.begins.iter().filter_map(rest).any(is_own)
        };
        self.meant.iter().find(|(_, own)| is_one(own)).map(|(column, _)| *column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_for_a_column_only_as_a_whole() {
        for (name, want) in [
            ("effectivedate", Some("valid_from")),
            ("authstartdate", Some("valid_from")),
            ("fromdate", Some("valid_from")),
            ("expirationdate", Some("valid_to")),
            ("svcthrudt", Some("valid_to")),
            ("approvedunits", Some("units")),
            ("authorizedunits", Some("units")),
            ("requestdate", None),
            ("servicedate", None),
            ("decisiondate", None),
            ("attendingnpi", None),
            ("requestedunits", None),
            ("auth", None),
            ("", None),
        ] {
            assert_eq!(COLUMN_NAMES.meant(name), want, "{name}");
        }
    }

    #[test]
    fn unknown_keys_are_faults() {
        let text = include_str!("column-names.toml").to_owned() + "more = 1\n";
        assert_eq!(ColumnNames::load("n.toml", &text).map(|_| ()).expect_err("a fault").list.len(), 1);
    }
}
