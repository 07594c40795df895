//! One row of an extract: its bytes, the spans of its fields, and the text of its cells.

use std::borrow::Cow;
use std::ops::Range;

use crate::ingest::cell::{clean, clean_text, is_clean};
use crate::ingest::eight_bytes::has_no_capital_or_digit;
use crate::ingest::record::grammar::{CellSpan, Grammar};
use crate::ingest::record::plain_cell::PlainCell;
use crate::ingest::record::quoting::Marks;
use crate::ingest::record::reject::RAW_LIMIT;

/// One row, borrowed from a block.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    bytes: &'a [u8],
    fields: &'a [CellSpan],
    /// The record as text, if it is UTF-8, and what is known to be text after it. Checked once for many rows instead of once per cell.
    text: Option<&'a str>,
    /// Where the text starts in `bytes`.
    start: u32,
}

impl<'a> Row<'a> {
    /// A row made of the bytes of a block and the spans of its fields. Fields of joined tables may be anywhere in `bytes`.
    pub fn new(bytes: &'a [u8], fields: &'a [CellSpan]) -> Self {
        let record = Self::place(fields).and_then(|record| bytes.get(record));
        Self::of_text(bytes, fields, record.and_then(|record| std::str::from_utf8(record).ok()))
    }

    /// The same, where the text from the first field on is known, at least up to the end of the last. `None` if these are not UTF-8.
    pub(crate) fn of_text(bytes: &'a [u8], fields: &'a [CellSpan], text: Option<&'a str>) -> Self {
        let start = fields.first().map_or(0, |first| first.start);
        Self { bytes, fields, text, start }
    }

    /// The place of the bytes from the first field to the last.
    pub(crate) fn place(fields: &[CellSpan]) -> Option<Range<usize>> {
        let (first, last) = fields.first().zip(fields.last())?;
        Some(first.start as usize..last.end as usize)
    }

    /// A copy of the record and its fields that outlives the block, from the record's first byte to the end of its last
    /// line, without the line end.
    pub(crate) fn record(&self, grammar: &Grammar) -> (Vec<u8>, Vec<CellSpan>) {
        let (Some(first), Some(last)) = (self.fields.first(), self.fields.last()) else {
            return (Vec::new(), Vec::new());
        };
        let start = first.start as usize;
        // A quote right before the first field opens it.
        let is_quote = |at: usize| Some(self.bytes[at]) == grammar.quoting.quote;
        let start = if start > 0 && is_quote(start - 1) { start - 1 } else { start };
        let line = grammar.find_line_end(&self.bytes[start..]).map_or(self.bytes.len(), |i| start + i);
        let end = line.max(last.end as usize);
        let moved = |at: u32| at - start as u32;
        let fields = self.fields.iter().map(|f| CellSpan { start: moved(f.start), end: moved(f.end), ..*f }).collect();
        (self.bytes[start..end].to_vec(), fields)
    }

