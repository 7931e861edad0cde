//! Questions under way. Each runs as a task of its own; those that take long can be cancelled.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Outbox;
use super::audit::{AuditTrail, Signer};
use super::files::Passwords;
use super::journal::Journal;
use super::leases::LeaseDesk;
use super::session::ClusterSlot;
use crate::etcd::{Cluster, test_connection};
use crate::model::bytes::{Key, Value};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{CommandKind, ConnectRequest, Event, EventKind, RequestId, SessionId};
use crate::model::plan::{Plan, PlanState};
use crate::model::profile::Profile;
use crate::model::tree_item::TreeItem;
use crate::model::write::{BatchReport, BatchStep, WriteOutcome};
use crate::storage::Storage;

/// A question waits so long for the connection to be made.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Progress is told at most so often.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The questions under way that can be cancelled.
pub(super) struct Jobs {
    /// Where plans are kept.
    storage: Storage,
    running: HashMap<RequestId, (SessionId, Arc<AtomicBool>)>,
}

impl Jobs {
    pub(super) fn new(storage: Storage) -> Self {
        Self { storage, running: HashMap::new() }
    }

    /// Starts a question to a cluster.
    pub(super) fn spawn(
        &mut self,
        session: SessionId,
        request: RequestId,
        kind: CommandKind,
        slot: ClusterSlot,
        signer: Signer,
        profile: Arc<Profile>,
        journal: Journal,
        desk: LeaseDesk,
        outbox: Outbox,
    ) {
        let cancelled = self.register(session, request);
        let storage = self.storage.clone();
        let asker = Asker { session, request, outbox, cancelled, storage, profile, journal, desk };
        let failed = Failed::of(&kind);
        let asking = {
            let (asker, failed) = (asker.clone(), failed.clone());
            async move {
                match connected(slot).await {
                    Ok(cluster) => asker.ask(&cluster, &signer.trail(&cluster), kind).await,
                    Err(fault) => asker.tell_all(failed.map(|failed| failed.answer(fault, false))).await,
                }
            }
        };
        tokio::spawn(asker.run_to_end(failed, asking));
    }

    fn register(&mut self, session: SessionId, request: RequestId) -> Arc<AtomicBool> {
        self.running.retain(|_, (_, flag)| Arc::strong_count(flag) > 1);
        let flag = Arc::new(AtomicBool::new(false));
        self.running.insert(request, (session, flag.clone()));
        flag
    }

    /// Asks a question to stop; it answers that it was cancelled.
    pub(super) fn cancel(&mut self, request: RequestId) {
        if let Some((_, flag)) = self.running.get(&request) {
            flag.store(true, Ordering::Release);
        }
    }

    /// Asks every question of a connection to stop: with its tab goes what tells of them, and
    /// nothing may go on deleting keys unseen. A transaction under way comes to its end.
    pub(super) fn cancel_session(&mut self, session: SessionId) {
        for (_, flag) in self.running.values().filter(|(of, _)| *of == session) {
            flag.store(true, Ordering::Release);
        }
    }

    pub(super) fn cancel_all(&mut self) {
        for (_, flag) in self.running.values() {
            flag.store(true, Ordering::Release);
        }
    }

    /// Tests a connection; each step is told as it is known.
    pub(super) fn test_connection(
        &mut self,
        request: RequestId,
        connect: ConnectRequest,
        passwords: Passwords,
        outbox: Outbox,
    ) {
        tokio::spawn(async move {
            let connect = passwords.complete(connect).await;
            let (steps, mut told) = tokio::sync::mpsc::channel(64);
            let test = async move {
                let mut on_step = |step| {
                    if steps.try_send(step).is_err() {
                        tracing::warn!("a step of a connection test was not shown");
                    }
                };
                test_connection(&connect, &mut on_step).await;
            };
            let test = tokio::spawn(test);
            let tell = async {
                while let Some(step) = told.recv().await {
                    outbox.send(global(request, EventKind::TestStep(step))).await;
                }
            };
            // Also a test that breaks is over, and says so.
            if let (Err(error), ()) = tokio::join!(test, tell) {
                tracing::error!(%error, "a connection test has ended");
            }
            outbox.send(global(request, EventKind::TestDone)).await;
        });
    }

    /// Sees whether something listens where a local etcd usually does, and speaks etcd.
    pub(super) fn probe_local(&mut self, request: RequestId, outbox: Outbox) {
        tokio::spawn(async move {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 2379));
            let port =
                tokio::time::timeout(Duration::from_millis(500), tokio::net::TcpStream::connect(address));
            let mut found = None;
            if matches!(port.await, Ok(Ok(_))) {
                let mut connect = ConnectRequest { profile: Default::default(), password: None };
                connect.profile.endpoints = vec![address.to_string()];
                found = Cluster::connect(&connect).await.ok().map(|_| address.to_string());
            }
            outbox.send(global(request, EventKind::LocalFound(found))).await;
        });
    }
}

