//! The life of a claim: reversals, denied and pending rows, versions, shared claim numbers, facts of other rows.

use crate::claim::Bin;
use crate::generate::builder::{CaseBuilder, PlantCase, plain};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{deny, info, review};
use crate::generate::lists;
use crate::generate::scenario::{AUTHORIZATION_NOT_REQUIRED, COMMERCIAL, COMMERCIAL_INPATIENT};

pub(super) const CASES: &[PlantCase] = &[
    reversed,
    reversed_and_paid_again,
    reversed_by_status,
    reversed_through_the_original_number,
    reversal_of_nothing,
    reversal_of_another_amount,
    payer_denied,
    denied_line_beside_a_paid_one,
    denied_primary,
    denied_void,
    pending_and_paid,
    pending,
    paid,
    older_versions,
    older_version_of_a_denied_one,
    shared_claim_number,
    claim_number_of_one_member,
    void_of_another_member,
    facts_of_the_first_line,
    facts_of_the_other_form,
    diagnoses_of_another_line,
    mangled_claim_number,
    mangled_member,
];

/// Words for each status.
const PAID: &[&str] = &["PAID", "1", "2", "19", "Finalized", "processed"];
const DENIED: &[&str] = &["DENIED", "D", "4", "Fully denied", "rejected"];
const PENDING: &[&str] = &["PENDING", "Pended", "hold", "in process"];
const REVERSED: &[&str] = &["22", "Reversed", "VOID", "cancelled"];

/// A row that takes this one back: by its units, or by its charge.
fn taken_back(builder: &mut CaseBuilder, service: &ServiceDraft) -> ServiceDraft {
    let mut reversal = service.clone();
    if builder.rng.chance(50) {
        let units = builder.rng.pick(&["-1", "-1.0", "-2"]);
        reversal.set(column::UNITS, units);
        return reversal;
    }
    // Whatever was paid comes back; the charge says so, or is silent.
    let charge = builder.rng.pick(&["-", "", "0.00"]);
    for kind in [column::PAID, column::ALLOWED] {
        reversal.cells[kind].insert(0, '-');
    }
    reversal.cells[column::CHARGE] = match charge {
        "-" => format!("-{}", service.cells[column::CHARGE]),
        silent => silent.into(),
    };
    reversal
}

/// A clear service with all three amounts.
fn with_amounts(builder: &mut CaseBuilder) -> ServiceDraft {
    let mut service = builder.commercial();
    let cents = 1 + builder.rng.below(900_000).cast_signed();
    service
        .set(column::PAID, plain(cents))
        .set(column::ALLOWED, plain(cents + 5))
        .set(column::CHARGE, plain(2 * cents));
    service.amount(Some(cents), "paid");
    service
}

fn reversed(builder: &mut CaseBuilder) {
    let service = with_amounts(builder);
    let reversal = taken_back(builder, &service);
    let [first, second] = if builder.rng.chance(70) { [service, reversal] } else { [reversal, service] };
    builder.plant_without_service(first, Bin::Reversed);
    builder.plant_without_service(second, Bin::Reversed);
}

fn reversed_and_paid_again(builder: &mut CaseBuilder) {
    let service = with_amounts(builder);
    let reversal = taken_back(builder, &service);
    let mut again = service.clone();
    again.set(column::PAID, "1.25").amount(Some(125), "paid");
    again.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    builder.plant_without_service(service, Bin::Reversed);
    builder.plant_without_service(reversal, Bin::Reversed);
    builder.plant(again);
}

fn reversed_by_status(builder: &mut CaseBuilder) {
    let mut service = with_amounts(builder);
    let where_to = builder.rng.pick(&[column::CLAIM_STATUS, column::LINE_STATUS]);
    service.set(where_to, builder.rng.pick(REVERSED));
    builder.plant_without_service(service, Bin::Reversed);
}

fn reversed_through_the_original_number(builder: &mut CaseBuilder) {
    let service = with_amounts(builder);
    let reversal = taken_back(builder, &service);
    let mut reversal = builder.on_another_claim(&reversal);
    reversal.set(column::ORIGINAL, service.cells[column::CLAIM_ID].clone());
    builder.plant_without_service(service, Bin::Reversed);
    builder.plant_without_service(reversal, Bin::Reversed);
}

