//! A walk over all keys, shared by some threads.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::keyspace::Keyspace;

/// Fewer keys are not worth a thread of their own.
const KEYS_A_THREAD: u64 = 50_000;
/// More threads would take the machine from those who work on it.
const MOST_THREADS: usize = 4;
/// Slices for each thread, so that one that is held up does not hold up all.
const SLICES_A_THREAD: u64 = 4;

/// How many threads so many keys are worth.
pub(super) fn threads_for(keys: u64) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS);
    usize::try_from(keys / KEYS_A_THREAD).unwrap_or(cores).clamp(1, cores)
}

/// Calls `work` with slices of the key space, which are ranges of places in key order, and returns
/// what it gave for each. `None`: one of them broke off.
pub(super) fn in_slices<T: Send>(
    keyspace: &Keyspace,
    work: &(dyn Fn(Range<u64>) -> Option<T> + Sync),
) -> Option<Vec<T>> {
    let keys = keyspace.len();
    let threads = threads_for(keys);
    let count = if threads == 1 { 1 } else { threads as u64 * SLICES_A_THREAD };
    let slice = |number: u64| keys * number / count..keys * (number + 1) / count;
    let slices: Vec<Range<u64>> = (0..count).map(slice).collect();
    each(&slices, threads, &|range: &Range<u64>| work(range.clone()))
}

/// Calls `work` with each item, on so many threads, and returns what it gave, in order.
pub(super) fn each<I: Sync, T: Send>(
    items: &[I],
    threads: usize,
    work: &(dyn Fn(&I) -> Option<T> + Sync),
) -> Option<Vec<T>> {
    if threads <= 1 || items.len() <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        } {
            done.push((at, work(item)?));
        }
        Some(done)
    };
    let parts = std::thread::scope(|scope| {
        let running: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut parts = vec![run()];
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.extend(running.into_iter().map(join));
        parts
    });
    let mut all: Vec<(usize, T)> =
        parts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(at, _)| *at);
    Some(all.into_iter().map(|(_, made)| made).collect())
}
