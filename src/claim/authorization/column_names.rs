//! Names of columns in an authorization file that may stand beside those that are read.

use std::sync::LazyLock;

use crate::ingest::field::fold;
use crate::strict_toml::{Document, Faults, texts};

/// Names by what they are, folded.
pub(super) struct ColumnNames {
    beside_status: Vec<String>,
}

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
            };
            root.deny_unknown_keys();
            Some(all)
        })
    }

    /// May a column of this folded name stand beside the column `status`?
    pub(super) fn is_beside_status(&self, name: &str) -> bool {
        self.beside_status.iter().any(|own| own == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_faults() {
        let text = include_str!("column-names.toml").to_owned() + "more = 1\n";
        assert_eq!(ColumnNames::load("n.toml", &text).map(|_| ()).expect_err("a fault").list.len(), 1);
    }
}