    /// The text of a cell, as [`clean`] returns it. `null` holds the layout's own null words.
    #[inline]
    pub fn text(&self, column: usize, null: &[String]) -> Cow<'a, str> {
        match self.clean(column, null) {
            Some(text) => Cow::Borrowed(text),
            None => self.cleaned(column, null),
        }
    }

    /// The text of a cell, if it is certain at a glance that its bytes are the text. Those of nearly all cells are.
    #[inline(always)]
    pub(crate) fn clean(&self, column: usize, null: &[String]) -> Option<&'a str> {
        Some(self.clean_cell(column, null)?.text())
    }

    /// The same with what follows the cell.
    #[inline(always)]
    pub(crate) fn clean_cell(&self, column: usize, null: &[String]) -> Option<PlainCell<'a>> {
        let cell = self.plain(column)?;
        if is_clean(cell.text(), null) { Some(cell) } else { None }
    }

    /// The text of a cell, if it is certain at a glance that it is nothing but capital letters and digits, at least one of them.
    #[inline(never)]
    pub(crate) fn code(&self, column: usize, null: &[String]) -> Option<&'a str> {
        let cell = self.clean_cell(column, null)?;
        if cell.is_empty() || cell.any_word(has_no_capital_or_digit) { None } else { Some(cell.text()) }
    }

    /// The text of a cell that was not found to be clean.
    #[inline(never)]
    fn cleaned(&self, column: usize, null: &[String]) -> Cow<'a, str> {
        match self.plain(column) {
            Some(cell) => clean_text(cell.text(), null),
            None => self.marked_text(column, null),
        }
    }

    /// The text of a cell with marks, or of a record that is not UTF-8.
    fn marked_text(&self, column: usize, null: &[String]) -> Cow<'a, str> {
        match self.cell(column) {
            Cow::Borrowed(raw) => clean(raw, null),
            Cow::Owned(raw) => Cow::Owned(clean(&raw, null).into_owned()),
        }
    }

    /// Does a cell have any bytes?
    pub(crate) fn has_bytes(&self, column: usize) -> bool {
        self.fields.get(column).is_some_and(|field| field.start < field.end)
    }

    /// The same as [`Row::cell`] for cells of UTF-8 without marks, as nearly all cells are; `None` for others.
    #[inline(always)]
    fn plain(&self, column: usize) -> Option<PlainCell<'a>> {
        let text = self.text?;
        let Some(field) = self.fields.get(column) else { return Some(PlainCell::EMPTY) };
        if field.start >= field.end {
            return Some(PlainCell::EMPTY);
        }
        // A field of another table may lie before the record. Then its place is beyond any text.
        let ahead = text.get(field.start.wrapping_sub(self.start) as usize..)?;
        if matches!(field.marks, Marks::Nothing) {
            PlainCell::of(ahead, (field.end - field.start) as usize)
        } else {
            None
        }
    }

    /// The bytes of a cell without marks, of which its text is made; `None` for others. Empty after the last column.
    #[inline]
    pub(crate) fn unmarked(&self, column: usize) -> Option<&'a [u8]> {
        self.unmarked_ahead(column).map(|(ahead, length)| &ahead[..length])
    }

    /// The same with what follows the cell, and its length.
    #[inline(always)]
    pub(crate) fn unmarked_ahead(&self, column: usize) -> Option<(&'a [u8], usize)> {
        let Some(field) = self.fields.get(column) else { return Some((&[], 0)) };
        let length = field.end.saturating_sub(field.start) as usize;
        (field.marks == Marks::Nothing).then(|| (&self.bytes[field.start as usize..], length))
    }

    /// The value of the cell: its bytes without enclosing quotes and other marks. Empty after the last column.
    pub fn cell(&self, column: usize) -> Cow<'a, [u8]> {
        let Some(field) = self.fields.get(column) else { return Cow::Borrowed(&[]) };
        let raw = &self.bytes[field.start as usize..field.end as usize];
        field.marks.remove(raw)
    }
}

/// Text of a block. Where rows are looked at one after another, the bytes of many are found to be UTF-8 at once.
#[derive(Debug, Default)]
pub(crate) struct TextAhead<'a> {
    text: &'a str,
    start: usize,
}

/// Bytes that are tested at once: a few dozen rows, and few enough for the first cache.
const AHEAD: usize = 8 << 10;

