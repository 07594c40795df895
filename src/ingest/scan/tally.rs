//! The counts of a scan: rows, lines, bytes, rejected rows, trailer records and the control total.

use std::ops::{Deref, DerefMut, Range};

use serde::{Deserialize, Serialize};

use crate::ingest::error::ReadError;
use crate::ingest::record::grammar::{CellSpan, Grammar, Surplus};
use crate::ingest::record::line_end::{OtherLineEnd, two_ways_said};
use crate::ingest::record::quoting::Marks;
use crate::ingest::record::reject::{Reason, Reject, Rejects};
use crate::ingest::record::row::first_line;
use crate::ingest::record::row_count::RowCount;
use crate::ingest::record::trailer;
use crate::ingest::record::trailer::TrailerRecord;
use crate::ingest::scan::collect::Collector;
use crate::warning::{Warning, WarningKind};

/// The control total: the charges of all rows that are not rejected, in scope or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ControlTotal {
    /// The sum in cents.
    pub sum: i128,
    /// Number of rows whose charge cannot be read.
    pub unread: u64,
    /// Line of the first such row.
    pub first_unread: Option<u64>,
}

/// The result of reading part of an extract. Positions are relative to its start until [`Tally::append`] joins it.
#[derive(Debug, Default)]
pub struct Tally<C> {
    /// What was kept of the rows, in order.
    pub kept: C,
    /// Rejected rows, in order.
    pub rejects: Rejects,
    /// Everything else, which a tally shows as its own.
    counts: Counts,
}

/// What a scan counts, whatever is kept of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Number of records after the header, including rejected ones.
    pub rows: u64,
    /// Number of rows out of scope.
    pub ignored: u64,
    /// Number of physical lines.
    pub lines: u64,
    /// Number of bytes.
    pub bytes: u64,
    /// The first [`trailer::MAX_RECORDS`] trailer records, in order.
    pub trailers: Vec<TrailerRecord>,
    /// The control total, if charges are added up.
    pub control_total: ControlTotal,
    /// Rows with surplus fields.
    pub longer: Option<RowCount>,
    /// Rows that have a cell with an odd number of quotes, rejected ones aside.
    pub stray_quotes: Option<RowCount>,
    /// Lines that were skipped because of their prefix.
    pub skipped: Option<RowCount>,
    /// Those of them that have the delimiters of a row.
    pub skipped_rows: Option<RowCount>,
    /// Lines that hold several rows, which end otherwise than lines do.
    pub ended_otherwise: Option<RowCount>,
    /// Rejected lines that hold two rows with another line end between them.
    pub joined_rows: Option<RowCount>,
    /// How the rows of the first line of `ended_otherwise` end.
    pub other_line_end: Option<OtherLineEnd>,
    /// What was left out of the input, as kinds of warnings.
    pub left_out: Vec<WarningKind>,
    /// The last line, if it has no line end and is no whole record.
    pub cut_short: Option<u64>,
}

impl Counts {
    /// Appends the counts of the bytes that follow.
    fn append(&mut self, next: Self) {
        let lines = self.lines;
        let moved = |line| line + lines;
        self.trailers.extend(next.trailers.into_iter().map(|t| TrailerRecord { line: moved(t.line), ..t }));
        self.trailers.truncate(trailer::MAX_RECORDS);
        self.control_total.sum += next.control_total.sum;
        self.control_total.unread += next.control_total.unread;
        self.control_total.first_unread =
            self.control_total.first_unread.or(next.control_total.first_unread.map(moved));
        for (count, next) in [
            (&mut self.longer, next.longer),
            (&mut self.stray_quotes, next.stray_quotes),
            (&mut self.skipped, next.skipped),
            (&mut self.skipped_rows, next.skipped_rows),
            (&mut self.ended_otherwise, next.ended_otherwise),
            (&mut self.joined_rows, next.joined_rows),
        ] {
            if let Some(next) = next {
                RowCount::add(count, next.rows, moved(next.first));
            }
        }
        self.other_line_end = self.other_line_end.or(next.other_line_end);
        self.left_out.extend(next.left_out);
        self.cut_short = self.cut_short.or(next.cut_short.map(moved));
        self.rows += next.rows;
        self.ignored += next.ignored;
        self.lines += next.lines;
        self.bytes += next.bytes;
    }

    /// That a file has no rows, that lines which were skipped look like rows, that its last row was cut short, that
    /// a line holds two. `lines_before`: the lines before the first row.
    pub(crate) fn warnings_about_lines(&self, name: &str, grammar: &Grammar, lines_before: u64) -> Vec<Warning> {
        let about = |kind| Warning::new(kind).file(name);
        let mut warnings = Vec::new();
        // Where a layout gives the header, the lines before the rows are those that it skips.
        let before = if grammar.header.is_empty() { lines_before } else { 0 };
        match (self.rows, before + self.skipped.map_or(0, |lines| lines.rows), self.skipped_rows) {
            (0, 0, _) => warnings.push(about(WarningKind::NoRows)),
            (0, skipped, _) => warnings.push(about(WarningKind::AllSkipped).count(skipped)),
            (_, _, Some(lines)) => warnings.push(about(WarningKind::SkippedRows).count(lines.rows).line(lines.first)),
            (_, _, None) => {}
        }
        warnings.extend(self.cut_short.map(|line| about(WarningKind::CutShort).line(line)));
        warnings.extend(self.joined_rows.map(|rows| about(WarningKind::JoinedRows).count(rows.rows).line(rows.first)));
        warnings
    }

