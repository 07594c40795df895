//! Prior authorization: on the claim, on file, or not at all.

use crate::generate::builder::{Deal, NEEDY, NO_NEED, Need, Service, UNSETTLED};
use crate::generate::cases::Case;
use crate::generate::row::{Remark, Weight, at};

pub(super) const CASES: &[Case] = &[
    none,
    filler,
    none_needed,
    not_found,
    not_found_and_not_needed,
    not_approved,
    another_member,
    another_procedure,
    too_early,
    too_late,
    faults_together,
    one_of_several_holds,
    the_worst_of_several,
    units_used_up,
    only_on_file,
    only_on_file_for_another,
    setting_untold,
    no_member_on_the_claim,
];

/// A service that needs an authorization, and has the number of none that stands in the file.
fn needy(deal: &mut Deal) -> Service {
    let frame = deal.dice.pick(NEEDY);
    let service = deal.service(frame);
    deal.file.pop();
    service
}

/// Without a column of numbers there is nothing but the file, and it holds nothing for this member.
fn nothing_at_all(deal: &Deal, service: &mut Service) {
    if !deal.plan.column && deal.plan.file {
        service.authorization("not-met", &[("PA201", Weight::Deny)]);
    }
}

/// The service's number stands in the file like this.
fn file(deal: &mut Deal, service: &Service, member: &str, codes: &str, status: &str, dates: [&str; 2], units: &str) {
    let number = service.cells[at::AUTHORIZATION].clone();
    deal.file.push([&*number, member, codes, status, dates[0], dates[1], units].map(str::to_owned));
}

/// Plants a needy service whose number meets this fault in the file.
fn faulty(deal: &mut Deal, mut service: Service, fault: Remark) {
    if deal.plan.column && deal.plan.file {
        service.authorization("not-met", &[fault]);
    }
    deal.plant(service);
}

fn none(deal: &mut Deal) {
    let mut service = needy(deal);
    without(deal, &mut service);
    deal.plant(service);
}

fn without(deal: &Deal, service: &mut Service) {
    service.set(at::AUTHORIZATION, "");
    if deal.plan.column {
        service.authorization("not-met", &[("PA201", Weight::Deny)]);
    } else {
        nothing_at_all(deal, service);
    }
}

fn filler(deal: &mut Deal) {
    let mut service = needy(deal);
    without(deal, &mut service);
    service
        .set(at::AUTHORIZATION, deal.dice.pick(&["NONE", "N/A", "na", "Pending", "UNKNOWN", "0", "000000", "99999"]));
    deal.plant(service);
}

fn none_needed(deal: &mut Deal) {
    let mut service = deal.service(NO_NEED);
    deal.file.pop();
    service.set(at::AUTHORIZATION, "");
    deal.plant(service);
}

fn not_found(deal: &mut Deal) {
    let mut service = needy(deal);
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA202", Weight::Deny));
}

fn not_found_and_not_needed(deal: &mut Deal) {
    let mut service = deal.service(NO_NEED);
    deal.file.pop();
    if deal.plan.column && deal.plan.file {
        service.authorization("not-required", &[("PA202", Weight::Info)]);
    }
    deal.plant(service);
}

fn not_approved(deal: &mut Deal) {
    let mut service = needy(deal);
    let member = service.cells[at::MEMBER_ID].clone();
    let status = deal.dice.pick(&["DENIED", "PENDED", "", "AP", "NOT APPROVED"]);
    let whose = deal.dice.pick(&["X1", &*member]);
    // Nothing behind the status is asked.
    file(deal, &service, whose, "99999", status, ["", "2001-01-01"], "0");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA203", Weight::Deny));
}

fn another_member(deal: &mut Deal) {
    let mut service = needy(deal);
    file(deal, &service, "SOMEBODY", "", "A", ["", ""], "");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA204", Weight::Deny));
}

fn another_procedure(deal: &mut Deal) {
    let mut service = needy(deal);
    let member = service.cells[at::MEMBER_ID].clone();
    let others = deal.dice.pick(&["22510;22511", "22515", "99213"]);
    file(deal, &service, &member, others, "A", ["", ""], "");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA204", Weight::Deny));
}

