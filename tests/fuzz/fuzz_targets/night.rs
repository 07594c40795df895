//! Everything a user can hand over, at once: the text before each line `%%` is in turn the extract, the layout, the policy
//! file and the authorization file; what is empty or refused is replaced by what comes with the program. No panic, a
//! refusal says something, the ledger adds up, every report is well-formed and small blocks give the same bytes.

#![no_main]

mod kit;

use std::sync::LazyLock;

use claimlint::claim::authorization::Register;
use claimlint::ingest::{BLOCK, Layout, Library, Source};
use claimlint::policy::file::{Given, load};
use claimlint::report::{Content, FORMATS};
use claimlint::rules;
use claimlint::rules::doc::{self, RuleDoc};
use claimlint::run::{Outcome, Setup, Unwatched, run};
use libfuzzer_sys::fuzz_target;

use kit::{LIBRARY, POLICY};

static DOCS: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| doc::load().expect("the documentation is valid"));

const BREAK: &[u8] = b"\n%%\n";

/// The parts of the input, the last of them with all that is left.
fn parts(data: &[u8]) -> [&[u8]; 4] {
    let mut rest = data;
    let mut next = || match rest.windows(BREAK.len()).position(|w| w == BREAK) {
        Some(at) => {
            let part = &rest[..at];
            rest = &rest[at + BREAK.len()..];
            part
        }
        None => std::mem::take(&mut rest),
    };
    [next(), next(), next(), next()]
}

fn report(outcome: &Outcome) -> Vec<Vec<u8>> {
    let write = |format: &claimlint::report::Format| {
        let mut bytes = Vec::new();
        (format.write)(&Content { outcome, docs: &DOCS }, &mut bytes).expect("memory takes every report");
        bytes
    };
    FORMATS.iter().map(write).collect()
}

fn rows_of(table: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(table);
    reader.records().map(|r| r.expect("a well-formed table")).count()
}

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let [extract, layout, policy, auths] = parts(data);
    let policy = match std::str::from_utf8(policy) {
        Ok(text) if !text.is_empty() => {
            load(&[Given { file: "given.toml".to_owned(), text: text.to_owned() }], &rules::codes())
                .unwrap_or_else(|faults| {
                    assert!(!faults.to_string().is_empty());
                    POLICY.clone()
                })
        }
        _ => POLICY.clone(),
    };
    let library = match std::str::from_utf8(layout) {
        Ok(text) if !text.is_empty() => match Layout::load("layout.toml", text) {
            Ok(layout) => Library::only(layout),
            Err(_) => LIBRARY.clone(),
        },
        _ => LIBRARY.clone(),
    };
    let judged = |block: usize| -> Result<Outcome, String> {
        let register = (!auths.is_empty())
            .then(|| Register::read(Source::from_bytes("auths.csv", auths.to_vec())?))
            .transpose()
            .map_err(|e| e.to_string())?;
        let open = |name: &str| Source::from_bytes(name, extract.to_vec());
        let setup = Setup { policy: policy.clone(), library: library.clone(), register, block };
        run(&["claims.csv".to_owned()], &open, setup, &Unwatched).map_err(|e| e.to_string())
    };
    let outcome = match judged(BLOCK) {
        Ok(outcome) => outcome,
        Err(what) => {
            assert!(!what.is_empty());
            return;
        }
    };
    assert!(outcome.ledger.adds_up(), "{:?}", outcome.ledger);
    let tables = report(&outcome);
    assert_eq!(rows_of(&tables[0]), outcome.judged.services.len());
    assert_eq!(rows_of(&tables[1]), outcome.judged.findings.len());
    assert_eq!(rows_of(&tables[2]), outcome.inputs.iter().map(|i| i.rejects.len()).sum::<usize>());
    if data.len() % 4 == 0 {
        let other = judged(kit::block((data.len() / 4) as u8)).expect("it was judged before");
        assert_eq!(report(&other), tables);
    }
});
