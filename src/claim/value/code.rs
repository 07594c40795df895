//! The known procedure codes, and how they are found in a cell: as whole tokens, never inside a token.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::ingest::eight_bytes::{TOLD_APART, ends_and_length};
use crate::ingest::scan::prefilter::CodeFilter;

/// Index of a code in the [`CodeTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeId(pub u16);

/// Which code set a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// CPT and HCPCS. Only the procedure column holds them.
    Cpt,
    /// ICD-10-PCS. The procedure column and the ICD procedure columns hold them.
    Pcs,
}

/// Which column a procedure cell comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcedureColumn {
    /// `procedure_code`: codes of every system, and modifiers next to them.
    Procedure,
    /// `icd_procedure_N`: ICD-10-PCS codes only.
    Icd,
}

/// One code that puts a row in scope or makes it related.
#[derive(Debug, Clone)]
pub struct KnownCode {
    /// Upper-case, without dots.
    pub code: String,
    /// Its code set.
    pub system: System,
    /// Is it listed by the policy? A listed code puts a row in scope; any other makes it related.
    pub listed: bool,
}

/// All known codes.
#[derive(Debug, Clone)]
pub struct CodeTable {
    codes: Vec<KnownCode>,
    /// By the ends of a code and its length.
    by_ends: FxHashMap<([u64; 2], usize), CodeId>,
    filter: CodeFilter,
}

/// The content of a procedure cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcedureCell<'c> {
    /// The known codes, each once, in order of appearance.
    pub codes: Vec<CodeId>,
    /// Modifiers attached to a code or after it. Only `procedure_code` has them.
    pub modifiers: Vec<Cow<'c, str>>,
    /// The cell held more than a code: `22513-59` (DQ506).
    pub composite: bool,
    /// The code had lost its leading zero: `PU43JZ` (DQ507).
    pub zero_lost: bool,
}

/// Prefixes that may precede a code.
const FRONTS: [&str; 2] = ["CPT", "HCPCS"];

impl Default for CodeTable {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl CodeTable {
    /// A table over these codes.
    pub fn new(codes: Vec<KnownCode>) -> Self {
        let numbered = codes.iter().enumerate();
        let by_ends = numbered.map(|(i, known)| (ends_and_length(&known.code), CodeId(i as u16))).collect();
        let filter = CodeFilter::new(codes.iter().flat_map(forms));
        Self { codes, by_ends, filter }
    }

    /// The code with this id.
    pub fn get(&self, id: CodeId) -> &KnownCode {
        &self.codes[usize::from(id.0)]
    }

    /// All codes with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (CodeId, &KnownCode)> {
        self.codes.iter().enumerate().map(|(i, known)| (CodeId(i as u16), known))
    }

    /// Every form in which a code may be written.
    pub fn forms(&self) -> Vec<&str> {
        self.codes.iter().flat_map(forms).collect()
    }

    /// Could a raw cell hold a known code? Has no false negatives.
    pub fn may_hold(&self, raw: &[u8]) -> bool {
        self.filter.may_hold(raw)
    }

    /// The known code that equals a text, if this column may hold it.
    pub fn exact(&self, text: &str, column: ProcedureColumn) -> Option<CodeId> {
        let is_it = |id: &&CodeId| text.len() <= TOLD_APART || self.get(**id).code == text;
        let id = *self.by_ends.get(&ends_and_length(text)).filter(is_it)?;
        (column == ProcedureColumn::Procedure || self.get(id).system == System::Pcs).then_some(id)
    }