fn global(request: RequestId, kind: EventKind) -> Event {
    Event { session: SessionId::default(), request, kind }
}

/// The cluster, as soon as the connection is made.
async fn connected(mut slot: ClusterSlot) -> Result<Cluster, Fault> {
    let not_yet = || Fault::new(FaultKind::Unavailable, "not connected");
    let waited = tokio::time::timeout(CONNECT_WAIT, slot.wait_for(Option::is_some)).await;
    let cluster = waited.map_err(|_| not_yet())?.map_err(|_| not_yet())?.clone();
    cluster.ok_or_else(not_yet)
}

#[derive(Clone)]
pub(super) struct Asker {
    pub(super) session: SessionId,
    pub(super) request: RequestId,
    pub(super) outbox: Outbox,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) storage: Storage,
    /// What the connection was opened with.
    pub(super) profile: Arc<Profile>,
    /// What was recorded of it.
    pub(super) journal: Journal,
    /// Where TTLs that were told are left.
    pub(super) desk: LeaseDesk,
}

impl Asker {
    async fn tell(&self, kind: EventKind) {
        self.outbox.send(Event { session: self.session, request: self.request, kind }).await;
    }

    async fn tell_all(&self, kinds: impl IntoIterator<Item = EventKind>) {
        for kind in kinds {
            self.tell(kind).await;
        }
    }

    /// Asks in a task of its own, so that a question that breaks (a panic) is answered all the same:
    /// nothing on screen waits for ever.
    async fn run_to_end(self, failed: Option<Failed>, asking: impl Future<Output = ()> + Send + 'static) {
        if let Err(error) = tokio::spawn(asking).await {
            tracing::error!(%error, request = self.request.0, "a question has ended");
            let fault = Fault::new(FaultKind::Other, format!("the question has ended: {error}"));
            self.tell_all(failed.map(|failed| failed.answer(fault, true))).await;
        }
        // The last owner of the flag but the table: the entry may go with the next command.
        self.cancelled.store(true, Ordering::Release);
    }

    async fn ask(&self, cluster: &Cluster, trail: &AuditTrail, kind: CommandKind) {
        let answer = match kind {
            CommandKind::Read(key) => {
                let record = cluster.read(&key).await;
                EventKind::Value { key, record }
            }
            CommandKind::Put(put) => {
                let outcome = trail.put(cluster, &put).await;
                EventKind::Written { key: put.key, value: put.value, outcome }
            }
            CommandKind::Batch(steps) => EventKind::BatchDone(self.batch(cluster, trail, &steps).await),
            CommandKind::History { key, below_revision, limit } => {
                let page = cluster.history(&key, below_revision, limit).await;
                EventKind::History { key, page }
            }
            CommandKind::Replay(what) => self.replay(cluster, what).await,
            CommandKind::CompactionRevision => {
                EventKind::CompactionRevision(cluster.compaction_revision().await)
            }
            kind @ (CommandKind::Leases(_)
            | CommandKind::ListLeases
            | CommandKind::GrantLease { .. }
            | CommandKind::KeepLease(_)
            | CommandKind::RevokeLease(_)) => match self.leases(cluster, trail, kind).await {
                Some(answer) => answer,
                None => return,
            },
            kind @ (CommandKind::MakePlan { .. }
            | CommandKind::RunPlan(_)
            | CommandKind::LoadPlans
            | CommandKind::DropPlan(_)) => match self.plans(cluster, trail, kind).await {
                Some(answer) => answer,
                None => return,
            },
            CommandKind::Export(export) => {
                let mut progress = self.progress();
                let told =
                    super::export::export(cluster, export.into(), &mut progress, &self.cancelled).await;
                EventKind::Exported(told)
            }
            // Without its content, which may be a value or a password.
            kind => {
                if let Some(answer) = self.past(cluster, kind).await {
                    self.tell(answer).await;
                    return;
                }
                tracing::error!(request = self.request.0, "a command that no one executes");
                return;
            }
        };
        self.tell(answer).await;
    }

