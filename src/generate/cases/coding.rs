//! Procedure coding: add-ons, pairs, units, settings, codes that are not in force.

use crate::claim::Bin;
use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{deny, info, review};
use crate::generate::lists;
use crate::generate::scenario::{COMMERCIAL, COMMERCIAL_INPATIENT, MEDICARE};

pub(super) const CASES: &[PlantCase] = &[
    add_on_alone,
    add_on_on_another_day,
    add_on_over_two_claims,
    add_ons_beside_a_voided_primary,
    two_primaries,
    two_primaries_over_claims_and_an_add_on,
    units_of_one_line,
    units_over_claims,
    units_in_halves,
    add_ons_over_four,
    units_of_medicare,
    cpt_on_a_hospital_bill,
    stay_on_an_outpatient_bill,
    not_in_force_yet,
    last_years_code,
    former_in_its_time,
    vertebroplasty,
    vertebroplasty_on_another_claim,
    combined_codes_beside,
    unlisted_beside_a_line,
    unlisted_in_a_stay,
    no_reposition,
    all_modifiers,
];

fn add_on_alone(builder: &mut CaseBuilder) {
    let mut service = builder.fits_every_code();
    service.procedure("22515").expects(deny("CD301"));
    builder.plant(service);
}

fn add_on_on_another_day(builder: &mut CaseBuilder) {
    let mut service = builder.fits_every_code();
    let mut add_on = builder.next_line(&service, "22515");
    service.day("2024-03-05");
    add_on.day("2024-03-06").expects(deny("CD301"));
    builder.plant(service);
    builder.plant(add_on);
}

fn add_on_over_two_claims(builder: &mut CaseBuilder) {
    // The add-on comes first, on another claim.
    let service = builder.fits_every_code();
    let add_on = builder.next_line(&service, "22515");
    let mut add_on = builder.on_another_claim(&add_on);
    add_on.units("4", "4");
    builder.plant(add_on);
    builder.plant(service);
}

fn add_ons_beside_a_voided_primary(builder: &mut CaseBuilder) {
    let mut service = builder.fits_every_code();
    let add_on = builder.next_line(&service, "22515");
    let mut add_on = builder.on_another_claim(&add_on);
    add_on.expects(deny("CD301"));
    service.set(column::FREQUENCY, "1");
    let mut void = builder.on_another_claim(&service);
    void.set(column::FREQUENCY, "8").set(column::ORIGINAL, service.cells[column::CLAIM_ID].clone());
    builder.plant_without_service(service, Bin::Superseded);
    builder.plant(add_on);
    builder.plant_without_service(void, Bin::Superseded);
}

fn two_primaries(builder: &mut CaseBuilder) {
    let mut first = builder.fits_every_code();
    let codes = builder.rng.pick(&[["22513", "22514"], ["22514", "22513"]]);
    first.procedure(codes[0]);
    let mut second = builder.next_line(&first, codes[1]);
    let lumbar = if codes[0] == "22514" { &mut first } else { &mut second };
    lumbar.expects(deny("CD302"));
    builder.plant(first);
    builder.plant(second);
}

fn two_primaries_over_claims_and_an_add_on(builder: &mut CaseBuilder) {
    let mut first = builder.fits_every_code();
    first.procedure("22513");
    let lumbar = builder.next_line(&first, "22514");
    let mut lumbar = builder.on_another_claim(&lumbar);
    lumbar.expects(deny("CD302"));
    let mut again = builder.on_another_claim(&lumbar);
    again.beyond_limit(10_000, 10_000).expects(review("TW604"));
    let add_on = builder.next_line(&first, "22515");
    builder.plant(lumbar);
    builder.plant(first);
    builder.plant(add_on);
    builder.plant(again);
}

fn units_of_one_line(builder: &mut CaseBuilder) {
    let mut service = builder.fits_every_code();
    let (cell, printed, beyond) = builder.rng.pick(&[
        ("2", "2", 10_000),
        ("1.5", "1.5", 5_000),
        ("03.00", "3", 20_000),
        ("1.0001", "1.0001", 1),
        ("100", "100", 990_000),
    ]);
    service.units(cell, printed).beyond_limit(beyond, beyond + 10_000);
    builder.plant(service);
}

fn units_over_claims(builder: &mut CaseBuilder) {
    let first = builder.fits_every_code();
    let code = first.expected.procedure.clone();
    let mut none = builder.next_line(&first, &code);
    none.units("0", "0");
    let over = builder.next_line(&none, &code);
    let mut over = builder.on_another_claim(&over);
    over.beyond_limit(10_000, 10_000).expects(review("TW604"));
    let mut after = builder.on_another_claim(&over);
    after.units("0", "0").expected.beyond_limit = (0, 0);
    builder.plant(first);
    builder.plant(none);
    builder.plant(over);
    builder.plant(after);
}

