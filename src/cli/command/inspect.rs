//! `claimlint inspect`: how an extract is read, with masked sample values.

use std::io::Write;

use crate::cli::args::{Check, ConfigChoice, LayoutChoice};
use crate::cli::command::inspect_authorizations;
use crate::cli::load::load_library;
use crate::cli::settings;
use crate::cli::terminal::style::{BOLD, DIM, fitted, paint, seen};
use crate::exit::Exit;
use crate::ingest::cell::shape;
use crate::ingest::date;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::bind_error::printable;
use crate::ingest::layout::binding::Split;
use crate::ingest::layout::words::Amounts;
use crate::ingest::layout::{detect, misread};
use crate::ingest::record::grammar::{Grammar, Step};
use crate::ingest::{Detected, Layout, ReadError, Row, Source};
use crate::report::words::numbers::counted;
use crate::run::absent;

/// Sample values shown per column.
const SAMPLES: usize = 3;

/// Columns before the text next to a field's name: an indent of 2, the longest name, and a gap.
const BESIDE: usize = 27;

/// Number of rows from which samples are taken.
const ROWS: usize = 200;

/// Prints how an extract is read.
pub(crate) fn inspect(
    file: String,
    layout: LayoutChoice,
    config: ConfigChoice,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let typed = Check { files: vec![file], layout, config, ..Check::default() };
    let settings = settings::resolve(&typed)?;
    let (file, layout) = (typed.files[0].as_str(), &settings.layout_choice());
    let library = load_library(layout)?;
    if let Some(lines) = inspect_authorizations::described(file, &settings, &library)? {
        out.write_all(lines.as_bytes())?;
        return Ok(Exit::Clean);
    }
    let source = Source::open_within(file, layout.max_decompressed)?;
    let mut detected = detect::detect(&source, &library)?;
    let dates = library.named(&detected.layout).map_or(&[][..], |layout| &layout.dates);
    misread::settle_surplus(&source, &mut detected, |text| date::service_day(text, dates).is_some());
    let title = library.named(&detected.layout).map(|l| l.title.clone()).unwrap_or_default();
    writeln!(out, "{}", paint(BOLD, seen(file)))?;
    if let Some(settings) = &settings.file {
        writeln!(out, "  settings   {}", seen(settings))?;
    }
    writeln!(out, "  layout     {} ({})", shown(&detected.layout), shown(&title))?;
    writeln!(out, "  delimiter  {}", delimiter(detected.grammar.delimiter))?;
    let undone = if source.undone.is_empty() { "nothing".to_owned() } else { source.undone.join(", ") };
    writeln!(out, "  line ends  {}", if detected.grammar.cr_ends { "CR" } else { "LF or CRLF" })?;
    writeln!(out, "  decoded    {undone}")?;
    writeln!(out, "  encoding   {}", encoding(&source.sample, source.whole))?;
    let quoted = memchr::memchr(b'"', &source.sample).is_some();
    writeln!(out, "  quoting    {}", if quoted { "double quotes" } else { "none in the first rows" })?;
    writeln!(out, "  header     {} columns, data from line {}", detected.grammar.width, detected.lines_before + 1)?;
    for join in &detected.joins {
        let (columns, file) = (join.header.len(), seen(&join.file));
        writeln!(
            out,
            "  joined     {} from {file} ({columns} columns, {})",
            shown(&join.table),
            delimiter(join.grammar.delimiter)
        )?;
    }
    if let Some(trailer) = library.named(&detected.layout).and_then(|layout| layout.trailer.as_ref()) {
        let amount = trailer.amount.map_or(String::new(), |field| format!(", charges in field {field}"));
        let prefix = String::from_utf8_lossy(&trailer.prefix);
        writeln!(out, "  trailer    begins with \"{}\", rows in field {}{amount}", seen(&prefix), trailer.rows)?;
    }
    writeln!(out)?;

    let samples = samples(&source, &detected, layout)?;
    let longest = detected.header.iter().map(|name| shown(name).chars().count()).max().unwrap_or(0);
    writeln!(out, "{}", paint(BOLD, "mapped"))?;
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
            for column in binding.columns(field).iter().filter(|c| new(c)) {
                line(out, &format!("{name}{}", of(*column)), &detected.header[*column], longest, &samples[*column])?;
            }
        }
        for (group, name, _) in Group::NAMES {
            let split = if binding.split(group) == Split::No { "" } else { " (several in one cell)" };
            for (n, column) in binding.group(group).iter().filter(|(_, c)| new(c)) {
                line(
                    out,
                    &format!("{name}_{n}{split}{}", of(*column)),
                    &detected.header[*column],
                    longest,
                    &samples[*column],
                )?;
            }
        }
    }
    if let Some(layout) = library.named(&detected.layout) {
        words_of_layout(layout, out)?;
    }
    let absent = absent(&detected);
    if !absent.is_empty() || !detected.unjoined.is_empty() {
        writeln!(out, "\n{}", paint(BOLD, "not there"))?;
        for (field, consequence) in absent {
            writeln!(out, "{}", fitted(&format!("  {:24} {consequence}", field.name()), BESIDE))?;
        }
        for (table, what) in &detected.unjoined {
            writeln!(
                out,
                "{}",
                fitted(&format!("  {:24} {} are empty", shown(&format!("--join {table}")), seen(what)), BESIDE)
            )?;
        }
    }
    let mapped = |c: &usize| detected.binding.each().any(|binding| binding.uses(*c));
    let unmapped: Vec<_> =
        (0..detected.header.len()).filter(|c| !mapped(c)).map(|c| shown(&detected.header[c])).collect();
    if !unmapped.is_empty() {
        writeln!(out, "\n{}", fitted(&format!("{} {}", paint(BOLD, "not used"), unmapped.join(", ")), 2))?;
    }
    let hint = "Sample values are masked: A is a letter, 9 a digit. Wrong column? Describe the extract in a layout file \
                (--layout FILE).";
    writeln!(out, "\n{}", fitted(&paint(DIM, hint), 0))?;
    Ok(Exit::Clean)
}

