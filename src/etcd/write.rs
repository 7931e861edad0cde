//! Guarded writes.

use std::time::Duration;

use etcd_client::{Compare, CompareOp, Error, PutOptions, Txn, TxnOp, TxnOpResponse, TxnResponse};

use super::cluster::{Cluster, more_telling};
use super::fault::timed_out;
use super::member::Handle;
use super::read::record_of;
use super::settle::{LostWrite, Settled};
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::KeyRecord;
use crate::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

/// etcd itself gives a write up after about 7 s.
const WRITE_TIMEOUT: Duration = Duration::from_secs(6);

/// What became of a transaction, or of another call that writes.
pub(super) enum Sent<T = TxnResponse> {
    /// It was answered. (Of a transaction: its compares held, or not.)
    Answered(T),
    /// It certainly changed nothing.
    Refused(Fault),
    /// It may or may not have been committed.
    Lost {
        /// Why there is no answer.
        fault: Fault,
        /// Index of the member that was asked.
        asked: usize,
    },
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
        let since = self.seen();
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
            Sent::Lost { fault, asked } => match self.settle(&LostWrite::of(put, since, asked), &fault).await
            {
                Settled::Done(revision) => WriteOutcome::Saved { revision },
                Settled::NotDone => WriteOutcome::NotSaved(fault),
                Settled::Overtaken(now) => WriteOutcome::Conflict(now),
                Settled::Unknown => {
                    WriteOutcome::Unknown(Fault::new(FaultKind::OutcomeUnknown, fault.to_string()))
                }
            },
        }
    }

    /// Sends a transaction, as [`Cluster::send_call`] does.
    pub(super) async fn send(&self, txn: Txn) -> Sent {
        let sent = self
            .send_call(|mut handle| {
                let txn = txn.clone();
                async move { handle.kv.txn(txn).await }
            })
            .await;
        if let Sent::Answered(answer) = &sent {
            self.saw(answer.header().map_or(0, etcd_client::ResponseHeader::revision));
        }
        sent
    }

    /// The only way to write: makes a call to one member, unless the gate is closed. To another only
    /// when there was no connection to send it by: then it never left this machine.
    pub(super) async fn send_call<T, F, Fut>(&self, op: F) -> Sent<T>
    where
        F: Fn(Handle) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        if let Err(fault) = self.gate().pass() {
            return Sent::Refused(fault);
        }
        let mut worst = None;
        for index in self.order() {
            let Some(member) = self.members().get(index) else { continue };
            match member.call(WRITE_TIMEOUT, &op).await {
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
                Err(refusal) => return Sent::Lost { fault: refusal.fault, asked: index },
            }
        }
        Sent::Refused(worst.unwrap_or_else(|| timed_out("no member could be reached")))
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
            | FaultKind::LeaseExists
            | FaultKind::KeyNotFound
            | FaultKind::TokenExpired
            | FaultKind::UserRequired
            | FaultKind::WrongPassword
            | FaultKind::Unimplemented
            | FaultKind::Invalid
            // Every member refuses every write for as long as the alarm is raised.
            | FaultKind::Corrupt
    )
}
