//! `claimlint inspect`: how an extract is read, with masked sample values; also one that `check` refuses.
//!
//! # Sub-rooms, in order
//!
//! - [`lines`]: the form of what is printed.
//! - [`cells`]: what the cells of each column look like.
//! - [`candidates`]: columns that may hold a field which no column has.
//! - [`quoting`](mod@quoting): extracts whose cells are quoted in another way.
//! - [`samples`](mod@samples): masked sample values of each column.
//! - [`written`]: the layout that `--write-layout` writes.
//! - [`values`]: dates, labels and words, with what they mean.
//! - [`refused`]: what is shown of an extract that `check` refuses.
//! - [`authorizations`]: what is shown of an authorization file.

mod authorizations;
mod candidates;
mod cells;
mod lines;
mod quoting;
mod refused;
mod samples;
mod values;
mod written;

use std::io::Write;
use std::path::Path;

use anyhow::bail;

use crate::cli::args::{Check, ConfigChoice, LayoutChoice};
use crate::cli::command::inspect::candidates::Hints;
use crate::cli::command::inspect::cells::Looks;
use crate::cli::command::inspect::lines::{BESIDE, form, line_ends, say, shown};
use crate::cli::command::inspect::samples::{line, samples};
use crate::cli::command::inspect::values::print_words;
use crate::cli::command::inspect::written::{Draft, write_new};
use crate::cli::load::load_library;
use crate::cli::terminal::style::{BOLD, DIM, fitted, paint, seen};
use crate::cli::{misplaced, settings};
use crate::exit::Exit;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::Split;
use crate::ingest::layout::{detect, misread};
use crate::ingest::parquet::ParquetFile;
use crate::ingest::record::delimiter::{delimiter_name, preamble_advice};
use crate::ingest::record::footer;
use crate::ingest::record::quoting::Quoting;
use crate::ingest::{Detected, Layout, Source, date};
use crate::report::words::warning::sentence;
use crate::run::read::Words;
use crate::run::{absent, first_rows};
use crate::warning::Warning;

