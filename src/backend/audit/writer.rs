//! The one thread of this process that appends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::model::audit::{AuditWrite, ChainHead};
use crate::model::fault::{Fault, FaultKind};
use crate::storage::Storage;
use crate::storage::audit::{AuditStore, not_recorded};

/// A write waits so long for its entry to be on disk; then it is done without.
const APPEND_WITHIN: Duration = Duration::from_secs(6);
/// So many appends may wait for the disk.
const WAITING: usize = 1_024;
/// So many entries that could not be written are kept in memory; more are counted.
const MOST_KEPT: usize = 20_000;

/// Is told when entries can not be written (`Some`), and when they can again (`None`).
pub type OnTrouble = Arc<dyn Fn(Option<Fault>) + Send + Sync>;

enum Job {
    Append(Vec<AuditWrite>, oneshot::Sender<()>),
    Flush(oneshot::Sender<()>),
}

/// The log that this process writes to. Clones are one log.
#[derive(Clone)]
pub struct AuditLog {
    jobs: mpsc::Sender<Job>,
    in_trouble: Arc<AtomicBool>,
    on_trouble: OnTrouble,
}

impl AuditLog {
    /// Starts the thread that writes.
    #[must_use]
    pub fn start(storage: &Storage, on_trouble: OnTrouble) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let told = on_trouble.clone();
        let store = storage.audit().map(|folder| AuditStore::new(folder.to_owned()));
        let in_trouble = Arc::<AtomicBool>::default();
        let writer =
            Writer { store, kept: Vec::new(), lost: 0, in_trouble: in_trouble.clone(), on_trouble: told };
        if let Err(error) = std::thread::Builder::new().name("audit".to_owned()).spawn(|| writer.run(waiting))
        {
            // The channel is closed then: each append says so.
            tracing::error!(%error, "no thread: writes will not be recorded");
        }
        Self { jobs, in_trouble, on_trouble }
    }

    /// Appends entries; returns when they are on disk, or can not be for now.
    pub(super) async fn append(&self, writes: Vec<AuditWrite>) {
        let (done, on_disk) = oneshot::channel();
        let appended = async {
            self.jobs.send(Job::Append(writes, done)).await.ok()?;
            on_disk.await.ok()
        };
        let detail = match tokio::time::timeout(APPEND_WITHIN, appended).await {
            Ok(Some(())) => return,
            Ok(None) => "the thread that writes the audit log has ended".to_owned(),
            Err(_) => format!("the disk has not answered for {} s", APPEND_WITHIN.as_secs()),
        };
        tracing::error!(detail, "a write is not recorded in time");
        self.in_trouble.store(true, Ordering::SeqCst);
        (self.on_trouble)(Some(Fault::new(FaultKind::File, detail)));
    }

    /// Waits until everything appended so far is on disk with its head, but not for ever.
    pub async fn flush(&self) {
        let (done, on_disk) = oneshot::channel();
        let flushed = async {
            self.jobs.send(Job::Flush(done)).await.ok()?;
            on_disk.await.ok()
        };
        if tokio::time::timeout(APPEND_WITHIN, flushed).await.ok().flatten().is_none() {
            tracing::error!("the audit log was not flushed");
        }
    }
}

struct Writer {
    store: Result<AuditStore, Fault>,
    /// Entries that could not be written yet, oldest first.
    kept: Vec<AuditWrite>,
    /// Entries that were given up.
    lost: u64,
    in_trouble: Arc<AtomicBool>,
    on_trouble: OnTrouble,
}

impl Writer {
    fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        let mut head = None;
        while let Some(job) = waiting.blocking_recv() {
            let done = match job {
                Job::Append(writes, done) => {
                    head = self.append(writes).or(head);
                    done
                }
                Job::Flush(done) => {
                    if !self.kept.is_empty() {
                        head = self.append(Vec::new()).or(head);
                    }
                    self.keep_head(head.take());
                    done
                }
            };
            // Whoever waits can go on: the entries are on disk. The head follows, once for all that
            // are waiting.
            if done.send(()).is_err() {
                tracing::debug!("nobody waits for the audit log any more");
            }
            if waiting.is_empty() {
                self.keep_head(head.take());
            }
        }
        self.keep_head(head);
    }

    fn append(&mut self, mut writes: Vec<AuditWrite>) -> Option<ChainHead> {
        let mut all = std::mem::take(&mut self.kept);
        all.append(&mut writes);
        let appended = match &mut self.store {
            Err(fault) => Err(fault.clone()),
            Ok(store) if self.lost == 0 => store.append(&all),
            Ok(store) => {
                let why = Fault::new(FaultKind::File, "there were too many to keep them in memory");
                let note = std::iter::once(not_recorded(self.lost, &why));
                store.append(&note.chain(all.iter().cloned()).collect::<Vec<_>>())
            }
        };
        match appended {
            Ok(head) => {
                self.lost = 0;
                if self.in_trouble.swap(false, Ordering::SeqCst) {
                    (self.on_trouble)(None);
                }
                Some(head)
            }
            Err(fault) => {
                tracing::error!(%fault, "writes are not recorded");
                let too_many = all.len().saturating_sub(MOST_KEPT);
                self.lost += too_many as u64;
                self.kept = all.split_off(too_many);
                self.in_trouble.store(true, Ordering::SeqCst);
                (self.on_trouble)(Some(fault));
                None
            }
        }
    }

    fn keep_head(&self, head: Option<ChainHead>) {
        if let (Ok(store), Some(head)) = (&self.store, head)
            && let Err(fault) = store.keep_head(&head)
        {
            // It may lag: the next append brings it up.
            tracing::warn!(%fault, "the head of the audit log is behind");
        }
    }
}
