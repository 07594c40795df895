//! Denials that are only for review because what they rest on is not certain.

use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{ExpectedFinding, capped, info, review};
use crate::generate::lists;
use crate::generate::scenario::{
    AUTHORIZATION_BY_SETTING, AUTHORIZATION_NOT_REQUIRED, COMMERCIAL, COMMERCIAL_INPATIENT,
};

pub(super) const CASES: &[PlantCase] = &[
    secondary,
    setting,
    emergency,
    other_authorization,
    edition,
    date,
    encounter_without_provider,
    encounter_of_unknown_form,
    units_without_provider,
];

/// A service that requires an authorization and has no number, neither on the claim nor in the file.
fn without_authorization(builder: &mut CaseBuilder, mut service: ServiceDraft, finding: ExpectedFinding) {
    builder.authorization_rows.pop();
    service.set(column::AUTHORIZATION, "");
    if builder.plan.authorization_column || builder.plan.authorization_file {
        service.authorization("not-met", finding);
    }
    builder.plant(service);
}

fn secondary(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut service = builder.service(scenario);
    service.set(column::PAYER_SEQUENCE, builder.rng.pick(&["S", "T", "Secondary", "02", "3", "A", "U"]));
    without_authorization(builder, service, capped("PA201", "secondary"));
}

fn setting(builder: &mut CaseBuilder) {
    // A number that the file lacks, where only an inpatient service would need one.
    let mut service = builder.service(AUTHORIZATION_BY_SETTING);
    builder.authorization_rows.pop();
    match (builder.plan.authorization_column, builder.plan.authorization_file) {
        (true, true) => service.authorization("not-met", capped("PA202", "setting")),
        (false, true) => service.authorization("undetermined", review("RT403")),
        _ => &mut service,
    };
    builder.plant(service);
}

fn emergency(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut service = builder.service(scenario);
    service.set(column::ADMISSION, builder.rng.pick(&["1", "5", "01", "5.0"]));
    without_authorization(builder, service, capped("PA201", "emergency"));
}

fn other_authorization(builder: &mut CaseBuilder) {
    // The file lacks the number, but holds an approval of the member for this service under another one.
    let mut service = builder.service(COMMERCIAL[0]);
    let mistyped = builder.authorization_number();
    service.set(column::AUTHORIZATION, mistyped);
    if builder.plan.authorization_column && builder.plan.authorization_file {
        service.authorization("not-met", capped("PA202", "other-authorization"));
    }
    builder.plant(service);
}

fn edition(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.day(builder.rng.pick(&["2020-05-31", "2015-10-01"])).diagnoses(&["M545"]).necessity("not-supported");
    service.expects(capped("DX101", "edition")).expects(info("RT405"));
    builder.plant(service);
}

fn date(builder: &mut CaseBuilder) {
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    service.day("").set(column::DATE, "1999-12-31").diagnoses(&["M545"]).necessity("not-supported");
    service.without_modifiers().units("2", "2");
    for finding in [capped("DX101", "date"), capped("CD303", "date"), review("DQ501")] {
        service.expects(finding);
    }
    builder.plant(service);
}

fn encounter_without_provider(builder: &mut CaseBuilder) {
    let mut first = builder.fits_every_code();
    first.procedure("22513").set(column::BILLING_NPI, builder.rng.pick(&["", "0000000000", "9999999999"]));
    let mut second = builder.next_line(&first, "22514");
    second.expects(capped("CD302", "encounter"));
    builder.plant(first);
    builder.plant(second);
}

fn encounter_of_unknown_form(builder: &mut CaseBuilder) {
    let mut service = builder.service(COMMERCIAL[2]);
    let listed = lists::fits_any_level(&mut builder.rng);
    service.diagnoses(&[&listed]).without_modifiers().procedure("22515");
    for field in [column::CLAIM_FORM, column::PLACE, column::BILL_TYPE] {
        service.set(field, "");
    }
    service.expects(capped("CD301", "encounter"));
    builder.plant(service);
}

fn units_without_provider(builder: &mut CaseBuilder) {
    let mut service = builder.fits_every_code();
    service.set(column::BILLING_NPI, "").units("2", "2").expects(capped("CD303", "encounter"));
    builder.plant(service);
}
