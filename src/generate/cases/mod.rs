//! The catalog of cases: each plants its own rows and states what must be said of them.
//!
//! A new rule needs at least two cases: one in which it fires, and a near miss in which it does not.
//!
//! # Sub-rooms, in order
//!
//! - [`diagnosis`], [`near`]: necessity, and near misses.
//! - [`authorization`]: prior authorization.
//! - [`coding`]: procedure coding.
//! - [`routing`]: products and dates that the policy does not decide.
//! - [`sessions`]: the same treatment on several claims.
//! - [`caps`]: denials that are only for review.
//! - [`life`], [`versions`]: what became of rows and claims.
//! - [`money`]: amounts at risk.
//! - [`quality`]: cells that cannot be read.

mod authorization;
mod caps;
mod coding;
mod diagnosis;
mod life;
mod money;
mod near;
mod quality;
mod routing;
mod sessions;
mod versions;

use crate::generate::builder::PlantCase;

/// All cases. An extract uses each of them once, in random order, before it uses one again.
pub(super) const CASES: [&[PlantCase]; 11] = [
    authorization::CASES,
    caps::CASES,
    coding::CASES,
    diagnosis::CASES,
    life::CASES,
    money::CASES,
    near::CASES,
    quality::CASES,
    routing::CASES,
    sessions::CASES,
    versions::CASES,
];
