//! Guarded writes, and what became of one whose answer was lost.

use std::time::Duration;

use etcd_client::{Compare, CompareOp, PutOptions, Txn, TxnOp, TxnOpResponse, TxnResponse};

use super::cluster::{Cluster, more_telling};
use super::fault::timed_out;
use super::read::record_of;
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::KeyRecord;
use crate::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

/// etcd itself gives a write up after about 7 s.
const WRITE_TIMEOUT: Duration = Duration::from_secs(6);
/// Waits before each look at a key whose write was not answered: a write may still be on its way
/// from the member that took it to the leader.
pub(super) const LOOKS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(400), Duration::from_millis(1_500)];
/// Versions walked back to find the write that followed a revision.
const MOST_STEPS_BACK: u32 = 64;

/// What became of a transaction.
pub(super) enum Sent {
    /// It was answered: its compares held, or not.
    Answered(TxnResponse),
    /// It certainly changed nothing.
    Refused(Fault),
    /// It may or may not have been committed.
    Lost(Fault),
}

/// What a look at a key told about a write.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Look {
    /// The write is there, committed at this revision.
    Done(i64),
    /// The key is as it was before.
    Unchanged,
    /// Someone else's write took its place.
    Overtaken(Option<KeyRecord>),
    /// It can not be told.
    Hidden,
}

impl Cluster {
    /// Writes one key in one guarded transaction. Never sent twice: an answer that was lost is
    /// settled by reading again. It runs to its end even if this future is dropped.
    pub async fn put(&self, put: &PutRequest) -> WriteOutcome {
        let (cluster, put) = (self.clone(), put.clone());
        match tokio::spawn(async move { cluster.put_to_its_end(&put).await }).await {
            Ok(outcome) => outcome,
            Err(error) => WriteOutcome::Unknown(Fault::new(FaultKind::OutcomeUnknown, error.to_string())),
        }
    }

    async fn put_to_its_end(&self, put: &PutRequest) -> WriteOutcome {
        let txn = Txn::new()
            .when([guard(&put.key, put.expect)])
            .and_then([put_op(put)])
            .or_else([TxnOp::get(&*put.key, None)]);
        match self.send(txn).await {
            Sent::Answered(answer) if answer.succeeded() => WriteOutcome::Saved {
                revision: answer.header().map_or(0, etcd_client::ResponseHeader::revision),
            },
            Sent::Answered(answer) => WriteOutcome::Conflict(found(&answer)),
            Sent::Refused(fault) => WriteOutcome::NotSaved(fault),
            Sent::Lost(fault) => self.settle(put, fault).await,
        }
    }

    /// The only way to write: sends a transaction to one member, unless the gate is closed. To another only when there was no connection to send it
    /// by: then it never left this machine.
    pub(super) async fn send(&self, txn: Txn) -> Sent {
        if let Err(fault) = self.gate().pass() {
            return Sent::Refused(fault);
        }
        let mut worst = None;
        for index in self.order() {
            let Some(member) = self.members().get(index) else { continue };
            let answer = member
                .call(WRITE_TIMEOUT, |mut handle| {
                    let txn = txn.clone();
                    async move { handle.kv.txn(txn).await }
                })
                .await;
            match answer {
                Ok(answer) => {
                    self.prefer(index);
                    return Sent::Answered(answer);
                }
                Err(refusal) if refusal.never_sent => {
                    if matches!(refusal.fault.kind, FaultKind::WrongPassword | FaultKind::UserRequired) {
                        return Sent::Refused(refusal.fault);
                    }
                    worst = more_telling(worst, refusal.fault);
                }
                Err(refusal) if surely_not_done(refusal.fault.kind) => return Sent::Refused(refusal.fault),
                Err(refusal) => return Sent::Lost(refusal.fault),
            }
        }
        Sent::Refused(worst.unwrap_or_else(|| timed_out("no member could be reached")))
    }

