//! Rejected rows. Each is counted once and reported with its position, reason and text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::disk::spool::{Spool, SpoolSlot};
use crate::ingest::cell::decoded;
use crate::ingest::record::row_count::RowCount;

/// Why a row was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// It has fewer fields than the header.
    TooFewFields,
    /// It has more fields than the header, and the surplus is not empty.
    TooManyFields,
    /// A field opens with a quote that is never closed.
    UnclosedQuote,
    /// Something other than a delimiter follows a closing quote.
    TextAfterQuote,
    /// A quoted field spans lines that look like rows.
    Swallowed,
    /// The header line again, which happens when files are concatenated.
    RepeatedHeader,
    /// A row that is in scope or related but has no claim number.
    NoClaimId,
    /// Two or more different CPT or HCPCS codes in one procedure cell.
    SeveralCodes,
    /// A record that exceeds [`RECORD_LIMIT`](crate::ingest::record::grammar::RECORD_LIMIT).
    TooLong,
    /// A row of a joined table whose code has a number that is no whole number.
    UnreadNumber,
}

impl Reason {
    /// All reasons, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::TooFewFields,
        Self::TooManyFields,
        Self::UnclosedQuote,
        Self::TextAfterQuote,
        Self::Swallowed,
        Self::RepeatedHeader,
        Self::NoClaimId,
        Self::SeveralCodes,
        Self::TooLong,
        Self::UnreadNumber,
    ];

    /// The word in `rejects.csv`.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooFewFields => "too-few-fields",
            Self::TooManyFields => "too-many-fields",
            Self::UnclosedQuote => "unclosed-quote",
            Self::TextAfterQuote => "text-after-quote",
            Self::Swallowed => "swallowed-rows",
            Self::RepeatedHeader => "repeated-header",
            Self::NoClaimId => "no-claim-id",
            Self::SeveralCodes => "several-codes",
            Self::TooLong => "too-long",
            Self::UnreadNumber => "unread-number",
        }
    }

    /// The sentence in reports.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooFewFields => "fewer fields than the header",
            Self::TooManyFields => "more fields than the header",
            Self::UnclosedQuote => "a field opens with a quote that never closes",
            Self::TextAfterQuote => "text follows a closing quote",
            Self::Swallowed => "a stray quote would swallow the rows after it",
            Self::RepeatedHeader => "the header line again",
            Self::NoClaimId => "a row in scope or related without a claim number",
            Self::SeveralCodes => "two or more procedure codes in procedure_code",
            Self::TooLong => "a record of more than 64 MiB",
            Self::UnreadNumber => "the number of a code is no whole number",
        }
    }
}

/// A rejected row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Line of the file on which it starts; the file's first line is 1.
    pub line: u64,
    /// Byte of the (decompressed) file at which it starts. `None`: rows of the file are not text.
    pub offset: Option<u64>,
    /// Why.
    pub reason: Reason,
    /// Its first physical line, cut at [`RAW_LIMIT`] bytes.
    pub raw: Vec<u8>,
}

impl Reject {
    /// Its text. Bytes that are not UTF-8 are read as Latin-1, as in any cell; a character that [`RAW_LIMIT`] cut is left out.
    pub fn text(&self) -> Cow<'_, str> {
        let last = self.raw.utf8_chunks().last().filter(|_| self.raw.len() == RAW_LIMIT);
        // An error without a length is an unfinished character.
        let is_cut = |rest: &&[u8]| std::str::from_utf8(rest).is_err_and(|e| e.error_len().is_none());
        let cut = last.map(|chunk| chunk.invalid()).filter(is_cut).map_or(0, <[u8]>::len);
        decoded(&self.raw[..self.raw.len() - cut])
    }
}

/// Maximum number of bytes kept of a rejected line: enough to find the line, too few to fill the disk.
/// spec: outputs/rejects.
pub(crate) const RAW_LIMIT: usize = 4096;

/// Rejected rows that are written to the spool at a time. With [`RAW_LIMIT`] bytes each they take at most 16 MiB.
const SPOOL_CHUNK_ROWS: usize = 4096;

/// Number of rejected rows that a message describes.
const FIRST_REJECTS_SHOWN: usize = 3;

/// The rejected rows of an extract, in order. With a spool, at most a few thousand of them are in memory.
#[derive(Debug, Default)]
pub struct Rejects {
    spool: Option<Arc<Spool>>,
    counts: BTreeMap<Reason, RowCount>,
    first: Vec<Reject>,
    spooled: Vec<SpoolSlot>,
    last: Vec<Reject>,
    withheld: Option<&'static str>,
}

impl Rejects {
    /// An empty list. Rows that do not fit in memory go to `spool`.
    pub fn new(spool: Option<Arc<Spool>>) -> Self {
        Self { spool, ..Self::default() }
    }

    /// Number of rejected rows.
    pub fn len(&self) -> u64 {
        self.counts.values().map(|count| count.rows).sum()
    }

    /// Were no rows rejected?
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Counts by reason.
    pub fn counts(&self) -> &BTreeMap<Reason, RowCount> {
        &self.counts
    }

