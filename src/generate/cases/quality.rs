//! Cells that cannot be read, and procedure cells that hold more than a code.

use crate::claim::Bin;
use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::expected::{deny, info, review};
use crate::generate::scenario::{AUTHORIZATION_NOT_REQUIRED, COMMERCIAL_INPATIENT};
use crate::ledger::LedgerBin;

pub(super) const CASES: &[PlantCase] = &[
    date_unreadable,
    date_unreadable_and_old_looking,
    date_of_a_related_row,
    units_unreadable,
    units_of_a_stay,
    amount_unreadable,
    amounts_all_unreadable,
    composite_cell,
    decorated_cell,
    several_codes,
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
    service.day("").set(column::DATE, builder.rng.pick(NO_DAYS)).expects(review("DQ501"));
    builder.plant(service);
}

fn date_unreadable_and_old_looking(builder: &mut CaseBuilder) {
    // CD305, RT405 and DX104 need the date and do not fire. DX106 does not need it.
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    service.day("").set(column::DATE, "1999-99-99").diagnoses(&["M4852XA"]).necessity("undetermined");
    service.expects(review("DQ501")).expects(review("DX106"));
    builder.plant(service);
}

fn date_of_a_related_row(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    let mut other = service.clone();
    other.set(column::DATE, "?");
    builder.plant_related(&other, "22524", &[review("DQ501")]);
    builder.plant(service);
}

fn units_unreadable(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.units(builder.rng.pick(&["one", "1,0", "1e1", "+1", "1 1", "UN:x", "--1"]), "1").expects(info("DQ502"));
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
    service.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    service.set(column::PAID, builder.rng.pick(&["12,34.00", "1.2.3", "abc", "--5", "$", "(5"]));
    service.set(column::ALLOWED, "900.50").set(column::CHARGE, "1000.00").expects(info("DQ508"));
    service.amount(Some(90_050), "allowed");
    builder.plant(service);
}

fn amounts_all_unreadable(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.diagnoses(&[]).necessity("undetermined").expects(review("DX105")).expects(info("DQ508"));
    service.set(column::PAID, "x").set(column::ALLOWED, "y").set(column::CHARGE, "z");
    service.amount(None, "");
    builder.plant(service);
}

fn composite_cell(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.without_modifiers();
    let (tail, finding) = builder.rng.pick(&[
        ("-59", None),
        (" RT", Some(info("CD308"))),
        (".0", None),
        (":LT:59", Some(info("CD308"))),
        ("-", None),
        ("^80", Some(review("CD311"))),
        ("62", Some(review("CD312"))),
        ("-GC-XYZ-80", None),
    ]);
    service.cells[column::PROCEDURE].push_str(tail);
    service.expected.findings.extend(finding);
    service.expects(info("DQ506"));
    builder.plant(service);
}

fn decorated_cell(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let code = &service.expected.procedure;
    let cells = [format!("0{code}"), format!("CPT{code}"), format!("HC:{code}"), format!("22,{}", &code[2..])];
    let which = builder.rng.below(cells.len() as u64) as usize;
    service.set(column::PROCEDURE, &*cells[which]).expects(info("DQ506"));
    builder.plant(service);
}

fn several_codes(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.cells[column::PROCEDURE].push_str(builder.rng.pick(&["/22515", ";22511", " C7507"]));
    builder.plant_without_service(service, LedgerBin::Rejected);
}

fn composite_related(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    builder.plant_related(&service, "22511-59", &[info("DQ506")]);
    service.expects(review("CD306"));
    builder.plant(service);
}

fn composite_stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.cells[column::ICD_PROCEDURE].push_str(":X");
    stay.expects(info("DQ506"));
    builder.plant(stay);
}

fn leading_zero_lost(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.cells[column::ICD_PROCEDURE].remove(0);
    stay.expects(review("DQ507"));
    builder.plant(stay);
}

fn leading_zero_lost_on_a_later_row(builder: &mut CaseBuilder) {
    // The zero is missing on a later row; the finding is on the first row of the stay.
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    let mut later = stay.clone();
    later.set(column::LINE_NUMBER, "2");
    later.cells[column::ICD_PROCEDURE].remove(0);
    stay.expects(review("DQ507")).take_claim_amount(&[later.clone()]);
    builder.plant(stay);
    builder.plant_without_service(later, Bin::InScope);
}

fn no_amounts(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    service.set(column::PAID, "").set(column::ALLOWED, "NULL").set(column::CHARGE, "");
    service.amount(None, "");
    builder.plant(service);
}

fn everything_at_once(builder: &mut CaseBuilder) {
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    service.without_modifiers().procedure("22515").diagnoses(&["G893", "S22080A"]).necessity("not-evaluated");
    service.cells[column::PROCEDURE].push_str("-LT");
    service.units("one", "1").day("2014-01-01").set(column::POINTERS, "1:9").considers(&["G893"]);
    service.set(column::CHARGE, "free");
    if service.expected.basis == "charge" {
        service.amount(None, "");
    }
    for rule in ["CD308", "RT405", "DQ502", "DQ505", "DQ506", "DQ508"] {
        service.expects(info(rule));
    }
    service.expects(review("DQ512")).expects(deny("CD301")).expects(deny("CD305"));
    builder.plant(service);
}
