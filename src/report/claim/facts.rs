//! The facts on which the verdict of one service rests, cell by cell, for the dossier of its claim.

use jiff::civil::Date;

use crate::claim::index::line_set::Fact;
use crate::claim::index::service::{RowRef, ServiceMoney};
use crate::claim::value::status::RowStatus;
use crate::claim::{CodeId, Kind, Text};
use crate::policy::{NecessityBasis, Requirement};
use crate::report::claim::authorization;
use crate::report::claim::place::{MAX_ENTRIES_SHOWN, place, place_of};
use crate::report::claim::summary::where_done;
use crate::report::view::PartView;
use crate::report::words::codes::{CodeWords, dotted};
use crate::report::words::finding::{amount, basis as basis_in_words};
use crate::report::words::numbers::dollars;
use crate::rules::RuleInput;
use crate::rules::explain::Explained;
use crate::rules::input::printed_codes;

/// The facts of a service by name, each with sentences on its value and its source.
pub(crate) fn facts(
    part: &PartView<'_>,
    explained: &Explained<'_>,
    i: usize,
    words: &CodeWords,
) -> Vec<(&'static str, Vec<String>)> {
    let input = &explained.input;
    let class = input.class;
    let product = match input.line.text(Text::Product) {
        "" => "none on the claim".to_owned(),
        label => format!("\"{label}\""),
    };
    let needs = |requirement: Requirement| match requirement {
        Requirement::Required => "required",
        Requirement::NotRequired => "not required",
        Requirement::Undetermined => "not settled by the policy",
    };
    let product = format!(
        "{product}: {}; prior authorization inpatient {}, outpatient {}",
        class.title,
        needs(class.inpatient),
        needs(class.outpatient)
    );
    let edition = match input.line.date {
        None => format!("{}, the latest, as the date cannot be read", input.edition.id),
        Some(day) if day < input.edition.from => format!("{}, the earliest on hand", input.edition.id),
        Some(day) => format!("{}, in force on {day} (from {})", input.edition.id, input.edition.from),
    };
    let mut facts = vec![("procedure", procedures(part, i))];
    facts.extend(diagnoses(input, part.context.run.policy.icd10_from, words));
    facts.push(("authorization", authorization::on_claim(explained)));
    let approvals = authorization::in_file(part, explained, i);
    if !approvals.is_empty() {
        facts.push(("approvals", approvals));
    }
    facts.push(("product", vec![product]));
    facts.push(("setting", vec![where_done(input.line, words)]));
    facts.push(("policy text", vec![edition]));
    facts.extend(encounter(part, input, i));
    facts.extend(session(part, i));
    facts.push(("money", money(part, explained, i)));
    let filled = filled(part, part.line_set.services[i].line);
    if !filled.is_empty() {
        facts.push(("other rows", filled));
    }
    facts
}

/// The basis of the amount of the service, and the amounts of its own row.
fn money(part: &PartView<'_>, explained: &Explained<'_>, i: usize) -> Vec<String> {
    let line = explained.input.line;
    let mut sentences: Vec<String> = explained.judgment.iter().map(amount).collect();
    if let ServiceMoney::OfStay(Some((total, basis))) = part.line_set.services[i].money {
        sentences.push(format!("the money of the claim: {}, {}", dollars(total), basis_in_words(basis)));
        let rows = part.line_set.money_lines(i).into_iter().take(MAX_ENTRIES_SHOWN);
        let rows: Vec<_> = rows.map(|line| place(part, part.line_set.line(line))).collect();
        sentences.push(format!("from the rows {}", rows.join(", ")));
    }
    let amounts = [("paid", line.paid()), ("allowed", line.allowed()), ("charge", line.charge())];
    let amounts: Vec<_> =
        amounts.iter().filter_map(|(word, amount)| Some(format!("{word} {}", dollars((*amount)?)))).collect();
    sentences.push(if amounts.is_empty() {
        "no amount on the row".to_owned()
    } else {
        amounts.join(", ") + " on the row"
    });
    match line.status {
        RowStatus::Paid => sentences.push("the payer paid the row".to_owned()),
        RowStatus::Pending => {
            sentences.push("the payer has not decided on the row, so the amount paid does not count".to_owned());
        }
        RowStatus::None | RowStatus::Denied | RowStatus::Reversed => {}
    }
    sentences
}

/// The services of other claims in the same session, then what they show about the service, each with a row that shows
/// it.
fn session(part: &PartView<'_>, i: usize) -> Option<(&'static str, Vec<String>)> {
    let session = part.line_set.services[i].session();
    let at = |row: RowRef, what: &str| format!("{}: {what}", place_of(part, row));
    let same_stay = if session.interim {
        "an earlier stay with a day and a code in common; interim bills by their frequency"
    } else {
        "an earlier stay with a day and a code in common"
    };
    let rows = [
        (session.other_setting, "an institutional service of the other setting"),
        (session.facility, "a service at a facility"),
        (session.same_stay, same_stay),
        (session.same_service, "an earlier service with the same code, date and side"),
        (session.stay_nearby, "a stay on the same day, or one that begins at most three days later"),
    ];
    let services = part.line_set.session_of(i).into_iter().take(MAX_ENTRIES_SHOWN).map(|other| {
        let line = part.line_set.line_of(other);
        let codes = printed_codes(&part.context.run.policy, part.line_set.codes_of(other));
        let date = line.date.map_or(String::new(), |date| format!(" on {date}"));
        format!("claim {}, {codes}{date}, {}", line.claim_id(), place(part, line))
    });
    let mut sentences: Vec<_> = services.collect();
    sentences.extend(rows.into_iter().filter_map(|(row, what)| Some(at(row?, what))));
    if session.carries_number {
        sentences.push("a service of another claim carries an authorization number".to_owned());
    }
    let policy = &part.context.run.policy;
    let elsewhere: Vec<CodeId> =
        policy.codes.iter().map(|(id, _)| id).filter(|id| session.codes_elsewhere.contains(*id)).collect();
    if !elsewhere.is_empty() {
        sentences.push(format!("same member and day in other encounters: {}", printed_codes(policy, &elsewhere)));
    }
    (!sentences.is_empty()).then_some(("other claims", sentences))
}