    /// The first few.
    pub fn first(&self) -> &[Reject] {
        &self.first
    }

    /// The last one.
    pub(crate) fn latest(&self) -> Option<&Reject> {
        self.last.last()
    }

    /// Adds the next rejected row.
    pub fn push(&mut self, reject: Reject) {
        self.counts.entry(reject.reason).or_insert(RowCount { rows: 0, first: reject.line }).rows += 1;
        if self.first.len() < FIRST_REJECTS_SHOWN {
            self.first.push(reject.clone());
        }
        // Written before the next one is added, so that the latest one is always in memory.
        if let Some(spool) = self.spool.as_ref().filter(|_| self.last.len() >= SPOOL_CHUNK_ROWS) {
            self.spooled.push(spool.put(&self.last));
            self.last.clear();
        }
        self.last.push(reject);
    }

    /// Adds the rejected rows of the next block, whose positions are relative to the end of this one.
    pub fn append(&mut self, next: Self, lines: u64, bytes: u64) {
        for reject in next.last {
            let offset = reject.offset.map(|offset| offset + bytes);
            self.push(Reject { line: reject.line + lines, offset, ..reject });
        }
    }

    /// Replaces the text of every rejected row with this sentence.
    pub(crate) fn withhold(&mut self, sentence: &'static str) {
        self.withheld = Some(sentence);
    }

    /// Passes every rejected row to `take`, in order. Fails if the disk or `take` fails.
    pub fn each(&self, mut take: impl FnMut(&Reject) -> io::Result<()>) -> io::Result<()> {
        let mut one = |reject: &Reject| match self.withheld {
            Some(sentence) => take(&Reject { raw: sentence.into(), ..reject.clone() }),
            None => take(reject),
        };
        for place in &self.spooled {
            let spool = self.spool.as_ref().ok_or_else(|| io::Error::other("there is no spool"))?;
            spool.get::<Vec<Reject>>(*place)?.iter().try_for_each(&mut one)?;
        }
        self.last.iter().try_for_each(one)
    }

    /// All rejected rows, for extracts that have few.
    pub fn all(&self) -> io::Result<Vec<Reject>> {
        let mut all = Vec::new();
        self.each(|reject| {
            all.push(reject.clone());
            Ok(())
        })?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rejects_come_back_in_order_from_disk() {
        let many = 2 * SPOOL_CHUNK_ROWS as u64 + 7;
        for spool in [None, Some(Spool::new(std::sync::Arc::new(tempfile::tempfile), 0))] {
            let mut rejects = Rejects::new(spool);
            let mut block = Rejects::default();
            for line in 0..many {
                let reason = if line % 2 == 0 { Reason::TooLong } else { Reason::TooFewFields };
                block.push(Reject { line, offset: Some(2 * line), reason, raw: line.to_string().into() });
            }
            rejects.append(block, 10, 20);
            let all = rejects.all().expect("there is a disk");
            assert!(all.iter().map(|r| r.line).eq(10..10 + many) && all[1].offset == Some(22));
            assert_eq!((rejects.len(), all.len() as u64, rejects.first().len()), (many, many, FIRST_REJECTS_SHOWN));
            assert_eq!(rejects.counts()[&Reason::TooFewFields], RowCount { rows: many / 2, first: 11 });
            rejects.withhold("nothing");
            assert!(rejects.all().expect("there is a disk").iter().all(|r| r.raw == b"nothing"));
        }
    }

    #[test]
    fn a_rejected_text_is_read_like_a_cell() {
        let text = |raw: &[u8]| {
            let reject = Reject { line: 1, offset: None, reason: Reason::TooFewFields, raw: raw.to_vec() };
            reject.text().into_owned()
        };
        assert_eq!(text(b"C\xe9,1"), "C\u{e9},1");
        assert_eq!(text("C\u{e9}\u{20ac}".as_bytes()), "C\u{e9}\u{20ac}");
        assert_eq!(text(b"C\xe2\x82"), "C\u{e2}\u{82}", "the line ends here");
        let cut = [vec![b'x'; RAW_LIMIT - 2], b"\xe2\x82".to_vec()].concat();
        assert_eq!(text(&cut).len(), RAW_LIMIT - 2, "the limit cut a character");
        let odd = [b"\xe9".to_vec(), vec![b'x'; RAW_LIMIT - 3], b"\xe2\x82".to_vec()].concat();
        assert_eq!(text(&odd).chars().count(), RAW_LIMIT - 2, "and a character of Latin-1 comes before");
    }

    #[test]
    fn the_latest_reject_is_known_however_many_there_are() {
        let mut rejects = Rejects::new(Some(Spool::new(std::sync::Arc::new(tempfile::tempfile), 0)));
        assert!(rejects.latest().is_none());
        for line in 0..=SPOOL_CHUNK_ROWS as u64 {
            rejects.push(Reject { line, offset: Some(line), reason: Reason::TooLong, raw: Vec::new() });
            assert_eq!(rejects.latest().map(|reject| reject.line), Some(line));
        }
    }
}