fn too_early(deal: &mut Deal) {
    let mut service = needy(deal);
    let member = service.cells[at::MEMBER_ID].clone();
    service.day("2023-12-31");
    file(deal, &service, &member, "", "A", ["2024-01-01", "2024-12-31"], "");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA205", Weight::Deny));
}

fn too_late(deal: &mut Deal) {
    let mut service = needy(deal);
    // An approval without a member: the dates decide, and it is nobody's when there is no number.
    service.day("2025-01-01");
    file(deal, &service, "", "22513;22514", "APPROVED", ["", "12/31/2024"], "");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA205", Weight::Deny));
}

fn faults_together(deal: &mut Deal) {
    // The first question that is answered no is the finding.
    let mut service = needy(deal);
    service.day("2025-01-01");
    file(deal, &service, "SOMEBODY", "99213", "A", ["", "2024-12-31"], "0");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA204", Weight::Deny));
}

fn one_of_several_holds(deal: &mut Deal) {
    let frame = deal.dice.pick(NEEDY);
    let service = deal.service(frame);
    file(deal, &service, "SOMEBODY", "", "A", ["", ""], "");
    file(deal, &service, "", "", "DENIED", ["", ""], "");
    deal.plant(service);
}

fn the_worst_of_several(deal: &mut Deal) {
    let mut service = needy(deal);
    let member = service.cells[at::MEMBER_ID].clone();
    service.day("2025-01-01");
    file(deal, &service, "", "", "DENIED", ["", ""], "");
    file(deal, &service, &member, "", "A", ["", "2024-12-31"], "");
    file(deal, &service, "SOMEBODY", "", "A", ["", ""], "");
    nothing_at_all(deal, &mut service);
    faulty(deal, service, ("PA205", Weight::Deny));
}

fn units_used_up(deal: &mut Deal) {
    // Three services on different days: encounters of their own, one authorization of two units.
    let first = needy(deal);
    let member = first.cells[at::MEMBER_ID].clone();
    file(deal, &first, &member, "", "A", ["", ""], "2");
    for n in 0..3 {
        let mut service = if n == 0 { first.clone() } else { deal.elsewhere(&first) };
        service.day(&format!("2024-05-{:02}", n + 1));
        if deal.plan.file {
            let used_up: &[Remark] = &[("PA206", Weight::Deny)];
            match (deal.plan.column, n) {
                (true, 2) => service.authorization("not-met", used_up),
                (true, _) => service.authorization("verified", &[]),
                (false, _) => service.authorization("verified", &[("PA209", Weight::Info)]),
            };
        }
        deal.plant(service);
    }
}

fn only_on_file(deal: &mut Deal) {
    let frame = deal.dice.pick(NEEDY);
    let mut service = deal.service(frame);
    service.set(at::AUTHORIZATION, deal.dice.pick(&["", "NONE"]));
    match (deal.plan.column, deal.plan.file) {
        (_, true) => service.authorization("verified", &[("PA209", Weight::Info)]),
        (true, false) => service.authorization("not-met", &[("PA201", Weight::Deny)]),
        (false, false) => &mut service,
    };
    deal.plant(service);
}

fn only_on_file_for_another(deal: &mut Deal) {
    let mut service = needy(deal);
    let member = service.cells[at::MEMBER_ID].clone();
    service.day("2025-01-01");
    file(deal, &service, "", "", "A", ["", ""], "");
    file(deal, &service, &member, "22515", "A", ["", ""], "");
    file(deal, &service, &member, "", "A", ["", "2024-12-31"], "");
    file(deal, &service, &member, "", "DENIED", ["", ""], "");
    without(deal, &mut service);
    deal.plant(service);
}

fn setting_untold(deal: &mut Deal) {
    debug_assert_eq!(UNSETTLED.need, Need::BySetting);
    let mut service = deal.service(UNSETTLED);
    deal.file.pop();
    service.set(at::AUTHORIZATION, "").authorization("undetermined", &[("RT403", Weight::Review)]);
    deal.plant(service);
}

fn no_member_on_the_claim(deal: &mut Deal) {
    let frame = deal.dice.pick(NEEDY);
    let mut service = deal.service(frame);
    // A number holds whoever the member is; without a number nobody is found.
    service.set(at::MEMBER_ID, "");
    nothing_at_all(deal, &mut service);
    deal.plant(service);
}