fn units_in_halves(builder: &mut CaseBuilder) {
    let mut first = builder.fits_every_code();
    let code = first.expected.procedure.clone();
    first.units("0.5", "0.5");
    let mut second = builder.next_line(&first, &code);
    second.units(".5", "0.5");
    let mut third = builder.next_line(&second, &code);
    third.units("0.1", "0.1").beyond_limit(1_000, 1_000);
    for service in [first, second, third] {
        builder.plant(service);
    }
}

fn add_ons_over_four(builder: &mut CaseBuilder) {
    let first = builder.fits_every_code();
    let mut three = builder.next_line(&first, "22515");
    three.units("3", "3");
    let one = builder.next_line(&three, "22515");
    let mut over = builder.next_line(&one, "22515");
    over.expects(review("CD303"));
    for service in [three, first, one, over] {
        builder.plant(service);
    }
}

fn units_of_medicare(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(MEDICARE);
    let mut service = builder.service(scenario);
    service.without_modifiers().procedure("22515").units("5", "5").necessity("not-evaluated");
    service.expects(info("RT401")).expects(deny("CD301")).expects(review("CD303"));
    builder.plant(service);
}

fn cpt_on_a_hospital_bill(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut service = builder.service(scenario);
    service.set(column::BILL_TYPE, builder.rng.pick(lists::HOSPITAL)).expects(review("CD304"));
    builder.plant(service);
}

fn stay_on_an_outpatient_bill(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(&[COMMERCIAL[1], COMMERCIAL[4]]);
    let mut stay = builder.stay(scenario);
    stay.expects(review("CD304"));
    builder.plant(stay);
}

/// A service on the last day before its code was in force.
fn before_its_code(builder: &mut CaseBuilder) -> ServiceDraft {
    let mut service = builder.commercial();
    service
        .day("2014-12-31")
        .necessity("not-evaluated")
        .expects(review("DQ512"))
        .expects(deny("CD305"))
        .expects(info("RT405"));
    service
}

fn not_in_force_yet(builder: &mut CaseBuilder) {
    let service = before_its_code(builder);
    builder.plant(service);
}

fn last_years_code(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let code = builder.rng.pick(&["22523", "22524", "22525"]);
    builder.plant_related(&service, code, &[deny("CD305")]);
    builder.plant(service);
}

fn former_in_its_time(builder: &mut CaseBuilder) {
    let service = before_its_code(builder);
    builder.plant_related(&service, "22524", &[]);
    builder.plant(service);
}

fn vertebroplasty(builder: &mut CaseBuilder) {
    let mut service = builder.fits_every_code();
    service.expects(review("CD306"));
    let mut add_on = builder.next_line(&service, "22515");
    add_on.expects(review("CD306"));
    let code = builder.rng.pick(&["22510", "22511", "22512"]);
    builder.plant_related(&service, code, &[]);
    builder.plant(service);
    builder.plant(add_on);
}

fn vertebroplasty_on_another_claim(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.expects(review("CD306"));
    let other = builder.on_another_claim(&service);
    builder.plant(service);
    builder.plant_related(&other, "22511", &[]);
    // Another provider is another encounter, and that one has no service.
    let mut stranger = builder.on_another_claim(&other);
    stranger.set(column::BILLING_NPI, "1999999999");
    builder.plant_related(&stranger, "22510", &[]);
}

fn combined_codes_beside(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let code = builder.rng.pick(&["C7507", "C7508"]);
    let silent = builder.rng.pick(&["C7504", "C7505", "0200T", "0201T"]);
    builder.plant_related(&service, code, &[review("CD309")]);
    builder.plant_related(&service, silent, &[]);
    builder.plant(service);
}

fn unlisted_beside_a_line(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let code = builder.rng.pick(&["XNU0356", "XNU4356", "0QU14JZ"]);
    service.set(column::ICD_PROCEDURE + 3, code).expects(review("CD309"));
    builder.plant(service);
}

fn unlisted_in_a_stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    let code = builder.rng.pick(&["XNU0356", "XNU4356", "0QU14JZ"]);
    if builder.rng.chance(50) {
        stay.set(column::ICD_PROCEDURE + 2, code).expects(review("CD309"));
        builder.plant(stay);
    } else {
        // The code is on a related row of the same claim: both the row and the stay get the finding.
        let mut row = stay.clone();
        row.set(column::LINE_NUMBER, "2").set(column::ICD_PROCEDURE, code).set(column::ICD_PROCEDURE + 1, "");
        stay.expects(review("CD309")).take_claim_amount(&[row.clone()]);
        builder.plant(stay);
        builder.plant_row(row.cells, Bin::Related, vec![review("CD309")], Vec::new());
    }
}

fn no_reposition(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.set(column::ICD_PROCEDURE + 1, "").expects(info("CD310"));
    builder.plant(stay);
}

fn all_modifiers(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.expected.findings.clear();
    for (slot, modifier) in ["LT", "50", "AS", "80"].into_iter().enumerate() {
        service.set(column::MODIFIER + slot, modifier);
    }
    service.expects(info("CD308")).expects(review("CD311"));
    builder.plant(service);
}
