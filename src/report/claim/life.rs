//! What happened to the rows of a claim: what a version names, and what reversed, repeated, denied or superseded a row.

use crate::claim::index::related::Superseded;
use crate::claim::value::version::Version;
use crate::claim::{Bin, Text};
use crate::report::claim::place::{MAX_ENTRIES_SHOWN, place};
use crate::report::view::PartView;
use crate::rules::input::printed_codes;

/// The life of a row, with a sentence for each event.
pub(super) fn life(part: &PartView<'_>, i: usize) -> Vec<String> {
    let here = place(part, part.line_set.line(i));
    let mut sentences: Vec<_> = version(part, i, &here).into_iter().collect();
    sentences.extend(replaced(part, i));
    sentences.extend(why_not_live(part, i, &here));
    sentences
}

/// Replacements and voids of a claim, on other claims, that the plan denied. They replace nothing, and a provider speaks of them.
pub(super) fn denied_versions(part: &PartView<'_>, claim: u32) -> Vec<String> {
    let line_set = part.line_set;
    let sentence = |i: usize| {
        let line = line_set.line(i);
        let (here, kind) = (place(part, line), kind(line.version)?);
        Some(format!(
            "{here} (claim {}) is a {kind} of this claim that the plan denied: it replaces nothing",
            line.claim_id()
        ))
    };
    let denied = line_set.versions_of(claim).into_iter().filter(|i| line_set.bins[*i] == Bin::PayerDenied);
    denied.take(MAX_ENTRIES_SHOWN).filter_map(sentence).collect()
}

/// The rows that a replacement or void replaced, each with its number of an authorization.
fn replaced(part: &PartView<'_>, i: usize) -> Vec<String> {
    let line_set = part.line_set;
    let sentence = |row: usize| {
        let line = line_set.line(row);
        let codes = printed_codes(&part.context.run.policy, line.known);
        let date = line.date.map_or(String::new(), |date| format!(" on {date}"));
        let number = match line.text(Text::Authorization) {
            "" => String::new(),
            number => format!(", authorization number {number}"),
        };
        format!("row of claim {}: {}, {codes}{date}{number}", line.claim_id(), place(part, line))
    };
    line_set.original_of(i).into_iter().take(MAX_ENTRIES_SHOWN).map(sentence).collect()
}

/// What a version is, in words; `None` for an original.
fn kind(version: Version) -> Option<&'static str> {
    match version {
        Version::Original => None,
        Version::Replacement => Some("replacement (frequency 7)"),
        Version::Void => Some("void (frequency 8)"),
    }
}

/// What a replacement or void refers to.
fn version(part: &PartView<'_>, i: usize, here: &str) -> Option<String> {
    let line_set = part.line_set;
    let line = line_set.line(i);
    let kind = kind(line.version)?;
    if line_set.bins[i] == Bin::Duplicate {
        return None;
    }
    let original = line.text(Text::OriginalClaimId);
    Some(match line_set.named(i) {
        Some(claim) if line_set.bins[i] == Bin::PayerDenied => {
            format!("{here} is a {kind} of claim {claim}, and replaces nothing, as the plan denied it")
        }
        None if line_set.bins[i] == Bin::PayerDenied => return None,
        Some(claim) => format!("{here} is a {kind} of claim {claim}"),
        None if line_set.orphans.contains(&i) => {
            format!("{here} is a {kind} that names no other version and replaces none")
        }
        None if !original.is_empty() && original != line.claim_id() => {
            format!("{here} is a {kind} of claim {original}, of which this run has no kept row")
        }
        None => format!("{here} is a {kind} of the other versions of its own claim"),
    })
}

/// Why a row is not live.
fn why_not_live(part: &PartView<'_>, i: usize, here: &str) -> Option<String> {
    let line_set = part.line_set;
    let at = |other: usize| place(part, line_set.line(other));
    Some(match line_set.bins[i] {
        Bin::InScope | Bin::Related => return None,
        Bin::Duplicate => match line_set.duplicate_of(i) {
            Some(other) => format!("{here} is equal to the earlier row {} and counts once", at(other)),
            None => format!("{here} is equal to an earlier row and counts once"),
        },
        Bin::PayerDenied => format!("{here} was denied by the plan: nothing was paid, so there is nothing to judge"),
        Bin::Reversed => match (line_set.takes_back(i), line_set.reversal_of(i)) {
            (true, Some(other)) => format!("{here} reverses the payment of {}", at(other)),
            (true, None) => format!("{here} reverses a payment, and no row matches it"),
            (false, Some(other)) => format!("the payment of {here} was reversed by {}", at(other)),
            (false, None) => format!("{here} has a status that says it was reversed"),
        },
        Bin::Superseded => {
            let by: Vec<_> = line_set
                .superseded_by(i)
                .into_iter()
                .take(MAX_ENTRIES_SHOWN)
                .map(|(other, why)| format!("{} ({})", at(other), reason(part, other, why)))
                .collect();
            if by.is_empty() {
                format!("{here} voids its own claim")
            } else {
                format!("{here} was replaced or voided by {}", by.join(", "))
            }
        }
    })
}

fn reason(part: &PartView<'_>, other: usize, why: Superseded) -> String {
    let by = part.line_set.line(other);
    match why {
        Superseded::Named | Superseded::SameClaim => {
            format!("claim {}, frequency {}", by.claim_id(), by.text(Text::Frequency))
        }
        Superseded::Decided => "the plan has decided on the pending row".to_owned(),
        Superseded::NewerVersion => format!("version {}", by.text(Text::VersionNumber)),
    }
}
