//! Prior authorization: on the claim, only in the file, faulty, or missing.

use crate::generate::builder::CaseBuilder;
use crate::generate::cases::PlantCase;
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{Disposition, ExpectedFinding};
use crate::generate::scenario::{
    AUTHORIZATION_BY_SETTING, AUTHORIZATION_NOT_REQUIRED, AUTHORIZATION_REQUIRED, Requirement,
};

pub(super) const CASES: &[PlantCase] = &[
    missing,
    placeholder_number,
    not_required,
    not_found,
    not_found_and_not_required,
    not_approved,
    another_member,
    another_procedure,
    too_early,
    too_late,
    several_faults,
    one_of_several_holds,
    highest_code_of_several,
    units_used_up,
    only_on_file,
    only_on_file_for_another,
    setting_undetermined,
    no_member_on_the_claim,
];

/// A service that requires an authorization and carries a number that the file lacks.
fn requires_authorization(builder: &mut CaseBuilder) -> ServiceDraft {
    let scenario = builder.rng.pick(AUTHORIZATION_REQUIRED);
    let service = builder.service(scenario);
    builder.authorization_rows.pop();
    service
}

/// Where the extract has no column of numbers, only the file could hold an authorization, and it has none for this member.
fn expect_missing_without_column(builder: &CaseBuilder, service: &mut ServiceDraft) {
    if !builder.plan.authorization_column && builder.plan.authorization_file {
        service.authorization("not-met", &[("PA201", Disposition::Deny)]);
    }
}

/// Adds a row with the service's number to the authorization file.
fn add_to_file(
    builder: &mut CaseBuilder,
    service: &ServiceDraft,
    member: &str,
    codes: &str,
    status: &str,
    dates: [&str; 2],
    units: &str,
) {
    let number = service.cells[column::AUTHORIZATION].clone();
    builder.authorization_rows.push([&*number, member, codes, status, dates[0], dates[1], units].map(str::to_owned));
}

/// Plants a service whose authorization has this fault in the file.
fn plant_faulty(builder: &mut CaseBuilder, mut service: ServiceDraft, fault: ExpectedFinding) {
    if builder.plan.authorization_column && builder.plan.authorization_file {
        service.authorization("not-met", &[fault]);
    }
    builder.plant(service);
}

fn missing(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    without_number(builder, &mut service);
    builder.plant(service);
}

fn without_number(builder: &CaseBuilder, service: &mut ServiceDraft) {
    service.set(column::AUTHORIZATION, "");
    if builder.plan.authorization_column {
        service.authorization("not-met", &[("PA201", Disposition::Deny)]);
    } else {
        expect_missing_without_column(builder, service);
    }
}

fn placeholder_number(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    without_number(builder, &mut service);
    service.set(
        column::AUTHORIZATION,
        builder.rng.pick(&["NONE", "N/A", "na", "Pending", "UNKNOWN", "0", "000000", "99999"]),
    );
    builder.plant(service);
}

fn not_required(builder: &mut CaseBuilder) {
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    builder.authorization_rows.pop();
    service.set(column::AUTHORIZATION, "");
    builder.plant(service);
}

fn not_found(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA202", Disposition::Deny));
}

fn not_found_and_not_required(builder: &mut CaseBuilder) {
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    builder.authorization_rows.pop();
    if builder.plan.authorization_column && builder.plan.authorization_file {
        service.authorization("not-required", &[("PA202", Disposition::Info)]);
    }
    builder.plant(service);
}

fn not_approved(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    let status = builder.rng.pick(&["DENIED", "PENDED", "", "AP", "NOT APPROVED"]);
    let whose = builder.rng.pick(&["X1", &*member]);
    // The status is checked first; nothing after it matters.
    add_to_file(builder, &service, whose, "99999", status, ["", "2001-01-01"], "0");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA203", Disposition::Deny));
}