/// Prints how an extract is read. With `write_layout`, a layout for it is written into that file.
pub(crate) fn inspect(
    file: String,
    write_layout: Option<&Path>,
    layout: LayoutChoice,
    config: ConfigChoice,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let typed = Check { files: vec![file], layout, config, ..Check::default() };
    let settings = settings::resolve(&typed)?;
    let (file, layout) = (typed.files[0].as_str(), &settings.layout_choice());
    let library = load_library(layout)?;
    let policy = settings.policy()?;
    if let Some((lines, exit)) = authorizations::described(file, &settings, &policy, &library)? {
        out.write_all(lines.as_bytes())?;
        if write_layout.is_some() {
            bail!("--write-layout: {} is an authorization file; only extracts have layouts", seen(file));
        }
        return Ok(exit);
    }
    let source = Source::open_extract(file, layout.max_decompressed)?;
    let (library, detected, preamble) = match detect::detect(&source, &library) {
        Ok(detected) => (library, detected, 0),
        Err(error) => {
            let Some(found) = detect::after_preamble(&source, &library) else {
                let error = misplaced::no_extract(&source, &library, error);
                refused::describe(&source, &library, &policy, (&error, write_layout), out)?;
                return Ok(Exit::Failed);
            };
            found
        }
    };
    if let Some(advice) = preamble_advice(&source, Some(preamble)).filter(|_| preamble > 0) {
        writeln!(out, "{}", fitted(&paint(BOLD, format!("To check this extract: {advice}")), 0))?;
    }
    let quoted = quoting::other_way(&source, &library, &detected);
    let (library, mut detected, way) = match quoted {
        Some((library, detected, line)) => (library, detected, Some(line)),
        None => (library, detected, None),
    };
    if let Some(line) = way {
        let advice = format!("Its cells are quoted in another way: check needs a layout that says {line}.");
        writeln!(out, "{}", fitted(&paint(BOLD, advice), 0))?;
    }
    let chosen = library.named(&detected.layout);
    let dates = detected.date_patterns(chosen);
    let is_date = |text: &str| date::service_day(text, dates).is_some();
    misread::settle_surplus(&source, &mut detected, is_date);
    // Refusals for which check has to look at rows.
    let merged = chosen.map_or(Ok(()), |layout| misread::refuse_merged_names(&source, &detected, layout));
    let refusal = merged
        .and_then(|()| misread::refuse_unreadable_dates(&source, &detected, is_date))
        .and_then(|()| misread::refuse_rows_that_end_otherwise(&source, &detected))
        .and_then(|()| misread::refuse_rejected_rows(&source, &detected))
        .err();
    let words = Words::of(chosen, &policy)?;
    writeln!(out, "{}", fitted(&paint(BOLD, seen(file)), 2))?;
    if let Some(settings) = &settings.file {
        say(out, "settings", &seen(settings))?;
    }
    if let Some(error) = &refusal {
        writeln!(out, "{}", refused::said(error))?;
    }
    let looks = cells::look(&source, (&detected.grammar, detected.data_start), &is_date, &words);
    print_form(&source, &detected, chosen, out)?;
    say(out, "first rows", &looks.said())?;
    if let Some(advice) =
        footer::of_text(&detected.grammar, &source.sample, detected.data_start).filter(|_| source.whole)
    {
        writeln!(out, "{}", fitted(&format!("  last line  {}", seen(&advice)), 13))?;
    }
    let names = column_names(&source, &detected);
    print_mapped(&detected, &names, &samples(&source, &detected, layout.max_decompressed)?, out)?;
    if let Some(layout) = chosen {
        print_words(layout, out)?;
    }
    let mut draft = Draft::new(&detected.layout, &detected.header);
    draft.skip(preamble);
    draft.form(way);
    values::print((&detected.binding, &detected.header), &looks.columns, (&policy, &words), &mut draft, out)?;
    print_missing(&detected, &looks.columns, &mut draft, out)?;
    let is_unused = |column: &usize| !detected.binding.each().any(|binding| binding.uses(*column));
    let unused: Vec<_> = (0..detected.header.len()).filter(is_unused).map(|column| names[column].as_str()).collect();
    if !unused.is_empty() {
        writeln!(out, "\n{}", fitted(&format!("{} {}", paint(BOLD, "not used"), unused.join(", ")), 2))?;
    }
    for warning in first_rows::look(&source, &detected, chosen, &policy, is_date) {
        let said = sentence(&Warning { file: String::new(), ..warning });
        writeln!(out, "\n{}", fitted(&format!("{} {}", paint(BOLD, "warning"), seen(&said)), 2))?;
    }
    if let Some(path) = write_layout {
        write_new(path, &draft.text(), out)?;
    }
    let hint = "Sample values are masked: A is a letter, 9 a digit; labels of products and statuses are not. Wrong column? \
                Describe the extract in a layout file (--write-layout FILE writes one, --layout FILE uses it).";
    writeln!(out, "\n{}", fitted(&paint(DIM, hint), 0))?;
    Ok(if refusal.is_some() { Exit::Failed } else { Exit::Clean })
}

/// The names of the columns as they are shown; those of a table with their types.
fn column_names(source: &Source, detected: &Detected) -> Vec<String> {
    let types = source.table().map_or(&[][..], ParquetFile::columns);
    let name = |(column, name): (usize, &String)| match types.get(column) {
        Some(of) => format!("{} ({})", shown(name), of.kind),
        None => shown(name),
    };
    detected.header.iter().enumerate().map(name).collect()
}

/// Prints how the text is read: layout, delimiter, encoding, header, joined tables.
fn print_form(
    source: &Source,
    detected: &Detected,
    layout: Option<&Layout>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let title = layout.map(|layout| layout.title.as_str()).filter(|title| !title.is_empty());
    let title = title.map_or_else(String::new, |title| format!(" ({})", shown(title)));
    say(out, "layout", &format!("{}{title}", shown(&detected.layout)))?;
    if let Some(table) = source.table() {
        return say(out, "form", &form(table));
    }
    say(out, "delimiter", &delimiter_name(detected.grammar.delimiter))?;
    let undone = if source.undone.is_empty() { "nothing".to_owned() } else { source.undone.join(", ") };
    say(out, "line ends", &line_ends(&source.sample, detected.grammar.cr_ends))?;
    say(out, "decoded", &undone)?;
    say(out, "encoding", encoding(&source.sample, source.whole))?;
    say(out, "quoting", &quoting(detected.grammar.quoting, &source.sample))?;
    let (width, first) = (detected.grammar.width, detected.lines_before + 1);
    say(out, "header", &format!("{width} columns, data from line {first}"))?;
    for join in &detected.joins {
        let (columns, file, between) = (join.header.len(), seen(&join.file), delimiter_name(join.grammar.delimiter));
        say(out, "joined", &format!("{} from {file} ({columns} columns, {between})", shown(&join.table)))?;
    }
    if let Some(trailer) = layout.and_then(|layout| layout.trailer.as_ref()) {
        let amount = trailer.amount.map_or(String::new(), |field| format!(", charges in field {field}"));
        let prefix = String::from_utf8_lossy(&trailer.prefix);
        let said = format!("begins with \"{}\", rows in field {}{amount}", seen(&prefix), trailer.rows);
        say(out, "trailer", &said)?;
    }
    Ok(())
}

