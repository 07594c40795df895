//! The catalog of cases: each plants its own rows and states what must be said of them.
//!
//! A new rule needs at least two cases: one in which it fires, and a near miss in which it does not.

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

use crate::generate::builder::CaseBuilder;

/// Plants the rows of one case, at most `MAX_ROWS_PER_CASE` of [`crate::generate::write`].
pub(super) type PlantCase = fn(&mut CaseBuilder);

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