/// Facts of a line that come from other rows of its claim.
pub(super) fn filled(part: &PartView<'_>, line: usize) -> Vec<String> {
    let facts = [
        ("product", Fact::Text(Text::Product)),
        ("member state", Fact::Text(Text::MemberState)),
        ("member", Fact::Text(Text::MemberId)),
        ("billing provider", Fact::Text(Text::BillingNpi)),
        ("place of service", Fact::Text(Text::PlaceOfService)),
        ("bill type", Fact::Text(Text::BillType)),
        ("authorization number", Fact::Text(Text::Authorization)),
        ("admission type", Fact::Text(Text::AdmissionType)),
        ("payer sequence", Fact::Text(Text::PayerSequence)),
        ("capitated", Fact::Text(Text::Capitated)),
        ("diagnoses", Fact::Diagnoses),
    ];
    let from = |(name, fact): (&str, Fact)| {
        let row = part.line_set.row_of_fact(line, fact)?;
        Some(format!("{name} from {}", place_of(part, row)))
    };
    facts.into_iter().filter_map(from).collect()
}

/// The diagnoses that were considered and those that the line does not point to, each with its words and whether it is
/// listed.
fn diagnoses(input: &RuleInput<'_>, icd10_from: Date, words: &CodeWords) -> Vec<(&'static str, Vec<String>)> {
    let is_older = input.line.date.is_some_and(|day| day < icd10_from);
    let says = |code: &str| {
        // Both code sets have codes that begin with E and V.
        let meaning = match code.as_bytes().first() {
            Some(b'E' | b'V') if is_older => "a code of ICD-9-CM: a cause or a circumstance".to_owned(),
            _ => words.diagnosis(code),
        };
        let meaning = if meaning.is_empty() { String::new() } else { format!("{meaning}; ") };
        format!("{}: {meaning}{}", dotted(code), on_list(input, code))
    };
    let mut considered: Vec<String> = input.line.considered().map(says).collect();
    let unpointed: Vec<String> = input.line.unpointed().map(says).collect();
    if considered.is_empty() {
        return vec![("diagnoses", vec!["none on the row".to_owned()])];
    }
    // Pointers to all diagnoses have the same meaning as no pointers.
    considered.push(if unpointed.is_empty() {
        "(all diagnoses of the row)".to_owned()
    } else {
        "(those that the line points to)".to_owned()
    });
    let mut facts = vec![("diagnoses", considered)];
    if !unpointed.is_empty() {
        facts.push(("not pointed to", unpointed));
    }
    facts
}

/// Whether a diagnosis is on the policy's list.
fn on_list(input: &RuleInput<'_>, code: &str) -> &'static str {
    match (input.class.necessity, input.edition.listed(code)) {
        (NecessityBasis::Lcd, _) => "not compared with the policy's list, as Medicare follows an LCD",
        (NecessityBasis::Undetermined, _) => "not compared with the policy's list, as the product is not known",
        (NecessityBasis::List, None) => "not on the policy's list",
        (NecessityBasis::List, Some(_)) => "on the policy's list",
    }
}

/// The codes of the service, each with its words.
fn procedures(part: &PartView<'_>, i: usize) -> Vec<String> {
    let policy = &part.context.run.policy;
    let codes = part.line_set.codes_of(i).iter().take(MAX_ENTRIES_SHOWN);
    codes.map(|id| format!("{}: {}", policy.code(*id), policy.procedure(*id).about)).collect()
}

/// The encounter of a service, its units in it, and the codes of a stay.
fn encounter(part: &PartView<'_>, input: &RuleInput<'_>, i: usize) -> Vec<(&'static str, Vec<String>)> {
    let policy = &part.context.run.policy;
    let service = &part.line_set.services[i];
    let codes: Vec<CodeId> =
        policy.codes.iter().map(|(id, _)| id).filter(|id| input.encounter.codes.contains(*id)).collect();
    let whose = if input.line.states(Text::MemberId) {
        "the member's claims of the same day, form and billing provider"
    } else {
        "this claim alone, as it names no member"
    };
    let mut sentences = vec![format!("{whose}: codes {}", printed_codes(policy, &codes))];
    if let Kind::Line(id) = service.kind {
        let limit = policy.limits.iter().find(|limit| limit.code == id);
        let limit = limit.map_or(String::new(), |l| format!(", limit {} (MAI {})", l.units.normalize(), l.mai));
        let so_far = if input.line.marks().assistant {
            "not counted, as the row is an assistant's or a co-surgeon's".to_owned()
        } else {
            format!("{} so far", service.units_so_far.normalize())
        };
        let (code, own) = (policy.code(id), input.line.units.normalize());
        sentences.push(format!("units of {code}: {own} on the line, {so_far}{limit}"));
    }
    let modifiers: Vec<&str> = input.line.modifiers().collect();
    let mut facts = vec![("same visit", sentences)];
    if !modifiers.is_empty() {
        facts.push(("modifiers", vec![modifiers.join(" ")]));
    }
    facts
}
