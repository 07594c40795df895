//! Tests that an extract read in slices is the extract read at once, wherever the splits begin: rows, rejected rows, counts,
//! warnings and every file of the report.

use std::cell::Cell;
use std::fs::File;
use std::io::{Cursor, Seek as _, Write as _};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use claimlint::claim::Store;
use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::layout::detect;
use claimlint::ingest::layout::dialect::Dialect;
use claimlint::ingest::split::{RUN_UP, Split, SplitText, splits};
use claimlint::ingest::{
    BLOCK, Detected, Extract, KeptRow, Position, ReadError, Reject, Row, RowAction, Source, split,
};
use claimlint::run::slice::{SliceFile, SliceId, SliceReader, read_slices, read_split};
use claimlint::run::{Expect, Setup, Unwatched, run_with};

use crate::kit::{Inputs, LIBRARY, MEMORY, POLICY, config, report};
use crate::properties::extract;

/// Extracts, each with a dozen splits.
const CASES: u32 = 1_200;

/// Splits that the property reads at least.
const SPLITS: u64 = 10_000;

/// Splits that it reads at least twice, because the guess of their entry was wrong.
const READ_AGAIN: u64 = 100;

/// Bytes that are put into an extract.
const DAMAGE: [&str; 7] = ["\"", "\n", ",\"", "\",", "\"a\nb\nc,d\n\"", "\r", "\"\n\"\n\"\n"];

/// A damaged extract.
fn damaged(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let damage = prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(DAMAGE.to_vec())), 0..16);
    (extract(most), damage).prop_map(|(generated, damage)| {
        let mut text = generated.inputs().extracts.remove(0).1;
        let rows = text.iter().position(|b| *b == b'\n').map_or(text.len(), |end| end + 1);
        for (place, bytes) in damage {
            let at = rows + place.index(text.len() - rows + 1);
            text.splice(at..at, bytes.bytes());
        }
        text
    })
}

/// Everything that reading gives: rows with their places, rejected rows, counts.
type Read = (Vec<(u64, u64, Vec<u8>)>, Vec<Reject>, String);

fn cells(row: &Row<'_>, width: usize) -> Vec<u8> {
    (0..width).flat_map(|column| [&row.cell(column)[..], b"|"].concat()).collect()
}

fn keep(detected: &Detected, row: &Row<'_>, position: Position, kept: &mut Vec<KeptRow<Vec<u8>>>) -> RowAction<()> {
    let value = cells(row, detected.grammar.width);
    if value.starts_with(b"C1") {
        return RowAction::Ignore;
    }
    kept.push(KeptRow { line: position.line, offset: position.offset, value });
    RowAction::Keep(())
}

fn detected(text: &[u8], limit: usize) -> Option<Detected> {
    let source = Source::from_bytes("claims.csv", text.to_vec()).expect("there is text");
    let mut detected = detect::detect(&source, &LIBRARY).ok()?;
    detected.grammar.limit = limit;
    Some(detected)
}

/// The extract in one pass. `None` if it is refused.
fn at_once(text: &[u8], limit: usize) -> Option<Read> {
    let source = Source::from_bytes("claims.csv", text.to_vec()).expect("there is text");
    let detected = detected(text, limit)?;
    let read = claimlint::ingest::read_into(Vec::new(), source, detected, BLOCK, None, None, &keep, &Unwatched);
    let Extract { tally, .. } = read.ok()?;
    let kept = tally.kept.iter().map(|row| (row.line, row.offset, row.value.clone())).collect();
    let counts = format!(
        "{} {} {} {} {:?} {:?} {:?} {:?} {:?}",
        tally.rows,
        tally.ignored,
        tally.lines,
        tally.bytes,
        tally.longer,
        tally.stray_quotes,
        tally.cut_short,
        tally.skipped,
        tally.skipped_rows
    );
    Some((kept, tally.rejects.all().expect("they are in memory"), counts))
}

/// How often splits were read, and how often again.
#[derive(Default)]
struct Reads {
    all: Cell<u64>,
    again: Cell<u64>,
}

/// Reads the splits until each begins where the one before it ends, and calls `read` with the split and its entry. Returns what
/// the last call gave for each.
fn until_they_fit<T>(
    of: &[Split],
    data_start: u64,
    reads: &Reads,
    mut read: impl FnMut(&Split, Option<u64>) -> (u64, u64, T),
) -> Vec<T> {
    let mut all: Vec<(u64, u64, T)> = of.iter().map(|split| read(split, None)).collect();
    reads.all.set(reads.all.get() + of.len() as u64);
    // Every round puts at least the first wrong split right.
    for _ in 0..=of.len() {
        let mut expected = data_start;
        let mut wrong = Vec::new();
        for (n, (entry, exit, _)) in all.iter().enumerate() {
            if *entry != expected {
                wrong.push((n, expected));
            }
            expected = *exit;
        }
        if wrong.is_empty() {
            assert_eq!(expected, of[of.len() - 1].size, "the last split ends with the extract");
            return all.into_iter().map(|(.., value)| value).collect();
        }
        reads.again.set(reads.again.get() + wrong.len() as u64);
        for (n, entry) in wrong {
            all[n] = read(&of[n], Some(entry));
        }
    }
    panic!("the splits never fit");
}

