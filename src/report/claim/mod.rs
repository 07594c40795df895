//! One claim in full: its rows and what became of them, its encounter, and the facts and rule answers of each service.
//! It answers questions in an appeal; the terminal and the page show the same content.
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
