//! The reports: what a run found, in every format, complete or absent on disk.
//!
//! A report knows findings, answers and counts, but no rule by its code: names, citations and reason codes are data. A
//! run comes in parts. Each part is judged, formatted by every [`sink::Sink`] on one thread while it is in that core's
//! cache, and dropped; the sinks write the results in order. So memory holds the lines of a run and never all of its
//! findings.
//!
//! # Sub-rooms, in order
//!
//! - [`view`]: what a report sees of a run: [`ReportContext`] for the whole of it, [`PartView`] for one judged part.
//! - [`words`]: the words that terminal, page, workbook and `explain` share: numbers, escaping, findings for people.
//! - [`table`]: the columns of services and findings, and their rows as CSV.
//! - [`top_services`]: the services with the highest amounts at risk.
//! - [`labels`]: words of the claims that no table knows.
//! - [`provider_key`]: what services are grouped by as those of a billing provider.
//! - [`provider_names`]: the names of the billing providers.
//! - [`empty_columns`]: columns that are never filled on rows that are judged.
//! - [`totals`]: counts and money of the run, added up part by part.
//! - [`new_findings`]: which findings the baseline does not have.
//! - [`notes`]: what to know before reading a result: absent columns, unread labels.
//! - [`brief`]: the result in few lines without ids.
//! - [`warnings`]: the warnings of the run, those that its totals give rise to among them.
//! - [`sink`]: what a format implements.
//! - [`claim`]: one claim in full, for `explain`.
//! - [`format`](mod@format): one file for each output format, and the roster of all of them.
//! - [`dir`]: the report directory: staging, locking, publishing, the manifest.
//! - [`foreign`]: the files of a report that somebody else may have written.
//! - [`foreign_table`]: the tables of such a report, row by row.
//! - [`services_file`]: the services of such a report.
//! - [`seal`]: the end of run.json: hashes, and a signature.
//! - [`siblings`]: the reports of a directory, the newest first.
//! - [`write`](mod@write): judges the parts of a run and writes all formats.
//! - [`compare`]: two reports compared by their findings.
//! - [`sample`]: an audit sample drawn from a report, and the worksheet read back.
//! - [`trend`]: months, rules and providers over many reports.
//! - [`own_table`]: tables that claimlint wrote, given in the place of an extract.
//! - [`verify`]: one report checked against its manifest and summary.

pub(crate) mod brief;
pub(crate) mod claim;
pub mod compare;
pub mod dir;
mod empty_columns;
pub mod foreign;
pub mod foreign_table;
pub mod format;
pub mod labels;
mod new_findings;
pub(crate) mod notes;
pub(crate) mod own_table;
mod provider_key;
pub(crate) mod provider_names;
pub mod sample;
pub mod seal;
pub mod services_file;
pub mod siblings;
pub mod sink;
pub mod table;
pub mod top_services;
pub mod totals;
pub mod trend;
pub mod verify;
pub mod view;
mod warnings;
pub mod words;
pub mod write;

pub(crate) use crate::report::dir::RUN;
pub use crate::report::format::FORMATS;
pub use crate::report::sink::Format;
pub use crate::report::totals::Totals;
pub use crate::report::view::{PartView, ReportContext};
