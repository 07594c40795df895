//! The slow reader: a second implementation of the record grammar, symbol by symbol, with nothing from `src/ingest` but
//! the names of the reasons and the cleaning of a cell. It protects nothing by itself; the properties in [`crate::twin`] compare claimlint's reader
//! with it. spec: files/records, files/line-ends, files/rejects.

use claimlint::ingest::cell::clean;
use claimlint::ingest::record::reject::Reason;

/// The result of reading a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Line and values of each record.
    pub(crate) rows: Vec<(u64, Vec<Vec<u8>>)>,
    /// Line, offset, reason and text of each rejected row.
    pub(crate) rejects: Vec<(u64, u64, Reason, Vec<u8>)>,
}

/// One character of the grammar.
#[derive(Clone, Copy)]
enum Symbol {
    /// A character that does not end a line.
    Byte(u8),
    /// The end of a line and how many bytes it takes.
    End(usize),
}

fn symbols(bytes: &[u8]) -> Vec<(usize, Symbol)> {
    let first_end = bytes.iter().position(|b| matches!(b, b'\r' | b'\n'));
    let cr_ends = first_end.is_some_and(|end| bytes[end] == b'\r' && bytes.get(end + 1) != Some(&b'\n'));
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let symbol = match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => Symbol::End(2),
            (b'\n', _) | (b'\r', None) => Symbol::End(1),
            (b'\r', _) if cr_ends => Symbol::End(1),
            (byte, _) => Symbol::Byte(byte),
        };
        out.push((at, symbol));
        at += if let Symbol::End(n) = symbol { n } else { 1 };
    }
    out
}

/// A field: its value, and its text with doubled quotes still doubled.
#[derive(Default)]
struct Cell {
    value: Vec<u8>,
    text: Vec<u8>,
}

/// How cells are quoted: the quote, and whether a backslash escapes it.
pub(crate) type Quoted = (Option<u8>, bool);

/// As RFC 4180 says.
pub(crate) const STANDARD: Quoted = (Some(b'"'), false);

/// Do several rows end with a CR on a line that LF ends? spec: files/line-ends.
pub(crate) fn holds_rows_ended_by_cr(line: &[u8], delimiter: u8, width: usize) -> bool {
    let fields = |piece: &[u8]| piece.split(|b| *b == delimiter).count();
    let pieces: Vec<&[u8]> = line.split(|b| *b == b'\r').collect();
    let (_, ended) = pieces.split_last().expect("there is always one");
    ended.iter().filter(|piece| fields(piece) >= width).count() >= 2
}

/// The reader over one file.
pub(crate) struct Twin<'a> {
    bytes: &'a [u8],
    symbols: Vec<(usize, Symbol)>,
    delimiter: u8,
    quoting: Quoted,
    header: Vec<Vec<u8>>,
    /// Surplus fields that rows may have; none while the number is being determined.
    surplus: Option<usize>,
}

