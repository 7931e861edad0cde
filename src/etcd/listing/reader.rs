//! Reads the stretches of a listing, some at a time, and sends their keys in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use etcd_client::GetOptions;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use super::super::cluster::Cluster;
use super::super::read::page_of;
use super::range;
use super::windows::{Sizes, Stretch, Windows};
use crate::model::fault::{Fault, FaultKind};
use crate::model::page::KeyPage;

/// Stretches read at the same time.
const IN_FLIGHT: usize = 3;
/// Keys in a stretch, and the most that are read at once.
const KEYS: Sizes = Sizes { target: 30_000, whole: 45_000 };
const MOST_KEYS: i64 = 45_000;
/// The same with values, which are then read in pages.
const KEYS_WITH_VALUES: Sizes = Sizes { target: 4_000, whole: 8_000 };
/// A page with values aims at so many bytes, and has at most so many rows.
const VALUE_PAGE_BYTES: usize = 4 << 20;
const VALUE_PAGE_ROWS: i64 = 1_000;
const FIRST_VALUE_ROWS: i64 = 64;

/// What the reads of one listing share.
#[derive(Clone)]
pub(super) struct Reader {
    cluster: Cluster,
    revision: i64,
    with_values: bool,
    /// Bytes of values that may still be read.
    value_room: Arc<AtomicU64>,
    /// Keys, and rows with values, to be read at once: fewer where they are huge.
    most_keys: Arc<AtomicI64>,
    most_rows: Arc<AtomicI64>,
}

/// What a read brought.
struct Answer {
    id: u64,
    page: KeyPage,
    /// Keys in the whole stretch.
    count: u64,
}

impl Reader {
    pub(super) fn new(cluster: Cluster, revision: i64, with_values: bool, value_budget_bytes: u64) -> Self {
        Self {
            cluster,
            revision,
            with_values,
            value_room: Arc::new(AtomicU64::new(value_budget_bytes)),
            most_keys: Arc::new(AtomicI64::new(MOST_KEYS)),
            most_rows: Arc::new(AtomicI64::new(FIRST_VALUE_ROWS)),
        }
    }

    /// How much to read at once.
    pub(super) fn sizes(&self) -> Sizes {
        if self.reads_values() { KEYS_WITH_VALUES } else { KEYS }
    }

    /// Beyond the budget the rest is read without values.
    fn reads_values(&self) -> bool {
        self.with_values && self.value_room.load(Ordering::Relaxed) > 0
    }

    /// Reads all stretches and sends their keys in order.
    pub(super) async fn run(self, mut windows: Windows, pages: Sender<Result<KeyPage, Fault>>) {
        let mut reads = JoinSet::new();
        while !windows.is_done() {
            while reads.len() < IN_FLIGHT
                && let Some(stretch) = windows.next(self.sizes())
            {
                let reader = self.clone();
                reads.spawn(async move { reader.read(stretch).await });
            }
            let failed = tokio::select! {
                biased;
                Some(answer) = reads.join_next() => match answer {
                    Ok(Ok(answer)) => {
                        windows.answer(answer.id, answer.page, answer.count);
                        continue;
                    }
                    Ok(Err(fault)) => fault,
                    Err(panic) => Fault::new(FaultKind::Other, panic.to_string()),
                },
                permit = pages.reserve(), if windows.has_page() => match permit {
                    Ok(permit) => {
                        if let Some(page) = windows.take_page(self.sizes()) {
                            permit.send(Ok(page));
                        }
                        continue;
                    }
                    // Nobody listens any more.
                    Err(_) => return,
                },
                else => Fault::new(FaultKind::Other, "the listing has nothing left to read"),
            };
            // Whoever listened is gone if this can not be told.
            let _told = pages.send(Err(failed)).await;
            return;
        }
    }

    /// Reads the first keys of a stretch, as many as fit.
    async fn read(&self, stretch: Stretch) -> Result<Answer, Fault> {
        let Stretch { id, start, end } = stretch;
        loop {
            let with_values = self.reads_values();
            let most = if with_values { &self.most_rows } else { &self.most_keys };
            let limit = most.load(Ordering::Relaxed);
            let options = GetOptions::new().with_limit(limit);
            let options = if with_values { options } else { options.with_keys_only() };
            let answer = match range(&self.cluster, &start, end.as_deref(), self.revision, options).await {
                Err(fault) if fault.kind == FaultKind::TooLarge && limit > 1 => {
                    most.fetch_min((limit / 8).max(1), Ordering::Relaxed);
                    continue;
                }
                answer => answer?,
            };
            let count = u64::try_from(answer.count).unwrap_or(0);
            if answer.kvs.is_empty() && count > 0 {
                return Err(Fault::new(FaultKind::Other, "a range has keys, but brought none"));
            }
            if with_values {
                self.took_values(limit, answer.kvs.iter().map(|kv| kv.key.len() + kv.value.len()));
            }
            return Ok(Answer { id, page: page_of(answer.kvs, with_values), count });
        }
    }

    /// Follows how large rows with values are.
    fn took_values(&self, asked: i64, sizes: impl ExactSizeIterator<Item = usize>) {
        let rows = i64::try_from(sizes.len()).unwrap_or(i64::MAX);
        let bytes: usize = sizes.sum();
        let room = self.value_room.load(Ordering::Relaxed);
        self.value_room.store(room.saturating_sub(bytes as u64), Ordering::Relaxed);
        self.most_rows.store(next_limit(asked, rows, bytes), Ordering::Relaxed);
    }
}

/// Rows of the next page, after `rows` of `asked` rows had `bytes` bytes: at most twice as many, so
/// that one run of small values does not ask for too much behind it.
fn next_limit(asked: i64, rows: i64, bytes: usize) -> i64 {
    let per_row = i64::try_from(bytes).unwrap_or(i64::MAX) / rows.max(1);
    let target = i64::try_from(VALUE_PAGE_BYTES).unwrap_or(i64::MAX) / per_row.max(1);
    target.clamp(1, (asked * 2).min(VALUE_PAGE_ROWS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_the_size_of_the_values() {
        assert_eq!(next_limit(64, 64, 64 * 100), 128);
        assert_eq!(next_limit(1_000, 1_000, 1_000 * 100), 1_000);
        assert_eq!(next_limit(64, 64, 64 * 1_500_000), 2);
        assert_eq!(next_limit(1, 1, 64 << 20), 1);
        assert_eq!(next_limit(64, 64, 0), 128);
        assert_eq!(next_limit(500, 1, 100), 1_000, "the end of a stretch says nothing about rows");
    }
}
