//! The catalogue: each case plants rows of its own and states what must come out.
//!
//! Whoever adds a rule adds cases here: one in which it fires, one that looks like it and does not.

mod authorization;
mod coding;
mod diagnosis;
mod near;
mod quality;
mod routing;
mod versions;

use crate::generate::builder::Deal;

/// Plants its rows; at most [`crate::generate::write`]'s `MOST`.
pub(super) type Case = fn(&mut Deal);

/// All cases. An extract deals them all before it deals one again.
pub(super) const CASES: [&[Case]; 7] = [
    authorization::CASES,
    coding::CASES,
    diagnosis::CASES,
    near::CASES,
    quality::CASES,
    routing::CASES,
    versions::CASES,
];
