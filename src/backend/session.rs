//! One connection: opened, mirrored, its members watched, until it is closed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::Outbox;
use super::audit::{AuditLog, Signer};
use super::coordination::{Note, Observer};
use super::files::Passwords;
use super::journal::Journal;
use super::leases::{LeaseDesk, look_after};
use super::search::SearchLane;
use crate::etcd::{Cluster, FeedEvent, MirrorOptions, ValuePolicy, WriteGate, run_mirror};
use crate::model::fault::{Fault, FaultKind};
use crate::model::keyspace::Keyspace;
use crate::model::message::{ConnectRequest, Event, EventKind, RequestId, SessionId};
use crate::model::profile::Profile;
use crate::model::search::SearchQuery;
use crate::model::status::{ClusterStatus, MirrorState, Notice, now};

/// First and longest wait between attempts to connect.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(800), Duration::from_secs(30));
/// A mirror that ended is begun anew after so long.
const MIRROR_AGAIN: Duration = Duration::from_secs(2);
/// How often the members are asked for their health.
const STATUS_EVERY: Duration = Duration::from_secs(5);
/// Values are mirrored with the keys up to so many keys.
pub(super) const VALUES_UP_TO_KEYS: u64 = 50_000;
/// Values are kept up to so many bytes.
const VALUE_BUDGET_BYTES: u64 = 64 << 20;
/// Changes are gathered for so long before the window hears of them.
const GATHER: Duration = Duration::from_millis(40);
/// How often it is seen to that recording goes on after it was interrupted.
const JOURNAL_TICK: Duration = Duration::from_secs(2);

/// The cluster of a connection, once it is connected.
pub(super) type ClusterSlot = watch::Receiver<Option<Cluster>>;

/// The hub's end of a connection.
pub(super) struct SessionHandle {
    profile_name: String,
    /// What it was opened with.
    profile: Arc<Profile>,
    user: Option<String>,
    gate: WriteGate,
    cluster: ClusterSlot,
    retry_now: Arc<Notify>,
    journal: Journal,
    observer: Observer,
    leases: LeaseDesk,
    search: SearchLane,
    tasks: Vec<JoinHandle<()>>,
}

impl SessionHandle {
    pub(super) fn open(
        id: SessionId,
        request: ConnectRequest,
        passwords: Passwords,
        journal: Journal,
        outbox: Outbox,
    ) -> Self {
        let (slot, cluster) = watch::channel(None);
        let retry_now = Arc::new(Notify::new());
        let profile_name = request.profile.name.clone();
        let profile = Arc::new(request.profile.clone());
        let user = request.profile.user.clone();
        let gate = WriteGate::of(&request.profile);
        let behind = gate.clone();
        let (notices, noticed) = watch::channel(Vec::new());
        let (told, wake) = (outbox.clone(), retry_now.clone());
        let recorded = journal.clone();
        let coordination = &request.profile.coordination;
        let observer = Observer::start(id, request.profile.separator_byte(), coordination, outbox.clone());
        let recogniser = observer.clone();
        let leases = LeaseDesk::default();
        let desk = leases.clone();
        let connection = async move {
            let request = passwords.complete(request).await;
            let connection = Connection {
                id,
                request,
                gate: behind,
                outbox: told,
                retry_now: wake,
                journal: recorded,
                observer: recogniser,
                leases: desk,
            };
            connection.clone().run_to_end(|| connection.clone().run(slot.clone(), notices.clone())).await;
        };
        let (members, watcher) = (cluster.clone(), outbox.clone());
        let members = again_after_a_panic(STATUS_EVERY, move || {
            watch_members(id, members.clone(), noticed.clone(), watcher.clone())
        });
        let (slot, watched, desk, told) = (cluster.clone(), observer.clone(), leases.clone(), outbox.clone());
        let keeper = again_after_a_panic(STATUS_EVERY, move || {
            look_after(id, slot.clone(), watched.clone(), desk.clone(), told.clone())
        });
        let tasks = vec![tokio::spawn(connection), tokio::spawn(members), tokio::spawn(keeper)];
        let search = SearchLane::new(id, outbox);
        Self {
            profile_name,
            profile,
            user,
            gate,
            cluster,
            retry_now,
            journal,
            observer,
            leases,
            search,
            tasks,
        }
    }

