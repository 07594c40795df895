//! `claimlint config show`: every setting in force and where it comes from.

use std::io::Write;

use crate::cli::args::{Check, ConfigCommand};
use crate::cli::input_names;
use crate::cli::machine::DefaultMemory;
use crate::cli::settings;
use crate::cli::settings::{EffectiveSettings, FILE};
use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, paint, seen};
use crate::exit::Exit;

/// Prints the settings.
pub(crate) fn config(command: &ConfigCommand, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let ConfigCommand::Show(check) = command;
    let (files, _) = input_names::expanded(&check.files)?;
    let check = &Check { files, ..Check::clone(check) };
    let settings = settings::resolve(check)?;
    let policy = settings.policy()?;
    let source = source(check, &settings);
    writeln!(out, "{}\n", style::fitted(&format!("{} {}", paint(BOLD, "settings"), seen(&source)), 2))?;
    let mut table = Columns::new(["key", "value", "origin"].map(|head| (head, Align::Left)));
    let default = DefaultMemory::here();
    let is_given = settings.memory.value.is_some();
    for mut row in settings.rows() {
        if row[0] == "memory" && !is_given {
            row[1] = default.word();
        }
        table.row(row.each_ref().map(|text| seen(text).into_owned()));
    }
    table.print(out)?;
    if let Some(reason) = default.reason().filter(|_| !is_given) {
        writeln!(out, "\n{}", style::fitted(&reason, 0))?;
    }
    writeln!(out, "\n{}", style::fitted(&paint(DIM, format!("policy fingerprint {}", policy.fingerprint)), 2))?;
    Ok(Exit::Clean)
}

fn source(check: &Check, settings: &EffectiveSettings) -> String {
    match &settings.file {
        Some(file) => file.clone(),
        None if check.config.no_config => "no file is read (--no-config)".to_owned(),
        None if check.files.iter().all(|name| name == "-") => {
            format!(
                "no file: {FILE} is looked for beside the first extract, and no extract is named; --config FILE names one"
            )
        }
        None => format!("no file: there is no {FILE} beside the first extract"),
    }
}
