//! The one integration binary.

mod joins;
