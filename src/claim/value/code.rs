//! The procedure codes that matter, and how a cell is held against them: whole, never in part.

use serde::{Deserialize, Serialize};

/// Number of a code in the [`CodeTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeId(pub u16);

/// Which code set a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// CPT and HCPCS: looked for in the procedure column only.
    Cpt,
    /// ICD-10-PCS: looked for in the procedure column and the ICD procedure columns.
    Pcs,
}

/// One code that puts a row in scope or makes it related.
#[derive(Debug, Clone)]
pub struct KnownCode {
    /// Upper-case, without dots.
    pub code: String,
    /// Its code set.
    pub system: System,
    /// Listed by the policy: puts a row in scope. Otherwise it makes the row related.
    pub listed: bool,
}

/// All codes that are looked for.
#[derive(Debug, Clone, Default)]
pub struct CodeTable {
    codes: Vec<KnownCode>,
    /// Which first bytes a cell can begin with, for the quick no.
    first: Vec<bool>,
}

/// A known code in a cell, and what had to be overlooked to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The code.
    pub id: CodeId,
    /// More stood in the cell: `22513-59` (DQ506).
    pub composite: bool,
    /// The leading zero was missing: `PU43JZ` (DQ507).
    pub zero_lost: bool,
}

impl CodeTable {
    /// A table over these codes.
    pub fn new(codes: Vec<KnownCode>) -> Self {
        let mut first = vec![false; 256];
        for known in &codes {
            for form in [known.code.as_str(), without_zero(known).unwrap_or(&known.code)] {
                if let Some(b) = form.bytes().next() {
                    first[usize::from(b)] = true;
                    first[usize::from(b.to_ascii_lowercase())] = true;
                }
            }
        }
        Self { codes, first }
    }

    /// The code behind a number.
    pub fn get(&self, id: CodeId) -> &KnownCode {
        &self.codes[usize::from(id.0)]
    }

    /// All codes with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (CodeId, &KnownCode)> {
        self.codes.iter().enumerate().map(|(i, known)| (CodeId(i as u16), known))
    }

    /// Every form under which a code may begin a cell.
    pub fn forms(&self) -> Vec<&str> {
        self.codes.iter().flat_map(|known| std::iter::once(known.code.as_str()).chain(without_zero(known))).collect()
    }

    /// Could a raw cell hold a known code? No false "no": anything but a plain letter or digit at its start is let
    /// through to [`CodeTable::find`].
    pub fn may_hold(&self, raw: &[u8]) -> bool {
        // The shortest form is a CPT code of five characters.
        match raw.first() {
            None => false,
            Some(b) if b.is_ascii_alphanumeric() => raw.len() >= 5 && self.first[usize::from(*b)],
            Some(_) => raw.len() >= 5,
        }
    }

    /// The known code that a cleaned, upper-cased cell holds. `cpt` says whether CPT codes count in this column.
    pub fn find(&self, cell: &str, cpt: bool) -> Option<Found> {
        self.iter().filter(|(_, known)| cpt || known.system == System::Pcs).find_map(|(id, known)| {
            let whole = follows(cell, &known.code).map(|composite| Found { id, composite, zero_lost: false });
            whole.or_else(|| {
                follows(cell, without_zero(known)?).map(|composite| Found { id, composite, zero_lost: true })
            })
        })
    }
}

/// A PCS code as a spreadsheet leaves it that took it for a number.
fn without_zero(known: &KnownCode) -> Option<&str> {
    (known.system == System::Pcs).then(|| known.code.strip_prefix('0')).flatten()
}

/// Some(false): the cell is the code. Some(true): the code, then something that is not part of a code.
fn follows(cell: &str, code: &str) -> Option<bool> {
    let rest = cell.strip_prefix(code)?;
    match rest.chars().next() {
        None => Some(false),
        Some(c) if !c.is_alphanumeric() => Some(true),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> CodeTable {
        let known = |code: &str, system, listed| KnownCode { code: code.to_owned(), system, listed };
        CodeTable::new(vec![
            known("22513", System::Cpt, true),
            known("0PU43JZ", System::Pcs, true),
            known("XNU0356", System::Pcs, false),
            known("0200T", System::Cpt, false),
        ])
    }

    #[test]
    fn cells_are_compared_whole() {
        let said = |cell: &str, cpt| {
            let table = table();
            table.find(cell, cpt).map_or(String::new(), |f| {
                format!(
                    "{}{}{}",
                    table.get(f.id).code,
                    if f.composite { " +" } else { "" },
                    if f.zero_lost { " 0" } else { "" }
                )
            })
        };
        for (cell, want) in [
            ("22513", "22513"),
            ("22513-59", "22513 +"),
            ("22513 RT", "22513 +"),
            ("22513.0", "22513 +"),
            ("22513-", "22513 +"),
            ("225130", ""),
            ("22513A", ""),
            ("22513\u{e9}", ""),
            ("1225131", ""),
            ("0PU43JZ", "0PU43JZ"),
            ("PU43JZ", "0PU43JZ 0"),
            ("PU43JZ.0", "0PU43JZ + 0"),
            ("XNU0356", "XNU0356"),
            ("200T", ""),
            ("", ""),
        ] {
            assert_eq!(said(cell, true), want, "{cell}");
        }
        assert_eq!(said("22513", false), "");
        assert_eq!(said("0PU43JZ", false), "0PU43JZ");
    }

    #[test]
    fn the_quick_no_is_never_wrong() {
        let table = table();
        for cell in ["22513", "pu43jz", "0pu43jz", "xnu0356", " 22513", "=\"22513\"", "\u{a0}22513", "\u{feff}0200T"] {
            assert!(table.may_hold(cell.as_bytes()), "{cell:?}");
        }
        for cell in ["", "99213", "J1885", "2251"] {
            assert!(!table.may_hold(cell.as_bytes()), "{cell:?}");
        }
    }
}
