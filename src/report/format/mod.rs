//! One file per output format. Each implements [`Sink`](crate::report::sink::Sink) and has a row in [`FORMATS`].
//!
//! # Sub-rooms, in order
//!
//! - [`csv`](mod@csv), [`jsonl`](mod@jsonl): tables as text.
//! - [`summary_json`]: ledger and totals.
//! - [`summary_text`]: the result without ids, for e-mail and chat.
//! - [`polars`]: typed columns, written by polars.
//! - [`parquet`]: typed tables.
//! - [`measures`]: what a roll-up adds up.
//! - [`rollup_columns`]: the columns of a roll-up.
//! - [`rollup`]: sums by rule, class, provider, month and facility.
//! - [`html`](mod@html): the page.
//! - [`xlsx`]: the workbook.
//! - [`dossier`]: the kept lines, for `explain`.

pub mod csv;
pub mod dossier;
pub mod html;
pub mod jsonl;
mod measures;
pub mod parquet;
pub(crate) mod polars;
pub mod rollup;
mod rollup_columns;
pub mod summary_json;
pub mod summary_text;
pub mod xlsx;

use crate::report::sink::Format;

/// All files that a report may have, in the order in which they are named.
pub const FORMATS: &[Format] = &[
    Format {
        file: csv::SERVICES,
        about: "every service with its verdict",
        word: None,
        states_necessity: true,
        open: csv::services,
    },
    Format {
        file: "findings.csv",
        about: "every finding with its reason and citation",
        word: None,
        states_necessity: false,
        open: csv::findings,
    },
    Format {
        file: "rejects.csv",
        about: "every row that could not be used",
        word: None,
        states_necessity: false,
        open: csv::rejects,
    },
    Format {
        file: summary_json::FILE,
        about: "ledger and totals for machines",
        word: None,
        states_necessity: false,
        open: summary_json::summary,
    },
    Format {
        file: "summary.txt",
        about: "the result without ids, for e-mail",
        word: None,
        states_necessity: false,
        open: summary_text::text,
    },
    Format {
        file: "summary.md",
        about: "the same for a chat",
        word: None,
        states_necessity: false,
        open: summary_text::markdown,
    },
    Format {
        file: html::FILE,
        about: "the page to read and forward",
        word: None,
        states_necessity: true,
        open: html::report,
    },
    Format {
        file: "report.xlsx",
        about: "the same for Excel and LibreOffice",
        word: Some("xlsx"),
        states_necessity: true,
        open: xlsx::report,
    },
    Format {
        file: "services.parquet",
        about: "every service, typed",
        word: Some("parquet"),
        states_necessity: true,
        open: parquet::services,
    },
    Format {
        file: "findings.parquet",
        about: "every finding, typed",
        word: Some("parquet"),
        states_necessity: false,
        open: parquet::findings,
    },
    Format {
        file: "services.jsonl",
        about: "every service as JSON Lines",
        word: Some("jsonl"),
        states_necessity: true,
        open: jsonl::services,
    },
    Format {
        file: "findings.jsonl",
        about: "every finding as JSON Lines",
        word: Some("jsonl"),
        states_necessity: false,
        open: jsonl::findings,
    },
    Format {
        file: "rollup-rule.csv",
        about: "sums by rule",
        word: Some("rollups"),
        states_necessity: false,
        open: rollup::rule,
    },
    Format {
        file: "rollup-product-class.csv",
        about: "sums by product class",
        word: Some("rollups"),
        states_necessity: false,
        open: rollup::product_class,
    },
    Format {
        file: "rollup-provider.csv",
        about: "sums by billing provider",
        word: Some("rollups"),
        states_necessity: false,
        open: rollup::provider,
    },
    Format {
        file: "rollup-month.csv",
        about: "sums by month",
        word: Some("rollups"),
        states_necessity: false,
        open: rollup::month_of_service,
    },
    Format {
        file: "rollup-facility.csv",
        about: "sums by kind of facility",
        word: Some("rollups"),
        states_necessity: false,
        open: rollup::facility_kind,
    },
    Format {
        file: dossier::FILE,
        about: "the kept lines, for claimlint explain",
        word: None,
        states_necessity: false,
        open: dossier::open,
    },
];
