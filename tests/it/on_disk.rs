//! Tests that a run says the same to the byte where what it looks up by key is on disk instead of in memory.

use std::sync::Arc;

use claimlint::generate::{CsvStyle, ExtractPlan};
use claimlint::ingest::BLOCK;
use claimlint::run::Memory;

use crate::kit::{Inputs, POLICY, mask, report_in_parts};
use crate::soak::Invented;

/// So little memory that almost nothing stays in it.
fn little() -> Memory {
    Memory { bytes: 4096, scratch: Arc::new(tempfile::tempfile) }
}

/// Writes the report of these inputs from memory and from disk, in parts of `part` lines, and compares all of its files.
fn same_from_disk(inputs: &Inputs, part: usize, what: &str) {
    for masked in [None, Some(false), Some(true)] {
        let [memory, disk] = [None, Some(little())].map(|memory| {
            let mut run = inputs.read_by(&POLICY, BLOCK, part, memory).unwrap_or_else(|e| panic!("{what}: {e}"));
            if let Some(months) = masked {
                run.mask(mask(), months).expect("there is a disk");
            }
            let on_disk = run.context.authorizations.as_ref().map(|all| all.on_disk().is_some());
            (report_in_parts(&run), on_disk)
        });
        assert_eq!((memory.1, disk.1), (Some(false), Some(true)), "{what}: where the authorization file is");
        for ((file, want), (_, got)) in memory.0.iter().zip(&disk.0) {
            assert!(got == want, "{what}, {part} lines a part, masked {masked:?}: {file} differs");
        }
    }
}

#[test]
fn an_authorization_file_on_disk_changes_no_byte_of_a_report() {
    let plan = ExtractPlan {
        rows: 900,
        seed: 7,
        scope: 0.9,
        authorization_file: true,
        authorization_column: true,
        claim_amounts: true,
    };
    let invented = Invented::of(&plan, &CsvStyle::default());
    for part in [61, 4096] {
        same_from_disk(&invented.inputs, part, "an invented extract");
    }
}