    /// What it was opened with.
    pub(super) fn profile(&self) -> Arc<Profile> {
        self.profile.clone()
    }

    /// Whether it may write.
    pub(super) fn gate(&self) -> &WriteGate {
        &self.gate
    }

    /// Who writes through it, for the audit log.
    pub(super) fn signer(&self, log: AuditLog) -> Signer {
        let told = Some(self.observer.clone());
        Signer { log, profile: self.profile_name.clone(), user: self.user.clone(), told }
    }

    /// Takes over what was decided about the profile of this name (`before`: its name until now).
    /// A profile made read-only closes its open connections at once; one that may be written to
    /// again is for connections opened from then on.
    pub(super) fn follow_profile(&mut self, before: &str, profile: &Profile) {
        if self.profile_name == before || self.profile_name == profile.name {
            self.profile_name.clone_from(&profile.name);
            self.journal.follow(&profile.journal);
            self.observer.note(Note::Settings(profile.coordination.clone()));
            // What is asked from now on is held against the rules as they are now.
            Arc::make_mut(&mut self.profile).schemas.clone_from(&profile.schemas);
            if profile.read_only {
                self.gate.close();
            }
        }
    }

    /// Where TTLs that were told are left.
    pub(super) fn leases(&self) -> LeaseDesk {
        self.leases.clone()
    }

    /// What is recorded of it.
    pub(super) fn journal(&self) -> Journal {
        self.journal.clone()
    }

    pub(super) fn cluster(&self) -> ClusterSlot {
        self.cluster.clone()
    }

    pub(super) fn retry_now(&self) {
        self.retry_now.notify_waiters();
        self.retry_now.notify_one();
    }

    pub(super) fn search(&mut self, request: RequestId, keyspace: Keyspace, query: SearchQuery) {
        self.search.search(request, keyspace, query);
    }

    pub(super) fn close(self) {
        self.search.cancel();
        self.journal.close();
        for task in self.tasks {
            task.abort();
        }
    }
}

#[derive(Clone)]
struct Connection {
    id: SessionId,
    request: ConnectRequest,
    gate: WriteGate,
    outbox: Outbox,
    retry_now: Arc<Notify>,
    journal: Journal,
    observer: Observer,
    leases: LeaseDesk,
}

