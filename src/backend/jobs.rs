//! Questions under way. Each runs as a task of its own; those that take long can be cancelled.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Outbox;
use super::files::Passwords;
use super::session::ClusterSlot;
use crate::etcd::{Cluster, test_connection};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{CommandKind, ConnectRequest, Event, EventKind, RequestId, SessionId};
use crate::model::write::{BatchReport, BatchStep, WriteOutcome};

/// A question waits so long for the connection to be made.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Progress is told at most so often.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The questions under way that can be cancelled.
#[derive(Default)]
pub(super) struct Jobs {
    running: HashMap<RequestId, (SessionId, Arc<AtomicBool>)>,
}

impl Jobs {
    /// Starts a question to a cluster.
    pub(super) fn spawn(
        &mut self,
        session: SessionId,
        request: RequestId,
        kind: CommandKind,
        slot: ClusterSlot,
        outbox: Outbox,
    ) {
        let cancelled = self.register(session, request);
        tokio::spawn(async move {
            let asker = Asker { session, request, outbox, cancelled: cancelled.clone() };
            match connected(slot).await {
                Ok(cluster) => asker.ask(&cluster, kind).await,
                Err(fault) => asker.fail(&kind, fault).await,
            }
            // The last owner of the flag but the table: the entry may go with the next command.
            cancelled.store(true, Ordering::Release);
        });
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
            let tell = async {
                while let Some(step) = told.recv().await {
                    outbox.send(global(request, EventKind::TestStep(step))).await;
                }
            };
            tokio::join!(test, tell);
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

struct Asker {
    session: SessionId,
    request: RequestId,
    outbox: Outbox,
    cancelled: Arc<AtomicBool>,
}

impl Asker {
    async fn tell(&self, kind: EventKind) {
        self.outbox.send(Event { session: self.session, request: self.request, kind }).await;
    }

    async fn ask(&self, cluster: &Cluster, kind: CommandKind) {
        let answer = match kind {
            CommandKind::Read(key) => {
                let record = cluster.read(&key).await;
                EventKind::Value { key, record }
            }
            CommandKind::Put(put) => {
                let outcome = cluster.put(&put).await;
                EventKind::Written { key: put.key, value: put.value, outcome }
            }
            CommandKind::Batch(steps) => EventKind::BatchDone(self.batch(cluster, &steps).await),
            CommandKind::History { key, below_revision, limit } => {
                let page = cluster.history(&key, below_revision, limit).await;
                EventKind::History { key, page }
            }
            CommandKind::Leases(ids) => EventKind::Leases(cluster.leases(&ids).await),
            CommandKind::Export(export) => {
                let mut progress = self.progress();
                let told = super::export::export(cluster, &export, &mut progress, &self.cancelled).await;
                EventKind::Exported(told)
            }
            // Without its content, which may be a value or a password.
            _ => {
                tracing::error!(request = self.request.0, "a command that no one executes");
                return;
            }
        };
        self.tell(answer).await;
    }

    async fn batch(&self, cluster: &Cluster, steps: &[BatchStep]) -> BatchReport {
        let total = steps.len() as u64;
        let mut progress = self.progress();
        let mut on_progress = move |done| progress(done, Some(total));
        let cancelled = || self.cancelled.load(Ordering::Acquire);
        cluster.batch(steps, &mut on_progress, &cancelled).await
    }

    /// Tells progress without ever waiting for the window.
    fn progress(&self) -> impl FnMut(u64, Option<u64>) + Send + use<> {
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

    /// Answers a question that could not even be asked.
    async fn fail(&self, kind: &CommandKind, fault: Fault) {
        let answer = match kind {
            CommandKind::Read(key) => EventKind::Value { key: key.clone(), record: Err(fault) },
            CommandKind::Put(put) => EventKind::Written {
                key: put.key.clone(),
                value: put.value.clone(),
                outcome: WriteOutcome::NotSaved(fault),
            },
            CommandKind::Batch(steps) => EventKind::BatchDone(BatchReport {
                total: steps.len() as u64,
                stopped: Some(fault),
                ..BatchReport::default()
            }),
            CommandKind::History { key, .. } => EventKind::History { key: key.clone(), page: Err(fault) },
            CommandKind::Leases(_) => EventKind::Leases(Err(fault)),
            CommandKind::Export(_) => EventKind::Exported(Err(fault)),
            _ => return,
        };
        self.tell(answer).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_a_connection_stops_its_jobs_alone() {
        let mut jobs = Jobs::default();
        let ours = jobs.register(SessionId(1), RequestId(10));
        let others = jobs.register(SessionId(2), RequestId(11));
        jobs.cancel_session(SessionId(1));
        assert!(ours.load(Ordering::Acquire));
        assert!(!others.load(Ordering::Acquire));
    }
}
