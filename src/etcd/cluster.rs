//! A cluster as one thing to ask: its members, which of them is used, and fail-over between them.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::model::claim::LeaseInfo;
use crate::model::fault::{Fault, FaultKind};
use crate::model::history::History;
use crate::model::message::ConnectRequest;
use crate::model::record::KeyRecord;
use crate::model::status::ClusterStatus;
use crate::model::write::{BatchReport, BatchStep, PutRequest, WriteOutcome};

/// A connection to all members of one cluster. Clones share it.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {}

/// Part of a listing; all parts of one listing are at the same revision.
#[derive(Clone, Debug)]
pub struct Page {
    /// The keys, in byte order behind those of the page before.
    pub records: Vec<KeyRecord>,
    /// The revision that all pages are read at.
    pub revision: i64,
    /// Keys in the whole listing.
    pub total: u64,
}

fn missing() -> Fault {
    Fault::new(FaultKind::Unimplemented, "not yet")
}

impl Cluster {
    /// Connects to every endpoint at once and returns when the first member has answered; the
    /// others are tried again later.
    ///
    /// # Errors
    /// When no member answers: the fault that tells most.
    pub async fn connect(request: &ConnectRequest) -> Result<Self, Fault> {
        let _ = request;
        Err(missing())
    }

    /// The id that the cluster's members gave.
    #[must_use]
    pub fn cluster_id(&self) -> u64 {
        let _ = &self.inner;
        0
    }

    /// One key as it is now, by a linearizable read.
    ///
    /// # Errors
    /// When no member could answer, or the user may not read it.
    pub async fn read(&self, key: &[u8]) -> Result<Option<KeyRecord>, Fault> {
        let _ = key;
        Err(missing())
    }

    /// Writes one key in one guarded transaction. Never sent twice: an answer that was lost is
    /// settled by reading again.
    pub async fn put(&self, put: &PutRequest) -> WriteOutcome {
        let _ = put;
        WriteOutcome::NotSaved(missing())
    }

    /// Runs the steps in guarded transactions of at most 100 operations and 1 MiB. `progress` is
    /// told the number of steps done so far; between transactions `cancelled` is asked.
    pub async fn batch(
        &self,
        steps: &[BatchStep],
        progress: &mut (dyn FnMut(u64) + Send),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> BatchReport {
        let _ = (steps, progress, cancelled);
        BatchReport::default()
    }

    /// Older versions of a key, newest first, at most `limit`, with a mod revision below
    /// `below_revision` (`None`: from the newest).
    ///
    /// # Errors
    /// When no member could answer.
    pub async fn history(
        &self,
        key: &[u8],
        below_revision: Option<i64>,
        limit: u32,
    ) -> Result<History, Fault> {
        let _ = (key, below_revision, limit);
        Err(missing())
    }

    /// The TTLs of these leases. A lease that is gone has −1 left; one that the user may not see is
    /// left out.
    ///
    /// # Errors
    /// When no member could answer.
    pub async fn leases(&self, ids: &[i64]) -> Result<Vec<LeaseInfo>, Fault> {
        let _ = ids;
        Err(missing())
    }

    /// Reads every key with this prefix that the user may read, at one revision (`None`: the newest),
    /// and sends it page by page, each of a few MiB at most. Returns the revision. Dropping the
    /// receiver ends it with [`FaultKind::Cancelled`].
    ///
    /// # Errors
    /// When no member could answer, the revision is compacted meanwhile, or the receiver is gone.
    pub async fn list_pages(
        &self,
        prefix: &[u8],
        revision: Option<i64>,
        with_values: bool,
        pages: &Sender<Page>,
    ) -> Result<i64, Fault> {
        let _ = (prefix, revision, with_values, pages);
        Err(missing())
    }

    /// What every member tells of itself, at its own endpoint.
    pub async fn status(&self) -> ClusterStatus {
        ClusterStatus::default()
    }
}
