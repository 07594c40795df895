//! A job: extracts that are read in slices, by as many processes and machines as there are, and judged from them.
//!
//! The directory of a job holds `plan.json` and a file for each slice. It is as private as a report.
//!
//! # Sub-rooms, in order
//!
//! - [`plan`]: the plan of a job.
//! - [`slices`]: the slices of a job, checked before they are merged.

pub(crate) mod plan;
pub(crate) mod slices;

pub(crate) use crate::cli::job::plan::{Choices, Job, JobPlan, Part, PlannedExtract, PlannedFile, Stamp, Text};
pub(crate) use crate::cli::job::slices::{HEAD_BYTES, JobSlices};
