//! Completions and manual pages, made from the very definition of the command line.

use std::io::Write;
use std::path::Path;

use anyhow::anyhow;
use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::read_sentence;
use crate::exit::Exit;

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell, out: &mut dyn Write) -> anyhow::Result<Exit> {
    // clap_complete panics where a stream is closed; memory is not.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "claimlint", &mut text);
    out.write_all(&text)?;
    Ok(Exit::Clean)
}

/// Prints the main page, or writes all pages into a directory.
pub(super) fn man(pages: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let command = Cli::command();
    let Some(directory) = pages else {
        clap_mangen::Man::new(command).render(&mut &mut *out)?;
        return Ok(Exit::Clean);
    };
    clap_mangen::generate_to(command, directory)
        .map_err(|e| anyhow!("--out {}: {}", directory.display(), read_sentence(&e)))?;
    Ok(Exit::Clean)
}