    async fn leases(&self, cluster: &Cluster, trail: &AuditTrail, kind: CommandKind) -> Option<EventKind> {
        let answer = match kind {
            CommandKind::Leases(ids) => {
                let leases = cluster.leases(&ids).await;
                self.desk.heard(leases.as_deref().unwrap_or_default());
                EventKind::Leases(leases)
            }
            CommandKind::ListLeases => EventKind::LeaseList(cluster.list_leases().await),
            CommandKind::GrantLease { ttl_secs, id } => {
                // One of ours where etcd might choose: only so a lost answer can be settled.
                let id = if id == 0 { super::plans::fresh_lease() } else { id };
                EventKind::LeaseGranted(trail.grant_lease(cluster, id, ttl_secs).await)
            }
            CommandKind::KeepLease(lease) => {
                let kept = trail.keep_lease(cluster, lease).await;
                self.desk.heard(kept.as_ref().map_or(&[], std::slice::from_ref));
                EventKind::LeaseKept { lease, kept }
            }
            CommandKind::RevokeLease(lease) => {
                let ended = trail.revoke_lease(cluster, lease).await;
                EventKind::LeaseRevoked { lease, ended }
            }
            _ => return None,
        };
        Some(answer)
    }

    async fn batch(&self, cluster: &Cluster, trail: &AuditTrail, steps: &[BatchStep]) -> BatchReport {
        let total = steps.len() as u64;
        let mut progress = self.progress();
        let mut on_progress = move |done| progress(done, Some(total));
        let cancelled = || self.cancelled.load(Ordering::Acquire);
        cluster.batch_before(trail, steps, &mut on_progress, &cancelled).await
    }

    /// Tells progress without ever waiting for the window.
    pub(super) fn progress(&self) -> impl FnMut(u64, Option<u64>) + Send + use<> {
        let (session, request, outbox) = (self.session, self.request, self.outbox.clone());
        let mut last: Option<std::time::Instant> = None;
        move |done, total| {
            if last.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
                return;
            }
            last = Some(std::time::Instant::now());
            outbox.try_send(Event { session, request, kind: EventKind::Progress { done, total } });
        }
    }
}

/// What is needed to answer a question that could not be asked, or that broke.
#[derive(Clone)]
enum Failed {
    Value(Key),
    Written(Key, Value),
    Batch(u64),
    History(Key),
    Replay(TreeItem),
    CompactionRevision,
    Leases,
    LeaseList,
    LeaseGranted,
    LeaseKept(i64),
    LeaseRevoked(i64),
    Export,
    MakePlan,
    RunPlan(Box<Plan>),
    LoadPlans,
    DropPlan,
    Recorded(Key),
    Together(i64),
    Timeline(Vec<u8>),
    Moment(Vec<u8>, i64),
    DeletedKeys(Vec<u8>),
}

impl Failed {
    fn of(kind: &CommandKind) -> Option<Self> {
        Some(match kind {
            CommandKind::Read(key) => Self::Value(key.clone()),
            CommandKind::Put(put) => Self::Written(put.key.clone(), put.value.clone()),
            CommandKind::Batch(steps) => Self::Batch(steps.len() as u64),
            CommandKind::History { key, .. } => Self::History(key.clone()),
            CommandKind::Replay(what) => Self::Replay(what.clone()),
            CommandKind::CompactionRevision => Self::CompactionRevision,
            CommandKind::Leases(_) => Self::Leases,
            CommandKind::KeepLease(lease) => Self::LeaseKept(*lease),
            CommandKind::ListLeases => Self::LeaseList,
            CommandKind::GrantLease { .. } => Self::LeaseGranted,
            CommandKind::RevokeLease(lease) => Self::LeaseRevoked(*lease),
            CommandKind::Export(_) => Self::Export,
            CommandKind::MakePlan { .. } => Self::MakePlan,
            CommandKind::RunPlan(plan) => Self::RunPlan(plan.clone()),
            CommandKind::LoadPlans => Self::LoadPlans,
            CommandKind::DropPlan(_) => Self::DropPlan,
            CommandKind::Recorded(key) => Self::Recorded(key.clone()),
            CommandKind::Together(revision) => Self::Together(*revision),
            CommandKind::Timeline(prefix) => Self::Timeline(prefix.clone()),
            CommandKind::Moment { prefix, revision } => Self::Moment(prefix.clone(), *revision),
            CommandKind::DeletedKeys(prefix) => Self::DeletedKeys(prefix.clone()),
            _ => return None,
        })
    }

