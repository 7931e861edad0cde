//! Leases: what they have left, granted, kept alive once, revoked.
//!
//! A write that was not answered is settled by asking what the lease has left; it is never sent again.

use std::sync::atomic::{AtomicI64, Ordering};

use etcd_client::{LeaseGrantOptions, LeaseTimeToLiveOptions};
use tokio::task::JoinSet;

use super::cluster::{Cluster, READ_TIMEOUT};
use super::settle::{LOOKS, is_over};
use super::write::Sent;
use crate::model::bytes::Key;
use crate::model::coordination::LeaseInfo;
use crate::model::fault::{Fault, FaultKind};
use crate::model::status::{SeenAt, now};

/// Leases asked about at the same time.
const LEASES_IN_FLIGHT: usize = 8;
/// A member that has just become leader may tell of a lease that it has for ever until it has worked out
/// when it ends: more seconds beyond what was granted than this are no answer.
const NO_ANSWER_SECS: i64 = 3_600;

/// What a lease has left, and between which moments that was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseAnswer {
    /// What was told, and when it was asked.
    pub info: LeaseInfo,
    /// When the answer was there.
    pub answered_at: SeenAt,
}

/// What became of a write to a lease.
enum Settled {
    /// The lease is as it was to become.
    Done,
    /// It is not, and will not be.
    NotDone,
    /// It can not be told.
    Unknown,
}

