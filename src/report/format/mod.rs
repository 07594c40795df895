//! One file per output format. Each implements [`Sink`](crate::report::sink::Sink) and has a row in [`FORMATS`](crate::report::FORMATS).

pub mod csv;
pub mod dossier;
pub mod html;
pub mod jsonl;
pub mod parquet;
pub(crate) mod polars;
pub mod rollup;
pub mod summary_json;
pub mod xlsx;
