//! A run: reads the extracts, indexes the lines of all of them together, and judges them part by part.
//!
//! No file is written and nothing is printed here, so worked examples, tests and the command line use the same code. A
//! run keeps its lines and their index. It judges a [`JudgedPart`] when a writer asks for it and drops it when it is
//! written, so that memory holds the lines (only up to a bound) and never all findings.
//!
//! # Sub-rooms, in order
//!
//! - [`reconcile`]: the rows and amounts read, compared with those announced.
//! - [`setup`]: what a run needs to start.
//! - [`authorizations`]: reads the authorization file with the words of its layout.
//! - [`context`]: what holds for all parts of a run, and a part that was judged.
//! - [`mask`]: masks a part after it was judged.
//! - [`clues`]: the signs by which unused columns of codes are known.
//! - [`code_shapes`]: the shapes of codes.
//! - [`column_clues`]: columns that no field uses although their cells look like codes.
//! - [`misplaced`]: cells that cannot be what their column says.
//! - [`unread_words`]: words that no table knows.
//! - [`first_rows`]: what the first rows of an extract say of its columns.
//! - [`read`]: reads one extract.
//! - [`indexed`]: the extracts read and indexed; their parts are judged on demand.
//! - [`slice`](mod@slice): what was read of an extract or of a split, as a file.
//! - [`extracts`]: reads and indexes all extracts of a run.
//! - [`thinned`]: a table that another engine has read and thinned.
//! - [`example`]: runs a worked example.

mod authorizations;
mod clues;
mod code_shapes;
pub(crate) mod column_clues;
mod context;
pub mod example;
mod extracts;
pub(crate) mod first_rows;
mod indexed;
pub mod mask;
mod misplaced;
pub mod read;
pub mod reconcile;
mod setup;
pub mod slice;
pub mod thinned;
mod unread_words;

pub use crate::ingest::scan::parallel::Unwatched;
pub(crate) use crate::run::authorizations::authorization_columns;
pub use crate::run::authorizations::read_authorizations;
pub(crate) use crate::run::context::NO_LAYOUT;
pub use crate::run::context::{Input, JudgedPart, JudgedRun, Masked, RunContext};
pub use crate::run::example::{run_example, run_text};
pub use crate::run::extracts::{ReadExtract, run, run_with};
pub use crate::run::indexed::Run;
pub use crate::run::mask::Masking;
pub(crate) use crate::run::read::read_one;
pub use crate::run::read::{absent, settle};
pub use crate::run::reconcile::Expect;
pub use crate::run::setup::{Memory, Setup};
