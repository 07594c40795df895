//! Necessity: which diagnoses are listed, which are considered, and which contradict each other.

use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{deny, info, review};
use crate::generate::lists;
use crate::generate::scenario::{COMMERCIAL, COMMERCIAL_INPATIENT};

pub(super) const CASES: &[PlantCase] = &[
    listed,
    listed,
    listed_in_the_last_slot,
    listed_among_others,
    stay,
    codes_of_another_time,
    before_icd_10,
    lists_of_codes,
    not_listed,
    missing,
    not_pointed,
    pointed_by_letters,
    pointed_in_one_cell,
    pointed_without_separators,
    pointed_by_both,
    one_pointer_to_nothing,
    only_a_pointer_to_nothing,
    pointer_out_of_range,
    outside_statement,
    outside_beside_inside,
    outside_and_pain,
    wrong_region,
    one_of_two_fits,
    region_of_an_add_on,
    region_of_a_stay,
    region_of_a_cervical_stay,
    cervical_stay,
    excluded,
    pairs_that_do_not_exclude_each_other,
    trauma,
    trauma_outside,
    trauma_not_listed,
    pain_alone,
    remission_alone,
    pain_beside_a_fracture,
];

fn listed(builder: &mut CaseBuilder) {
    let service = builder.commercial();
    builder.plant(service);
}

fn listed_in_the_last_slot(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let listed = service.cells[column::DIAGNOSIS].clone();
    service.diagnoses(&["I10", &listed]);
    service.set(column::DIAGNOSIS + 1, "").set(column::DIAGNOSIS + 11, listed);
    builder.plant(service);
}

fn listed_among_others(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let listed = service.cells[column::DIAGNOSIS].clone();
    // A near miss does not matter beside a listed code.
    service.diagnoses(&["M545", "C900", &listed, "Z87891"]);
    builder.plant(service);
}

fn stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let stay = builder.stay(scenario);
    builder.plant(stay);
}

fn codes_of_another_time(builder: &mut CaseBuilder) {
    // ICD-9 codes where ICD-10 is required.
    let mut service = builder.commercial();
    let code = builder.rng.pick(&["73313", "8054", "723", "80620"]);
    service.diagnoses(&[code]).necessity("undetermined").expects(review("DQ512"));
    builder.plant(service);
}

fn before_icd_10(builder: &mut CaseBuilder) {
    // The list is not applied before October 2015. A listed code of that time is of the wrong code set.
    let mut service = builder.commercial();
    service.day(builder.rng.pick(&["2015-09-30", "2015-01-01"])).necessity("not-evaluated").expects(info("RT405"));
    if builder.rng.chance(50) {
        service.diagnoses(&["73313", "M545"]);
    } else {
        service.expects(review("DQ512"));
    }
    builder.plant(service);
}

fn lists_of_codes(builder: &mut CaseBuilder) {
    // A cell of several codes fills the slots after its own.
    let mut service = builder.commercial();
    let listed = service.cells[column::DIAGNOSIS].clone();
    service.diagnoses(&["I10", "E119", &listed]);
    let separator = builder.rng.pick(&[";", "|", ",", "^", "; "]);
    let cell = format!("I10{separator}E119");
    service.set(column::DIAGNOSIS, cell).set(column::DIAGNOSIS + 1, "");
    service.set(column::POINTERS, "3").considers(&[&listed]);
    builder.plant(service);
}

fn not_listed(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let (first, second) = (builder.rng.pick(lists::UNLISTED), builder.rng.pick(lists::COMORBIDITIES));
    service.diagnoses(&[first, second]).necessity("not-supported").expects(deny("DX101"));
    builder.plant(service);
}

fn missing(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.diagnoses(&[]).necessity("undetermined").expects(review("DX105"));
    builder.plant(service);
}

/// A service with two diagnoses, of which only the second is listed.
fn second_listed(builder: &mut CaseBuilder) -> (ServiceDraft, String) {
    let mut service = builder.commercial();
    let listed = service.cells[column::DIAGNOSIS].clone();
    service.diagnoses(&["M545", &listed]);
    (service, listed)
}

fn not_pointed(builder: &mut CaseBuilder) {
    let (mut service, _) = second_listed(builder);
    service.set(column::POINTER, builder.rng.pick(&["1", "A", "01"])).considers(&["M545"]);
    service.necessity("undetermined").expects(review("DX102"));
    builder.plant(service);
}

