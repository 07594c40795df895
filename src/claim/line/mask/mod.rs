//! Replaces ids with keyed tokens. Equal ids have equal tokens under one key, and a token reveals nothing without the key.
//!
//! All texts of a line are masked: ids, unreadable cells, which may hold anything, and ids that strayed into other cells.
//! Stray ids are looked for in the letters and digits of a cell, so neither case nor separators hide them. A cell in which
//! an id could be written in another way is withheld. spec: outputs/masking.
//!
//! # Sub-rooms, in order
//!
//! - [`key`]: which secrets are keys, and how a pass phrase becomes one.
//! - [`token`]: the tokens of a key.
//! - [`entries`]: sorted hashes, in memory or on disk.
//! - [`ids`]: the ids of a run, as hashes.
//! - [`find`]: finds ids in cells.
//! - [`forms`]: cells that could hold an id in a form that is not looked for.
//! - [`cells`]: masks lines and rows of the authorization file.
//! - [`numbers`]: amounts and units that are ids.

pub(crate) mod cells;
pub(crate) mod entries;
pub(crate) mod find;
pub(crate) mod forms;
pub(crate) mod ids;
pub(crate) mod key;
pub(crate) mod numbers;
pub(crate) mod token;

pub use crate::claim::line::mask::cells::Masker;
pub use crate::claim::line::mask::entries::IdRoom;
pub use crate::claim::line::mask::ids::{IdSink, Ids, IsCode};
pub use crate::claim::line::mask::key::WeakKey;
pub use crate::claim::line::mask::token::Mask;
pub(crate) use crate::claim::line::mask::token::is_claim_token;
