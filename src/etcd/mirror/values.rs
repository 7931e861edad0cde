//! Values of leased keys that were listed without: registrations, owners of locks, candidates.

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use super::super::cluster::Cluster;
use super::super::task::Task;
use crate::model::bytes::{Key, Value};
use crate::model::record::KeyRecord;

/// So many are read after a listing.
const MOST_LEASED_VALUES: usize = 200_000;
/// So many at once, by so many questions side by side.
const LEASED_AT_ONCE: usize = 64;
const LEASED_IN_FLIGHT: usize = 2;

/// Values on their way. Dropping it ends it.
pub(super) struct LeasedValues {
    values: Receiver<(Key, i64, Value)>,
    _task: Task<()>,
}

impl LeasedValues {
    /// Reads the values of these keys, given with their mod revisions; `None`: there are none.
    pub(super) fn read(cluster: &Cluster, mut keys: Vec<(Key, i64)>) -> Option<Self> {
        if keys.is_empty() {
            return None;
        }
        keys.truncate(MOST_LEASED_VALUES);
        let (sender, values) = channel(16);
        let cluster = cluster.clone();
        let task = Task::spawn(async move {
            let mut reads = JoinSet::new();
            for some in keys.chunks(LEASED_AT_ONCE) {
                if reads.len() >= LEASED_IN_FLIGHT {
                    reads.join_next().await;
                }
                let keys: Vec<Key> = some.iter().map(|(key, _)| key.clone()).collect();
                let (cluster, sender) = (cluster.clone(), sender.clone());
                reads.spawn(async move {
                    for KeyRecord { key, meta, value } in read_each(&cluster, &keys).await {
                        // Of a key that was written meanwhile the watch tells.
                        let Some(value) = value else { continue };
                        if sender.send((key, meta.mod_revision, value)).await.is_err() {
                            // Whoever listened is gone.
                            return;
                        }
                    }
                });
            }
            reads.join_all().await;
        });
        Some(Self { values, _task: task })
    }

    /// The next value with its key and mod revision; `None`: that was all.
    pub(super) async fn next(values: &mut Option<Self>) -> Option<(Key, i64, Value)> {
        match values {
            Some(values) => values.values.recv().await,
            None => None,
        }
    }
}

/// Reads keys together; where that is refused, one after the other: what can be read is.
async fn read_each(cluster: &Cluster, keys: &[Key]) -> Vec<KeyRecord> {
    if let Ok(records) = cluster.read_together(keys).await {
        return records;
    }
    let mut records = Vec::new();
    for key in keys {
        if let Ok(Some(record)) = cluster.read(key).await {
            records.push(record);
        }
    }
    records
}
