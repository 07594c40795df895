//! The signs by which a column is known that no field uses although its cells look like codes, and words that need no table, from
//! `column-clues.toml`.

use std::sync::LazyLock;

use crate::strict_toml::{Document, Faults, Table, texts};

/// The file of clues.
const CLUES: &str = include_str!("column-clues.toml");

/// The clues, checked by a test of this room.
pub(super) static READ: LazyLock<Clues> = LazyLock::new(|| Clues::load().unwrap_or_default());

/// By which signs a column is known. See the file.
#[derive(Debug, Default)]
pub(super) struct Clues {
    pub(super) never: Vec<String>,
    pub(super) never_begins: Vec<String>,
    pub(super) diagnosis: Vec<String>,
    pub(super) procedure: Vec<String>,
    pub(super) named_one_in: u64,
    pub(super) unnamed_cells: u64,
    pub(super) unnamed_except_one_in: u64,
    pub(super) unnamed_lengths: u32,
    pub(super) unnamed_dotted_one_in: u64,
    pub(super) known_cpt_one_in: u64,
    pub(super) known_diagnosis_one_in: u64,
    pub(super) visits: Vec<String>,
    pub(super) visits_one_in: u64,
    pub(super) hcpcs_one_in: u64,
    pub(super) unnamed_first_characters: u32,
    pub(super) procedures_with_z_one_in: u64,
    pub(super) unnamed_patterns: usize,
    pub(super) admission_types: Vec<String>,
    pub(super) not_capitated: Vec<String>,
}

impl Clues {
    fn load() -> Result<Self, Faults> {
        Document::load("src/run/column-clues.toml", CLUES, |_, root| {
            for key in ["kind", "source", "valid"] {
                root.text(key);
            }
            let words = |key: &str| texts(root.texts(key));
            let clues = Self {
                never: words("never"),
                never_begins: words("never_begins"),
                diagnosis: words("diagnosis"),
                procedure: words("procedure"),
                named_one_in: number(&root, "named_one_in")?,
                unnamed_cells: number(&root, "unnamed_cells")?,
                unnamed_except_one_in: number(&root, "unnamed_except_one_in")?,
                unnamed_lengths: number(&root, "unnamed_lengths")?,
                unnamed_dotted_one_in: number(&root, "unnamed_dotted_one_in")?,
                known_cpt_one_in: number(&root, "known_cpt_one_in")?,
                known_diagnosis_one_in: number(&root, "known_diagnosis_one_in")?,
                visits: words("visits"),
                visits_one_in: number(&root, "visits_one_in")?,
                hcpcs_one_in: number(&root, "hcpcs_one_in")?,
                unnamed_first_characters: number(&root, "unnamed_first_characters")?,
                procedures_with_z_one_in: number(&root, "procedures_with_z_one_in")?,
                unnamed_patterns: number(&root, "unnamed_patterns")?,
                admission_types: words("admission_types"),
                not_capitated: words("not_capitated"),
            };
            root.deny_unknown_keys();
            Some(clues)
        })
    }
}

/// A share or a bound of the clues.
fn number<T: TryFrom<i64>>(root: &Table<'_, '_>, key: &str) -> Option<T> {
    T::try_from(root.number(key, 1..=1_000)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clues_are_valid() {
        assert!(!Clues::load().expect("no faults").never.is_empty());
    }
}
