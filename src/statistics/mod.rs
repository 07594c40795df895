//! Statistics: quantiles, and totals that are estimated from a sample. Counts and money come in, nothing is read.
//!
//! # Sub-rooms, in order
//!
//! - [`functions`]: the gamma and beta functions that the distributions need.
//! - [`quantiles`]: tails and quantiles of the normal distribution and of Student's t.
//! - [`proportion`]: intervals of proportions and of their differences.
//! - [`extrapolation`]: the total of a frame, estimated from a simple or stratified random sample.

pub mod extrapolation;
mod functions;
pub mod proportion;
pub mod quantiles;
