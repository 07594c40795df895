//! Tests extracts without a column. Without some columns no denial is new: what rested on the column is not known, so it is
//! for review. Without the others a denial can be new, because the column says that a row is no service, that a denial is not
//! certain, or that the service has what the policy asks for. An example shows it for each of them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use claimlint::ingest::field::{Field, Group};
use claimlint::run::JudgedRun;

use crate::invariants::{HEADER, column, rows, text};
use crate::kit::{Inputs, Table, config};
use crate::properties::{AUTHS, written};

/// Without these columns no denial is new, unless a row takes another one back or two rows become duplicates: amounts tell
/// reversals and duplicates, so they are among [`TELLING`], too.
const HARMLESS: [&str; 10] = [
    "member_state",
    "product",
    "capitated",
    "billing_npi",
    "rendering_npi",
    "revenue_code",
    "authorization_number",
    "charge_amount",
    "allowed_amount",
    "paid_amount",
];

/// A column that is shown, and that no rule and no bin asks for.
const SHOWN: &str = "billing_provider_name";

/// Without these fields a row does not say what happened, and the run refuses the extract.
const REQUIRED: [&str; 4] = ["claim_id", "service_date", "procedure_code", "diagnosis_1"];

/// A column without which a denial can be new, why, and rows that show it: the header, then the rows.
const TELLING: [(&str, &str, &str); 22] = [
    (
        "line_number",
        "two lines become duplicates, and the number on the later one is not seen",
        "claim_id,line_number,product,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number
         C1,1,HMO,22,2024-03-05,22514,M4856XA,
         C1,2,HMO,22,2024-03-05,22514,M4856XA,A-1",
    ),
    (
        "claim_form",
        "two billing sides become one encounter",
        "claim_id,claim_form,member_id,product,billing_npi,place_of_service,service_date,procedure_code,diagnosis_1
         C1,P,M1,PPO,1000000001,22,2024-03-05,22513,M8008XA
         C2,I,M1,PPO,1000000001,22,2024-03-05,22514,M8008XA",
    ),
    (
        "frequency_code",
        "a void is not seen",
        "claim_id,frequency_code,original_claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1
         C1,1,,PPO,22,2024-03-05,22514,M545
         C2,8,C1,PPO,22,2024-03-05,22514,M545",
    ),
    (
        "original_claim_id",
        "the claim that was replaced is not known",
        "claim_id,frequency_code,original_claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1
         C1,1,,PPO,22,2024-03-05,22514,M545
         C2,7,C1,PPO,22,2024-03-05,22514,M4856XA",
    ),
    (
        "version_number",
        "an older version is not seen",
        "claim_id,version_number,product,place_of_service,service_date,procedure_code,diagnosis_1,units
         C1,1,PPO,22,2024-03-05,22514,M545,2
         C1,2,PPO,22,2024-03-05,22514,M4856XA,1",
    ),
    (
        "claim_status",
        "a row that the payer denied becomes a service",
        "claim_id,claim_status,product,place_of_service,service_date,procedure_code,diagnosis_1
         C1,DENIED,PPO,22,2024-03-05,22514,M545
         C2,PAID,PPO,22,2024-03-05,22514,M4856XA",
    ),
    (
        "line_status",
        "a row that the payer denied becomes a service",
        "claim_id,line_status,product,place_of_service,service_date,procedure_code,diagnosis_1
         C1,DENIED,PPO,22,2024-03-05,22514,M545
         C2,PAID,PPO,22,2024-03-05,22514,M4856XA",
    ),
    (
        "member_id",
        "the number on the hospital's claim is not seen, because no session is",
        "claim_id,member_id,product,place_of_service,bill_type,service_date,procedure_code,diagnosis_1,authorization_number
         C1,M1,HMO,22,,2024-03-05,22514,M4856XA,
         C2,M1,HMO,,131,2024-03-05,22514,M4856XA,A-1",
    ),
    (
        "payer_sequence",
        "another payer may be primary",
        "claim_id,payer_sequence,product,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number
         C1,S,HMO,22,2024-03-05,22514,M4856XA,",
    ),
    (
        "place_of_service",
        "an emergency room is not seen",
        "claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number
         C1,HMO,23,2024-03-05,22514,M4856XA,",
    ),
    (
        "bill_type",
        "an emergency counts for an inpatient only, and its frequency may be that of a void",
        "claim_id,product,bill_type,admission_type,service_date,procedure_code,diagnosis_1,authorization_number
         C1,HMO,411,1,2024-03-05,22514,M4856XA,",
    ),
    (
        "admission_type",
        "an emergency is not seen",
        "claim_id,product,place_of_service,admission_type,service_date,procedure_code,diagnosis_1,authorization_number
         C1,HMO,21,1,2024-03-05,22514,M4856XA,",
    ),
    (
        "service_end_date",
        "the stay that carries the number seems to be over",
        "claim_id,member_id,product,place_of_service,bill_type,service_date,service_end_date,procedure_code,icd_procedure_1,diagnosis_1,authorization_number
         C1,M1,HMO,21,,2024-03-05,,22514,,M4856XA,
         C2,M1,HMO,,111,2024-03-01,2024-03-06,,0QU03JZ,M4856XA,A-1",
    ),
    (
        "units",
        "an empty number of units is one, and a row of less than one or of negative units is not seen",
        "claim_id,line_number,member_id,product,billing_npi,place_of_service,service_date,procedure_code,units,diagnosis_1
         C1,1,M1,PPO,1000000001,22,2024-03-05,22514,0.5,M4856XA
         C1,2,M1,PPO,1000000001,22,2024-03-05,22514,0.5,M4856XA",
    ),
    (
        "modifier_1",
        "an assistant's units and codes count",
        "claim_id,line_number,member_id,product,billing_npi,place_of_service,service_date,procedure_code,modifier_1,diagnosis_1
         C1,1,M1,PPO,1000000001,22,2024-03-05,22514,,M4856XA
         C1,2,M1,PPO,1000000001,22,2024-03-05,22514,80,M4856XA",
    ),
    (
        "diagnosis_2",
        "the listed diagnosis is not seen",
        "claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1,diagnosis_2
         C1,PPO,22,2024-03-05,22514,M545,M4856XA",
    ),
    (
        "diagnosis_pointer",
        "a diagnosis of ICD-10 is considered beside the one of ICD-9-CM to which the line points",
        "claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1,diagnosis_2,diagnosis_pointer
         C1,PPO,22,2024-03-05,22514,73313,M545,1",
    ),
    (
        "diagnosis_pointer_1",
        "as for the packed column",
        "claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1,diagnosis_2,diagnosis_pointer_1
         C1,PPO,22,2024-03-05,22514,73313,M545,1",
    ),
    (
        "icd_procedure_1",
        "the stay that carries the number is not seen",
        "claim_id,member_id,product,place_of_service,bill_type,service_date,procedure_code,icd_procedure_1,diagnosis_1,authorization_number
         C1,M1,HMO,21,,2024-03-05,22514,,M4856XA,
         C2,M1,HMO,,111,2024-03-05,,0QU03JZ,M4856XA,A-1",
    ),
    (
        "charge_amount",
        "a row that takes another back is not seen",
        "claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1,charge_amount,paid_amount
         C1,PPO,22,2024-03-05,22514,M545,100.00,70.00
         C1,PPO,22,2024-03-05,22514,M545,-100.00,70.00",
    ),
    (
        "allowed_amount",
        "a row that takes another back fits none without an amount",
        "claim_id,product,place_of_service,service_date,procedure_code,units,diagnosis_1,allowed_amount
         C1,PPO,22,2024-03-05,22514,1,M545,70.00
         C1,PPO,22,2024-03-05,22514,-1,M545,-70.00",
    ),
    (
        "paid_amount",
        "a row that takes another back is not seen",
        "claim_id,product,place_of_service,service_date,procedure_code,diagnosis_1,paid_amount
         C1,PPO,22,2024-03-05,22514,M545,70.00
         C1,PPO,22,2024-03-05,22514,M545,-70.00",
    ),
];

