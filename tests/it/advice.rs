//! Tests that a word or a file that does not fit the command line is answered with what would.

use crate::cli::{CLEAR, TestDir};
use crate::kit::{at, flowed};

#[test]
fn what_does_not_fit_is_answered_with_what_would() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("auths.csv", std::fs::read(at("fixtures/extracts/authorizations-2024q1.csv")).expect("a fixture"));
    for (args, says) in [
        (
            &["check", "auths.csv"][..],
            "auths.csv: is an authorization file, not an extract; give it to `check` with --auths",
        ),
        (&["check", "claims.csv", "--layout", "tuvaa"], "did you mean tuva?"),
        (&["check", "claims.csv", "--fail-on", "new-review"], "--fail-on new-review: new since which report?"),
        (&["check", "claims.csv", "--today", "2024-13-01"], "write a day as YYYY-MM-DD"),
        (&["check", "claims.csv", "--out", "claims.csv"], "claims.csv: exists already and is not a claimlint report"),
        (&["explain", "C1", "--date", "03/05/2024"], "write a day as YYYY-MM-DD"),
        (&["check", "-", "-"], "-: given twice, and stdin can be read once only"),
        (&["check", "claims.csv", "--comment", ""], "a value is required for '--comment <PREFIX>'"),
        (&["check", "claims.csv", "--out", "{date"], "--out {date: a brace is not closed; write {date}"),
        (&["prune", "."], "<--keep <N>|--older-than <TIME>>"),
        (&["prune", ".", "--keep", "0"], "write a whole number above zero"),
        (&["slice", "one", "--plan", "plan.json"], "write the number of a slice of the plan, from 0"),
        (&["help", "layuots"], "did you mean layouts?"),
        (&["rules", "DX999"], "no rule is called DX999"),
        (
            &["verify", "r", "--layout", "none.toml"],
            "--layout says how extracts are read and judged; name the extracts",
        ),
        (
            &["verify", "r", "--policy", "none.toml"],
            "--policy says how extracts are read and judged; name the extracts",
        ),
    ] {
        let refused = flowed(&dir.run(args).refused());
        assert!(refused.contains(says), "{args:?}: {refused}");
    }
    let of_family = dir.run(&["rules", "tw"]).success();
    let codes: Vec<&str> = of_family.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(codes[..5], ["TW601", "TW602", "TW603", "TW604", "TW605"], "{of_family}");
    assert!(!of_family.contains("DX101") && !of_family.contains("Bins"), "{of_family}");
    let names = dir.run(&["layout", "show"]).success();
    assert!(names.lines().any(|name| name == "tuva") && names.lines().count() > 10, "{names}");
}
