//! Rows said twice, taken back, replaced, or not to be read at all; stays over several rows.

use crate::generate::builder::{COMMERCIAL, Deal, STAYING, Service};
use crate::generate::cases::Case;
use crate::generate::row::{Bin, Damage, Row, Weight, at};

pub(super) const CASES: &[Case] = &[
    duplicate,
    duplicate_of_a_related_row,
    nearly_a_duplicate,
    replaced,
    replaced_by_its_bill_type,
    replaced_under_its_own_number,
    voided,
    voided_before_it_comes,
    voided_under_its_own_number,
    chain,
    replaced_whole,
    replacement_alone,
    void_alone,
    original_in_an_earlier_extract,
    names_itself,
    stay_over_rows,
    stay_of_two_codes,
    stay_and_line,
    no_claim_number,
    short,
    long,
    quote_open,
    text_after_a_quote,
    header_again,
];

fn duplicate(deal: &mut Deal) {
    let service = deal.commercial();
    let copies = 1 + deal.dice.below(2);
    deal.plant(service.clone());
    for _ in 0..copies {
        // The diagnoses and the member are not what makes a row the same.
        let mut copy = service.clone();
        copy.diagnoses(&["M545"]).set(at::MEMBER_ID, "");
        deal.plant_silent(copy, Bin::Duplicate);
    }
}

fn duplicate_of_a_related_row(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.says("CD306", Weight::Review);
    deal.plant_related(&service, "22511", &[]);
    let row = deal.rows[0].clone();
    deal.rows.push(Row::silent(row.cells, Bin::Duplicate));
    deal.plant(service);
}

fn nearly_a_duplicate(deal: &mut Deal) {
    let first = deal.commercial();
    let mut second = first.clone();
    second.set(at::LINE_NUMBER, "2").says("CD303", Weight::Deny);
    deal.plant(first);
    deal.plant(second);
}

/// A service and one that names it.
fn pair(deal: &mut Deal, frequency: &str) -> (Service, Service) {
    let mut first = deal.commercial();
    first.set(at::FREQUENCY, "1");
    let mut second = deal.elsewhere(&first);
    deal.pay(&mut second);
    second.set(at::FREQUENCY, frequency).set(at::ORIGINAL, first.cells[at::CLAIM_ID].clone());
    (first, second)
}

fn replaced(deal: &mut Deal) {
    let (first, mut second) = pair(deal, "7");
    second.diagnoses(&["M545"]).necessity("not-supported").says("DX101", Weight::Deny);
    deal.plant_silent(first, Bin::Superseded);
    deal.plant(second);
}

fn replaced_by_its_bill_type(deal: &mut Deal) {
    let mut first = deal.service(COMMERCIAL[1]);
    first.set(at::FREQUENCY, "").set(at::BILL_TYPE, "131");
    let mut second = deal.elsewhere(&first);
    second.set(at::BILL_TYPE, deal.dice.pick(&["137", "0137", "13:A:7"]));
    second.set(at::ORIGINAL, first.cells[at::CLAIM_ID].clone());
    deal.plant(second);
    deal.plant_silent(first, Bin::Superseded);
}

fn replaced_under_its_own_number(deal: &mut Deal) {
    let mut first = deal.commercial();
    first.set(at::FREQUENCY, "1");
    let mut second = first.clone();
    second.set(at::FREQUENCY, "7");
    deal.plant_silent(first, Bin::Superseded);
    deal.plant(second);
}

fn voided(deal: &mut Deal) {
    let (first, second) = pair(deal, "8");
    deal.plant_silent(first, Bin::Superseded);
    deal.plant_silent(second, Bin::Superseded);
}

fn voided_before_it_comes(deal: &mut Deal) {
    let (first, second) = pair(deal, "8");
    deal.plant_silent(second, Bin::Superseded);
    deal.plant_silent(first, Bin::Superseded);
}

fn voided_under_its_own_number(deal: &mut Deal) {
    let mut first = deal.commercial();
    first.set(at::FREQUENCY, "1");
    let mut void = first.clone();
    void.set(at::FREQUENCY, "8");
    deal.plant_silent(first, Bin::Superseded);
    deal.plant_silent(void, Bin::Superseded);
}

fn chain(deal: &mut Deal) {
    let (first, second) = pair(deal, "7");
    let mut third = deal.elsewhere(&second);
    third.set(at::ORIGINAL, second.cells[at::CLAIM_ID].clone());
    deal.plant(third);
    deal.plant_silent(first, Bin::Superseded);
    deal.plant_silent(second, Bin::Superseded);
}