impl Connection {
    /// Runs the connection; if it breaks (a panic), says so and waits for the operator.
    async fn run_to_end<F>(self, run: impl Fn() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            let mut running = AbortOnDrop(tokio::spawn(run()));
            let Err(error) = (&mut running.0).await else { return };
            tracing::error!(session = self.id.0, %error, "the connection has ended");
            let fault = Fault::new(FaultKind::Other, format!("the connection has ended: {error}"));
            if !self.tell(EventKind::State(MirrorState::Failed(fault))).await {
                return;
            }
            self.retry_now.notified().await;
            self.tell(EventKind::State(MirrorState::Connecting)).await;
        }
    }

    async fn run(self, slot: watch::Sender<Option<Cluster>>, notices: watch::Sender<Vec<Notice>>) {
        let Some(cluster) = self.connect().await else { return };
        slot.send_replace(Some(cluster.clone()));
        self.journal.open(&cluster).await;
        let options = MirrorOptions {
            separator: self.request.profile.separator_byte(),
            values: ValuePolicy::UpToKeys(VALUES_UP_TO_KEYS),
            value_budget_bytes: VALUE_BUDGET_BYTES,
            gather: GATHER,
        };
        let retry_now = self.retry_now.clone();
        let start = |feed| tokio::spawn(run_mirror(cluster.clone(), options, feed, retry_now.clone()));
        self.mirror(&notices, start).await;
    }

    /// Mirrors for as long as the window listens. A mirror never ends by itself: if it does (a
    /// panic), what is on screen is no longer live, which is told, and it is begun anew.
    async fn mirror(
        &self,
        notices: &watch::Sender<Vec<Notice>>,
        start: impl Fn(mpsc::Sender<FeedEvent>) -> JoinHandle<()>,
    ) {
        loop {
            let (sender, feed) = mpsc::channel(64);
            self.journal.mirror_begins();
            self.observer.mirror_begins();
            self.leases.mirror_is(false, now());
            let mut mirror = AbortOnDrop(start(sender));
            if !self.relay(feed, notices).await {
                return;
            }
            let since = now();
            let detail = match (&mut mirror.0).await {
                Err(error) => format!("the mirror has ended: {error}"),
                Ok(()) => "the mirror has ended".to_owned(),
            };
            tracing::error!(session = self.id.0, detail);
            let retry_at = Some(since + i64::try_from(MIRROR_AGAIN.as_millis()).unwrap_or(0));
            let fault = Fault::new(FaultKind::Other, detail);
            if !self.tell(EventKind::State(MirrorState::Stale { since, fault, retry_at })).await {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(MIRROR_AGAIN) => {}
                () = self.retry_now.notified() => {}
            }
        }
    }

    /// Tells the window what the mirror tells, until it ends. `false`: the window has gone.
    async fn relay(&self, mut feed: mpsc::Receiver<FeedEvent>, notices: &watch::Sender<Vec<Notice>>) -> bool {
        let mut tick = tokio::time::interval(JOURNAL_TICK);
        loop {
            let news = tokio::select! {
                news = feed.recv() => news,
                _ = tick.tick() => {
                    self.journal.tick();
                    continue;
                }
            };
            let Some(news) = news else { return true };
            let kind = match news {
                FeedEvent::Mirror(update) => {
                    self.journal.see(&update);
                    // First how the mirror stands: what the observer finds is judged by it.
                    self.leases.mirror_is(update.state.is_live(), update.seen_at);
                    self.observer.see(&update);
                    EventKind::Mirror(Box::new(update))
                }
                FeedEvent::Proven(at) => {
                    self.leases.proven(at);
                    // The window hears of it behind what was recognised until then.
                    self.observer.proven(at);
                    continue;
                }
                FeedEvent::Notice(notice) => {
                    notices.send_modify(|notices| {
                        if !notices.contains(&notice) {
                            notices.push(notice);
                        }
                    });
                    continue;
                }
            };
            if !self.tell(kind).await {
                return false;
            }
        }
    }

    /// Connects, waiting longer after each failure that may mend itself.
    async fn connect(&self) -> Option<Cluster> {
        let mut wait = BACK_OFF.0;
        let since = now();
        loop {
            match Cluster::connect_behind(&self.request, self.gate.clone()).await {
                Ok(cluster) => return Some(cluster),
                Err(fault) if !may_mend(&fault) => {
                    self.tell(EventKind::State(MirrorState::Failed(fault))).await;
                    self.retry_now.notified().await;
                    self.tell(EventKind::State(MirrorState::Connecting)).await;
                }
                Err(fault) => {
                    let retry_at = Some(now() + i64::try_from(wait.as_millis()).unwrap_or(0));
                    let state = MirrorState::Stale { since, fault, retry_at };
                    if !self.tell(EventKind::State(state)).await {
                        return None;
                    }
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.retry_now.notified() => {}
                    }
                    wait = (wait * 2).min(BACK_OFF.1);
                }
            }
        }
    }

    async fn tell(&self, kind: EventKind) -> bool {
        self.outbox.send(Event { session: self.id, request: RequestId(0), kind }).await
    }
}

/// Whether trying again can help without the operator doing anything.
fn may_mend(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::TimedOut
            | FaultKind::PortClosed
            | FaultKind::HostUnknown
            | FaultKind::NoLeader
            | FaultKind::Unavailable
            | FaultKind::Other
    )
}

/// Runs a task until it ends by itself; after a panic it is begun anew.
async fn again_after_a_panic<F>(wait: Duration, task: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let mut running = AbortOnDrop(tokio::spawn(task()));
        let Err(error) = (&mut running.0).await else { return };
        tracing::error!(%error, "a task has ended and is begun anew");
        tokio::time::sleep(wait).await;
    }
}

