//! Medicare, products that the table does not name, services before the first edition.

use crate::generate::builder::{Deal, MEDICARE, Need, UNNAMED};
use crate::generate::cases::Case;
use crate::generate::lists;
use crate::generate::row::{Weight, at};

pub(super) const CASES: &[Case] = &[
    medicare,
    medicare,
    medicare_with_anything,
    unnamed,
    unnamed,
    unnamed_without,
    before,
    before_outside,
    before_region,
];

fn medicare(deal: &mut Deal) {
    let frame = deal.dice.pick(MEDICARE);
    let mut service = deal.service(frame);
    service.necessity("not-evaluated").says("RT401", Weight::Info);
    deal.plant(service);
}

fn medicare_with_anything(deal: &mut Deal) {
    // No diagnosis rule asks a Medicare member.
    let frame = deal.dice.pick(MEDICARE);
    let mut service = deal.service(frame);
    let codes: &[&str] =
        deal.dice.pick(&[&[][..], &["M545"], &["M4854A"], &["M4852XA"], &["G893"], &["M4855XA", "M8008XA"]]);
    service.diagnoses(codes).necessity("not-evaluated").says("RT401", Weight::Info);
    deal.plant(service);
}

fn unnamed(deal: &mut Deal) {
    let frame = deal.dice.pick(UNNAMED);
    let mut service = deal.service(frame);
    service.necessity("undetermined").says("RT402", Weight::Review);
    if deal.dice.chance(50) {
        service.diagnoses(&["M545"]);
    }
    deal.plant(service);
}

fn unnamed_without(deal: &mut Deal) {
    let frame = deal.dice.pick(UNNAMED);
    let mut service = deal.service(frame);
    service.necessity("undetermined").says("RT402", Weight::Review);
    if deal.plan.column {
        service.set(at::AUTHORIZATION, "").set(at::MEMBER_ID, "");
        if frame.need == Need::Required {
            service.authorization("not-met", &[("PA201", Weight::Deny)]);
        }
    }
    deal.plant(service);
}

fn before(deal: &mut Deal) {
    let mut service = deal.commercial();
    service.day(deal.dice.pick(&["2020-05-31", "2015-01-01", "2019-12-24"])).says("RT405", Weight::Info);
    deal.plant(service);
}

fn before_outside(deal: &mut Deal) {
    // The statement speaks of the thoracolumbar spine since June 2020; the region still does not fit.
    let mut service = deal.commercial();
    let code = lists::collapsed(&mut deal.dice, lists::OUTSIDE);
    service.day("2020-05-31").diagnoses(&[&code]).necessity("undetermined");
    service.says("RT405", Weight::Info).says("DX106", Weight::Review);
    deal.plant(service);
}

fn before_region(deal: &mut Deal) {
    // On the first day of the edition it speaks.
    let mut service = deal.commercial();
    let code = lists::collapsed(&mut deal.dice, lists::OUTSIDE);
    service.day("2020-06-01").diagnoses(&[&code]).necessity("undetermined").says("DX104", Weight::Review);
    deal.plant(service);
}
