//! The signs by which a column is known that no field uses although its cells look like codes, from `column-clues.toml`.

use std::sync::LazyLock;

use crate::strict_toml::{Document, Faults, texts};

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
}

impl Clues {
    fn load() -> Result<Self, Faults> {
        Document::load("src/run/column-clues.toml", CLUES, |_, root| {
            for key in ["kind", "source", "valid"] {
                root.text(key);
            }
            let words = |key: &str| texts(root.texts(key));
            let number = |key: &str| root.number(key, 1..=1_000).and_then(|n| u64::try_from(n).ok());
            let clues = Self {
                never: words("never"),
                never_begins: words("never_begins"),
                diagnosis: words("diagnosis"),
                procedure: words("procedure"),
                named_one_in: number("named_one_in")?,
                unnamed_cells: number("unnamed_cells")?,
                unnamed_except_one_in: number("unnamed_except_one_in")?,
                unnamed_lengths: number("unnamed_lengths").and_then(|n| u32::try_from(n).ok())?,
                unnamed_dotted_one_in: number("unnamed_dotted_one_in")?,
                known_cpt_one_in: number("known_cpt_one_in")?,
                known_diagnosis_one_in: number("known_diagnosis_one_in")?,
                visits: words("visits"),
                visits_one_in: number("visits_one_in")?,
                hcpcs_one_in: number("hcpcs_one_in")?,
                unnamed_first_characters: number("unnamed_first_characters").and_then(|n| u32::try_from(n).ok())?,
                procedures_with_z_one_in: number("procedures_with_z_one_in")?,
                unnamed_patterns: number("unnamed_patterns").and_then(|n| usize::try_from(n).ok())?,
            };
            root.deny_unknown_keys();
            Some(clues)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clues_are_valid() {
        assert!(!Clues::load().expect("no faults").never.is_empty());
    }
}
