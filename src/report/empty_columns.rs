//! Columns that an extract has and never fills on the rows that are judged. An empty cell is taken at its word, so if the column was
//! meant to be another one, every service is judged by what it lacks.

use crate::claim::{Line, Text};
use crate::ingest::field::{Field, Group};
use crate::run::RunContext;
use crate::warning::{Warning, WarningKind};

/// Rows with services that an extract must have before an empty column is a sign. With fewer, all of them may lack a value by chance.
const LEAST_ROWS: u64 = 20;

/// A column without which services are judged otherwise.
#[derive(Clone, Copy)]
enum Column {
    OfText(Field, Text),
    ServiceDate,
    Diagnosis,
}

/// All of them.
const COLUMNS: [Column; 6] = [
    Column::OfText(Field::MemberId, Text::MemberId),
    Column::OfText(Field::Product, Text::Product),
    Column::OfText(Field::BillingNpi, Text::BillingNpi),
    Column::OfText(Field::AuthorizationNumber, Text::Authorization),
    Column::ServiceDate,
    Column::Diagnosis,
];

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::OfText(field, _) => field.name(),
            Self::ServiceDate => Field::ServiceDate.name(),
            Self::Diagnosis => Group::Diagnosis.name(),
        }
    }

    fn is_filled(self, line: Line<'_>) -> bool {
        match self {
            Self::OfText(_, text) => line.states(text),
            Self::ServiceDate => line.date.is_some() || line.states(Text::BadDate),
            Self::Diagnosis => line.diagnosis_count() > 0,
        }
    }
}

/// By extract, in their order: the columns that are filled on its rows with services.
#[derive(Debug, Default)]
pub(crate) struct EmptyColumns(Vec<OfExtract>);

#[derive(Debug, Clone, Copy)]
struct OfExtract {
    extract: u32,
    rows: u64,
    is_filled: [bool; COLUMNS.len()],
}

impl EmptyColumns {
    /// Adds a row with services of an extract, which is looked at if a column of it was not filled so far.
    pub(crate) fn add<'l>(&mut self, extract: u32, line: impl FnOnce() -> Line<'l>) {
        match self.0.last_mut().filter(|last| last.extract == extract) {
            Some(last) if last.is_filled.iter().all(|is_filled| *is_filled) => last.rows += 1,
            _ => {
                let line = line();
                self.add_all(OfExtract { extract, rows: 1, is_filled: COLUMNS.map(|column| column.is_filled(line)) });
            }
        }
    }

    /// Adds the next part.
    pub(crate) fn merge(&mut self, next: Self) {
        next.0.into_iter().for_each(|of_extract| self.add_all(of_extract));
    }

    fn add_all(&mut self, next: OfExtract) {
        match self.0.last_mut().filter(|last| last.extract == next.extract) {
            Some(last) => {
                last.rows += next.rows;
                last.is_filled.iter_mut().zip(next.is_filled).for_each(|(is_filled, next)| *is_filled |= next);
            }
            None => self.0.push(next),
        }
    }

    /// A warning for each column that an extract has and never fills.
    pub(crate) fn warnings(&self, run: &RunContext) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for of_extract in self.0.iter().filter(|of_extract| of_extract.rows >= LEAST_ROWS) {
            let input = &run.inputs[of_extract.extract as usize];
            for (column, is_filled) in COLUMNS.into_iter().zip(of_extract.is_filled) {
                let name = column.name();
                let is_there = !input.unmapped.iter().any(|field| field.name() == name);
                if is_there && !is_filled {
                    let warning = Warning::new(WarningKind::EmptyColumn).file(&input.name).field(name);
                    warnings.push(warning.count(of_extract.rows));
                }
            }
        }
        warnings
    }
}
