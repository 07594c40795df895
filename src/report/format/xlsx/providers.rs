//! The sheet Providers: billing providers with their names, and shares with their interval.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::Text;
use crate::report::format::rollup::{By, COLUMNS, RollUp, RollupValue};
use crate::report::format::xlsx::sheet::{Sheet, SheetOptions, Sheets, XmlRows};
use crate::report::sink::{PendingPieces, lock};
use crate::report::table::record::{Cells as _, Column, ColumnType, column};
use crate::report::view::PartView;
use crate::report::words::share::{LEAST_SERVICES, interval};

/// NPI and name, then [`COLUMNS`], then the limits of the share of flagged services.
const PROVIDER: [Column; 4 + COLUMNS.len()] = {
    let mut columns = [column("billing_npi", ColumnType::Text, 16); 4 + COLUMNS.len()];
    columns[1] = column("billing_provider_name", ColumnType::Text, 34);
    let mut i = 0;
    while i < COLUMNS.len() {
        columns[i + 2] = column(COLUMNS[i].name, ColumnType::Number, 16);
        i += 1;
    }
    columns[i + 2] = column("flagged_share_low", ColumnType::Number, 18);
    columns[i + 3] = column("flagged_share_high", ColumnType::Number, 18);
    columns
};

/// Most providers whose names are kept: more than a plan pays, and at 100 bytes each a few megabytes of memory. Further
/// ones have no name on the sheet.
const MAX_NAMES: usize = 1 << 16;

/// Names by NPI.
type Names = FxHashMap<Box<str>, Box<str>>;

/// Collects the providers of a run.
pub(super) struct Providers {
    sums: RollUp,
    /// The names of a part, in input order.
    pieces: PendingPieces<Vec<(Box<str>, Box<str>)>>,
    /// The first name of each provider.
    names: Mutex<Names>,
}

impl Providers {
    pub(super) fn new(options: &SheetOptions) -> Self {
        let sums = RollUp::new(By::Provider, Arc::clone(&options.scratch));
        Self { sums, pieces: PendingPieces::default(), names: Mutex::default() }
    }

    /// Groups a part.
    pub(super) fn format(&self, n: usize, part: &PartView<'_>) {
        let (mut known, mut names) = (FxHashSet::default(), Vec::new());
        for record in part.services() {
            let (npi, name) = (record.line.text(Text::BillingNpi), record.line.text(Text::BillingProviderName));
            if !npi.is_empty() && !name.is_empty() && known.insert(npi) {
                names.push((npi.into(), name.into()));
            }
        }
        self.pieces.put(n, names);
        self.sums.format(n, part);
    }

    /// Adds a part.
    pub(super) fn append(&self, n: usize) -> io::Result<()> {
        let mut names = lock(&self.names);
        for (npi, name) in self.pieces.take(n).unwrap_or_default() {
            if names.len() < MAX_NAMES || names.contains_key(&npi) {
                names.entry(npi).or_insert(name);
            }
        }
        self.sums.append(n)
    }

    /// Writes the providers one at a time, because there may be very many of them.
    pub(super) fn finish(self, options: &SheetOptions, knows_amounts: bool) -> io::Result<Vec<Sheet>> {
        let names = self.names.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut sheets = Sheets::new("Providers", &PROVIDER, options)?;
        let mut rows = XmlRows::default();
        for row in self.sums.rows()? {
            let (npi, measures) = row?;
            let (mut services, mut flagged) = (0, 0);
            rows.clear();
            rows.row(|row| {
                row.text(&npi);
                row.text(names.get(&npi).map_or("", |name| name));
                for column in COLUMNS {
                    match column.value(&measures, knows_amounts) {
                        RollupValue::Count(n) => {
                            match column.name {
                                "services" => services = u64::try_from(n).unwrap_or_default(),
                                "flagged" => flagged = u64::try_from(n).unwrap_or_default(),
                                _ => {}
                            }
                            row.count(n);
                        }
                        RollupValue::Money(cents) => row.money(cents),
                        // The share of a few services says nothing.
                        RollupValue::Decimal(_) if column.name.ends_with("_share") && services < LEAST_SERVICES => {
                            row.none();
                        }
                        RollupValue::Decimal(text) => row.ratio(&text),
                        RollupValue::Unknown => row.text("unknown"),
                    }
                }
                if services >= LEAST_SERVICES {
                    let (low, high) = interval(flagged, services);
                    row.ratio(&format!("{low:.4}"));
                    row.ratio(&format!("{high:.4}"));
                }
            });
            sheets.append(&rows)?;
        }
        sheets.finish()
    }
}
