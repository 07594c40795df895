//! Tests the reader against a slow and simple one: both must find the same rows, fields, lines, offsets and rejects, for any
//! damage and any block size.
//!
//! The slow reader is [`crate::slow`]. It is compared with the `csv` crate on files without damage, where the two grammars
//! agree.

use std::sync::LazyLock;

use proptest::prelude::*;

use claimlint::ingest::cell::clean;
use claimlint::ingest::layout::{detect, misread};
use claimlint::ingest::record::reject::Reason;
use claimlint::ingest::{BLOCK, Detected, KeptRow, Layout, Library, Row, RowAction, Source, Tally, read};
use claimlint::run::Unwatched;

use crate::kit::{LIBRARY, config};
use crate::slow::{Found, Quoted, STANDARD, Twin, holds_rows_ended_by_cr};

/// Keeps every row with all its values.
fn keep(detected: &Detected, row: &Row<'_>) -> RowAction<Vec<Vec<u8>>> {
    RowAction::Keep((0..detected.grammar.width).map(|c| row.cell(c).into_owned()).collect())
}

fn found(tally: Tally<Vec<KeptRow<Vec<Vec<u8>>>>>) -> Found {
    Found {
        rows: tally.kept.into_iter().map(|KeptRow { line, value, .. }| (line, value)).collect(),
        rejects: tally
            .rejects
            .all()
            .expect("they are in memory")
            .into_iter()
            .map(|r| (r.line, r.offset.expect("a text"), r.reason, r.raw))
            .collect(),
    }
}

/// The code that the fast scan looks for, and its column.
const CODE: (&str, usize) = ("22514", 2);

fn is_wanted(cells: &[Vec<u8>]) -> bool {
    cells[CODE.1].trim_ascii().starts_with(CODE.0.as_bytes())
}

/// Keeps the rows with the code, as a run does.
fn keep_wanted(detected: &Detected, row: &Row<'_>) -> RowAction<Vec<Vec<u8>>> {
    match keep(detected, row) {
        RowAction::Keep(cells) if is_wanted(&cells) => RowAction::Keep(cells),
        _ => RowAction::Ignore,
    }
}

/// The result of claimlint's reader, by the grammar alone or by the fast scan for a code. `None` if it refuses the file because
/// most rows are rejected, or lines end in two ways.
fn claimlint(source: Source, library: &Library, block: usize, fast: bool) -> Option<Found> {
    let mut detected = detect::detect(&source, library).ok()?;
    misread::settle_surplus(&source, &mut detected, |text| is_date(text.as_bytes()));
    let extract = if fast {
        read(source, detected, block, Some(&[CODE.0]), &keep_wanted, &Unwatched)
    } else {
        read(source, detected, block, None, &keep, &Unwatched)
    };
    extract.ok().map(|extract| {
        let tally = extract.tally;
        assert_eq!(tally.rows, tally.ignored + tally.kept.len() as u64 + tally.rejects.len());
        found(tally)
    })
}

const BLOCKS: [usize; 10] = [1, 2, 3, 5, 7, 16, 64, 257, 4096, BLOCK];

/// A date, for the rows that say how many surplus fields there are. What a date looks like is not tested here.
fn is_date(cell: &[u8]) -> bool {
    clean(cell, &[]) == "22514"
}

/// Opens a damaged file. `None`: it is so short that a NUL or two in it make it binary.
fn opened(bytes: &[u8]) -> Option<Source> {
    let opened = Source::from_bytes("claims.csv", bytes.to_vec());
    if let Err(refused) = &opened {
        let controls = bytes.iter().filter(|b| b.is_ascii_control()).count();
        assert!(refused.to_string().contains("is not a text file") && controls * 20 > bytes.len(), "{refused}");
    }
    opened.ok()
}

/// Is the file binary, or does it say that its lines end in two ways? The reader refuses it then.
fn is_refused(bytes: &[u8], library: &Library) -> bool {
    let Some(source) = opened(bytes) else { return true };
    let refused = detect::detect(&source, library).err();
    refused.is_some_and(|e| {
        assert!(e.to_string().contains("its lines end in two ways") && bytes.contains(&b'\r'), "{e}");
        true
    })
}

/// Both readers, from memory for every block size and from disk for one.
fn agree(bytes: &[u8], delimiter: u8, header: &[Vec<u8>]) -> Result<(), TestCaseError> {
    agree_on(bytes, delimiter, STANDARD, header, &LIBRARY)
}

