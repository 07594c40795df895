//! Rows after the canonical header, judged by the built-in policy: no panic, the ledger adds up, every finding points to a
//! row of the extract, the report is well-formed, and small blocks give the same bytes. Rows of the authorization file
//! follow after a line `%%`.

#![no_main]

mod kit;

use claimlint::run::run_text;
use libfuzzer_sys::fuzz_target;

use kit::{Case, LIBRARY, POLICY, checked, report};

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
    let case = Case {
        extract: extract.as_bytes(),
        auths: auths.as_deref().map(str::as_bytes),
        policy: &POLICY,
        library: &LIBRARY,
    };
    let Some((outcome, tables)) = checked(&case, data.len()) else { return };
    let lines = extract.bytes().filter(|b| matches!(b, b'\n' | b'\r')).count() as u64 + 1;
    for finding in &outcome.judged.findings {
        let row = outcome.line_set.line(finding.line).row;
        assert!((2..=lines).contains(&row), "{finding:?} points at line {row} of {lines}");
    }
    assert_eq!(outcome.judged.services.len(), outcome.line_set.services.len());
    assert_eq!(outcome.summary.services(), outcome.line_set.services.len() as u64);
    if data.len() % 64 == 0 {
        let other = run_text(&POLICY, &extract, auths.as_deref()).expect("it was judged before");
        assert_eq!(report(&other, 2), tables[..2]);
    }
});
