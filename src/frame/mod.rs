//! Frames: values in a file, each as a length and then postcard in zstd with a checksum.
//!
//! A file of frames may come from somebody else, so a frame is read back only within an [`Allowance`].
//!
//! # Sub-rooms, in order
//!
//! - [`allowance`]: the memory that a file may take which somebody else may have written.
//! - [`pack`]: makes frames.
//! - [`unpack`](mod@unpack): reads frames back.

pub mod allowance;
pub mod pack;
pub mod unpack;

pub use crate::frame::allowance::{Allowance, TooLarge};
pub use crate::frame::pack::Frames;
pub(crate) use crate::frame::unpack::read_frame;
pub use crate::frame::unpack::{FirstLine, FrameError, first_line, unpack};
