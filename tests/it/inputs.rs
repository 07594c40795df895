//! Tests that what a run reads is read whole and stays as it is: a pipe in the place of a joined table, a pipe among extracts, files
//! without end, and the places that `--metrics`, `slice -o` and other files of a command may not take.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir};
use crate::jobs::JobDir;

/// A layout whose diagnoses are in a table of their own.
const JOINING: &str = "name = \"l\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\nclaim_id = \"claim_id\"\n\
    service_date = \"service_date\"\nprocedure_code = \"procedure_code\"\npaid_amount = \"paid_amount\"\ndiagnosis = \"D{1..2}\"\n\
    [[join]]\ntable = \"dx\"\nkey = \"claim_id\"\nto = \"claim_id\"\ncodes = { column = \"dx\", as = \"D{1..2}\" }\n";

fn pipe(dir: &TestDir, name: &str) {
    assert!(Command::new("mkfifo").arg(dir.at(name)).status().expect("it is installed").success());
}

/// Any second reading of a pipe would lose what the first one took, or wait for ever.
#[test]
fn a_joined_table_is_no_pipe() {
    let dir = TestDir::with(&[DENY]);
    dir.put("l.toml", JOINING);
    dir.put("dx.csv", "claim_id,dx\nC4,M5450\n");
    pipe(&dir, "pipe");
    let check = ["check", "claims.csv", "--layout", "l.toml", "--out", "r", "-q", "--join"];
    for table in ["dx=pipe", "dx=-", "dx=/dev/stdin"] {
        let mut command = dir.command(&[&check[..], &[table]].concat());
        let said = CommandOutput::by(command.stdin(Stdio::piped())).refused();
        assert!(said.contains("a joined table is a file, not stdin or another pipe"), "{table}: {said}");
    }
    dir.put("claimlint.toml", "join = \"dx=pipe\"\nlayout = \"l.toml\"\n");
    for command in [&["check", "claims.csv", "--out", "r"][..], &["inspect", "claims.csv"]] {
        let said = dir.run(command).refused();
        assert!(said.contains("--join dx=") && said.contains("a joined table is a file"), "{said}");
    }
    assert!(dir.run(&["plan", "claims.csv", "-o", "job"]).refused().contains("can be read only once"));
    fs::remove_file(dir.at("claimlint.toml")).expect("ours");
    dir.run(&[&check[..], &["dx=dx.csv"]].concat()).success();
}
