//! Operations on many keys: guarded steps gathered into transactions.

use std::collections::HashSet;

use etcd_client::{Compare, Txn, TxnOp};
use tokio::task::JoinSet;

use super::cluster::Cluster;
use super::settle::{LostWrite, Settled};
use super::witness::{NoWitness, Witness};
use super::write::{Sent, guard, put_op};
use crate::model::audit::{AuditIntent, AuditOutcome};
use crate::model::bytes::{Key, Value};
use crate::model::fault::{Fault, FaultKind};
use crate::model::write::{
    BatchReport, BatchStep, Expect, LeaseChoice, MOST_BYTES, MOST_OPERATIONS, PutRequest,
};

/// Steps prepared at a time, and sources of copies read at the same time.
const WINDOW: usize = 64;
const READS_IN_FLIGHT: usize = 8;
/// A transaction that certainly was not done is sent again at most so often.
const TRIES: usize = 3;

/// A step, ready to be part of a transaction.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// The key to report.
    key: Key,
    compares: Vec<Compare>,
    operations: Vec<TxnOp>,
    /// Keys that it writes.
    writes: Vec<Key>,
    size_bytes: usize,
    /// How to see whether it was done: this key has this value (`None`: is deleted) where it had
    /// been as expected.
    written: Key,
    put_value: Option<Value>,
    expect: Expect,
    /// It attaches a copy to the lease of its source: a lease that is gone has taken the source with
    /// it.
    leased_by_source: bool,
    /// What is told of it.
    intents: Vec<AuditIntent>,
}

impl Unit {
    /// Whether this refusal says that the source is going.
    fn is_gone(&self, fault: &Fault) -> bool {
        self.leased_by_source && fault.kind == FaultKind::LeaseNotFound
    }
}

/// The index of a step, and its unit (`None`: its source has changed).
type Prepared = (usize, Result<Option<Unit>, Fault>);

/// How a chunk of units ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// Committed at this revision.
    Done(i64),
    GuardFailed,
    Refused(Fault),
    Unknown(Fault),
}

impl Ended {
    fn told(&self) -> AuditOutcome {
        match self {
            Self::Done(revision) => AuditOutcome::Done { revision: *revision },
            Self::GuardFailed => AuditOutcome::Conflict,
            Self::Refused(fault) => AuditOutcome::Refused(fault.to_string()),
            Self::Unknown(fault) => AuditOutcome::Unknown(fault.to_string()),
        }
    }
}

