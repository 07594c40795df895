//! `claimlint trend`: months, rules and providers over many reports.

use std::io;
use std::io::{BufWriter, Write};

use crate::cli::args::{MEMORY, Trend as TrendArgs, TrendFormat};
use crate::cli::new_file::NewFiles;
use crate::cli::terminal::columns::{Align, Columns};
use crate::cli::terminal::screen::text_file;
use crate::cli::terminal::style;
use crate::cli::terminal::style::{BOLD, DIM, grouped, paint, seen};
use crate::exit::Exit;
use crate::frame::Allowance;
use crate::report::trend::moved::{Compared, Comparison, compare};
use crate::report::trend::page::page;
use crate::report::trend::read::read;
use crate::report::trend::series::{Trend, period};
use crate::report::trend::words::{about, limits, method, moved, percent, points};
use crate::report::trend::write::csv;
use crate::report::words::numbers::sum_in_words;
use crate::rules::doc;

/// A terminal of at least this many columns has room for the names of rules or providers in a table.
const ROOM_FOR_NAMES: usize = 96;

/// Most characters of a provider's name beside its NPI.
const NAME: usize = 26;

/// A name that leaves room for the numbers beside it.
fn shortened(name: &str) -> String {
    let mut chars = name.chars();
    let start: String = chars.by_ref().take(NAME).collect();
    if chars.next().is_some() { start + "…" } else { start }
}

/// Reads the reports and writes the trend.
pub(crate) fn trend(args: &TrendArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let trend = read(&args.reports, &mut Allowance::new(args.memory.unwrap_or(MEMORY)))?;
    let comparison = compare(&trend, args.since.as_deref());
    let docs = doc::load()?;
    let name = |code: &str| docs.iter().find(|doc| doc.code == code).map_or_else(String::new, |doc| doc.name.clone());
    let output = Output { args, trend: &trend, comparison: comparison.as_ref(), name: &name };
    let mut files = NewFiles::default();
    match &args.out {
        None => output.write(out)?,
        Some(path) => files.save("--out", path, |file| match args.format {
            TrendFormat::Csv => output.write(file),
            TrendFormat::Text => output.write(&mut text_file(file)),
        })?,
    }
    if let Some(path) = &args.html {
        files.save("--html", path, |file| {
            let mut file = BufWriter::new(file);
            page(&trend, comparison.as_ref(), &name, &mut file)?;
            Ok(file.flush()?)
        })?;
    }
    Ok(Exit::Clean)
}

/// What is written, and how.
struct Output<'a> {
    args: &'a TrendArgs,
    trend: &'a Trend,
    comparison: Option<&'a Comparison>,
    /// What a rule finds.
    name: &'a dyn Fn(&str) -> String,
}

