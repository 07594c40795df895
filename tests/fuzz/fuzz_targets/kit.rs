//! Shared by all targets.

#![allow(dead_code, reason = "each target is a crate and uses a part of this")]

use std::sync::{LazyLock, Once};

use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::{BLOCK, Library, Source};
use claimlint::policy::Policy;
use claimlint::policy::parse::load;
use claimlint::report::write::write_whole;
use claimlint::report::{ReportContext, FORMATS, Format};
use claimlint::rules;
use claimlint::rules::doc;
use claimlint::rules::doc::RuleDoc;
use claimlint::run::{Expect, JudgedRun, Setup, Unwatched, read_authorizations, run};

#[path = "../../it/memory.rs"]
mod memory;

use memory::Shared;

/// The built-in policy.
pub(crate) static POLICY: LazyLock<Policy> =
    LazyLock::new(|| load(&[], &rules::codes()).expect("the built-in policy is valid"));

/// The built-in layouts.
pub(crate) static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::shipped().expect("the shipped layouts are valid"));

/// Block sizes near the sixty-four bytes that the kernel reads at once, and some that cut records anywhere.
const BLOCKS: [usize; 13] = [1, 2, 3, 5, 7, 16, 63, 64, 65, 128, 257, 4096, BLOCK];

/// The block size that a byte of the input selects.
pub(crate) fn block(byte: u8) -> usize {
    BLOCKS[usize::from(byte) % BLOCKS.len()]
}

/// A pool that runs on the fuzzer's own thread, so that the same input is always processed in the same way.
pub(crate) fn one_thread() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("the only pool");
    });
}

/// Lets the panics of other packages unwind, which abort as well unless they are caught: a panic of the Parquet library means
/// that a file is damaged. One of claimlint aborts at once.
pub(crate) fn only_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let of_libfuzzer = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|place| place.file().contains("polars-")) {
                of_libfuzzer(panic);
            }
        }));
    });
}

static DOCS: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| doc::load().expect("the documentation is valid"));

/// The first files of the report.
pub(crate) fn report(outcome: &JudgedRun, formats: usize) -> Vec<Vec<u8>> {
    let write = |format: &Format| {
        let out = Shared::default();
        write_whole(&ReportContext::of(outcome, &DOCS), format, Box::new(out.clone())).expect("memory takes every report");
        out.take()
    };
    FORMATS.iter().take(formats).map(write).collect()
}

/// The run over these bytes, or the error with which it was refused.
fn judged(case: &Case<'_>, block: usize) -> Result<JudgedRun, String> {
    let authorizations = case
        .auths
        .map(|bytes| read_authorizations(Source::from_bytes("auths", bytes.to_vec())?, case.policy, case.library, None))
        .transpose()
        .map_err(|e| e.to_string())?;
    let open = |name: &str| Source::from_bytes(name, case.extract.to_vec());
    let (policy, library, expect) = (case.policy.clone(), case.library.clone(), Expect::default());
    let setup = Setup { policy, library, authorizations, expect, block, part: BATCH_LINES, memory: None };
    let run = run(&["example".to_owned()], &open, setup, &Unwatched).map_err(|e| e.to_string())?;
    run.judge_all().map_err(|e| e.to_string())
}

/// The parts of one input.
pub(crate) struct Case<'a> {
    pub(crate) extract: &'a [u8],
    pub(crate) auths: Option<&'a [u8]>,
    pub(crate) policy: &'a Policy,
    pub(crate) library: &'a Library,
}

/// Runs a case and checks what is true of every report: an error has a message, the ledger adds up, tables are well-formed
/// and of the right length, other block sizes give the same bytes. `size`, the length of the input, selects further
/// checks, because the page is large.
pub(crate) fn checked(case: &Case<'_>, size: usize) -> Option<(JudgedRun, Vec<Vec<u8>>)> {
    let outcome = match judged(case, BLOCK) {
        Ok(outcome) => outcome,
        Err(what) => {
            assert!(!what.is_empty());
            return None;
        }
    };
    assert!(outcome.context.ledger.adds_up(), "{:?}", outcome.context.ledger);
    let formats = if size % 8 == 0 { usize::MAX } else { 4 };
    let tables = report(&outcome, formats);
    assert_eq!(rows_of(&tables[0]), outcome.judged.services.len());
    assert_eq!(rows_of(&tables[1]), outcome.judged.findings.len());
    let of_extracts = outcome.context.inputs.iter().map(|input| input.rejects.len());
    let of_tables = outcome.context.tables.iter().map(|table| table.rejects().len());
    assert_eq!(rows_of(&tables[2]), of_extracts.chain(of_tables).sum::<u64>() as usize);
    if size % 4 == 0 {
        let other = judged(case, block((size / 4) as u8)).expect("it was judged before");
        assert_eq!(report(&other, formats), tables);
    }
    Some((outcome, tables))
}

/// Rows of a well-formed table.
fn rows_of(table: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(table);
    reader.records().map(|r| r.expect("a well-formed table")).count()
}
