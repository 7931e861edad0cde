//! Searches of one connection, off the async threads: the newest wins.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Outbox;
use crate::model::fault::{Fault, FaultKind};
use crate::model::keyspace::Keyspace;
use crate::model::message::{Event, EventKind, RequestId, SessionId};
use crate::model::search::{SearchQuery, search};

/// Where the searches of a connection run. A newer search, or closing the connection, cancels the
/// one that is running.
pub(super) struct SearchLane {
    id: SessionId,
    outbox: Outbox,
    newest: Arc<AtomicU64>,
}

impl SearchLane {
    pub(super) fn new(id: SessionId, outbox: Outbox) -> Self {
        Self { id, outbox, newest: Arc::new(AtomicU64::new(0)) }
    }

    pub(super) fn search(&self, request: RequestId, keyspace: Keyspace, query: SearchQuery) {
        self.newest.store(request.0, Ordering::Release);
        let (id, outbox, newest) = (self.id, self.outbox.clone(), self.newest.clone());
        tokio::spawn(async move {
            let found = tokio::task::spawn_blocking(move || {
                search(&keyspace, &query, &|| newest.load(Ordering::Acquire) != request.0)
            })
            .await;
            match found {
                Ok(None) => {}
                Ok(Some(result)) => {
                    outbox.send(Event { session: id, request, kind: EventKind::Found(Ok(result)) }).await;
                }
                Err(error) => {
                    tracing::error!(%error, "a search has ended");
                    let fault = Fault::new(FaultKind::Other, format!("the search has ended: {error}"));
                    outbox.send(Event { session: id, request, kind: EventKind::Found(Err(fault)) }).await;
                }
            }
        });
    }

    pub(super) fn cancel(&self) {
        self.newest.store(u64::MAX, Ordering::Release);
    }
}
