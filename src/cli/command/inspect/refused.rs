//! What `inspect` shows of an extract that `check` refuses.

use std::io::Write;
use std::path::Path;

use anyhow::bail;

use crate::cli::command::inspect::candidates::{Candidate, Hints};
use crate::cli::command::inspect::lines::{BESIDE, form, say, shown};
use crate::cli::command::inspect::written::{Draft, write_new};
use crate::cli::command::inspect::{cells, values};
use crate::cli::terminal::style::{BOLD, fitted, paint, seen, wrapped};
use crate::ingest::field::{Field, Group};
use crate::ingest::record::delimiter::{delimiter_name, wrong_separator_line};
use crate::ingest::record::grammar::{Grammar, Surplus};
use crate::ingest::record::header::{Preamble, sniff};
use crate::ingest::{Binding, Layout, Library, ReadError, Source, date};
use crate::policy::Policy;
use crate::report::own_table;
use crate::report::words::numbers::counted;
use crate::run::read::Words;

/// The header under the delimiter that gives it the most names.
struct Reading {
    grammar: Grammar,
    header: Vec<String>,
    data_start: usize,
    /// Lines before it that are passed over.
    skip_lines: usize,
    /// The first line looks like a row, so its cells are not shown and columns go by number.
    is_headless: bool,
    binding: Option<Binding>,
}

impl Reading {
    fn of(source: &Source, layout: &Layout, hints: &Hints) -> Result<Option<Self>, ReadError> {
        let mut best: Option<Self> = None;
        // A first line `sep=X` that is wrong is passed over.
        let skip_lines = layout.form.skip_lines.max(usize::from(wrong_separator_line(&source.sample).is_some()));
        let mut is_unreadable = false;
        sniff(source, |attempt| {
            if !attempt.fits(None, skip_lines) {
                return Ok(None::<()>);
            }
            let read = attempt.read(Preamble { skip_lines, ..layout.form.preamble(&[]) });
            is_unreadable |= read.is_err();
            if let Ok((grammar, header)) = read
                && best.as_ref().is_none_or(|best| best.header.len() < header.names.len())
            {
                let (width, names) = (header.names.len(), header.names);
                let is_headless = source.table().is_none()
                    && (names.iter().any(|name| looks_like_data(name)) || !names.iter().any(|name| hints.knows(name)));
                let numbers: Vec<String> = (1..=width).map(|number| format!("column_{number}")).collect();
                // The first line is a row, too, so it is read again under names by position.
                let again = if is_headless {
                    attempt.read(Preamble { skip_lines, ..layout.form.preamble(&numbers) }).ok()
                } else {
                    None
                };
                let data_start = again.map_or(header.data_start, |(_, header)| header.data_start);
                let header = if is_headless { numbers } else { names };
                let (binding, grammar) =
                    (layout.bind_present(&header).ok(), Grammar { width, surplus: Surplus::Any, ..grammar });
                best = Some(Self { grammar, header, data_start, skip_lines, is_headless, binding });
            }
            Ok(None)
        })?;
        // Under the wrong delimiter any line is a header of one name.
        Ok(best.filter(|best| best.header.len() > 1 || !is_unreadable))
    }

    fn uses(&self, column: usize) -> bool {
        self.binding.as_ref().is_some_and(|binding| binding.each().any(|slot| slot.uses(column)))
    }
}

