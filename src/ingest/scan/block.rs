//! Scans one block: with the fast scan where possible, otherwise record by record.

use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::quoting::Quoting;
use crate::ingest::record::row::Row;
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::scanner::{ChargeReader, Scanner};
use crate::ingest::scan::simd::Portable;
#[cfg(target_arch = "x86_64")]
use crate::ingest::scan::simd::{Avx2, Avx512};
use crate::ingest::scan::tally::Tally;

/// The rows that are looked at.
#[derive(Clone, Copy)]
pub enum RowFilter<'w> {
    /// All rows.
    All,
    /// Rows that may hold a code, and possibly others.
    Prefiltered(&'w Prefilter),
    /// All rows, whose charges are added up.
    Totaled(&'w ChargeReader<'w>),
}

impl<'w> RowFilter<'w> {
    /// Adds up charges if they are asked for; otherwise skips what the prefilter lets it skip.
    pub(crate) fn of(charge: Option<&'w ChargeReader<'w>>, prefilter: Option<&'w Prefilter>) -> Self {
        match (charge, prefilter) {
            (Some(charge), _) => Self::Totaled(charge),
            (None, Some(prefilter)) => Self::Prefiltered(prefilter),
            (None, None) => Self::All,
        }
    }
}

/// Reads every complete record of `bytes` and returns the start of the first incomplete one. Every row is counted and its
/// number of fields checked, whether or not `filter` selects it.
pub(crate) fn scan<C: Collector>(
    grammar: &Grammar,
    filter: RowFilter<'_>,
    bytes: &[u8],
    last: bool,
    look: &impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()>,
    tally: &mut Tally<C>,
) -> usize {
    let charge = if let RowFilter::Totaled(charge) = filter { Some(charge) } else { None };
    let mut scanner = Scanner::new(grammar, bytes, last, look, charge, tally);
    let mut at = match filter {
        RowFilter::Prefiltered(prefilter) if is_for_fast_scan(grammar) => fast(&mut scanner, prefilter),
        _ => 0,
    };
    while at < bytes.len() {
        match scanner.record(at) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// The fast scan knows LF and CRLF as line ends, and quotation marks that are doubled inside a cell.
fn is_for_fast_scan(grammar: &Grammar) -> bool {
    !grammar.cr_ends && grammar.width > 1 && grammar.quoting == Quoting::STANDARD
}

/// Runs the fast scan with the widest instructions of this processor.
fn fast<C: Collector, F: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>>(
    scanner: &mut Scanner<'_, C, F>,
    prefilter: &Prefilter,
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = Avx512::new() {
        return lanes.run(
            #[inline(always)]
            || scanner.run(lanes, prefilter),
        );
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = Avx2::new() {
        return lanes.run(
            #[inline(always)]
            || scanner.run(lanes, prefilter),
        );
    }
    scanner.run(Portable, prefilter)
}
