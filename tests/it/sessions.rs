//! Tests what other rows of a member and a claim show about a service: its session, its encounter, the units on its
//! authorization numbers, and the money of a stay.

use claimlint::claim::index::service::{Service, ServiceMoney};

use crate::kit::Inputs;
use crate::life::{extract, judged};

/// For each service, the rows that its session shows: other setting, facility, same stay, same service, stay nearby.
fn session(service: &Service) -> [Option<u64>; 5] {
    let session = service.session();
    [session.other_setting, session.facility, session.same_stay, session.same_service, session.stay_nearby]
        .map(|row| row.map(|row| row.row))
}

/// What the session of the service of the last row shows.
fn last_session(rows: &[&str]) -> [Option<u64>; 5] {
    session(judged(rows).line_set.services.last().expect("it is a service"))
}

#[test]
fn sessions_are_services_of_other_claims_whose_days_touch() {
    const SURGEON: &str = "claim_id=P1 claim_form=P place_of_service=22";
    const OFFICE: &str = "claim_id=P1 claim_form=P place_of_service=11";
    const STAY: &str = "claim_id=H1 claim_form=I bill_type=111 procedure_code= icd_procedure_1=0PU43JZ";
    const OUTPATIENT: &str = "claim_id=H2 claim_form=I bill_type=131";
    let none = [None; 5];
    for (sentence, rows, want) in [
        ("the settings agree", &[OUTPATIENT, SURGEON][..], none),
        ("the settings disagree", &[STAY, SURGEON], [Some(2), None, None, None, None]),
        ("one agrees", &[STAY, OUTPATIENT, SURGEON], none),
        ("two days apart", &[&format!("{STAY} service_date=2024-03-03"), SURGEON], none),
        ("a day apart", &[&format!("{STAY} service_date=2024-03-04"), SURGEON], [Some(2), None, None, None, None]),
        (
            "the days of a stay run to its end",
            &[&format!("{STAY} service_date=2024-03-01 service_end_date=2024-03-04"), SURGEON],
            [Some(2), None, None, None, None],
        ),
        (
            "an end before the date does not count",
            &[&format!("{STAY} service_date=2024-03-01 service_end_date=2024-02-04"), SURGEON],
            none,
        ),
        ("another member", &[&format!("{STAY} member_id=M2"), SURGEON], none),
        (
            "no member",
            &[&format!("{STAY} member_id="), "claim_id=P1 claim_form=P place_of_service=22 member_id="],
            none,
        ),
        ("the same claim", &[STAY, "claim_id=H1 claim_form=P place_of_service=22"], none),
        ("an unreadable date", &[&format!("{STAY} service_date=soon"), SURGEON], none),
        ("an office beside a hospital", &[OUTPATIENT, OFFICE], [None, Some(2), None, None, None]),
        (
            "an office beside a surgical center",
            &["claim_id=P2 claim_form=P place_of_service=24 billing_npi=1000000002 procedure_code=22513", OFFICE],
            [None, Some(2), None, None, None],
        ),
        (
            "the center of the same provider",
            &["claim_id=P2 claim_form=P place_of_service=24 procedure_code=22513", OFFICE],
            none,
        ),
        ("a stay billed twice", &[STAY, &STAY.replace("H1", "H3")], [None, None, Some(2), None, None]),
        (
            "stays without a day in common",
            &[STAY, &format!("{} service_date=2024-03-06", STAY.replace("H1", "H3"))],
            none,
        ),
        ("stays without a code in common", &[STAY, &STAY.replace("H1", "H3").replace("0PU43JZ", "0QU03JZ")], none),
        ("a service billed twice", &[SURGEON, &SURGEON.replace("P1", "P2")], [None, None, None, Some(2), None]),
        ("on another side", &[&format!("{OUTPATIENT} procedure_code=22514"), SURGEON], none),
        ("by an assistant", &[SURGEON, &format!("{} modifier_1=80", SURGEON.replace("P1", "P2"))], none),
        (
            "an outpatient service three days before a stay",
            &[&format!("{STAY} service_date=2024-03-08"), OUTPATIENT],
            [None, None, None, None, Some(2)],
        ),
        ("four days before", &[&format!("{STAY} service_date=2024-03-09"), OUTPATIENT], none),
        ("a day after", &[&format!("{STAY} service_date=2024-03-04"), OUTPATIENT], none),
    ] {
        assert_eq!(last_session(rows), want, "{sentence}: {rows:?}");
    }
}

#[test]
fn a_number_in_the_session_and_codes_elsewhere_are_known() {
    let set = judged(&[
        "claim_id=H1 claim_form=I bill_type=131 authorization_number=A-12",
        "claim_id=P1 claim_form=P place_of_service=22 procedure_code=22515",
        "claim_id=P2 claim_form=P place_of_service=22 procedure_code=22515 service_date=2024-05-05",
    ])
    .line_set;
    let carries: Vec<bool> = set.services.iter().map(|service| service.session().carries_number).collect();
    assert_eq!(carries, [false, true, false]);
    let primary = set.codes_of(0)[0];
    let elsewhere: Vec<bool> =
        set.services.iter().map(|service| service.session().codes_elsewhere.contains(primary)).collect();
    assert_eq!(elsewhere, [false, true, false]);
}

#[test]
fn assistants_are_not_counted_in_an_encounter() {
    let set = judged(&["", "claim_id=C2 modifier_1=80", "claim_id=C3"]).line_set;
    let units: Vec<String> = set.services.iter().map(|service| service.units_so_far.to_string()).collect();
    assert_eq!(units, ["1", "1", "2"]);
    let set = judged(&["procedure_code=22513 modifier_1=AS", "line_number=2 procedure_code=22515"]).line_set;
    let (all, principal) = (set.services[1].encounter.codes, set.services[1].encounter.principal_codes);
    let assisted = set.codes_of(0)[0];
    assert!(all.contains(assisted) && !principal.contains(assisted));
}

#[test]
fn units_are_counted_on_each_number_and_side() {
    let inputs = Inputs {
        auths: Some(b"authorization_number,status\nA-12,A\n".to_vec()),
        ..Inputs::one(extract(&[
            "claim_form=P authorization_number=A-12;B-34",
            "claim_id=C2 claim_form=P authorization_number=b34 units=2",
            "claim_id=C3 claim_form=I authorization_number=A-12",
            "claim_id=C4 claim_form=P authorization_number=A-12 modifier_1=80",
            "claim_id=C5 claim_form=P authorization_number=a12",
        ]))
    };
    let set = inputs.run().expect("it can be read").line_set;
    let units = |service: usize, place| set.services[service].units_on_numbers(place).to_string();
    assert_eq!([units(0, 0), units(0, 1), units(1, 0)], ["1", "1", "3"]);
    assert_eq!([units(2, 0), units(3, 0), units(4, 0)], ["1", "1", "2"]);
}

#[test]
fn the_rows_of_a_stay_share_its_money() {
    let rows = [
        "claim_form=I bill_type=111 icd_procedure_1=0PU43JZ paid_amount=5",
        "claim_form=I bill_type=111 line_number=2 paid_amount=7",
        "claim_form=P place_of_service=21 line_number=3 paid_amount=9",
    ];
    let set = judged(&rows).line_set;
    let money: Vec<ServiceMoney> = set.services.iter().map(|service| service.money).collect();
    let of_stay = ServiceMoney::OfStay(Some((claimlint::claim::Cents(1200), "paid-sum")));
    assert_eq!(money, [ServiceMoney::InStay, of_stay, ServiceMoney::InStay, ServiceMoney::OfLine]);
}
