//! A Parquet extract, damaged in some places or made of these bytes alone, through the whole run with little memory. No panic
//! but those of the library, which mean that the file is damaged; no more memory than it may take; the ledger adds up; and
//! neither the bound on memory nor the threads change what is said.
//!
//! The first byte selects a fixture, or none. Each five bytes after it are damage: a place, counted from the end of the file
//! where the last bit is set, and what is written there.

#![no_main]

mod kit;

use std::path::PathBuf;
use std::sync::LazyLock;

use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::{BLOCK, Source};
use claimlint::run::{Expect, JudgedRun, Setup, Unwatched, run};
use libfuzzer_sys::fuzz_target;

use kit::{LIBRARY, POLICY};

/// Tables of several writers, encodings and compressions.
static TABLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/parquet"));
    let entries = std::fs::read_dir(directory).expect("the fixtures");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "parquet"));
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a fixture")).collect()
});

/// The file in memory that holds the table, one for this process.
static FILE: LazyLock<String> = LazyLock::new(|| format!("/dev/shm/claimlint-fuzz-{}.parquet", std::process::id()));

/// Bytes that reading may take.
const MEMORY: [usize; 2] = [1 << 22, 1 << 26];

fn damaged(data: &[u8]) -> Vec<u8> {
    let Some((first, damage)) = data.split_first() else { return b"PAR1".to_vec() };
    let Some(table) = TABLES.get(usize::from(*first) % (TABLES.len() + 1)) else {
        return [b"PAR1", damage].concat();
    };
    let mut bytes = table.clone();
    for change in damage.chunks_exact(5) {
        let place = u32::from_le_bytes([change[0], change[1], change[2], change[3]]);
        let at = (place >> 1) as usize % bytes.len();
        let at = if place & 1 == 1 { bytes.len() - 1 - at } else { at };
        bytes[at] = change[4];
    }
    // What is left over cuts the file short.
    let cut = damage.chunks_exact(5).remainder().first().map_or(0, |byte| usize::from(*byte) / 32);
    bytes.truncate(bytes.len() - cut.min(bytes.len()));
    bytes
}

fn judged(memory: usize) -> Result<JudgedRun, String> {
    let open = |name: &str| {
        let mut source = Source::open_extract(name, None)?;
        source.set_memory(memory);
        Ok(source)
    };
    let (policy, library, expect) = (POLICY.clone(), LIBRARY.clone(), Expect::default());
    let setup =
        Setup { policy, library, authorizations: None, expect, block: BLOCK, part: BATCH_LINES, memory: None };
    let run = run(&[FILE.clone()], &open, setup, &Unwatched).map_err(|e| e.to_string())?;
    run.judge_all().map_err(|e| e.to_string())
}

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    kit::only_guarded_panics();
    std::fs::write(&*FILE, damaged(data)).expect("room in memory");
    let [little, more] = MEMORY.map(judged);
    match (little, more) {
        (Ok(little), Ok(more)) => {
            assert!(little.context.ledger.adds_up(), "{:?}", little.context.ledger);
            assert_eq!(kit::report(&little, 4), kit::report(&more, 4));
        }
        // With more memory more may be found damaged, or whole.
        (Err(said), _) | (_, Err(said)) => assert!(!said.is_empty() && !said.contains("fault of claimlint"), "{said}"),
    }
});