    async fn settle(&self, put: &PutRequest, fault: Fault) -> WriteOutcome {
        let mut last = Look::Hidden;
        for wait in LOOKS {
            tokio::time::sleep(wait).await;
            last = match self.read(&put.key).await {
                Ok(now) => self.look(put, now).await,
                Err(_) => Look::Hidden,
            };
            match last {
                Look::Done(revision) => return WriteOutcome::Saved { revision },
                Look::Overtaken(now) => return WriteOutcome::Conflict(now),
                Look::Unchanged if fault.kind == FaultKind::NoSpace => break,
                Look::Unchanged | Look::Hidden => {}
            }
        }
        // A member that did not answer at all may still hold the request and do it later.
        if last == Look::Unchanged && fault.kind != FaultKind::TimedOut {
            return WriteOutcome::NotSaved(fault);
        }
        WriteOutcome::Unknown(Fault::new(FaultKind::OutcomeUnknown, fault.to_string()))
    }

    /// Whether the write that was asked for is among the versions of the key.
    async fn look(&self, put: &PutRequest, now: Option<KeyRecord>) -> Look {
        let ours = |record: &KeyRecord| record.value.as_deref() == Some(&*put.value);
        match (put.expect, now) {
            (Expect::Absent, None) => Look::Unchanged,
            (Expect::Absent, Some(now)) => {
                let created = now.meta.create_revision;
                let first = if now.meta.mod_revision == created {
                    Some(now.clone())
                } else {
                    self.read_at(&put.key, created).await.ok().flatten()
                };
                match first {
                    Some(first) if ours(&first) => Look::Done(created),
                    // Ours may have been created and deleted before this one was.
                    _ => Look::Hidden,
                }
            }
            // It was deleted, before or after: the key alone can not tell.
            (Expect::Revision(_), None) => Look::Hidden,
            (Expect::Revision(before), Some(now)) if now.meta.mod_revision == before => Look::Unchanged,
            (Expect::Revision(before), Some(now)) => {
                if now.meta.mod_revision < before {
                    return Look::Overtaken(Some(now));
                }
                // Deleted and created again: what was before the deletion can not be walked to.
                if now.meta.create_revision > before {
                    return Look::Hidden;
                }
                let mut version = now.clone();
                for _ in 0..MOST_STEPS_BACK {
                    match self.read_at(&put.key, version.meta.mod_revision - 1).await {
                        Ok(Some(older)) if older.meta.mod_revision <= before => {
                            return if ours(&version) {
                                Look::Done(version.meta.mod_revision)
                            } else {
                                Look::Overtaken(Some(now))
                            };
                        }
                        Ok(Some(older)) => version = older,
                        // The revision before is compacted: if it is the one expected, its
                        // follower is at hand.
                        _ => return Look::Hidden,
                    }
                }
                Look::Hidden
            }
        }
    }
}

/// The compare that must hold.
pub(super) fn guard(key: &[u8], expect: Expect) -> Compare {
    match expect {
        Expect::Absent => Compare::create_revision(key, CompareOp::Equal, 0),
        Expect::Revision(revision) => Compare::mod_revision(key, CompareOp::Equal, revision),
    }
}

/// The put itself, with what becomes of the lease.
pub(super) fn put_op(put: &PutRequest) -> TxnOp {
    let options = match (put.lease, put.expect) {
        (LeaseChoice::Keep, Expect::Revision(_)) => Some(PutOptions::new().with_ignore_lease()),
        // A key that does not exist has no lease to keep, and etcd refuses to ignore it.
        (LeaseChoice::Keep, Expect::Absent) | (LeaseChoice::Attach(0), _) => None,
        (LeaseChoice::Attach(lease), _) => Some(PutOptions::new().with_lease(lease)),
    };
    TxnOp::put(&*put.key, &*put.value, options)
}

/// The key that the else-branch read.
fn found(answer: &TxnResponse) -> Option<KeyRecord> {
    // `op_responses` would panic at an empty one.
    if answer.0.responses.iter().any(|one| one.response.is_none()) {
        return None;
    }
    answer.op_responses().into_iter().find_map(|one| match one {
        TxnOpResponse::Get(mut get) => get.0.kvs.pop().map(|kv| record_of(kv, true)),
        _ => None,
    })
}

/// Refusals that etcd gives before it does anything. (No space is not among them: it can come back
/// for a write that succeeded.)
fn surely_not_done(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::PermissionDenied
            | FaultKind::RequestTooLarge
            | FaultKind::LeaseNotFound
            | FaultKind::KeyNotFound
            | FaultKind::TokenExpired
            | FaultKind::UserRequired
            | FaultKind::WrongPassword
            | FaultKind::Unimplemented
            | FaultKind::Invalid
    )
}