fn pointed_by_letters(builder: &mut CaseBuilder) {
    let (mut service, listed) = second_listed(builder);
    service.set(column::POINTER, "b").set(column::POINTER + 1, "A").considers(&[&listed, "M545"]);
    builder.plant(service);
}

fn pointed_in_one_cell(builder: &mut CaseBuilder) {
    let (mut service, listed) = second_listed(builder);
    service.set(column::POINTERS, builder.rng.pick(&["2:1", "2,1", "2|1", "B;A", "2/1", "02 01", "2:1:2"]));
    service.considers(&[&listed, "M545"]);
    builder.plant(service);
}

fn pointed_without_separators(builder: &mut CaseBuilder) {
    let (mut service, listed) = second_listed(builder);
    service.set(column::POINTERS, builder.rng.pick(&["21", "BA", "2A"])).considers(&[&listed, "M545"]);
    builder.plant(service);
}

fn pointed_by_both(builder: &mut CaseBuilder) {
    let (mut service, listed) = second_listed(builder);
    service.set(column::POINTERS, "1").set(column::POINTER, "2").considers(&[&listed, "M545"]);
    builder.plant(service);
}

fn one_pointer_to_nothing(builder: &mut CaseBuilder) {
    let (mut service, listed) = second_listed(builder);
    service.set(column::POINTERS, "2:7").considers(&[&listed]).expects(info("DQ505"));
    builder.plant(service);
}

fn only_a_pointer_to_nothing(builder: &mut CaseBuilder) {
    // Without a valid pointer, all diagnoses are considered.
    let (mut service, _) = second_listed(builder);
    service.set(column::POINTER, "5").expects(info("DQ505"));
    builder.plant(service);
}

fn pointer_out_of_range(builder: &mut CaseBuilder) {
    let (mut service, listed) = second_listed(builder);
    service
        .set(column::POINTER, builder.rng.pick(&["13", "M", "0"]))
        .set(column::POINTER + 1, "2")
        .considers(&[&listed]);
    service.expects(info("DQ505"));
    builder.plant(service);
}

fn outside_statement(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let code = lists::m485(&mut builder.rng, lists::OUTSIDE_STATEMENT);
    service.diagnoses(&[&code, "I10"]).necessity("undetermined").expects(review("DX104"));
    builder.plant(service);
}

fn outside_beside_inside(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let inside = service.cells[column::DIAGNOSIS].clone();
    let code = lists::m485(&mut builder.rng, lists::OUTSIDE_STATEMENT);
    // M48.5 beside M80 or M84 would be DX107. Neoplasms may be beside anything.
    let inside = if inside.starts_with('M') && !inside.starts_with("M485") { "C7951".to_owned() } else { inside };
    service.diagnoses(&[&code, &inside]);
    builder.plant(service);
}

fn outside_and_pain(builder: &mut CaseBuilder) {
    // G89.3 states no region, so not every listed diagnosis is outside the thoracolumbar spine.
    let mut service = builder.commercial();
    let code = lists::m485(&mut builder.rng, lists::OUTSIDE_STATEMENT);
    service.diagnoses(&[&code, "G893"]);
    builder.plant(service);
}

fn wrong_region(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let (code, stems) = builder.rng.pick(&[("22513", lists::ONLY_LUMBAR), ("22514", lists::ONLY_THORACIC)]);
    let diagnosis = lists::m485(&mut builder.rng, stems);
    service.procedure(code).diagnoses(&["E119", &diagnosis]).necessity("undetermined").expects(review("DX106"));
    builder.plant(service);
}

fn one_of_two_fits(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let code = builder.rng.pick(&["22513", "22514"]);
    let both = [lists::ONLY_LUMBAR, lists::ONLY_THORACIC].map(|stems| lists::m485(&mut builder.rng, stems));
    service.procedure(code).diagnoses(&[&both[0], &both[1]]);
    builder.plant(service);
}

fn region_of_an_add_on(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let thoracic = lists::m485(&mut builder.rng, lists::ONLY_THORACIC);
    service.without_modifiers().procedure("22513").diagnoses(&[&thoracic]);
    let mut add_on = builder.next_line(&service, "22515");
    let lumbar = lists::m485(&mut builder.rng, lists::ONLY_LUMBAR);
    add_on.diagnoses(&[&lumbar]);
    builder.plant(service);
    builder.plant(add_on);
}

