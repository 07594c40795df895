//! Facts of a claim: values that a live row leaves empty and another live row of the same claim states.
//!
//! A fact comes from the first live row of the claim, in input order, that states it and has the same claim form, or if one
//! of the two forms is unknown; forms are compared as read. The member of the claim is filled in on all of its rows.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::groups::{ClaimRow, Group};
use crate::claim::index::identity::Identity;
use crate::claim::index::notes::{KEPT_AT_A_TIME, NoteTaker, Notes};
use crate::claim::index::partition::{LINES_AT_A_TIME, Lines, copies};
use crate::claim::index::service::{Bin, RowRef, ServiceKey};
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
    fn numbered(number: FactNumber) -> Self {
        match FILLED.get(usize::from(number)) {
            Some(text) => Self::Text(*text),
            None if number == MEMBER => Self::Text(Text::MemberId),
            None => Self::Diagnoses,
        }
    }

    /// The text of the fact. `None` for the diagnoses.
    fn text(self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Diagnoses => None,
        }
    }
}

/// The number of a fact: that of [`FILLED`], then the diagnoses, then the member.
type FactNumber = u8;

/// The number of the member, which is filled in whatever the claim form.
const MEMBER: FactNumber = FACTS as FactNumber;

/// A fact that a line of another batch supplies.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct FarFact {
    source: u32,
    number: FactNumber,
    row: RowRef,
    value: Filling,
}

/// All facts that other lines supply.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// By line, the number of a fact and the line that supplies it.
    filled: Notes<(FactNumber, u32)>,
    /// By the first line of a batch, facts that lines of other batches supply.
    far: Notes<FarFact>,
}

/// The facts that other lines supply for the lines of a batch, or for all lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct FactsOfLines {
    /// By line and fact, the line that supplies it.
    filled: Vec<(u32, FactNumber, u32)>,
    /// By line and fact, those of lines of other batches.
    far: FxHashMap<(u32, FactNumber), (Filling, RowRef)>,
}

/// Collects the facts that all partitions find.
struct NoteTakers {
    filled: NoteTaker<(FactNumber, u32)>,
    /// By the line that supplies a fact, the fact and the first line of another batch that needs it.
    wanted: NoteTaker<(FactNumber, u32)>,
}

/// Facts of a partition that are not yet kept with the rest.
#[derive(Default)]
struct Found {
    filled: Vec<(ServiceKey, (FactNumber, u32))>,
    wanted: Vec<(ServiceKey, (FactNumber, u32))>,
}

/// Once the texts of facts have this many bytes, they are kept with the rest.
const KEPT_BYTES: usize = 2 << 20;

impl NoteTakers {
    /// Keeps what was found. `starts` are the first lines of the batches.
    fn keep(&self, found: &mut Found, starts: &[usize]) -> io::Result<()> {
        let first_of_batch = |line: u32| starts[starts.partition_point(|start| *start <= line as usize) - 1] as u32;
        for ((line, _), (number, source)) in &found.filled {
            let batch = first_of_batch(*line);
            if first_of_batch(*source) != batch {
                found.wanted.push(((*source, false), (*number, batch)));
            }
        }
        // Many lines of a batch may want the same fact.
        found.wanted.sort_unstable();
        found.wanted.dedup();
        self.filled.add(&mut found.filled)?;
        self.wanted.add(&mut found.wanted)
    }
}

/// What a row states.
#[derive(Clone, Serialize, Deserialize)]
struct Stated {
    /// One bit for each fact that the row states.
    has: u16,
    form: ClaimForm,
}

type Row = ClaimRow<Stated>;

/// Claims with two or more live lines that state different facts. In all other claims there is nothing to fill in.
pub(crate) fn claims_to_fill(traits: &[Traits], identity: &Identity, bins: &[Bin]) -> Bits {
    if identity.several.is_empty() {
        return Bits::new(bins.len());
    }
    // No line states all facts of 16 bits.
    let stated = copies(bins.len(), || AtomicU16::new(u16::MAX));
    let unequal = SharedBits::new(bins.len());
    (0..bins.len()).into_par_iter().with_min_len(LINES_AT_A_TIME).for_each(|line| {
        if identity.is_one_of_several(line) && bins[line].is_live() {
            let claim = identity.claim_of[line];
            let (of_claim, own) = (&stated[claim as usize], traits[line].stated());
            let before = of_claim.compare_exchange(u16::MAX, own, Ordering::Relaxed, Ordering::Relaxed);
            if before.is_err_and(|before| before != own) {
                unequal.insert(claim);
            }
        }
    });
    unequal.finish()
}

