//! A pipeline: pieces of work are done in parallel, and their results are taken in order.
//!
//! No thread waits for another one, so that they are busy to the end. A thread that has a result leaves it for the one that takes
//! results, or takes them itself. If too many results were not yet taken, it goes away, and is called back once some were.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::Scope;

/// The pieces that are under way.
struct UnderWay<T> {
    /// The results that were not yet taken, in order; `None` of pieces that are not done.
    results: VecDeque<Option<T>>,
    /// The number of the first of them.
    first: usize,
    /// Is a result being taken, which is no longer among them?
    is_taking: bool,
    /// Are there no more pieces to be done?
    is_over: bool,
    /// Does nobody want any more results?
    is_stopped: bool,
    threads: usize,
}

struct Pipeline<'p, T, N, W, K> {
    under_way: Mutex<UnderWay<T>>,
    most: &'p AtomicUsize,
    next: Mutex<N>,
    work: W,
    take: Mutex<K>,
}

/// Does `work` on each piece that `next` returns, until that returns `None`, and calls `take` with the results, in the order of the
/// pieces. Ends early if `take` returns false. At most `most` pieces are under way, at least one: their results are not made, not
/// taken, or being taken. `take` may change that number.
pub fn run<P, T: Send>(
    most: &AtomicUsize,
    next: impl FnMut() -> Option<P> + Send,
    work: impl Fn(P) -> T + Sync,
    take: impl FnMut(T) -> bool + Send,
) {
    let threads = rayon::current_num_threads();
    let under_way =
        UnderWay { results: VecDeque::new(), first: 0, is_taking: false, is_over: false, is_stopped: false, threads };
    let pipeline =
        Pipeline { under_way: Mutex::new(under_way), most, next: Mutex::new(next), work, take: Mutex::new(take) };
    rayon::scope(|scope| (0..threads).for_each(|_| scope.spawn(|scope| pipeline.help(scope))));
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T, P, N, W, K> Pipeline<'_, T, N, W, K>
where
    T: Send,
    N: FnMut() -> Option<P> + Send,
    W: Fn(P) -> T + Sync,
    K: FnMut(T) -> bool + Send,
{
    /// Does pieces until there are no more, or too many results.
    fn help<'s>(&'s self, scope: &Scope<'s>) {
        while let Some((number, piece)) = self.next_piece() {
            let result = (self.work)(piece);
            self.hand_in(number, result, scope);
        }
    }

    /// The next piece and its number. `None`: the thread goes away.
    fn next_piece(&self) -> Option<(usize, P)> {
        // Whoever has it numbers the pieces.
        let mut next = locked(&self.next);
        let number = {
            let mut under_way = locked(&self.under_way);
            let count = under_way.results.len() + usize::from(under_way.is_taking);
            if under_way.is_over || count >= self.most.load(Ordering::Relaxed).max(1) {
                under_way.threads -= 1;
                return None;
            }
            under_way.results.push_back(None);
            under_way.first + under_way.results.len() - 1
        };
        let piece = next();
        if piece.is_none() {
            let mut under_way = locked(&self.under_way);
            under_way.results.pop_back();
            under_way.is_over = true;
            under_way.threads -= 1;
        }
        Some((number, piece?))
    }

    /// Leaves a result, and takes all results whose turn it is, unless another thread does.
    fn hand_in<'s>(&'s self, number: usize, result: T, scope: &Scope<'s>) {
        let mut under_way = locked(&self.under_way);
        let place = number - under_way.first;
        under_way.results[place] = Some(result);
        if under_way.is_taking || under_way.is_stopped {
            return;
        }
        while let Some(result) = under_way.results.front_mut().and_then(Option::take) {
            under_way.results.pop_front();
            under_way.first += 1;
            under_way.is_taking = true;
            drop(under_way);
            let goes_on = locked(&self.take)(result);
            under_way = locked(&self.under_way);
            under_way.is_taking = false;
            if !goes_on {
                // The others end with the pieces that they have.
                (under_way.is_over, under_way.is_stopped) = (true, true);
                return;
            }
            if !under_way.is_over && under_way.threads < rayon::current_num_threads() {
                under_way.threads += 1;
                scope.spawn(|scope| self.help(scope));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn results_are_taken_in_order(
            pieces in 0..200_usize, most in 0..6_usize, threads in 1..5_usize, stop in prop::option::of(0..200_usize), slow in 0..9_usize,
        ) {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let (most, under_way, highest) = (AtomicUsize::new(most), AtomicUsize::new(0), AtomicUsize::new(0));
            let (mut numbers, mut taken) = (0..pieces, Vec::new());
            pool.install(|| {
                let next = || {
                    let piece = numbers.next()?;
                    highest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    Some(piece)
                };
                let work = |piece: usize| {
                    if piece % 10 == slow {
                        std::thread::sleep(std::time::Duration::from_micros(200));
                    }
                    // Other work of the pool may be done meanwhile.
                    rayon::join(|| piece * 2, || ()).0
                };
                let take = |result: usize| {
                    rayon::join(|| (), || ());
                    taken.push(result);
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    Some(result) != stop.map(|stop| stop * 2)
                };
                run(&most, next, work, take);
            });
            let end = stop.map_or(pieces, |stop| pieces.min(stop + 1));
            prop_assert_eq!(taken, (0..end).map(|piece| piece * 2).collect::<Vec<_>>());
            prop_assert!(highest.into_inner() <= most.into_inner().max(1));
        }
    }

    #[test]
    fn a_panic_is_passed_on() {
        let most = AtomicUsize::new(3);
        let mut pieces = 0..50;
        let work = |piece: usize| assert!(piece != 7, "piece seven");
        let run = std::panic::AssertUnwindSafe(|| run(&most, || pieces.next(), work, |()| true));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