/// Prints what the layout says about words, dates, amounts and version numbers of its source.
fn words_of_layout(layout: &Layout, out: &mut dyn Write) -> std::io::Result<()> {
    let words = &layout.words;
    let pair = |word: &str, meaning: &str| format!("{} = {meaning}", shown(word));
    let pairs = |table: &[(String, &str)]| table.iter().map(|(word, meaning)| pair(word, meaning)).collect();
    let approvals = words.authorization_status.iter();
    let approvals = approvals.map(|(word, approves)| pair(word, if *approves { "approved" } else { "not-approved" }));
    let amounts = words.amounts.map(|amounts| match amounts {
        Amounts::Line => "each row has its own".to_owned(),
        Amounts::Claim => "each row repeats those of its claim".to_owned(),
    });
    let cut = words.version.as_ref();
    let cut = cut.map(|cut| format!("the last {} of {}", counted(cut.last as u64, "character"), shown(&cut.of)));
    let forms = if layout.dates.is_empty() { None } else { Some("in the forms that the layout lists".to_owned()) };
    let lists: [(&str, Vec<String>); 8] = [
        ("[products]", layout.products.iter().map(|(label, class)| pair(&label.text, class)).collect()),
        ("[claim_form]", pairs(&words.claim_form)),
        ("[status]", pairs(&words.status)),
        ("[frequency]", pairs(&words.frequency)),
        ("[auths.status]", approvals.collect()),
        ("amounts", amounts.into_iter().collect()),
        ("version_number", cut.into_iter().collect()),
        ("dates", forms.into_iter().collect()),
    ];
    if lists.iter().all(|(_, words)| words.is_empty()) {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(BOLD, "words and forms of the layout"))?;
    for (name, words) in lists.iter().filter(|(_, words)| !words.is_empty()) {
        let line = format!("  {name:24} {}", words.join(", "));
        writeln!(out, "{}", fitted(&line, BESIDE))?;
    }
    Ok(())
}

/// Prints a field, the column that it comes from, padded to `longest`, and the shapes of its first values.
fn line(out: &mut dyn Write, field: &str, column: &str, longest: usize, samples: &[String]) -> std::io::Result<()> {
    let values = if samples.is_empty() { "(empty in the first rows)".to_owned() } else { samples.join("  ") };
    let line = format!("  {field:24} {:longest$}  {DIM}{values}{DIM:#}", shown(column));
    writeln!(out, "{}", fitted(&line, BESIDE + longest + 2))
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

fn delimiter(byte: u8) -> String {
    match byte {
        b',' => "comma".to_owned(),
        b'\t' => "tab".to_owned(),
        b';' => "semicolon".to_owned(),
        b'|' => "pipe".to_owned(),
        b'*' => "asterisk".to_owned(),
        other => format!("{:?}", char::from(other)),
    }
}

/// The first distinct shapes of each column's values, with the columns of joined tables.
fn samples(source: &Source, detected: &Detected, layout: &LayoutChoice) -> Result<Vec<Vec<String>>, ReadError> {
    let mut shapes = shapes(source, &detected.grammar, detected.data_start);
    for join in &detected.joins {
        let of_table =
            self::shapes(&Source::open_within(&join.file, layout.max_decompressed)?, &join.grammar, join.data_start);
        shapes.extend((0..join.names.len()).map(|nth| of_table[join.column(nth)].clone()));
    }
    Ok(shapes)
}

fn shapes(source: &Source, grammar: &Grammar, data_start: usize) -> Vec<Vec<String>> {
    let mut shapes = vec![Vec::new(); grammar.width];
    let (mut at, mut rows, mut fields) = (data_start, 0, Vec::new());
    while at < source.sample.len() && rows < ROWS {
        at = match grammar.read(&source.sample, at, source.whole, &mut fields) {
            Step::Blank { next } | Step::Rejected { next, .. } => next,
            Step::More => break,
            Step::Record { next } => {
                let row = Row::new(&source.sample, &fields);
                for (column, shapes) in shapes.iter_mut().enumerate().filter(|(_, s)| s.len() < SAMPLES) {
                    let shape = shown(&shape(&row.text(column, &[])));
                    if !shape.is_empty() && !shapes.contains(&shape) {
                        shapes.push(shape);
                    }
                }
                rows += 1;
                next
            }
        };
    }
    shapes
}

/// A text from the file or the layout, shortened and safe to print.
fn shown(text: &str) -> String {
    seen(&printable(text)).into_owned()
}
