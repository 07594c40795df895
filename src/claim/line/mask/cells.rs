//! Masks lines and rows of the authorization file.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::claim::authorization::Authorization;
use crate::claim::line::kept::{IdKind, Privacy, Text, Texts};
use crate::claim::line::mask::find::{Content, Finder, Hit};
use crate::claim::line::mask::forms::could_hide_an_id;
use crate::claim::line::mask::ids::{Entry, Ids};
use crate::claim::line::mask::token::Mask;
use crate::claim::line::{Batch, Line};

/// Bytes of the longest cell that is searched for ids. The search takes some thirty times as many, and a cell of more than a few hundred
/// is withheld anyway, unless nearly all of it is ids.
const MOST_SEARCHED: usize = 1 << 20;

/// Masks with the tokens of a key, given all ids of the run.
#[derive(Clone, Copy)]
pub struct Masker<'m> {
    /// The tokens.
    pub mask: &'m Mask,
    /// The ids.
    pub ids: &'m Ids,
}

impl Masker<'_> {
    /// Masks lines.
    pub fn lines(&self, lines: &Batch) -> Batch {
        let mut masked = Batch::default();
        let mut finder = Finder::new(self.ids);
        lines.iter().for_each(|line| self.line(line, &mut finder, &mut masked));
        masked
    }

    /// Masks a row of the authorization file.
    pub fn authorization(&self, row: &Authorization) -> Authorization {
        let mut finder = Finder::new(self.ids);
        let procedures: Vec<&str> = row.procedures.iter().map(String::as_str).collect();
        let procedures = self.cells(&mut finder, &procedures, Content::Codes);
        Authorization {
            number: self.mask.numbers(&row.number),
            member_id: self.mask.token(IdKind::Member, &row.member_id),
            procedures: procedures.into_iter().map(Cow::into_owned).collect(),
            status: self.cell(&mut finder, &row.status, Content::Labels).into_owned(),
            ..row.clone()
        }
    }

    fn line(&self, line: Line<'_>, finder: &mut Finder<'_>, into: &mut Batch) {
        let masked = Text::ALL.map(|text| {
            let cell = line.text(text);
            match text.privacy() {
                Privacy::Withheld => Cow::Borrowed(""),
                _ if cell.is_empty() => Cow::Borrowed(""),
                // Each number of a list has its token.
                Privacy::Token(IdKind::Authorization) => self.mask.numbers(cell).into(),
                Privacy::Token(kind) => self.mask.token(kind, cell).into(),
                Privacy::QuotedToken => match cell.split_once('"') {
                    Some((field, quoted)) => {
                        let quoted = quoted.strip_suffix('"').unwrap_or(quoted);
                        format!("{field}\"{}\"", self.withheld(quoted)).into()
                    }
                    None => Cow::Borrowed(""),
                },
                Privacy::StrayIds => self.cell(finder, cell, Content::Labels),
                Privacy::StrayIdsInNumber => self.cell(finder, cell, Content::Numbers),
            }
        });
        let mut texts = Texts::new();
        Text::ALL.into_iter().zip(&masked).for_each(|(text, value)| texts.set(text, value));
        let mut encoder = into.encode();
        line.known.iter().for_each(|id| encoder.known(*id));
        let procedures: Vec<&str> = line.procedure_cells().collect();
        self.cells(finder, &procedures, Content::Codes).iter().for_each(|cell| encoder.procedure(cell));
        encoder.texts(&texts);
        let diagnoses: Vec<&str> = line.all_diagnoses().collect();
        for (n, (cell, code)) in self.cells(finder, &diagnoses, Content::Codes).iter().zip(&diagnoses).enumerate() {
            let withheld = (cell == code && has_float_trace(finder, code)).then(|| self.withheld(code));
            encoder.diagnosis(line.diagnosis_slot(n), withheld.as_deref().unwrap_or(cell));
        }
        let modifiers: Vec<&str> = line.modifiers().collect();
        self.cells(finder, &modifiers, Content::Codes).iter().for_each(|cell| encoder.modifier(cell));
        encoder.finish(line.head.clone());
    }

    /// The token of a text that could hold an id.
    pub(super) fn withheld(&self, text: &str) -> String {
        self.mask.token(IdKind::Unreadable, text)
    }

    fn cell<'c>(&self, finder: &mut Finder<'_>, cell: &'c str, content: Content) -> Cow<'c, str> {
        self.cells(finder, &[cell], content).pop().unwrap_or_default()
    }

    /// Masks the ids that strayed into cells that belong together. A cell with an id inside a longer word, or with a part of
    /// an id, is withheld; so are all of them if one is too long to be searched, because an id may be spread over several.
    pub(super) fn cells<'c>(&self, finder: &mut Finder<'_>, cells: &[&'c str], content: Content) -> Vec<Cow<'c, str>> {
        if cells.iter().any(|cell| cell.len() > MOST_SEARCHED) {
            let withheld = |cell: &&str| if cell.is_empty() { "".into() } else { self.withheld(cell).into() };
            return cells.iter().map(withheld).collect();
        }
        let hits = finder.find(cells.iter().copied(), content);
        let mut next = 0;
        let mask = |(n, cell): (usize, &&'c str)| {
            next += hits[next..].iter().take_while(|hit| hit.last.cell < n).count();
            let own: Vec<&Hit> = hits[next..].iter().take_while(|hit| hit.first.cell <= n).collect();
            let is_known = |hit: &&Hit| hit.entry != Entry::Beginning && !hit.inside && hit.first.cell == hit.last.cell;
            let masked = if own.iter().all(is_known) { self.replaced(cell, &own) } else { None };
            masked.unwrap_or_else(|| self.withheld(cell).into())
        };
        cells.iter().enumerate().map(mask).collect()
    }

    /// A cell with tokens in place of its ids. `None`: what remains of it could hold another.
    fn replaced<'c>(&self, cell: &'c str, hits: &[&Hit]) -> Option<Cow<'c, str>> {
        if hits.is_empty() {
            return (!could_hide_an_id(cell, self.ids.have_other_letters())).then_some(Cow::Borrowed(cell));
        }
        let (mut out, mut rest, mut from) = (String::new(), String::new(), 0);
        for hit in hits {
            let Entry::Id(kind) = hit.entry else { return None };
            let (before, id) = (cell.get(from..hit.first.at)?, cell.get(hit.first.at..=hit.last.at)?);
            out.push_str(before);
            out.push_str(&self.mask.token(kind, id));
            rest.push_str(before);
            rest.push(' ');
            from = hit.last.at + 1;
        }
        out.push_str(&cell[from..]);
        rest.push_str(&cell[from..]);
        (!could_hide_an_id(&rest, self.ids.have_other_letters())).then_some(Cow::Owned(out))
    }
}

