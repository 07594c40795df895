//! Text as a layout, a policy file and an authorization file: no panic, and every fault has a position in the text. If the
//! first line of the text is a comment (`# claim_id,...`), a layout that loads is bound to it as a header and reads an
//! extract with that header.

#![no_main]

mod kit;

use claimlint::claim::authorization::{NeededRows, RowRoom};
use claimlint::ingest::field::{Field, Group};
use claimlint::ingest::{BLOCK, Detected, Layout, Library, RowAction, Row, Source, read};
use claimlint::ingest::layout::detect;
use claimlint::policy::parse::{PolicyFile, load};
use claimlint::rules;
use claimlint::run::{Unwatched, read_authorizations, run_text};
use claimlint::strict_toml::Faults;
use libfuzzer_sys::fuzz_target;

const FILE: &str = "given.toml";

fn placed(faults: &Faults, text: &str) {
    assert!(!faults.list.is_empty(), "no fault");
    assert!(!faults.to_string().is_empty());
    // A file that is valid by itself may contradict a built-in file, and the error then names that one.
    for fault in faults.list.iter().filter(|_| faults.file == FILE) {
        let line = text.split('\n').nth(fault.line.checked_sub(1).expect("lines count from 1"));
        let line = line.unwrap_or_else(|| panic!("{fault:?} lies behind the last line"));
        assert!((1..=line.chars().count() + 1).contains(&fault.column), "{fault:?} lies behind its line");
    }
}

fn bind(layout: &Layout, header: &str) {
    let names: Vec<String> = header.split(',').map(|n| n.trim().to_owned()).collect();
    layout.recognizes(&names);
    match layout.bind(&names) {
        Err(unbound) => assert!(!unbound.to_string().is_empty()),
        Ok(binding) => {
            for binding in binding.each() {
                let fields = Field::NAMES.iter().flat_map(|(field, _)| binding.columns(*field).iter().copied());
                let groups = Group::NAMES.iter().flat_map(|(group, ..)| binding.group(*group));
                assert!(groups.clone().all(|(slot, _)| *slot > 0));
                let mut columns = fields.chain(groups.map(|(_, column)| *column));
                assert!(columns.all(|column| column < names.len()), "a column that is not there");
            }
            assert!(binding.code_columns().is_none_or(|columns| !columns.is_empty()));
        }
    }
    let extract = format!("{header}\n{}\n\n22513{header}\n", header.replace(|c: char| c.is_alphanumeric(), "1"));
    let Ok(source) = Source::from_bytes("claims.csv", extract.clone().into_bytes()) else { return };
    let Ok(detected) = detect::detect(&source, &Library::only(layout.clone())) else { return };
    let look = |detected: &Detected, row: &Row<'_>| {
        for binding in detected.binding.each() {
            for (field, _) in Field::NAMES {
                binding.text(row, field);
            }
            for (group, ..) in Group::NAMES {
                for (_, cell) in binding.slots(row, group) {
                    binding.split(group).parts(&cell).for_each(drop);
                }
            }
        }
        RowAction::Keep(())
    };
    if let Ok(extract) = read(source, detected, BLOCK, Some(&["22513"]), &look, &Unwatched) {
        let tally = extract.tally;
        assert_eq!(tally.rows, tally.ignored + tally.kept.len() as u64 + tally.rejects.len());
    }
}

const EXTRACT: &str = "claim_id,member_id,product,place_of_service,bill_type,service_date,procedure_code,units,\
diagnosis_1,diagnosis_2,icd_procedure_1,authorization_number,charge_amount
C1,M1,HMO Blue,22,,2024-03-05,22513,2,M80.08XA,M54.5,,A1,10
C1,M1,HMO Blue,22,,2024-03-05,22515,1,M48.56,,,,20
C2,M2,PPO,,111,2024-03-05,,,C79.51,G89.3,0PU43JZ,,30
C3,M3,Medicare HMO,24,,2010-03-05,22523,1,S22.000A,,,NONE,40
";

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Layout::load(FILE, text) {
        Err(faults) => placed(&faults, text),
        Ok(layout) => {
            let first = text.lines().next().and_then(|line| line.strip_prefix('#')).unwrap_or_default();
            bind(&layout, first);
        }
    }
    match load(&[PolicyFile { file: FILE.to_owned(), text: text.to_owned() }], &rules::codes()) {
        Err(faults) => placed(&faults, text),
        Ok(policy) => {
            let outcome = run_text(&policy, EXTRACT, None).expect("the extract is right");
            assert!(outcome.context.ledger.adds_up());
        }
    }
    if let Ok(source) = Source::from_bytes("auths.csv", data.to_vec())
        && source.whole
        && let Ok(all) = read_authorizations(source, &kit::POLICY, &kit::LIBRARY, None)
    {
        let file = all.file().expect("without a bound all rows are in memory");
        let mut needed = NeededRows::of(&all, RowRoom::unbounded().scratch);
        needed.note(file, std::iter::once(("A1", "M1"))).expect("they are in memory");
        let rows = needed.rows(&all).expect("they are in memory");
        assert!(rows.count() <= file.rows().len());
    }
});