impl Cluster {
    /// All leases of the cluster, by id.
    ///
    /// # Errors
    /// When no member could answer, or the user may not list them.
    pub async fn list_leases(&self) -> Result<Vec<i64>, Fault> {
        let answer = self.ask(READ_TIMEOUT, |mut handle| async move { handle.client.leases().await }).await?;
        let mut ids: Vec<i64> = answer.leases().iter().map(etcd_client::LeaseStatus::id).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The TTLs of these leases. A lease that is gone has −1 left; one that the user may not see is
    /// left out.
    ///
    /// # Errors
    /// When no member could answer.
    pub async fn leases(&self, ids: &[i64]) -> Result<Vec<LeaseInfo>, Fault> {
        let mut waiting = ids.iter().copied();
        let mut asked = JoinSet::new();
        let mut leases = Vec::with_capacity(ids.len());
        loop {
            while asked.len() < LEASES_IN_FLIGHT
                && let Some(id) = waiting.next()
            {
                let cluster = self.clone();
                asked.spawn(async move { cluster.lease(id).await });
            }
            match asked.join_next().await {
                None => break,
                Some(Ok(Ok(answer))) => leases.push(answer.info),
                Some(Ok(Err(fault))) if fault.kind == FaultKind::PermissionDenied => {}
                Some(Ok(Err(fault))) => return Err(fault),
                Some(Err(error)) => return Err(Fault::new(FaultKind::Other, error.to_string())),
            }
        }
        leases.sort_unstable_by_key(|info| info.id);
        Ok(leases)
    }

    /// What one lease has left. One that has run out but is not deleted yet has 0 left.
    ///
    /// # Errors
    /// When no member could answer, or the user may not ask.
    pub async fn lease(&self, id: i64) -> Result<LeaseAnswer, Fault> {
        // When the member that answered was asked: others may have been asked in vain before.
        let asked_at = AtomicI64::new(now());
        let answer = self
            .ask(READ_TIMEOUT, |mut handle| {
                asked_at.store(now(), Ordering::Relaxed);
                async move { handle.client.lease_time_to_live(id, None).await }
            })
            .await;
        let (granted_secs, remaining_secs) = match answer {
            // Without a TTL that was granted there is no such lease.
            Ok(answer) if answer.granted_ttl() > 0 => (answer.granted_ttl(), answer.ttl().max(0)),
            Ok(_) => (0, -1),
            Err(fault) if fault.kind == FaultKind::LeaseNotFound => (0, -1),
            Err(fault) => return Err(fault),
        };
        if remaining_secs > granted_secs.saturating_add(NO_ANSWER_SECS) {
            return Err(Fault::new(FaultKind::NoLeader, "the new leader does not know yet when leases end"));
        }
        let seen_at = asked_at.load(Ordering::Relaxed);
        let info = LeaseInfo { id, granted_secs, remaining_secs, seen_at };
        Ok(LeaseAnswer { info, answered_at: now() })
    }

    /// The keys attached to a lease, as etcd itself tells; empty where it is gone.
    ///
    /// # Errors
    /// When no member could answer, or the user may not read all of them.
    pub async fn attached_keys(&self, id: i64) -> Result<Vec<Key>, Fault> {
        let answer = self
            .ask(READ_TIMEOUT, |mut handle| async move {
                let options = LeaseTimeToLiveOptions::new().with_keys();
                handle.client.lease_time_to_live(id, Some(options)).await
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.keys().iter().map(|key| Key::from(key.as_slice())).collect()),
            Err(fault) if fault.kind == FaultKind::LeaseNotFound => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }

    /// Grants a lease under this id, which the caller has chosen so that a lost answer can be settled by
    /// asking for it. etcd may grant more seconds than were asked for.
    ///
    /// # Errors
    /// [`FaultKind::LeaseExists`] where the id is taken, [`FaultKind::OutcomeUnknown`] where it can not be
    /// told whether it was granted.
    pub async fn grant_lease(&self, id: i64, ttl_secs: i64) -> Result<LeaseInfo, Fault> {
        self.gate().pass()?;
        // Someone else's lease of this id must not be taken for the one granted here.
        if !self.lease(id).await?.info.is_gone() {
            return Err(Fault::new(FaultKind::LeaseExists, format!("lease {id:016x}")));
        }
        let sent = self
            .send_call(|mut handle| async move {
                handle.client.lease_grant(ttl_secs, Some(LeaseGrantOptions::new().with_id(id))).await
            })
            .await;
        match sent {
            Sent::Answered(answer) => {
                let ttl_secs = answer.ttl();
                Ok(LeaseInfo { id, granted_secs: ttl_secs, remaining_secs: ttl_secs, seen_at: now() })
            }
            Sent::Refused(fault) => Err(fault),
            Sent::Lost { fault, asked } => {
                let exists = |info: &LeaseInfo| !info.is_gone();
                match self.settle_lease(id, asked, &fault, exists).await {
                    Settled::Done => self.lease(id).await.map(|answer| answer.info),
                    Settled::NotDone => Err(fault),
                    Settled::Unknown => Err(unknown(&fault)),
                }
            }
        }
    }

    /// Keeps a lease alive once, and tells what it has left then.
    ///
    /// # Errors
    /// [`FaultKind::LeaseNotFound`] where it is gone, [`FaultKind::OutcomeUnknown`] where the answer was lost.
    pub async fn keep_lease(&self, id: i64) -> Result<LeaseInfo, Fault> {
        let sent =
            self.send_call(|mut handle| async move { handle.client.lease_keep_alive(id).await.map(|_| ()) });
        match sent.await {
            Sent::Answered(()) => self.lease(id).await.map(|answer| answer.info),
            Sent::Refused(fault) => Err(fault),
            Sent::Lost { fault, .. } => Err(unknown(&fault)),
        }
    }

    /// Revokes a lease: every key attached to it is deleted with it. Gives the revision at which it went;
    /// 0 where the answer was lost and asking told that the lease is gone.
    ///
    /// # Errors
    /// [`FaultKind::LeaseNotFound`] where it was gone before, [`FaultKind::OutcomeUnknown`] where it can not
    /// be told whether it was revoked.
    pub async fn revoke_lease(&self, id: i64) -> Result<i64, Fault> {
        let sent = self.send_call(|mut handle| async move { handle.client.lease_revoke(id).await });
        match sent.await {
            Sent::Answered(answer) => {
                let revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
                self.saw(revision);
                Ok(revision)
            }
            Sent::Refused(fault) => Err(fault),
            Sent::Lost { fault, asked } => {
                match self.settle_lease(id, asked, &fault, LeaseInfo::is_gone).await {
                    Settled::Done => Ok(0),
                    Settled::NotDone => Err(fault),
                    Settled::Unknown => Err(unknown(&fault)),
                }
            }
        }
    }

    /// Asks for the lease again, a few times, until it is as it was to become, or will certainly not be.
    async fn settle_lease(
        &self,
        id: i64,
        asked: usize,
        fault: &Fault,
        is_done: impl Fn(&LeaseInfo) -> bool,
    ) -> Settled {
        let mut alive = 0;
        let mut told = false;
        for wait in LOOKS {
            tokio::time::sleep(wait).await;
            // First the member: what it held while it stood still is done before the lease is asked for.
            alive += u32::from(self.is_heard(asked).await);
            told = match self.lease(id).await {
                Ok(answer) if is_done(&answer.info) => return Settled::Done,
                answer => answer.is_ok(),
            };
        }
        if told && is_over(alive, fault) { Settled::NotDone } else { Settled::Unknown }
    }
}

fn unknown(fault: &Fault) -> Fault {
    Fault::new(FaultKind::OutcomeUnknown, fault.to_string())
}
