//! Matches reversals with the rows that they take back, among more rows of one service than memory holds.
//!
//! If no reversal names a claim, and all reversals have the same amounts readable and so have all other rows, then only rows of
//! one claim with equal amounts can match. They are sorted on disk, and 4 bytes of each row are in memory. Other rows are
//! compared together, or the run is refused.

use std::collections::VecDeque;
use std::io;

use crate::claim::index::groups::BigGroup;
use crate::claim::index::named::{Named, NamedClaims};
use crate::claim::index::taken_back::{Row, TakenBack, readable, values};
use crate::disk::sequence::Sequence;
use crate::ingest::ReadError;

/// The part of `--memory` that a pass of the index may take.
const PASS_SHARE: usize = 8;

/// As many times the memory of a pass may rows take that are compared together: half of all memory, while nothing else is judged.
const TOGETHER: usize = 4;

/// Bytes that such rows may take in any case.
const LEAST_TOGETHER: usize = 1 << 20;

/// Matches the reversals among the rows of one service. `together` does it in memory, with so many bytes for each row.
pub(crate) fn match_service(
    rows: &BigGroup<Row>,
    named: &NamedClaims,
    found: &TakenBack,
    bytes_of_row: usize,
    together: impl Fn(&[&Row]),
) -> io::Result<()> {
    // The amounts that are readable on reversals and on other rows.
    let (mut of_reversals, mut of_others) = (None, None);
    let (mut are_alike, mut count) = (true, 0);
    for row in rows.iter() {
        let row = row?;
        count += 1;
        let amounts = readable(&row.amounts);
        let of_kind = if row.takes_back { &mut of_reversals } else { &mut of_others };
        are_alike &= *of_kind.get_or_insert(amounts) == amounts;
        are_alike &= !row.takes_back || !matches!(named.for_line(row.line), Some(Named::Claim(_) | Named::Group(_)));
    }
    let Some(of_reversals) = of_reversals else { return Ok(()) };
    if !are_alike {
        let bytes = count * bytes_of_row;
        if bytes > (rows.room.memory * TOGETHER).max(LEAST_TOGETHER) {
            let mebibytes = (bytes / TOGETHER * PASS_SHARE).div_ceil(1 << 20);
            return Err(io::Error::other(ReadError::TooManyAlike { rows: count as u64, mebibytes: mebibytes as u64 }));
        }
        let rows = rows.iter().collect::<io::Result<Vec<_>>>()?;
        together(&rows.iter().collect::<Vec<_>>());
        return Ok(());
    }
    let compared = of_reversals & of_others.unwrap_or_default();
    let mut sorted = rows.room.sorter();
    for row in rows.iter() {
        let row = row?;
        match (row.takes_back, compared) {
            (true, 0) => found.unmatched(row.line),
            (false, 0) => {}
            _ => {
                let key = (row.claim, values(&row.amounts, compared), row.line);
                sorted.push(key, (row.takes_back, row.is_reversed))?;
            }
        }
    }
    let mut sorted = sorted.finish()?.peekable();
    while let Some(first) = sorted.next() {
        let ((claim, amounts, line), kind) = first?;
        let mut alike = rows.room.sequence();
        alike.push((line, kind), size_of::<(u32, (bool, bool))>())?;
        let is_same = |next: &io::Result<((u32, [u64; 3], u32), _)>| {
            next.as_ref().map_or(true, |((c, a, _), _)| (*c, *a) == (claim, amounts))
        };
        while let Some(next) = sorted.next_if(is_same) {
            let ((_, _, line), kind) = next?;
            alike.push((line, kind), size_of::<(u32, (bool, bool))>())?;
        }
        match_alike(&alike.finish()?, found)?;
    }
    Ok(())
}

/// Matches rows of one claim with equal amounts: each line with whether it takes back, and whether the payer calls it reversed.
fn match_alike(rows: &Sequence<(u32, (bool, bool))>, found: &TakenBack) -> io::Result<()> {
    let mut called_reversed = 0;
    for row in rows.iter() {
        let (_, (takes_back, is_reversed)) = row?;
        called_reversed += u64::from(!takes_back && is_reversed);
    }
    // A reversal takes back a row that the payer calls reversed as long as there is one, before or after it.
    let (mut reversed, mut others) = (Unmatched::default(), Unmatched::default());
    for row in rows.iter() {
        let (line, (takes_back, is_reversed)) = row?;
        if !takes_back {
            (if is_reversed { &mut reversed } else { &mut others }).offer(line, found);
        } else if called_reversed > 0 {
            called_reversed -= 1;
            reversed.take_back(line, found);
        } else {
            others.take_back(line, found);
        }
    }
    reversed.reversals.into_iter().chain(others.reversals).for_each(|line| found.unmatched(line));
    Ok(())
}

/// Rows of one kind in input order that have no match so far.
#[derive(Default)]
struct Unmatched {
    /// Reversals, each of which takes the next row.
    reversals: VecDeque<u32>,
    /// Rows that can be taken back, the nearest last.
    rows: Vec<u32>,
}

impl Unmatched {
    fn offer(&mut self, line: u32, found: &TakenBack) {
        match self.reversals.pop_front() {
            Some(reversal) => found.matched(reversal, line),
            None => self.rows.push(line),
        }
    }

    fn take_back(&mut self, line: u32, found: &TakenBack) {
        match self.rows.pop() {
            Some(row) => found.matched(line, row),
            None => self.reversals.push_back(line),
        }
    }
}
