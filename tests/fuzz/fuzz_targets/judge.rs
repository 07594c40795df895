//! Rows behind the canonical header, judged by the built-in policy: no panic, the ledger adds up, every finding points
//! at a row of the extract, the report is well-formed, and small blocks give the same bytes. After a line `%%` follow
//! rows of the authorization file.

#![no_main]

mod kit;

use claimlint::claim::authorization::Register;
use claimlint::claim::store::LINES;
use claimlint::ingest::{BLOCK, Source};
use claimlint::run::{Expect, Outcome, Setup, Unwatched, run, run_text};
use libfuzzer_sys::fuzz_target;

use kit::{LIBRARY, POLICY, report, rows_of};

const HEADER: &str = "claim_id,procedure_code,diagnosis_1,service_date,member_id,product,place_of_service,bill_type,\
units,diagnosis_2,diagnosis_pointer,icd_procedure_1,authorization_number,frequency_code,original_claim_id,\
line_number,claim_form,billing_npi,modifier_1,charge_amount,paid_amount,diagnosis_pointer_1,member_state\n";
const AUTHS: &str = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let text = String::from_utf8_lossy(data);
    let (rows, auths) = text.split_once("\n%%\n").map_or((&*text, None), |(rows, auths)| (rows, Some(auths)));
    let extract = format!("{HEADER}{rows}");
    let auths = auths.map(|rows| format!("{AUTHS}{rows}"));
    // As `run_text`, but for the shipped layouts, which it would read again for each input.
    let judged = |block: usize| -> Result<Outcome, String> {
        let open = |name: &str| Source::from_bytes(name, extract.clone().into_bytes());
        let register = auths
            .as_ref()
            .map(|text| Register::read(Source::from_bytes("auths", text.clone().into_bytes())?))
            .transpose()
            .map_err(|e| e.to_string())?;
        let (policy, library, expect) = (POLICY.clone(), LIBRARY.clone(), Expect::default());
        let setup = Setup { policy, library, register, expect, block, part: LINES, memory: None };
        let run = run(&["example".to_owned()], &open, setup, &Unwatched).map_err(|e| e.to_string())?;
        run.whole().map_err(|e| e.to_string())
    };
    let outcome = match judged(BLOCK) {
        Ok(outcome) => outcome,
        Err(what) => {
            assert!(!what.is_empty());
            return;
        }
    };
    assert!(outcome.frame.ledger.adds_up(), "{:?}", outcome.frame.ledger);
    let lines = extract.bytes().filter(|b| matches!(b, b'\n' | b'\r')).count() as u64 + 1;
    for finding in &outcome.judged.findings {
        let row = outcome.book.line(finding.line).row;
        assert!((2..=lines).contains(&row), "{finding:?} points at line {row} of {lines}");
    }
    assert_eq!(outcome.judged.services.len(), outcome.book.services.len());
    assert_eq!(outcome.summary.services(), outcome.book.services.len() as u64);
    // The page is large; every eighth input shows it.
    let formats = if data.len() % 8 == 0 { usize::MAX } else { 4 };
    let tables = report(&outcome, formats);
    assert_eq!(rows_of(&tables[0]), outcome.judged.services.len());
    assert_eq!(rows_of(&tables[1]), outcome.judged.findings.len());
    assert_eq!(rows_of(&tables[2]), outcome.frame.inputs.iter().map(|i| i.rejects.len()).sum::<u64>() as usize);
    if data.len() % 4 == 0 {
        let other = judged(kit::block((data.len() / 4) as u8)).expect("it was judged before");
        assert_eq!(report(&other, formats), tables);
    }
    if data.len() % 64 == 0 {
        let other = run_text(&POLICY, &extract, auths.as_deref()).expect("it was judged before");
        assert_eq!(report(&other, 2), tables[..2]);
    }
});