impl Twin<'_> {
    /// Reads everything after the header, which is the first line.
    pub(crate) fn read(
        bytes: &[u8],
        delimiter: u8,
        quoting: Quoted,
        header: &[Vec<u8>],
        is_date: fn(&[u8]) -> bool,
    ) -> Found {
        let twin = Twin { bytes, symbols: symbols(bytes), delimiter, quoting, header: header.to_vec(), surplus: None };
        let surplus = twin.surplus(is_date);
        let twin = Twin { surplus: Some(surplus), ..twin };
        let (mut at, mut line) = (twin.line_after(0), 2);
        let mut found = Found::default();
        while at < twin.symbols.len() {
            let next_line = twin.line_after(at);
            let next = if twin.is_blank(at) {
                next_line
            } else {
                match twin.record(at) {
                    Ok((values, next)) => {
                        found.rows.push((line, values));
                        next
                    }
                    Err(reason) => {
                        let start = twin.symbols[at].0;
                        let mut text: Vec<u8> = twin.line(at).iter().map(|b| b.expect("a line has no end")).collect();
                        text.truncate(4096);
                        found.rejects.push((line, start as u64, reason, text));
                        next_line
                    }
                }
            };
            line += twin.symbols[at..next].iter().filter(|(_, s)| matches!(s, Symbol::End(_))).count() as u64;
            at = next;
        }
        found
    }

    /// The surplus fields of the first row, among the first thousand, with a date and only empty surplus fields.
    fn surplus(&self, is_date: fn(&[u8]) -> bool) -> usize {
        let (mut at, mut rows) = (self.line_after(0), 0);
        while at < self.symbols.len() && rows < 1000 {
            if self.is_blank(at) {
                at = self.line_after(at);
                continue;
            }
            rows += 1;
            match self.record(at) {
                Ok((values, _)) if is_date(&values[1]) => return values.len() - self.header.len(),
                Ok((_, next)) => at = next,
                Err(_) => at = self.line_after(at),
            }
        }
        0
    }

    /// The bytes from a symbol to the end of its line.
    fn line(&self, at: usize) -> Vec<Option<u8>> {
        let bytes = self.symbols[at..].iter().map(|(_, s)| if let Symbol::Byte(b) = s { Some(*b) } else { None });
        bytes.take_while(Option::is_some).collect()
    }

    fn line_after(&self, at: usize) -> usize {
        (at + self.line(at).len() + 1).min(self.symbols.len())
    }

    fn is_blank(&self, at: usize) -> bool {
        self.line(at).iter().flatten().all(|b| b" \t\x0b\x0c\r\x1a".contains(b))
    }

    /// The values of the record that starts at a symbol, and where the next one starts.
    fn record(&self, start: usize) -> Result<(Vec<Vec<u8>>, usize), Reason> {
        enum State {
            Start,
            Plain,
            Quoted,
            Closed,
        }
        let mut state = State::Start;
        let mut cells: Vec<Cell> = Vec::new();
        let mut cell = Cell::default();
        // Delimiters seen inside the quotes on a later line than the one on which the field opened.
        let mut inside: Option<usize> = None;
        let mut at = start;
        let (quote, escapes) = self.quoting;
        while let Some((offset, symbol)) = self.symbols.get(at).copied() {
            at += 1;
            let next = self.symbols.get(at).and_then(|(_, s)| if let Symbol::Byte(b) = s { Some(*b) } else { None });
            let ordinary = |b: &u8| {
                *b == b'\\' || if quote.is_some() { Some(*b) == quote } else { *b == self.delimiter || *b == b'"' }
            };
            let in_cell = matches!(state, State::Quoted) || (quote.is_none() && !matches!(state, State::Closed));
            match (&state, symbol) {
                (_, Symbol::Byte(b'\\')) if escapes && in_cell && next.is_some_and(|b| ordinary(&b)) => {
                    if quote.is_none() {
                        state = State::Plain;
                    }
                    at += 1;
                    cell.value.extend(next);
                    cell.text.push(b'\\');
                    cell.text.extend(next);
                }
                (State::Start, Symbol::Byte(b)) if Some(b) == quote => {
                    state = State::Quoted;
                    inside = None;
                }
                (State::Quoted, Symbol::Byte(b)) if Some(b) == quote => {
                    if next == quote && !escapes {
                        at += 1;
                        cell.value.push(b);
                        cell.text.extend([b, b]);
                    } else {
                        self.swallowed(inside)?;
                        state = State::Closed;
                    }
                }
                (State::Quoted, Symbol::Byte(b)) => {
                    if b == self.delimiter {
                        inside = inside.map(|n| n + 1);
                    }
                    cell.value.push(b);
                    cell.text.push(b);
                }
                (State::Quoted, Symbol::End(n)) => {
                    self.swallowed(inside)?;
                    inside = Some(0);
                    cell.value.extend(&self.bytes[offset..offset + n]);
                    cell.text.extend(&self.bytes[offset..offset + n]);
                }
                (_, Symbol::End(_)) => return self.finish(cells, cell).map(|values| (values, at)),
                (_, Symbol::Byte(b)) if b == self.delimiter => {
                    cells.push(std::mem::take(&mut cell));
                    self.not_too_many(&cells)?;
                    state = State::Start;
                }
                (State::Closed, Symbol::Byte(_)) => return Err(Reason::TextAfterQuote),
                (State::Start | State::Plain, Symbol::Byte(b)) => {
                    state = State::Plain;
                    cell.value.push(b);
                    cell.text.push(b);
                }
            }
        }
        if let State::Quoted = state {
            self.swallowed(inside)?;
            return Err(Reason::UnclosedQuote);
        }
        self.finish(cells, cell).map(|values| (values, at))
    }

    /// Whether the part of a line inside the quotes has as many fields as a row.
    fn swallowed(&self, delimiters: Option<usize>) -> Result<(), Reason> {
        let width = self.header.len();
        match delimiters {
            Some(n) if width >= 3 && n + 1 >= width => Err(Reason::Swallowed),
            _ => Ok(()),
        }
    }

    fn not_too_many(&self, cells: &[Cell]) -> Result<(), Reason> {
        let surplus = cells.get(self.header.len()..).unwrap_or_default();
        let too_many = self.surplus.is_some_and(|most| surplus.len() > most);
        if too_many || surplus.iter().any(|c| !clean(&c.value, &[]).is_empty()) {
            return Err(Reason::TooManyFields);
        }
        Ok(())
    }

    fn finish(&self, mut cells: Vec<Cell>, last: Cell) -> Result<Vec<Vec<u8>>, Reason> {
        cells.push(last);
        let width = self.header.len();
        if cells.len() < width {
            return Err(Reason::TooFewFields);
        }
        self.not_too_many(&cells)?;
        if self.surplus.is_some_and(|surplus| cells.len() > width && cells.len() != width + surplus) {
            return Err(Reason::TooManyFields);
        }
        if cells.iter().zip(&self.header).all(|(cell, name)| clean(&cell.text, &[]).as_bytes() == *name) {
            return Err(Reason::RepeatedHeader);
        }
        if self.surplus.is_some() {
            cells.truncate(width);
        }
        Ok(cells.into_iter().map(|c| c.value).collect())
    }
}
