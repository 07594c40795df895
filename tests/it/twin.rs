//! Protects the reader: a slow one that goes through the file symbol by symbol and is obviously right must find the
//! same rows, fields, lines, offsets and rejects, for any damage and any block size.
//!
//! The twin below is CONTRACT section 3 ("A record is RFC 4180 with these decisions") written down once more, with
//! nothing from `src/ingest`. It is itself held to the `csv` crate on files without damage, where the two grammars
//! agree. Decisions that the contract leaves to the reader: a blank is a space, tab, vertical tab, form feed, CR or
//! Ctrl-Z; a CR that ends the file is a line end cut short; of several faults the one met first from left to right
//! is the reason.

use proptest::prelude::*;

use claimlint::ingest::reject::Reason;
use claimlint::ingest::{BLOCK, Dialect, Kept, Look, Row, Source, Tally, dialect, read};
use claimlint::run::Unwatched;

use crate::kit::{LIBRARY, config};

/// What a reader made of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// Line and values of each record.
    rows: Vec<(u64, Vec<Vec<u8>>)>,
    /// Line, offset, reason and text of each rejected row.
    rejects: Vec<(u64, u64, Reason, Vec<u8>)>,
}

/// One character of the grammar.
#[derive(Clone, Copy)]
enum Symbol {
    /// Anything but the end of a line.
    Byte(u8),
    /// The end of a line and how many bytes it takes.
    End(usize),
}

