//! The command line: what was typed, resolved or refused together, then each room called once.

pub mod command;
pub(crate) mod comparison;
pub(crate) mod inputs;
pub(crate) mod mask_key;
pub(crate) mod settings;
pub(crate) mod signals;
pub mod terminal;

pub mod args;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Parser;

use crate::cli::args::{Cli, Command, LayoutChoice, LogFormat, PolicyFiles};
use crate::exit::Exit;
use crate::ingest::error::reveal;
use crate::ingest::layout::library;
use crate::ingest::{Layout, Library};
use crate::policy::Policy;
use crate::policy::parse::{PolicyFile, load};

/// Runs what was typed; a fault of our own ends it like any other error.
pub fn main() -> Exit {
    terminal::panic::guarded(typed)
}

fn typed() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are no errors; a closed pipe while printing them is none either.
            let exit = if e.use_stderr() { Exit::Failed } else { Exit::Clean };
            if exit == Exit::Failed && terminal::log::is_asked_for() {
                let log = terminal::log::Log::new(Some(LogFormat::Json), false);
                log.error("plan", &anyhow!(e.render().to_string()));
                log.finish(exit);
                return exit;
            }
            let _ = e.print();
            return exit;
        }
    };
    let mut out = anstream::stdout();
    // Its report is its result, and lies there by now; it has said itself what could not be printed.
    let printed_is_all = !matches!(cli.command, Command::Check(_));
    let done = match cli.command {
        Command::Check(args) => command::check::check(&args, &mut out),
        Command::Rules { rule, policy } => command::rules::rules(rule.as_deref(), &policy, &mut out),
        Command::Policy { command } => command::policy::policy(command, &mut out),
        Command::Explain(args) => command::explain::explain(&args, &mut out),
        Command::Verify(args) => command::verify::verify(&args, &mut out),
        Command::Config { command } => command::config::config(&command, &mut out),
        Command::Generate(args) => command::generate::generate(&args, &mut out),
        Command::Compare(args) => command::compare::compare(&args, &mut out),
        Command::Help { words } => command::help::help(&words, &mut out),
        Command::Completions { shell } => command::man::completions(shell, &mut out),
        Command::Man { out: pages } => command::man::man(pages.as_deref(), &mut out),
        Command::Inspect { file, layout } => command::inspect::inspect(&file, &layout, &mut out),
    };
    // The reader of our output has seen enough: `claimlint rules | head`. That is no error, and what was found stands.
    let done = done.and_then(|exit| match out.flush() {
        Err(e) if printed_is_all && !is_closed(&e) => Err(e.into()),
        _ => Ok(exit),
    });
    match done {
        Ok(exit) => exit,
        Err(e) if e.chain().filter_map(|c| c.downcast_ref()).any(is_closed) => Exit::Clean,
        Err(e) => {
            // An error may quote a file; only its own line breaks are ours.
            let text = e.chain().map(reveal).collect::<Vec<_>>().join(": ");
            let mut lines = text.split('\n').map(terminal::style::seen);
            let first = format!(
                "{} {}",
                terminal::style::paint(terminal::style::ERROR, "error:"),
                lines.next().unwrap_or_default()
            );
            let said: Vec<_> = std::iter::once(first).chain(lines.map(Into::into)).collect();
            let said: Vec<_> = said.iter().map(|line| terminal::style::fitted(line, 2)).collect();
            let _ = writeln!(anstream::stderr(), "{}", said.join("\n"));
            Exit::Failed
        }
    }
}

fn is_closed(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::BrokenPipe
}

fn load_policy(files: &PolicyFiles) -> anyhow::Result<Policy> {
    load_policy_over(files, None)
}

/// The policy with these overrides.
fn load_policy_over(files: &PolicyFiles, overrides: Option<&PolicyFile>) -> anyhow::Result<Policy> {
    let mut given = files.policy.iter().map(|p| read_given(p)).collect::<anyhow::Result<Vec<_>>>()?;
    given.extend(overrides.cloned());
    Ok(load(&given, &crate::rules::codes())?)
}

fn read_given(path: &Path) -> anyhow::Result<PolicyFile> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| anyhow!("{file}: {}", read_sentence(&e)))?;
    Ok(PolicyFile { file, text })
}

fn read_sentence(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8 text; save it as UTF-8".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        _ => e.to_string(),
    }
}

/// The shipped layouts, or the one that was chosen, with the files of joined tables.
fn load_library(choice: &LayoutChoice) -> anyhow::Result<Library> {
    let mut tables = choice.join.clone();
    for table in &mut tables {
        table.limit = choice.max_decompressed;
    }
    choose_layout(choice)?.joining(&tables).map_err(|what| anyhow!(what))
}

/// A layout's name, else a file.
fn choose_layout(choice: &LayoutChoice) -> anyhow::Result<Library> {
    let shipped = Library::shipped()?.skipping(choice.skip_lines, &choice.comment);
    let Some(name) = choice.layout.as_deref() else { return Ok(shipped) };
    if let Some(layout) = shipped.named(name) {
        return Ok(Library::only(layout.clone()));
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let names: Vec<_> = library::SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(anyhow!(
            "--layout {name}: neither a file nor a built-in layout; built in are {}",
            names.join(", ")
        ));
    }
    let given = read_given(&path)?;
    let layout = Layout::load(&given.file, &given.text).with_context(|| "the layout cannot be used")?;
    Ok(Library::only(layout).skipping(choice.skip_lines, &choice.comment))
}
