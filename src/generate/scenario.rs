//! The cells of the authorization table from which cases choose: product class, setting and requirement.

use crate::generate::lists;

/// Whether a scenario requires prior authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedRequirement {
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
    pub(super) requirement: ExpectedRequirement,
}

const fn scenario(
    class: (&'static str, &'static [&'static str]),
    setting: (&'static str, (&'static [&'static str], &'static [&'static str])),
    requirement: ExpectedRequirement,
) -> Scenario {
    Scenario { class: class.0, labels: class.1, setting: setting.0, places: setting.1, requirement }
}

type ClassLabels = (&'static str, &'static [&'static str]);
type SettingCodes = (&'static str, (&'static [&'static str], &'static [&'static str]));

const MANAGED_CARE: ClassLabels = ("commercial-managed-care", lists::MANAGED_CARE);
const PPO: ClassLabels = ("commercial-ppo-indemnity", lists::PPO);
const MEDICARE_HMO: ClassLabels = ("medicare-hmo", lists::MEDICARE_HMO);
const MEDICARE_PPO: ClassLabels = ("medicare-ppo", lists::MEDICARE_PPO);
const OTHER: ClassLabels = ("other", lists::OTHER);
const UNKNOWN: ClassLabels = ("unknown", lists::UNKNOWN);
const INPATIENT: SettingCodes = ("inpatient", lists::INPATIENT);
const OUTPATIENT: SettingCodes = ("outpatient", lists::OUTPATIENT);
const UNDETERMINED: SettingCodes = ("undetermined", lists::UNDETERMINED);

/// The commercial rows of the authorization table.
pub(super) const COMMERCIAL: &[Scenario] = &[
    scenario(MANAGED_CARE, INPATIENT, ExpectedRequirement::Required),
    scenario(MANAGED_CARE, OUTPATIENT, ExpectedRequirement::Required),
    scenario(MANAGED_CARE, UNDETERMINED, ExpectedRequirement::Required),
    scenario(PPO, INPATIENT, ExpectedRequirement::Required),
    scenario(PPO, OUTPATIENT, ExpectedRequirement::NotRequired),
    scenario(PPO, UNDETERMINED, ExpectedRequirement::BySetting),
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
    scenario(MEDICARE_HMO, INPATIENT, ExpectedRequirement::Required),
    scenario(MEDICARE_HMO, OUTPATIENT, ExpectedRequirement::Required),
    scenario(MEDICARE_HMO, UNDETERMINED, ExpectedRequirement::Required),
    scenario(MEDICARE_PPO, INPATIENT, ExpectedRequirement::Required),
    scenario(MEDICARE_PPO, OUTPATIENT, ExpectedRequirement::NotRequired),
    scenario(MEDICARE_PPO, UNDETERMINED, ExpectedRequirement::BySetting),
];
/// Products that the authorization table does not name. Inpatient, they require an authorization all the same.
pub(super) const PRODUCT_NOT_NAMED: &[Scenario] = &[
    scenario(OTHER, INPATIENT, ExpectedRequirement::Required),
    scenario(OTHER, OUTPATIENT, ExpectedRequirement::Undetermined),
    scenario(OTHER, UNDETERMINED, ExpectedRequirement::Undetermined),
    scenario(UNKNOWN, INPATIENT, ExpectedRequirement::Required),
    scenario(UNKNOWN, OUTPATIENT, ExpectedRequirement::Undetermined),
    scenario(UNKNOWN, UNDETERMINED, ExpectedRequirement::Undetermined),
];
