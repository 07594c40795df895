//! Facts of a claim: values that a live row leaves empty and another live row of the same claim states.
//!
//! A fact comes from the first live row of the claim, in input order, that states it and has the same claim form, or if one
//! of the two forms is unknown; forms are compared as read. The member of the claim is filled in on all of its rows.

use std::borrow::Cow;
use std::io;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::partition::{Bits, Keyed, Lines};
use crate::claim::index::service::{Bin, RowRef};
use crate::claim::index::survey::{FILLED, Traits};
use crate::claim::line::fill::Filling;
use crate::claim::line::{Batch, Line, Text};
use crate::claim::value::setting::{ClaimForm, SettingTable};

/// A value of a line that another row of its claim can supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// A text: the member, or one of [`FILLED`].
    Text(Text),
    /// All diagnoses with their slots.
    Diagnoses,
}

/// Number of facts that are filled from rows of the same claim form: the texts and the diagnoses.
const FACTS: usize = FILLED.len() + 1;

impl Fact {
    fn from_place(place: usize) -> Self {
        FILLED.get(place).map_or(Self::Diagnoses, |text| Self::Text(*text))
    }

    /// The text of the fact. `None` for the diagnoses.
    fn text(self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Diagnoses => None,
        }
    }
}

/// A fact of a line that another line supplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Filled {
    line: u32,
    fact: Fact,
    source: u32,
}

/// All facts that other lines supply.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// By line and fact.
    filled: Vec<Filled>,
    /// The facts of lines of other batches.
    far: FxHashMap<(u32, Fact), Filling>,
    /// The rows of these lines.
    far_rows: FxHashMap<u32, RowRef>,
}

struct Row {
    key: KeyHash,
    line: u32,
    /// One bit for each fact that the row states.
    has: u16,
    form: ClaimForm,
}

impl Keyed for Row {
    fn key(&self) -> KeyHash {
        self.key
    }
}

/// Claims with two or more live lines that state different facts. In all other claims there is nothing to fill in.
fn claims_to_fill(traits: &[Traits], identity: &Identity, bins: &[Bin]) -> Bits {
    let mut claims = Bits::new(bins.len());
    let mut stated: Vec<Option<u16>> = vec![None; bins.len()];
    for (line, traits) in traits.iter().enumerate().filter(|(line, _)| bins[*line].is_live()) {
        let claim = identity.claim_of[line];
        if *stated[claim as usize].get_or_insert(traits.stated()) != traits.stated() {
            claims.insert(claim);
        }
    }
    claims
}