fn symbols(bytes: &[u8]) -> Vec<(usize, Symbol)> {
    let has_lf = bytes.contains(&b'\n');
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let symbol = match (bytes[at], bytes.get(at + 1)) {
            (b'\n', _) => Symbol::End(1),
            (b'\r', Some(b'\n')) => Symbol::End(2),
            (b'\r', None) => Symbol::End(1),
            (b'\r', _) if !has_lf => Symbol::End(1),
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

struct Twin<'a> {
    bytes: &'a [u8],
    symbols: Vec<(usize, Symbol)>,
    delimiter: u8,
    header: Vec<Vec<u8>>,
}

impl Twin<'_> {
    /// Reads everything after the header, which is the first line.
    fn read(bytes: &[u8], delimiter: u8, header: &[Vec<u8>]) -> Found {
        let twin = Twin { bytes, symbols: symbols(bytes), delimiter, header: header.to_vec() };
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

    /// The bytes of the line on which a symbol stands, from there on.
    fn line(&self, at: usize) -> Vec<Option<u8>> {
        let bytes = self.symbols[at..].iter().map(|(_, s)| if let Symbol::Byte(b) = s { Some(*b) } else { None });
        bytes.take_while(Option::is_some).collect()
    }

    fn line_after(&self, at: usize) -> usize {
        (at + self.line(at).len() + 1).min(self.symbols.len())
    }

    fn is_blank(&self, at: usize) -> bool {
        self.line(at).iter().flatten().all(|b| b" \t\x0b\x0c\r\x1a".contains(b) && *b != self.delimiter)
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
        while let Some((offset, symbol)) = self.symbols.get(at).copied() {
            at += 1;
            match (&state, symbol) {
                (State::Start, Symbol::Byte(b'"')) => {
                    state = State::Quoted;
                    inside = None;
                }
                (State::Quoted, Symbol::Byte(b'"')) => {
                    if matches!(self.symbols.get(at), Some((_, Symbol::Byte(b'"')))) {
                        at += 1;
                        cell.value.push(b'"');
                        cell.text.extend(b"\"\"");
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

    /// Does the part of a line that lies inside the quotes hold a row's worth of fields?
    fn swallowed(&self, delimiters: Option<usize>) -> Result<(), Reason> {
        let width = self.header.len();
        match delimiters {
            Some(n) if width >= 3 && n + 1 >= width => Err(Reason::Swallowed),
            _ => Ok(()),
        }
    }

    fn not_too_many(&self, cells: &[Cell]) -> Result<(), Reason> {
        let surplus = cells.iter().skip(self.header.len());
        if surplus.into_iter().any(|c| !c.text.is_empty()) { Err(Reason::TooManyFields) } else { Ok(()) }
    }

    fn finish(&self, mut cells: Vec<Cell>, last: Cell) -> Result<Vec<Vec<u8>>, Reason> {
        cells.push(last);
        if cells.len() < self.header.len() {
            return Err(Reason::TooFewFields);
        }
        self.not_too_many(&cells)?;
        cells.truncate(self.header.len());
        if cells.iter().zip(&self.header).all(|(cell, name)| heads(&cell.text) == *name) {
            return Err(Reason::RepeatedHeader);
        }
        Ok(cells.into_iter().map(|c| c.value).collect())
    }
}

/// A cell as a header name: without blanks, a byte-order mark, and quotes that the mark made ordinary characters.
fn heads(text: &[u8]) -> Vec<u8> {
    let text = text.trim_ascii();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii();
    text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text).to_vec()
}

/// Keeps every row with all its values.
fn keep(dialect: &Dialect, row: &Row<'_>) -> Look<Vec<Vec<u8>>> {
    Look::Keep((0..dialect.grammar.width).map(|c| row.cell(c).into_owned()).collect())
}

fn found(tally: Tally<Vec<Vec<u8>>>) -> Found {
    Found {
        rows: tally.kept.into_iter().map(|Kept { line, value }| (line, value)).collect(),
        rejects: tally.rejects.into_iter().map(|r| (r.line, r.offset, r.reason, r.raw)).collect(),
    }
}

/// The code that makes a row interesting to the fast scan, and the column it stands in.
const CODE: (&str, usize) = ("22514", 2);

fn is_wanted(cells: &[Vec<u8>]) -> bool {
    cells[CODE.1].trim_ascii().starts_with(CODE.0.as_bytes())
}

/// Keeps the rows with the code, as a run does.
fn keep_wanted(dialect: &Dialect, row: &Row<'_>) -> Look<Vec<Vec<u8>>> {
    match keep(dialect, row) {
        Look::Keep(cells) if is_wanted(&cells) => Look::Keep(cells),
        _ => Look::Pass,
    }
}

/// What claimlint's reader makes of it, by the grammar alone or by the fast scan for a code; none if it refuses the
/// file as mostly rejected.
fn claimlint(source: Source, block: usize, fast: bool) -> Option<Found> {
    let dialect = dialect::recognise(&source, &LIBRARY).expect("the header is not damaged");
    let extract = if fast {
        read(source, dialect, block, Some(&[CODE.0]), &keep_wanted, &Unwatched)
    } else {
        read(source, dialect, block, None, &keep, &Unwatched)
    };
    extract.ok().map(|extract| {
        let tally = extract.tally;
        assert_eq!(tally.rows, tally.passed + (tally.kept.len() + tally.rejects.len()) as u64);
        found(tally)
    })
}

const BLOCKS: [usize; 10] = [1, 2, 3, 5, 7, 16, 64, 257, 4096, BLOCK];

/// Both readers, from memory for every block size and from disk for one.
fn agree(bytes: &[u8], delimiter: u8, header: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let want = Twin::read(bytes, delimiter, header);
    let (rows, rejects) = (want.rows.len(), want.rejects.len());
    let want = (rejects < 10 || rejects <= rows).then_some(want);
    let open = || Source::from_bytes("claims.csv", bytes.to_vec()).expect("no binary file");
    let wanted = want.as_ref().map(|found| Found {
        rows: found.rows.iter().filter(|(_, cells)| is_wanted(cells)).cloned().collect(),
        rejects: found.rejects.clone(),
    });
    for block in BLOCKS {
        prop_assert_eq!(&claimlint(open(), block, false), &want, "block size {}", block);
        prop_assert_eq!(&claimlint(open(), block, true), &wanted, "fast, block size {}", block);
    }
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, bytes).expect("room for it");
    let source = Source::open(&file.path().to_string_lossy()).expect("it is there");
    prop_assert_eq!(&claimlint(source, 31, false), &want, "from disk");
    Ok(())
}

/// Columns that any extract must have, then some that nobody knows.
const NAMES: [&str; 7] = ["claim_id", "service_date", "procedure_code", "diagnosis_1", "note", "remark", "memo"];

/// Values that a well-formed file may hold, with everything that quoting is for.
const VALUES: [&str; 14] = [
    "",
    "C1",
    "22514",
    "a b",
    "a,b",
    "x;y|z",
    "he said \"no\"",
    "\"",
    "\"\"",
    "two\nlines",
    "three\n\nlines",
    "x\ny,z",
    "\u{e9}",
    " padded ",
];

/// A file without damage.
#[derive(Debug, Clone)]
struct Plain {
    width: usize,
    delimiter: u8,
    line_end: &'static str,
    final_end: bool,
    rows: Vec<Vec<(&'static str, bool)>>,
}

impl Plain {
    fn header(&self) -> Vec<Vec<u8>> {
        NAMES[..self.width].iter().map(|n| n.as_bytes().to_vec()).collect()
    }

    /// As a program writes it that quotes where it must, and elsewhere at will.
    fn bytes(&self) -> Vec<u8> {
        let delimiter = char::from(self.delimiter);
        let cell = |(value, quoted): &(&str, bool)| {
            // In a file whose lines end with CR a line feed cannot stand.
            let value = if self.line_end == "\r" { value.replace('\n', "\r") } else { (*value).to_owned() };
            if *quoted || value.contains(['"', '\n', '\r', delimiter]) {
                format!("\"{}\"", value.replace('"', "\"\""))
            } else {
                value
            }
        };
        let line = |cells: Vec<String>| cells.join(&delimiter.to_string());
        let mut lines = vec![line(NAMES[..self.width].iter().map(|n| (*n).to_owned()).collect())];
        lines.extend(self.rows.iter().map(|row| line(row.iter().map(cell).collect())));
        let mut text = lines.join(self.line_end);
        if self.final_end || self.rows.is_empty() {
            text.push_str(self.line_end);
        }
        text.into_bytes()
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let shape = (
        4..=NAMES.len(),
        prop::sample::select(b",\t;|*".to_vec()),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        any::<bool>(),
    );
    shape.prop_flat_map(|(width, delimiter, line_end, final_end)| {
        let cell = (prop::sample::select(VALUES.to_vec()), any::<bool>());
        prop::collection::vec(prop::collection::vec(cell, width), 0..12).prop_map(move |rows| Plain {
            width,
            delimiter,
            line_end,
            final_end,
            rows,
        })
    })
}

/// What goes wrong with files, as something put in (or taken away) somewhere after the header.
const DAMAGE: [&str; 20] = [
    "\"",
    "\"",
    "\"",
    "\"\"",
    ",",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\n \t\n",
    "\u{feff}",
    "\x1a",
    "\0",
    "\u{e9}",
    "x",
    ",\"",
    "\",",
    "\nclaim_id,service_date,procedure_code,diagnosis_1\n",
    "\n(2075 rows affected)\n",
    "\n,,,\n",
];

/// A change at a place, both as a share of what there is.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, Option<&'static str>)>> {
    prop::collection::vec(
        (any::<prop::sample::Index>(), prop::option::weighted(0.85, prop::sample::select(DAMAGE.to_vec()))),
        0..6,
    )
}

fn damaged(file: &Plain, changes: &[(prop::sample::Index, Option<&'static str>)]) -> Vec<u8> {
    let mut bytes = file.bytes();
    let header = bytes.iter().position(|b| matches!(b, b'\r' | b'\n')).map_or(bytes.len(), |i| i + file.line_end.len());
    for (place, change) in changes {
        let at = header + place.index(bytes.len() - header + 1);
        // One line feed makes every CR of a file an ordinary character, the header's too.
        let fit = |b| match b {
            b',' => file.delimiter,
            b'\n' if file.line_end == "\r" => b'\r',
            b => b,
        };
        match change {
            Some(text) => drop(bytes.splice(at..at, text.bytes().map(fit))),
            None if at < bytes.len() => drop(bytes.remove(at)),
            None => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_twin_reads_what_the_csv_crate_reads(file in plain()) {
        let bytes = file.bytes();
        let mut reader = csv::ReaderBuilder::new().delimiter(file.delimiter).from_reader(&*bytes);
        let records: Vec<csv::ByteRecord> = reader.byte_records().map(|r| r.expect("no damage")).collect();
        let want: Vec<Vec<Vec<u8>>> = records.iter().map(|r| r.iter().map(<[u8]>::to_vec).collect()).collect();
        let twin = Twin::read(&bytes, file.delimiter, &file.header());
        prop_assert!(twin.rejects.is_empty(), "{:?}", twin.rejects);
        let values: Vec<Vec<Vec<u8>>> = twin.rows.iter().map(|(_, values)| values.clone()).collect();
        prop_assert_eq!(values, want);
        // The csv crate counts line feeds, so it can speak of lines only where they end with one.
        if file.line_end == "\n" {
            let lines: Vec<u64> = records.iter().map(|r| r.position().expect("a position").line()).collect();
            prop_assert_eq!(twin.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), lines);
        }
    }

    #[test]
    fn both_readers_agree_on_damaged_files(file in plain(), changes in damage()) {
        agree(&damaged(&file, &changes), file.delimiter, &file.header())?;
    }
}

/// The examples that made this grammar what it is, read by both.
#[test]
fn both_readers_agree_on_the_hard_cases() {
    let header: Vec<Vec<u8>> = NAMES[..4].iter().map(|n| n.as_bytes().to_vec()).collect();
    let rows = |n: usize| "C1,2024-03-05,99213,X\n".repeat(n);
    for body in [
        String::new(),
        format!("{}C2,2024-03-05,22514,\"one\n{}C3,2024-03-05,22514,\"two\n{}", rows(3), rows(4), rows(3)),
        format!("{}C2,2024-03-05,22514,\"never", rows(3)),
        format!("C2,\"a\nb\",\"c,d,e,f\ng\",X\n{}", rows(2)),
        format!("C2,\"a\nb\",\"c\nd,e,f,g\",X\n{}", rows(2)),
        format!("C2,\"a\"\r,b,c\r\n{}", rows(2)),
        format!("C2,b,c,\"d\"\r\r\n{}", rows(2)),
        format!("{}C2,b,c,\"d\"\r", rows(2)),
        format!("C2,b,c,d,\"\",,\n{}", rows(2)),
        format!("C2,b,c,d,\"\"\"\",,\n{}", rows(2)),
        format!("C2,b,c,d,\"e\nf,g\n{}", rows(2)),
        format!("\"C2,b,c\n\"\"\n,,\n{}", rows(2)),
        format!("{}\"claim_id\", service_date ,procedure_code,diagnosis_1\n{}", rows(1), rows(1)),
        format!("{}\u{feff}\"claim_id\",service_date,procedure_code,diagnosis_1,\n{}", rows(1), rows(1)),
        format!("{}\u{feff}\"claim_id,service_date\",procedure_code,diagnosis_1\n{}", rows(1), rows(1)),
    ] {
        let bytes = format!("{}\n{body}", NAMES[..4].join(","));
        agree(bytes.as_bytes(), b',', &header).unwrap_or_else(|e| panic!("{body:?}: {e}"));
    }
}
