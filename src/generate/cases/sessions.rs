//! Sessions: the same treatment billed by surgeon, hospital and second surgeon, and denials that this caps.

use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{ExpectedFinding, capped, deny, info, review};
use crate::generate::lists;
use crate::generate::scenario::COMMERCIAL;

pub(super) const CASES: &[PlantCase] = &[
    setting_disagrees,
    setting_agrees_once,
    two_days_apart,
    office_beside_hospital,
    office_beside_surgery_center,
    office_of_the_same_provider,
    stay_billed_twice,
    stays_without_a_common_day,
    service_billed_twice,
    billed_by_two_surgeons,
    outpatient_before_a_stay,
    outpatient_long_before_a_stay,
    number_on_the_hospital_bill,
    number_two_days_later,
    primary_on_another_bill,
];

/// A clear service of commercial managed care that fits every code, without modifiers.
fn outpatient(builder: &mut CaseBuilder) -> ServiceDraft {
    let mut service = builder.service(COMMERCIAL[1]);
    let listed = lists::fits_any_level(&mut builder.rng);
    service.diagnoses(&[&listed]).without_modifiers().day("2024-05-06");
    service
}

/// The service as a surgeon's bill from this place of service.
fn professional(service: &ServiceDraft, place: &str) -> ServiceDraft {
    let mut bill = service.clone();
    bill.set(column::CLAIM_FORM, "P").set(column::PLACE, place).set(column::BILL_TYPE, "");
    bill.expected.setting = if place == "21" { "inpatient" } else { "outpatient" };
    bill
}

/// The service as a hospital's outpatient bill on another claim.
fn institutional(builder: &mut CaseBuilder, service: &ServiceDraft) -> ServiceDraft {
    let mut bill = builder.on_another_claim(service);
    bill.set(column::CLAIM_FORM, "I").set(column::PLACE, "").set(column::BILL_TYPE, "131");
    bill.set(column::BILLING_NPI, "1999999992").expected.setting = "outpatient";
    builder.set_amounts(&mut bill);
    bill
}

/// A stay of the same member on another claim.
fn stay_beside(builder: &mut CaseBuilder, service: &ServiceDraft, days: [&str; 2]) -> ServiceDraft {
    let mut stay = builder.stay(COMMERCIAL[0]);
    stay.set(column::MEMBER_ID, service.cells[column::MEMBER_ID].clone());
    stay.set(column::CLAIM_FORM, "I").set(column::PLACE, "").set(column::BILL_TYPE, "111");
    stay.day(days[0]).set(column::END_DATE, days[1]);
    // The approval in the file is for the member whom the stay was drawn for.
    if let Some(approval) = builder.authorization_rows.last_mut() {
        approval[1].clone_from(&service.cells[column::MEMBER_ID]);
    }
    stay
}

fn setting_disagrees(builder: &mut CaseBuilder) {
    let service = outpatient(builder);
    let stay = stay_beside(builder, &service, ["2024-05-01", "2024-05-05"]);
    let mut surgeon = professional(&service, "22");
    surgeon.expects(review("TW601"));
    builder.plant(surgeon);
    builder.plant(stay);
}

fn setting_agrees_once(builder: &mut CaseBuilder) {
    // One institutional service with the same setting is enough.
    let service = outpatient(builder);
    let stay = stay_beside(builder, &service, ["2024-05-01", "2024-05-06"]);
    let surgeon = professional(&service, "21");
    let mut hospital = institutional(builder, &service);
    hospital.expects(review("TW605"));
    builder.plant(surgeon);
    builder.plant(hospital);
    builder.plant(stay);
}

fn two_days_apart(builder: &mut CaseBuilder) {
    let service = outpatient(builder);
    let stay = stay_beside(builder, &service, ["2024-05-01", "2024-05-04"]);
    builder.plant(professional(&service, "22"));
    builder.plant(stay);
}

fn office_beside_hospital(builder: &mut CaseBuilder) {
    let service = outpatient(builder);
    let hospital = institutional(builder, &service);
    let mut office = professional(&service, "11");
    office.expects(review("TW602"));
    builder.plant(hospital);
    builder.plant(office);
}

/// An office and a surgery center that bill the two primary codes on two claims.
fn office_and_center(builder: &mut CaseBuilder) -> [ServiceDraft; 2] {
    let service = outpatient(builder);
    let mut office = professional(&service, "11");
    let center = professional(&service, "24");
    let mut center = builder.on_another_claim(&center);
    center.procedure("22513");
    office.procedure("22514");
    [office, center]
}