impl Facts {
    /// Finds where the facts come from that lines lack.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits], identity: &Identity, bins: &[Bin]) -> io::Result<Self> {
        let unequal = claims_to_fill(traits, identity, bins);
        let count = live_claims(identity, bins).filter(|claim| unequal.contains(*claim)).count();
        let remember = |number: usize, line: Line<'_>, rows: &mut Vec<Row>| {
            let claim = identity.claim_of[number];
            if bins[number].is_live() && unequal.contains(claim) {
                let key = Keys::claim(claim);
                rows.push(Row { key, line: number as u32, has: traits[number].stated(), form: line.form });
            }
        };
        let found = lines.partitioned(count, size_of::<(&Row, u32, Filled)>(), remember, |rows| {
            let mut filled = Vec::new();
            for of_claim in rows.groups().iter() {
                fill(of_claim, &mut filled);
            }
            filled
        })?;
        let members = identity.members.iter();
        let members = members.map(|(line, (source, _))| Filled {
            line: *line,
            fact: Fact::Text(Text::MemberId),
            source: *source,
        });
        let mut filled: Vec<Filled> = found.into_iter().flatten().chain(members).collect();
        filled.sort_unstable();
        let mut facts = Self { filled, ..Self::default() };
        facts.keep_far(lines)?;
        Ok(facts)
    }

    /// Keeps the facts that come from lines of other batches.
    fn keep_far(&mut self, lines: &Lines<'_>) -> io::Result<()> {
        let batch_of = |line: u32| lines.starts.partition_point(|start| *start <= line as usize);
        let far: FxHashSet<(u32, Fact)> = self
            .filled
            .iter()
            .filter(|filled| batch_of(filled.line) != batch_of(filled.source))
            .map(|filled| (filled.source, filled.fact))
            .collect();
        if far.is_empty() {
            return Ok(());
        }
        let mut far: Vec<(u32, Fact)> = far.into_iter().collect();
        far.sort_unstable();
        let found = lines.each(|start, batch| {
            let from = far.partition_point(|(line, _)| (*line as usize) < start);
            let to = far.partition_point(|(line, _)| (*line as usize) < start + batch.len());
            let of_line = |(source, fact): &(u32, Fact)| {
                let line = batch.line(*source as usize - start);
                ((*source, *fact), Filling::new(line, fact.text()), RowRef { extract: line.extract, row: line.row })
            };
            far[from..to].iter().map(of_line).collect::<Vec<_>>()
        })?;
        for (key, filling, row) in found.into_iter().flatten() {
            self.far.insert(key, filling);
            self.far_rows.insert(key.0, row);
        }
        Ok(())
    }

    /// The facts that lines `first` to `last` take from other lines.
    fn between(&self, first: usize, last: usize) -> &[Filled] {
        let at = |line: usize| self.filled.partition_point(|filled| (filled.line as usize) < line);
        &self.filled[at(first)..at(last)]
    }

    /// The lines of a batch, the first of which is number `first`, with the facts of their claims. None: the lines state all
    /// their facts themselves.
    pub(crate) fn filled(&self, first: usize, batch: &Batch, settings: &SettingTable) -> Option<Batch> {
        let mut filled = self.between(first, first + batch.len()).iter().peekable();
        filled.peek()?;
        let mut into = Batch::default();
        let mut fillings = Vec::new();
        for (n, line) in batch.iter().enumerate() {
            fillings.clear();
            while let Some(next) = filled.next_if(|next| next.line as usize == first + n) {
                let (text, source) = (next.fact.text(), next.source as usize);
                let filling = if (first..first + batch.len()).contains(&source) {
                    Some(Cow::Owned(Filling::new(batch.line(source - first), text)))
                } else {
                    self.far.get(&(next.source, next.fact)).map(Cow::Borrowed)
                };
                fillings.extend(filling.map(|filling| (text, filling)));
            }
            into.push_filled(line, &fillings, settings);
        }
        Some(into)
    }

    /// The row that a fact of a line comes from; none if the line states it itself or no row does. `batch` holds the line, and
    /// its first line is number `first`.
    pub(crate) fn source(&self, line: usize, fact: Fact, first: usize, batch: &Batch) -> Option<RowRef> {
        let found = self.between(line, line + 1).iter().find(|filled| filled.fact == fact)?;
        let source = found.source as usize;
        if (first..first + batch.len()).contains(&source) {
            let line = batch.line(source - first);
            return Some(RowRef { extract: line.extract, row: line.row });
        }
        self.far_rows.get(&found.source).copied()
    }
}

fn live_claims<'a>(identity: &'a Identity, bins: &'a [Bin]) -> impl Iterator<Item = u32> + use<'a> {
    identity.claim_of.iter().zip(bins).filter(|(_, bin)| bin.is_live()).map(|(claim, _)| *claim)
}

/// The live rows of one claim, in input order.
fn fill(rows: &[&Row], into: &mut Vec<Filled>) {
    let mut first: [[Option<u32>; FACTS]; 3] = [[None; FACTS]; 3];
    for row in rows {
        for (place, first) in first[row.form as usize].iter_mut().enumerate().filter(|(_, first)| first.is_none()) {
            if row.has & (1 << place) != 0 {
                *first = Some(row.line);
            }
        }
    }
    let every = [ClaimForm::Professional, ClaimForm::Institutional, ClaimForm::Unknown];
    for row in rows {
        for place in (0..FACTS).filter(|place| row.has & (1 << place) == 0) {
            let fits =
                |form: ClaimForm| form == row.form || form == ClaimForm::Unknown || row.form == ClaimForm::Unknown;
            let sources = every.into_iter().filter(|form| fits(*form)).filter_map(|form| first[form as usize][place]);
            if let Some(source) = sources.min() {
                into.push(Filled { line: row.line, fact: Fact::from_place(place), source });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ClaimForm::{Institutional, Professional, Unknown};

    use super::*;

    #[test]
    fn facts_come_from_the_first_row_of_the_same_or_unknown_form() {
        let has = |facts: &[usize]| facts.iter().fold(0, |all, place| all | 1 << place);
        let row = |line, form, facts: &[usize]| Row { key: 0, line, has: has(facts), form };
        let rows = [
            row(0, Institutional, &[0]),
            row(1, Professional, &[1]),
            row(2, Unknown, &[2]),
            row(3, Professional, &[0, 1, 2]),
        ];
        let mut filled = Vec::new();
        fill(&rows.iter().collect::<Vec<_>>(), &mut filled);
        let said: Vec<_> = filled.iter().map(|f| (f.line, f.fact, f.source)).collect();
        let text = |place| Fact::from_place(place);
        assert_eq!(said, [(0, text(2), 2), (1, text(0), 3), (1, text(2), 2), (2, text(0), 0), (2, text(1), 1)]);
    }
}