/// Asks the members for their health for as long as the connection lives. Wakes the window only
/// when something changed that a person would want to know at once.
async fn watch_members(
    id: SessionId,
    mut slot: ClusterSlot,
    mut notices: watch::Receiver<Vec<Notice>>,
    outbox: Outbox,
) {
    let Ok(cluster) = slot.wait_for(Option::is_some).await.map(|cluster| cluster.clone()) else { return };
    let Some(cluster) = cluster else { return };
    let mut last: Option<ClusterStatus> = None;
    loop {
        let mut status = cluster.status().await.after(last.as_ref());
        for notice in notices.borrow_and_update().iter() {
            if !status.notices.contains(notice) {
                status.notices.push(notice.clone());
            }
        }
        let news = last.as_ref().is_none_or(|last| settled(last) != settled(&status));
        last = Some(status.clone());
        let event = Event { session: id, request: RequestId(0), kind: EventKind::Cluster(Box::new(status)) };
        let heard = if news { outbox.send(event).await } else { outbox.send_quietly(event).await };
        if !heard {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(STATUS_EVERY) => {}
            changed = notices.changed() => {
                if changed.is_err() {
                    tokio::time::sleep(STATUS_EVERY).await;
                }
            }
        }
    }
}

/// A status without what moves all the time.
fn settled(status: &ClusterStatus) -> ClusterStatus {
    let mut settled = ClusterStatus { seen_at: 0, ..status.clone() };
    for member in &mut settled.members {
        member.latency_us = None;
        member.raft_index = 0;
        member.db_size_bytes = 0;
    }
    settled
}

/// Ends a task with its owner.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::message::MirrorUpdate;

    fn live() -> FeedEvent {
        FeedEvent::Mirror(MirrorUpdate {
            loaded: Arc::default(),
            state: MirrorState::Live,
            keyspace: Keyspace::new(b'/'),
            applied: 1,
            changes: Arc::default(),
            seen_at: 0,
            relisted: false,
            listed: false,
            replaced: false,
            readable: Arc::default(),
        })
    }

    /// A connection that is asked at once to try again, and what it tells.
    fn connection() -> (Connection, mpsc::Receiver<Event>) {
        let (events, told) = mpsc::channel(8);
        let outbox = Outbox { events, woken: Arc::default(), wake: Arc::new(|_| {}) };
        let request = ConnectRequest { profile: Profile::default(), password: None };
        let gate = WriteGate::of(&request.profile);
        let journal = Journal::idle(outbox.clone());
        let observer = Observer::start(SessionId(1), b'/', &request.profile.coordination, outbox.clone());
        let retry_now = Arc::default();
        let id = SessionId(1);
        let leases = LeaseDesk::default();
        let connection = Connection { id, request, gate, outbox, retry_now, journal, observer, leases };
        connection.retry_now.notify_one();
        (connection, told)
    }

    #[tokio::test]
    async fn a_task_that_panics_is_begun_anew() {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let task = move || {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            async move { assert!(run >= 2, "it breaks twice") }
        };
        again_after_a_panic(Duration::ZERO, task).await;
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_connection_that_panics_says_so_and_is_tried_again_when_asked() {
        let (connection, mut told) = connection();
        let runs = AtomicU32::new(0);
        let run = || {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            async move { assert!(run > 0, "the first one breaks") }
        };
        connection.run_to_end(run).await;
        let mut states = Vec::new();
        while let Ok(event) = told.try_recv() {
            states.push(event.kind);
        }
        assert!(
            matches!(
                states.as_slice(),
                [EventKind::State(MirrorState::Failed(_)), EventKind::State(MirrorState::Connecting)]
            ),
            "{states:?}"
        );
    }

    #[tokio::test]
    async fn a_mirror_that_panics_is_not_shown_as_live_and_begins_anew() {
        let (connection, mut told) = connection();
        let runs = Arc::new(AtomicU32::new(0));
        let start = move |feed: mpsc::Sender<FeedEvent>| {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                assert!(feed.send(live()).await.is_ok());
                assert!(run > 0, "the first mirror breaks");
                feed.closed().await;
            })
        };
        let (notices, _noticed) = watch::channel(Vec::new());
        let running = tokio::spawn(async move { connection.mirror(&notices, start).await });
        let mut states = Vec::new();
        while states.len() < 3 {
            states.push(match told.recv().await.map(|event| event.kind) {
                Some(EventKind::State(state)) => state.is_live(),
                Some(EventKind::Mirror(update)) => update.state.is_live(),
                other => unreachable!("{other:?}"),
            });
        }
        assert_eq!(states, [true, false, true]);
        running.abort();
    }
}
