//! The past beyond what etcd still has: asked of the same backend that the window has, which reads the
//! journal beside a mirror of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};

use crate::backend::plans::{EtcdPast, Past};
use crate::backend::{Backend, BackendOptions};
use crate::demo::DemoOptions;
use crate::etcd::Cluster;
use crate::model::activity::DeletedKey;
use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::journal::{KeyRecords, RecordedKind, Replay};
use crate::model::message::{Command, CommandKind, ConnectRequest, EventKind, RequestId, SessionId};
use crate::model::moment::{Certainty, Picture};
use crate::model::record::KeyRecord;
use crate::model::status::{KeyInterval, MirrorState};
use crate::storage::Storage;
use crate::storage::secrets::Secrets;

/// A connection that does not come about is given up after so long.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
const OURS: SessionId = SessionId(1);

/// A backend with one connection, whose mirror is live.
struct Desk {
    backend: Backend,
    woken: Arc<Notify>,
    last: u64,
}

impl Desk {
    async fn open(request: &ConnectRequest) -> Result<Self, Fault> {
        let woken = Arc::new(Notify::new());
        let wake = woken.clone();
        // The password was read already.
        let (secrets, demo) = (Secrets::off(), DemoOptions::default());
        let options = BackendOptions { storage: Storage::open(None), secrets, demo };
        let backend = Backend::start(options, Arc::new(move |_| wake.notify_one()))?;
        let mut desk = Self { backend, woken, last: 0 };
        desk.send(CommandKind::Connect(Box::new(request.clone())))?;
        let live = tokio::time::timeout(CONNECT_WITHIN, desk.until_listed()).await;
        live.map_err(|_| Fault::new(FaultKind::TimedOut, "no connection for the journal"))??;
        desk.until_live().await?;
        Ok(desk)
    }

    fn send(&mut self, kind: CommandKind) -> Result<RequestId, Fault> {
        self.last += 1;
        let request = RequestId(self.last);
        self.backend.send(Command { session: OURS, request, kind })?;
        Ok(request)
    }

    async fn next(&mut self) -> crate::model::message::Event {
        loop {
            self.backend.draining();
            if let Some(event) = self.backend.try_next() {
                return event;
            }
            self.woken.notified().await;
        }
    }

    /// Waits until the listing has begun: from then on it may take as long as it takes.
    async fn until_listed(&mut self) -> Result<(), Fault> {
        loop {
            match self.next().await.kind {
                EventKind::State(MirrorState::Failed(fault)) => return Err(fault),
                EventKind::Mirror(_) => return Ok(()),
                _ => {}
            }
        }
    }

    async fn until_live(&mut self) -> Result<(), Fault> {
        loop {
            match self.next().await.kind {
                EventKind::State(MirrorState::Failed(fault)) => return Err(fault),
                EventKind::Mirror(update) if update.state.is_live() => return Ok(()),
                _ => {}
            }
        }
    }

    async fn ask(&mut self, kind: CommandKind) -> Result<EventKind, Fault> {
        let request = self.send(kind)?;
        loop {
            let event = self.next().await;
            if event.request == request && !matches!(event.kind, EventKind::Progress { .. }) {
                return Ok(event.kind);
            }
        }
    }
}

/// The past as the command line reads it: etcd's own, and what this machine recorded beyond.
pub(super) struct Recorded {
    request: ConnectRequest,
    desk: Mutex<Option<Desk>>,
    /// Found while it was read: deleted keys that were only found gone, with what was watched around.
    gaps: Mutex<BTreeMap<Key, (i64, i64)>>,
    /// The pictures that are not certain as a whole, or of some keys.
    doubtful: Mutex<Vec<Picture>>,
}

impl Recorded {
    pub(super) fn new(request: &ConnectRequest) -> Self {
        Self {
            request: request.clone(),
            desk: Mutex::new(None),
            gaps: Mutex::default(),
            doubtful: Mutex::default(),
        }
    }

    /// Whether anything was recorded of this cluster.
    fn has_journal(&self, cluster: &Cluster) -> bool {
        let folder = Storage::open(None).journals();
        self.request.profile.journal.on
            && folder.is_ok_and(|folder| folder.file(cluster.cluster_id()).exists())
    }

    async fn ask(&self, kind: CommandKind) -> Result<EventKind, Fault> {
        let mut desk = self.desk.lock().await;
        if desk.is_none() {
            *desk = Some(Desk::open(&self.request).await?);
        }
        match desk.as_mut() {
            Some(desk) => desk.ask(kind).await,
            None => Err(Fault::new(FaultKind::Other, "no backend")),
        }
    }

    /// What was recorded of a key; `None`: nothing was recorded of the cluster.
    pub(super) async fn key(&self, cluster: &Cluster, key: &[u8]) -> Result<Option<Arc<KeyRecords>>, Fault> {
        if !self.has_journal(cluster) {
            return Ok(None);
        }
        match self.ask(CommandKind::Recorded(key.into())).await? {
            EventKind::Recorded { records, .. } => records.map(Some),
            _ => Err(odd()),
        }
    }

