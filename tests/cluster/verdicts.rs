//! What the console says of writes, held against what etcd did: writers that want the same keys, each
//! value written once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use etcdscope::etcd::Cluster;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};
use tokio::task::JoinSet;

use super::support::Witness;

const WRITERS: usize = 4;
/// Fewer than writers: they meet.
const KEYS: usize = 3;

/// Writers at work through the console's own connection.
pub struct Verdicts {
    stop: Arc<AtomicBool>,
    saved: Arc<AtomicUsize>,
    writers: JoinSet<Vec<(Vec<u8>, WriteOutcome)>>,
}

/// What the verdicts were.
#[derive(Debug, Default)]
pub struct Counted {
    pub saved: usize,
    pub conflicts: usize,
    pub not_saved: usize,
    pub unknown: usize,
    /// Of the unknown ones, those that etcd had done.
    pub done_after_all: usize,
}

impl Verdicts {
    pub fn start(cluster: &Cluster, prefix: &'static str) -> Self {
        let (stop, saved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(cluster.clone(), prefix, writer, stop.clone(), saved.clone()));
        }
        Self { stop, saved, writers }
    }

    /// Writes called saved so far.
    pub fn saved(&self) -> usize {
        self.saved.load(Ordering::SeqCst)
    }

    /// Ends the writers and holds every verdict against what the witness has seen.
    pub async fn compare(self, witness: &Witness, last: impl AsyncFnOnce() -> i64) -> Counted {
        self.stop.store(true, Ordering::SeqCst);
        let verdicts: Vec<_> = self.writers.join_all().await.into_iter().flatten().collect();
        let last = last().await;
        witness.events(0, last).await;
        let mut counted = Counted::default();
        for (value, outcome) in verdicts {
            let written = witness.written(&value);
            let shown = String::from_utf8_lossy(&value).into_owned();
            assert!(written.len() <= 1, "{shown} was written at {written:?}");
            match outcome {
                WriteOutcome::Saved { revision } => {
                    assert_eq!(written, [revision], "{shown} was called saved");
                    counted.saved += 1;
                }
                WriteOutcome::Conflict(now) => {
                    assert!(written.is_empty(), "{shown} was called a conflict with {now:?}, but is written");
                    counted.conflicts += 1;
                }
                WriteOutcome::NotSaved(fault) => {
                    assert!(written.is_empty(), "{shown} was called not saved ({fault}), but is written");
                    counted.not_saved += 1;
                }
                WriteOutcome::Unknown(_) => {
                    counted.unknown += 1;
                    counted.done_after_all += written.len();
                }
            }
        }
        counted
    }
}

async fn write(
    cluster: Cluster,
    prefix: &'static str,
    writer: usize,
    stop: Arc<AtomicBool>,
    saved: Arc<AtomicUsize>,
) -> Vec<(Vec<u8>, WriteOutcome)> {
    let mut verdicts = Vec::new();
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        let key = format!("{prefix}/{}", number % KEYS).into_bytes();
        let Ok(now) = cluster.read(&key).await else { continue };
        let value = format!("{prefix} of {writer}: {number}").into_bytes();
        let (expect, lease) = match now {
            Some(now) => (Expect::Revision(now.meta.mod_revision), LeaseChoice::Keep),
            None => (Expect::Absent, LeaseChoice::Attach(0)),
        };
        let put = PutRequest { key: key.into(), value: value.clone().into(), expect, lease };
        let outcome = cluster.put(&put).await;
        saved.fetch_add(usize::from(matches!(outcome, WriteOutcome::Saved { .. })), Ordering::SeqCst);
        verdicts.push((value, outcome));
    }
    verdicts
}