impl<'a> TextAhead<'a> {
    /// The text of some bytes of the block, those of rows in order, and what is known of the text after it. `None` if they are not UTF-8.
    #[inline]
    pub(crate) fn of(&mut self, bytes: &'a [u8], place: Range<usize>) -> Option<&'a str> {
        if place.start < self.start || place.end > self.start + self.text.len() {
            self.read(bytes, &place);
        }
        let from = self.text.get(place.start - self.start..)?;
        from.is_char_boundary(place.end - place.start).then_some(from)
    }

    #[inline(never)]
    fn read(&mut self, bytes: &'a [u8], place: &Range<usize>) {
        // Of rows that are far apart, what follows is not looked at.
        let is_near = place.start < self.start + self.text.len() + AHEAD;
        let end = if is_near { place.end.max(place.start + AHEAD).min(bytes.len()) } else { place.end };
        let ahead = bytes.get(place.start..end).unwrap_or_default();
        let text = std::str::from_utf8(ahead).or_else(|e| std::str::from_utf8(&ahead[..e.valid_up_to()]));
        (self.text, self.start) = (text.unwrap_or_default(), place.start);
    }
}

/// The part of a record that `rejects.csv` shows: its first physical line, cut at [`RAW_LIMIT`] bytes.
pub(crate) fn first_line(grammar: &Grammar, record: &[u8]) -> Vec<u8> {
    let end = grammar.find_line_end(record).unwrap_or(record.len());
    let line = &record[..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line[..line.len().min(RAW_LIMIT)].to_vec()
}

/// Bytes of a record with these cells, all with the same marks, and the places of the cells in it. For tests.
#[cfg(test)]
pub(crate) fn record_of(cells: &[impl AsRef<[u8]>], marks: Marks) -> (Vec<u8>, Vec<CellSpan>) {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    for cell in cells {
        let start = bytes.len() as u32;
        bytes.extend_from_slice(cell.as_ref());
        spans.push(CellSpan { start, end: bytes.len() as u32, marks });
        bytes.push(b',');
    }
    (bytes, spans)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What cleaning takes away, and what it must leave.
    const WORDS: [&str; 12] = ["a", "A", "NULL", "n", "\\N", "~", "-", "=\"", "\"", " ", "\u{a0}", "\u{e9}"];

    /// Bytes of rows, some of which are not UTF-8.
    const ROWS: [&[u8]; 5] = [b"a,b", b"", b"\xc3\xa9,1", b"\xc3", b"x\xff"];

    const MARKS: [Marks; 3] = [Marks::Nothing, Marks::Doubled(b'"'), Marks::Escaped([b'"'; 2])];

    proptest! {
        #[test]
        fn text_ahead_is_the_text_of_each_row(
            rows in prop::collection::vec((prop::sample::select(&ROWS[..]), 0..4000_usize), 0..40),
        ) {
            let (mut bytes, mut places) = (Vec::new(), Vec::new());
            for (row, apart) in rows {
                bytes.resize(bytes.len() + apart, b'.');
                places.push(bytes.len()..bytes.len() + row.len());
                bytes.extend_from_slice(row);
            }
            let mut ahead = TextAhead::default();
            for place in places {
                let text = ahead.of(&bytes, place.clone());
                prop_assert_eq!(text.map(|text| &text[..place.len()]), std::str::from_utf8(&bytes[place.clone()]).ok());
                prop_assert!(text.is_none_or(|text| bytes[place.start..].starts_with(text.as_bytes())));
            }
        }

        #[test]
        fn the_fast_path_returns_the_same_text(
            bytes in prop_oneof![
                prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4).prop_map(|words| words.concat().into_bytes()),
                prop::collection::vec(any::<u8>(), 0..12),
            ],
            places in prop::collection::vec((0..=12_usize, 0..=12_usize, prop::sample::select(&MARKS[..])), 0..5),
        ) {
            let place = |(a, b, marks): (usize, usize, Marks)| {
                let (a, b) = (a.min(bytes.len()) as u32, b.min(bytes.len()) as u32);
                CellSpan { start: a.min(b), end: a.max(b), marks }
            };
            let fields: Vec<CellSpan> = places.into_iter().map(place).collect();
            let whole = [CellSpan { start: 0, end: bytes.len() as u32, marks: Marks::Nothing }];
            let rows = [Row::new(&bytes, &fields), Row::new(&bytes, &whole)];
            for (row, column) in rows.iter().flat_map(|row| (0..=fields.len()).map(move |column| (row, column))) {
                let cell = row.cell(column);
                for null in [vec![], vec!["A".to_owned()]] {
                    prop_assert_eq!(row.text(column, &null), clean(&cell, &null));
                }
            }
        }
    }
}
