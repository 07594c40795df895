//! `claimlint policy`: the policy in force, and the check of a policy file with its worked examples.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::cli::args::{Check, ConfigChoice, PolicyCommand, PolicyFiles, TextOrJson};
use crate::cli::load::read_text;
use crate::cli::settings;
use crate::cli::terminal::screen;
use crate::cli::terminal::style::{BOLD, DIM, fitted, paint, seen};
use crate::exit::Exit;
use crate::policy::parse::load;
use crate::policy::show::{as_json, show};
use crate::policy::{Example, Policy};
use crate::report::words::escape::seen_json;
use crate::run::run_example;

/// Shows the policy, or checks a file.
pub(crate) fn policy(command: PolicyCommand, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match command {
        PolicyCommand::Show { policy, toml, format, config } => {
            let policy = with_settings(policy, config)?;
            match toml {
                None if format == TextOrJson::Json => {
                    let text = serde_json::to_string_pretty(&as_json(&policy))?;
                    writeln!(out, "{}", seen_json(&text))?;
                }
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
                        anyhow!("no policy file is of kind \"{kind}\"; write policy, limits, remittance or vocabulary")
                    })?;
                    out.write_all(origin.text.as_bytes())?;
                }
            }
        }
        PolicyCommand::Check { file } => check(&file, out)?,
    }
    Ok(Exit::Clean)
}

/// The policy with the settings of the file that was named. A settings file belongs to the extracts that it lies beside, so
/// without a name none is read, and one in the working directory is pointed out.
fn with_settings(policy: PolicyFiles, config: Option<PathBuf>) -> anyhow::Result<Policy> {
    if config.is_none() && Path::new(settings::FILE).is_file() {
        let line = format!(
            "{} {} was not read; `--config {}` shows the policy with its dispositions and labels",
            paint(DIM, "note:"),
            settings::FILE,
            settings::FILE
        );
        writeln!(screen::stderr(), "{}", fitted(&line, 6))?;
    }
    let no_config = config.is_none();
    settings::resolve(&Check { policy, config: ConfigChoice { config, no_config }, ..Check::default() })?.policy()
}

fn check(file: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let given = read_text(file)?;
    let policy = load(std::slice::from_ref(&given), &crate::rules::codes())?;
    // Files of another kind than the policy have no examples, so those of the built-in policy are run.
    let has_examples = policy.own_origin().file == given.file;
    let place = |example: &Example| {
        if has_examples {
            format!("{}:{}:{}", given.file, example.line, example.column)
        } else {
            format!("built-in policy, line {}", example.line)
        }
    };
    let wrong =
        policy.examples.iter().filter_map(|e| Some(format!("{}: {}", place(e), run_example(&policy, e).err()?)));
    let wrong: Vec<String> = wrong.collect();
    if !wrong.is_empty() {
        let (of, write) = if has_examples {
            (String::new(), "mend what the file says, or write what is meant into `expect`".to_owned())
        } else {
            let write =
                format!("if {0} says what you mean, `check --policy {0}` can use it: it has no fault", given.file);
            (" of the built-in policy".to_owned(), write)
        };
        let count = (wrong.len(), policy.examples.len());
        bail!("{} of {} worked examples{of} have another result; {write}\n{}", count.0, count.1, wrong.join("\n"));
    }
    writeln!(
        out,
        "{}: {}, {} worked examples as expected, fingerprint {}",
        seen(&given.file),
        paint(BOLD, "valid"),
        policy.examples.len(),
        &policy.fingerprint[..16]
    )?;
    Ok(())
}
