//! What a person sees at the terminal: styles, the summary, notes, progress and the message of a panic.
//!
//! # Sub-rooms, in order
//!
//! - [`screen`]: the only way to the terminal.
//! - [`style`]: colors and line breaks.
//! - [`columns`](mod@columns): tables whose cells are never broken.
//! - [`markdown`]: pages of the guide as text and as manual pages.
//! - [`summary`]: the result of a run on one screen.
//! - [`log`](mod@log): a log for machines.
//! - [`absent`]: missing columns, announced as one note.
//! - [`progress`]: progress while a run reads and judges.
//! - [`panic`](mod@panic): the message of a panic.

pub(crate) mod absent;
pub(crate) mod columns;
pub(crate) mod log;
pub(crate) mod markdown;
pub(crate) mod panic;
pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod style;
pub(crate) mod summary;
