//! Guards policy files against what is written and does nothing: each such value is a fault with its line and column.

use crate::kit::{POLICY, policy_with};

/// The faults of the built-in files after a change of one of them, or none if they load.
fn faults(kind: &str, from: &str, to: &str) -> String {
    let text = POLICY.origins.iter().find(|origin| origin.kind.word() == kind).map_or("", |origin| &origin.text);
    assert!(text.contains(from), "{kind} has no {from}");
    let edit = |own: &str, text: &str| if own == kind { text.replacen(from, to, 1) } else { text.to_owned() };
    policy_with(edit).err().unwrap_or_default()
}

/// A fault begins with its place: the words before `says` are checked by the line of the change.
fn refused(kind: &str, from: &str, to: &str, says: &str) {
    let said = faults(kind, from, to);
    let fault = said.lines().find(|line| line.contains(says));
    let place = fault.and_then(|line| line.trim_start().strip_prefix(&format!("{kind}.toml:"))).map(str::to_owned);
    let numbers = place.as_deref().map(|place| place.split(':').take(2).filter(|n| n.parse::<usize>().is_ok()).count());
    assert_eq!(numbers, Some(2), "{to}: {says}: {said}");
}

const EDITION: &str = "[[edition]]\nid = \"2024-01\"\nfrom = 2024-01-01\nverified_through = 2024-01-31\nsource = \"x\"\n\
                       [[edition.diagnoses]]\nabout = \"a\"\ncodes = [\"C412\"]\n[modifiers]";

#[test]
fn two_editions_do_not_share_a_day_or_an_id() {
    assert_eq!(faults("policy", "[modifiers]", EDITION), "");
    for (from, to, says) in [
        ("from = 2024-01-01", "from = 2020-06-01", "the edition \"2020-06\" is from 2020-06-01, too"),
        ("id = \"2024-01\"", "id = \"2020-06\"", "two editions have the id \"2020-06\""),
    ] {
        let edition = EDITION.replace(from, to);
        refused("policy", "[modifiers]", &edition, says);
        // The fault is at the second in the file, whichever that is.
        let first = faults("policy", "[[edition]]", &edition.replace("[modifiers]", "[[edition]]"));
        let line = line_of("[[edition]]") + 8 + if says.contains("the id") { 1 } else { 2 };
        assert!(first.contains("has 1 fault\n") && first.contains(&format!("policy.toml:{line}:")), "{first}");
    }
}

/// The line of the built-in policy on which a text begins.
fn line_of(text: &str) -> usize {
    let own = &POLICY.own_origin().text;
    own.find(text).map_or(0, |at| own[..at].matches('\n').count() + 1)
}
