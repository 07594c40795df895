//! Cells that cannot be read, and cells that say more than they should.

use crate::generate::builder::{Deal, NO_NEED, STAYING};
use crate::generate::cases::Case;
use crate::generate::row::{Bin, Weight, at};

pub(super) const CASES: &[Case] = &[
    date_unreadable,
    date_unreadable_and_old_looking,
    date_of_a_related_row,
    units_unreadable,
    units_of_a_stay,
    amount_unreadable,
    amounts_all_unreadable,
    composite,
    composite_related,
    composite_stay,
    zero_lost,
    zero_lost_later,
    no_amounts,
    everything_at_once,
];

const NO_DAYS: &[&str] = &["", "2024-02-30", "13/1/2024", "soon", "2024", "03-05-2024", "5-Marz-2024", "2024-3-05"];

fn date_unreadable(deal: &mut Deal) {
    // Where no authorization is needed; a number without a day is a story of its own.
    let mut service = deal.service(NO_NEED);
    service.day("").set(at::DATE, deal.dice.pick(NO_DAYS)).says("DQ501", Weight::Review);
    deal.plant(service);
}

fn date_unreadable_and_old_looking(deal: &mut Deal) {
    // No rule that needs the day speaks: not CD305, not RT405, not DX104; the region still does.
    let mut service = deal.service(NO_NEED);
    service.day("").set(at::DATE, "1999-99-99").diagnoses(&["M4852XA"]).necessity("undetermined");
    service.says("DQ501", Weight::Review).says("DX106", Weight::Review);
    deal.plant(service);
}

fn date_of_a_related_row(deal: &mut Deal) {
    let service = deal.commercial();
    let mut other = service.clone();
    other.set(at::DATE, "?");
    deal.plant_related(&other, "22524", &[("DQ501", Weight::Review)]);
    deal.plant(service);
}

fn units_unreadable(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.units(deal.dice.pick(&["-1", "one", "1,0", "1e1", "+1", "1 1", "."]), "1").says("DQ502", Weight::Info);
    deal.plant(service);
}

fn units_of_a_stay(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.set(at::UNITS, deal.dice.pick(&["many", "7", ""]));
    deal.plant(stay);
}

fn amount_unreadable(deal: &mut Deal) {
    let mut service = deal.commercial();
    // Something to deny, so that the amount shows.
    service.diagnoses(&["M545"]).necessity("not-supported").says("DX101", Weight::Deny);
    service.set(at::PAID, deal.dice.pick(&["12,34.00", "1.2.3", "abc", "--5", "$", "(5"]));
    service.set(at::ALLOWED, "900.50").set(at::CHARGE, "1000.00").says("DQ508", Weight::Info);
    service.verdict.money = Some((90_050, "allowed"));
    deal.plant(service);
}

fn amounts_all_unreadable(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.diagnoses(&[]).necessity("undetermined").says("DX105", Weight::Review).says("DQ508", Weight::Info);
    service.set(at::PAID, "x").set(at::ALLOWED, "y").set(at::CHARGE, "z");
    service.verdict.money = None;
    deal.plant(service);
}

fn composite(deal: &mut Deal) {
    let mut service = deal.commercial();
    let tail = deal.dice.pick(&["-59", " RT", ".0", ":LT", "-", "/22515", "^80"]);
    service.cells[at::PROCEDURE].push_str(tail);
    service.says("DQ506", Weight::Info);
    deal.plant(service);
}

fn composite_related(deal: &mut Deal) {
    let mut service = deal.commercial();
    deal.plant_related(&service, "22511-59", &[("DQ506", Weight::Info)]);
    service.says("CD306", Weight::Review);
    deal.plant(service);
}

fn composite_stay(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.cells[at::ICD_PROCEDURE].push_str(":X");
    stay.says("DQ506", Weight::Info);
    deal.plant(stay);
}

fn zero_lost(deal: &mut Deal) {
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    stay.cells[at::ICD_PROCEDURE].remove(0);
    stay.says("DQ507", Weight::Review);
    deal.plant(stay);
}

fn zero_lost_later(deal: &mut Deal) {
    // On a later row of the stay; it is said of the stay, at its first row.
    let frame = deal.dice.pick(STAYING);
    let mut stay = deal.stay(frame);
    let mut later = stay.clone();
    later.set(at::LINE_NUMBER, "2");
    later.cells[at::ICD_PROCEDURE].remove(0);
    stay.says("DQ507", Weight::Review);
    deal.plant(stay);
    deal.plant_silent(later, Bin::InScope);
}

fn no_amounts(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.diagnoses(&["M545"]).necessity("not-supported").says("DX101", Weight::Deny);
    service.set(at::PAID, "").set(at::ALLOWED, "NULL").set(at::CHARGE, "");
    service.verdict.money = None;
    deal.plant(service);
}

fn everything_at_once(deal: &mut Deal) {
    let mut service = deal.service(NO_NEED);
    service.procedure("22515").diagnoses(&["G893", "S22080A"]).necessity("undetermined");
    service.cells[at::PROCEDURE].push_str("-LT");
    service.units("?", "1").day("2014-01-01").set(at::POINTERS, "1:9").considers(&["G893"]);
    service.set(at::CHARGE, "free");
    if service.verdict.money.is_some_and(|(_, basis)| basis == "charge") {
        service.verdict.money = None;
    }
    for rule in ["DX109", "RT405", "DQ502", "DQ505", "DQ506", "DQ508"] {
        service.says(rule, Weight::Info);
    }
    service.says("DX108", Weight::Review).says("CD301", Weight::Deny).says("CD305", Weight::Deny);
    deal.plant(service);
}
