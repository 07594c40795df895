//! RT: what the policy leaves to somebody else, or the claim does not say.

use super::authorization::Ground;
use super::{Asked, Case, Evidence, Rule};
use crate::claim::Text;
use crate::policy::NecessityBasis;

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "RT401", asked: Asked::Services, check: medicare },
    Rule { code: "RT402", asked: Asked::Services, check: product_undetermined },
    Rule { code: "RT403", asked: Asked::Services, check: setting_undetermined },
    Rule { code: "RT405", asked: Asked::Services, check: before_first_edition },
];

fn medicare(case: &Case<'_>) -> Option<Evidence> {
    (case.class.necessity == NecessityBasis::Lcd).then(|| {
        let state = case.line.text(Text::MemberState);
        let (policy, what, class) = (case.policy, case.what(), &case.class.title);
        if state.is_empty() || policy.lcd_states.iter().any(|s| s == state) {
            format!("{what}: medical necessity for {class} members follows LCD {}, not the commercial list", policy.lcd).into()
        } else {
            format!("{what}: medical necessity for {class} members living in {state} follows the coverage determination of their jurisdiction").into()
        }
    })
}

fn product_undetermined(case: &Case<'_>) -> Option<Evidence> {
    (case.class.necessity == NecessityBasis::Undetermined).then(|| {
        let product = case.line.text(Text::Product);
        if product.is_empty() {
            format!("{}: the claim names no product", case.what()).into()
        } else {
            format!("{}: the policy's tables do not name the product \"{product}\"", case.what()).into()
        }
    })
}

fn setting_undetermined(case: &Case<'_>) -> Option<Evidence> {
    (case.authorization.ground == Ground::SettingUndetermined).then(|| {
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
        .into()
    })
}

fn before_first_edition(case: &Case<'_>) -> Option<Evidence> {
    let first = case.policy.first_day();
    case.line
        .date
        .filter(|d| *d < first)
        .map(|_| format!("{}: before the earliest edition on hand ({first}), which judges it", case.what()).into())
}