fn another_member(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    add_to_file(builder, &service, "SOMEBODY", "", "A", ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA204", Disposition::Deny));
}

fn another_procedure(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    let others = builder.rng.pick(&["22510;22511", "22515", "99213"]);
    add_to_file(builder, &service, &member, others, "A", ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA204", Disposition::Deny));
}

fn too_early(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    service.day("2023-12-31");
    add_to_file(builder, &service, &member, "", "A", ["2024-01-01", "2024-12-31"], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA205", Disposition::Deny));
}

fn too_late(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    // The approval names no member: the dates decide, and without a number on the claim it belongs to nobody.
    service.day("2025-01-01");
    add_to_file(builder, &service, "", "22513;22514", "APPROVED", ["", "12/31/2024"], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA205", Disposition::Deny));
}

fn several_faults(builder: &mut CaseBuilder) {
    // The first check that fails gives the finding.
    let mut service = requires_authorization(builder);
    service.day("2025-01-01");
    add_to_file(builder, &service, "SOMEBODY", "99213", "A", ["", "2024-12-31"], "0");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA204", Disposition::Deny));
}

fn one_of_several_holds(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(AUTHORIZATION_REQUIRED);
    let service = builder.service(scenario);
    add_to_file(builder, &service, "SOMEBODY", "", "A", ["", ""], "");
    add_to_file(builder, &service, "", "", "DENIED", ["", ""], "");
    builder.plant(service);
}

fn highest_code_of_several(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    service.day("2025-01-01");
    add_to_file(builder, &service, "", "", "DENIED", ["", ""], "");
    add_to_file(builder, &service, &member, "", "A", ["", "2024-12-31"], "");
    add_to_file(builder, &service, "SOMEBODY", "", "A", ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, ("PA205", Disposition::Deny));
}

fn units_used_up(builder: &mut CaseBuilder) {
    // Three services on different days, so three encounters, and one authorization of two units.
    let first = requires_authorization(builder);
    let member = first.cells[column::MEMBER_ID].clone();
    add_to_file(builder, &first, &member, "", "A", ["", ""], "2");
    for n in 0..3 {
        let mut service = if n == 0 { first.clone() } else { builder.on_another_claim(&first) };
        service.day(&format!("2024-05-{:02}", n + 1));
        if builder.plan.authorization_file {
            let used_up: &[ExpectedFinding] = &[("PA206", Disposition::Deny)];
            match (builder.plan.authorization_column, n) {
                (true, 2) => service.authorization("not-met", used_up),
                (true, _) => service.authorization("verified", &[]),
                (false, _) => service.authorization("verified", &[("PA209", Disposition::Info)]),
            };
        }
        builder.plant(service);
    }
}

fn only_on_file(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(AUTHORIZATION_REQUIRED);
    let mut service = builder.service(scenario);
    service.set(column::AUTHORIZATION, builder.rng.pick(&["", "NONE"]));
    match (builder.plan.authorization_column, builder.plan.authorization_file) {
        (_, true) => service.authorization("verified", &[("PA209", Disposition::Info)]),
        (true, false) => service.authorization("not-met", &[("PA201", Disposition::Deny)]),
        (false, false) => &mut service,
    };
    builder.plant(service);
}

fn only_on_file_for_another(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    service.day("2025-01-01");
    add_to_file(builder, &service, "", "", "A", ["", ""], "");
    add_to_file(builder, &service, &member, "22515", "A", ["", ""], "");
    add_to_file(builder, &service, &member, "", "A", ["", "2024-12-31"], "");
    add_to_file(builder, &service, &member, "", "DENIED", ["", ""], "");
    without_number(builder, &mut service);
    builder.plant(service);
}

fn setting_undetermined(builder: &mut CaseBuilder) {
    debug_assert_eq!(AUTHORIZATION_BY_SETTING.requirement, Requirement::BySetting);
    let mut service = builder.service(AUTHORIZATION_BY_SETTING);
    builder.authorization_rows.pop();
    service.set(column::AUTHORIZATION, "").authorization("undetermined", &[("RT403", Disposition::Review)]);
    builder.plant(service);
}

fn no_member_on_the_claim(builder: &mut CaseBuilder) {
    let scenario = builder.rng.pick(AUTHORIZATION_REQUIRED);
    let mut service = builder.service(scenario);
    // A number is valid whoever the member is. Without a number, the file cannot be searched for the member.
    service.set(column::MEMBER_ID, "");
    expect_missing_without_column(builder, &mut service);
    builder.plant(service);
}
