//! Findings, authorization results and diagnoses in words for people: the same text on the page and in `explain`.

use std::borrow::Cow;

use crate::finding::{Cap, Finding};
use crate::policy::{Class, Disposition, Edition, NecessityBasis};
use crate::report::view::PartView;
use crate::report::words::numbers::dollars;
use crate::rules::authorization_decision::AuthorizationStatus;
use crate::rules::judge::{Judgment, ServiceStatus};
use crate::rules::reasons_rule;

/// Most characters of a value from the input. A real id, code or number is far shorter, and one cell must not fill the
/// page.
const MAX_VALUE_CHARS: usize = 120;

/// Most characters of a message, which may name many diagnoses.
pub(crate) const MAX_MESSAGE_CHARS: usize = 1_000;

/// A text, cut with an ellipsis if it is too long.
pub(crate) fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((at, _)) => Cow::Owned(format!("{}\u{2026}", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

/// A value from the input, cut to a readable length.
pub(crate) fn value(text: &str) -> Cow<'_, str> {
    cut(text, MAX_VALUE_CHARS)
}

/// The name of a file without its directories, for the head of a page that is forwarded.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(path)
}

/// A finding as the page shows it.
pub(crate) struct RenderedFinding {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) disposition: Disposition,
    pub(crate) message: String,
    /// What would change the verdict. Empty for findings that are for information, which change no verdict.
    pub(crate) change: String,
    pub(crate) citation: String,
    /// Why the finding does not deny, in words. Empty for findings that nothing caps.
    pub(crate) cap: &'static str,
    /// Suggested codes, or that there are none.
    pub(crate) reason: String,
    /// Does the baseline not have it? False without a baseline.
    pub(crate) is_new: bool,
}

impl RenderedFinding {
    pub(crate) fn new(part: &PartView<'_>, finding: &Finding) -> Self {
        let context = part.context;
        let doc = context.doc(finding.rule);
        let reasons = context.setting(reasons_rule(finding));
        let reason = match (reasons.carc.as_str(), reasons.rarc.as_str()) {
            ("", "") => "none suggested".to_owned(),
            (carc, "") => format!("CARC {carc}"),
            ("", rarc) => format!("RARC {rarc}"),
            (carc, rarc) => format!("CARC {carc}, RARC {rarc}"),
        };
        Self {
            code: doc.code.clone(),
            name: doc.name.clone(),
            disposition: finding.disposition,
            message: cut(&part.message_with(finding, &file_name), MAX_MESSAGE_CHARS).into_owned(),
            change: doc.change_of(finding.disposition).to_owned(),
            citation: context.citation(finding).into_owned(),
            cap: finding.capped_by.map_or("", cap),
            reason,
            is_new: false,
        }
    }

    /// The word of the disposition.
    pub(crate) fn word(&self) -> &'static str {
        self.disposition.word()
    }
}

/// What `not-evaluated` means. Every report has it once.
pub(crate) const NOT_EVALUATED: &str =
    "Not evaluated means that the policy's list of diagnoses was not applied to the service.";

/// Why a finding asks for a review and does not deny.
fn cap(cap: Cap) -> &'static str {
    match cap {
        Cap::Product => "the policy does not say whether this product needs an authorization",
        Cap::Secondary => "another payer is primary",
        Cap::Setting => "the setting is undetermined, and only one setting requires a number",
        Cap::Emergency => "it was an emergency",
        Cap::TwinAuthorization => "another claim of the same session carries a number",
        Cap::StatusUnread => "no table knows the status of the authorization",
        Cap::Level => "the authorization names another level",
        Cap::OtherAuthorization => "another approval in the authorization file fits",
        Cap::Edition => "the service is older than the first edition on hand",
        Cap::Date => "the service date cannot be read",
        Cap::Encounter => "member, billing provider or claim form is missing, so the encounter is not certain",
        Cap::PrimaryElsewhere => "the primary procedure is in another encounter of that member and day",
    }
}

