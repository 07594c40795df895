//! RT: what the policy leaves to somebody else, or the claim does not say.

use crate::claim::{Setting, Text};
use crate::policy::NecessityBasis;
use crate::rules::authorization::AuthorizationIssue;
use crate::rules::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "RT401", applies_to: AppliesTo::Services, check: medicare },
    Rule { code: "RT402", applies_to: AppliesTo::Services, check: product_undetermined },
    Rule { code: "RT403", applies_to: AppliesTo::Services, check: setting_undetermined },
    Rule { code: "RT405", applies_to: AppliesTo::Services, check: before_first_edition },
];

fn medicare(case: &RuleInput<'_>) -> Answer {
    if case.class.necessity == NecessityBasis::Undetermined {
        return NO_CLASS;
    }
    Answer::when(case.class.necessity == NecessityBasis::Lcd, || {
        let state = case.line.text(Text::MemberState);
        let (policy, what, class) = (case.policy, case.what(), &case.class.title);
        if state.is_empty() || policy.lcd_states.iter().any(|s| s == state) {
            format!("{what}: medical necessity for {class} members follows LCD {}, not the commercial list", policy.lcd)
        } else {
            format!(
                "{what}: medical necessity for {class} members living in {state} follows the coverage determination of their jurisdiction"
            )
        }
    })
}

fn product_undetermined(case: &RuleInput<'_>) -> Answer {
    Answer::when(case.class.necessity == NecessityBasis::Undetermined, || {
        let product = case.line.text(Text::Product);
        if product.is_empty() {
            format!("{}: the claim names no product", case.what())
        } else {
            format!("{}: the policy's tables do not name the product \"{product}\"", case.what())
        }
    })
}

fn setting_undetermined(case: &RuleInput<'_>) -> Answer {
    let asks = case.authorization.ground == AuthorizationIssue::SettingUndetermined;
    if !asks && case.line.setting == Setting::Undetermined {
        return Answer::NotApplicable("the authorization does not depend on the setting here");
    }
    Answer::when(asks, || {
        let bill = case.line.text(Text::BillType);
        let place = case.line.text(Text::PlaceOfService);
        let says = match (bill.is_empty(), place.is_empty()) {
            (false, _) => format!("type of bill {bill}"),
            (true, false) => format!("place of service {place}"),
            (true, true) => "neither type of bill nor place of service".to_owned(),
        };
        format!(
            "{}: {says} says neither inpatient nor outpatient; {} members need authorization inpatient only",
            case.what(),
            case.class.title
        )
    })
}

fn before_first_edition(case: &RuleInput<'_>) -> Answer {
    let first = case.policy.first_day();
    let Some(day) = case.line.date else { return NO_DATE };
    Answer::when(day < first, || {
        format!("{}: before the earliest edition on hand ({first}), which judges it", case.what())
    })
}
