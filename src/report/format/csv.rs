//! services.csv, findings.csv, rejects.csv: exact, in input order, safe to open in a spreadsheet.

use std::io;
use std::sync::Mutex;

use crate::report::sink::{MOST_SPARE_BYTES, Output, PendingPieces, Sink, lock};
use crate::report::table::csv_row::CsvRows;
use crate::report::table::record::{Cells as _, Column, NEW, finding_columns, service_columns};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::rules::reasons_rule;
use crate::run::RunContext;
use crate::spares::Spares;

/// The name of the table of services.
pub(crate) const SERVICES: &str = "services.csv";

/// The columns of rejects.csv.
pub(crate) const REJECT_COLUMNS: [&str; 5] = ["source_file", "source_line", "byte_offset", "reason", "raw"];

/// A table whose parts are formatted in parallel.
struct CsvFile<F> {
    out: Mutex<Box<dyn Output>>,
    pieces: PendingPieces<String>,
    spare: Spares<String>,
    format: F,
}

impl<F: Fn(&PartView<'_>, &mut CsvRows) + Send + Sync> CsvFile<F> {
    fn open(mut out: Box<dyn Output>, header: &[&str], format: F) -> io::Result<Self> {
        let mut head = CsvRows::default();
        head.header(header);
        out.write_all(head.into_text().as_bytes())?;
        Ok(Self { out: Mutex::new(out), pieces: PendingPieces::default(), spare: Spares::default(), format })
    }
}

impl<F: Fn(&PartView<'_>, &mut CsvRows) + Send + Sync> Sink for CsvFile<F> {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        let mut rows = CsvRows::reusing(self.spare.take().unwrap_or_default());
        (self.format)(part, &mut rows);
        self.pieces.put(n, rows.into_text());
        Ok(())
    }

    fn append(&self, n: usize) -> io::Result<()> {
        if let Some(piece) = self.pieces.take(n) {
            lock(&self.out).write_all(piece.as_bytes())?;
            if piece.capacity() <= MOST_SPARE_BYTES {
                self.spare.keep(piece);
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Totals) -> io::Result<()> {
        lock(&self.out).flush()
    }
}

/// The names of the columns of a table. Without a baseline it has no `new`, see [`NEW`].
fn names(columns: &[Column], run: &RunContext) -> Vec<&'static str> {
    let kept = columns.iter().filter(|column| run.baseline.is_some() || column.name != NEW.name);
    kept.map(|column| column.name).collect()
}

/// Every service with its verdict.
pub fn services<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    let compared = context.run.baseline.is_some();
    let columns = names(service_columns(context.run), context.run);
    let cells = columns.len();
    let format = move |part: &PartView<'_>, rows: &mut CsvRows| {
        rows.rows(cells, part.services(), |rows, record| {
            record.put(rows);
            if compared {
                rows.word(record.newness());
            }
        });
    };
    Ok(Box::new(CsvFile::open(out, &columns, format)?))
}

/// Every finding with its reason and citation.
pub fn findings<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    // The texts of a rule are quoted once for the whole run.
    let cells = |cells: &[&str]| {
        let mut rows = CsvRows::default();
        for cell in cells {
            rows.input(cell);
        }
        rows.into_text()
    };
    let rules: Vec<_> = context
        .docs
        .iter()
        .map(|doc| {
            let setting = context.run.policy.rule(&doc.code);
            let [name, reasons, citation] =
                [&[&*doc.code, &doc.name][..], &[&setting.carc, &setting.rarc], &[&setting.citation]].map(cells);
            let bare = |text: String| text.trim_end_matches(',').to_owned();
            // A reason may be empty, so only the last comma belongs to the row writer.
            (bare(name), reasons.strip_suffix(',').unwrap_or_default().to_owned(), bare(citation))
        })
        .collect();
    let (marked, compared) = (context.run.suppressions.is_some(), context.run.baseline.is_some());
    let format = move |part: &PartView<'_>, rows: &mut CsvRows| {
        for record in part.findings() {
            let line = record.line;
            let (name, _, citation) = &rules[usize::from(record.finding.rule.0)];
            let of_reasons = reasons_rule(record.finding);
            let (_, reasons, _) = &rules[usize::from(of_reasons.0)];
            rows.word(name);
            rows.word(record.finding.disposition.word());
            rows.input(record.source_file());
            rows.number(line.row);
            for id in record.ids() {
                rows.input(id);
            }
            rows.input(record.product_class());
            rows.word(line.setting.word());
            rows.joined(record.codes());
            rows.date(line.date);
            rows.amount(record.amount());
            rows.word(reasons);
            rows.input_with(|text| record.put_message(text));
            // Nearly all findings have the citation of their rule alone.
            if of_reasons == record.finding.rule {
                rows.word(citation);
            } else {
                rows.input(&record.citation());
            }
            rows.word(record.capped_by());
            if marked {
                rows.word(record.suppressed());
                rows.input(&record.suppression_note());
            }
            if compared {
                rows.word(record.newness());
            }
            rows.end();
        }
    };
    Ok(Box::new(CsvFile::open(out, &names(finding_columns(context.run), context.run), format)?))
}

/// Every row that could not be used, with its text, so that it can be corrected and run again.
pub fn rejects<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    let mut table = CsvFile::open(out, &REJECT_COLUMNS, |_, _| {})?;
    let out = table.out.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
    let extracts = context.run.inputs.iter().map(|input| (&input.name, &input.rejects));
    let tables = context.run.tables.iter().map(|table| (&table.file, table.rejects()));
    for (file, rejects) in extracts.chain(tables) {
        rejects.each(|reject| {
            let mut rows = CsvRows::default();
            rows.input(file);
            rows.number(reject.line);
            match reject.offset {
                Some(offset) => rows.number(offset),
                None => rows.word(""),
            }
            rows.word(reject.reason.code());
            rows.input(&reject.text());
            rows.end();
            out.write_all(rows.into_text().as_bytes())
        })?;
    }
    Ok(Box::new(table))
}
