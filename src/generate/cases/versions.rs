//! Duplicates, voids, replacements and rejected rows; stays over several rows.

use crate::claim::Bin;
use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{Damage, PlannedRow, deny, info, review};
use crate::generate::scenario::{COMMERCIAL, COMMERCIAL_INPATIENT};
use crate::ledger::LedgerBin;

pub(super) const CASES: &[PlantCase] = &[
    duplicate,
    duplicate_of_a_related_row,
    nearly_a_duplicate,
    replaced,
    replaced_by_its_bill_type,
    replaced_under_its_own_number,
    voided,
    voided_by_an_earlier_row,
    voided_under_its_own_number,
    chain,
    replaced_whole,
    replacement_without_original,
    void_without_original,
    original_in_an_earlier_extract,
    names_itself,
    stay_over_rows,
    stay_of_two_codes,
    stay_and_line,
    no_claim_number,
    too_few_fields,
    too_many_fields,
    open_quote,
    text_after_a_quote,
    repeated_header,
];

fn duplicate(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let copies = 1 + builder.rng.below(2);
    builder.plant(service.clone());
    for _ in 0..copies {
        // A duplicate may differ in its diagnoses.
        let mut copy = service.clone();
        copy.diagnoses(&["M545"]).set(column::MEMBER_ID, "");
        builder.plant_without_service(copy, Bin::Duplicate);
    }
}

fn duplicate_of_a_related_row(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.expects(review("CD306"));
    builder.plant_related(&service, "22511", &[]);
    let row = builder.rows[0].clone();
    builder.rows.push(PlannedRow::without_findings(row.cells, Bin::Duplicate));
    builder.plant(service);
}

fn nearly_a_duplicate(builder: &mut CaseBuilder) {
    let mut first = builder.commercial();
    first.without_modifiers();
    let mut second = first.clone();
    second.set(column::LINE_NUMBER, "2").beyond_limit(10_000, 10_000);
    builder.plant(first);
    builder.plant(second);
}

/// A service, and a version of it under another claim number.
fn claim_and_version(builder: &mut CaseBuilder, frequency: &str) -> (ServiceDraft, ServiceDraft) {
    let mut first = builder.commercial();
    first.set(column::FREQUENCY, "1");
    let mut second = builder.on_another_claim(&first);
    builder.set_amounts(&mut second);
    second.set(column::FREQUENCY, frequency).set(column::ORIGINAL, first.cells[column::CLAIM_ID].clone());
    (first, second)
}

fn replaced(builder: &mut CaseBuilder) {
    let (first, mut second) = claim_and_version(builder, "7");
    second.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    builder.plant_without_service(first, Bin::Superseded);
    builder.plant(second);
}

fn replaced_by_its_bill_type(builder: &mut CaseBuilder) {
    let mut first = builder.service(COMMERCIAL[1]);
    first.set(column::FREQUENCY, "").set(column::BILL_TYPE, "131");
    let mut second = builder.on_another_claim(&first);
    second.set(column::BILL_TYPE, builder.rng.pick(&["137", "0137", "13:A:7"]));
    second.set(column::ORIGINAL, first.cells[column::CLAIM_ID].clone());
    builder.plant(second);
    builder.plant_without_service(first, Bin::Superseded);
}

fn replaced_under_its_own_number(builder: &mut CaseBuilder) {
    let mut first = builder.commercial();
    first.set(column::FREQUENCY, "1");
    let mut second = first.clone();
    second.set(column::FREQUENCY, "7");
    builder.plant_without_service(first, Bin::Superseded);
    builder.plant(second);
}

fn voided(builder: &mut CaseBuilder) {
    let (first, second) = claim_and_version(builder, "8");
    builder.plant_without_service(first, Bin::Superseded);
    builder.plant_without_service(second, Bin::Superseded);
}

fn voided_by_an_earlier_row(builder: &mut CaseBuilder) {
    let (first, second) = claim_and_version(builder, "8");
    builder.plant_without_service(second, Bin::Superseded);
    builder.plant_without_service(first, Bin::Superseded);
}

fn voided_under_its_own_number(builder: &mut CaseBuilder) {
    let mut first = builder.commercial();
    first.set(column::FREQUENCY, "1");
    let mut void = first.clone();
    void.set(column::FREQUENCY, "8");
    builder.plant_without_service(first, Bin::Superseded);
    builder.plant_without_service(void, Bin::Superseded);
}

fn chain(builder: &mut CaseBuilder) {
    let (first, second) = claim_and_version(builder, "7");
    let mut third = builder.on_another_claim(&second);
    third.set(column::ORIGINAL, second.cells[column::CLAIM_ID].clone());
    builder.plant(third);
    builder.plant_without_service(first, Bin::Superseded);
    builder.plant_without_service(second, Bin::Superseded);
}

