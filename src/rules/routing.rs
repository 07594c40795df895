//! RT: services that another policy decides, and facts that the claim does not show.

use crate::claim::Setting;
use crate::finding::evidence::RoutingEvidence;
use crate::policy::NecessityBasis;
use crate::rules::authorization_decision::AuthorizationIssue;
use crate::rules::input::RuleInput;
use crate::rules::rule::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule};

/// The family, in order.
pub(crate) const RULES: &[Rule] = &[
    Rule::new("RT401", AppliesTo::Services, medicare),
    Rule::new("RT402", AppliesTo::Services, product_undetermined),
    Rule::new("RT403", AppliesTo::Services, setting_undetermined),
    Rule::new("RT405", AppliesTo::Services, before_first_edition),
];

fn medicare(input: &RuleInput<'_>) -> Answer {
    if input.class.necessity == NecessityBasis::Undetermined {
        return NO_CLASS;
    }
    Answer::when(input.class.necessity == NecessityBasis::Lcd, || RoutingEvidence::MedicareFollowsLcd)
}

fn product_undetermined(input: &RuleInput<'_>) -> Answer {
    Answer::when(input.class.necessity == NecessityBasis::Undetermined, || RoutingEvidence::ProductUndetermined)
}

fn setting_undetermined(input: &RuleInput<'_>) -> Answer {
    let asks = input.authorization.issue == AuthorizationIssue::SettingUndetermined;
    if !asks && input.line.setting == Setting::Undetermined {
        return Answer::NotApplicable("the authorization does not depend on the setting here");
    }
    Answer::when(asks, || RoutingEvidence::SettingUndetermined)
}

fn before_first_edition(input: &RuleInput<'_>) -> Answer {
    let Some(day) = input.line.date else { return NO_DATE };
    Answer::when(day < input.policy.first_day(), || RoutingEvidence::BeforeFirstEdition)
}