    /// Reads a cleaned, upper-cased procedure cell that is not simply a code (see [`CodeTable::exact`]).
    pub fn read<'c>(&self, cell: &'c str, column: ProcedureColumn) -> ProcedureCell<'c> {
        let mut found = ProcedureCell::default();
        if let Some(id) = self.exact(cell, column) {
            found.codes.push(id);
        } else if !self.may_hold(cell.as_bytes()) {
            // Most cells that get here hold other codes and need no search.
        } else if let Some(id) = self.without_zero(cell) {
            found.codes.push(id);
            found.zero_lost = true;
        } else {
            match self.plain(cell) {
                Cow::Borrowed(cell) => self.read_tokens(cell, column, &mut found, Cow::Borrowed),
                Cow::Owned(cell) => {
                    self.read_tokens(&cell, column, &mut found, |part| Cow::Owned(part.to_owned()));
                }
            }
            found.composite = !found.codes.is_empty();
        }
        found
    }

    /// A PCS code without its leading zero, which spreadsheets remove when they read the code as a number.
    fn without_zero(&self, cell: &str) -> Option<CodeId> {
        self.exact(&format!("0{cell}"), ProcedureColumn::Icd)
    }

    /// The cell without the thousands commas of numbers and without the dots inside PCS codes.
    fn plain<'c>(&self, cell: &'c str) -> Cow<'c, str> {
        let cell = if cell.contains(',') { Cow::Owned(without_thousands_commas(cell)) } else { Cow::Borrowed(cell) };
        if !cell.contains('.') {
            return cell;
        }
        let in_run = |c: char| c == '.' || c.is_ascii_alphanumeric();
        let mut out = String::with_capacity(cell.len());
        for (run, after) in runs(&cell, in_run) {
            let joined = run.replace('.', "");
            out.push_str(if self.exact(&joined, ProcedureColumn::Icd).is_some() { &joined } else { run });
            out.push_str(after);
        }
        Cow::Owned(out)
    }

    fn read_tokens<'t, 'c>(
        &self,
        cell: &'t str,
        column: ProcedureColumn,
        found: &mut ProcedureCell<'c>,
        keep: impl Fn(&'t str) -> Cow<'c, str>,
    ) {
        let with_modifiers = column == ProcedureColumn::Procedure;
        let mut after_code = false;
        for token in cell.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty()) {
            if let Some((id, glued)) = self.token(token, column) {
                if !found.codes.contains(&id) {
                    found.codes.push(id);
                }
                found.modifiers.extend(
                    [glued.get(..2), glued.get(2..)].into_iter().flatten().filter(|m| !m.is_empty()).map(&keep),
                );
                after_code = true;
            } else if with_modifiers && after_code && token.len() == 2 && token.is_ascii() {
                found.modifiers.push(keep(token));
            } else {
                after_code = false;
            }
        }
    }

    /// The code in a token, and the modifiers attached to it.
    fn token<'t>(&self, token: &'t str, column: ProcedureColumn) -> Option<(CodeId, &'t str)> {
        let after_front = FRONTS.iter().find_map(|front| token.strip_prefix(front));
        if let Some(id) = self.exact(token, column).or_else(|| self.exact(after_front?, column)) {
            return Some((id, ""));
        }
        if column == ProcedureColumn::Icd {
            return None;
        }
        let cpt = |text: &str| self.exact(text, column).filter(|id| self.get(*id).system == System::Cpt);
        if let Some(id) = cpt(token.trim_start_matches('0')) {
            return Some((id, ""));
        }
        // Every CPT and HCPCS code has five characters; a modifier has two.
        let (code, glued) = token.split_at_checked(5)?;
        let is_glued = matches!(glued.len(), 2 | 4) && glued.is_ascii();
        cpt(code).filter(|_| is_glued).map(|id| (id, glued))
    }
}

/// The forms in which a code is looked for.
fn forms(known: &KnownCode) -> impl Iterator<Item = &str> {
    std::iter::once(known.code.as_str()).chain(zero_lost(known))
}

fn zero_lost(known: &KnownCode) -> Option<&str> {
    (known.system == System::Pcs).then(|| known.code.strip_prefix('0')).flatten()
}

/// The longest runs of characters that are `in_run`, each with what follows it before the next.
fn runs(text: &str, in_run: impl Fn(char) -> bool + Copy) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (run, after) = rest.split_at(rest.find(|c| !in_run(c)).unwrap_or(rest.len()));
        let (between, next) = after.split_at(after.find(in_run).unwrap_or(after.len()));
        rest = next;
        Some((run, between))
    })
}

