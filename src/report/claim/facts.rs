//! The facts on which the verdict of one service rests, cell by cell, for the dossier of its claim.

use crate::claim::authorization::lookup::NumberRows;
use crate::claim::index::line_set::Fact;
use crate::claim::index::service::{RowRef, ServiceMoney};
use crate::claim::value::status::RowStatus;
use crate::claim::{CodeId, Kind, Line, Text};
use crate::policy::Class;
use crate::report::claim::place::{MAX_ENTRIES_SHOWN, place, place_of};
use crate::report::view::PartView;
use crate::report::words::finding::{amount, decision, list_says};
use crate::report::words::numbers::dollars;
use crate::rules::RuleInput;
use crate::rules::explain::Explained;
use crate::rules::input::printed_codes;

/// The facts of a service by name, each with sentences on its value and its source.
pub(crate) fn facts(part: &PartView<'_>, explained: &Explained<'_>, i: usize) -> Vec<(&'static str, Vec<String>)> {
    let input = &explained.input;
    let class = input.class;
    let product = match input.line.text(Text::Product) {
        "" => "none on the claim".to_owned(),
        label => format!("\"{label}\""),
    };
    let product = format!(
        "{product}: {} ({}); authorization inpatient {}, outpatient {}",
        class.id,
        class.title,
        class.inpatient.word(),
        class.outpatient.word()
    );
    let edition = match input.line.date {
        None => format!("{}, the latest, as the date cannot be read", input.edition.id),
        Some(day) if day < input.edition.from => format!("{}, the earliest on hand", input.edition.id),
        Some(day) => format!("{}, in force on {day} (from {})", input.edition.id, input.edition.from),
    };
    let mut facts =
        vec![("product", vec![product]), ("setting", vec![setting(input.line)]), ("edition", vec![edition])];
    facts.extend(diagnoses(input, class));
    facts.push(("authorization", authorization(part, explained, i)));
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
    let mut sentences: Vec<String> = explained.judgement.iter().map(amount).collect();
    if let ServiceMoney::OfStay(Some((total, basis))) = part.line_set.services[i].money {
        sentences.push(format!("the money of the claim: {} ({basis})", dollars(total)));
        let rows = part.line_set.money_lines(i).into_iter().take(MAX_ENTRIES_SHOWN);
        let rows: Vec<_> = rows.map(|line| place(part, part.line_set.line(line))).collect();
        sentences.push(format!("from the rows {}", rows.join(", ")));
    }
    let amounts = [("paid", line.paid), ("allowed", line.allowed), ("charge", line.charge)];
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
    let session = part.line_set.services[i].session;
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
    (!sentences.is_empty()).then_some(("session", sentences))
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

fn setting(line: Line<'_>) -> String {
    let from = match (line.text(Text::BillType), line.text(Text::PlaceOfService)) {
        ("", "") => "neither bill type nor place of service is filled".to_owned(),
        ("", place) => format!("place of service {place}"),
        (bill, _) => format!("bill type {bill}"),
    };
    format!("{}: {from}", line.setting.word())
}

fn diagnoses(input: &RuleInput<'_>, class: &Class) -> Vec<(&'static str, Vec<String>)> {
    let says = |code: &str| format!("{code} {}", list_says(class, input.edition, code));
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

fn authorization(part: &PartView<'_>, explained: &Explained<'_>, i: usize) -> Vec<String> {
    let input = &explained.input;
    let status = input.authorization.status;
    let mut sentences = vec![format!("{}: {}", status.word(), decision(status))];
    let number = input.line.text(Text::Authorization);
    sentences.push(match number {
        "" if input.line.marks.authorization_column => "no number on the claim".to_owned(),
        "" => "the extract has no column for a number".to_owned(),
        number => format!("number {number} on the claim"),
    });
    let Some(authorization_file) = &part.context.run.authorization_file else {
        sentences.push("no authorization file was given".to_owned());
        return sentences;
    };
    let day = |day: Option<jiff::civil::Date>| day.map_or("open".to_owned(), |d| d.to_string());
    let of_numbers = number.split(';').filter_map(|number| authorization_file.of_number(number));
    for row in
        of_numbers.flat_map(NumberRows::places).take(MAX_ENTRIES_SHOWN).map(|place| &authorization_file.rows()[*place])
    {
        let (from, to) = (day(row.valid_from), day(row.valid_to));
        let codes = if row.procedures.is_empty() { "any procedure".to_owned() } else { row.procedures.join(" ") };
        let units = row.units.map_or("no limit of units".to_owned(), |units| format!("units {}", units.normalize()));
        sentences.push(format!("on file: {}, {codes}, {from} to {to}, {units}", row.status));
    }
    if !number.is_empty() {
        let used = part.line_set.services[i].units_on_numbers(0);
        sentences.push(format!("units of all services on the number so far: {}", used.normalize()));
    }
    sentences
}

/// The encounter of a service, its units in it, and the codes of a stay.
fn encounter(part: &PartView<'_>, input: &RuleInput<'_>, i: usize) -> Vec<(&'static str, Vec<String>)> {
    let policy = &part.context.run.policy;
    let service = &part.line_set.services[i];
    let codes: Vec<CodeId> =
        policy.codes.iter().map(|(id, _)| id).filter(|id| input.encounter.codes.contains(*id)).collect();
    let whose =
        if input.line.text(Text::MemberId).is_empty() { "the claim's, as it names no member" } else { "the member's" };
    let mut sentences =
        vec![format!("{whose}, same day, form and billing provider; codes {}", printed_codes(policy, &codes))];
    if let Kind::Line(id) = service.kind {
        let limit = policy.limits.iter().find(|limit| limit.code == id);
        let limit = limit.map_or(String::new(), |l| format!(", limit {} (MAI {})", l.units.normalize(), l.mai));
        sentences.push(format!(
            "units of {}: {} on the line, {} so far{limit}",
            policy.code(id),
            input.line.units.normalize(),
            service.units_so_far.normalize()
        ));
    }
    let modifiers: Vec<&str> = input.line.modifiers().collect();
    let mut facts = vec![("encounter", sentences)];
    if !modifiers.is_empty() {
        facts.push(("modifiers", vec![modifiers.join(" ")]));
    }
    facts
}