/// Is a diagnosis a short id with the trace of a floating-point column, such as `12345.0`, whose dot reading removed?
fn has_float_trace(finder: &mut Finder<'_>, code: &str) -> bool {
    let ids = code.strip_suffix('0').into_iter().chain(code.strip_suffix("00"));
    let mut ids = ids.filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
    ids.any(|id| finder.find(std::iter::once(id), Content::Codes).iter().any(|hit| !hit.inside))
}

impl Batch {
    /// Sets every first and last day to the first of its month.
    pub(crate) fn cut_days(&mut self) {
        let cut = |date: Option<Date>| date.map(Date::first_of_month);
        self.heads.iter_mut().for_each(|head| (head.date, head.end_date) = (cut(head.date), cut(head.end_date)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::line::mask::ids::tests::{ids, mask};

    const IDS: [(&str, IdKind); 5] = [
        ("CLM-0001", IdKind::Claim),
        ("MEM.0002", IdKind::Member),
        ("12345678", IdKind::Member),
        ("M1", IdKind::Member),
        ("54321", IdKind::Claim),
    ];

    fn masked(cells: &[&str]) -> Vec<String> {
        let (mask, ids) = (mask(), ids(&IDS, usize::MAX));
        let masker = Masker { mask: &mask, ids: &ids };
        let mut finder = Finder::new(&ids);
        masker.cells(&mut finder, cells, Content::Codes).into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn stray_ids_become_tokens_and_doubtful_cells_are_withheld() {
        let mask = mask();
        let [claim, member, number, short, _] = IDS.map(|(id, kind)| mask.token(kind, id));
        let withheld = |cell: &str| mask.token(IdKind::Unreadable, cell);
        for (cell, want) in [
            ("", String::new()),
            ("HMO Blue", "HMO Blue".to_owned()),
            ("CLM-0001", claim.clone()),
            ("for CLM-0001, MEM.0002;12345678 M1!", format!("for {claim}, {member};{number} {short}!")),
            ("clm 0001", mask.token(IdKind::Claim, "clm 0001")),
            ("0012345678", mask.token(IdKind::Member, "0012345678")),
            ("xCLM-0001", withheld("xCLM-0001")),
            ("CLM-00011", withheld("CLM-00011")),
            ("CLM-0001 and %43", withheld("CLM-0001 and %43")),
            ("CLM-0001 \u{ff11}", withheld("CLM-0001 \u{ff11}")),
            ("AM1", "AM1".to_owned()),
        ] {
            assert_eq!(masked(&[cell]), [want], "{cell}");
        }
        let long = "HMO Blue ".repeat(MOST_SEARCHED / 9);
        assert_eq!(masked(&["59", &long]), ["59".to_owned(), withheld(&long)]);
        let longer = long.clone() + "HMO Blue";
        assert_eq!(masked(&["59", "", &longer]), [withheld("59"), String::new(), withheld(&longer)]);
        let split = ["RT", "CL", "M0", "00", "1", "59", "M1"];
        let want =
            ["RT".to_owned(), withheld("CL"), withheld("M0"), withheld("00"), withheld("1"), "59".to_owned(), short];
        assert_eq!(masked(&split), want);
    }

    #[test]
    fn a_diagnosis_without_its_dot_may_be_an_id() {
        let ids = ids(&IDS, usize::MAX);
        let mut finder = Finder::new(&ids);
        for (code, want) in
            [("543210", true), ("5432100", true), ("54321", false), ("543220", false), ("S543210", false)]
        {
            assert_eq!(has_float_trace(&mut finder, code), want, "{code}");
        }
    }
}