impl Cluster {
    /// Runs the steps in guarded transactions of at most 100 operations and 1 MiB. `progress` is
    /// told the number of steps finished so far; between transactions `cancelled` is asked. Where a
    /// transaction's guard fails its steps are tried one by one, so that only keys that someone
    /// changed are left alone.
    pub async fn batch(
        &self,
        steps: &[BatchStep],
        progress: &mut (dyn FnMut(u64) + Send),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> BatchReport {
        self.batch_before(&NoWitness, steps, progress, cancelled).await
    }

    /// [`Cluster::batch`] before a witness, who is told of each transaction's keys before it is sent
    /// and how each ended.
    pub async fn batch_before(
        &self,
        witness: &dyn Witness,
        steps: &[BatchStep],
        progress: &mut (dyn FnMut(u64) + Send),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> BatchReport {
        let mut report = BatchReport { total: steps.len() as u64, ..BatchReport::default() };
        for window in steps.chunks(WINDOW) {
            let units = match self.prepare(window, &mut report).await {
                Ok(units) => units,
                Err(fault) => {
                    report.stopped = Some(fault);
                    break;
                }
            };
            for chunk in chunks(units) {
                if cancelled() {
                    report.stopped = Some(Fault::new(FaultKind::Cancelled, "stopped by the operator"));
                    break;
                }
                if let Err(fault) = self.run_chunk(witness, &chunk, &mut report).await {
                    report.stopped = Some(fault);
                    break;
                }
                progress(finished(&report));
            }
            if report.stopped.is_some() {
                break;
            }
        }
        progress(finished(&report));
        report
    }

    /// Runs a chunk before the witness, and reports how each of its steps ended. An error ends the
    /// batch.
    async fn run_chunk(
        &self,
        witness: &dyn Witness,
        chunk: &[Unit],
        report: &mut BatchReport,
    ) -> Result<(), Fault> {
        let intents = chunk.iter().flat_map(|unit| unit.intents.clone()).collect();
        let testimony = witness.asked(intents).await;
        let ends = self.commit_or_each(chunk).await;
        let mut outcomes = Vec::new();
        for (at, unit) in chunk.iter().enumerate() {
            let not_sent = || AuditOutcome::Refused("not sent: the one before it has failed".to_owned());
            let told = ends.get(at).map_or_else(not_sent, Ended::told);
            outcomes.extend(unit.intents.iter().map(|_| told.clone()));
        }
        witness.ended(testimony, outcomes).await;
        let mut stopped = Ok(());
        for (unit, ended) in chunk.iter().zip(ends) {
            match ended {
                Ended::Done(_) => report.done += 1,
                Ended::GuardFailed => report.skipped.push(unit.key.clone()),
                Ended::Refused(fault) if unit.is_gone(&fault) => report.skipped.push(unit.key.clone()),
                Ended::Refused(fault) => stopped = stopped.and(Err(fault)),
                Ended::Unknown(fault) => {
                    report.unknown.push(unit.key.clone());
                    stopped = stopped.and(Err(fault));
                }
            }
        }
        stopped
    }

    /// Runs a chunk, and its steps one by one where it can not be done as a whole; tells how each
    /// ended. Steps behind one that ends the batch are not sent, and nothing is told of them.
    async fn commit_or_each(&self, chunk: &[Unit]) -> Vec<Ended> {
        let ended = self.commit(chunk).await;
        if chunk.len() == 1 || matches!(ended, Ended::Done(_) | Ended::Unknown(_)) {
            return vec![ended; chunk.len()];
        }
        let mut ends = Vec::with_capacity(chunk.len());
        for unit in chunk {
            let ended = self.commit(std::slice::from_ref(unit)).await;
            let is_last = match &ended {
                Ended::Refused(fault) => !unit.is_gone(fault),
                Ended::Unknown(_) => true,
                Ended::Done(_) | Ended::GuardFailed => false,
            };
            ends.push(ended);
            if is_last {
                break;
            }
        }
        ends
    }

    /// One transaction. If its answer is lost the keys tell; only when they show that nothing was
    /// done it is sent again.
    pub(super) async fn commit(&self, chunk: &[Unit]) -> Ended {
        let mut last: Option<Fault> = None;
        for _ in 0..TRIES {
            let since = self.seen();
            let compares: Vec<_> = chunk.iter().flat_map(|unit| unit.compares.clone()).collect();
            let operations: Vec<_> = chunk.iter().flat_map(|unit| unit.operations.clone()).collect();
            let cluster = self.clone();
            let txn = Txn::new().when(compares).and_then(operations);
            let sent = tokio::spawn(async move { cluster.send(txn).await }).await;
            let (fault, asked) = match sent {
                Ok(Sent::Answered(answer)) if answer.succeeded() => {
                    return Ended::Done(answer.header().map_or(0, etcd_client::ResponseHeader::revision));
                }
                Ok(Sent::Answered(_)) => return Ended::GuardFailed,
                Ok(Sent::Refused(fault)) => return Ended::Refused(fault),
                Ok(Sent::Lost { fault, asked }) => (fault, asked),
                Err(error) => (Fault::new(FaultKind::OutcomeUnknown, error.to_string()), 0),
            };
            match self.settle_chunk(chunk, since, asked, &fault).await {
                Settled::Done(revision) => return Ended::Done(revision),
                Settled::NotDone => last = Some(fault),
                Settled::Overtaken(_) => return Ended::GuardFailed,
                Settled::Unknown => {
                    return Ended::Unknown(Fault::new(FaultKind::OutcomeUnknown, fault.to_string()));
                }
            }
        }
        Ended::Refused(last.unwrap_or_else(|| Fault::new(FaultKind::Unavailable, "not sent")))
    }

    /// What became of a transaction: all of it was done or nothing, so one key that it put tells.
    /// A deletion may be someone else's: without any put, all keys must have gone at one revision.
    async fn settle_chunk(&self, chunk: &[Unit], since: i64, asked: usize, fault: &Fault) -> Settled {
        let is_put = |unit: &&Unit| unit.put_value.is_some();
        let telling = chunk.iter().find(is_put).map_or(chunk, std::slice::from_ref);
        let mut done_at = None;
        for unit in telling {
            let (key, value) = (unit.written.clone(), unit.put_value.clone());
            let write = LostWrite { key, value, expect: unit.expect, since, asked };
            match self.settle(&write, fault).await {
                Settled::Done(revision) if done_at.is_none_or(|at| at == revision) => {
                    done_at = Some(revision);
                }
                Settled::Done(_) => return Settled::Overtaken(None),
                other => return other,
            }
        }
        done_at.map_or(Settled::Unknown, Settled::Done)
    }

    /// Makes units of the steps, reading the sources of copies. Keys that have changed already are
    /// reported as skipped.
    async fn prepare(&self, steps: &[BatchStep], report: &mut BatchReport) -> Result<Vec<Unit>, Fault> {
        let mut units: Vec<Option<Unit>> = vec![None; steps.len()];
        let mut reads: JoinSet<Prepared> = JoinSet::new();
        for (index, step) in steps.iter().enumerate() {
            match step {
                BatchStep::Put(put) => units[index] = Some(unit_of_put(put)),
                BatchStep::Delete { key, revision } => units[index] = Some(unit_of_delete(key, *revision)),
                BatchStep::Copy { .. } => {
                    while reads.len() >= READS_IN_FLIGHT {
                        collect(reads.join_next().await, &mut units)?;
                    }
                    let (cluster, step) = (self.clone(), step.clone());
                    reads.spawn(async move { (index, cluster.unit_of_copy(&step).await) });
                }
            }
        }
        while !reads.is_empty() {
            collect(reads.join_next().await, &mut units)?;
        }
        for (unit, step) in units.iter().zip(steps) {
            if unit.is_none() {
                report.skipped.push(step.key().clone());
            }
        }
        Ok(units.into_iter().flatten().collect())
    }

    async fn unit_of_copy(&self, step: &BatchStep) -> Result<Option<Unit>, Fault> {
        let BatchStep::Copy { from, revision, to, keep_lease, remove_source } = step else {
            return Ok(None);
        };
        let Some(source) = self.read(from).await?.filter(|it| it.meta.mod_revision == *revision) else {
            return Ok(None);
        };
        let Some(value) = source.value else { return Ok(None) };
        let lease = if *keep_lease { source.meta.lease } else { 0 };
        let put =
            PutRequest { key: to.clone(), value, expect: Expect::Absent, lease: LeaseChoice::Attach(lease) };
        let mut unit = unit_of_put(&put);
        unit.intents = AuditIntent::of_step(step);
        unit.key = from.clone();
        unit.leased_by_source = lease != 0;
        unit.compares.push(guard(from, Expect::Revision(*revision)));
        unit.size_bytes += from.len();
        if *remove_source {
            unit.operations.push(TxnOp::delete(&**from, None));
            unit.writes.push(from.clone());
            unit.size_bytes += from.len();
        }
        Ok(Some(unit))
    }
}

fn collect(
    read: Option<Result<Prepared, tokio::task::JoinError>>,
    units: &mut [Option<Unit>],
) -> Result<(), Fault> {
    match read {
        Some(Ok((index, unit))) => {
            units[index] = unit?;
            Ok(())
        }
        Some(Err(error)) => Err(Fault::new(FaultKind::Other, error.to_string())),
        None => Ok(()),
    }
}

pub(super) fn unit_of_put(put: &PutRequest) -> Unit {
    Unit {
        key: put.key.clone(),
        compares: vec![guard(&put.key, put.expect)],
        operations: vec![put_op(put)],
        writes: vec![put.key.clone()],
        size_bytes: 2 * put.key.len() + put.value.len() + 64,
        written: put.key.clone(),
        put_value: Some(put.value.clone()),
        expect: put.expect,
        leased_by_source: false,
        intents: vec![AuditIntent::of_put(put)],
    }
}

pub(super) fn unit_of_delete(key: &Key, revision: i64) -> Unit {
    Unit {
        key: key.clone(),
        compares: vec![guard(key, Expect::Revision(revision))],
        operations: vec![TxnOp::delete(&**key, None)],
        writes: vec![key.clone()],
        size_bytes: 2 * key.len() + 64,
        written: key.clone(),
        put_value: None,
        expect: Expect::Revision(revision),
        leased_by_source: false,
        intents: AuditIntent::of_step(&BatchStep::Delete { key: key.clone(), revision }),
    }
}

/// Gathers units, in their order, into transactions within etcd's limits. No key is written twice
/// in one: etcd refuses that.
fn chunks(units: Vec<Unit>) -> Vec<Vec<Unit>> {
    let mut chunks: Vec<Vec<Unit>> = Vec::new();
    let mut written: HashSet<Key> = HashSet::new();
    let (mut compares, mut operations, mut bytes) = (0, 0, 0);
    for unit in units {
        let fits = compares + unit.compares.len() <= MOST_OPERATIONS
            && operations + unit.operations.len() <= MOST_OPERATIONS
            && bytes + unit.size_bytes <= MOST_BYTES
            && !unit.writes.iter().any(|key| written.contains(key));
        if !fits || chunks.is_empty() {
            chunks.push(Vec::new());
            written.clear();
            (compares, operations, bytes) = (0, 0, 0);
        }
        compares += unit.compares.len();
        operations += unit.operations.len();
        bytes += unit.size_bytes;
        written.extend(unit.writes.iter().cloned());
        if let Some(last) = chunks.last_mut() {
            last.push(unit);
        }
    }
    chunks
}

fn finished(report: &BatchReport) -> u64 {
    report.done + report.skipped.len() as u64 + report.unknown.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, size: usize) -> Unit {
        unit_of_put(&PutRequest {
            key: key.as_bytes().into(),
            value: vec![0; size].into(),
            expect: Expect::Absent,
            lease: LeaseChoice::Attach(0),
        })
    }

    #[test]
    fn transactions_keep_to_the_limits() {
        let small = (0..250).map(|index| put(&format!("k{index}"), 10)).collect();
        assert_eq!(chunks(small).iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
        let large = (0..4).map(|index| put(&format!("k{index}"), 600 << 10)).collect();
        assert_eq!(chunks(large).len(), 4);
        assert!(chunks(Vec::new()).is_empty());
    }

    #[test]
    fn one_key_is_not_written_twice_in_one_transaction() {
        let units = vec![put("a", 1), put("b", 1), put("a", 1), unit_of_delete(&b"a"[..].into(), 3)];
        assert_eq!(chunks(units).iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    }
}
