//! Necessity: what is listed, what is considered, what contradicts what.

use crate::generate::builder::{COMMERCIAL, Deal, STAYING, Service};
use crate::generate::cases::Case;
use crate::generate::lists;
use crate::generate::row::{Weight, at};

pub(super) const CASES: &[Case] = &[
    listed,
    listed,
    listed_in_the_last_slot,
    listed_among_others,
    a_stay,
    not_listed,
    missing,
    not_pointed,
    pointed_by_letters,
    pointed_in_one_cell,
    pointed_without_separators,
    pointed_by_both,
    pointed_at_nothing_too,
    pointed_at_nothing_alone,
    pointer_that_is_none,
    outside,
    outside_beside_inside,
    outside_and_pain,
    wrong_region,
    one_of_two_fits,
    region_of_an_add_on,
    region_of_a_stay,
    region_of_a_cervical_stay,
    excluded,
    excluded_pairs_that_are_none,
    trauma,
    trauma_outside,
    trauma_not_listed,
    pain_alone,
    remission_alone,
    pain_beside_a_fracture,
];

fn listed(deal: &mut Deal) {
    let service = deal.commercial();
    deal.plant(service);
}

fn listed_in_the_last_slot(deal: &mut Deal) {
    let mut service = deal.commercial();
    let listed = service.cells[at::DIAGNOSIS].clone();
    service.diagnoses(&["I10", &listed]);
    service.set(at::DIAGNOSIS + 1, "").set(at::DIAGNOSIS + 11, listed);
    deal.plant(service);
}

fn listed_among_others(deal: &mut Deal) {
    let mut service = deal.commercial();
    let listed = service.cells[at::DIAGNOSIS].clone();
    // A near miss beside a listed code is no matter.
    service.diagnoses(&["M545", "C900", &listed, "Z87891"]);
    deal.plant(service);
}

fn a_stay(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let stay = deal.stay(frame);
    deal.plant(stay);
}

fn not_listed(deal: &mut Deal) {
    let mut service = deal.commercial();
    let (first, second) = (deal.dice.pick(lists::UNLISTED), deal.dice.pick(lists::BESIDE));
    service.diagnoses(&[first, second]).necessity("not-supported").says("DX101", Weight::Deny);
    deal.plant(service);
}

fn missing(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.diagnoses(&[]).necessity("undetermined").says("DX105", Weight::Review);
    deal.plant(service);
}

/// A service with two diagnoses: one that is not listed, then a listed one.
fn second_listed(deal: &mut Deal) -> (Service, String) {
    let mut service = deal.commercial();
    let listed = service.cells[at::DIAGNOSIS].clone();
    service.diagnoses(&["M545", &listed]);
    (service, listed)
}

fn not_pointed(deal: &mut Deal) {
    let (mut service, _) = second_listed(deal);
    service.set(at::POINTER, deal.dice.pick(&["1", "A", "01"])).considers(&["M545"]);
    service.necessity("undetermined").says("DX102", Weight::Review);
    deal.plant(service);
}

fn pointed_by_letters(deal: &mut Deal) {
    let (mut service, listed) = second_listed(deal);
    service.set(at::POINTER, "b").set(at::POINTER + 1, "A").considers(&[&listed, "M545"]);
    deal.plant(service);
}

fn pointed_in_one_cell(deal: &mut Deal) {
    let (mut service, listed) = second_listed(deal);
    service.set(at::POINTERS, deal.dice.pick(&["2:1", "2,1", "2|1", "B;A", "2/1", "02 01", "2:1:2"]));
    service.considers(&[&listed, "M545"]);
    deal.plant(service);
}

fn pointed_without_separators(deal: &mut Deal) {
    let (mut service, listed) = second_listed(deal);
    service.set(at::POINTERS, deal.dice.pick(&["21", "BA", "2A"])).considers(&[&listed, "M545"]);
    deal.plant(service);
}

fn pointed_by_both(deal: &mut Deal) {
    let (mut service, listed) = second_listed(deal);
    service.set(at::POINTERS, "1").set(at::POINTER, "2").considers(&[&listed, "M545"]);
    deal.plant(service);
}

fn pointed_at_nothing_too(deal: &mut Deal) {
    let (mut service, listed) = second_listed(deal);
    service.set(at::POINTERS, "2:7").considers(&[&listed]).says("DQ505", Weight::Info);
    deal.plant(service);
}

fn pointed_at_nothing_alone(deal: &mut Deal) {
    // No valid pointer is no pointer: all diagnoses count.
    let (mut service, _) = second_listed(deal);
    service.set(at::POINTER, "5").says("DQ505", Weight::Info);
    deal.plant(service);
}

fn pointer_that_is_none(deal: &mut Deal) {
    let (mut service, listed) = second_listed(deal);
    service.set(at::POINTER, deal.dice.pick(&["13", "M", "0"])).set(at::POINTER + 1, "2").considers(&[&listed]);
    service.says("DQ505", Weight::Info);
    deal.plant(service);
}

fn outside(deal: &mut Deal) {
    let mut service = deal.commercial();
    let code = lists::collapsed(&mut deal.dice, lists::OUTSIDE);
    service.diagnoses(&[&code, "I10"]).necessity("undetermined").says("DX104", Weight::Review);
    deal.plant(service);
}

fn outside_beside_inside(deal: &mut Deal) {
    let mut service = deal.commercial();
    let inside = service.cells[at::DIAGNOSIS].clone();
    let code = lists::collapsed(&mut deal.dice, lists::OUTSIDE);
    // M48.5 beside M80 and the like would be DX107; the new growths are beside anything.
    let inside = if inside.starts_with('M') && !inside.starts_with("M485") { "C7951".to_owned() } else { inside };
    service.diagnoses(&[&code, &inside]);
    deal.plant(service);
}

