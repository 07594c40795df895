//! Cells that cannot be read, and procedure cells that hold more than a code.

use crate::generate::builder::CaseBuilder;
use crate::generate::cases::PlantCase;
use crate::generate::columns::column;
use crate::generate::expected::{Bin, Disposition};
use crate::generate::scenario::{AUTHORIZATION_NOT_REQUIRED, COMMERCIAL_INPATIENT};

pub(super) const CASES: &[PlantCase] = &[
    date_unreadable,
    date_unreadable_and_old_looking,
    date_of_a_related_row,
    units_unreadable,
    units_of_a_stay,
    amount_unreadable,
    amounts_all_unreadable,
    composite_cell,
    composite_related,
    composite_stay,
    leading_zero_lost,
    leading_zero_lost_on_a_later_row,
    no_amounts,
    everything_at_once,
];

const NO_DAYS: &[&str] = &["", "2024-02-30", "13/1/2024", "soon", "2024", "03-05-2024", "5-Marz-2024", "2024-3-05"];

fn date_unreadable(builder: &mut CaseBuilder) {
    // No authorization is required here, so that only the date matters.
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    service.day("").set(column::DATE, builder.rng.pick(NO_DAYS)).expects("DQ501", Disposition::Review);
    builder.plant(service);
}

fn date_unreadable_and_old_looking(builder: &mut CaseBuilder) {
    // CD305, RT405 and DX104 need the date and do not fire. DX106 does not need it.
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    service.day("").set(column::DATE, "1999-99-99").diagnoses(&["M4852XA"]).necessity("undetermined");
    service.expects("DQ501", Disposition::Review).expects("DX106", Disposition::Review);
    builder.plant(service);
}

fn date_of_a_related_row(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let mut other = service.clone();
    other.set(column::DATE, "?");
    builder.plant_related(&other, "22524", &[("DQ501", Disposition::Review)]);
    builder.plant(service);
}

fn units_unreadable(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service
        .units(builder.rng.pick(&["-1", "one", "1,0", "1e1", "+1", "1 1", "."]), "1")
        .expects("DQ502", Disposition::Info);
    builder.plant(service);
}

fn units_of_a_stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.set(column::UNITS, builder.rng.pick(&["many", "7", ""]));
    builder.plant(stay);
}

fn amount_unreadable(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    // The service is denied so that its amount is printed.
    service.diagnoses(&["M545"]).necessity("not-supported").expects("DX101", Disposition::Deny);
    service.set(column::PAID, builder.rng.pick(&["12,34.00", "1.2.3", "abc", "--5", "$", "(5"]));
    service.set(column::ALLOWED, "900.50").set(column::CHARGE, "1000.00").expects("DQ508", Disposition::Info);
    service.expected.amount = Some((90_050, "allowed"));
    builder.plant(service);
}

fn amounts_all_unreadable(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service
        .diagnoses(&[])
        .necessity("undetermined")
        .expects("DX105", Disposition::Review)
        .expects("DQ508", Disposition::Info);
    service.set(column::PAID, "x").set(column::ALLOWED, "y").set(column::CHARGE, "z");
    service.expected.amount = None;
    builder.plant(service);
}

fn composite_cell(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let tail = builder.rng.pick(&["-59", " RT", ".0", ":LT", "-", "/22515", "^80"]);
    service.cells[column::PROCEDURE].push_str(tail);
    service.expects("DQ506", Disposition::Info);
    builder.plant(service);
}

fn composite_related(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    builder.plant_related(&service, "22511-59", &[("DQ506", Disposition::Info)]);
    service.expects("CD306", Disposition::Review);
    builder.plant(service);
}

fn composite_stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.cells[column::ICD_PROCEDURE].push_str(":X");
    stay.expects("DQ506", Disposition::Info);
    builder.plant(stay);
}

fn leading_zero_lost(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.cells[column::ICD_PROCEDURE].remove(0);
    stay.expects("DQ507", Disposition::Review);
    builder.plant(stay);
}

fn leading_zero_lost_on_a_later_row(builder: &mut CaseBuilder) {
    // The zero is missing on a later row; the finding is on the first row of the stay.
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    let mut later = stay.clone();
    later.set(column::LINE_NUMBER, "2");
    later.cells[column::ICD_PROCEDURE].remove(0);
    stay.expects("DQ507", Disposition::Review);
    builder.plant(stay);
    builder.plant_without_service(later, Bin::InScope);
}

fn no_amounts(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.diagnoses(&["M545"]).necessity("not-supported").expects("DX101", Disposition::Deny);
    service.set(column::PAID, "").set(column::ALLOWED, "NULL").set(column::CHARGE, "");
    service.expected.amount = None;
    builder.plant(service);
}

fn everything_at_once(builder: &mut CaseBuilder) {
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    service.procedure("22515").diagnoses(&["G893", "S22080A"]).necessity("undetermined");
    service.cells[column::PROCEDURE].push_str("-LT");
    service.units("?", "1").day("2014-01-01").set(column::POINTERS, "1:9").considers(&["G893"]);
    service.set(column::CHARGE, "free");
    if service.expected.amount.is_some_and(|(_, basis)| basis == "charge") {
        service.expected.amount = None;
    }
    for rule in ["DX109", "RT405", "DQ502", "DQ505", "DQ506", "DQ508"] {
        service.expects(rule, Disposition::Info);
    }
    service
        .expects("DX108", Disposition::Review)
        .expects("CD301", Disposition::Deny)
        .expects("CD305", Disposition::Deny);
    builder.plant(service);
}
