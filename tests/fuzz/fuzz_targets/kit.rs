//! What the targets share.

#![allow(dead_code, reason = "each target is a crate and uses a part of this")]

use std::sync::{LazyLock, Once};

use claimlint::ingest::{BLOCK, Library};
use claimlint::policy::Policy;
use claimlint::policy::file::load;
use claimlint::report::sink::write_whole;
use claimlint::report::{About, FORMATS, Format};
use claimlint::rules;
use claimlint::rules::doc::{self, RuleDoc};
use claimlint::run::Outcome;

#[path = "../../it/memory.rs"]
mod memory;

use memory::Shared;

/// The policy that comes with the program.
pub(crate) static POLICY: LazyLock<Policy> =
    LazyLock::new(|| load(&[], &rules::codes()).expect("the built-in policy is valid"));

/// The layouts that come with the program.
pub(crate) static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::shipped().expect("the shipped layouts are valid"));

/// Block sizes around the sixty-four bytes of the kernel, and some that cut records anywhere.
const BLOCKS: [usize; 13] = [1, 2, 3, 5, 7, 16, 63, 64, 65, 128, 257, 4096, BLOCK];

/// The block size that a byte of the input asks for.
pub(crate) fn block(byte: u8) -> usize {
    BLOCKS[usize::from(byte) % BLOCKS.len()]
}

/// Work stays on the fuzzer's thread: no hand-over per input, and the same input takes the same way each time.
pub(crate) fn one_thread() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("the only pool");
    });
}

static DOCS: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| doc::load().expect("the documentation is valid"));

/// The first files of the report.
pub(crate) fn report(outcome: &Outcome, formats: usize) -> Vec<Vec<u8>> {
    let write = |format: &Format| {
        let out = Shared::default();
        write_whole(&About::of(outcome, &DOCS), format, Box::new(out.clone())).expect("memory takes every report");
        out.take()
    };
    FORMATS.iter().take(formats).map(write).collect()
}

/// Rows of a well-formed table.
pub(crate) fn rows_of(table: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(table);
    reader.records().map(|r| r.expect("a well-formed table")).count()
}