/// The extract in splits.
fn in_splits(text: &[u8], limit: usize, length: u64, run_up: u64, is_stream: bool, reads: &Reads) -> Read {
    let detected = detected(text, limit).expect("it was read before");
    let size = text.len() as u64;
    let of: Vec<Split> = splits(detected.data_start as u64, size, length, run_up).collect();
    let mut file = tempfile::tempfile().expect("there is a disk");
    file.write_all(text).and_then(|()| file.rewind()).expect("there is room");
    let tallies = until_they_fit(&of, detected.data_start as u64, reads, |split, entry| {
        let source = if is_stream {
            let at = entry.unwrap_or(split.from).saturating_sub(run_up + 3);
            SplitText::Stream { stream: Box::new(Cursor::new(text[at as usize..].to_vec())), at }
        } else {
            SplitText::File(file.try_clone().expect("a handle"))
        };
        let read =
            split::read(Vec::new(), "claims.csv", source, &detected, split, entry, 64, None, None, &keep, &Unwatched);
        let read = read.expect("it is read");
        (read.entry, read.exit, read.tally)
    });
    let mut total = claimlint::ingest::Tally::new(detected.lines_before + 1, detected.data_start as u64, Vec::new());
    for tally in tallies {
        total.append(tally);
    }
    let kept = total.kept.iter().map(|row| (row.line, row.offset, row.value.clone())).collect();
    let counts = format!(
        "{} {} {} {} {:?} {:?} {:?} {:?} {:?}",
        total.rows,
        total.ignored,
        total.lines,
        total.bytes,
        total.longer,
        total.stray_quotes,
        total.cut_short,
        total.skipped,
        total.skipped_rows
    );
    (kept, total.rejects.all().expect("they are in memory"), counts)
}

#[test]
fn splits_of_damaged_extracts_give_what_one_pass_gives() {
    let reads = Reads::default();
    let cases = config(CASES);
    let is_full = cases.cases >= CASES;
    let limits = prop_oneof![3 => Just(64_usize << 20), 1 => 40_usize..400];
    let run_ups = prop_oneof![2 => 0_u64..400, 1 => Just(RUN_UP)];
    let strategy = (damaged(60), limits, 37_u64..900, run_ups, any::<bool>());
    let checked = TestRunner::new(cases).run(&strategy, |(text, limit, length, run_up, is_stream)| {
        let Some(want) = at_once(&text, limit) else { return Ok(()) };
        let got = in_splits(&text, limit, length, run_up, is_stream, &reads);
        prop_assert_eq!(got.2, want.2);
        prop_assert_eq!(got.1, want.1);
        prop_assert_eq!(got.0, want.0);
        Ok(())
    });
    checked.unwrap_or_else(|e| panic!("{e}"));
    let (all, again) = (reads.all.get(), reads.again.get());
    assert!(!is_full || all >= SPLITS && again >= READ_AGAIN, "{all} splits, {again} read again");
}

/// What a run needs, for extracts without an authorization file.
fn setup(inputs: &Inputs) -> Setup {
    Setup {
        policy: POLICY.clone(),
        library: LIBRARY.clone(),
        authorizations: inputs.authorizations(&POLICY, None).expect("it can be read"),
        expect: Expect::default(),
        block: BLOCK,
        part: BATCH_LINES,
        memory: None,
    }
}

/// Writes a slice of the extract as a file, and returns it with its entry and exit.
fn write_slice(
    directory: &std::path::Path,
    text: &[u8],
    detected: &Detected,
    (number, split): (u64, &Split),
    entry: Option<u64>,
    setup: &Setup,
) -> (u64, u64, SliceFile) {
    let id = SliceId { plan: "a plan".to_owned(), slice: number, extract: 0 };
    let text = SplitText::Stream { stream: Box::new(Cursor::new(text.to_vec())), at: 0 };
    let store = Store::new(None, BATCH_LINES);
    let slice = read_split(id, ("claims.csv", text), detected, split, entry, setup, store, &Unwatched);
    let slice = slice.expect("it is read");
    let path = directory.join(format!("{number}.bin"));
    let mut file = File::create(&path).expect("there is room");
    slice.write(&mut file).expect("there is room");
    let head = SliceReader::open(File::open(&path).expect("it is there"), MEMORY).expect("it is whole").head;
    assert_eq!(head, slice.head);
    (head.entry, head.exit, SliceFile { path, split: number, head })
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn every_file_of_a_report_is_that_of_one_pass(
        generated in extract(60), length in 60_u64..3_000, run_up in 0_u64..400,
    ) {
        let inputs = generated.inputs();
        let want = inputs.run().map(|outcome| report(&outcome));
        let text = &inputs.extracts[0].1;
        let setup = setup(&inputs);
        let source = || Source::from_bytes("claims.csv", text.clone());
        let Ok((settled, _)) = claimlint::run::settle(&source().expect("there is text"), &setup) else { return Ok(()) };
        // Another process knows the dialect of the plan only.
        let plan = serde_json::to_string(&Dialect::of(&settled).expect("it can be divided")).expect("a text");
        let dialect: Dialect = serde_json::from_str(&plan).expect("the same text");
        let detected = dialect.detected(&LIBRARY).expect("the same layouts");
        let directory = tempfile::tempdir().expect("a directory");
        let of: Vec<Split> = splits(dialect.data_start, text.len() as u64, length, run_up).collect();
        let slices = until_they_fit(&of, dialect.data_start, &Reads::default(), |split, entry| {
            let number = of.iter().position(|other| other == split).expect("it is one of them") as u64;
            write_slice(directory.path(), text, &detected, (number, split), entry, &setup)
        });
        let read = |_: u32, _: &str, setup: &Setup, store: Store, watch: &dyn claimlint::ingest::Watch| {
            read_slices(&source()?, &slices, MEMORY, setup, store, watch)
        };
        let names = ["claims.csv".to_owned()];
        let merged = run_with(&names, &read, setup, &Unwatched).map_err(|e: ReadError| e.to_string());
        let got = merged.map(|run| report(&run.judge_all().expect("they are in memory")));
        prop_assert_eq!(got, want);
    }
}
