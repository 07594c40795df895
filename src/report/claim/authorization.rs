//! Which authorization a service needs, what was looked for in the authorization file, and how near the nearest rows came.

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::claim::authorization::{Approval, Authorization, AuthorizationFile};
use crate::claim::value::authorization::key;
use crate::claim::value::code_set::CodeSet;
use crate::claim::{CodeId, Text};
use crate::finding::words::{no_number, units as in_units};
use crate::report::view::PartView;
use crate::report::words::finding::decision;
use crate::report::words::lists::alternatives;
use crate::report::words::numbers::{counted, days_since};
use crate::rules::authorization_decision::AuthorizationStatus;
use crate::rules::explain::Explained;

/// Rows of the authorization file that are described. The others are counted.
const NEAREST: usize = 3;

/// A row of the authorization file beside a service.
struct Candidate<'a> {
    row: &'a Authorization,
    /// Is its number on the claim?
    is_named: bool,
    /// What does not fit, in words.
    gaps: Vec<String>,
}

/// What the claim shows of the authorization of a service: whether it is needed and there. Also in a letter to the provider.
pub(super) fn on_claim(explained: &Explained<'_>) -> Vec<String> {
    let input = &explained.input;
    let status = input.authorization.status;
    let carried = match input.line.text(Text::Authorization) {
        "" if status == AuthorizationStatus::NotRequired => None,
        "" => Some(no_number(input.line).to_owned()),
        number => Some(format!("the claim carries number {number}")),
    };
    std::iter::once(decision(status).to_owned()).chain(carried).collect()
}

/// Which approval was looked for in the authorization file, and the nearest rows. Empty if the service needs none and names none.
pub(super) fn in_file(part: &PartView<'_>, explained: &Explained<'_>, i: usize) -> Vec<String> {
    let input = &explained.input;
    let number = input.line.text(Text::Authorization);
    if input.authorization.status == AuthorizationStatus::NotRequired && number.is_empty() {
        return Vec::new();
    }
    let Some(file) = part.authorizations else {
        return vec!["no authorization file was given, so none was looked up".to_owned()];
    };
    let member = input.line.text(Text::MemberId);
    if number.is_empty() && member.is_empty() {
        return vec!["the authorization file was not searched, as the claim names no member".to_owned()];
    }
    let policy = &part.context.run.policy;
    let codes = policy.authorized_by(part.line_set.codes_of(i));
    let wanted: Vec<CodeId> = policy.codes.iter().map(|(id, _)| id).filter(|id| codes.contains(*id)).collect();
    let of_member = match member {
        "" => "for any member, as the claim names none".to_owned(),
        member => format!("for member {member}"),
    };
    let days = match part.line_set.services[i].days {
        None => "on any day, as the date cannot be read".to_owned(),
        Some((first, last)) if first == last => format!("on {first}"),
        Some((first, last)) => format!("between {first} and {last}"),
    };
    let wanted: Vec<&str> = wanted.iter().map(|id| policy.code(*id)).collect();
    let mut sentences = vec![format!("looked for: one {of_member}, for {}, {days}", alternatives(&wanted))];
    let candidates = candidates(part, explained, i, file, codes);
    if candidates.is_empty() {
        let what = match (number, member) {
            ("", _) => "for this member",
            (_, "") => "with this number",
            _ => "with this number or for this member",
        };
        sentences.push(format!("nearest: the authorization file has none {what}"));
    }
    for (n, candidate) in candidates.iter().take(NEAREST).enumerate() {
        sentences.push(format!("{}: {}", if n == 0 { "nearest" } else { "next" }, described(candidate)));
    }
    if candidates.len() > NEAREST {
        let rest = (candidates.len() - NEAREST) as u64;
        sentences.push(format!("{} of this number or member fit no better", counted(rest, "more row")));
    }
    sentences
}

