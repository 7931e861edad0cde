//! Answers what the window asks about the log, off the async threads. The chain is verified beside
//! that, again and again while somebody looks, and takes at most a twentieth of a processor for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::Outbox;
use crate::model::audit::{AuditPage, AuditQuery, ChainState};
use crate::model::fault::Fault;
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
        let (folder, verdict, outbox) = (self.folder.clone(), self.verdict.clone(), self.outbox.clone());
        tokio::task::spawn_blocking(move || {
            let page = folder.and_then(|folder| AuditReader::open(&folder)?.page(&query)).map(|page| {
                let chain = lock(&verdict).chain.clone();
                Arc::new(AuditPage { chain, ..page })
            });
            tell(&outbox, request, EventKind::Audit(page));
        });
        self.verify();
    }

    /// Writes what the query finds to a file.
    pub(crate) fn export(&self, request: RequestId, query: AuditQuery, path: PathBuf) {
        let (folder, outbox) = (self.folder.clone(), self.outbox.clone());
        tokio::task::spawn_blocking(move || {
            let written = folder.and_then(|folder| AuditReader::open(&folder)?.export(&query, &path));
            tell(&outbox, request, EventKind::AuditExported(written));
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
        tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let found = folder.and_then(|folder| AuditReader::open(&folder)?.verify());
            let mut now = lock(&verdict);
            now.running = false;
            now.rest_until = Some(Instant::now() + (begun.elapsed() * REST).max(VERIFY_EVERY));
            match found {
                Ok((chain, _)) => {
                    now.chain = chain.clone();
                    drop(now);
                    tell(&outbox, RequestId::default(), EventKind::AuditChain(chain));
                }
                // The page that was asked for tells why.
                Err(fault) => tracing::warn!(%fault, "the audit log could not be verified"),
            }
        });
    }
}

fn lock(verdict: &Mutex<Verdict>) -> std::sync::MutexGuard<'_, Verdict> {
    verdict.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(outbox: &Outbox, request: RequestId, kind: EventKind) {
    outbox.blocking_send(Event { session: SessionId::default(), request, kind });
}
