//! Runs over extracts that are given as text, for worked examples of rules and policies and for tests.

use crate::claim::store::BATCH_LINES;
use crate::ingest::scan::parallel::Unwatched;
use crate::ingest::{Library, Source};
use crate::policy::{Example, Policy};
use crate::run::authorizations::read_authorizations;
use crate::run::context::JudgedRun;
use crate::run::extracts::run;
use crate::run::reconcile::Expect;
use crate::run::setup::Setup;

/// Judges an extract and an authorization file, both given as text.
pub fn run_text(policy: &Policy, extract: &str, auths: Option<&str>) -> Result<JudgedRun, String> {
    let text = |s: &str| s.trim_start().as_bytes().to_vec();
    let library = Library::shipped().map_err(|e| e.to_string())?;
    let authorizations = auths
        .map(|a| read_authorizations(Source::from_bytes("auths", text(a))?, policy, &library, None))
        .transpose()
        .map_err(|e| e.to_string())?;
    let setup = Setup {
        policy: policy.clone(),
        library,
        authorizations,
        expect: Expect::default(),
        block: crate::ingest::BLOCK,
        part: BATCH_LINES,
        memory: None,
    };
    let run = run(&["example".to_owned()], &|name| Source::from_bytes(name, text(extract)), setup, &Unwatched);
    run.map_err(|e| e.to_string())?.judge_all().map_err(|e| e.to_string())
}

/// Runs a worked example of a policy file. The error names the expected and the actual findings.
pub fn run_example(policy: &Policy, example: &Example) -> Result<(), String> {
    let outcome = run_text(policy, &example.extract, example.auths.as_deref())?;
    let found: Vec<String> = outcome
        .judged
        .findings
        .iter()
        .map(|f| format!("{} {}", outcome.line_set.line(f.line).row, crate::rules::get(f.rule).code))
        .collect();
    let shown = |findings: &[String]| if findings.is_empty() { "nothing".to_owned() } else { findings.join(", ") };
    if found == example.expect {
        return Ok(());
    }
    Err(format!("{}: expected {}, found {}", example.says, shown(&example.expect), shown(&found)))
}