fn outside_and_pain(deal: &mut Deal) {
    // G89.3 states no region, so not every listed diagnosis lies outside.
    let mut service = deal.commercial();
    let code = lists::collapsed(&mut deal.dice, lists::OUTSIDE);
    service.diagnoses(&[&code, "G893"]);
    deal.plant(service);
}

fn wrong_region(deal: &mut Deal) {
    let mut service = deal.commercial();
    let (code, stems) = deal.dice.pick(&[("22513", lists::ONLY_LUMBAR), ("22514", lists::ONLY_THORACIC)]);
    let diagnosis = lists::collapsed(&mut deal.dice, stems);
    service.procedure(code).diagnoses(&["E119", &diagnosis]).necessity("undetermined").says("DX106", Weight::Review);
    deal.plant(service);
}

fn one_of_two_fits(deal: &mut Deal) {
    let mut service = deal.commercial();
    let code = deal.dice.pick(&["22513", "22514"]);
    let both = [lists::ONLY_LUMBAR, lists::ONLY_THORACIC].map(|stems| lists::collapsed(&mut deal.dice, stems));
    service.procedure(code).diagnoses(&[&both[0], &both[1]]);
    deal.plant(service);
}

fn region_of_an_add_on(deal: &mut Deal) {
    let mut service = deal.commercial();
    let thoracic = lists::collapsed(&mut deal.dice, lists::ONLY_THORACIC);
    service.procedure("22513").diagnoses(&[&thoracic]);
    let mut add_on = deal.line(&service, "22515");
    let lumbar = lists::collapsed(&mut deal.dice, lists::ONLY_LUMBAR);
    add_on.diagnoses(&[&lumbar]);
    deal.plant(service);
    deal.plant(add_on);
}

fn region_of_a_stay(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    let thoracic = stay.verdict.procedure.starts_with("0PU");
    let wrong = if thoracic { lists::ONLY_LUMBAR } else { lists::ONLY_THORACIC };
    let diagnosis = lists::collapsed(&mut deal.dice, wrong);
    stay.diagnoses(&[&diagnosis]).necessity("undetermined").says("DX106", Weight::Review);
    deal.plant(stay);
}

fn region_of_a_cervical_stay(deal: &mut Deal) {
    // The policy's cervical and sacral codes have no CPT code whose regions they could be held against.
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    let code = deal.dice.pick(&["0PU33JZ", "0PU34JZ", "0QU13JZ"]);
    let listed = stay.verdict.procedure.clone();
    stay.set(at::ICD_PROCEDURE + 2, code);
    stay.verdict.procedure = format!("{listed};{code}");
    let wrong = if listed.starts_with("0PU") { lists::ONLY_LUMBAR } else { lists::ONLY_THORACIC };
    let diagnosis = lists::collapsed(&mut deal.dice, wrong);
    stay.diagnoses(&[&diagnosis]);
    deal.plant(stay);
}

fn excluded(deal: &mut Deal) {
    let mut service = deal.commercial();
    let (first, second) = deal.dice.pick(&[
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
    service.diagnoses(&[first, "I10", second]).says("DX107", Weight::Info);
    deal.plant(service);
}

fn excluded_pairs_that_are_none(deal: &mut Deal) {
    let mut service = deal.commercial();
    let (first, second) = deal.dice.pick(&[
        ("M8008XA", "M8088XA"),
        ("M8458XA", "M8008XA"),
        ("M8458XA", "M8468XA"),
        ("M4855XA", "M8453XA"),
    ]);
    service.diagnoses(&[first, second]);
    deal.plant(service);
}

fn trauma(deal: &mut Deal) {
    let mut service = deal.commercial();
    let listed = service.cells[at::DIAGNOSIS].clone();
    let injury = deal.dice.pick(&["S22080A", "S32010A", "S22000B", "S320", "S32009D"]);
    service.diagnoses(&[&listed, injury]).necessity("undetermined").says("DX108", Weight::Review);
    if deal.dice.chance(50) {
        // Pointed to or not: the row's diagnoses count.
        service.set(at::POINTERS, "1").considers(&[&listed]);
    }
    deal.plant(service);
}

fn trauma_outside(deal: &mut Deal) {
    let mut service = deal.commercial();
    let code = lists::collapsed(&mut deal.dice, lists::OUTSIDE);
    service.diagnoses(&[&code, "S22010A"]).necessity("undetermined");
    service.says("DX104", Weight::Review).says("DX108", Weight::Review);
    deal.plant(service);
}

fn trauma_not_listed(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.diagnoses(&["S22080A", "M545"]).necessity("not-supported").says("DX101", Weight::Deny);
    deal.plant(service);
}

fn pain_alone(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.diagnoses(&["G893", "I10"]).says("DX109", Weight::Info);
    deal.plant(service);
}

fn remission_alone(deal: &mut Deal) {
    let mut service = deal.commercial();
    // The lesion stands on the row, but the line does not point at it.
    service.diagnoses(&["C9001", "C7951", "G893"]).considers(&["C9001", "G893"]);
    service.set(at::POINTER, "1").set(at::POINTER + 3, "3").says("DX109", Weight::Info);
    deal.plant(service);
}

fn pain_beside_a_fracture(deal: &mut Deal) {
    let frame = deal.dice.pick(COMMERCIAL);
    let mut service = deal.service(frame);
    let listed = service.cells[at::DIAGNOSIS].clone();
    service.diagnoses(&["G893", &listed]);
    deal.plant(service);
}
