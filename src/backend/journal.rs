//! The journal of a connection: what the mirror tells goes to a thread of its own that records it.
//!
//! The mirror never waits for the disk. What waits to be recorded is bounded in bytes: beyond that
//! changes are left out, and recording goes on with a whole picture. Between the two lies an honest gap.

mod recorder;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{mpsc, oneshot};

use super::Outbox;
use crate::etcd::Cluster;
use crate::model::fault::{Fault, FaultKind};
use crate::model::journal::{JournalSettings, JournalStatus};
use crate::model::message::{Event, EventKind, MirrorUpdate, RequestId, SessionId};
use crate::model::moment::Live;
use crate::model::record::{ChangeKind, Revision};
use crate::model::status::MirrorState;
use crate::storage::Storage;
use crate::storage::journal::{Base, Changes, Reader, Trouble, without};
use recorder::{Item, Recorder};

/// So many bytes of changes may wait for the disk.
const MOST_WAITING: u64 = 64 << 20;
/// What a change takes beside its key and values.
const CHANGE_BYTES: u64 = 160;
/// After an overflow or a fault a whole picture is recorded no sooner than this after the last one.
const BETWEEN_BASES: Duration = Duration::from_secs(5);
/// A listing does not wait longer for the journal to be opened.
const OPEN_WAIT: Duration = Duration::from_secs(3);
/// A question does not wait longer for what has just been seen to be on disk.
const FLUSH_WAIT: Duration = Duration::from_secs(2);
/// The end of the console does not wait longer for the journals.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// What both ends know.
struct Common {
    session: SessionId,
    outbox: Outbox,
    /// Bytes of changes on their way to the disk.
    waiting: AtomicU64,
    /// Something was left out, or could not be recorded: a whole picture is needed.
    wants_base: AtomicBool,
    /// The connection was closed, or that nothing is recorded any more was told.
    ended: AtomicBool,
    known: Mutex<Known>,
}

/// What answers are made of.
#[derive(Clone, Default)]
struct Known {
    /// The file and the epoch that are recorded.
    recorded: Option<(PathBuf, i64)>,
    live: Option<Live>,
}

impl Common {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, status: JournalStatus) {
        let kind = EventKind::Journal(Box::new(status));
        self.outbox.try_send(Event { session: self.session, request: RequestId(0), kind });
    }
}

/// What the tap remembers between updates.
#[derive(Default)]
struct Tap {
    /// The key space is a whole picture.
    complete: bool,
    /// With what is being recorded.
    recording: Option<JournalSettings>,
    /// Tells the cluster's id, which another one behind the same endpoints may change.
    cluster_id: Option<Box<dyn Fn() -> u64 + Send>>,
    last_base: Option<Instant>,
    applied: i64,
    lost: bool,
}

/// The journal of one connection. Clones share it.
#[derive(Clone)]
pub(super) struct Journal {
    common: Arc<Common>,
    items: Sender<Item>,
    settings: Arc<Mutex<JournalSettings>>,
    tap: Arc<Mutex<Tap>>,
}

