//! `claimlint inspect` of an authorization file: its columns, its rows and approvals, the words of its status column.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::claim::authorization::columns::absence;
use crate::cli::command::inspect::refused::said;
use crate::cli::machine::DefaultMemory;
use crate::cli::plan::is_pipe;
use crate::cli::settings::EffectiveSettings;
use crate::cli::terminal::style::{BOLD, fitted, paint, seen};
use crate::exit::Exit;
use crate::ingest::cell::printable;
use crate::ingest::layout::detect;
use crate::ingest::{Library, Source};
use crate::policy::Policy;
use crate::report::labels::MAX_LABELS_LISTED;
use crate::report::words::numbers::{counted, grouped};
use crate::report::words::warning::sentence;
use crate::run::{Memory, authorization_columns, read_authorizations};
use crate::warning::Warning;

/// Columns of the widest name of a column, with a gap.
const NAME: usize = 22;

/// Describes an authorization file, also one that `check` refuses. `None`: the file is read as an extract, or it is neither.
pub(super) fn described(
    file: &str,
    settings: &EffectiveSettings,
    policy: &Policy,
    library: &Library,
) -> anyhow::Result<Option<(String, Exit)>> {
    let open = || Source::open_extract(file, settings.max_decompressed.value);
    // A pipe can be read once only, by whoever reads extracts.
    if is_pipe(file) || detect::detect(&open()?, library).is_ok() {
        return Ok(None);
    }
    let Some(columns) = authorization_columns(&open()?, library) else { return Ok(None) };
    let memory = Memory { bytes: DefaultMemory::here().bytes, scratch: Arc::new(tempfile::tempfile) };
    let read = read_authorizations(open()?, policy, library, Some(&memory));
    let mut out = format!("{}\n", fitted(&paint(BOLD, seen(file)), 2));
    writeln!(out, "{}\n", fitted("  an authorization file: give it to `check` with --auths", 4))?;
    if let Err(error) = &read {
        writeln!(out, "{}\n", said(error))?;
    }
    for (name, column) in columns {
        let none = || absence(name).map_or_else(|| "no column".to_owned(), |cost| format!("no column: {cost}"));
        let column = column.map_or_else(none, |column| seen(&printable(&column)).into_owned());
        writeln!(out, "{}", fitted(&format!("  {name:<NAME$}{column}"), NAME + 2))?;
    }
    let Ok(read) = read else { return Ok(Some((out, Exit::Failed))) };
    let coverage = read.coverage();
    let said = format!("  {}, {} of them approvals", counted(coverage.rows, "row"), grouped(coverage.approvals));
    writeln!(out, "\n{}", fitted(&said, 4))?;
    for (label, rows) in read.unread_statuses().labels().take(MAX_LABELS_LISTED) {
        let said = format!(
            "  no table knows the status \"{}\" ({}): say what it means in [auths.status] of a layout",
            seen(&printable(label)),
            counted(rows, "row")
        );
        writeln!(out, "{}", fitted(&said, 4))?;
    }
    for warning in read.warnings() {
        let said = sentence(&Warning { file: String::new(), ..warning.clone() });
        writeln!(out, "\n{}", fitted(&format!("{} {}", paint(BOLD, "warning"), seen(&said)), 2))?;
    }
    Ok(Some((out, Exit::Clean)))
}