fn replaced_whole(deal: &mut Deal) {
    // Three rows of the claim go, the related one too; its replacement has one.
    let (first, second) = pair(deal, "7");
    let add_on = deal.line(&first, "22515");
    deal.plant_related(&add_on, "22511", &[]);
    if let Some(row) = deal.rows.last_mut() {
        row.bin = Bin::Superseded;
    }
    deal.plant_silent(first, Bin::Superseded);
    deal.plant(second);
    deal.plant_silent(add_on, Bin::Superseded);
}

fn replacement_alone(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.set(at::FREQUENCY, "7").says("DQ509", Weight::Info);
    deal.plant(service);
}

fn void_alone(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.set(at::FREQUENCY, "8");
    deal.put(service.cells, Bin::Superseded, vec![("DQ509", Weight::Info)], Vec::new());
}

fn original_in_an_earlier_extract(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.set(at::FREQUENCY, "7").set(at::ORIGINAL, "LASTYEAR1");
    deal.plant(service);
}

fn names_itself(deal: &mut Deal) {
    let mut service = deal.commercial();
    let own = service.cells[at::CLAIM_ID].clone();
    service.set(at::FREQUENCY, "7").set(at::ORIGINAL, own).says("DQ509", Weight::Info);
    deal.plant(service);
}

fn stay_over_rows(deal: &mut Deal) {
    // The codes of a stay stand on each of its rows; it is judged once, by the facts of the first.
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.set(at::ICD_PROCEDURE + 1, "").says("CD310", Weight::Info);
    let mut rows = Vec::new();
    for number in 2..4 {
        let mut row = stay.clone();
        row.set(at::LINE_NUMBER, number.to_string()).set(at::PAID, "1.00").diagnoses(&["M545"]).set(at::PRODUCT, "EPO");
        rows.push(row);
    }
    deal.plant(stay);
    for row in rows {
        deal.plant_silent(row, Bin::InScope);
    }
}

fn stay_of_two_codes(deal: &mut Deal) {
    // The second code stands on the second row, the reposition on a related third one.
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.set(at::ICD_PROCEDURE, "0PU43JZ").set(at::ICD_PROCEDURE + 1, "");
    stay.verdict.procedure = "0PU43JZ;0QU03JZ".into();
    let mut second = stay.clone();
    second.set(at::LINE_NUMBER, "2").set(at::PROCEDURE, "0QU03JZ");
    let mut third = stay.clone();
    third.set(at::LINE_NUMBER, "3").set(at::ICD_PROCEDURE, "0QS03ZZ");
    deal.plant(stay);
    deal.plant_silent(second, Bin::InScope);
    deal.put(third.cells, Bin::Related, Vec::new(), Vec::new());
}

fn stay_and_line(deal: &mut Deal) {
    // One row, two services: a CPT code on a hospital bill, and the stay. Both carry what is wrong with the row.
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.set(at::PROCEDURE, "22513").set(at::BILL_TYPE, "111").set(at::UNITS, "2").set(at::POINTERS, "1:8");
    stay.says("DQ505", Weight::Info);
    let mut line = stay.clone();
    line.verdict.procedure = "22513".into();
    line.verdict.units = "2".into();
    line.says("CD304", Weight::Review).says("CD303", Weight::Deny);
    deal.put(stay.cells, Bin::InScope, Vec::new(), vec![line.verdict, stay.verdict]);
}

fn no_claim_number(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.set(at::CLAIM_ID, deal.dice.pick(&["", "NULL", " ", "---"]));
    deal.plant_silent(service, Bin::Rejected);
}

/// A row that would be a service if it could be read.
fn damaged(deal: &mut Deal, damage: Damage) {
    let service = deal.commercial();
    deal.plant_silent(service, Bin::Rejected);
    if let Some(row) = deal.rows.last_mut() {
        row.damage = damage;
    }
}

fn short(deal: &mut Deal) {
    damaged(deal, Damage::Short);
}

fn long(deal: &mut Deal) {
    damaged(deal, Damage::Long);
}

fn quote_open(deal: &mut Deal) {
    damaged(deal, Damage::OpenQuote);
}

fn text_after_a_quote(deal: &mut Deal) {
    damaged(deal, Damage::AfterQuote);
}

fn header_again(deal: &mut Deal) {
    damaged(deal, Damage::Header);
}
