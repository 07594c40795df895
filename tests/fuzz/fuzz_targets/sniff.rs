//! Bytes as a whole file: a recognized file is read to its last byte, every row is in one bin, and small and large blocks, the
//! kernel and the grammar give the same rows. A file that begins with `#` is read with `--skip-lines 1 --comment '#'`.

#![no_main]

mod kit;

use std::sync::LazyLock;

use claimlint::ingest::{BLOCK, Detected, Library, RowAction, Reject, Row, Source, read};
use claimlint::ingest::layout::detect;
use claimlint::run::Unwatched;
use libfuzzer_sys::fuzz_target;

use kit::{LIBRARY, POLICY};

static SKIPPING: LazyLock<Library> = LazyLock::new(|| LIBRARY.clone().skipping(Some(1), &["#".to_owned()]));

/// What all readers must agree on: the number of rows, and the rejects.
fn count(bytes: &[u8], library: &Library, block: usize, codes: Option<&[&str]>) -> Option<(u64, Vec<Reject>)> {
    let source = Source::from_bytes("claims.csv", bytes.to_vec()).ok()?;
    // A few bytes of gzip or zstd may unpack to more than can be read in the time of one input.
    if !source.whole {
        return None;
    }
    let length = source.sample.len();
    let detected = detect::detect(&source, library).ok()?;
    assert!(detected.data_start <= length && detected.lines_before <= detected.data_start as u64);
    assert_eq!(detected.header.len(), detected.grammar.width);
    let keep = |_: &Detected, row: &Row<'_>| if row.cell(0).is_empty() { RowAction::Ignore } else { RowAction::Keep(()) };
    let extract = read(source, detected, block, codes, &keep, &Unwatched).ok()?;
    assert_eq!(extract.bytes, length as u64, "read to the end");
    let tally = extract.tally;
    assert_eq!(tally.rows, tally.ignored + tally.kept.len() as u64 + tally.rejects.len());
    assert!(tally.kept.windows(2).all(|w| w[0].line < w[1].line), "in the order of the file");
    Some((tally.rows, tally.rejects.all().expect("they are in memory")))
}

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let library = if data.starts_with(b"#") { &*SKIPPING } else { &*LIBRARY };
    let codes = POLICY.codes.forms();
    let want = count(data, library, BLOCK, None);
    if want.is_some() {
        assert_eq!(count(data, library, kit::block((data.len() % 11) as u8), None), want);
        assert_eq!(count(data, library, BLOCK, Some(&codes)), want, "kernel");
    }
});
