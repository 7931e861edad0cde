//! Answers what the window asks about the log, off the async threads. The chain is verified beside
//! that, again and again while somebody looks, and takes at most a twentieth of a processor for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::Outbox;
use crate::model::audit::{AuditPage, AuditQuery, ChainState};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Event, EventKind, RequestId, SessionId};
use crate::storage::Storage;
use crate::storage::audit::AuditReader;

/// Verified at most so often.
const VERIFY_EVERY: Duration = Duration::from_secs(1);
/// After a verification it rests for so many times as long as that took.
const REST: u32 = 20;

/// What was found of the chain.
#[derive(Debug, Default)]
struct Verdict {
    chain: ChainState,
    running: bool,
    rest_until: Option<Instant>,
}

/// Reads the log for the window.
pub(crate) struct AuditDesk {
    folder: Result<PathBuf, Fault>,
    verdict: Arc<Mutex<Verdict>>,
    outbox: Outbox,
}

impl AuditDesk {
    pub(crate) fn new(storage: &Storage, outbox: Outbox) -> Self {
        let folder = storage.audit().map(std::path::Path::to_path_buf);
        Self { folder, verdict: Arc::default(), outbox }
    }

    /// Answers with a part of the log, and has the chain verified.
    pub(crate) fn page(&self, request: RequestId, query: AuditQuery) {
        let (folder, verdict) = (self.folder.clone(), self.verdict.clone());
        let read = move || {
            let page = AuditReader::open(&folder?)?.page(&query)?;
            Ok(Arc::new(AuditPage { chain: lock(&verdict).chain.clone(), ..page }))
        };
        self.answer(request, read, EventKind::Audit);
        self.verify();
    }

    /// Writes what the query finds to a file.
    pub(crate) fn export(&self, request: RequestId, query: AuditQuery, path: PathBuf) {
        let folder = self.folder.clone();
        let write = move || AuditReader::open(&folder?)?.export(&query, &path);
        self.answer(request, write, EventKind::AuditExported);
    }

    /// Works off the async threads; also work that breaks (a panic) is answered.
    fn answer<T: Send + 'static>(
        &self,
        request: RequestId,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
        kind: fn(Result<T, Fault>) -> EventKind,
    ) {
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            let done = worked(work).await;
            outbox.send(Event { session: SessionId::default(), request, kind: kind(done) }).await;
        });
    }

    fn verify(&self) {
        let (folder, verdict, outbox) = (self.folder.clone(), self.verdict.clone(), self.outbox.clone());
        {
            let mut now = lock(&verdict);
            if now.running || now.rest_until.is_some_and(|until| Instant::now() < until) {
                return;
            }
            now.running = true;
        }
        tokio::spawn(async move {
            let begun = Instant::now();
            let found = worked(move || AuditReader::open(&folder?)?.verify()).await;
            let told = {
                let mut now = lock(&verdict);
                now.running = false;
                now.rest_until = Some(Instant::now() + (begun.elapsed() * REST).max(VERIFY_EVERY));
                // Where it fails, the page that was asked for tells why.
                now.chain = found.map_or_else(
                    |fault| {
                        tracing::warn!(%fault, "the audit log could not be verified");
                        ChainState::Unchecked
                    },
                    |(chain, _)| chain,
                );
                now.chain.clone()
            };
            let (session, request) = (SessionId::default(), RequestId::default());
            outbox.send(Event { session, request, kind: EventKind::AuditChain(told) }).await;
        });
    }
}

/// Does work that waits for the disk.
async fn worked<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::new(FaultKind::Other, format!("reading the audit log: {error}")))?
}

fn lock(verdict: &Mutex<Verdict>) -> std::sync::MutexGuard<'_, Verdict> {
    verdict.lock().unwrap_or_else(PoisonError::into_inner)
}
