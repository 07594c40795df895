//! What a person sees at the terminal: styles, the summary, progress, the log and the message of a panic.

pub(crate) mod log;
pub(crate) mod markdown;
pub(crate) mod panic;
pub(crate) mod progress;
pub(crate) mod style;
pub(crate) mod summary;
