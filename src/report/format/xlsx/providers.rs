//! The sheet Providers: billing providers with their names, and shares with their interval.

use std::io;

use crate::report::format::rollup::RollUp;
use crate::report::format::rollup_columns::{COLUMNS, RollupValue};
use crate::report::format::xlsx::sheet::{Sheet, SheetOptions, Sheets, XmlRows};
use crate::report::provider_names::Names;
use crate::report::table::record::{Cells as _, Column, ColumnType, column};
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

/// Writes the providers one at a time, because there may be very many of them.
pub(super) fn sheets(
    sums: RollUp,
    names: &Names,
    options: &SheetOptions,
    knows_amounts: bool,
) -> io::Result<Vec<Sheet>> {
    let mut sheets = Sheets::new("Providers", &PROVIDER, options)?;
    let mut rows = XmlRows::default();
    for row in sums.rows()? {
        let (npi, measures) = row?;
        let (mut services, mut flagged) = (0, 0);
        rows.clear();
        rows.row(|row| {
            row.text(&npi);
            row.text(names.get(&npi));
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