/// Describes an extract that no layout fits, and why.
pub(super) fn describe(
    source: &Source,
    library: &Library,
    policy: &Policy,
    (error, write_to): (&ReadError, Option<&Path>),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "{}", fitted(&paint(BOLD, seen(&source.name)), 2))?;
    writeln!(out, "{}", said(error))?;
    let hints = Hints::load()?;
    // The canonical layout, or the one that was chosen, is the last.
    let layout = library.candidates().last().filter(|_| own_table::said(&source.sample, "").is_none());
    // What is wrong with a text that cannot be read at all was said.
    let reading = layout.and_then(|layout| Some((layout, Reading::of(source, layout, &hints).ok()??)));
    let Some((layout, reading)) = reading else {
        if let Some(path) = write_to {
            bail!("--write-layout {}: no layout was written, because none would help", path.display());
        }
        return Ok(());
    };
    match source.table() {
        Some(table) => say(out, "form", &form(table))?,
        None => say(out, "delimiter", &delimiter_name(reading.grammar.delimiter))?,
    }
    let columns = counted(reading.header.len() as u64, "column");
    if reading.is_headless {
        say(out, "header", &format!("none: the first line looks like a row; {columns}, shown by number"))?;
    } else {
        say(out, "header", &columns)?;
    }
    let words = Words::of(Some(layout), policy)?;
    let is_date = |text: &str| date::service_day(text, &layout.dates).is_some();
    let looks = cells::look(source, (&reading.grammar, reading.data_start), &is_date, &words);
    say(out, "first rows", &looks.said())?;
    let mut draft = Draft::new(&layout.name, &reading.header);
    draft.skip(reading.skip_lines);
    if reading.is_headless {
        draft.name_columns(&reading.header);
    }
    writeln!(out, "\n{}", paint(BOLD, "found"))?;
    if (0..reading.header.len()).all(|column| !reading.uses(column)) {
        writeln!(out, "{}", fitted("  no column with a name that claimlint knows", 4))?;
    }
    for (field, name) in Field::NAMES {
        for column in reading.binding.iter().flat_map(|binding| binding.columns(field)) {
            writeln!(out, "{}", fitted(&format!("  {name:24} {}", shown(&reading.header[*column])), BESIDE))?;
        }
    }
    for (group, name, _) in Group::NAMES {
        let columns = reading.binding.iter().flat_map(|binding| binding.group(group));
        for (n, column) in columns {
            let name = format!("{name}_{n}");
            writeln!(out, "{}", fitted(&format!("  {name:24} {}", shown(&reading.header[*column])), BESIDE))?;
        }
    }
    writeln!(out, "\n{}", paint(BOLD, "missing"))?;
    let mut has_candidates = false;
    for field in missing(&reading) {
        if let Some(table) = error.table_with(field) {
            writeln!(out, "{}", fitted(&format!("  {field:24} --join {}=FILE brings it", seen(table)), BESIDE))?;
            continue;
        }
        let found = hints.candidates(field, &reading.header, &looks.columns, |column| reading.uses(column));
        print_candidates(out, field, &found, |column| label(&reading, &hints, column))?;
        has_candidates |= !found.is_empty();
        draft.candidates(field, &found, true);
    }
    if let Some(binding) = &reading.binding {
        values::print((binding, &reading.header), &looks.columns, (policy, &words), &mut draft, out)?;
    }
    let unused: Vec<_> =
        (0..reading.header.len()).filter(|c| !reading.uses(*c)).map(|c| label(&reading, &hints, c)).collect();
    if !unused.is_empty() && !reading.is_headless {
        writeln!(out, "\n{}", fitted(&format!("{} {}", paint(BOLD, "not used"), unused.join(", ")), 2))?;
    }
    if let Some(path) = write_to {
        write_new(path, &draft.text(), out)?;
    } else {
        let with = if has_candidates { "with these candidates, to be checked" } else { "in which to name the columns" };
        write!(out, "\n{}", wrapped(&format!("--write-layout FILE writes a layout {with}."), 0))?;
    }
    Ok(())
}

/// The required fields without a column, then those whose absence costs most.
fn missing(reading: &Reading) -> Vec<&'static str> {
    let has = |field: Field| reading.binding.as_ref().is_some_and(|binding| binding.has(field));
    let has_group = |group| reading.binding.as_ref().is_some_and(|binding| !binding.group(group).is_empty());
    let mut missing = Vec::new();
    for field in [Field::ClaimId, Field::ServiceDate, Field::ProcedureCode] {
        if !has(field) {
            missing.push(field.name());
        }
    }
    for group in [Group::Diagnosis, Group::IcdProcedure] {
        if !has_group(group) {
            missing.push(group.name());
        }
    }
    for field in [Field::Product, Field::AuthorizationNumber, Field::MemberId, Field::PlaceOfService, Field::BillType] {
        if !has(field) {
            missing.push(field.name());
        }
    }
    missing
}

/// Is this cell of a first line unlikely to be a name? It is if it has four digits in a row, or digits and no letter.
fn looks_like_data(cell: &str) -> bool {
    let digits = cell.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    digits >= 4 || (digits > 0 && !cell.contains(char::is_alphabetic))
}

/// A column by its name if that holds a known part; else by its number, because the first line may be a row.
fn label(reading: &Reading, hints: &Hints, column: usize) -> String {
    let name = &reading.header[column];
    if reading.is_headless || hints.knows(name) || reading.uses(column) {
        shown(name)
    } else {
        format!("column {}", column + 1)
    }
}

/// Prints the candidates for a field.
fn print_candidates(
    out: &mut dyn Write,
    field: &str,
    found: &[Candidate],
    label: impl Fn(usize) -> String,
) -> std::io::Result<()> {
    let said: Vec<_> = found.iter().map(|c| format!("{} ({})", label(c.column), c.reason())).collect();
    let said = if said.is_empty() { "no candidate".to_owned() } else { said.join(", ") };
    writeln!(out, "{}", fitted(&format!("  {field:24} {said}"), BESIDE))
}

/// That `check` refuses the extract, and why.
pub(super) fn said(error: &ReadError) -> String {
    let message = error.to_string();
    // The names that were looked for, and what the first line holds, are shown in lists of their own.
    let lines =
        message.lines().map(str::trim).filter(|line| !SHOWN_ELSEWHERE.iter().any(|begin| line.starts_with(begin)));
    let said: Vec<_> = lines.map(seen).collect();
    fitted(&format!("  check refuses it: {}", said.join("; ")), 4)
}

/// Beginnings of lines of a [`BindError`](crate::ingest::layout::bind_error::BindError) about required columns.
const SHOWN_ELSEWHERE: [&str; 7] = [
    "claim_id: looked for",
    "service_date: looked for",
    "procedure_code (or icd_procedure_1): looked for",
    "diagnosis_1: looked for",
    "the first line holds",
    "the layout's `header` has",
    "if the names differ",
];