impl Facts {
    /// Finds where the facts come from that lines lack. `unequal`: the claims of [`claims_to_fill`].
    pub(crate) fn find(
        lines: &Lines<'_>,
        traits: &[Traits],
        identity: &Identity,
        bins: &[Bin],
        unequal: &Bits,
    ) -> io::Result<Self> {
        let count = if unequal.is_empty() {
            0
        } else {
            live_claims(identity, bins).filter(|claim| unequal.contains(*claim)).count()
        };
        let wants = |number: usize| bins[number].is_live() && unequal.contains(identity.claim_of[number]);
        let remember = |number: usize, line: Line<'_>| {
            let stated = Stated { has: traits[number].stated(), form: line.form };
            Row::new(identity.claim_of[number], number as u32, stated)
        };
        let takers = NoteTakers { filled: NoteTaker::new(lines), wanted: NoteTaker::new(lines) };
        lines.partitioned(count, size_of::<(&Row, u32)>(), wants, remember, |rows| {
            let mut found = Found::default();
            rows.groups(|of_claim| {
                let first = first_stated(&of_claim)?;
                of_claim.each(|row| {
                    fill(row, &first, &mut found.filled);
                    if found.filled.len() > KEPT_AT_A_TIME {
                        takers.keep(&mut found, &lines.starts)?;
                    }
                    Ok(())
                })
            })?;
            takers.keep(&mut found, &lines.starts)
        })?;
        if !identity.members.is_empty() {
            let of_batch = |start: usize, batch: &Batch| {
                let members = identity.members.all_of(start..start + batch.len())?;
                let filled = members.into_iter().map(|(line, (source, _))| (line, (MEMBER, source))).collect();
                takers.keep(&mut Found { filled, wanted: Vec::new() }, &lines.starts)
            };
            lines.each(of_batch)?.into_iter().collect::<io::Result<()>>()?;
        }
        let (filled, wanted) = (takers.filled.finish()?, takers.wanted.finish()?);
        Ok(Self { filled, far: far_facts(lines, &wanted)? })
    }

    /// The facts that these lines, which are whole batches, take from other lines. Fails if they cannot be read back.
    pub(crate) fn of(&self, lines: Range<usize>) -> io::Result<FactsOfLines> {
        let of_line = |((line, _), (number, source)): (ServiceKey, (FactNumber, u32))| (line, number, source);
        let mut filled: Vec<_> = self.filled.all_of(lines.clone())?.into_iter().map(of_line).collect();
        filled.sort_unstable();
        let of_source = |(_, far): (ServiceKey, FarFact)| ((far.source, far.number), (far.value, far.row));
        Ok(FactsOfLines { filled, far: self.far.all_of(lines)?.into_iter().map(of_source).collect() })
    }
}

/// Reads the facts that lines of other batches want.
fn far_facts(lines: &Lines<'_>, wanted: &Notes<(FactNumber, u32)>) -> io::Result<Notes<FarFact>> {
    if wanted.is_empty() {
        return Ok(Notes::default());
    }
    let far = NoteTaker::on_disk(lines);
    let of_batch = |start: usize, batch: &Batch| {
        let mut wanted = wanted.all_of(start..start + batch.len())?;
        // Lines of a batch that were found at different times may want the same fact.
        wanted.sort_unstable();
        wanted.dedup();
        let (mut found, mut bytes) = (Vec::new(), 0);
        for ((source, _), (number, wanting)) in wanted {
            let line = batch.line(source as usize - start);
            let row = RowRef { extract: line.extract, row: line.row };
            let value = Filling::new(line, Fact::numbered(number).text());
            bytes += size_of::<FarFact>() + value.bytes();
            found.push(((wanting, false), FarFact { source, number, row, value }));
            if bytes > KEPT_BYTES {
                bytes = 0;
                far.add(&mut found)?;
            }
        }
        far.add(&mut found)
    };
    lines.each(of_batch)?.into_iter().collect::<io::Result<()>>()?;
    far.finish()
}

