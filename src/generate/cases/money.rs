//! Amounts at risk: of stays over several rows, of capitated rows, and where nothing is known.

use crate::claim::Bin;
use crate::generate::builder::{CaseBuilder, PlantCase, plain};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{deny, review};
use crate::generate::scenario::COMMERCIAL_INPATIENT;

pub(super) const CASES: &[PlantCase] = &[
    sum_of_a_stay,
    common_amount_of_a_stay,
    total_line_of_a_stay,
    pending_stay,
    capitated,
    capitated_stay,
    line_of_a_stay,
];

/// A denied stay without amounts.
fn denied_stay(builder: &mut CaseBuilder) -> ServiceDraft {
    let scenario = builder.rng.pick(COMMERCIAL_INPATIENT);
    let mut stay = builder.stay(scenario);
    stay.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    for kind in [column::PAID, column::ALLOWED, column::CHARGE] {
        stay.set(kind, "");
    }
    stay
}

/// Plants a stay and further rows of it with these amounts of one kind. Where `total` is set, the last row is the total line.
fn plant_stay(builder: &mut CaseBuilder, mut stay: ServiceDraft, amounts: &[i64], total: bool) {
    let kind = builder.rng.pick(&[column::PAID, column::PAID, column::ALLOWED, column::CHARGE]);
    let mut others = Vec::new();
    for (n, cents) in amounts.iter().enumerate().skip(1) {
        let mut row = stay.clone();
        let revenue = if total && n + 1 == amounts.len() { "0001" } else { "0360" };
        row.set(column::LINE_NUMBER, (n + 1).to_string()).set(kind, plain(*cents)).set(column::REVENUE, revenue);
        others.push(row);
    }
    stay.set(kind, plain(amounts[0])).set(column::REVENUE, "0278").take_claim_amount(&others);
    builder.plant(stay);
    for row in others {
        builder.plant_without_service(row, Bin::InScope);
    }
}

fn sum_of_a_stay(builder: &mut CaseBuilder) {
    let stay = denied_stay(builder);
    let amounts = [10_000 + builder.rng.below(50).cast_signed(), 20_050, 5];
    plant_stay(builder, stay, &amounts, false);
}

fn common_amount_of_a_stay(builder: &mut CaseBuilder) {
    let stay = denied_stay(builder);
    let cents = 1 + builder.rng.below(4_000_000).cast_signed();
    plant_stay(builder, stay, &[cents; 3], false);
}

fn total_line_of_a_stay(builder: &mut CaseBuilder) {
    let stay = denied_stay(builder);
    plant_stay(builder, stay, &[10_000, 20_050, 30_050], true);
}

fn pending_stay(builder: &mut CaseBuilder) {
    // Nothing was paid yet, whatever the column says.
    let mut stay = denied_stay(builder);
    stay.set(column::CLAIM_STATUS, "PENDING").expected.adjudication = "pending";
    let mut second = stay.clone();
    stay.set(column::PAID, "1.00").set(column::ALLOWED, "70.00").set(column::CHARGE, "900.00");
    second.set(column::LINE_NUMBER, "2").set(column::PAID, "2.00").set(column::ALLOWED, "30.00");
    stay.take_claim_amount(&[second.clone()]);
    builder.plant(stay);
    builder.plant_without_service(second, Bin::InScope);
}

fn capitated(builder: &mut CaseBuilder) {
    let mut service = builder.commercial();
    service.set(column::CAPITATED, builder.rng.pick(&["Y", "yes", "1", "TRUE", "Cap", "01"])).amount(None, "capitated");
    service.diagnoses(&["M545"]).necessity("not-supported").expects(deny("DX101"));
    builder.plant(service);
}

fn capitated_stay(builder: &mut CaseBuilder) {
    // Only the first row decides whether the stay is capitated.
    let mut stay = denied_stay(builder);
    let mut second = stay.clone();
    stay.set(column::PAID, "70.00").set(column::CAPITATED, "N");
    second.set(column::LINE_NUMBER, "2").set(column::PAID, "30.00").set(column::CAPITATED, "Y");
    if builder.rng.chance(50) {
        stay.set(column::CAPITATED, "Y").amount(None, "capitated");
    } else {
        stay.take_claim_amount(&[second.clone()]);
    }
    builder.plant(stay);
    builder.plant_without_service(second, Bin::InScope);
}

fn line_of_a_stay(builder: &mut CaseBuilder) {
    // The CPT line is a row of the stay, so the stay has its amount.
    let mut stay = denied_stay(builder);
    stay.set(column::CLAIM_FORM, "I").set(column::PLACE, "").set(column::BILL_TYPE, "111").set(column::PAID, "70.00");
    let mut line = stay.clone();
    line.set(column::LINE_NUMBER, "2")
        .set(column::PAID, "30.00")
        .procedure("22514")
        .units("", "1")
        .amount(None, "stay");
    line.set(column::ICD_PROCEDURE, "").set(column::ICD_PROCEDURE + 1, "").expects(review("CD304"));
    stay.take_claim_amount(&[line.clone()]);
    builder.plant(stay);
    builder.plant(line);
}
