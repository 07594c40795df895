//! One block of an extract: its records read, its rows counted, the few that matter handed on.

pub mod collect;
pub(crate) mod kernel;
pub mod parallel;
pub mod prefilter;
pub(crate) mod simd;
pub(crate) mod window;

use crate::ingest::record::grammar::{CellSpan, Grammar, Step};
use crate::ingest::record::reject::{Reason, Reject, Rejects};
use crate::ingest::record::row::{Row, first_line};
use crate::ingest::record::trailer;
use crate::ingest::record::trailer::TrailerRecord;
use crate::ingest::scan::collect::{Collector, Position};
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::simd::Plain;
#[cfg(target_arch = "x86_64")]
use crate::ingest::scan::simd::{Avx2, Avx512};

/// What the caller wants done with a row.
#[derive(Debug)]
pub enum RowAction<T> {
    /// Nothing: it is out of scope.
    Ignore,
    /// Keep this.
    Keep(T),
    /// It cannot be used.
    Reject(Reason),
}

impl<T> RowAction<T> {
    /// Hands on what is kept.
    pub fn then(self, keep: impl FnOnce(T)) -> RowAction<()> {
        match self {
            Self::Ignore => RowAction::Ignore,
            Self::Keep(value) => {
                keep(value);
                RowAction::Keep(())
            }
            Self::Reject(reason) => RowAction::Reject(reason),
        }
    }
}

/// Something kept from the row that starts on `line`.
#[derive(Debug)]
pub struct KeptRow<T> {
    /// Line of the file; within a block not yet joined to the others, lines before it in the block.
    pub line: u64,
    /// Byte of the (decompressed) file at which the row starts; likewise.
    pub offset: u64,
    /// What the caller made of the row.
    pub value: T,
}

/// Says what a row adds to the control total; none: its cell is filled and no amount.
pub type ChargeReader<'w> = dyn Fn(&Row<'_>) -> Option<i128> + Sync + 'w;

/// The control total: amounts of all rows that have cells, whatever else they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ControlTotal {
    /// The sum.
    pub sum: i128,
    /// Rows that could not be added.
    pub unread: u64,
    /// Line of the first of them.
    pub first_unread: Option<u64>,
}

/// Which rows are looked at.
#[derive(Clone, Copy)]
pub enum RowFilter<'w> {
    /// All.
    All,
    /// Those that may hold a code, and perhaps others.
    Prefiltered(&'w Prefilter),
    /// All, and their charges are added up.
    Totaled(&'w ChargeReader<'w>),
}

/// What reading a stretch of an extract came to. Positions are relative until [`Tally::append`] joins it.
#[derive(Debug, Default)]
pub struct Tally<C> {
    /// Records after the header, rejected ones included.
    pub rows: u64,
    /// Rows out of scope.
    pub passed: u64,
    /// Physical lines passed.
    pub lines: u64,
    /// Bytes passed.
    pub bytes: u64,
    /// What was kept of rows, in their order.
    pub kept: C,
    /// Rows rejected, in order.
    pub rejects: Rejects,
    /// The first [`trailer::MAX_RECORDS`] trailer records, in order.
    pub trailers: Vec<TrailerRecord>,
    /// The control total, where rows are weighed.
    pub control_total: ControlTotal,
}

impl<C: Collector> Tally<C> {
    /// Nothing yet, on line `lines` and byte `bytes`.
    pub fn new(lines: u64, bytes: u64, kept: C) -> Self {
        let rejects = Rejects::new(kept.spool());
        let (trailers, control_total) = (Vec::new(), ControlTotal::default());
        Self { rows: 0, passed: 0, lines, bytes, kept, rejects, trailers, control_total }
    }

    /// Joins what follows in the file. Associative: any grouping of neighbours gives the same total.
    pub fn append(&mut self, next: Self) {
        let (lines, bytes) = (self.lines, self.bytes);
        self.kept.append(next.kept, lines, bytes);
        self.rejects.append(next.rejects, lines, bytes);
        let moved = |line| line + lines;
        self.trailers.extend(next.trailers.into_iter().map(|t| TrailerRecord { line: moved(t.line), ..t }));
        self.trailers.truncate(trailer::MAX_RECORDS);
        self.control_total.sum += next.control_total.sum;
        self.control_total.unread += next.control_total.unread;
        self.control_total.first_unread =
            self.control_total.first_unread.or(next.control_total.first_unread.map(moved));
        self.rows += next.rows;
        self.passed += next.passed;
        self.lines += next.lines;
        self.bytes += next.bytes;
    }

