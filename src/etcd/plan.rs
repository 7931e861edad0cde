//! Runs plans: guarded transactions, each kept on disk before and after it is sent.
//!
//! Whatever ends the run, going on begins with what the plan says on disk: a step that was about to be
//! sent is settled by reading. To send a guarded step once more is harmless: if the first one is done
//! after all, the guard of the second fails.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{Duration, Instant};

use etcd_client::{GetOptions, LeaseGrantOptions};
use tokio::task::JoinSet;

use super::batch::{Ended, Unit, unit_of_delete, unit_of_put};
use super::cluster::{Cluster, READ_TIMEOUT};
use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::plan::{LostLease, Plan, PlanState, PlanStep, StepAction, StepState};
use crate::model::record::KeyRecord;
use crate::model::status::KeyInterval;
use crate::model::tree_item::TreeItem;
use crate::model::write::{Expect, LeaseChoice, PutRequest};

/// A member that dies, or an election, must not end a plan: it is tried again for so long.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN_TRIES: Duration = Duration::from_millis(300);
/// Keys read at the same time.
const READS_IN_FLIGHT: usize = 16;

/// Keeps on disk how the steps of a plan stand.
pub trait PlanKeeper: Send {
    /// Keeps how these steps of the plan stand, by their place: when it returns, it survives a crash.
    fn keep(
        &mut self,
        plan: &Plan,
        steps: Vec<(usize, StepState)>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// So many steps are over, of so many.
    fn progress(&mut self, over: u64, total: u64);
}

/// What keys are, all at one revision.
#[derive(Clone, Debug, Default)]
pub struct Present {
    /// The revision.
    pub revision: i64,
    /// The keys that exist.
    pub keys: BTreeMap<Key, KeyRecord>,
}

impl Cluster {
    /// What is in these folders and at these keys, linearizably, all at one revision.
    ///
    /// # Errors
    /// When no member could answer, or the user may not read it.
    pub async fn present(&self, roots: &[TreeItem]) -> Result<Present, Fault> {
        let revision = self.newest_revision().await?;
        let mut keys = BTreeMap::new();
        for root in roots.iter().filter(|root| root.is_folder()) {
            for record in self.moment(&KeyInterval::prefix(&root.path), revision).await? {
                keys.insert(record.key.clone(), record);
            }
        }
        let single: Vec<Key> =
            roots.iter().filter(|root| !root.is_folder()).map(|root| root.path.clone()).collect();
        for (key, record) in self.read_all(single, revision).await? {
            if let Some(record) = record {
                keys.insert(key, record);
            }
        }
        Ok(Present { revision, keys })
    }

    /// The newest revision, linearizably.
    ///
    /// # Errors
    /// When no member could answer.
    pub async fn newest_revision(&self) -> Result<i64, Fault> {
        let answer = self
            .ask(READ_TIMEOUT, |mut handle| async move {
                handle.kv.get("\0", Some(GetOptions::new().with_count_only())).await
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.header().map_or(0, etcd_client::ResponseHeader::revision)),
            // Whoever may not read that key is told what they may read.
            Err(fault) if fault.kind == FaultKind::PermissionDenied => {
                let granted = self.granted_intervals().await?;
                let start = granted.first().map(|interval| interval.start.clone()).unwrap_or_default();
                self.read(&start).await?;
                Ok(self.seen())
            }
            Err(fault) => Err(fault),
        }
    }

    /// These keys as they were at this revision (0: are now), some read at the same time.
    async fn read_all(&self, keys: Vec<Key>, revision: i64) -> Result<Vec<(Key, Option<KeyRecord>)>, Fault> {
        let mut reads = JoinSet::new();
        let mut records = Vec::with_capacity(keys.len());
        let mut waiting = keys.into_iter();
        loop {
            while reads.len() < READS_IN_FLIGHT
                && let Some(key) = waiting.next()
            {
                let cluster = self.clone();
                reads.spawn(async move {
                    let record = cluster.read_at(&key, revision).await;
                    (key, record)
                });
            }
            match reads.join_next().await {
                None => return Ok(records),
                Some(Ok((key, record))) => records.push((key, record?)),
                Some(Err(error)) => return Err(Fault::new(FaultKind::Other, error.to_string())),
            }
        }
    }