impl Output<'_> {
    fn write(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut out = BufWriter::new(out);
        match self.args.format {
            TrendFormat::Csv => csv(self.trend, self.comparison, self.name, &mut out)?,
            TrendFormat::Text => self.text(&mut out)?,
        }
        Ok(out.flush()?)
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines = about(self.trend);
        let period = self.trend.period();
        let comma = if period.is_empty() { "" } else { ", " };
        let head = format!("{}  {}{comma}{period}", paint(BOLD, "trend"), lines[0]);
        writeln!(out, "\n{}", style::fitted(&head, 2))?;
        for line in &lines[1..] {
            writeln!(out, "{}", style::fitted(&seen(line), 2))?;
        }
        writeln!(out)?;
        self.reports(out)?;
        self.months(out)?;
        if let Some(found) = self.comparison {
            self.compared("rule", self.name, &found.rules, out)?;
            let provider = |npi: &str| shortened(&seen(self.trend.name(npi)));
            self.compared("provider", &provider, &found.providers, out)?;
            let sentences = moved(self.trend, found, self.name);
            if sentences.is_empty() {
                writeln!(out, "{}", style::fitted("No rule and no provider moved beyond chance.", 2))?;
            } else {
                writeln!(out, "{}", paint(BOLD, "Moved beyond chance"))?;
            }
            for sentence in sentences {
                writeln!(out, "{}", style::fitted(&format!("  {}", seen(&sentence)), 4))?;
            }
            writeln!(out)?;
        }
        write!(out, "{}", style::wrapped(&method(self.comparison), 0))
    }

    fn reports(&self, out: &mut dyn Write) -> io::Result<()> {
        let head = [("report", Align::Left), ("services", Align::Right), ("counted", Align::Right)];
        let [report, services, counted] = head;
        let mut wide =
            Columns::new([report, ("written (UTC)", Align::Left), ("months", Align::Left), services, counted]);
        let mut narrow = Columns::new(head);
        for report in self.trend.reports.iter().take(self.args.rows.into()) {
            let months = report.months.as_ref().map_or_else(String::new, |(first, last)| period(first, last));
            let path = seen(&report.path.display().to_string()).into_owned();
            let (services, counted) = (grouped(report.services), grouped(report.counted()));
            narrow.row([path.clone(), services.clone(), counted.clone()]);
            wide.row([path, report.when.clone(), months, services, counted]);
        }
        if style::is_wide() {
            wide.print(out)?;
        } else {
            narrow.print(out)?;
        }
        self.left_out(self.trend.reports.len(), "--rows N lists more.", out)
    }

    fn months(&self, out: &mut dyn Write) -> io::Result<()> {
        let head =
            [("month", Align::Left), ("services", Align::Right), ("share", Align::Right), ("at risk", Align::Right)];
        let more = [("flagged", Align::Right), ("change", Align::Right), ("recoverable", Align::Right)];
        let [month, services, share, at_risk] = head;
        let [flagged, change, recoverable] = more;
        let mut wide = Columns::new([month, services, flagged, share, change, at_risk, recoverable]);
        let mut narrow = Columns::new(head);
        for month in self.trend.listed() {
            let counts = month.counts;
            let share = percent(counts.proportion().share());
            let at_risk = sum_in_words(counts.at_risk, self.trend.knows_amounts());
            narrow.row([month.name.clone(), grouped(counts.services), share.clone(), at_risk.clone()]);
            wide.row([
                month.name,
                grouped(counts.services),
                grouped(counts.flagged()),
                share,
                month.change.map_or_else(String::new, points),
                at_risk,
                sum_in_words(counts.recoverable, self.trend.knows_amounts()),
            ]);
        }
        if style::is_wide() {
            wide.print(out)?;
        } else {
            narrow.print(out)?;
        }
        writeln!(out)
    }

    fn compared(
        &self,
        by: &'static str,
        name: &dyn Fn(&str) -> String,
        all: &[Compared],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        let is_named = style::width() >= ROOM_FOR_NAMES;
        let head = [(by, Align::Left), ("before", Align::Right), ("since", Align::Right), ("change ", Align::Right)];
        let [key, before, since, change] = head;
        let mut wide =
            Columns::new([key, before, since, change, ("interval", Align::Left), ("at risk since", Align::Right)]);
        let mut narrow = Columns::new(head);
        for one in all.iter().take(self.args.rows.into()) {
            let note = if is_named { name(&one.key) } else { String::new() };
            let change = one.difference.map_or_else(|| "too few".to_owned(), |difference| points(difference.change));
            // The blank keeps the numbers below each other.
            let mark = if one.moved() { "*" } else { " " };
            let cells = [
                format!("{} {note}", seen(&one.key)).trim_end().to_owned(),
                percent(one.shares[0].share()),
                percent(one.shares[1].share()),
                change + mark,
            ];
            narrow.row(cells.clone());
            let [key, before, since, change] = cells;
            let interval = one.difference.map_or_else(String::new, limits);
            let at_risk = sum_in_words(one.counts[1].at_risk, self.trend.knows_amounts());
            wide.row([key, before, since, change, interval, at_risk]);
        }
        if style::is_wide() {
            wide.print(out)?;
        } else {
            narrow.print(out)?;
        }
        self.left_out(all.len(), "--rows N lists more here, --format csv lists all.", out)
    }

    /// The line below a table that does not have all rows, and an empty one.
    fn left_out(&self, all: usize, hint: &str, out: &mut dyn Write) -> io::Result<()> {
        let left = all.saturating_sub(self.args.rows.into());
        if left > 0 {
            let more = format!("{} more: {hint}", grouped(left as u64));
            writeln!(out, "{DIM}{}{DIM:#}", style::fitted(&more, 0))?;
        }
        writeln!(out)
    }
}