    /// `asked`: it may have been sent before it broke.
    fn answer(self, fault: Fault, asked: bool) -> EventKind {
        match self {
            Self::Value(key) => EventKind::Value { key, record: Err(fault) },
            Self::Written(key, value) => {
                let outcome =
                    if asked { WriteOutcome::Unknown(fault) } else { WriteOutcome::NotSaved(fault) };
                EventKind::Written { key, value, outcome }
            }
            Self::Batch(total) => {
                EventKind::BatchDone(BatchReport { total, stopped: Some(fault), ..BatchReport::default() })
            }
            Self::History(key) => EventKind::History { key, page: Err(fault) },
            Self::Replay(what) => EventKind::Replayed { what, replay: Err(fault) },
            Self::CompactionRevision => EventKind::CompactionRevision(Err(fault)),
            Self::Leases => EventKind::Leases(Err(fault)),
            Self::LeaseList => EventKind::LeaseList(Err(fault)),
            Self::LeaseGranted => EventKind::LeaseGranted(Err(maybe_done(fault, asked))),
            Self::LeaseKept(lease) => EventKind::LeaseKept { lease, kept: Err(maybe_done(fault, asked)) },
            Self::LeaseRevoked(lease) => {
                EventKind::LeaseRevoked { lease, ended: Err(maybe_done(fault, asked)) }
            }
            Self::Export => EventKind::Exported(Err(fault)),
            Self::MakePlan => EventKind::Planned(Err(fault)),
            Self::RunPlan(mut plan) => {
                plan.state = PlanState::Stopped(Some(fault));
                EventKind::PlanDone(plan)
            }
            Self::LoadPlans => EventKind::Plans(Err(fault)),
            Self::DropPlan => EventKind::NotKept(fault),
            Self::Recorded(key) => EventKind::Recorded { key, records: Err(fault) },
            Self::Together(revision) => EventKind::Together { revision, keys: Err(fault) },
            Self::Timeline(prefix) => EventKind::Timeline { prefix, timeline: Err(fault) },
            Self::Moment(prefix, revision) => EventKind::Moment { prefix, revision, picture: Err(fault) },
            Self::DeletedKeys(prefix) => EventKind::DeletedKeys { prefix, keys: Err(fault) },
        }
    }
}

/// The fault of a write that broke: where it may have been sent, whether it was done is not known.
fn maybe_done(fault: Fault, asked: bool) -> Fault {
    if asked { Fault::new(FaultKind::OutcomeUnknown, fault.to_string()) } else { fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_a_connection_stops_its_jobs_alone() {
        let mut jobs = Jobs::new(Storage::open(Some("unused".into())));
        let ours = jobs.register(SessionId(1), RequestId(10));
        let others = jobs.register(SessionId(2), RequestId(11));
        jobs.cancel_session(SessionId(1));
        assert!(ours.load(Ordering::Acquire));
        assert!(!others.load(Ordering::Acquire));
    }

    /// Every question that runs as a job is answered when it breaks, with its own number.
    #[tokio::test]
    async fn a_question_that_panics_is_answered_with_a_fault() {
        let key = || Key::from(&b"a"[..]);
        let export = crate::model::transfer::ExportRequest {
            prefix: Vec::new(),
            only_key: false,
            format: crate::model::transfer::ExportFormat::Json,
            path: "x".into(),
        };
        let questions = [
            CommandKind::Read(key()),
            CommandKind::Batch(Vec::new()),
            CommandKind::History { key: key(), below_revision: None, limit: 1 },
            CommandKind::Replay(TreeItem::key(key())),
            CommandKind::CompactionRevision,
            CommandKind::Leases(Vec::new()),
            CommandKind::Export(export),
            CommandKind::Recorded(key()),
            CommandKind::Together(2),
            CommandKind::Timeline(Vec::new()),
            CommandKind::Moment { prefix: Vec::new(), revision: 2 },
            CommandKind::DeletedKeys(Vec::new()),
        ];
        for kind in questions {
            let (events, mut told) = tokio::sync::mpsc::channel(8);
            let outbox = Outbox { events, woken: Arc::default(), wake: Arc::new(|_| {}) };
            let cancelled = Arc::new(AtomicBool::new(false));
            let storage = Storage::open(Some("unused".into()));
            let (session, request) = (SessionId(1), RequestId(7));
            let profile = Arc::default();
            let journal = Journal::idle(outbox.clone());
            let desk = LeaseDesk::default();
            let asker = Asker { session, request, outbox, cancelled, storage, profile, journal, desk };
            asker.run_to_end(Failed::of(&kind), async { unreachable!("it breaks") }).await;
            let answer = told.recv().await.expect("an answer");
            let fault = match answer.kind {
                EventKind::Value { record: Err(fault), .. }
                | EventKind::History { page: Err(fault), .. }
                | EventKind::Replayed { replay: Err(fault), .. }
                | EventKind::CompactionRevision(Err(fault))
                | EventKind::Leases(Err(fault))
                | EventKind::Recorded { records: Err(fault), .. }
                | EventKind::Together { keys: Err(fault), .. }
                | EventKind::Timeline { timeline: Err(fault), .. }
                | EventKind::Moment { picture: Err(fault), .. }
                | EventKind::DeletedKeys { keys: Err(fault), .. }
                | EventKind::Exported(Err(fault))
                | EventKind::BatchDone(BatchReport { stopped: Some(fault), .. }) => fault,
                other => unreachable!("{other:?}"),
            };
            assert_eq!((answer.request, fault.kind), (RequestId(7), FaultKind::Other), "{kind:?}");
        }
    }
}