    /// Runs what is left of a plan, or goes on with it. Between transactions `cancelled` is asked. How
    /// it ended is in the plan.
    pub async fn run_plan<K: PlanKeeper>(
        &self,
        plan: &mut Plan,
        keeper: &mut K,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) {
        let total = plan.work().steps();
        let mut run = Run { cluster: self, plan, keeper, cancelled, lost: BTreeSet::new(), over: 0, total };
        let stopped = run.finish().await;
        plan.state = match stopped {
            Err(fault) if fault.kind == FaultKind::Cancelled => PlanState::Stopped(None),
            Err(fault) => PlanState::Stopped(Some(fault)),
            Ok(()) => PlanState::Finished,
        };
    }

    /// Grants the plan's new lease under the number that it has been given, unless that is done.
    async fn grant_new_lease(&self, id: i64, ttl_secs: i64) -> Result<(), Fault> {
        self.gate().pass()?;
        if self.leases(&[id]).await?.iter().any(|lease| lease.remaining_secs > 0) {
            return Ok(());
        }
        let granted = self
            .ask(READ_TIMEOUT, |mut handle| async move {
                handle.client.lease_grant(ttl_secs, Some(LeaseGrantOptions::new().with_id(id))).await
            })
            .await;
        match granted {
            Ok(_) => Ok(()),
            // An answer was lost, and it was granted all the same.
            Err(fault) if fault.kind == FaultKind::LeaseExists => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

/// A plan while it runs.
struct Run<'a, K> {
    cluster: &'a Cluster,
    plan: &'a mut Plan,
    keeper: &'a mut K,
    cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Steps that may have been done by a transaction whose answer was lost.
    lost: BTreeSet<usize>,
    over: u64,
    total: u64,
}

/// What became of one transaction.
enum Sent {
    /// It was done at this revision.
    Done(i64),
    /// Some key is not what was expected.
    GuardFailed,
    /// It was refused as it is: other steps may fare better.
    Refused(Fault),
}

impl<K: PlanKeeper> Run<'_, K> {
    /// An error says why it stopped.
    async fn finish(&mut self) -> Result<(), Fault> {
        self.cluster.gate().pass()?;
        if self.plan.cluster_id != self.cluster.cluster_id() {
            return Err(Fault::new(FaultKind::Invalid, "the plan is for another cluster"));
        }
        self.settle_sent().await?;
        self.grant().await?;
        for steps in self.plan.transactions() {
            self.may_go_on()?;
            self.run(&steps).await?;
            self.over += steps.len() as u64;
            self.keeper.progress(self.over.min(self.total), self.total);
        }
        Ok(())
    }

    fn may_go_on(&self) -> Result<(), Fault> {
        self.cluster.gate().pass()?;
        if (self.cancelled)() {
            return Err(Fault::new(FaultKind::Cancelled, "stopped by the operator"));
        }
        Ok(())
    }

    /// Sees by reading what became of steps that were about to be sent when the plan was left.
    async fn settle_sent(&mut self) -> Result<(), Fault> {
        let sent: Vec<usize> = (0..self.plan.steps.len())
            .filter(|at| matches!(self.plan.steps[*at].state, StepState::Sent | StepState::Unknown(_)))
            .collect();
        if sent.is_empty() {
            return Ok(());
        }
        let states = self.look(&sent).await?;
        self.over += states.iter().filter(|(_, state)| *state != StepState::Waiting).count() as u64;
        self.lost.extend(sent);
        self.set(states).await
    }

    /// Grants the new lease, where a step that is to be run is put on it.
    async fn grant(&mut self) -> Result<(), Fault> {
        let LostLease::NewLease { ttl_secs } = self.plan.lost_lease else { return Ok(()) };
        let id = self.plan.new_lease;
        let wants = |step: &PlanStep| {
            step.is_to_run() && matches!(step.action, StepAction::Put { lease, .. } if lease == id)
        };
        if id == 0 || !self.plan.steps.iter().any(wants) {
            return Ok(());
        }
        let begun = Instant::now();
        loop {
            match self.cluster.grant_new_lease(id, ttl_secs).await {
                Err(fault) if is_passing(&fault) && begun.elapsed() < PATIENCE => {
                    self.may_go_on()?;
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                granted => return granted,
            }
        }
    }

    /// Runs the steps of one transaction, one by one where it can not be done as a whole.
    async fn run(&mut self, steps: &[usize]) -> Result<(), Fault> {
        self.set(steps.iter().map(|at| (*at, StepState::Sent)).collect()).await?;
        match self.commit(steps).await? {
            Sent::Done(revision) => {
                self.set(steps.iter().map(|at| (*at, StepState::Done { revision })).collect()).await
            }
            Sent::GuardFailed | Sent::Refused(_) if steps.len() > 1 => {
                let mut states = Vec::with_capacity(steps.len());
                for at in steps {
                    match self.run_alone(*at).await {
                        Ok(state) => states.push((*at, state)),
                        Err(fault) => {
                            // Those behind it were not sent again.
                            let behind = steps.iter().filter(|other| *other > at);
                            states.extend(behind.map(|at| (*at, StepState::Waiting)));
                            self.set(states).await?;
                            return Err(fault);
                        }
                    }
                }
                self.set(states).await
            }
            ended => {
                let at = steps[0];
                let state = self.state_of(at, ended).await?;
                self.set(vec![(at, state)]).await
            }
        }
    }

    async fn run_alone(&mut self, at: usize) -> Result<StepState, Fault> {
        let ended = self.commit(&[at]).await?;
        self.state_of(at, ended).await
    }

    async fn state_of(&mut self, at: usize, ended: Sent) -> Result<StepState, Fault> {
        Ok(match ended {
            Sent::Done(revision) => StepState::Done { revision },
            Sent::Refused(fault) => StepState::Refused(fault),
            Sent::GuardFailed => {
                let step = &self.plan.steps[at];
                let found = self.cluster.read(&step.key).await?;
                match found_done(step, found.as_ref(), self.cluster.seen()) {
                    Some(done) if self.lost.contains(&at) => done,
                    _ => StepState::Skipped { found: found.map(|found| found.meta) },
                }
            }
        })
    }

    /// Sends the steps as one transaction until it is certain what became of it. An error ends the run:
    /// the steps are then known not to be done, or left as sent, to be settled when it goes on.
    async fn commit(&mut self, steps: &[usize]) -> Result<Sent, Fault> {
        let units: Vec<Unit> = steps.iter().map(|at| unit_of(&self.plan.steps[*at])).collect();
        let begun = Instant::now();
        loop {
            let fault = match self.cluster.commit(&units).await {
                Ended::Done(revision) => return Ok(Sent::Done(revision)),
                Ended::GuardFailed => return Ok(Sent::GuardFailed),
                Ended::Refused(fault) if ends_the_run(&fault) => {
                    self.leave(steps, StepState::Waiting).await;
                    return Err(fault);
                }
                Ended::Refused(fault) if !is_passing(&fault) => return Ok(Sent::Refused(fault)),
                Ended::Refused(fault) => fault,
                Ended::Unknown(fault) => {
                    self.lost.extend(steps);
                    match self.all_done(steps).await {
                        Ok(Some(revision)) => return Ok(Sent::Done(revision)),
                        Ok(None) => {}
                        // Nothing can be read either.
                        Err(_) if begun.elapsed() >= PATIENCE => {
                            self.leave(steps, StepState::Unknown(fault.clone())).await;
                            return Err(fault);
                        }
                        Err(_) => {}
                    }
                    fault
                }
            };
            let may_go_on = self.may_go_on();
            if begun.elapsed() >= PATIENCE || may_go_on.is_err() {
                let left = if steps.iter().any(|at| self.lost.contains(at)) {
                    StepState::Unknown(fault.clone())
                } else {
                    StepState::Waiting
                };
                self.leave(steps, left).await;
                return Err(may_go_on.err().unwrap_or(fault));
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// Leaves the steps like this where the run ends. What cannot be kept is settled when it goes on.
    async fn leave(&mut self, steps: &[usize], state: StepState) {
        if let Err(fault) = self.set(steps.iter().map(|at| (*at, state.clone())).collect()).await {
            tracing::warn!(%fault, "how a plan stands was not kept");
        }
    }

    /// The revision at which all these steps are found done.
    async fn all_done(&mut self, steps: &[usize]) -> Result<Option<i64>, Fault> {
        let mut at_revision = None;
        for (_, state) in self.look(steps).await? {
            match state {
                StepState::Done { revision } => at_revision = at_revision.max(Some(revision)),
                _ => return Ok(None),
            }
        }
        Ok(at_revision)
    }

    /// What reading the keys tells of steps whose transaction may have been done.
    async fn look(&mut self, steps: &[usize]) -> Result<Vec<(usize, StepState)>, Fault> {
        let keys: Vec<Key> = steps.iter().map(|at| self.plan.steps[*at].key.clone()).collect();
        let found: BTreeMap<_, _> = self.cluster.read_all(keys, 0).await?.into_iter().collect();
        let seen = self.cluster.seen();
        let state = |step: &PlanStep| {
            let now = found.get(&step.key).cloned().flatten();
            if is_as_before(step, now.as_ref()) {
                return StepState::Waiting;
            }
            found_done(step, now.as_ref(), seen)
                .unwrap_or_else(|| StepState::Skipped { found: now.map(|now| now.meta) })
        };
        Ok(steps.iter().map(|at| (*at, state(&self.plan.steps[*at]))).collect())
    }

    async fn set(&mut self, states: Vec<(usize, StepState)>) -> Result<(), Fault> {
        for (at, state) in &states {
            if let Some(step) = self.plan.steps.get_mut(*at) {
                step.state = state.clone();
            }
        }
        self.keeper.keep(self.plan, states).await
    }
}

/// The state of a step that is found done, whoever did it: the key is what was planned.
fn found_done(step: &PlanStep, now: Option<&KeyRecord>, seen: i64) -> Option<StepState> {
    match (&step.action, now) {
        (StepAction::Put { value, lease }, Some(now))
            if now.value.as_ref() == Some(value) && now.meta.lease == *lease =>
        {
            Some(StepState::Done { revision: now.meta.mod_revision })
        }
        (StepAction::Delete, None) => Some(StepState::Done { revision: seen }),
        _ => None,
    }
}

/// Whether the key is still what it was when the plan was made.
fn is_as_before(step: &PlanStep, now: Option<&KeyRecord>) -> bool {
    step.before.as_ref().map(|before| before.meta.mod_revision) == now.map(|now| now.meta.mod_revision)
}

fn unit_of(step: &PlanStep) -> Unit {
    let before = step.before.as_ref().map(|before| before.meta.mod_revision);
    match &step.action {
        StepAction::Put { value, lease } => unit_of_put(&PutRequest {
            key: step.key.clone(),
            value: value.clone(),
            expect: before.map_or(Expect::Absent, Expect::Revision),
            lease: LeaseChoice::Attach(*lease),
        }),
        StepAction::Delete => unit_of_delete(&step.key, before.unwrap_or(0)),
    }
}

/// Whether it passes by itself: a member that is gone, an election.
fn is_passing(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::NoLeader
            | FaultKind::Unavailable
            | FaultKind::TimedOut
            | FaultKind::PortClosed
            | FaultKind::OutcomeUnknown
            | FaultKind::Other
    )
}

/// Whether no step would fare better.
fn ends_the_run(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::ReadOnly
            | FaultKind::NoSpace
            | FaultKind::Corrupt
            | FaultKind::WrongPassword
            | FaultKind::UserRequired
            | FaultKind::TokenExpired
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::KeyMeta;

    fn record(value: &str, revision: i64, lease: i64) -> KeyRecord {
        let meta = KeyMeta { create_revision: 2, mod_revision: revision, version: 2, lease };
        KeyRecord { key: b"k"[..].into(), meta, value: Some(value.as_bytes().into()) }
    }

    fn step(action: StepAction, before: Option<KeyRecord>) -> PlanStep {
        let warnings = Vec::new();
        PlanStep { key: b"k"[..].into(), action, before, on: true, warnings, state: StepState::Sent }
    }

    #[test]
    fn reading_tells_what_became_of_a_step_that_was_sent() {
        let put = step(StepAction::Put { value: b"new"[..].into(), lease: 7 }, Some(record("old", 5, 7)));
        assert!(is_as_before(&put, Some(&record("old", 5, 7))));
        assert!(!is_as_before(&put, None));
        let done = found_done(&put, Some(&record("new", 9, 7)), 20);
        assert_eq!(done, Some(StepState::Done { revision: 9 }));
        assert_eq!(found_done(&put, Some(&record("new", 9, 0)), 20), None, "on no lease it goes on for ever");
        assert_eq!(found_done(&put, Some(&record("other", 9, 7)), 20), None);
        let delete = step(StepAction::Delete, Some(record("old", 5, 0)));
        assert_eq!(found_done(&delete, None, 20), Some(StepState::Done { revision: 20 }));
        assert_eq!(found_done(&delete, Some(&record("old", 8, 0)), 20), None);
        let create = step(StepAction::Put { value: b"new"[..].into(), lease: 0 }, None);
        assert!(is_as_before(&create, None) && !is_as_before(&create, Some(&record("new", 5, 0))));
    }
}