fn replaced_whole(builder: &mut CaseBuilder) {
    // All three rows of the claim are superseded, also the related one. The replacement has one row.
    let (first, second) = claim_and_version(builder, "7");
    let add_on = builder.next_line(&first, "22515");
    builder.plant_related(&add_on, "22511", &[]);
    if let Some(row) = builder.rows.last_mut() {
        row.bin = Bin::Superseded.into();
    }
    builder.plant_without_service(first, Bin::Superseded);
    builder.plant(second);
    builder.plant_without_service(add_on, Bin::Superseded);
}

fn replacement_without_original(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.set(column::FREQUENCY, "7").expects(info("DQ509"));
    builder.plant(service);
}

fn void_without_original(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.set(column::FREQUENCY, "8");
    builder.plant_row(service.cells, Bin::Superseded, vec![info("DQ509")], Vec::new());
}

fn original_in_an_earlier_extract(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.set(column::FREQUENCY, "7").set(column::ORIGINAL, "LASTYEAR1");
    builder.plant(service);
}

fn names_itself(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let own = service.cells[column::CLAIM_ID].clone();
    service.set(column::FREQUENCY, "7").set(column::ORIGINAL, own).expects(info("DQ509"));
    builder.plant(service);
}

fn stay_over_rows(builder: &mut CaseBuilder) {
    // The code is on every row of the stay. It is judged once, by the facts of the first row.
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.set(column::ICD_PROCEDURE + 1, "").expects(info("CD310"));
    let mut rows = Vec::new();
    for number in 2..4 {
        let mut row = stay.clone();
        row.set(column::LINE_NUMBER, number.to_string())
            .set(column::PAID, "1.00")
            .diagnoses(&["M545"])
            .set(column::PRODUCT, "EPO");
        rows.push(row);
    }
    stay.take_claim_amount(&rows);
    builder.plant(stay);
    for row in rows {
        builder.plant_without_service(row, Bin::InScope);
    }
}

fn stay_of_two_codes(builder: &mut CaseBuilder) {
    // The second code is on the second row, the reposition code on a related third row.
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.set(column::ICD_PROCEDURE, "0PU43JZ").set(column::ICD_PROCEDURE + 1, "");
    stay.expected.procedure = "0PU43JZ;0QU03JZ".into();
    let mut second = stay.clone();
    second.set(column::LINE_NUMBER, "2").set(column::PROCEDURE, "0QU03JZ");
    let mut third = stay.clone();
    third.set(column::LINE_NUMBER, "3").set(column::ICD_PROCEDURE, "0QS03ZZ");
    stay.take_claim_amount(&[second.clone(), third.clone()]);
    builder.plant(stay);
    builder.plant_without_service(second, Bin::InScope);
    builder.plant_row(third.cells, Bin::Related, Vec::new(), Vec::new());
}

fn stay_and_line(builder: &mut CaseBuilder) {
    // One row is two services: a CPT service on a hospital bill, and a stay. Both get the findings about the row.
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.set(column::PROCEDURE, "22513")
        .set(column::BILL_TYPE, "111")
        .set(column::UNITS, "2")
        .set(column::POINTERS, "1:8");
    stay.expects(info("DQ505"));
    let mut line = stay.clone();
    line.expected.procedure = "22513".into();
    line.expected.units = "2".into();
    line.amount(None, "stay").expects(review("CD304")).beyond_limit(10_000, 20_000);
    builder.plant_row(stay.cells, Bin::InScope, Vec::new(), vec![line.expected, stay.expected]);
}

fn no_claim_number(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.set(column::CLAIM_ID, builder.rng.pick(&["", "NULL", " ", "---"]));
    builder.plant_without_service(service, LedgerBin::Rejected);
}

/// Plants a damaged row that would otherwise be a service.
fn damaged(builder: &mut CaseBuilder, damage: Damage) {
    let service = builder.commercial();
    builder.plant_without_service(service, LedgerBin::Rejected);
    if let Some(row) = builder.rows.last_mut() {
        row.damage = damage;
    }
}

fn too_few_fields(builder: &mut CaseBuilder) {
    damaged(builder, Damage::Short);
}

fn too_many_fields(builder: &mut CaseBuilder) {
    damaged(builder, Damage::Long);
}

fn open_quote(builder: &mut CaseBuilder) {
    damaged(builder, Damage::OpenQuote);
}

fn text_after_a_quote(builder: &mut CaseBuilder) {
    damaged(builder, Damage::AfterQuote);
}

fn repeated_header(builder: &mut CaseBuilder) {
    damaged(builder, Damage::Header);
}