/// As [`agree`], under a layout with this quoting.
fn agree_on(
    bytes: &[u8],
    delimiter: u8,
    quoting: Quoted,
    header: &[Vec<u8>],
    library: &Library,
) -> Result<(), TestCaseError> {
    if is_refused(bytes, library) {
        return Ok(());
    }
    let want = Twin::read(bytes, delimiter, quoting, header, is_date);
    let (rows, rejects) = (want.rows.len(), want.rejects.len());
    let holds_rows =
        |(_, _, _, line): &(u64, u64, Reason, Vec<u8>)| holds_rows_ended_by_cr(line, delimiter, header.len());
    let is_misread =
        (rejects >= 10 && rejects > rows) || (rejects >= 2 && rows == 0) || want.rejects.iter().any(holds_rows);
    let want = (!is_misread).then_some(want);
    let open = || Source::from_bytes("claims.csv", bytes.to_vec()).expect("no binary file");
    let wanted = want.as_ref().map(|found| Found {
        rows: found.rows.iter().filter(|(_, cells)| is_wanted(cells)).cloned().collect(),
        rejects: found.rejects.clone(),
    });
    for block in BLOCKS {
        prop_assert_eq!(&claimlint(open(), library, block, false), &want, "block size {}", block);
        prop_assert_eq!(&claimlint(open(), library, block, true), &wanted, "fast, block size {}", block);
    }
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, bytes).expect("room for it");
    let source = Source::open(&file.path().to_string_lossy()).expect("it is there");
    prop_assert_eq!(&claimlint(source, library, 31, false), &want, "from disk");
    Ok(())
}