fn reversal_of_nothing(builder: &mut CaseBuilder) {
    let service = with_amounts(builder);
    let reversal = taken_back(builder, &service);
    builder.plant_row(reversal.cells, Bin::Reversed, vec![info("DQ510")], Vec::new());
}

fn reversal_of_another_amount(builder: &mut CaseBuilder) {
    let service = with_amounts(builder);
    let mut reversal = service.clone();
    reversal.set(column::UNITS, "-1").set(column::PAID, "-0.01");
    builder.plant(service);
    builder.plant_row(reversal.cells, Bin::Reversed, vec![info("DQ510")], Vec::new());
}

fn payer_denied(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.set(column::CLAIM_STATUS, builder.rng.pick(DENIED));
    builder.plant_without_service(service, Bin::PayerDenied);
}

fn denied_line_beside_a_paid_one(builder: &mut CaseBuilder) {
    // The status of the line comes before that of the claim. The denied line counts no units.
    let mut service = builder.commercial();
    service.without_modifiers().set(column::CLAIM_STATUS, "DENIED").set(column::LINE_STATUS, builder.rng.pick(PAID));
    service.expected.adjudication = "paid";
    let mut denied = service.clone();
    denied
        .set(column::LINE_NUMBER, "2")
        .set(column::CLAIM_STATUS, "PAID")
        .set(column::LINE_STATUS, builder.rng.pick(DENIED));
    builder.plant_without_service(denied, Bin::PayerDenied);
    builder.plant(service);
}

fn denied_primary(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let listed = lists::fits_any_level(&mut builder.rng);
    service.without_modifiers().diagnoses(&[&listed]).set(column::LINE_STATUS, builder.rng.pick(DENIED));
    let mut add_on = builder.next_line(&service, "22515");
    add_on.set(column::LINE_STATUS, "").expects(deny("CD301"));
    builder.plant_without_service(service, Bin::PayerDenied);
    builder.plant(add_on);
}

fn denied_void(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let mut void = builder.on_another_claim(&service);
    void.set(column::FREQUENCY, "8").set(column::ORIGINAL, service.cells[column::CLAIM_ID].clone());
    void.set(column::CLAIM_STATUS, builder.rng.pick(DENIED));
    builder.plant(service);
    builder.plant_without_service(void, Bin::PayerDenied);
}

fn pending_and_paid(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let mut waiting = service.clone();
    waiting.set(column::LINE_STATUS, builder.rng.pick(PENDING));
    service.set(column::LINE_STATUS, builder.rng.pick(PAID)).expected.adjudication = "paid";
    builder.plant_without_service(waiting, Bin::Superseded);
    builder.plant(service);
}

fn pending(builder: &mut CaseBuilder) {
    // What would be paid is at risk, also where a first payment is on the row.
    let mut service = with_amounts(builder);
    service.set(column::CLAIM_STATUS, builder.rng.pick(PENDING)).set(column::LINE_STATUS, builder.rng.pick(&["", "P"]));
    service.expected.adjudication = "pending";
    service.amount(service.expected.amount.map(|cents| cents + 5), "allowed");
    service.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    builder.plant(service);
}

fn paid(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service
        .set(column::CLAIM_STATUS, builder.rng.pick(PAID))
        .set(column::LINE_STATUS, builder.rng.pick(&["", "xx", "P"]));
    service.expected.adjudication = "paid";
    builder.plant(service);
}

fn older_versions(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let versions = builder.rng.pick(&[["", "1", "02"], ["9", "10", "11"], ["3", "A", "B"]]);
    for (n, version) in versions.into_iter().enumerate() {
        let mut row = service.clone();
        row.set(column::VERSION, version);
        if n < 2 {
            builder.plant_without_service(row, Bin::Superseded);
        } else {
            builder.plant(row);
        }
    }
}