impl FactsOfLines {
    /// The lines of a batch, the first of which is number `first`, with the facts of their claims. None: the lines state all
    /// their facts themselves.
    pub(crate) fn filled(&self, first: usize, batch: &Batch, settings: &SettingTable) -> Option<Batch> {
        let mut filled = self.filled.iter().peekable();
        filled.peek()?;
        let mut into = Batch::default();
        let mut fillings = Vec::new();
        for (n, line) in batch.iter().enumerate() {
            fillings.clear();
            while let Some((_, number, source)) = filled.next_if(|(line, ..)| *line as usize == first + n) {
                let (text, place) = (Fact::numbered(*number).text(), *source as usize);
                let filling = if (first..first + batch.len()).contains(&place) {
                    Some(Cow::Owned(Filling::new(batch.line(place - first), text)))
                } else {
                    self.far.get(&(*source, *number)).map(|(filling, _)| Cow::Borrowed(filling))
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
        let of_line = self.filled.partition_point(|(filled, ..)| (*filled as usize) < line);
        let mut of_line = self.filled[of_line..].iter().take_while(|(filled, ..)| *filled as usize == line);
        let (_, number, source) = of_line.find(|(_, number, _)| Fact::numbered(*number) == fact)?;
        let place = *source as usize;
        if (first..first + batch.len()).contains(&place) {
            let line = batch.line(place - first);
            return Some(RowRef { extract: line.extract, row: line.row });
        }
        self.far.get(&(*source, *number)).map(|(_, row)| *row)
    }
}

fn live_claims<'a>(identity: &'a Identity, bins: &'a [Bin]) -> impl Iterator<Item = u32> + use<'a> {
    identity.claim_of.iter().zip(bins).filter(|(_, bin)| bin.is_live()).map(|(claim, _)| *claim)
}

/// By claim form and fact, the first row that states it.
type FirstStated = [[Option<u32>; FACTS]; 3];

/// The first rows among the live rows of one claim, which are in input order.
fn first_stated(rows: &Group<'_, Row>) -> io::Result<FirstStated> {
    let mut first = FirstStated::default();
    rows.each(|row| {
        for (place, first) in first[row.kept.form as usize].iter_mut().enumerate().filter(|(_, first)| first.is_none())
        {
            if row.kept.has & (1 << place) != 0 {
                *first = Some(row.line);
            }
        }
        Ok(())
    })?;
    Ok(first)
}

/// Adds the facts that a row lacks and another row of its claim states.
fn fill(row: &Row, first: &FirstStated, into: &mut Vec<(ServiceKey, (FactNumber, u32))>) {
    let every = [ClaimForm::Professional, ClaimForm::Institutional, ClaimForm::Unknown];
    for place in (0..FACTS).filter(|place| row.kept.has & (1 << place) == 0) {
        let fits = |form: ClaimForm| {
            form == row.kept.form || form == ClaimForm::Unknown || row.kept.form == ClaimForm::Unknown
        };
        let sources = every.into_iter().filter(|form| fits(*form)).filter_map(|form| first[form as usize][place]);
        if let Some(source) = sources.min() {
            into.push(((row.line, false), (place as FactNumber, source)));
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
        let row = |line, form, facts: &[usize]| Row::new(0, line, Stated { has: has(facts), form });
        let rows = [
            row(0, Institutional, &[0]),
            row(1, Professional, &[1]),
            row(2, Unknown, &[2]),
            row(3, Professional, &[0, 1, 2]),
        ];
        let (mut filled, first) =
            (Vec::new(), first_stated(&Group::Held(&rows.iter().collect::<Vec<_>>())).expect("in memory"));
        for row in &rows {
            fill(row, &first, &mut filled);
        }
        let said: Vec<_> = filled.iter().map(|((line, _), (number, source))| (*line, *number, *source)).collect();
        assert_eq!(said, [(0, 2, 2), (1, 0, 3), (1, 2, 2), (2, 0, 0), (2, 1, 1)]);
    }
}
