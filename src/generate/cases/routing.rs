//! Medicare, products that the authorization table does not name, services before the first edition.

use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::expected::{capped, info, review};
use crate::generate::lists;
use crate::generate::scenario::{ExpectedRequirement, MEDICARE, PRODUCT_NOT_NAMED};

pub(super) const CASES: &[PlantCase] = &[
    medicare,
    medicare,
    medicare_with_any_diagnosis,
    product_not_named,
    product_not_named,
    product_not_named_without_number,
    before_first_edition,
    before_first_edition_outside_statement,
    first_day_of_first_edition,
];

fn medicare(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(MEDICARE);
    let mut service = builder.service(scenario);
    service.necessity("not-evaluated").expects(info("RT401"));
    builder.plant(service);
}

fn medicare_with_any_diagnosis(builder: &mut CaseBuilder) {
    // No diagnosis rule applies to Medicare.
    let scenario = builder.rng.pick(MEDICARE);
    let mut service = builder.service(scenario);
    let codes: &[&str] =
        builder.rng.pick(&[&[][..], &["M545"], &["M4854A"], &["M4852XA"], &["G893"], &["M4855XA", "M8008XA"]]);
    service.diagnoses(codes).necessity("not-evaluated").expects(info("RT401"));
    builder.plant(service);
}

fn product_not_named(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(PRODUCT_NOT_NAMED);
    let mut service = builder.service(scenario);
    service.necessity("undetermined").expects(review("RT402"));
    if builder.rng.chance(50) {
        service.diagnoses(&["M545"]);
    }
    builder.plant(service);
}

fn product_not_named_without_number(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(PRODUCT_NOT_NAMED);
    let mut service = builder.service(scenario);
    service.necessity("undetermined").expects(review("RT402"));
    if builder.plan.authorization_column {
        service.set(column::AUTHORIZATION, "").set(column::MEMBER_ID, "");
        if scenario.requirement == ExpectedRequirement::Required {
            service.authorization("not-met", capped("PA201", "product"));
        }
    }
    builder.plant(service);
}

fn before_first_edition(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.day(builder.rng.pick(&["2020-05-31", "2015-10-01", "2019-12-24"])).expects(info("RT405"));
    builder.plant(service);
}

fn before_first_edition_outside_statement(builder: &mut CaseBuilder) {
    // The statement names the thoracolumbar spine only since June 2020. The region does not fit the procedure all the same.
    let mut service = builder.commercial();
    let code = lists::m485(&mut builder.rng, lists::OUTSIDE_STATEMENT);
    service.day("2020-05-31").diagnoses(&[&code]).necessity("undetermined");
    service.expects(info("RT405")).expects(review("DX106"));
    builder.plant(service);
}

fn first_day_of_first_edition(builder: &mut CaseBuilder) {
    // The first day of the edition that names the thoracolumbar spine.
    let mut service = builder.commercial();
    let code = lists::m485(&mut builder.rng, lists::OUTSIDE_STATEMENT);
    service.day("2020-06-01").diagnoses(&[&code]).necessity("undetermined").expects(review("DX104"));
    builder.plant(service);
}
