//! How a run becomes files: the parts are judged and formatted in parallel and written in order.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::claim::line::batch::MAX_BATCH_BYTES;
use crate::pipeline;
use crate::policy::Disposition;
use crate::report::dir::{ReportFile, StagedReport};
use crate::report::format::FORMATS;
use crate::report::new_findings::NewFindings;
use crate::report::sink::{Format, Output, Scratch, Sink};
use crate::report::totals::{DistinctNumbers, Totals};
use crate::report::view::{PartView, ReportContext};
use crate::report::warnings;
use crate::rules::doc::RuleDoc;
use crate::run::Run;

/// A file of a report under construction.
struct BufferedFile {
    file: BufWriter<ReportFile>,
    scratch: Scratch,
}

impl Write for BufferedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for BufferedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Output for BufferedFile {
    fn scratch(&self) -> Scratch {
        Arc::clone(&self.scratch)
    }
}

/// Opens the files of a report.
pub fn files(staged: &StagedReport) -> impl Fn(&str) -> io::Result<Box<dyn Output>> + '_ {
    move |name| {
        let file = BufWriter::with_capacity(1 << 18, staged.create(name)?);
        Ok(Box::new(BufferedFile { file, scratch: staged.scratch() }))
    }
}

/// The word of `--format` that asks for every format.
pub const ALL: &str = "all";

/// The formats that are always written, and those that `words` of `--format` add, without the files `left_out`.
pub fn chosen<'f>(words: &[impl AsRef<str>], left_out: &[&str]) -> Vec<&'f Format> {
    let wanted = |word: &str| words.iter().map(AsRef::as_ref).any(|w| w == word || w == ALL);
    let written = FORMATS.iter().filter(|format| !left_out.contains(&format.file));
    written.filter(|format| format.word.is_none_or(wanted)).collect()
}

/// Most parts that are judged per thread, and as many that wait to be written, so that a thread that is late seldom stops the others.
const PARTS_PER_THREAD: usize = 4;

/// Rows to expect of a line before any is judged: a service with some findings.
const ROWS_AT_FIRST: u64 = 4;

/// A line of at least this many bytes counts as more than one row where it is decided how many parts are formatted at a time.
/// Ordinary lines have fewer for each of their services and findings.
const BYTES_PER_ROW: u64 = 256;

/// Rows to expect of a part of `longest` lines, if so many were written of the `lines` before it. The first parts are shorter than
/// the others.
fn rows_of_part(rows: u64, lines: u64, longest: u64) -> usize {
    (rows * longest / lines.max(1)).max(1) as usize
}

/// Parts of so many rows to format at a time: as many as there is memory for, whatever the number of threads.
fn parts_at_a_time(rows_at_a_time: usize, of_part: usize, threads: usize) -> usize {
    (rows_at_a_time / of_part).clamp(1, threads * PARTS_PER_THREAD)
}