/// Drops the commas between the groups of a number: one to three digits, then groups of three.
fn without_thousands_commas(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    let mut runs = runs(cell, |c| c.is_ascii_alphanumeric()).peekable();
    while let Some((run, after)) = runs.next() {
        out.push_str(run);
        let is_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
        let begins = (1..=3).contains(&run.len()) && is_digits(run);
        let goes_on = runs.peek().is_some_and(|(next, _)| next.len() == 3 && is_digits(next));
        if after != "," || !begins || !goes_on {
            out.push_str(after);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> CodeTable {
        let known = |code: &str, system, listed| KnownCode { code: code.to_owned(), system, listed };
        CodeTable::new(vec![
            known("22513", System::Cpt, true),
            known("22515", System::Cpt, true),
            known("0PU43JZ", System::Pcs, true),
            known("0PS43ZZ", System::Pcs, false),
            known("XNU0356", System::Pcs, false),
            known("0200T", System::Cpt, false),
            known("C7507", System::Cpt, false),
        ])
    }

    /// Codes, then `+` for DQ506 and `0` for DQ507, then modifiers in brackets.
    fn read(cell: &str, column: ProcedureColumn) -> String {
        let table = table();
        let found = table.read(cell, column);
        let codes: Vec<&str> = found.codes.iter().map(|id| table.get(*id).code.as_str()).collect();
        let modifiers =
            if found.modifiers.is_empty() { String::new() } else { format!("[{}]", found.modifiers.join(" ")) };
        let mark = |is_set, mark| if is_set { mark } else { "" };
        format!("{}{}{}{modifiers}", codes.join(" "), mark(found.composite, "+"), mark(found.zero_lost, "0"))
    }

    #[test]
    fn cells_of_the_procedure_column() {
        for (cell, want) in [
            ("22513", "22513"),
            // More in the cell than the code.
            ("22513-59", "22513+[59]"),
            ("22513 RT", "22513+[RT]"),
            ("22513 RT 59", "22513+[RT 59]"),
            ("HC:22513:80:59", "22513+[80 59]"),
            ("22513 X RT", "22513+"),
            ("RT 22513", "22513+"),
            ("22513.0", "22513+"),
            ("22513-", "22513+"),
            ("HC:22513:59", "22513+[59]"),
            ("BBR:0PU43JZ", "0PU43JZ+"),
            ("22513;22513", "22513+"),
            ("22515;22513", "22515 22513+"),
            ("22515,22513", "22515 22513+"),
            ("0PS43ZZ;0PU43JZ", "0PS43ZZ 0PU43JZ+"),
            // Modifiers glued on.
            ("22513RT", "22513+[RT]"),
            ("22513RT59", "22513+[RT 59]"),
            ("22513RT-80", "22513+[RT 80]"),
            ("22513R", ""),
            ("22513RT5", ""),
            ("22513RT5980", ""),
            ("0PU43JZRT", ""),
            // Leading zeros, and words in front.
            ("022513", "22513+"),
            ("000022513", "22513+"),
            ("0C7507", "C7507+"),
            ("CPT22513", "22513+"),
            ("HCPCSC7507", "C7507+"),
            ("CPT 22513", "22513+"),
            ("CPT0PU43JZ", "0PU43JZ+"),
            ("XCPT22513", ""),
            ("CPT022513", ""),
            // A PCS code that lost its leading zero is the whole cell.
            ("PU43JZ", "0PU43JZ0"),
            ("PU43JZ.0", ""),
            ("BBR:PU43JZ", ""),
            ("XNU0356", "XNU0356"),
            // Thousands commas and dots.
            ("22,513", "22513+"),
            ("022,513", "22513+"),
            ("22,513,22,515", "22513 22515+"),
            ("2,2513", ""),
            ("22,513RT", ""),
            ("HC:22,513:59", "22513+[59]"),
            ("0PU.43JZ", "0PU43JZ+"),
            ("0PU43JZ.0", "0PU43JZ+"),
            ("PU.43JZ", ""),
            ("22.513", ""),
            // Tokens are compared whole.
            ("225130", ""),
            ("22513A", ""),
            ("22513\u{e9}", "22513+"),
            ("1225131", ""),
            ("1225131111", ""),
            ("200T", ""),
            ("99213", ""),
            ("", ""),
        ] {
            assert_eq!(read(cell, ProcedureColumn::Procedure), want, "{cell}");
        }
    }

    #[test]
    fn cells_of_the_icd_columns() {
        for (cell, want) in [
            ("0PU43JZ", "0PU43JZ"),
            ("PU43JZ", "0PU43JZ0"),
            ("0PU.43JZ", "0PU43JZ+"),
            ("0PS43ZZ;0PU43JZ", "0PS43ZZ 0PU43JZ+"),
            ("BBR:0PU43JZ:D8:20240305", "0PU43JZ+"),
            ("00PU43JZ", ""),
            ("HCPCS0PU43JZ", "0PU43JZ+"),
            ("0PU43JZRT", ""),
            ("22513", ""),
            ("CPT22513", ""),
            ("22513RT", ""),
        ] {
            assert_eq!(read(cell, ProcedureColumn::Icd), want, "{cell}");
        }
    }

    #[test]
    fn the_fast_test_has_no_false_negatives() {
        let table = table();
        for cell in [
            "22513",
            "pu43jz",
            "0pu43jz",
            "xnu0356",
            " 22513",
            "=\"22513\"",
            "\u{a0}22513",
            "\u{feff}0200T",
            "x:22513",
            "22,513",
            "0p.u43jz",
        ] {
            assert!(table.may_hold(cell.as_bytes()), "{cell:?}");
        }
        for cell in ["", "99213", "J1885", "2251"] {
            assert!(!table.may_hold(cell.as_bytes()), "{cell:?}");
        }
    }
}
