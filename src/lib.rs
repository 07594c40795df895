//! claimlint checks kyphoplasty claims in large CSV and Parquet extracts against BCBSMA Medical Policy 485.
//!
//! ```text
//!   extract --> ingest --> claim --> rules <-- report
//!                 ^          ^         ^
//!              layouts/      +-- policy --+   <-- policies/
//! ```
//!
//! Rows become lines, lines become services, and the rules judge the services. The policy is a side input that `claim` and
//! `rules` consult. The report pulls the judging, one part of the run at a time, so that memory stays bounded. `cli` resolves
//! the arguments and calls the rooms.
//!
//! # Rooms, in the order in which data flows
//!
//! - [`pages`]: pages of text, as the guide and the specification declare them.
//! - [`spec`]: the specification of what the program reads, decides and writes, as pages of text.
//! - [`guide`]: the pages of the guide, for `cargo doc`, `claimlint help` and the manual.
//! - [`strict_toml`]: a strict reader for TOML, which reports every fault at once with its place. All data files are read by it.
//! - [`pipeline`]: work that is done in parallel and whose results are taken in order.
//! - [`spares`]: buffers that serve the next piece of work.
//! - [`steps`]: counts steps in tests, to show that work grows in proportion to its input.
//! - [`frame`]: values in a file as compressed frames with a checksum, read back within a bound on memory.
//! - [`disk`]: what does not fit in memory: values in temporary files, sorted, summed, or in turn.
//! - [`warning`]: signs that a run read something else than the user meant, with their evidence.
//! - [`ingest`]: turns files into rows. Opens and decompresses files, detects the layout, cuts blocks, reads records, and counts
//!   every row. Deals with bytes and header names, not with claims.
//! - [`claim`]: turns rows into lines with typed codes, dates, amounts, products and settings, and finds which lines belong
//!   together.
//! - [`policy`]: the medical policy, the limits and the reason codes, read from TOML and validated, with every name resolved.
//! - [`finding`]: what made a rule fire, the sentence for it, and the fingerprint that identifies it across runs.
//! - [`rules`]: the rules, one file per family with its documentation and examples beside it. Each rule says why it fires, or
//!   why it does not.
//! - [`ledger`] and [`tally`]: every row in exactly one bin; counts and money.
//! - [`statistics`]: quantiles, intervals, and totals estimated from a sample.
//! - [`gate`]: conditions over these totals, for `--fail-if`.
//! - [`suppress`] and [`baseline`]: findings that someone has accepted responsibility for, and findings of an earlier report.
//! - [`run`]: a whole run. Its parts are judged on demand and masked if requested. It writes no file and prints nothing.
//! - [`report`]: one file per format, written part by part; the report directory is complete or absent. Manifest, comparison, and
//!   the dossier of one claim. Knows findings and answers, but no rule.
//! - [`generate`]: invented extracts with known findings. Uses no code that judges.
//! - [`cli`] and [`exit`]: the arguments, the terminal, and the exit code.
//!
//! A room uses only rooms above it in this list; a test reads the `use` lines.
//!
//! # Invariants
//!
//! - Every row after the header is in exactly one bin of the ledger, or the run fails.
//! - A bad row never affects its neighbors. Bad data becomes a finding or a rejected row with its position; errors stop the run.
//! - The bytes of a report do not depend on threads, block size, clock, locale or hash order; only `run.json` may differ. The
//!   day that decides which suppressions have expired is an input and is stated in the report.
//! - Verdicts compare whole cells with lists in data files, and use exact cents and civil dates.
//! - If a run is killed at any moment, `--out` holds either the complete new report or what was there before. Only one run at a
//!   time writes it.
//! - No error or log line of a run quotes a cell: they name file, line and column. Notes quote words of product, status, claim
//!   form and payer columns that no table knows, also with `--mask`, and nothing else.
//! - No file with cells is ever readable by other users.
//! - `explain` judges again, with the functions of the run, from the lines that the run kept.
//!
//! # Reading order
//!
//! Start with [`run::run`], which reads and indexes extracts. Continue with [`ingest::record::grammar`] (what a row is),
//! [`claim::index`] (which lines belong together), [`rules::input`] (what a rule may ask) and any family of rules.

pub mod pages;

pub mod spec;

pub mod guide;

pub mod strict_toml;

pub mod pipeline;

pub mod spares;

pub mod steps;

pub mod frame;

pub mod disk;

pub mod warning;

pub mod ingest;

pub mod claim;

pub mod policy;

pub mod finding;

pub mod rules;

pub mod ledger;

pub mod tally;

pub mod statistics;

pub mod gate;

pub mod suppress;

pub mod baseline;

pub mod run;

pub mod report;

pub mod generate;

pub mod cli;

pub mod exit;