/// Prints the column of each field with its samples.
fn print_mapped(
    detected: &Detected,
    names: &[String],
    samples: &[Vec<String>],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (slot, binding) in detected.binding.each().enumerate() {
        // The columns that all services of a row share are listed once.
        let new = |column: &usize| slot == 0 || !detected.binding.uses(*column);
        let shared = |column| detected.binding.each().filter(|b| b.uses(column)).count() > 1;
        let of = |column| {
            if shared(column) || !detected.binding.has_slots() {
                String::new()
            } else {
                format!(" (slot {})", slot + 1)
            }
        };
        for (field, name) in Field::NAMES {
            let columns = binding.columns(field).iter().filter(|c| new(c));
            lines.extend(columns.map(|column| (format!("{name}{}", of(*column)), *column)));
        }
        for (group, name, _) in Group::NAMES {
            let split = if binding.split(group) == Split::No { "" } else { " (several in one cell)" };
            let columns = binding.group(group).iter().filter(|(_, c)| new(c));
            lines.extend(columns.map(|(n, column)| (format!("{name}_{n}{split}{}", of(*column)), *column)));
        }
    }
    writeln!(out, "\n{}", paint(BOLD, "mapped"))?;
    lines.iter().try_for_each(|(field, column)| line(out, field, &names[*column], longest, &samples[*column]))
}

/// The amounts of a row, with what follows if an extract has none of them; a run warns of it.
const AMOUNTS: [(Field, &str); 3] = [
    (Field::PaidAmount, "there is no amount at all, so what is at risk is unknown"),
    (Field::AllowedAmount, "would be at risk where nothing says what was paid"),
    (Field::ChargeAmount, "would be at risk where nothing says what was paid or allowed"),
];

/// Prints the fields and tables that are not there, what follows from it, and which columns may hold them.
fn print_missing(
    detected: &Detected,
    looks: &[Looks],
    draft: &mut Draft<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut absent = absent(detected);
    if !AMOUNTS.iter().any(|(field, _)| detected.binding.has(*field)) {
        absent.extend(AMOUNTS);
    }
    if absent.is_empty() && detected.unjoined.is_empty() {
        return Ok(());
    }
    let hints = Hints::load()?;
    let own = &detected.header[..detected.grammar.width];
    let is_used = |column: usize| detected.binding.each().any(|binding| binding.uses(column));
    writeln!(out, "\n{}", paint(BOLD, "not there"))?;
    for (field, consequence) in absent {
        writeln!(out, "{}", fitted(&format!("  {:24} {consequence}", field.name()), BESIDE))?;
        let found = hints.candidates(field.name(), own, looks, is_used);
        if !found.is_empty() {
            let said: Vec<_> = found.iter().map(|c| format!("{} ({})", shown(&own[c.column]), c.reason())).collect();
            writeln!(out, "{}", fitted(&format!("  {:24} candidates: {}", "", said.join(", ")), BESIDE))?;
        }
        draft.candidates(field.name(), &found, false);
    }
    for (table, what) in &detected.unjoined {
        let said = format!("  {:24} {} are empty", shown(&format!("--join {table}")), seen(what));
        writeln!(out, "{}", fitted(&said, BESIDE))?;
    }
    Ok(())
}

/// How cells are quoted: what the layout says, or what the first rows show.
fn quoting(quoting: Quoting, sample: &[u8]) -> String {
    let escaped = if quoting.escapes { ", escaped with a backslash" } else { "" };
    match quoting.quote {
        None => format!("none, as the layout says{escaped}"),
        Some(b'"') if memchr::memchr(b'"', sample).is_none() => "none in the first rows".to_owned(),
        Some(b'"') => format!("double quotes{escaped}"),
        Some(quote) => format!("{}, as the layout says{escaped}", char::from(quote)),
    }
}

/// The encoding of the sample. A character that the end of the sample cuts off is ignored.
fn encoding(sample: &[u8], whole: bool) -> &'static str {
    match std::str::from_utf8(sample) {
        Ok(_) if sample.is_ascii() => "ASCII",
        Ok(_) => "UTF-8",
        Err(e) if e.error_len().is_none() && !whole => "UTF-8",
        Err(_) => "not UTF-8: other bytes are read as Latin-1; names may look odd, codes are not affected",
    }
}