/// The rows without a column, as CSV.
fn without(header: &[&str], rows: &[Vec<String>], name: &str) -> Inputs {
    let kept: Vec<usize> = (0..header.len()).filter(|n| header[*n] != name).collect();
    assert_eq!(kept.len() + 1, header.len(), "one column is {name}");
    let header = kept.iter().map(|n| header[*n]).collect::<Vec<_>>().join(",");
    let line = |row: &Vec<String>| kept.iter().map(|n| written(&row[*n])).collect::<Vec<_>>().join(",");
    Inputs::one(std::iter::once(header).chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n"))
}

/// Every denial: line, procedure and rule.
fn denials(outcome: &JudgedRun) -> BTreeSet<Vec<String>> {
    let columns = ["source_line", "procedure_code", "rule", "disposition"].map(str::to_owned);
    let findings = Table::written(outcome, "findings.csv").only(&columns);
    findings.rows.into_iter().filter(|row| row[3] == "deny").collect()
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn without_a_harmless_column_no_denial_is_new(
        rows in rows(24), name in prop::sample::select(&HARMLESS[..]), auths in any::<bool>()
    ) {
        let mut rows = rows;
        for (n, row) in rows.iter_mut().enumerate() {
            // A line number of its own for each row, so that no two become duplicates.
            row[column("line_number")] = format!("L{n}");
        }
        // With the file, a service without a number is searched for, and numbers are not asked about.
        let auths = (auths && name != "authorization_number").then(|| AUTHS.as_bytes().to_vec());
        let full = Inputs { auths: auths.clone(), ..Inputs::one(text(&rows)) };
        let Ok(full) = full.run() else { return Ok(()) };
        let fewer = Inputs { auths, ..without(&HEADER, &rows, name) }.run().expect("the full extract was read");
        let new: Vec<_> = denials(&fewer).difference(&denials(&full)).cloned().collect();
        prop_assert!(new.is_empty(), "without {name}: {new:?}");
    }
}

#[test]
fn without_a_telling_column_a_denial_is_new() {
    for (name, why, example) in TELLING {
        let full = example.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        let mut lines = full.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().expect("a header");
        let rows: Vec<Vec<String>> = lines.map(|row| row.into_iter().map(str::to_owned).collect()).collect();
        let fewer = without(&header, &rows, name).run().expect("an extract");
        let full = Inputs::one(full).run().expect("an extract");
        assert!(!denials(&fewer).is_subset(&denials(&full)), "without {name} no denial is new; expected: {why}");
    }
}

#[test]
fn every_optional_column_is_harmless_or_telling() {
    let fields = Field::NAMES.iter().map(|(_, name)| (*name).to_owned());
    // One column of a group speaks for all. A diagnosis is required, so the second one is optional.
    let groups =
        Group::NAMES.iter().map(|(group, name, _)| format!("{name}_{}", 1 + u8::from(*group == Group::Diagnosis)));
    let optional: BTreeSet<String> = fields.chain(groups).filter(|name| !REQUIRED.contains(&&**name)).collect();
    let telling = TELLING.iter().map(|(name, ..)| *name);
    let said: BTreeSet<String> = HARMLESS.into_iter().chain(telling).chain([SHOWN]).map(str::to_owned).collect();
    assert_eq!(said, optional);
}
