//! services.parquet, findings.parquet: typed columns under the names of the CSV files.
//!
//! Dates have type date, amounts decimal(19,2), units decimal(38,9), source lines are whole numbers, diagnoses and
//! rules are lists of strings, and everything else is a string. A value that the claim does not have is null for dates,
//! units and amounts and an empty string otherwise. Values are not guarded against spreadsheets: a program that reads
//! Parquet gets the value of the input.

use std::io;
use std::sync::Mutex;

use crate::report::format::polars::{ColumnBuilder, ColumnTable, Parquet};
use crate::report::sink::{Output, PendingPieces, Sink, lock};
use crate::report::table::record::{Column, finding_columns, service_columns};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};

/// Every service with its verdict.
pub fn services<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    open(out, service_columns(context.run), |part| {
        let mut columns = ColumnBuilder::new(service_columns(part.context.run), part.services().len());
        part.services().for_each(|record| record.put_all(&mut columns));
        columns
    })
}

/// Every finding with its reason and citation.
pub fn findings<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    open(out, finding_columns(context.run), |part| {
        let mut columns = ColumnBuilder::new(finding_columns(part.context.run), part.findings().len());
        part.findings().for_each(|record| record.put_all(&mut columns));
        columns
    })
}

struct ParquetFile {
    out: Mutex<Parquet<Box<dyn Output>>>,
    pieces: PendingPieces<ColumnTable>,
    columns: fn(&PartView<'_>) -> ColumnBuilder,
}

fn open<'a>(
    out: Box<dyn Output>,
    columns: &[Column],
    of: fn(&PartView<'_>) -> ColumnBuilder,
) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(ParquetFile {
        out: Mutex::new(Parquet::new(out, columns)?),
        pieces: PendingPieces::default(),
        columns: of,
    }))
}

impl Sink for ParquetFile {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        self.pieces.put(n, (self.columns)(part).table()?);
        Ok(())
    }

    fn append(&self, n: usize) -> io::Result<()> {
        match self.pieces.take(n) {
            Some(run) => lock(&self.out).append(run),
            None => Ok(()),
        }
    }

    fn finish(self: Box<Self>, _: &Totals) -> io::Result<()> {
        self.out.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).finish()
    }
}
