//! Codes and words that cases draw from, grouped by what they mean.

use crate::generate::rng::Rng;

/// Listed diagnoses that fit any procedure.
const ANY_LEVEL: &[&str] = &["C412", "C7951", "C7952", "C9000", "C9002"];

/// Stems of listed fractures that do not state a level, and the seventh characters that they take.
const NO_LEVEL: (&[&str], &[&str]) =
    (&["M8008X", "M8088X", "M8448X", "M8458X", "M8468X"], &["A", "D", "G", "K", "P", "S"]);

/// Listed seventh characters of M48.5.
const M485_SEVENTH: &[&str] = &["A", "D", "G", "S"];

/// A listed diagnosis with one of these stems of M48.5.
pub(super) fn m485(rng: &mut Rng, stems: &[&str]) -> String {
    rng.pick(stems).to_owned() + rng.pick(M485_SEVENTH)
}

/// Cervicothoracic to thoracolumbar: the regions that fit 22513.
const THORACIC: &[&str] = &["M4853X", "M4854X", "M4855X"];
/// Thoracolumbar to lumbosacral: the regions that fit 22514.
const LUMBAR: &[&str] = &["M4855X", "M4856X", "M4857X"];
/// Stems that fit 22513 and not 22514.
pub(super) const ONLY_THORACIC: &[&str] = &["M4853X", "M4854X"];
/// Stems that fit 22514 and not 22513.
pub(super) const ONLY_LUMBAR: &[&str] = &["M4856X", "M4857X"];
/// Listed stems outside the thoracolumbar spine, which the policy statement is about.
pub(super) const OUTSIDE_STATEMENT: &[&str] = &["M4851X", "M4852X", "M4858X"];

/// A listed diagnosis that fits any procedure.
pub(super) fn fits_any_level(rng: &mut Rng) -> String {
    match rng.below(3) {
        0 => rng.pick(ANY_LEVEL).to_owned(),
        1 => m485(rng, &["M4850X"]),
        _ => rng.pick(NO_LEVEL.0).to_owned() + rng.pick(NO_LEVEL.1),
    }
}

/// A listed diagnosis that fits this procedure.
pub(super) fn fitting(rng: &mut Rng, procedure: &str) -> String {
    match procedure {
        "22513" if rng.chance(60) => m485(rng, THORACIC),
        "22514" if rng.chance(60) => m485(rng, LUMBAR),
        _ => fits_any_level(rng),
    }
}

/// Diagnoses that are not listed and do not resemble a listed one.
pub(super) const UNLISTED: &[&str] = &["M545", "M47816", "M5126", "M4806", "G8929", "R52", "M5450", "M419"];
/// Other diagnoses that many claims carry.
pub(super) const COMORBIDITIES: &[&str] = &["I10", "E119", "Z87891", "J449", "N183", "F329"];

/// Labels of commercial managed care.
pub(super) const MANAGED_CARE: &[&str] = &[
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
pub(super) const PPO: &[&str] = &[
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
/// Labels that the policy does not know.
pub(super) const UNKNOWN: &[&str] = &["", "Gold 500", "PPO2", "Senior", "My HMO Blue"];

/// Places of service and bill types of the inpatient setting. CPT codes do not belong on bill type 11x, so it is left out.
pub(super) const INPATIENT: (&[&str], &[&str]) = (&["21", "51", "61"], &["411", "0412", "41", "41:A:1"]);
/// The same for the outpatient setting.
pub(super) const OUTPATIENT: (&[&str], &[&str]) =
    (&["11", "19", "22", "23", "24"], &["131", "0131", "13:A:1", "831", "0851", "134", "85"]);
/// Places of service and bill types that leave the setting undetermined.
pub(super) const UNDETERMINED: (&[&str], &[&str]) =
    (&["12", "31", "81", "99", "2", "", "XX"], &["121", "0721", "231", "1", "13150"]);
/// Bill types of a hospital stay.
pub(super) const HOSPITAL: &[&str] = &["111", "0111", "11:A:1", "112", "0114", "11"];

/// Listed ICD-10-PCS codes of the thoracic and the lumbar spine, each with the reposition code of its level.
pub(super) const STAYS: &[(&str, &str)] =
    &[("0PU43JZ", "0PS43ZZ"), ("0PU44JZ", "0PS43ZZ"), ("0QU03JZ", "0QS03ZZ"), ("0QU04JZ", "0QS03ZZ")];

/// Procedures out of scope, some of which resemble a listed code.
pub(super) const OUT_OF_SCOPE: &[&str] = &[
    "99213", "72148", "20610", "22520", "22612", "2251", "225130", "22513X", "22 514", "J1100", "0PU43JX", "G0463", "",
    "PU43J", "0PU43JZA",
];
