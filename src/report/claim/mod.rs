//! One claim in full: its rows and what took them back, its encounter, and of each service every fact and every
//! answer. Made for the appeal call; the terminal and the page show the same.
//!
//! # Sub-rooms, in order
//!
//! - [`place`]: where a row is.
//! - [`facts`](mod@facts): what the judgement of a service rests on.
//! - [`life`]: what happened to the rows of the claim.
//! - [`dossier`]: the whole claim.

mod dossier;
pub(crate) mod facts;
mod life;
mod place;

pub(crate) use crate::report::claim::dossier::{ClaimDossier, ClaimRow, ClaimSubject};
