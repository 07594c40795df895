//! claimlint checks kyphoplasty claims in large CSV extracts against BCBSMA Medical Policy 485.
//!
//! ```text
//!   extract --> ingest --> claim --> rules <-- report
//!                 ^          ^         ^
//!              layouts/      +-- policy --+   <-- policies/
//! ```
//!
//! Rows become lines, lines become services, and the rules judge them. The policy is a side input: `claim` and `rules`
//! look things up in it. The report pulls the judging, one part of the run at a time, so that memory stays bounded. `cli`
//! resolves the arguments and calls the rooms.
//!
//! # Rooms, in the order in which data flows
//!
//! - [`spec`]: the specification of what the program reads, decides and writes, as pages of text.
//! - [`guide`]: the pages of the guide, for `cargo doc`, `claimlint help` and the manual.
//! - [`strict_toml`]: strict reading of TOML. Reports every fault at once, with its place. Everything that is data is read by it.
//! - [`ingest`]: files to rows. Opens, decompresses, finds the detected, cuts blocks, reads records, counts every row.
//!   Knows bytes and header names, no claim.
//! - [`claim`]: rows to lines. Codes, dates, amounts, products, settings as types; which lines belong together.
//! - [`policy`]: the TOML of the medical policy, the limits and the reason codes, checked, every name resolved.
//! - [`finding`]: what made a rule fire, the words for it, and the fingerprint by which it is known again.
//! - [`rules`]: kinds of fault in code, one family a file, documentation and examples beside it. Each says why it fires,
//!   or why it does not.
//! - [`ledger`] and [`tally`]: every row in one bin; counts and money.
//! - [`gate`]: conditions over these totals, for `--fail-if`.
//! - [`suppress`] and [`baseline`]: findings that somebody answers for, and those that an earlier report had.
//! - [`run`]: the run on one page, its parts judged on demand, their ids masked where asked; no file is written and
//!   nothing printed.
//! - [`report`]: one file per format, part after part, all or nothing on disk; manifest, comparison, the dossier of one
//!   claim. Knows findings and answers, no rule.
//! - [`generate`]: invented extracts whose findings are known beforehand. Knows nobody who judges.
//! - [`cli`] and [`exit`]: what was typed, the screen, the exit code.
//!
//! A room uses only rooms above it in this list; a test reads the `use` lines.
//!
//! # Invariants
//!
//! - Every row after the header falls in exactly one bin of the ledger, or the run fails.
//! - A bad row costs itself and never a neighbour; bad data is a positioned finding or reject, errors stop the run.
//! - The report's bytes do not depend on threads, block size, clock, locale or hash order; only `run.json` may differ. The
//!   day on which suppressions are held against their expiry is an input, stated in the report.
//! - A verdict rests on whole cells compared with lists in data files, on exact cents and on civil dates.
//! - `--out` holds a complete report or what was there before, whenever a run is killed; one run at a time writes it.
//! - No message quotes a cell, and no file that holds one is open to others, not even for a moment.
//! - What `explain` says is judged again by the functions of the run, from the lines that the run kept.
//!
//! # Reading order
//!
//! [`run::run`] is the whole job. Then [`ingest::record::grammar`] (the grammar of a row), [`claim::index`] (the universe
//! of lines), [`rules::input`] (what a rule may ask) and any family of rules.

pub mod guide;
pub mod spec;

pub mod strict_toml;

pub mod ingest;

pub mod claim;

pub mod policy;

pub mod finding;

pub mod rules;

pub mod ledger;
pub mod tally;

pub mod baseline;
pub mod gate;
pub mod suppress;

pub mod run;

pub mod report;

pub mod generate;

pub mod cli;
pub mod exit;