fn older_version_of_a_denied_one(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let mut denied = service.clone();
    service.set(column::VERSION, "1");
    denied.set(column::VERSION, "2").set(column::CLAIM_STATUS, builder.rng.pick(DENIED));
    builder.plant_without_service(service, Bin::Superseded);
    builder.plant_without_service(denied, Bin::PayerDenied);
}

fn shared_claim_number(builder: &mut CaseBuilder) {
    let mut first = builder.commercial();
    let mut second = builder.commercial();
    second.set(column::CLAIM_ID, first.cells[column::CLAIM_ID].clone());
    for service in [&mut first, &mut second] {
        service.expects(review("DQ511"));
    }
    builder.plant(first);
    builder.plant(second);
}

fn claim_number_of_one_member(builder: &mut CaseBuilder) {
    // The row without a member belongs to the member of the other row, and so to its encounter.
    let mut service = builder.commercial();
    let listed = lists::fits_any_level(&mut builder.rng);
    service.without_modifiers().diagnoses(&[&listed]);
    let mut add_on = builder.next_line(&service, "22515");
    add_on.set(column::MEMBER_ID, "");
    builder.plant(service);
    builder.plant(add_on);
}

fn void_of_another_member(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let mut void = builder.commercial();
    void.set(column::FREQUENCY, "8").set(column::ORIGINAL, service.cells[column::CLAIM_ID].clone());
    builder.plant(service);
    builder.plant_row(void.cells, Bin::Superseded, vec![info("DQ509")], Vec::new());
}

fn facts_of_the_first_line(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let listed = lists::fits_any_level(&mut builder.rng);
    service.without_modifiers().diagnoses(&[&listed]);
    let mut second = builder.next_line(&service, "22515");
    for field in [column::PRODUCT, column::AUTHORIZATION, column::BILLING_NPI, column::DIAGNOSIS, column::MEMBER_ID] {
        second.set(field, "");
    }
    builder.plant(service);
    builder.plant(second);
}

fn facts_of_the_other_form(builder: &mut CaseBuilder) {
    // A professional row gives nothing to an institutional one: its product stays unknown.
    let scenario = COMMERCIAL[1];
    let mut professional = builder.service(scenario);
    let listed = lists::fits_any_level(&mut builder.rng);
    professional.without_modifiers().diagnoses(&[&listed]);
    professional.set(column::CLAIM_FORM, "P").set(column::PLACE, "22").set(column::BILL_TYPE, "");
    let mut institutional = professional.clone();
    institutional
        .set(column::LINE_NUMBER, "2")
        .set(column::CLAIM_FORM, "I")
        .set(column::PLACE, "")
        .set(column::BILL_TYPE, "131");
    institutional.set(column::PRODUCT, "").expects(review("RT402")).necessity("undetermined");
    institutional.expected.class = "unknown";
    institutional.authorization("undetermined", None);
    builder.plant(professional);
    builder.plant(institutional);
}

fn diagnoses_of_another_line(builder: &mut CaseBuilder) {
    // All slots come from the first row that has a diagnosis, and the pointers look at them.
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    let listed = lists::fits_any_level(&mut builder.rng);
    service.without_modifiers().diagnoses(&["I10", &listed]);
    let mut second = builder.next_line(&service, "22515");
    second.diagnoses(&[]).set(column::POINTERS, "2:5").considers(&[&listed]).expects(info("DQ505"));
    builder.plant(second);
    builder.plant(service);
}

fn mangled_claim_number(builder: &mut CaseBuilder) {
    // Equal to no other number: the second row is no duplicate, but a second unit and a second bill of the encounter.
    let mut first = builder.commercial();
    first.without_modifiers().set(column::CLAIM_ID, "1.23E+15").expects(review("DQ513"));
    let mut second = first.clone();
    second.beyond_limit(10_000, 10_000).expects(review("TW604"));
    builder.plant(first);
    builder.plant(second);
}

fn mangled_member(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.set(column::MEMBER_ID, builder.rng.pick(&["4.5E+9", "1e+12", "7.0E10"])).expects(review("DQ513"));
    if !builder.plan.authorization_column && builder.plan.authorization_file {
        stay.authorization("not-met", deny("PA201"));
    }
    builder.plant(stay);
}
