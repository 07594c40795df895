//! Near misses of each of the five kinds, and diagnoses that only look like a near miss.

use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::expected::{deny, review};

pub(super) const CASES: &[PlantCase] = &[
    prefix,
    placeholder_lost,
    letters_for_digits,
    strange_characters,
    seventh_not_allowed,
    listed_unpointed,
    not_a_near_miss,
];

fn plant_near_miss(builder: &mut CaseBuilder, of: &[&'static str]) {
    let mut service = builder.commercial();
    let code = builder.rng.pick(of);
    service.diagnoses(&["I10", code]).necessity("undetermined").expects(review("DX103"));
    builder.plant(service);
}

fn prefix(builder: &mut CaseBuilder) {
    plant_near_miss(builder, &["M485", "M4854", "M4854X", "M8008", "M8008X", "C795", "C900", "M8458", "M844"]);
}

fn placeholder_lost(builder: &mut CaseBuilder) {
    plant_near_miss(builder, &["M4854A", "M4850S", "M8008A", "M8088P", "M8448K", "M4858D"]);
}

fn letters_for_digits(builder: &mut CaseBuilder) {
    plant_near_miss(builder, &["M8OO8XA", "M8O88XG", "M485OXA", "C9OOO", "C4I2", "C795I"]);
}

fn strange_characters(builder: &mut CaseBuilder) {
    plant_near_miss(builder, &["M80-08XA", "M48 54XA", "C79/51", "M84_58XA", "G89-3", "M8468XA*"]);
}

fn seventh_not_allowed(builder: &mut CaseBuilder) {
    plant_near_miss(builder, &["M8008XB", "M4854XK", "M4856XP", "M8458XZ", "M8468X1"]);
}

fn listed_unpointed(builder: &mut CaseBuilder) {
    // DX102 comes before DX103.
    let mut service = builder.commercial();
    let listed = service.cells[column::DIAGNOSIS].clone();
    service.diagnoses(&["C900", &listed]).set(column::POINTERS, "1").considers(&["C900"]);
    service.necessity("undetermined").expects(review("DX102"));
    builder.plant(service);
}

fn not_a_near_miss(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    let code =
        builder.rng.pick(&["M48", "M4854XAA", "M8000XA", "S4854XA", "M84451A", "M480", "C41", "M484XXA", "48.54XA"]);
    service.diagnoses(&[&code.replace('.', "")]).necessity("not-supported").expects(deny("DX101"));
    builder.plant(service);
}