    fn trailer(&mut self, grammar: &Grammar, line: &[u8]) {
        if self.trailers.len() < trailer::MAX_RECORDS {
            self.trailers.push(TrailerRecord { line: self.lines, text: first_line(grammar, line) });
        }
    }

    fn weigh(&mut self, weight: Option<i128>) {
        if let Some(amount) = weight {
            self.control_total.sum += amount;
        } else {
            self.control_total.unread += 1;
            self.control_total.first_unread.get_or_insert(self.lines);
        }
    }

    /// Notes a rejected row whose record starts at the current position.
    pub fn reject(&mut self, reason: Reason, grammar: &Grammar, record: &[u8]) {
        let raw = first_line(grammar, record);
        self.rejects.push(Reject { line: self.lines, offset: self.bytes, reason, raw });
        self.rows += 1;
    }
}

/// Reads all records that are complete in `bytes`, from the start on. Returns where the first incomplete one starts.
/// All rows are counted and checked for their shape, also those that `which` does not ask to be looked at.
pub fn scan<C: Collector>(
    grammar: &Grammar,
    which: RowFilter<'_>,
    bytes: &[u8],
    last: bool,
    look: &impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()>,
    tally: &mut Tally<C>,
) -> usize {
    let weigh = if let RowFilter::Totaled(weigh) = which { Some(weigh) } else { None };
    let mut pass = Scanner { grammar, bytes, last, look, weigh, tally, fields: Vec::with_capacity(grammar.width + 1) };
    let mut at = match which {
        RowFilter::Prefiltered(prefilter) if !grammar.cr_only && grammar.width > 1 => fast(&mut pass, prefilter),
        _ => 0,
    };
    while at < bytes.len() {
        match pass.record(at) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

fn fast<C: Collector, F: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>>(
    pass: &mut Scanner<'_, C, F>,
    prefilter: &Prefilter,
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = Avx512::new() {
        return lanes.run(
            #[inline(always)]
            || pass.run(lanes, prefilter),
        );
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = Avx2::new() {
        return lanes.run(
            #[inline(always)]
            || pass.run(lanes, prefilter),
        );
    }
    pass.run(Plain, prefilter)
}

/// One scan over one stretch of bytes.
pub(crate) struct Scanner<'a, C, F> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) bytes: &'a [u8],
    last: bool,
    look: &'a F,
    weigh: Option<&'a ChargeReader<'a>>,
    pub(crate) tally: &'a mut Tally<C>,
    fields: Vec<CellSpan>,
}

impl<C: Collector, F: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> Scanner<'_, C, F> {
    /// Reads the record at `at` by the grammar, counts it and looks at it. None: it is not complete.
    #[inline(never)]
    pub(crate) fn record(&mut self, at: usize) -> Option<usize> {
        let (grammar, bytes) = (self.grammar, self.bytes);
        // So that it does not depend on blocks, no record is seen beyond the limit.
        let seen = bytes.len().min(at.saturating_add(grammar.limit + 1));
        let next = match grammar.read(&bytes[..seen], at, self.last && seen == bytes.len(), &mut self.fields) {
            Step::More if seen - at <= grammar.limit => return None,
            Step::More => {
                let next = at + memchr::memchr(grammar.line_end(), &bytes[at..])? + 1;
                self.tally.reject(Reason::TooLong, grammar, &bytes[at..seen]);
                next
            }
            Step::Blank { next } => {
                if grammar.is_trailer(&bytes[at..next]) {
                    self.tally.trailer(grammar, &bytes[at..next]);
                }
                next
            }
            Step::Rejected { reason, next } => {
                self.tally.reject(reason, grammar, &bytes[at..next]);
                next
            }
            Step::Record { next } => {
                let row = Row::new(bytes, &self.fields);
                if let Some(weigh) = self.weigh {
                    self.tally.weigh(weigh(&row));
                }
                let position = Position { line: self.tally.lines, offset: self.tally.bytes };
                match (self.look)(&row, position, &mut self.tally.kept) {
                    RowAction::Ignore => {
                        self.tally.rows += 1;
                        self.tally.passed += 1;
                    }
                    RowAction::Keep(()) => self.tally.rows += 1,
                    RowAction::Reject(reason) => self.tally.reject(reason, grammar, &bytes[at..next]),
                }
                next
            }
        };
        self.tally.lines += grammar.lines(&bytes[at..next]);
        self.tally.bytes += (next - at) as u64;
        Some(next)
    }
}