/// Judges all parts of a run and writes the files of `formats`, each opened by `open`. `None`: `go_on` returned false.
pub fn write(
    run: &Run,
    docs: &[RuleDoc],
    formats: &[&Format],
    open: &dyn Fn(&str) -> io::Result<Box<dyn Output>>,
    go_on: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<Totals>> {
    let context = ReportContext { run: &run.context, docs };
    let sinks: Vec<Box<dyn Sink + '_>> =
        formats.iter().map(|format| (format.open)(context, open(format.file)?)).collect::<io::Result<_>>()?;
    let Some(new) = NewFindings::of(run, docs, go_on)? else { return Ok(None) };
    let states_necessity = formats.iter().any(|format| format.states_necessity);
    let bytes = AtomicU64::new(0);
    // A part with a few very long cells may fill the memory by itself.
    let largest = run.largest_part_bytes();
    let is_much = largest as u64 / BYTES_PER_ROW > run.formatted_at_a_time() as u64 / 2;
    // Only its last row takes a part beyond the size at which it is full. If that row has megabytes, no two parts, nor two formats of
    // a part, are in memory.
    let one_by_one = is_much && largest > MAX_BATCH_BYTES / 8 * 9;
    let format_part = |n: usize| -> io::Result<Totals> {
        let part = run.part_of_report(n, states_necessity)?;
        bytes.fetch_add(part.line_set.lines.bytes() as u64, Ordering::Relaxed);
        let is_new = new.of_part(n);
        let view = PartView { new: &is_new, ..context.part(&part) };
        if one_by_one {
            sinks.iter().try_for_each(|sink| sink.format(n, &view).and_then(|()| sink.append(n)))?;
        } else {
            // A sparse run has a single part. Then its formats are written in parallel.
            sinks.par_iter().try_for_each(|sink| sink.format(n, &view))?;
        }
        Ok(Totals::of(&view, n))
    };
    let (mut totals, mut numbers) = (Totals::default(), DistinctNumbers::new(run.scratch()));
    let (threads, longest) = (rayon::current_num_threads(), run.longest_part() as u64);
    // The first parts, which are short, show how much there is to write of a line.
    let at_a_time = |of_part: usize| parts_at_a_time(run.formatted_at_a_time(), of_part, threads);
    let first = if is_much { 1 } else { at_a_time(rows_of_part(ROWS_AT_FIRST, 1, longest)).min(threads) };
    let most = AtomicUsize::new(if one_by_one { 1 } else { 2 * first });
    let mut append = |n: usize, mut part: Totals| -> io::Result<()> {
        if !one_by_one {
            sinks.par_iter().try_for_each(|sink| sink.append(n))?;
        }
        numbers.add(&mut part)?;
        totals.merge(part);
        let rows = totals.summary.services() + totals.summary.findings_from(Disposition::Info);
        let rows = rows.max(bytes.load(Ordering::Relaxed) / BYTES_PER_ROW);
        let of_part = rows_of_part(rows, run.lines_before(n + 1) as u64, longest);
        most.store(if one_by_one { 1 } else { 2 * at_a_time(of_part) }, Ordering::Relaxed);
        Ok(())
    };
    let (mut parts, mut done, mut is_stopped) = (0..run.parts(), Ok(()), false);
    let format = |n: usize| format_part(n).map(|part| (n, part));
    pipeline::run(
        &most,
        || parts.next(),
        format,
        |formatted: io::Result<(usize, Totals)>| {
            done = formatted.and_then(|(n, part)| append(n, part));
            is_stopped = !go_on();
            done.is_ok() && !is_stopped
        },
    );
    done?;
    if is_stopped {
        return Ok(None);
    }
    numbers.count(&mut totals)?;
    totals.new = new.tally(std::mem::take(&mut totals.since));
    totals.warnings = warnings::of_run(&run.context, &totals);
    sinks.into_par_iter().try_for_each(|sink| sink.finish(&totals))?;
    Ok(go_on().then_some(totals))
}

/// Writes one file of a run that has only one part.
pub fn write_whole(part: &PartView<'_>, format: &Format, out: Box<dyn Output>) -> io::Result<()> {
    let (run, sink) = (part.context.run, (format.open)(part.context, out)?);
    let new = NewFindings::of_whole(part)?;
    let is_new = new.of_part(0);
    let part = &PartView { new: &is_new, ..*part };
    sink.format(0, part)?;
    sink.append(0)?;
    let mut totals = Totals::of(part, 0);
    let mut numbers = DistinctNumbers::new(Arc::new(tempfile::tempfile));
    numbers.add(&mut totals)?;
    numbers.count(&mut totals)?;
    totals.new = new.tally(std::mem::take(&mut totals.since));
    totals.warnings = warnings::of_run(run, &totals);
    sink.finish(&totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_parts_at_the_start_do_not_make_others_look_short() {
        assert_eq!(rows_of_part(2_048, 1_024, 4_096), 8_192);
        assert_eq!((rows_of_part(0, 1_024, 4_096), rows_of_part(0, 0, 0)), (1, 1));
    }

    #[test]
    fn more_threads_do_not_take_more_memory_than_there_is() {
        let of = |threads| parts_at_a_time(32_768, 8_192, threads);
        assert_eq!([1, 2, 8, 64].map(of), [4; 4]);
        assert_eq!((parts_at_a_time(1 << 30, 8_192, 2), parts_at_a_time(32_768, 1 << 20, 64)), (8, 1));
    }
}
