//! `claimlint policy`: the policy in force, and the check of a policy file with its worked examples.

use std::io::Write;
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::cli::args::PolicyCommand;
use crate::cli::load::{load_policy, read_text};
use crate::cli::terminal::style::{BOLD, fitted, paint, seen};
use crate::exit::Exit;
use crate::policy::parse::load;
use crate::policy::show::show;
use crate::run::run_example;

/// Shows the policy, or checks a file.
pub(crate) fn policy(command: PolicyCommand, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match command {
        PolicyCommand::Show { policy, toml } => {
            let policy = load_policy(&policy)?;
            match toml {
                None => {
                    let mut text = Vec::new();
                    show(&policy, &mut text)?;
                    for line in String::from_utf8_lossy(&text).lines() {
                        let indent = line.len() - line.trim_start().len();
                        writeln!(out, "{}", fitted(&seen(line), indent + 4))?;
                    }
                }
                Some(kind) => {
                    let origin = policy.origins.iter().find(|o| o.kind.word() == kind);
                    let origin = origin.ok_or_else(|| {
                        anyhow!("no policy file is of kind \"{kind}\"; write policy, limits or remittance")
                    })?;
                    out.write_all(origin.text.as_bytes())?;
                }
            }
        }
        PolicyCommand::Check { file } => check(&file, out)?,
    }
    Ok(Exit::Clean)
}

fn check(file: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let given = read_text(file)?;
    let policy = load(std::slice::from_ref(&given), &crate::rules::codes())?;
    let wrong: Vec<String> = policy
        .examples
        .iter()
        .filter_map(|e| run_example(&policy, e).err().map(|what| format!("{}:{}: {what}", given.file, e.line)))
        .collect();
    if !wrong.is_empty() {
        bail!("{} of {} worked examples have another result\n{}", wrong.len(), policy.examples.len(), wrong.join("\n"));
    }
    writeln!(
        out,
        "{}: {}, {} worked examples as expected, fingerprint {}",
        given.file,
        paint(BOLD, "valid"),
        policy.examples.len(),
        &policy.fingerprint[..16]
    )?;
    Ok(())
}