/// The amount of a service in words: the amount at risk, its basis, and the recoverable part.
pub(crate) fn amount(judgment: &Judgment) -> String {
    let Some(at_risk) = judgment.at_risk else {
        return match judgment.basis {
            "capitated" => "none: the row is capitated, so nothing was paid for it alone".to_owned(),
            "stay" => "none: the stay of the same claim has the money of this row".to_owned(),
            "claim" => "none: the amounts are those of the claim, and an earlier service of it has them".to_owned(),
            _ if !matches!(judgment.status, ServiceStatus::Deny | ServiceStatus::Review) => {
                "nothing at risk".to_owned()
            }
            _ => "no amount on the claim".to_owned(),
        };
    };
    let at_risk = format!("{} at risk, {}", dollars(at_risk), basis(judgment.basis));
    match judgment.recoverable {
        Some(recoverable) => format!("{at_risk}; {} recoverable", dollars(recoverable)),
        None => at_risk,
    }
}

/// The basis of an amount, in words.
pub(crate) fn basis(word: &str) -> String {
    let (kind, of) = word.split_once('-').unwrap_or((word, ""));
    let kind = if kind == "charge" { "the charge".to_owned() } else { format!("the {kind} amount") };
    match of {
        "" => kind,
        "total" => format!("{kind} of the claim's total line (revenue code 0001)"),
        "claim" => format!("{kind} of the claim, which its rows repeat"),
        "sum" => format!("{kind}, summed over the rows of the stay"),
        other => format!("{kind} ({other})"),
    }
}

/// Is an amount with this basis a payment? Allowed amounts and charges, which also stand for pending lines, are none.
pub(crate) fn is_payment(basis: &str) -> bool {
    basis.split('-').next() == Some("paid")
}

/// What the authorization words mean, for readers who do not know the column.
pub(crate) fn decision(outcome: AuthorizationStatus) -> &'static str {
    match outcome {
        AuthorizationStatus::NotRequired => "this product needs none in this setting",
        AuthorizationStatus::Undetermined => "the claim does not settle whether one is needed, or whether there is one",
        AuthorizationStatus::NotMet => "one is needed, and none that fits was found",
        AuthorizationStatus::OnClaim => "the claim carries a number, which was not compared with an approval",
        AuthorizationStatus::Verified => "an approval that fits is on file",
    }
}

/// The entry of a diagnosis in the list of an edition, in words.
pub(crate) fn list_says(class: &Class, edition: &Edition, code: &str) -> String {
    match (class.necessity, edition.listed(code)) {
        (NecessityBasis::Lcd, _) => "not compared with the policy's list: Medicare follows an LCD".to_owned(),
        (NecessityBasis::Undetermined, _) => "not compared with the policy's list: product undetermined".to_owned(),
        (NecessityBasis::List, None) => "not listed".to_owned(),
        (NecessityBasis::List, Some(listed)) => match &listed.region {
            Some(region) => format!("listed: {}, {region}", listed.about),
            None => format!("listed: {}", listed.about),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_between_characters() {
        assert_eq!(cut("ab", 2), "ab");
        assert_eq!(cut("äöü", 2), "äö\u{2026}");
    }

    #[test]
    fn file_names_have_no_directories() {
        for (path, want) in
            [("a.csv", "a.csv"), ("/x/y/a.csv", "a.csv"), ("C:\\x\\a.csv", "a.csv"), ("-", "-"), ("x/", "x/")]
        {
            assert_eq!(file_name(path), want);
        }
    }

    #[test]
    fn only_paid_amounts_are_payments() {
        for (basis, want) in [
            ("paid", true),
            ("paid-total", true),
            ("paid-sum", true),
            ("allowed", false),
            ("charge-claim", false),
            ("", false),
        ] {
            assert_eq!(is_payment(basis), want, "{basis}");
        }
    }
}