    /// Refuses a file with a line that holds several rows, because they end otherwise than lines do: all of them would be one
    /// rejected row. spec: files/line-ends.
    pub(crate) fn refuse_rows_that_end_otherwise(&self, name: &str, grammar: &Grammar) -> Result<(), ReadError> {
        let Some((lines, end)) = self.ended_otherwise.zip(self.other_line_end) else { return Ok(()) };
        Err(ReadError::unusable(name, two_ways_said(lines.first, end, grammar.cr_ends)))
    }
}

impl<C> Deref for Tally<C> {
    type Target = Counts;

    fn deref(&self) -> &Counts {
        &self.counts
    }
}

impl<C> DerefMut for Tally<C> {
    fn deref_mut(&mut self) -> &mut Counts {
        &mut self.counts
    }
}

impl<C> Tally<C> {
    /// Rows that are not rejected.
    pub(crate) fn usable_rows(&self) -> u64 {
        self.rows - self.rejects.len()
    }
}

impl<C: Collector> Tally<C> {
    /// An empty tally that starts at line `lines` and byte `bytes`.
    pub fn new(lines: u64, bytes: u64, kept: C) -> Self {
        let rejects = Rejects::new(kept.spool());
        Self { kept, rejects, counts: Counts { lines, bytes, ..Counts::default() } }
    }

    /// The same counts with another collection and other rejected rows, and what was kept so far.
    pub(crate) fn with<D>(self, kept: D, rejects: Rejects) -> (C, Tally<D>) {
        (self.kept, Tally { kept, rejects, counts: self.counts })
    }

    /// Its counts.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Appends counts of the bytes that follow, of which everything else was appended before.
    pub(crate) fn append_counts(&mut self, next: Counts) {
        self.counts.append(next);
    }

    /// Appends the tally of the bytes that follow. Associative: any grouping of neighbors gives the same total. Returns the other
    /// collector, emptied, if its memory is worth keeping for another block.
    pub fn append(&mut self, next: Self) -> Option<C> {
        let (lines, bytes) = (self.counts.lines, self.counts.bytes);
        self.rejects.append(next.rejects, lines, bytes);
        self.counts.append(next.counts);
        self.kept.append(next.kept, lines, bytes)
    }

    /// Records a trailer record at the current position.
    pub(crate) fn trailer(&mut self, grammar: &Grammar, line: &[u8]) {
        if self.counts.trailers.len() < trailer::MAX_RECORDS {
            self.counts.trailers.push(TrailerRecord { line: self.counts.lines, text: first_line(grammar, line) });
        }
    }

    /// Counts a line that is skipped because of its prefix, at the current position.
    pub(crate) fn skip(&mut self, grammar: &Grammar, line: &[u8]) {
        RowCount::add(&mut self.counts.skipped, 1, self.counts.lines);
        if grammar.width > 1 && memchr::memchr_iter(grammar.delimiter, line).count() + 1 >= grammar.width {
            RowCount::add(&mut self.counts.skipped_rows, 1, self.counts.lines);
        }
    }

    /// Adds the charge of a row.
    pub(crate) fn add_charge(&mut self, charge: Option<i128>) {
        if let Some(amount) = charge {
            self.counts.control_total.sum += amount;
        } else {
            self.counts.control_total.unread += 1;
            self.counts.control_total.first_unread.get_or_insert(self.counts.lines);
        }
    }

    /// Looks at a row that has been read as a record, at the current position: has it surplus fields, or a stray quote? `fields`
    /// are those that the header names. Rows that the fast scan counts have neither.
    pub(crate) fn look_at_shape(&mut self, grammar: &Grammar, bytes: &[u8], record: Range<usize>, fields: &[CellSpan]) {
        let quote = grammar.quoting.quote;
        if let Some(last) = fields.last().filter(|_| grammar.surplus != Surplus::Exactly(0)) {
            let rest = bytes.get(last.end as usize..record.end).unwrap_or_default();
            let rest = match rest {
                [first, after @ ..] if Some(*first) == quote => after,
                _ => rest,
            };
            if rest.first() == Some(&grammar.delimiter) {
                RowCount::add(&mut self.counts.longer, 1, self.counts.lines);
            }
        }
        // Where no cell is quoted, a quote is a character like any other.
        let Some(quote) = quote else { return };
        // Quotes inside a quoted field are doubled or escaped.
        let is_odd = |field: &CellSpan| {
            let cell = &bytes[field.start as usize..field.end as usize];
            !matches!(field.marks, Marks::Escaped(_)) && memchr::memchr_iter(quote, cell).count() % 2 == 1
        };
        if memchr::memchr(quote, &bytes[record]).is_some() && fields.iter().any(is_odd) {
            RowCount::add(&mut self.counts.stray_quotes, 1, self.counts.lines);
        }
    }

    /// Records a rejected row at the current position.
    pub fn reject(&mut self, reason: Reason, grammar: &Grammar, record: &[u8]) {
        let raw = first_line(grammar, record);
        match grammar.rows_in_line(record) {
            Some(rows) if rows.all_end => {
                RowCount::add(&mut self.counts.ended_otherwise, 1, self.counts.lines);
                self.counts.other_line_end.get_or_insert(rows.end);
            }
            Some(_) => RowCount::add(&mut self.counts.joined_rows, 1, self.counts.lines),
            None => {}
        }
        self.rejects.push(Reject { line: self.counts.lines, offset: Some(self.counts.bytes), reason, raw });
        self.counts.rows += 1;
    }
}
