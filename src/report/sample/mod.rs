//! An audit sample of a report that anyone can draw again, and the worksheet that comes back with audited amounts.
//!
//! The guide describes the draw so that it can be programmed again in a few lines (`claimlint help sampling`); a test does
//! that and compares.
//!
//! # Sub-rooms, in order
//!
//! - [`frame`]: the services from which a sample is drawn, each with its rank.
//! - [`draw`]: strata by amount, their allocation, and the services with the lowest ranks.
//! - [`columns`]: the columns of the worksheet.
//! - [`worksheet`]: the worksheet that is written.
//! - [`audited`]: the worksheet that comes back.

pub mod audited;
pub(crate) mod columns;
pub mod draw;
pub mod frame;
pub mod worksheet;
