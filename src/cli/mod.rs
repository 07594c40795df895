//! The command line. Arguments are parsed, then resolved or refused together, and then each room is called once.
//!
//! # Sub-rooms, in order
//!
//! - [`args`]: what can be typed. Nothing is opened or resolved there.
//! - [`clock`]: the clock of the machine, which may show any time.
//! - [`terminal`]: what a person sees: styles, the log, progress, the summary of a run, the message of a panic.
//! - [`machine`]: the default of `--memory` on this machine, and whether freed memory is kept.
//! - [`load`]: reads policies, layouts and other files that the command line names.
//! - [`mask_key`]: reads the secret key of `--mask`.
//! - [`sign_key`]: reads the secret key of `--sign`.
//! - [`new_file`]: writes the file of `--out`.
//! - [`input_files`]: hashes the extracts for the manifest and notices when one changes under a run.
//! - [`companions`]: `.done` files and checksums beside the inputs.
//! - [`input_names`]: directories and patterns as the extracts that they stand for.
//! - [`misplaced`]: files that were given in the place of others.
//! - [`settle`]: waits until the inputs do not change.
//! - [`out_name`]: the name of the report directory, and the reports beside it.
//! - [`metrics`]: the figures of a run for Prometheus.
//! - [`settings`]: `claimlint.toml` under the flags: each value in force with its origin.
//! - [`comparison`]: the baseline and the suppressions of a run.
//! - [`announce`]: what is said of the inputs of a run, each thing once.
//! - [`plan`]: everything that a `check` needs, resolved or refused together before the first row is read.
//! - [`job`]: extracts read in slices, on one machine or many.
//! - [`signals`]: Ctrl-C, SIGTERM and SIGXFSZ.
//! - [`command`]: one file for each subcommand.

pub(crate) mod announce;
pub mod args;
pub(crate) mod clock;
pub mod command;
pub(crate) mod companions;
pub(crate) mod comparison;
pub(crate) mod input_files;
pub(crate) mod input_names;
pub(crate) mod job;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod mask_key;
pub(crate) mod metrics;
pub(crate) mod misplaced;
pub(crate) mod new_file;
pub(crate) mod out_name;
pub(crate) mod plan;
pub(crate) mod settings;
pub(crate) mod settle;
pub(crate) mod sign_key;
pub(crate) mod signals;
pub mod terminal;

use std::io::{self, Write};
use std::path::Path;

use anyhow::anyhow;
use clap::{CommandFactory as _, Parser};

use crate::cli::args::{Cli, Command, LogFormat};
use crate::cli::terminal::{screen, style};
use crate::exit::Exit;

/// Runs the command line. A panic, which is a fault of claimlint, ends with a message like any other error.
pub fn main() -> Exit {
    signals::block_file_size_signal();
    terminal::panic::guarded(run_command_line)
}