/// The rows with a number of the claim or with its member, those with the fewest gaps first.
fn candidates<'a>(
    part: &PartView<'_>,
    explained: &Explained<'_>,
    i: usize,
    file: &'a AuthorizationFile,
    codes: CodeSet,
) -> Vec<Candidate<'a>> {
    let line = explained.input.line;
    let service = &part.line_set.services[i];
    let (number, member) = (line.text(Text::Authorization), line.text(Text::MemberId));
    let numbers: Vec<String> = number.split(';').map(key).collect();
    let place_of_number = |row: &Authorization| {
        let own: Vec<String> = row.number.split(';').map(key).filter(|own| !own.is_empty()).collect();
        numbers.iter().position(|number| own.contains(number))
    };
    let of_numbers = number.split(';').filter_map(|number| file.of_number(number));
    let of_numbers = of_numbers.flat_map(|rows| rows.places().to_vec());
    let mut places: Vec<usize> = of_numbers.chain(file.places_of(member)).collect();
    places.sort_unstable();
    places.dedup();
    let candidate = |place: usize| {
        let row = &file.rows()[place];
        let named = place_of_number(row);
        let mut gaps = Vec::new();
        match (row.approval, row.status.as_str()) {
            (Approval::Approved, _) => {}
            (_, "") => gaps.push("it has no status".to_owned()),
            (Approval::NotApproved, status) => gaps.push(format!("its status is {status}, not an approval")),
            (Approval::Unread, status) => gaps.push(format!("no table knows its status {status}")),
        }
        if !row.member_id.is_empty() && !member.is_empty() && row.member_id != member {
            gaps.push("it is for another member".to_owned());
        }
        if !row.names_any_of(codes, &part.context.run.policy.codes) {
            gaps.push("it is for other procedures".to_owned());
        }
        gaps.extend(service.days.and_then(|days| gap_of_days(row, days)));
        let used = named.map(|place| service.units_on_numbers(place)).filter(|_| !line.marks().assistant);
        if let Some((used, units)) = used.zip(row.units).filter(|(used, units)| used > units) {
            gaps.push(format!(
                "this row allows {}, and the services with its number have {}",
                in_units(units),
                in_units(used)
            ));
        }
        // No approval is taken for one of a number that the claim lacks unless it covers the service's days.
        if named.is_none() && service.days.is_none() {
            gaps.push("its dates cannot be compared, as the service date cannot be read".to_owned());
        }
        Candidate { row, is_named: named.is_some(), gaps }
    };
    let mut found: Vec<_> = places.into_iter().map(candidate).collect();
    found.sort_by_key(|candidate| (candidate.gaps.len(), Reverse(candidate.is_named)));
    found
}

/// How far the dates of a row are from the days of a service. `None`: they have a day in common.
fn gap_of_days(row: &Authorization, (first, last): (Date, Date)) -> Option<String> {
    if row.covers((first, last)) {
        return None;
    }
    let days = |from: Date, to: Date| counted(u64::try_from(days_since(to, from)).unwrap_or_default(), "day");
    Some(match (row.valid_from, row.valid_to) {
        (Some(from), Some(to)) if from > to => "its last day is before its first".to_owned(),
        (_, Some(to)) if to < first => format!("it ended {} before the service", days(to, first)),
        (Some(from), _) => format!("it began {} after the service", days(last, from)),
        (None, _) => "its dates do not fit".to_owned(),
    })
}

fn described(candidate: &Candidate<'_>) -> String {
    let row = candidate.row;
    let number = if row.number.is_empty() { "an approval without a number" } else { &row.number };
    let status = if row.status.is_empty() { "no status" } else { &row.status };
    let codes = if row.procedures.is_empty() { "any procedure".to_owned() } else { row.procedures.join(" ") };
    let period = match (row.valid_from, row.valid_to) {
        (None, None) => "any day".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("until {to}"),
        (Some(from), Some(to)) => format!("{from} to {to}"),
    };
    let units = row.units.map_or(String::new(), |units| format!(", {}", in_units(units)));
    let mut gaps = candidate.gaps.clone();
    if !candidate.is_named {
        gaps.push("its number is not on the claim".to_owned());
    }
    let fits = match (candidate.gaps.is_empty(), gaps.is_empty()) {
        (_, true) => "it fits".to_owned(),
        (true, false) => format!("it fits, but {}", gaps.join(", and ")),
        (false, false) => gaps.join(", and "),
    };
    format!("{number} ({status}), for {codes}, {period}{units}: {fits}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_gap_of_days_is_counted_from_the_nearer_end() {
        let row = |from: Option<Date>, to: Option<Date>| Authorization {
            number: "A1".to_owned(),
            member_id: String::new(),
            procedures: Vec::new(),
            status: "APPROVED".to_owned(),
            approval: Approval::Approved,
            valid_from: from,
            valid_to: to,
            units: None,
        };
        let (march, april, may) = (date(2024, 3, 1), date(2024, 4, 1), date(2024, 5, 1));
        for (from, to, days, want) in [
            (Some(march), Some(may), (april, april), None),
            (None, Some(march), (date(2024, 3, 2), april), Some("it ended 1 day before the service")),
            (Some(may), None, (march, april), Some("it began 30 days after the service")),
            (Some(may), Some(march), (april, april), Some("its last day is before its first")),
        ] {
            assert_eq!(gap_of_days(&row(from, to), days).as_deref(), want);
        }
    }
}
