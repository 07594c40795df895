//! Codes and words that cases draw from, in the groups in which a person would know them.

use crate::generate::rng::Dice;

/// Listed diagnoses that fit any procedure.
const ANYWHERE: &[&str] = &["C412", "C7951", "C7952", "C9000", "C9002"];

/// Stems of listed fractures whose level is not stated, with these seventh characters.
const UNSTATED: (&[&str], &[&str]) =
    (&["M8008X", "M8088X", "M8448X", "M8458X", "M8468X"], &["A", "D", "G", "K", "P", "S"]);

/// Seventh characters of M48.5.
const COLLAPSED: &[&str] = &["A", "D", "G", "S"];

/// A listed diagnosis of these stems of M48.5.
pub(super) fn collapsed(dice: &mut Dice, stems: &[&str]) -> String {
    dice.pick(stems).to_owned() + dice.pick(COLLAPSED)
}

/// Cervicothoracic to thoracolumbar: what 22513 is for.
pub(super) const THORACIC: &[&str] = &["M4853X", "M4854X", "M4855X"];
/// Thoracolumbar to lumbosacral: what 22514 is for.
pub(super) const LUMBAR: &[&str] = &["M4855X", "M4856X", "M4857X"];
/// Fits 22513 and not 22514.
pub(super) const ONLY_THORACIC: &[&str] = &["M4853X", "M4854X"];
/// Fits 22514 and not 22513.
pub(super) const ONLY_LUMBAR: &[&str] = &["M4856X", "M4857X"];
/// Listed, but not of the thoracolumbar spine that the statement speaks of.
pub(super) const OUTSIDE: &[&str] = &["M4851X", "M4852X", "M4858X"];

/// A listed diagnosis that fits any procedure.
pub(super) fn fits_all(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.pick(ANYWHERE).to_owned(),
        1 => collapsed(dice, &["M4850X"]),
        _ => dice.pick(UNSTATED.0).to_owned() + dice.pick(UNSTATED.1),
    }
}

/// A listed diagnosis that fits this procedure.
pub(super) fn fitting(dice: &mut Dice, procedure: &str) -> String {
    match procedure {
        "22513" if dice.chance(60) => collapsed(dice, THORACIC),
        "22514" if dice.chance(60) => collapsed(dice, LUMBAR),
        _ => fits_all(dice),
    }
}

/// Diagnoses that are on no list and resemble none.
pub(super) const UNLISTED: &[&str] = &["M545", "M47816", "M5126", "M4806", "G8929", "R52", "M5450", "M419"];
/// What stands beside on many claims.
pub(super) const BESIDE: &[&str] = &["I10", "E119", "Z87891", "J449", "N183", "F329"];

/// Labels of commercial managed care.
pub(super) const MANAGED: &[&str] = &[
    "HMO",
    "POS",
    "HMO Blue",
    "HMO Blue Select",
    "HMO Blue New England",
    "Network Blue",
    "Access Blue",
    "Blue Choice",
    "Blue Choice New England",
    "Commercial HMO",
    "Commercial POS",
    "Managed Care",
    "commercial-managed-care",
];
/// Labels of commercial PPO and indemnity.
pub(super) const FREE: &[&str] = &[
    "PPO",
    "Indemnity",
    "IND",
    "Preferred Blue",
    "Preferred Blue PPO",
    "Blue Care Elect",
    "Blue Care Elect PPO",
    "Commercial PPO",
    "commercial-ppo-indemnity",
];
/// Labels of Medicare HMO.
pub(super) const MEDICARE_HMO: &[&str] = &["Medicare HMO", "Medicare HMO Blue", "MHMO", "medicare-hmo"];
/// Labels of Medicare PPO.
pub(super) const MEDICARE_PPO: &[&str] = &["Medicare PPO", "Medicare PPO Blue", "MPPO", "medicare-ppo"];
/// Products that the policy's table does not name.
pub(super) const OTHER: &[&str] = &["EPO", "FEP", "Medex", "BlueCard", "MassHealth"];
/// No product of the policy's.
pub(super) const UNKNOWN: &[&str] = &["", "Gold 500", "PPO2", "Senior", "HMO Blue Plus"];

/// Places of service and bill types of each setting. None of the bill types is 11x, where no CPT code belongs.
pub(super) const INPATIENT: (&[&str], &[&str]) = (&["21", "51", "61"], &["411", "0412", "41", "41:A:1"]);
/// Likewise.
pub(super) const OUTPATIENT: (&[&str], &[&str]) =
    (&["11", "19", "22", "23", "24"], &["131", "0131", "13:A:1", "831", "0851", "134", "85"]);
/// Likewise.
pub(super) const UNDETERMINED: (&[&str], &[&str]) =
    (&["12", "31", "81", "99", "2", "", "XX"], &["121", "0721", "231", "1", "13150"]);
/// Bill types of a hospital stay.
pub(super) const HOSPITAL: &[&str] = &["111", "0111", "11:A:1", "112", "0114", "11"];

/// Listed ICD-10-PCS codes of the thoracic and of the lumbar spine, and a reposition that goes with each.
pub(super) const STAYS: &[(&str, &str)] =
    &[("0PU43JZ", "0PS43ZZ"), ("0PU44JZ", "0PS43ZZ"), ("0QU03JZ", "0QS03ZZ"), ("0QU04JZ", "0QS03ZZ")];

/// Out-of-scope procedures, some of them close to a listed one.
pub(super) const ELSEWHERE: &[&str] = &[
    "99213", "72148", "20610", "22520", "22612", "2251", "225130", "22513X", "022514", "22 514", "J1100", "0PU43JX",
    "G0463", "", "PU43J", "0PU43JZA",
];