fn run_command_line() -> Exit {
    screen::choose_colors(&std::env::args_os().collect::<Vec<_>>());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are not errors, and neither is a closed pipe while they are printed.
            let exit = if e.use_stderr() { Exit::Failed } else { Exit::Clean };
            if exit == Exit::Failed && terminal::log::is_asked_for() {
                let log = terminal::log::Log::new(Some(LogFormat::Json), false);
                log.error("plan", &anyhow!(wrong_usage(&e)));
                log.finish(exit);
                return exit;
            }
            print_usage(&e);
            return exit;
        }
    };
    let mut out = screen::stdout();
    // The result of `check` is its report, and `check` itself says when its summary cannot be printed.
    let output_is_result = !matches!(cli.command, Command::Check(_) | Command::Merge(_));
    let done = match cli.command {
        Command::Check(args) => command::check::check(&args, &mut out),
        Command::Rules { rule, format, policy } => command::rules::rules(rule.as_deref(), format, &policy, &mut out),
        Command::Policy { command } => command::policy::policy(command, &mut out),
        Command::Explain(args) => command::explain::explain(&args, &mut out),
        Command::Verify(args) => command::verify::verify(&args, &mut out),
        Command::Config { command } => command::config::config(&command, &mut out),
        Command::Generate(args) => command::generate::generate(&args, &mut out),
        Command::Compare(args) => command::compare::compare(&args, &mut out),
        Command::Prune(args) => command::prune::prune(&args, &mut out),
        Command::Trend(args) => command::trend::trend(&args, &mut out),
        Command::Sample(args) => command::sample::sample(&args, &mut out),
        Command::Estimate(args) => command::estimate::estimate(&args, &mut out),
        Command::Help { words } => command::help::help(&words, &mut out),
        Command::Completions { shell } => command::man::completions(shell, &mut out),
        Command::Man { out: pages } => command::man::man(pages.as_deref(), &mut out),
        Command::Plan(args) => command::plan::plan(&args, &mut out),
        Command::Slice(args) => command::slice::slice(&args, &mut out),
        Command::Merge(args) => command::merge::merge(*args, &mut out),
        Command::Inspect { file, write_layout, layout, config } => {
            command::inspect::inspect(file, write_layout.as_deref(), layout, config, &mut out)
        }
        Command::Layout { command } => command::layout::layout(&command, &mut out),
    };
    // A closed pipe (`claimlint rules | head`) is not an error, and the exit code stays that of the command.
    let done = done.and_then(|exit| match out.flush() {
        Err(e) if output_is_result && !is_closed(&e) => Err(e.into()),
        _ => Ok(exit),
    });
    match done {
        Ok(exit) => exit,
        Err(e) if e.chain().filter_map(|c| c.downcast_ref()).any(is_closed) => Exit::Clean,
        Err(e) => {
            print_error(&e);
            Exit::Failed
        }
    }
}

/// Prints help, the version, or what is wrong with the arguments. Only the latter quotes arguments.
fn print_usage(e: &clap::Error) {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    let is_own_text = matches!(e.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion);
    let text = if is_own_text {
        screen::trusted(&e.render().ansi().to_string())
    } else {
        let text = with_arguments_seen(&wrong_usage(e));
        let rest = text.strip_prefix("error:").map(|rest| style::paint(style::ERROR, "error:") + rest);
        rest.unwrap_or(text)
    };
    let _ = if e.use_stderr() { write!(screen::stderr(), "{text}") } else { write!(screen::stdout(), "{text}") };
}

/// What is wrong with the arguments, with every character of those that it quotes. With its own styles, clap removes all
/// escape sequences or none.
fn wrong_usage(e: &clap::Error) -> String {
    match Cli::command().styles(clap::builder::Styles::plain()).try_get_matches() {
        Err(plain) => plain.render().ansi().to_string(),
        Ok(_) => e.render().to_string(),
    }
}

/// A text in which line ends of the arguments that it quotes are visible, so that no argument begins a line.
fn with_arguments_seen(text: &str) -> String {
    let mut text = text.to_owned();
    for argument in std::env::args_os() {
        let argument = argument.to_string_lossy();
        let value = argument.split_once('=').map(|(_, value)| value);
        // A message about a path may name one of the directories that lead to it.
        let paths = std::iter::once(&*argument).chain(value).flat_map(|whole| Path::new(whole).ancestors());
        for part in paths.filter_map(Path::to_str).filter(|part| part.contains('\n')) {
            text = text.replace(part, &style::seen(part));
        }
    }
    text
}

/// Prints an error and its causes. An error may quote a file, so each line is made harmless before it reaches the
/// terminal.
fn print_error(error: &anyhow::Error) {
    let text = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let text = with_arguments_seen(&text);
    let mut lines = text.split('\n').map(style::seen);
    let first = format!("{} {}", style::paint(style::ERROR, "error:"), lines.next().unwrap_or_default());
    let lines = std::iter::once(first).chain(lines.map(Into::into));
    let lines: Vec<_> = lines.map(|line| style::fitted(&line, 2)).collect();
    let _ = writeln!(screen::stderr(), "{}", lines.join("\n"));
}

fn is_closed(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::BrokenPipe
}
