//! What a caller asks first about a claim: whether it was paid, whose it is, who billed it, when and where.

use crate::claim::index::service::Bin;
use crate::claim::value::status::RowStatus;
use crate::claim::{Line, Setting, Text};
use crate::report::claim::place::MAX_ENTRIES_SHOWN;
use crate::report::view::PartView;
use crate::report::words::codes::CodeWords;
use crate::rules::judge::ServiceStatus;

/// What the payer did with a claim, in words. Empty if its rows do not say.
pub(super) fn payment(part: &PartView<'_>, rows: &[usize]) -> &'static str {
    let bins = |bin: Bin| rows.iter().all(|row| part.line_set.bins[*row] == bin);
    let live: Vec<Line<'_>> =
        rows.iter().filter(|row| part.line_set.bins[**row].is_live()).map(|row| part.line_set.line(*row)).collect();
    let pending = live.iter().any(|line| line.status == RowStatus::Pending);
    let paid = live.iter().any(|line| {
        line.status == RowStatus::Paid || (line.status == RowStatus::None && line.paid().is_some_and(|paid| paid.0 > 0))
    });
    match (paid, pending) {
        (true, true) => "partly paid",
        (true, false) => "paid",
        (false, true) => "pending",
        (false, false) if bins(Bin::PayerDenied) => "denied by the plan",
        (false, false) if live.is_empty() && !rows.is_empty() => "reversed, replaced or voided",
        (false, false) => "",
    }
}

/// What a status means, in the words of a reviewer.
pub(crate) fn outcome(status: ServiceStatus) -> &'static str {
    match status {
        ServiceStatus::Deny => "does not meet the policy",
        ServiceStatus::Review => "needs a review",
        ServiceStatus::NotEvaluated => "not compared with the policy's list of diagnoses",
        ServiceStatus::Clear => "nothing against it",
    }
}

/// Member, provider, dates and place of a claim, each with its name.
pub(super) fn summary(part: &PartView<'_>, rows: &[usize], words: &CodeWords) -> Vec<(&'static str, String)> {
    let lines = || rows.iter().map(|row| part.line_set.line(*row));
    let texts = |text: Text| distinct(lines().map(|line| line.text(text).to_owned()));
    let or_none = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
    let payment = payment(part, rows);
    let mut facts = vec![
        ("payment", or_none(payment.to_owned(), "the extract does not say whether it was paid")),
        ("member", or_none(texts(Text::MemberId), "none on the claim")),
    ];
    let rendering = texts(Text::RenderingNpi);
    let billing = or_none(texts(Text::BillingNpi), "none on the claim");
    let name = Some(texts(Text::BillingProviderName)).filter(|name| !name.is_empty());
    let rendering = Some(rendering).filter(|npi| !npi.is_empty()).map(|npi| format!("rendering NPI {npi}"));
    let provider = name.into_iter().chain([format!("billing NPI {billing}")]).chain(rendering);
    facts.push(("provider", provider.collect::<Vec<_>>().join(", ")));
    let dates = distinct(lines().map(|line| days(line)));
    facts.push(("service date", or_none(dates, "none that can be read")));
    facts.push(("place", distinct(lines().map(|line| where_done(line, words)))));
    facts
}

fn days(line: Line<'_>) -> String {
    match (line.date, line.end_date) {
        (Some(first), Some(last)) if last > first => format!("{first} to {last}"),
        (Some(day), _) => day.to_string(),
        (None, _) => line.text(Text::BadDate).to_owned(),
    }
}

/// The setting of a line, and the code from which it follows with its words.
pub(super) fn where_done(line: Line<'_>, words: &CodeWords) -> String {
    let with = |what: &str, code: &str, says: &str| {
        if says.is_empty() { format!("{what} {code}") } else { format!("{says} ({what} {code})") }
    };
    let from = match (line.text(Text::BillType), line.text(Text::PlaceOfService)) {
        ("", "") => "neither bill type nor place of service is filled".to_owned(),
        ("", place) => with("place of service", place, words.place_of_service(place)),
        (bill, _) => with("bill type", bill, words.bill_type(bill)),
    };
    let setting = match line.setting {
        Setting::Undetermined => "setting not known",
        setting => setting.word(),
    };
    format!("{setting}: {from}")
}

/// The different texts that are not empty, in order of their first row.
fn distinct(texts: impl Iterator<Item = String>) -> String {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        if !text.is_empty() && found.len() < MAX_ENTRIES_SHOWN && !found.contains(&text) {
            found.push(text);
        }
    }
    found.join("; ")
}
