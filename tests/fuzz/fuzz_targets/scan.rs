//! Bytes behind a valid header: the fast scan, the grammar alone and the slow twin agree on rows, positions, rejects
//! and fields. The first byte of the input chooses the block size, the second header, delimiter and line end.

#![no_main]

mod kit;
#[path = "../../it/slow.rs"]
mod slow;

use std::sync::LazyLock;

use claimlint::claim::value::code::ProcedureColumn;
use claimlint::ingest::cell::{clean, upper};
use claimlint::ingest::field::{Field, Group};
use claimlint::ingest::{Detected, KeptRow, RowAction, Row, Source, Tally, read};
use claimlint::ingest::layout::detect;
use claimlint::run::Unwatched;
use libfuzzer_sys::fuzz_target;
use slow::{Found, STANDARD, Twin, holds_rows_ended_by_cr};

use kit::{LIBRARY, POLICY};

/// Headers that differ in what the kernel does: where the cells of interest stand, and over how many chunks of
/// sixty-four bytes a row goes.
static HEADERS: LazyLock<[Vec<String>; 4]> = LazyLock::new(|| {
    let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut wide = names("claim_id service_date procedure_code");
    wide.extend((1..=25).map(|n| format!("diagnosis_{n}")));
    wide.extend((1..=25).map(|n| format!("icd_procedure_{n}")));
    [
        names("claim_id service_date procedure_code diagnosis_1"),
        names("procedure_code claim_id service_date diagnosis_1 note"),
        names("icd_procedure_1 claim_id diagnosis_1 icd_procedure_2 icd_procedure_3 service_date note icd_procedure_4"),
        wide,
    ]
});

/// What the reader finds out about a header, once for each shape: looking is most of the time of a short file.
static DETECTED: LazyLock<Vec<(Vec<u8>, Detected)>> = LazyLock::new(|| (0..60).map(shaped).collect());

/// Header and detected of a shape: one of four headers, five delimiters, three line ends.
fn shaped(shape: usize) -> (Vec<u8>, Detected) {
    let delimiter = char::from(b",\t;|*"[shape / 4 % 5]).to_string();
    let line_end = ["\n", "\r\n", "\r"][shape / 20 % 3];
    let header = (HEADERS[shape % 4].join(&delimiter) + line_end).into_bytes();
    let source = Source::from_bytes("claims.csv", header.clone()).expect("a text");
    (header, detect::detect(&source, &LIBRARY).expect("the header is not damaged"))
}

fn again(detected: &Detected) -> Detected {
    Detected {
        grammar: detected.grammar.clone(),
        header: detected.header.clone(),
        binding: detected.binding.clone(),
        layout: detected.layout.clone(),
        joins: Vec::new(),
        unjoined: Vec::new(),
        beyond: Vec::new(),
        slot_gaps: Vec::new(),
        table_gaps: Vec::new(),
        ..*detected
    }
}

fn keep(detected: &Detected, row: &Row<'_>) -> RowAction<Vec<Vec<u8>>> {
    RowAction::Keep((0..detected.grammar.width).map(|c| row.cell(c).into_owned()).collect())
}

/// Does a cleaned cell of interest hold a code, as a run would find it?
fn is_wanted(detected: &Detected, cells: &[Vec<u8>]) -> bool {
    let holds = |c: usize, column| !POLICY.codes.read(&upper(clean(&cells[c], &[])), column).codes.is_empty();
    detected.binding.columns(Field::ProcedureCode).iter().any(|c| holds(*c, ProcedureColumn::Procedure))
        || detected.binding.group(Group::IcdProcedure).iter().any(|(_, c)| holds(*c, ProcedureColumn::Icd))
}

fn keep_wanted(detected: &Detected, row: &Row<'_>) -> RowAction<Vec<Vec<u8>>> {
    match keep(detected, row) {
        RowAction::Keep(cells) if is_wanted(detected, &cells) => RowAction::Keep(cells),
        _ => RowAction::Ignore,
    }
}

fn found(tally: Tally<Vec<KeptRow<Vec<Vec<u8>>>>>) -> Found {
    Found {
        rows: tally.kept.into_iter().map(|KeptRow { line, value, .. }| (line, value)).collect(),
        rejects: tally.rejects.all().expect("they are in memory").into_iter().map(|r| (r.line, r.offset.expect("a text"), r.reason, r.raw)).collect(),
    }
}

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let [block, shape, body @ ..] = data else { return };
    let block = kit::block(*block);
    let (header, detected) = &DETECTED[usize::from(*shape) % 60];
    let mut bytes = header.clone();
    // A line feed would make the header's CR an ordinary character.
    bytes.extend(body.iter().map(|b| if *b == b'\n' && detected.grammar.cr_ends { b'\r' } else { *b }));

    let Ok(source) = Source::from_bytes("claims.csv", bytes.clone()) else { return };
    let twin = Twin::read(&bytes, detected.grammar.delimiter, STANDARD, &detected.grammar.header, |_| false);
    // A file of which most is rejected is refused, and so is one with rows that CR ends on a line that LF ends.
    let (read_rows, rejected) = (twin.rows.len(), twin.rejects.len());
    let width = detected.grammar.width;
    let holds_rows = |line: &[u8]| holds_rows_ended_by_cr(line, detected.grammar.delimiter, width);
    let refused = (rejected >= 10 && rejected > read_rows)
        || (rejected >= 2 && read_rows == 0)
        || twin.rejects.iter().any(|(.., line)| holds_rows(line));
    let rows = (twin.rows.len() + twin.rejects.len()) as u64;
    let wanted = Found {
        rows: twin.rows.iter().filter(|(_, cells)| is_wanted(detected, cells)).cloned().collect(),
        rejects: twin.rejects.clone(),
    };
    let codes = POLICY.codes.forms();
    let by_grammar = read(source, again(detected), block, None, &keep, &Unwatched);
    let source = Source::from_bytes("claims.csv", bytes.clone()).expect("it was read before");
    let by_kernel = read(source, again(detected), block, Some(&codes), &keep_wanted, &Unwatched);
    for (reader, extract, want) in [("grammar", by_grammar, twin), ("kernel", by_kernel, wanted)] {
        let Ok(extract) = extract else {
            assert!(refused, "{reader}: refused");
            continue;
        };
        assert!(!refused, "{reader}: not refused");
        let tally = extract.tally;
        assert_eq!(tally.rows, rows, "{reader}");
        assert_eq!(tally.rows, tally.ignored + tally.kept.len() as u64 + tally.rejects.len(), "{reader}");
        assert_eq!(tally.bytes, bytes.len() as u64, "{reader}");
        assert_eq!(found(tally), want, "{reader}");
    }
});
