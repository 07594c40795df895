//! One claim in full: its rows and what became of them, its encounter, and the facts and rule answers of each service.
//! It answers questions in an appeal; the terminal and the page show the same content.
//!
//! # Sub-rooms, in order
//!
//! - [`place`]: where a row is.
//! - [`source`]: the report and the run that a dossier is from.
//! - [`lookup`]: finds the claims that somebody asks about.
//! - [`summary`]: whose claim it is, who billed it, when and where, and whether it was paid.
//! - [`authorization`]: what was looked for in the authorization file, and how near the nearest rows came.
//! - [`facts`](mod@facts): what the judgment of a service rests on.
//! - [`life`]: what happened to the rows of the claim.
//! - [`dossier`]: the whole claim.
//! - [`letter`]: a record request or a denial rationale, from the dossier.

mod authorization;
mod dossier;
pub(crate) mod facts;
pub(crate) mod letter;
mod life;
pub(crate) mod lookup;
mod place;
mod source;
pub(crate) mod summary;

pub(crate) use crate::report::claim::dossier::{ClaimDossier, ClaimFinding, ClaimRow, ClaimSubject};
pub(crate) use crate::report::claim::place::MAX_ENTRIES_SHOWN;
pub(crate) use crate::report::claim::source::ReportSource;