    /// Pictures read so far that are not certain.
    pub(super) async fn doubtful(&self) -> Vec<Picture> {
        std::mem::take(&mut *self.doubtful.lock().await)
    }

    /// Deleted keys read so far that were only found gone: watched to one revision, and from another on.
    pub(super) async fn gaps(&self) -> BTreeMap<Key, (i64, i64)> {
        std::mem::take(&mut *self.gaps.lock().await)
    }

    /// Ends the backend, where one was needed, and waits until what it recorded is on disk.
    pub(super) async fn close(self) {
        if let Some(desk) = self.desk.into_inner() {
            let closed = tokio::task::spawn_blocking(move || desk.backend.shutdown()).await;
            if let Err(error) = closed {
                tracing::error!(%error, "the backend was not ended");
            }
        }
    }
}

impl Past for Recorded {
    async fn picture(&self, cluster: &Cluster, prefix: &[u8], revision: i64) -> Result<Picture, Fault> {
        let refused = match EtcdPast.picture(cluster, prefix, revision).await {
            Err(fault) if fault.kind == FaultKind::Compacted && self.has_journal(cluster) => fault,
            Err(fault) => return Err(told_why(cluster, revision, fault).await),
            Ok(picture) => return Ok(picture),
        };
        tracing::info!(%refused, "the journal is asked");
        match self.ask(CommandKind::Moment { prefix: prefix.to_vec(), revision }).await? {
            EventKind::Moment { picture, .. } => {
                let picture = Arc::unwrap_or_clone(picture?);
                if picture.certainty != Certainty::Exact || !picture.uncertain.is_empty() {
                    self.doubtful.lock().await.push(picture.clone());
                }
                Ok(picture)
            }
            _ => Err(odd()),
        }
    }

    async fn deleted(&self, cluster: &Cluster, prefix: &[u8]) -> Result<Vec<DeletedKey>, Fault> {
        let replayed =
            cluster.replay(&KeyInterval::prefix(prefix), 0, &mut |_, _| {}, &Default::default()).await;
        let mut keys: BTreeMap<Key, DeletedKey> = BTreeMap::new();
        if self.has_journal(cluster) {
            match self.ask(CommandKind::DeletedKeys(prefix.to_vec())).await? {
                EventKind::DeletedKeys { keys: recorded, .. } => {
                    let recorded = recorded?;
                    let found = recorded.iter().filter(|deleted| deleted.found);
                    let gaps = found.map(|it| (it.last.key.clone(), (it.watched_to, it.revision)));
                    self.gaps.lock().await.extend(gaps);
                    keys.extend(recorded.into_iter().map(|deleted| (deleted.last.key.clone(), deleted)));
                }
                _ => return Err(odd()),
            }
            if let Err(fault) = &replayed {
                eprintln!("etcdscope: only the journal was read, etcd's own history could not be: {fault}");
            }
        }
        match replayed {
            Ok(replay) => keys.extend(deleted_in(&replay)),
            Err(fault) if keys.is_empty() => return Err(fault),
            Err(_) => {}
        }
        Ok(keys.into_values().collect())
    }
}

/// A revision that etcd does not have, in words that say which ones it has.
async fn told_why(cluster: &Cluster, revision: i64, fault: Fault) -> Fault {
    if fault.kind == FaultKind::Compacted {
        return match cluster.compaction_revision().await {
            Ok(from) if from > 0 => Fault::new(
                FaultKind::Compacted,
                format!(
                    "revision {revision} is gone; etcd has something from revision {from} on, and nothing was recorded on this machine"
                ),
            ),
            _ => fault,
        };
    }
    match cluster.newest_revision().await {
        Ok(newest) if newest < revision => {
            let words = format!("revision {revision} has not happened yet; the newest is {newest}");
            Fault::new(FaultKind::Invalid, words)
        }
        _ => fault,
    }
}

/// The keys that a replay ends without, as they last were.
fn deleted_in(replay: &Replay) -> BTreeMap<Key, DeletedKey> {
    let mut gone: BTreeMap<&Key, i64> = BTreeMap::new();
    let mut seen: BTreeMap<&Key, ()> = BTreeMap::new();
    let mut deleted = BTreeMap::new();
    // Newest first: the first record of a key says whether it is gone, the first put behind it what
    // it was.
    for record in &replay.records {
        match &record.kind {
            RecordedKind::Deleted | RecordedKind::FoundGone => {
                if !seen.contains_key(&record.key) {
                    gone.insert(&record.key, record.revision);
                }
            }
            RecordedKind::Put { meta, value } => {
                if let Some(revision) = gone.remove(&record.key) {
                    let last = KeyRecord { key: record.key.clone(), meta: *meta, value: value.clone() };
                    let seen_at = record.seen_at.unwrap_or_default();
                    deleted.insert(
                        record.key.clone(),
                        DeletedKey { last, revision, seen_at, found: false, watched_to: 0 },
                    );
                }
            }
        }
        seen.insert(&record.key, ());
    }
    deleted
}

fn odd() -> Fault {
    Fault::new(FaultKind::Other, "the backend answered something else")
}
