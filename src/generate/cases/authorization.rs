//! Prior authorization: on the claim, only in the file, faulty, or missing.

use crate::generate::builder::{CaseBuilder, PlantCase};
use crate::generate::columns::column;
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{ExpectedFinding, capped, deny, info, review};
use crate::generate::scenario::{
    AUTHORIZATION_BY_SETTING, AUTHORIZATION_NOT_REQUIRED, AUTHORIZATION_REQUIRED, ExpectedRequirement,
};

pub(super) const CASES: &[PlantCase] = &[
    missing,
    placeholder_number,
    not_required,
    not_found,
    not_found_and_not_required,
    not_approved,
    status_not_read,
    another_member,
    another_procedure,
    another_level,
    too_early,
    too_late,
    several_faults,
    one_of_several_holds,
    highest_code_of_several,
    several_numbers,
    family_of_procedures,
    units_of_each_side,
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
        service.authorization("not-met", missing_number(service));
    }
}

/// The finding on a service without a number. A service of an emergency room is only for review.
fn missing_number(service: &ServiceDraft) -> ExpectedFinding {
    if service.cells[column::PLACE] == "23" { capped("PA201", "emergency") } else { deny("PA201") }
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
        service.authorization("not-met", fault);
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
        service.authorization("not-met", missing_number(service));
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
    plant_faulty(builder, service, deny("PA202"));
}

fn not_found_and_not_required(builder: &mut CaseBuilder) {
    let mut service = builder.service(AUTHORIZATION_NOT_REQUIRED);
    builder.authorization_rows.pop();
    if builder.plan.authorization_column && builder.plan.authorization_file {
        service.authorization("not-required", info("PA202"));
    }
    builder.plant(service);
}

fn not_approved(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    let status = builder.rng.pick(&["DENIED", "PENDED", "Cancelled", "Not certified", "A3", "void"]);
    let whose = builder.rng.pick(&["X1", &*member]);
    // The status is checked first; nothing after it matters.
    add_to_file(builder, &service, whose, "99999", status, ["", "2001-01-01"], "0");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, deny("PA203"));
}

fn status_not_read(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let status = builder.rng.pick(&["", "AP", "NOT APPROVED", "A7", "OK"]);
    add_to_file(builder, &service, "", "", status, ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, capped("PA203", "status-unread"));
}

fn another_member(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    add_to_file(builder, &service, "SOMEBODY", "", "A", ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, deny("PA204"));
}

fn another_procedure(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    let others = builder.rng.pick(&["22510;22511", "22510-22512", "99213"]);
    add_to_file(builder, &service, &member, others, "A", ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, deny("PA204"));
}

fn another_level(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    let codes = builder.rng.pick(&["22515", "0QU13JZ", "0PU33JZ;99213"]);
    add_to_file(builder, &service, &member, codes, "A", ["", ""], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, capped("PA204", "level"));
}

fn too_early(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    let member = service.cells[column::MEMBER_ID].clone();
    service.day("2023-12-31");
    add_to_file(builder, &service, &member, "", "A", ["2024-01-01", "2024-12-31"], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, deny("PA205"));
}

fn too_late(builder: &mut CaseBuilder) {
    let mut service = requires_authorization(builder);
    // The approval names no member: the dates decide, and without a number on the claim it belongs to nobody.
    service.day("2025-01-01");
    add_to_file(builder, &service, "", "22513;22514", "APPROVED", ["", "12/31/2024"], "");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, deny("PA205"));
}

fn several_faults(builder: &mut CaseBuilder) {
    // The first check that fails gives the finding.
    let mut service = requires_authorization(builder);
    service.day("2025-01-01");
    add_to_file(builder, &service, "SOMEBODY", "99213", "A", ["", "2024-12-31"], "0");
    expect_missing_without_column(builder, &mut service);
    plant_faulty(builder, service, deny("PA204"));
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
    plant_faulty(builder, service, deny("PA205"));
}