impl Journal {
    /// Starts the thread that records.
    pub(super) fn start(
        session: SessionId,
        storage: &Storage,
        settings: JournalSettings,
        outbox: Outbox,
        alive: Alive,
    ) -> Self {
        let common = Arc::new(Common {
            session,
            outbox,
            waiting: AtomicU64::new(0),
            wants_base: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            known: Mutex::default(),
        });
        let (items, waiting) = channel();
        let (theirs, folder) = (common.clone(), storage.journals());
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            Recorder::new(theirs, folder).run(&waiting);
            drop(alive);
        });
        if let Err(error) = thread {
            tracing::error!(%error, "no thread: nothing will be recorded");
        }
        Self { common, items, settings: Arc::new(Mutex::new(settings)), tap: Arc::default() }
    }

    /// One that records nothing.
    #[cfg(test)]
    pub(super) fn idle(outbox: Outbox) -> Self {
        let settings = JournalSettings { on: false, ..JournalSettings::default() };
        let alive = JournalKeeper::new().alive();
        Self::start(SessionId(1), &Storage::open(Some("unused".into())), settings, outbox, alive)
    }

    /// Opens the file of a cluster, before a listing of it begins: what is on disk by then can not be
    /// newer than the listing, if both are of one history.
    pub(super) async fn open(&self, cluster: &Cluster) {
        let of = cluster.clone();
        self.tap().cluster_id = Some(Box::new(move || of.cluster_id()));
        let cluster_id = cluster.cluster_id();
        if !self.settings().on {
            self.common.tell(JournalStatus::default());
            return;
        }
        let (reply, opened) = oneshot::channel();
        self.give(Item::Open { cluster_id, reply });
        if tokio::time::timeout(OPEN_WAIT, opened).await.is_err() {
            tracing::warn!("the journal takes long to open");
        }
    }

    /// A mirror is begun anew: its first picture is not whole.
    pub(super) fn mirror_begins(&self) {
        let mut tap = self.tap();
        tap.complete = false;
        tap.recording = None;
    }

    /// Takes an update in. Never waits.
    pub(super) fn see(&self, update: &MirrorUpdate) {
        let mut tap = self.tap();
        tap.complete |= update.listed;
        self.look_around(&mut tap, &update.state);
        if !tap.complete {
            return;
        }
        let live = Live {
            keyspace: update.keyspace.clone(),
            applied: update.applied,
            seen_at: update.seen_at,
            readable: update.readable.to_vec(),
        };
        self.common.known().live = Some(live.clone());
        let settings = self.settings();
        if !settings.on {
            if tap.recording.take().is_some() {
                self.give(Item::End);
                self.common.known().recorded = None;
                self.common.tell(JournalStatus::default());
            }
            return;
        }
        let anew = update.listed || update.relisted || tap.recording.as_ref() != Some(&settings);
        if anew || self.common.wants_base.load(Ordering::Acquire) {
            let too_soon = tap.last_base.is_some_and(|last| last.elapsed() < BETWEEN_BASES);
            if too_soon && !update.listed {
                self.common.wants_base.store(true, Ordering::Release);
                return;
            }
            self.begin(&mut tap, live, update.replaced, settings);
        }
        self.changes(&mut tap, update);
    }

    /// From time to time: where a whole picture is needed and nothing changes, the last one does.
    pub(super) fn tick(&self) {
        if !self.common.wants_base.load(Ordering::Acquire) {
            return;
        }
        let mut tap = self.tap();
        let too_soon = tap.last_base.is_some_and(|last| last.elapsed() < BETWEEN_BASES);
        let settings = self.settings();
        if let Some(live) = self.live().filter(|_| tap.complete && settings.on && !too_soon) {
            self.begin(&mut tap, live, false, settings);
        }
    }

    /// Where the connection was lost, others may go on: how far they have come is looked up before the
    /// next listing.
    fn look_around(&self, tap: &mut Tap, state: &MirrorState) {
        let lost = matches!(state, MirrorState::Stale { .. } | MirrorState::Failed(_));
        if lost && !tap.lost && tap.recording.is_some() {
            self.give(Item::Lost);
        }
        tap.lost = lost;
    }

    fn begin(&self, tap: &mut Tap, live: Live, replaced: bool, settings: JournalSettings) {
        let Some(cluster_id) = tap.cluster_id.as_ref().map(|of| of()) else { return };
        self.common.wants_base.store(false, Ordering::Release);
        let base = Base {
            intervals: without(&live.readable, &kept_out(&settings)),
            keyspace: live.keyspace,
            applied: live.applied,
            seen_at: live.seen_at,
            replaced,
            most_keys: super::session::VALUES_UP_TO_KEYS,
            // A picture that fills the journal leaves no room for what changes.
            most_bytes: settings.most_mib.saturating_mul(1 << 20) / 2,
        };
        tap.recording = Some(settings.clone());
        tap.last_base = Some(Instant::now());
        tap.applied = 0;
        self.give(Item::Base { cluster_id, base: Box::new(base), settings });
    }

    fn changes(&self, tap: &mut Tap, update: &MirrorUpdate) {
        if update.changes.is_empty() && update.applied <= tap.applied {
            return;
        }
        let bytes = CHANGE_BYTES + update.changes.iter().map(bytes_of).sum::<u64>();
        if self.common.waiting.load(Ordering::Acquire) + bytes > MOST_WAITING {
            tracing::warn!(applied = update.applied, "the journal is behind: changes are left out");
            self.common.wants_base.store(true, Ordering::Release);
            return;
        }
        tap.applied = update.applied;
        self.common.waiting.fetch_add(bytes, Ordering::AcqRel);
        let changes =
            Changes { revisions: update.changes.clone(), applied: update.applied, seen_at: update.seen_at };
        self.give(Item::Changes { changes, bytes });
    }

    /// Follows what was decided about the profile.
    pub(super) fn follow(&self, settings: &JournalSettings) {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone_from(settings);
    }

    /// The connection ends: what was given is recorded yet.
    pub(super) fn close(&self) {
        self.common.ended.store(true, Ordering::Release);
        if self.items.send(Item::Close).is_err() {
            tracing::debug!("the journal has ended before");
        }
    }

    /// The key space as it is now, once it is known whole.
    pub(super) fn live(&self) -> Option<Live> {
        self.common.known().live.clone()
    }

    /// Whether this key is never recorded, by the profile.
    pub(super) fn keeps_out(&self, key: &[u8]) -> bool {
        let settings = self.settings();
        !settings.on || kept_out(&settings).iter().any(|prefix| key.starts_with(prefix))
    }

    /// Reads what was recorded, with everything seen until now, off the async threads. `None`: nothing
    /// is recorded.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader, i64) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<Option<T>, Fault> {
        self.flush().await;
        let Some((path, epoch)) = self.common.known().recorded.clone() else { return Ok(None) };
        let reading = tokio::task::spawn_blocking(move || match Reader::open(&path)? {
            Some(reader) => read(&reader, epoch).map(Some),
            None => Ok(None),
        });
        let read = reading
            .await
            .map_err(|error| Fault::new(FaultKind::Other, format!("reading the journal: {error}")))?;
        read.map_err(|trouble| {
            if matches!(trouble, Trouble::Damaged(_)) {
                self.give(Item::Damaged);
            }
            trouble.fault()
        })
    }

    /// Waits until everything seen until now is on disk, but not for ever.
    async fn flush(&self) {
        let (reply, flushed) = oneshot::channel();
        self.give(Item::Flush(reply));
        if tokio::time::timeout(FLUSH_WAIT, flushed).await.is_err() {
            tracing::debug!("the journal is behind");
        }
    }

    fn give(&self, item: Item) {
        if self.items.send(item).is_err() && !self.common.ended.swap(true, Ordering::AcqRel) {
            let fault = Fault::new(FaultKind::Other, "the thread that records has ended");
            self.common.tell(JournalStatus { on: true, fault: Some(fault), ..JournalStatus::default() });
        }
    }

    fn settings(&self) -> JournalSettings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tap(&self) -> MutexGuard<'_, Tap> {
        self.tap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes_of(revision: &Revision) -> u64 {
    let of = |change: &crate::model::record::KeyChange| {
        let value = match &change.kind {
            ChangeKind::Put { value, .. } => value.len(),
            ChangeKind::Delete => 0,
        };
        let before = change.prev.as_ref().and_then(|prev| prev.value.as_ref()).map_or(0, |value| value.len());
        CHANGE_BYTES + (change.key.len() + value + before) as u64
    };
    revision.changes.iter().map(of).sum()
}

/// The prefixes that are never recorded. One that can not be read keeps everything out.
fn kept_out(settings: &JournalSettings) -> Vec<Vec<u8>> {
    let decode = |text: &String| STANDARD.decode(text).unwrap_or_default();
    settings.kept_out.iter().map(decode).collect()
}

/// Held by a thread that records; see [`JournalKeeper`].
pub(super) type Alive = mpsc::Sender<()>;

/// Knows whether any thread still records.
pub(super) struct JournalKeeper {
    alive: Alive,
    ended: mpsc::Receiver<()>,
}

impl JournalKeeper {
    pub(super) fn new() -> Self {
        let (alive, ended) = mpsc::channel(1);
        Self { alive, ended }
    }

    pub(super) fn alive(&self) -> Alive {
        self.alive.clone()
    }

    /// Waits until everything is on disk.
    pub(super) async fn finish(self) {
        let Self { alive, mut ended } = self;
        drop(alive);
        if tokio::time::timeout(FINISH_WITHIN, ended.recv()).await.is_err() {
            tracing::error!("the journal was not written in time");
        }
    }
}

#[cfg(test)]
mod tests;
