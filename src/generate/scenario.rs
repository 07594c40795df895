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

/// The scenarios of two classes, each in the three settings, with what each requires.
const fn scenarios(classes: [ClassLabels; 2], requirements: [[ExpectedRequirement; 3]; 2]) -> [Scenario; 6] {
    const SETTINGS: [SettingCodes; 3] = [INPATIENT, OUTPATIENT, UNDETERMINED];
    let mut scenarios = [scenario(classes[0], SETTINGS[0], requirements[0][0]); 6];
    // Iterators are not available in constants.
    let mut n = 1;
    while n < scenarios.len() {
        scenarios[n] = scenario(classes[n / 3], SETTINGS[n % 3], requirements[n / 3][n % 3]);
        n += 1;
    }
    scenarios
}

const fn scenario(class: ClassLabels, setting: SettingCodes, requirement: ExpectedRequirement) -> Scenario {
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

/// What a managed care plan and a PPO require, by setting.
const BY_PLAN: [[ExpectedRequirement; 3]; 2] = [
    [ExpectedRequirement::Required; 3],
    [ExpectedRequirement::Required, ExpectedRequirement::NotRequired, ExpectedRequirement::BySetting],
];
/// What a product requires, by setting, that the authorization table does not name.
const NOT_NAMED: [[ExpectedRequirement; 3]; 2] =
    [[ExpectedRequirement::Required, ExpectedRequirement::Undetermined, ExpectedRequirement::Undetermined]; 2];

/// The commercial rows of the authorization table.
pub(super) const COMMERCIAL: &[Scenario] = &scenarios([MANAGED_CARE, PPO], BY_PLAN);
/// Commercial scenarios that require an authorization.
pub(super) const AUTHORIZATION_REQUIRED: &[Scenario] = &[COMMERCIAL[0], COMMERCIAL[1], COMMERCIAL[2], COMMERCIAL[3]];
/// Commercial PPO outpatient, which requires none.
pub(super) const AUTHORIZATION_NOT_REQUIRED: Scenario = COMMERCIAL[4];
/// Commercial PPO in an undetermined setting: the setting decides whether an authorization is required.
pub(super) const AUTHORIZATION_BY_SETTING: Scenario = COMMERCIAL[5];
/// Inpatient, one scenario for each commercial class.
pub(super) const COMMERCIAL_INPATIENT: &[Scenario] = &[COMMERCIAL[0], COMMERCIAL[3]];
/// The Medicare rows of the authorization table.
pub(super) const MEDICARE: &[Scenario] = &scenarios([MEDICARE_HMO, MEDICARE_PPO], BY_PLAN);
/// Products that the authorization table does not name. Inpatient services require an authorization all the same.
pub(super) const PRODUCT_NOT_NAMED: &[Scenario] = &scenarios([OTHER, UNKNOWN], NOT_NAMED);