fn several_numbers(builder: &mut CaseBuilder) {
    // One number of the cell is valid; qualifiers and fillers are not part of a number.
    let scenario = builder.rng.pick(AUTHORIZATION_REQUIRED);
    let mut service = builder.service(scenario);
    let number = service.cells[column::AUTHORIZATION].clone();
    let cells = [
        format!("{number};NONE"),
        format!("G1:{number}"),
        format!("XX-404|{number}"),
        format!("{number},9F:XX-405"),
        format!("00{}", number.to_lowercase()),
    ];
    let which = builder.rng.below(cells.len() as u64) as usize;
    service.set(column::AUTHORIZATION, &*cells[which]);
    builder.plant(service);
}

fn family_of_procedures(builder: &mut CaseBuilder) {
    // An approval of the procedure in the other code system, or of a range of codes.
    let mut service = requires_authorization(builder);
    let thoracic = service.expected.procedure == "22513";
    let codes =
        builder.rng.pick(&[("0PU43JZ", "0QU04JZ"), ("22513-22515", "22510-22515"), ("CPT22513", "22514 22515")]);
    let member = service.cells[column::MEMBER_ID].clone();
    add_to_file(builder, &service, &member, if thoracic { codes.0 } else { codes.1 }, "A1", ["", ""], "");
    if builder.plan.authorization_file {
        let only_on_file = (!builder.plan.authorization_column).then(|| info("PA209"));
        service.authorization("verified", only_on_file);
    }
    builder.plant(service);
}

fn units_of_each_side(builder: &mut CaseBuilder) {
    // Surgeon and hospital each use the one unit. The second unit of the surgeon is beyond it.
    let mut first = requires_authorization(builder);
    let member = first.cells[column::MEMBER_ID].clone();
    first.without_modifiers().day("2024-05-01").set(column::CLAIM_FORM, "P");
    add_to_file(builder, &first, &member, "", "A", ["", ""], "1");
    let mut hospital = builder.on_another_claim(&first);
    hospital.day("2024-05-09").set(column::CLAIM_FORM, "I");
    let mut second = builder.on_another_claim(&first);
    second.day("2024-05-17");
    for (service, over) in [(&mut first, false), (&mut hospital, false), (&mut second, true)] {
        match (builder.plan.authorization_file, builder.plan.authorization_column) {
            (true, true) if over => service.authorization("not-met", deny("PA206")),
            (true, true) => service.authorization("verified", None),
            (true, false) => service.authorization("verified", info("PA209")),
            _ => service,
        };
    }
    for service in [first, hospital, second] {
        builder.plant(service);
    }
}

fn units_used_up(builder: &mut CaseBuilder) {
    // Three services on different days, so three encounters, and one authorization of two units.
    let mut first = requires_authorization(builder);
    // The units of assistants would not count.
    first.without_modifiers();
    let member = first.cells[column::MEMBER_ID].clone();
    add_to_file(builder, &first, &member, "", "A", ["", ""], "2");
    for n in 0..3 {
        let mut service = if n == 0 { first.clone() } else { builder.on_another_claim(&first) };
        service.day(&format!("2024-05-{:02}", n + 1));
        if builder.plan.authorization_file {
            match (builder.plan.authorization_column, n) {
                (true, 2) => service.authorization("not-met", deny("PA206")),
                (true, _) => service.authorization("verified", None),
                (false, _) => service.authorization("verified", info("PA209")),
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
        (_, true) => service.authorization("verified", info("PA209")),
        (true, false) => {
            let finding = missing_number(&service);
            service.authorization("not-met", finding)
        }
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
    debug_assert_eq!(AUTHORIZATION_BY_SETTING.requirement, ExpectedRequirement::BySetting);
    let mut service = builder.service(AUTHORIZATION_BY_SETTING);
    builder.authorization_rows.pop();
    service.set(column::AUTHORIZATION, "").authorization("undetermined", review("RT403"));
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
