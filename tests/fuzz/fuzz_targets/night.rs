//! All files of a user at once: the parts between lines `%%` are the extract, the layout, the policy file and the
//! authorization file. An empty or refused part is replaced by the built-in one. No panic, an error has a message, the
//! ledger adds up, every report is well-formed and small blocks give the same bytes.

#![no_main]

mod kit;

use std::sync::{Arc, LazyLock, Mutex};

use claimlint::ingest::{Layout, Library};
use claimlint::policy::Policy;
use claimlint::policy::parse::{PolicyFile, load};
use claimlint::rules;
use libfuzzer_sys::fuzz_target;

use kit::{Case, LIBRARY, POLICY, checked};

const BREAK: &[u8] = b"\n%%\n";

/// The parts of the input. The last part is all that is left.
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

/// The policy of this text, or the built-in policy if the text is empty or refused.
fn policy_of(text: &[u8]) -> Arc<Policy> {
    // Reading a policy takes longer than everything else, and most inputs do not change it.
    static LAST: LazyLock<Mutex<(Vec<u8>, Arc<Policy>)>> =
        LazyLock::new(|| Mutex::new((Vec::new(), Arc::new(POLICY.clone()))));
    let mut last = LAST.lock().expect("one thread");
    if last.0 != text {
        let given = std::str::from_utf8(text).ok().filter(|text| !text.is_empty());
        let loaded = given.map(|text| {
            load(&[PolicyFile { file: "given.toml".to_owned(), text: text.to_owned() }], &rules::codes()).unwrap_or_else(
                |faults| {
                    assert!(!faults.to_string().is_empty());
                    POLICY.clone()
                },
            )
        });
        *last = (text.to_vec(), Arc::new(loaded.unwrap_or_else(|| POLICY.clone())));
    }
    Arc::clone(&last.1)
}

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let [extract, layout, policy, auths] = parts(data);
    let policy = policy_of(policy);
    let library = match std::str::from_utf8(layout) {
        Ok(text) if !text.is_empty() => match Layout::load("layout.toml", text) {
            Ok(layout) => Library::only(layout),
            Err(_) => LIBRARY.clone(),
        },
        _ => LIBRARY.clone(),
    };
    let auths = (!auths.is_empty()).then_some(auths);
    checked(&Case { extract, auths, policy: &policy, library: &library }, data.len());
});
