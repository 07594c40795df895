//! Missing columns at the terminal: one note for all extracts, with the columns grouped by what their absence changes.
//!
//! `--log json`, summary.json, report.html and `claimlint inspect` list every column with its own consequence.

use crate::claim::authorization::Authorizations;
use crate::cli::terminal::log::Log;
use crate::ingest::field::Field;
use crate::report::words::numbers::counted;

/// What an extract lacks: its name, and each missing column with the consequence.
pub(crate) type AbsentColumns<'a> = (&'a str, &'a [(Field, &'static str)]);

/// The columns whose absence is announced, grouped by what it changes.
const GROUPS: [(&str, &[Field]); 4] = [
    (
        "old or denied rows may count",
        &[Field::FrequencyCode, Field::OriginalClaimId, Field::VersionNumber, Field::ClaimStatus, Field::LineStatus],
    ),
    ("more services are flagged", &[Field::Product, Field::MemberId, Field::BillingNpi, Field::AuthorizationNumber]),
    (
        "amounts at risk are less exact",
        &[Field::PaidAmount, Field::PayerSequence, Field::Capitated, Field::RevenueCode],
    ),
    (
        "facts are assumed or derived",
        &[
            Field::LineNumber,
            Field::ClaimForm,
            Field::PlaceOfService,
            Field::BillType,
            Field::AdmissionType,
            Field::MemberState,
            Field::ServiceEndDate,
            Field::Units,
            Field::ProcedureCode,
        ],
    ),
];

/// Announces the missing columns of these extracts, which are all or some of the `total` extracts of a run.
pub(crate) fn announce(log: &Log, extracts: &[AbsentColumns<'_>], total: usize) {
    if log.is_json() {
        for said in each_column(extracts) {
            log.note(&said);
        }
        return;
    }
    let lacking: Vec<_> = extracts.iter().filter(|(_, absent)| !absent.is_empty()).collect();
    let [(first, _), ..] = lacking.as_slice() else { return };
    let is_absent = |field: &&Field| lacking.iter().any(|(_, absent)| absent.iter().any(|(f, _)| f == *field));
    let groups = GROUPS.map(|(effect, fields)| {
        (effect, fields.iter().filter(is_absent).map(|field| field.name()).collect::<Vec<_>>())
    });
    let count: usize = groups.iter().map(|(_, names)| names.len()).sum();
    let who = match lacking.len() {
        _ if total == 1 => format!("{first} lacks"),
        1 => format!("1 of {total} extracts lacks"),
        n => format!("{n} of {total} extracts lack"),
    };
    let noun = if count == 1 { "column" } else { "columns" };
    // Where one extract lacks other columns than another, none of them lacks all.
    let some = if lacking.iter().all(|(_, absent)| absent.len() == count) { "" } else { "some of " };
    log.note(&format!("{who} {some}{count} {noun}; `claimlint inspect` explains each"));
    for (effect, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
        log.detail(&format!("{effect}: {}", names.join(", ")));
    }
}

/// Announces the optional columns that the authorization file lacks.
pub(crate) fn announce_authorizations(log: &Log, file: &Authorizations) {
    let absent: Vec<_> = file.absent().collect();
    if log.is_json() {
        for (column, consequence) in &absent {
            log.note(&format!("{} has no {column} column: {consequence}", file.name()));
        }
    } else if !absent.is_empty() {
        let columns = counted(absent.len() as u64, "column");
        log.note(&format!("{} lacks {columns}; `claimlint inspect` explains each", file.name()));
        let names: Vec<_> = absent.iter().map(|(column, _)| *column).collect();
        log.detail(&format!("authorizations fit more services: {}", names.join(", ")));
    }
}

/// A sentence for each missing column and its consequence, however many extracts lack it: the first is named.
fn each_column(extracts: &[AbsentColumns<'_>]) -> Vec<String> {
    let mut columns: Vec<(Field, &str, &str, u64)> = Vec::new();
    for (name, absent) in extracts {
        for (field, consequence) in *absent {
            match columns.iter_mut().find(|(other, what, ..)| (*other, *what) == (*field, *consequence)) {
                Some((.., others)) => *others += 1,
                None => columns.push((*field, consequence, name, 0)),
            }
        }
    }
    let said = |(field, consequence, first, others): (Field, &str, &str, u64)| {
        let who = match others {
            0 => format!("{first} has"),
            n => format!("{first} and {} have", counted(n, "more file")),
        };
        format!("{who} no {} column: {consequence}", field.name())
    };
    columns.into_iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_thousands_of_extracts_lack_is_said_once() {
        let names: Vec<String> = (0..3_000).map(|n| format!("{n}.csv")).collect();
        let (both, one) = ([(Field::Units, "a"), (Field::Product, "b")], [(Field::Units, "a")]);
        let extracts: Vec<AbsentColumns<'_>> =
            names.iter().map(|name| (name.as_str(), if name == "7.csv" { &both[..] } else { &one })).collect();
        let said = ["0.csv and 2,999 more files have no units column: a", "7.csv has no product column: b"];
        assert_eq!(each_column(&extracts), said);
    }

    #[test]
    fn every_announced_column_is_in_one_group() {
        for (field, name) in Field::NAMES {
            let groups = GROUPS.iter().filter(|(_, fields)| fields.contains(&field)).count();
            let is_announced = [true, false].iter().any(|others| field.absence(&|_| *others).is_some());
            assert_eq!(groups, usize::from(is_announced), "{name}");
        }
    }
}