fn office_beside_surgery_center(builder: &mut CaseBuilder) {
    let [mut office, mut center] = office_and_center(builder);
    center.set(column::BILLING_NPI, "1999999992");
    office.expects(review("TW602"));
    builder.plant(office);
    builder.plant(center);
}

fn office_of_the_same_provider(builder: &mut CaseBuilder) {
    let [mut office, center] = office_and_center(builder);
    // One provider's two primaries are one encounter.
    office.expects(deny("CD302"));
    builder.plant(office);
    builder.plant(center);
}

fn stay_billed_twice(builder: &mut CaseBuilder) {
    let first = builder.stay(COMMERCIAL[0]);
    let mut first = first;
    first.set(column::BILL_TYPE, "112").day("2024-05-01").set(column::END_DATE, "2024-05-06");
    let mut second = builder.on_another_claim(&first);
    second.set(column::BILL_TYPE, "114").day("2024-05-06").set(column::END_DATE, "2024-05-09");
    second.expects(review("TW603"));
    builder.plant(first);
    builder.plant(second);
}

fn stays_without_a_common_day(builder: &mut CaseBuilder) {
    let mut first = builder.stay(COMMERCIAL[0]);
    first.set(column::BILL_TYPE, "111").day("2024-05-01").set(column::END_DATE, "2024-05-05");
    let mut second = builder.on_another_claim(&first);
    second.day("2024-05-06").set(column::END_DATE, "2024-05-09");
    builder.plant(first);
    builder.plant(second);
}

fn service_billed_twice(builder: &mut CaseBuilder) {
    let first = outpatient(builder);
    let mut second = builder.on_another_claim(&first);
    second.set(column::BILLING_NPI, "1999999992").expects(review("TW604"));
    builder.plant(first);
    builder.plant(second);
}

fn billed_by_two_surgeons(builder: &mut CaseBuilder) {
    let first = outpatient(builder);
    let mut second = builder.on_another_claim(&first);
    let (modifier, rule) = builder.rng.pick(&[("62", "CD312"), ("66", "CD312"), ("80", "CD311"), ("AS", "CD311")]);
    second.set(column::BILLING_NPI, "1999999992").set(column::MODIFIER, modifier).expects(review(rule));
    builder.plant(first);
    builder.plant(second);
}

fn outpatient_before_a_stay(builder: &mut CaseBuilder) {
    let service = outpatient(builder);
    let days = builder.rng.pick(&[["2024-05-09", "2024-05-12"], ["2024-05-06", ""], ["2024-05-02", "2024-05-06"]]);
    let stay = stay_beside(builder, &service, days);
    let mut hospital = institutional(builder, &service);
    hospital.expects(review("TW605"));
    builder.plant(hospital);
    builder.plant(stay);
}

fn outpatient_long_before_a_stay(builder: &mut CaseBuilder) {
    let service = outpatient(builder);
    let days = builder.rng.pick(&[["2024-05-10", "2024-05-12"], ["2024-05-02", "2024-05-05"]]);
    let stay = stay_beside(builder, &service, days);
    let hospital = institutional(builder, &service);
    builder.plant(hospital);
    builder.plant(stay);
}

/// A surgeon's service without a number, and the hospital's with one, that many days later.
fn hospital_has_the_number(builder: &mut CaseBuilder, day: &str, finding: ExpectedFinding) {
    let service = outpatient(builder);
    let mut hospital = institutional(builder, &service);
    hospital.day(day);
    let mut surgeon = professional(&service, "22");
    surgeon.set(column::AUTHORIZATION, "");
    // With the file, the approval is found by the member.
    match (builder.plan.authorization_column, builder.plan.authorization_file) {
        (true, false) => surgeon.authorization("not-met", finding),
        (true, true) => surgeon.authorization("verified", info("PA209")),
        (false, _) => &mut surgeon,
    };
    builder.plant(surgeon);
    builder.plant(hospital);
}

fn number_on_the_hospital_bill(builder: &mut CaseBuilder) {
    hospital_has_the_number(builder, "2024-05-07", capped("PA201", "twin-authorization"));
}

fn number_two_days_later(builder: &mut CaseBuilder) {
    hospital_has_the_number(builder, "2024-05-08", deny("PA201"));
}

fn primary_on_another_bill(builder: &mut CaseBuilder) {
    let service = outpatient(builder);
    let mut add_on = builder.next_line(&service, "22515");
    add_on.expects(capped("CD301", "primary-elsewhere"));
    let mut primary = builder.on_another_claim(&service);
    primary.set(column::BILLING_NPI, "1999999992");
    builder.plant(add_on);
    builder.plant(primary);
}