fn region_of_a_stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    let thoracic = stay.expected.procedure.starts_with("0PU");
    let wrong = if thoracic { lists::ONLY_LUMBAR } else { lists::ONLY_THORACIC };
    let diagnosis = lists::m485(&mut builder.rng, wrong);
    stay.diagnoses(&[&diagnosis]).necessity("undetermined").expects(review("DX106"));
    builder.plant(stay);
}

fn region_of_a_cervical_stay(builder: &mut CaseBuilder) {
    // No CPT code covers the cervical and sacral regions, so DX106 cannot compare these codes with one.
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    let code = builder.rng.pick(&["0PU33JZ", "0PU34JZ", "0QU13JZ"]);
    let listed = stay.expected.procedure.clone();
    stay.set(column::ICD_PROCEDURE + 2, code);
    stay.expected.procedure = format!("{listed};{code}");
    let wrong = if listed.starts_with("0PU") { lists::ONLY_LUMBAR } else { lists::ONLY_THORACIC };
    let diagnosis = lists::m485(&mut builder.rng, wrong);
    stay.diagnoses(&[&diagnosis]);
    builder.plant(stay);
}

fn cervical_stay(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    let code = builder.rng.pick(&["0PU33JZ", "0PU34JZ", "0QU13JZ"]);
    stay.set(column::ICD_PROCEDURE, code).necessity("undetermined").expects(review("DX104"));
    stay.expected.procedure = code.into();
    builder.plant(stay);
}

fn excluded(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let (first, second) = builder.rng.pick(&[
        ("M4855XA", "M8008XA"),
        ("M8088XG", "M4855XD"),
        ("M4850XA", "M8448XA"),
        ("M8448XD", "M8458XA"),
        ("M8458XA", "M4855XA"),
        ("M4855XS", "M8468XP"),
        ("M8468XA", "M8008XA"),
        ("M8448XS", "M8008XK"),
        ("M8448XA", "M8468XA"),
        ("M8008XA", "M84451A"),
    ]);
    service.diagnoses(&[first, "I10", second]).expects(info("DX107"));
    builder.plant(service);
}

fn pairs_that_do_not_exclude_each_other(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let (first, second) = builder.rng.pick(&[
        ("M8008XA", "M8088XA"),
        ("M8458XA", "M8008XA"),
        ("M8458XA", "M8468XA"),
        ("M4855XA", "M8453XA"),
    ]);
    service.diagnoses(&[first, second]);
    builder.plant(service);
}

fn trauma(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let listed = service.cells[column::DIAGNOSIS].clone();
    let injury = builder.rng.pick(&["S22080A", "S32010A", "S22000B", "S320", "S32009D", "S12000A", "S3210XA"]);
    service.diagnoses(&[&listed, injury]).necessity("undetermined").expects(review("DX108"));
    if builder.rng.chance(50) {
        // DX108 looks at all diagnoses of the row, pointed to or not.
        service.set(column::POINTERS, "1").considers(&[&listed]);
    }
    builder.plant(service);
}

fn trauma_outside(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let code = lists::m485(&mut builder.rng, lists::OUTSIDE_STATEMENT);
    service.diagnoses(&[&code, "S22010A"]).necessity("undetermined");
    service.expects(review("DX104")).expects(review("DX108"));
    builder.plant(service);
}

fn trauma_not_listed(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.diagnoses(&["S22080A", "M545"]).necessity("not-supported").expects(deny("DX101"));
    builder.plant(service);
}

fn pain_alone(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.diagnoses(&["G893", "I10"]).expects(info("DX109"));
    builder.plant(service);
}

fn remission_alone(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    // The lesion is on the row, but the line does not point to it.
    service.diagnoses(&["C9001", "C7951", "G893"]).considers(&["C9001", "G893"]);
    service.set(column::POINTER, "1").set(column::POINTER + 3, "3").expects(info("DX109"));
    builder.plant(service);
}

fn pain_beside_a_fracture(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(COMMERCIAL);
    let mut service = builder.service(scenario);
    let listed = service.cells[column::DIAGNOSIS].clone();
    service.diagnoses(&["G893", &listed]);
    builder.plant(service);
}
