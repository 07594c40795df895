//! Near misses of each of the five kinds, and diagnoses that only look like one.

use crate::generate::builder::Deal;
use crate::generate::cases::Case;
use crate::generate::row::{Weight, at};

pub(super) const CASES: &[Case] =
    &[prefix, placeholder_lost, letters_for_digits, strange_characters, seventh_not_allowed, listed_unpointed, far];

fn miss(deal: &mut Deal, of: &[&'static str]) {
    let mut service = deal.commercial();
    let code = deal.dice.pick(of);
    service.diagnoses(&["I10", code]).necessity("undetermined").says("DX103", Weight::Review);
    deal.plant(service);
}

fn prefix(deal: &mut Deal) {
    miss(deal, &["M485", "M4854", "M4854X", "M8008", "M8008X", "C795", "C900", "M8458", "M844"]);
}

fn placeholder_lost(deal: &mut Deal) {
    miss(deal, &["M4854A", "M4850S", "M8008A", "M8088P", "M8448K", "M4858D"]);
}

fn letters_for_digits(deal: &mut Deal) {
    miss(deal, &["M8OO8XA", "M8O88XG", "M485OXA", "C9OOO", "C4I2", "C795I"]);
}

fn strange_characters(deal: &mut Deal) {
    miss(deal, &["M80-08XA", "M48 54XA", "C79/51", "M84_58XA", "G89-3", "M8468XA*"]);
}

fn seventh_not_allowed(deal: &mut Deal) {
    miss(deal, &["M8008XB", "M4854XK", "M4856XP", "M8458XZ", "M8468X1"]);
}

fn listed_unpointed(deal: &mut Deal) {
    // A listed diagnosis that is not pointed to is the nearer explanation.
    let mut service = deal.commercial();
    let listed = service.cells[at::DIAGNOSIS].clone();
    service.diagnoses(&["C900", &listed]).set(at::POINTERS, "1").considers(&["C900"]);
    service.necessity("undetermined").says("DX102", Weight::Review);
    deal.plant(service);
}

fn far(deal: &mut Deal) {
    let mut service = deal.commercial();
    let code =
        deal.dice.pick(&["M48", "M4854XAA", "M8000XA", "S4854XA", "M84451A", "M480", "C41", "M484XXA", "48.54XA"]);
    service.diagnoses(&[&code.replace('.', "")]).necessity("not-supported").says("DX101", Weight::Deny);
    deal.plant(service);
}