/// The required columns of an extract, then some unknown ones.
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

    /// The file with quotes where they are needed and, at random, elsewhere.
    fn bytes(&self) -> Vec<u8> {
        self.bytes_in(STANDARD)
    }

    /// The file as a writer with these quotes writes it.
    fn bytes_in(&self, (quote, escapes): Quoted) -> Vec<u8> {
        let delimiter = char::from(self.delimiter);
        let escaped = |value: &str, what: char| value.replace('\\', "\\\\").replace(what, &format!("\\{what}"));
        let cell = |(value, quoted): &(&str, bool)| {
            let value = (*value).to_owned();
            let Some(quote) = quote.map(char::from) else {
                return if escapes { escaped(&value, delimiter) } else { value };
            };
            if *quoted || value.contains([quote, '\n', '\r', delimiter]) {
                let inside =
                    if escapes { escaped(&value, quote) } else { value.replace(quote, &format!("{quote}{quote}")) };
                format!("{quote}{inside}{quote}")
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

/// Kinds of damage: something is inserted or removed somewhere after the header.
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

/// A kind of damage and its position, both as a share of what there is.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, Option<&'static str>)>> {
    prop::collection::vec(
        (any::<prop::sample::Index>(), prop::option::weighted(0.85, prop::sample::select(DAMAGE.to_vec()))),
        0..6,
    )
}

fn damaged(file: &Plain, changes: &[(prop::sample::Index, Option<&'static str>)]) -> Vec<u8> {
    damage_to(file, file.bytes(), changes)
}

fn damage_to(file: &Plain, mut bytes: Vec<u8>, changes: &[(prop::sample::Index, Option<&'static str>)]) -> Vec<u8> {
    let header = bytes.iter().position(|b| matches!(b, b'\r' | b'\n')).map_or(bytes.len(), |i| i + file.line_end.len());
    for (place, change) in changes {
        let at = header + place.index(bytes.len() - header + 1);
        let fit = |b| if b == b',' { file.delimiter } else { b };
        match change {
            Some(text) => drop(bytes.splice(at..at, text.bytes().map(fit))),
            None if at < bytes.len() => drop(bytes.remove(at)),
            None => {}
        }
    }
    bytes
}

/// Files that chance finds once in some hundred runs.
#[test]
fn a_surplus_field_of_one_quote_is_filled() {
    let header: Vec<Vec<u8>> = NAMES[..4].iter().map(|name| name.as_bytes().to_vec()).collect();
    let names = NAMES[..4].join(",");
    for surplus in ["\"\"\"\"", "\"\"\"\"\"\"", "\"\"", "'", ""] {
        let file = format!("{names}\n,22514,,,{surplus}\n1,,,\n,22514,,,{surplus}\n");
        agree(file.as_bytes(), b',', &header).unwrap_or_else(|e| panic!("{surplus}: {e}"));
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_twin_reads_what_the_csv_crate_reads(file in plain()) {
        let bytes = file.bytes();
        let mut reader = csv::ReaderBuilder::new().delimiter(file.delimiter).from_reader(&*bytes);
        let records: Vec<csv::ByteRecord> = reader.byte_records().map(|r| r.expect("no damage")).collect();
        let want: Vec<Vec<Vec<u8>>> = records.iter().map(|r| r.iter().map(<[u8]>::to_vec).collect()).collect();
        let twin = Twin::read(&bytes, file.delimiter, STANDARD, &file.header(), is_date);
        prop_assert!(twin.rejects.is_empty(), "{:?}", twin.rejects);
        let values: Vec<Vec<Vec<u8>>> = twin.rows.iter().map(|(_, values)| values.clone()).collect();
        prop_assert_eq!(values, want);
        // The csv crate counts line feeds, so its line numbers are right only where lines end with one.
        if file.line_end == "\n" {
            let lines: Vec<u64> = records.iter().map(|r| r.position().expect("a position").line()).collect();
            prop_assert_eq!(twin.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), lines);
        }
    }

    /// Records that are too long, under a limit that short records reach.
    #[test]
    fn a_limit_of_records_does_not_depend_on_blocks(file in plain(), changes in damage(), limit in 1..90_usize) {
        let bytes = damaged(&file, &changes);
        let limited = |block| {
            let source = opened(&bytes)?;
            let mut detected = detect::detect(&source, &LIBRARY).ok()?;
            misread::settle_surplus(&source, &mut detected, |text| is_date(text.as_bytes()));
            detected.grammar.limit = limit;
            let lines = bytes[detected.data_start..].split(|b| detected.grammar.is_line_end(*b));
            let is_long = lines.map(<[u8]>::len).any(|length| length > limit);
            let extract = read(source, detected, block, None, &keep, &Unwatched).ok()?;
            let (rows, lines, found) = (extract.tally.rows, extract.tally.lines, found(extract.tally));
            assert!(!is_long || found.rejects.iter().any(|(_, _, reason, _)| *reason == Reason::TooLong));
            Some((extract.bytes, rows, lines, found))
        };
        let whole = limited(BLOCK);
        for block in BLOCKS {
            prop_assert_eq!(&limited(block), &whole, "block size {}, limit {}", block, limit);
        }
    }

    #[test]
    fn both_readers_agree_on_damaged_files(file in plain(), changes in damage()) {
        agree(&damaged(&file, &changes), file.delimiter, &file.header())?;
    }
}

/// Layouts with other quotes than those of RFC 4180.
static QUOTINGS: LazyLock<Vec<(Quoted, Library)>> = LazyLock::new(|| {
    let quotings = [
        ("escape = \"\\\\\"", (Some(b'"'), true)),
        ("quote = \"'\"", (Some(b'\''), false)),
        ("quote = \"'\"\nescape = \"\\\\\"", (Some(b'\''), true)),
        ("quote = \"none\"", (None, false)),
        ("quote = \"none\"\nescape = \"\\\\\"", (None, true)),
    ];
    let library = |text: &str| Library::only(Layout::load("l.toml", text).expect("a layout"));
    quotings.map(|(keys, quoting)| (quoting, library(&format!("extends = \"canonical\"\n{keys}\n")))).into()
});

/// Damage to files with other quotes.
const QUOTE_DAMAGE: [&str; 8] = ["\\", "\\\"", "\\'", "\\\\", "\\\n", "'", "'',", "\\,"];

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn both_readers_agree_on_other_quotes_and_escapes(
        file in plain(),
        which in 0..5_usize,
        changes in damage(),
        more in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(QUOTE_DAMAGE.to_vec()).prop_map(Some)),
            0..5,
        ),
    ) {
        let (quoting, library) = &QUOTINGS[which];
        let bytes = damage_to(&file, file.bytes_in(*quoting), &[changes, more].concat());
        agree_on(&bytes, file.delimiter, *quoting, &file.header(), library)?;
    }

    /// What a writer with escapes writes is read back as it was.
    #[test]
    fn escaped_cells_are_read_back(file in plain(), quote in prop::sample::select(vec![b'"', b'\''])) {
        let quoting = (Some(quote), true);
        let library = &QUOTINGS.iter().find(|(own, _)| *own == quoting).expect("one of them").1;
        let source = Source::from_bytes("claims.csv", file.bytes_in(quoting)).expect("no binary file");
        let found = claimlint(source, library, BLOCK, false).expect("no damage");
        prop_assert!(found.rejects.is_empty(), "{:?}", found.rejects);
        let rows = file.rows.iter().map(|row| row.iter().map(|(value, _)| value.as_bytes().to_vec()).collect());
        let want: Vec<Vec<Vec<u8>>> = rows.collect();
        prop_assert_eq!(found.rows.into_iter().map(|(_, values)| values).collect::<Vec<_>>(), want);
    }
}

/// Difficult examples, read by both.
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
