//! The column names that a layout knows, and what may be said of a first line that does not bind.

use rustc_hash::FxHashSet;

use crate::ingest::cell::printable;
use crate::ingest::cell::shape;
use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::definition::{Layout, Mapping, NumberedName};

/// Cells of a first line that a message describes.
const MAX_CELLS_SHOWN: usize = 12;

/// Longest name, in bytes when folded, that is looked at for two names in one. No spelling has half as many.
const MAX_NAME_BYTES: usize = 120;

/// The names of columns that a layout knows, folded, beside the canonical ones.
pub(crate) struct KnownNames {
    names: FxHashSet<String>,
    numbered: Vec<NumberedName>,
}

impl KnownNames {
    /// The names of this layout.
    pub(crate) fn new(layout: &Layout) -> Self {
        let mut names: FxHashSet<String> = Field::NAMES.iter().map(|(_, name)| fold(name)).collect();
        let mut numbered = Vec::new();
        for (_, name, slots) in Group::NAMES {
            names.extend((1..=slots).map(|slot| fold(&format!("{name}_{slot}"))));
        }
        match &layout.mapping {
            Mapping::Spellings { fields, groups, unnumbered } => {
                names.extend(fields.iter().flat_map(|(_, spellings)| spellings).map(|name| fold(name)));
                names.extend(unnumbered.iter().flat_map(|(_, _, spellings)| spellings).map(|name| fold(name)));
                numbered.extend(groups.iter().flat_map(|(_, patterns)| patterns).cloned());
            }
            Mapping::Columns { fields, groups } => {
                names.extend(fields.iter().flat_map(|(_, named)| named.names()).map(|name| fold(name)));
                names.extend(groups.iter().flat_map(|(_, slots)| slots).map(|(_, name)| fold(name)));
            }
        }
        names.extend(layout.recognize.iter().cloned());
        let of_joins = layout.joins.iter().flat_map(|join| &join.to);
        names.extend(of_joins.map(|name| fold(name)));
        Self { names, numbered }
    }

    /// These names as well.
    pub(crate) fn with(mut self, more: &[String]) -> Self {
        self.names.extend(more.iter().map(|name| fold(name)));
        self
    }

    /// Is this one of the names? It must be folded.
    fn holds(&self, folded: &str) -> bool {
        self.names.contains(folded) || self.numbered.iter().any(|name| name.slot(folded).is_some())
    }

    /// What a message may say of a first line, which may be a row: the names that are known, and of other cells the shape.
    pub(crate) fn quote(&self, cells: &[String]) -> String {
        let mut hidden = false;
        let mut quote = |cell: &String| {
            if self.holds(&fold(cell)) {
                return format!("`{}`", printable(cell));
            }
            hidden = true;
            format!("`{}`", printable(&shape(cell)))
        };
        let shown: Vec<String> = cells.iter().take(MAX_CELLS_SHOWN).map(&mut quote).collect();
        let more = cells.len().saturating_sub(MAX_CELLS_SHOWN);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let why =
            if hidden { " (a cell that is no known name is shown by its shape: A is a letter, 9 a digit)" } else { "" };
        format!("{}{more}{why}", shown.join(", "))
    }

    /// What may be said of a header under its layout: of a first line as by [`Self::quote`], of names from the layout all.
    pub(crate) fn described(layout: &Layout, header: &[String]) -> String {
        let whose = if layout.header.is_empty() { "the first line holds" } else { "the layout's `header` has" };
        format!("{whose} {}", Self::new(layout).with(&layout.header).quote(header))
    }

    /// The two known names of which this name consists, as they are when a delimiter between them is missing.
    pub(crate) fn two_in_one(&self, name: &str) -> Option<(String, String)> {
        let name = fold(name);
        if name.len() > MAX_NAME_BYTES || self.holds(&name) {
            return None;
        }
        let mut places = name.char_indices().map(|(place, _)| place).skip(1);
        let place = places.find(|place| self.holds(&name[..*place]) && self.holds(&name[*place..]))?;
        Some((name[..place].to_owned(), name[place..].to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::layout::library::Library;

    fn canonical() -> KnownNames {
        let library = Library::shipped().expect("the shipped layouts are valid");
        KnownNames::new(library.named("canonical").expect("it is shipped"))
    }

    #[test]
    fn only_known_names_are_quoted() {
        let quoted = |cells: &[&str]| canonical().quote(&cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        assert_eq!(quoted(&["Claim ID", "dx_3"]), "`Claim ID`, `dx_3`");
        let said = quoted(&["claim_id", "SMITH, JOHN", "1957-03-02"]);
        assert!(said.starts_with("`claim_id`, `AAAAA, AAAA`, `9999-99-99` (a cell that is no known name"), "{said}");
        assert!(quoted(&["x"; 20]).contains("`A` and 8 more"));
    }

    #[test]
    fn two_names_without_a_delimiter_are_recognized() {
        let known = canonical();
        let two = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(known.two_in_one("allowed_amountpaid_amount"), two("allowedamount", "paidamount"));
        assert_eq!(known.two_in_one("units diagnosis_1"), two("units", "diagnosis1"));
        for name in ["claim_id", "paid_amount", "note", "paid_amountnote", ""] {
            assert_eq!(known.two_in_one(name), None, "{name}");
        }
    }
}
