//! The cells of the authorization table from which cases choose: product class, setting and requirement.

use crate::generate::lists;

/// Whether a scenario requires prior authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Requirement {
    Required,
    NotRequired,
    /// Only inpatient, and the setting is undetermined.
    BySetting,
    /// The policy's table does not name the product.
    Undetermined,
}

/// A product class in a setting: the labels, places of service and bill types that mean it, and what it requires.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) class: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) setting: &'static str,
    /// Places of service and bill types of the setting.
    pub(super) places: (&'static [&'static str], &'static [&'static str]),
    pub(super) requirement: Requirement,
}

const fn scenario(
    class: (&'static str, &'static [&'static str]),
    setting: (&'static str, (&'static [&'static str], &'static [&'static str])),
    requirement: Requirement,
) -> Scenario {
    Scenario { class: class.0, labels: class.1, setting: setting.0, places: setting.1, requirement }
}

type Class = (&'static str, &'static [&'static str]);
type Setting = (&'static str, (&'static [&'static str], &'static [&'static str]));

const MANAGED_CARE: Class = ("commercial-managed-care", lists::MANAGED_CARE);
const PPO: Class = ("commercial-ppo-indemnity", lists::PPO);
const MEDICARE_HMO: Class = ("medicare-hmo", lists::MEDICARE_HMO);
const MEDICARE_PPO: Class = ("medicare-ppo", lists::MEDICARE_PPO);
const OTHER: Class = ("other", lists::OTHER);
const UNKNOWN: Class = ("unknown", lists::UNKNOWN);
const INPATIENT: Setting = ("inpatient", lists::INPATIENT);
const OUTPATIENT: Setting = ("outpatient", lists::OUTPATIENT);
const UNDETERMINED: Setting = ("undetermined", lists::UNDETERMINED);

/// The commercial rows of the authorization table.
pub(super) const COMMERCIAL: &[Scenario] = &[
    scenario(MANAGED_CARE, INPATIENT, Requirement::Required),
    scenario(MANAGED_CARE, OUTPATIENT, Requirement::Required),
    scenario(MANAGED_CARE, UNDETERMINED, Requirement::Required),
    scenario(PPO, INPATIENT, Requirement::Required),
    scenario(PPO, OUTPATIENT, Requirement::NotRequired),
    scenario(PPO, UNDETERMINED, Requirement::BySetting),
];
/// Commercial scenarios that require an authorization.
pub(super) const AUTHORIZATION_REQUIRED: &[Scenario] = &[COMMERCIAL[0], COMMERCIAL[1], COMMERCIAL[2], COMMERCIAL[3]];
/// Commercial PPO outpatient, which requires none.
pub(super) const AUTHORIZATION_NOT_REQUIRED: Scenario = COMMERCIAL[4];
/// Commercial PPO in an undetermined setting: the setting decides whether an authorization is required.
pub(super) const AUTHORIZATION_BY_SETTING: Scenario = COMMERCIAL[5];
/// Inpatient, one scenario for each commercial class.
pub(super) const COMMERCIAL_INPATIENT: &[Scenario] = &[COMMERCIAL[0], COMMERCIAL[3]];
/// The Medicare rows of the authorization table.
pub(super) const MEDICARE: &[Scenario] = &[
    scenario(MEDICARE_HMO, INPATIENT, Requirement::Required),
    scenario(MEDICARE_HMO, OUTPATIENT, Requirement::Required),
    scenario(MEDICARE_HMO, UNDETERMINED, Requirement::Required),
    scenario(MEDICARE_PPO, INPATIENT, Requirement::Required),
    scenario(MEDICARE_PPO, OUTPATIENT, Requirement::NotRequired),
    scenario(MEDICARE_PPO, UNDETERMINED, Requirement::BySetting),
];
/// Products that the authorization table does not name. Inpatient, they require an authorization all the same.
pub(super) const PRODUCT_NOT_NAMED: &[Scenario] = &[
    scenario(OTHER, INPATIENT, Requirement::Required),
    scenario(OTHER, OUTPATIENT, Requirement::Undetermined),
    scenario(OTHER, UNDETERMINED, Requirement::Undetermined),
    scenario(UNKNOWN, INPATIENT, Requirement::Required),
    scenario(UNKNOWN, OUTPATIENT, Requirement::Undetermined),
    scenario(UNKNOWN, UNDETERMINED, Requirement::Undetermined),
];
