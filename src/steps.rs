//! Counts the steps of work that must grow in proportion to its input, so that a test can compare the steps of an input with
//! those of one that is ten times as large. Release builds count nothing.

use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Notes that a loop took this many steps on the calling thread.
#[inline]
pub(crate) fn take(steps: usize) {
    if cfg!(debug_assertions) {
        TAKEN.with(|taken| taken.set(taken.get() + steps as u64));
    }
}

/// The steps that `work` takes on the calling thread; zero in a release build.
pub fn of(work: impl FnOnce()) -> u64 {
    let before = TAKEN.with(Cell::get);
    work();
    TAKEN.with(Cell::get) - before
}
