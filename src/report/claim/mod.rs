//! One claim in full: its rows and what became of them, its encounter, and the facts and rule answers of each service.
//! It answers questions in an appeal; the terminal and the page show the same content.
//!
//! # Sub-rooms, in order
//!
//! - [`source`]: the report and the run that a dossier is from.
//! - [`lookup`]: finds the claims that somebody asks about.
//! - [`place`]: where a row is.
//! - [`facts`](mod@facts): what the judgement of a service rests on.
//! - [`life`]: what happened to the rows of the claim.
//! - [`dossier`]: the whole claim.

mod dossier;
pub(crate) mod facts;
mod life;
pub(crate) mod lookup;
mod place;
mod source;

pub(crate) use crate::report::claim::dossier::{ClaimDossier, ClaimRow, ClaimSubject};
pub(crate) use crate::report::claim::place::MAX_ENTRIES_SHOWN;
pub(crate) use crate::report::claim::source::ReportSource;
