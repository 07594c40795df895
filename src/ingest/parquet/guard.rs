//! Runs the Parquet library on bytes that may be damaged.
//!
//! The library checks much of what it reads, but not all: on some damaged pages it indexes beyond a buffer or asks for what
//! cannot be there, and panics. Its values are plain data that nobody sees after a panic, so unwinding is safe, and the
//! panic means the same as its errors: these bytes are no such column.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Is this thread inside [`guarded`]?
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Does the library decode something on this thread, so that a panic is an answer about the file and not a fault of
/// claimlint?
pub(crate) fn is_decoding() -> bool {
    IS_DECODING.get()
}

/// The value of `decode`, or `None` if it panics. It must not start tasks on other threads, or wait for any: a task of
/// another kind could run on this thread in the meantime, and its panic would be taken for one of the library.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    IS_DECODING.set(true);
    let value = catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(false);
    value.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        assert_eq!(guarded(is_decoding), Some(true));
        let bytes: Vec<u8> = Vec::new();
        assert_eq!(guarded(|| bytes[std::hint::black_box(1)]), None);
        assert!(!is_decoding());
    }
}
