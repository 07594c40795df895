//! One file per subcommand. Each resolves its arguments, calls the rooms it needs and prints the result.
//!
//! # Sub-rooms, in order
//!
//! - [`gates`](mod@gates): the gates of a `check`.
//! - [`run_file`]: writes run.json.
//! - [`check`](mod@check): judges extracts and writes a report.
//! - [`plan`](mod@plan): plans a job.
//! - [`slice`](mod@slice): reads one slice of a job.
//! - [`merge`]: judges a job from its slices.
//! - [`rules`](mod@rules), [`policy`](mod@policy): shows rules and the policy.
//! - [`explain`](mod@explain): shows one claim of a report.
//! - [`verify`](mod@verify): checks a report.
//! - [`compare`](mod@compare): compares two reports.
//! - [`prune`](mod@prune): removes old reports.
//! - [`sample`](mod@sample), [`estimate`](mod@estimate): draws an audit sample and extrapolates its result.
//! - [`trend`](mod@trend): shows months, rules and providers over many reports.
//! - [`config`](mod@config): shows the settings in force.
//! - [`inspect`](mod@inspect): shows how an extract is read.
//! - [`layout`](mod@layout): prints a built-in layout, or checks a layout file.
//! - [`generate`](mod@generate): invents an extract.
//! - [`help`](mod@help), [`man`](mod@man): prints the guide, the specification and the manual.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod config;
pub(crate) mod estimate;
pub(crate) mod explain;
pub(crate) mod gates;
pub(crate) mod generate;
pub(crate) mod help;
pub(crate) mod inspect;
pub(crate) mod layout;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod prune;
pub(crate) mod rules;
pub(crate) mod run_file;
pub(crate) mod sample;
pub(crate) mod slice;
pub(crate) mod trend;
pub(crate) mod verify;
