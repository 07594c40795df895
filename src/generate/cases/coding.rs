//! Do the codes go together: add-ons, pairs, units, settings, codes of other years.

use crate::generate::builder::{COMMERCIAL, Deal, MEDICARE, STAYING, Service};
use crate::generate::cases::Case;
use crate::generate::lists;
use crate::generate::row::{Bin, Weight, at};

pub(super) const CASES: &[Case] = &[
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

/// A clear service with a diagnosis that fits every code.
fn neutral(deal: &mut Deal) -> Service {
    let mut service = deal.commercial();
    let listed = lists::fits_all(&mut deal.dice);
    service.diagnoses(&[&listed]);
    service
}

fn add_on_alone(deal: &mut Deal) {
    let mut service = neutral(deal);
    service.procedure("22515").says("CD301", Weight::Deny);
    deal.plant(service);
}

fn add_on_on_another_day(deal: &mut Deal) {
    let mut service = neutral(deal);
    let mut add_on = deal.line(&service, "22515");
    service.day("2024-03-05");
    add_on.day("2024-03-06").says("CD301", Weight::Deny);
    deal.plant(service);
    deal.plant(add_on);
}

fn add_on_over_two_claims(deal: &mut Deal) {
    // The add-on comes first, on a claim of its own.
    let service = neutral(deal);
    let add_on = deal.line(&service, "22515");
    let mut add_on = deal.elsewhere(&add_on);
    add_on.units("4", "4");
    deal.plant(add_on);
    deal.plant(service);
}

fn add_ons_beside_a_voided_primary(deal: &mut Deal) {
    let mut service = neutral(deal);
    let add_on = deal.line(&service, "22515");
    let mut add_on = deal.elsewhere(&add_on);
    add_on.says("CD301", Weight::Deny);
    service.set(at::FREQUENCY, "1");
    let mut void = deal.elsewhere(&service);
    void.set(at::FREQUENCY, "8").set(at::ORIGINAL, service.cells[at::CLAIM_ID].clone());
    deal.plant_silent(service, Bin::Superseded);
    deal.plant(add_on);
    deal.plant_silent(void, Bin::Superseded);
}

fn two_primaries(deal: &mut Deal) {
    let mut first = neutral(deal);
    let codes = deal.dice.pick(&[["22513", "22514"], ["22514", "22513"]]);
    first.procedure(codes[0]);
    let mut second = deal.line(&first, codes[1]);
    let lumbar = if codes[0] == "22514" { &mut first } else { &mut second };
    lumbar.says("CD302", Weight::Deny);
    deal.plant(first);
    deal.plant(second);
}

fn two_primaries_over_claims_and_an_add_on(deal: &mut Deal) {
    let mut first = neutral(deal);
    first.procedure("22513");
    let lumbar = deal.line(&first, "22514");
    let mut lumbar = deal.elsewhere(&lumbar);
    lumbar.says("CD302", Weight::Deny);
    let mut again = deal.elsewhere(&lumbar);
    again.says("CD303", Weight::Deny);
    let add_on = deal.line(&first, "22515");
    deal.plant(lumbar);
    deal.plant(first);
    deal.plant(add_on);
    deal.plant(again);
}

fn units_of_one_line(deal: &mut Deal) {
    let mut service = neutral(deal);
    let (cell, printed) =
        deal.dice.pick(&[("2", "2"), ("1.5", "1.5"), ("03.00", "3"), ("1.0001", "1.0001"), ("100", "100")]);
    service.units(cell, printed).says("CD303", Weight::Deny);
    deal.plant(service);
}

fn units_over_claims(deal: &mut Deal) {
    let first = neutral(deal);
    let code = first.verdict.procedure.clone();
    let mut none = deal.line(&first, &code);
    none.units("0", "0");
    let over = deal.line(&none, &code);
    let mut over = deal.elsewhere(&over);
    over.says("CD303", Weight::Deny);
    let mut after = deal.elsewhere(&over);
    after.units("0", "0");
    deal.plant(first);
    deal.plant(none);
    deal.plant(over);
    deal.plant(after);
}

fn units_in_halves(deal: &mut Deal) {
    let mut first = neutral(deal);
    let code = first.verdict.procedure.clone();
    first.units("0.5", "0.5");
    let mut second = deal.line(&first, &code);
    second.units(".5", "0.5");
    let mut third = deal.line(&second, &code);
    third.units("0.1", "0.1").says("CD303", Weight::Deny);
    for service in [first, second, third] {
        deal.plant(service);
    }
}

fn add_ons_over_four(deal: &mut Deal) {
    let first = neutral(deal);
    let mut three = deal.line(&first, "22515");
    three.units("3", "3");
    let one = deal.line(&three, "22515");
    let mut over = deal.line(&one, "22515");
    over.says("CD303", Weight::Review);
    for service in [three, first, one, over] {
        deal.plant(service);
    }
}

fn units_of_medicare(deal: &mut Deal) {
    let frame = deal.dice.pick(MEDICARE);
    let mut service = deal.service(frame);
    service.procedure("22515").units("5", "5").necessity("not-evaluated");
    service.says("RT401", Weight::Info).says("CD301", Weight::Deny).says("CD303", Weight::Review);
    deal.plant(service);
}

fn cpt_on_a_hospital_bill(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut service = deal.service(frame);
    service.set(at::BILL_TYPE, deal.dice.pick(lists::HOSPITAL)).says("CD304", Weight::Review);
    deal.plant(service);
}

fn stay_on_an_outpatient_bill(deal: &mut Deal) {
    let frame = deal.dice.pick(&[COMMERCIAL[1], COMMERCIAL[4]]);
    let mut stay = deal.stay(frame);
    stay.says("CD304", Weight::Review);
    deal.plant(stay);
}

fn not_in_force_yet(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.day("2014-12-31").says("CD305", Weight::Deny).says("RT405", Weight::Info);
    deal.plant(service);
}

fn last_years_code(deal: &mut Deal) {
    let service = deal.commercial();
    let code = deal.dice.pick(&["22523", "22524", "22525"]);
    deal.plant_related(&service, code, &[("CD305", Weight::Deny)]);
    deal.plant(service);
}

fn former_in_its_time(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.day("2014-12-31").says("CD305", Weight::Deny).says("RT405", Weight::Info);
    deal.plant_related(&service, "22524", &[]);
    deal.plant(service);
}

fn vertebroplasty(deal: &mut Deal) {
    let mut service = neutral(deal);
    service.says("CD306", Weight::Review);
    let mut add_on = deal.line(&service, "22515");
    add_on.says("CD306", Weight::Review);
    let code = deal.dice.pick(&["22510", "22511", "22512"]);
    deal.plant_related(&service, code, &[]);
    deal.plant(service);
    deal.plant(add_on);
}

fn vertebroplasty_on_another_claim(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.says("CD306", Weight::Review);
    let other = deal.elsewhere(&service);
    deal.plant(service);
    deal.plant_related(&other, "22511", &[]);
    // Another provider's is another encounter, and no service stands in it.
    let mut stranger = deal.elsewhere(&other);
    stranger.set(at::BILLING_NPI, "1999999999");
    deal.plant_related(&stranger, "22510", &[]);
}

fn combined_codes_beside(deal: &mut Deal) {
    let service = deal.commercial();
    let code = deal.dice.pick(&["C7507", "C7508"]);
    let silent = deal.dice.pick(&["C7504", "C7505", "0200T", "0201T"]);
    deal.plant_related(&service, code, &[("CD309", Weight::Review)]);
    deal.plant_related(&service, silent, &[]);
    deal.plant(service);
}

fn unlisted_beside_a_line(deal: &mut Deal) {
    let mut service = deal.commercial();
    let code = deal.dice.pick(&["XNU0356", "XNU4356", "0QU14JZ"]);
    service.set(at::ICD_PROCEDURE + 3, code).says("CD309", Weight::Review);
    deal.plant(service);
}

fn unlisted_in_a_stay(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    let code = deal.dice.pick(&["XNU0356", "XNU4356", "0QU14JZ"]);
    if deal.dice.chance(50) {
        stay.set(at::ICD_PROCEDURE + 2, code).says("CD309", Weight::Review);
        deal.plant(stay);
    } else {
        // On a related row of the same claim: the row says so itself, and the stay too.
        let mut row = stay.clone();
        row.set(at::LINE_NUMBER, "2").set(at::ICD_PROCEDURE, code).set(at::ICD_PROCEDURE + 1, "");
        stay.says("CD309", Weight::Review);
        deal.plant(stay);
        deal.put(row.cells, Bin::Related, vec![("CD309", Weight::Review)], Vec::new());
    }
}

fn no_reposition(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.set(at::ICD_PROCEDURE + 1, "").says("CD310", Weight::Info);
    deal.plant(stay);
}

fn all_modifiers(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.verdict.remarks.clear();
    for (slot, modifier) in ["LT", "50", "AS", "80"].into_iter().enumerate() {
        service.set(at::MODIFIER + slot, modifier);
    }
    service.says("CD308", Weight::Info).says("CD311", Weight::Review);
    deal.plant(service);
}
