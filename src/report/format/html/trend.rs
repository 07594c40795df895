//! The trend over many reports as a page: one file that loads nothing and has no script.

use std::io;
use std::io::Write;

use askama::Template;

use crate::report::format::html::style::{STYLE, content_policy};

/// What the page shows. All numbers are texts for people.
#[derive(Debug)]
pub(crate) struct TrendPage {
    /// The first and the last month; empty without any.
    pub(crate) period: String,
    /// What is counted.
    pub(crate) about: Vec<String>,
    /// The months in order.
    pub(crate) months: Vec<MonthRow>,
    /// How the periods were compared.
    pub(crate) method: String,
    /// What moved beyond chance; `None` if nothing was compared.
    pub(crate) moved: Option<Vec<String>>,
    /// Rules and providers.
    pub(crate) tables: Vec<SeriesTable>,
    /// The reports, newest first.
    pub(crate) reports: Vec<ReportRow>,
    /// The number of reports that the page does not list; empty if it lists all.
    pub(crate) more_reports: String,
}

/// A row of the table of reports.
#[derive(Debug)]
pub(crate) struct ReportRow {
    /// The name of its directory.
    pub(crate) name: String,
    /// When it was written.
    pub(crate) when: String,
    /// The months of its services.
    pub(crate) months: String,
    /// The number of its services.
    pub(crate) services: String,
    /// Those of them that no newer report has.
    pub(crate) counted: String,
}

/// A row of the table of months.
#[derive(Debug)]
pub(crate) struct MonthRow {
    /// `2024-03`, or `earlier` for the sum of all earlier months.
    pub(crate) month: String,
    /// All services.
    pub(crate) services: String,
    /// Services to deny or review.
    pub(crate) flagged: String,
    /// Their share.
    pub(crate) share: String,
    /// The change of the share since the month before.
    pub(crate) change: String,
    /// At risk.
    pub(crate) at_risk: String,
    /// Recoverable.
    pub(crate) recoverable: String,
    /// Width of the bar in thousandths of the longest.
    pub(crate) width: u64,
}

/// Rules, or providers.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    /// Id of the table.
    pub(crate) id: &'static str,
    /// What the rows are, as a heading above the table.
    pub(crate) title: &'static str,
    /// The heading of the first column.
    pub(crate) by: &'static str,
    /// Of which services the share is.
    pub(crate) what: &'static str,
    /// Those that moved first, then by the size of the change; as many as the page has room for.
    pub(crate) rows: Vec<SeriesRow>,
    /// The number of rows that the page does not have; empty if it has all.
    pub(crate) more: String,
}

/// A month in a small chart.
#[derive(Debug)]
pub(crate) struct ChartColumn {
    /// Its height in percent of the highest month.
    pub(crate) height: u64,
    /// Is it in the later period?
    pub(crate) is_later: bool,
}

/// A rule or a provider.
#[derive(Debug)]
pub(crate) struct SeriesRow {
    /// Its code or NPI.
    pub(crate) key: String,
    /// What the key means; may be empty.
    pub(crate) note: String,
    /// The share in each month.
    pub(crate) chart: Vec<ChartColumn>,
    /// The same in words.
    pub(crate) told: String,
    /// The share in the highest month.
    pub(crate) highest: String,
    /// The share in the earlier months.
    pub(crate) was: String,
    /// The share in the later months.
    pub(crate) is: String,
    /// The change in points.
    pub(crate) change: String,
    /// The interval of the change.
    pub(crate) interval: String,
    /// Did it move beyond chance?
    pub(crate) moved: bool,
    /// At risk in the later months.
    pub(crate) at_risk: String,
}

#[derive(Template)]
#[template(path = "trend.html", config = "src/report/format/html/askama.toml")]
struct TrendTemplate {
    content_policy: String,
    title: String,
    style: &'static str,
    version: &'static str,
    trend: TrendPage,
}

/// Writes the page.
pub(crate) fn write(trend: TrendPage, out: &mut dyn Write) -> io::Result<()> {
    let page = TrendTemplate {
        content_policy: content_policy(""),
        title: format!("claimlint: trend {}", trend.period).trim_end().to_owned(),
        style: STYLE,
        version: env!("CARGO_PKG_VERSION"),
        trend,
    };
    page.write_into(out)
}
