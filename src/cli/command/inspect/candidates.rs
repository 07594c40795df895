//! Columns that may hold a field which no column has: by their names and by what their cells look like.

use std::collections::BTreeMap;

use crate::cli::command::inspect::cells::{Kind, Looks};
use crate::ingest::field::fold;
use crate::run::column_clues::is_never_read;

/// Parts of names by field.
const HINTS: &str = include_str!("hints.toml");

/// Candidates that are shown for a field.
const MAX_SHOWN: usize = 3;

/// A column that may hold a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) column: usize,
    pub(super) by_name: bool,
    /// What most of its cells look like, if that is what the field has.
    pub(super) by_cells: Option<Kind>,
    /// Its cells that look so, and its filled cells, among the first rows.
    pub(super) cells: (usize, usize),
}

impl Candidate {
    /// Why it is one.
    pub(super) fn reason(&self) -> String {
        let (alike, filled) = self.cells;
        match (self.by_name, self.by_cells) {
            (true, Some(kind)) => format!("by its name; {alike} of {filled} cells look like {}", kind.word()),
            (false, Some(kind)) => format!("{alike} of {filled} cells look like {}", kind.word()),
            _ => "by its name".to_owned(),
        }
    }
}

/// The kind of the cells that a field has.
fn kind_of(field: &str) -> Option<Kind> {
    Some(match field {
        "service_date" | "service_end_date" => Kind::Date,
        "diagnosis" => Kind::Diagnosis,
        "procedure_code" => Kind::Procedure,
        "icd_procedure" => Kind::IcdProcedure,
        "billing_npi" | "rendering_npi" => Kind::Npi,
        "charge_amount" | "allowed_amount" | "paid_amount" => Kind::Amount,
        "product" => Kind::Product,
        "claim_status" | "line_status" => Kind::Status,
        _ => return None,
    })
}

/// Finds candidates.
pub(super) struct Hints(BTreeMap<String, Vec<String>>);

impl Hints {
    pub(super) fn load() -> anyhow::Result<Self> {
        Ok(Self(toml::from_str(HINTS)?))
    }

    /// Does a name hold a part of a known name?
    pub(super) fn knows(&self, name: &str) -> bool {
        let folded = fold(name);
        self.0.values().flatten().any(|part| folded.contains(&fold(part)))
    }

    /// The candidates for a field among columns that nothing reads, the likeliest first. A column that is empty, or most of
    /// whose cells look like those of another field, is not a candidate.
    pub(super) fn candidates(
        &self,
        field: &str,
        header: &[String],
        looks: &[Looks],
        is_used: impl Fn(usize) -> bool,
    ) -> Vec<Candidate> {
        let kind = kind_of(field);
        // A header alone has only names.
        let has_rows = looks.iter().any(|looks| looks.filled > 0);
        let none = Vec::new();
        let parts: Vec<String> = self.0.get(field).unwrap_or(&none).iter().map(|part| fold(part)).collect();
        let of_column = |(column, name): (usize, &String)| {
            if field == "diagnosis" && is_never_read(name) {
                return None;
            }
            let looks = looks.get(column).filter(|looks| (looks.filled > 0 || !has_rows) && !is_used(column))?;
            let folded = fold(name);
            let by_name = parts.iter().any(|part| folded.contains(part.as_str()));
            let by_cells = kind.filter(|kind| looks.are(*kind));
            // A number like C12 looks like a diagnosis, so the cells of a number say less than its name.
            let may_be = |other: Kind| kind.is_none() && matches!(other, Kind::Diagnosis | Kind::Procedure);
            let is_other =
                || Kind::ALL.iter().any(|(other, _)| kind != Some(*other) && !may_be(*other) && looks.are(*other));
            let cells = (kind.map_or(0, |kind| looks.of(kind)), looks.filled);
            (by_cells.is_some() || (by_name && !is_other())).then_some(Candidate { column, by_name, by_cells, cells })
        };
        let mut found: Vec<Candidate> = header.iter().enumerate().filter_map(of_column).collect();
        found.sort_by_key(|candidate| (!candidate.by_name, candidate.by_cells.is_none(), candidate.column));
        found.truncate(MAX_SHOWN);
        found
    }
}
