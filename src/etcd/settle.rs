//! What became of a write whose answer was lost.
//!
//! The key is read again; where what others did to it meanwhile hides the write, everything that
//! happened to the key since the write was sent is read from its history. That tells for certain
//! whether the write is there. That it will not come any more is certain only once the member that
//! was asked answers again: one that stands still may hold the request, and do it when it goes on.

use std::time::{Duration, Instant};

use etcd_client::WatchOptions;
use etcd_client::proto::PbEvent;

use super::cluster::{Cluster, READ_TIMEOUT};
use super::member::{CONTACT_TIMEOUT, Member};
use super::read::record_of;
use crate::model::bytes::{Key, Value};
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::KeyRecord;
use crate::model::write::{Expect, PutRequest};

/// Waits before each look at a key whose write was not answered: a write may still be on its way
/// from the member that took it to the leader.
pub(super) const LOOKS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(400), Duration::from_millis(1_500)];
/// Versions walked back to find the write that followed a revision.
const MOST_STEPS_BACK: u32 = 64;
/// Reading what happened to a key since the write was sent.
const REPLAY_TIMEOUT: Duration = Duration::from_secs(3);
const ASK_PROGRESS: Duration = Duration::from_millis(50);
/// On old servers progress may overtake events.
const DISTRUST: Duration = Duration::from_millis(500);
/// Whether the member that was asked answers again.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(1);

/// A write that was sent and not answered.
#[derive(Clone, Debug)]
pub(super) struct LostWrite {
    pub key: Key,
    /// `None`: it was to be deleted.
    pub value: Option<Value>,
    pub expect: Expect,
    /// The cluster was at this revision, or behind it, before the write was sent (0: unknown).
    pub since: i64,
    /// Index of the member that was asked.
    pub asked: usize,
}

/// What looking again told about a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Committed at this revision.
    Done(i64),
    /// Not done, and it will not be.
    NotDone,
    /// Not done, and it will not be, because someone else's change came first.
    Overtaken(Option<KeyRecord>),
    /// It can not be told.
    Unknown,
}

/// What one look told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Look {
    Done(i64),
    /// Not done until now; what the key is.
    NotYet(Option<KeyRecord>),
    /// Someone else's change came first: it can never be done.
    Never(Option<KeyRecord>),
    Hidden,
}

impl LostWrite {
    pub(super) fn of(put: &PutRequest, since: i64, asked: usize) -> Self {
        let (key, value) = (put.key.clone(), Some(put.value.clone()));
        Self { key, value, expect: put.expect, since, asked }
    }

    fn wrote(&self, record: &KeyRecord) -> bool {
        self.value.is_some() && record.value == self.value
    }

    /// Whether this event is the write. (A deletion of the same version by someone else looks the
    /// same, and comes to the same.)
    fn is(&self, event: &PbEvent) -> bool {
        const DELETE: i32 = 1;
        let Some(kv) = &event.kv else { return false };
        let same = match &self.value {
            Some(value) => event.r#type != DELETE && kv.value == **value,
            None => event.r#type == DELETE,
        };
        // The version before may be compacted away; then the rest must do.
        let follows = |before| event.prev_kv.as_ref().is_none_or(|prev| prev.mod_revision == before);
        same && match self.expect {
            Expect::Absent => kv.create_revision == kv.mod_revision,
            Expect::Revision(before) => kv.create_revision <= before && follows(before),
        }
    }
}

impl Cluster {
    /// Looks again, a few times, until it is certain what became of the write.
    pub(super) async fn settle(&self, write: &LostWrite, fault: &Fault) -> Settled {
        let mut last = Look::Hidden;
        let mut alive = 0;
        for wait in LOOKS {
            tokio::time::sleep(wait).await;
            // First the member: what it held while it stood still is done before the key is read.
            alive += u32::from(self.is_heard(write.asked).await);
            last = self.look(write).await;
            match last {
                Look::Done(revision) => return Settled::Done(revision),
                Look::Never(now) => return Settled::Overtaken(now),
                // It came back from a member that did answer.
                Look::NotYet(_) if fault.kind == FaultKind::NoSpace => break,
                Look::NotYet(_) | Look::Hidden => {}
            }
        }
        let is_over = is_over(alive, fault);
        match last {
            Look::NotYet(Some(now)) if is_over && write.expect == Expect::Absent => {
                Settled::Overtaken(Some(now))
            }
            Look::NotYet(_) if is_over => Settled::NotDone,
            _ => Settled::Unknown,
        }
    }

    /// Whether the member answers, or is not there at all.
    pub(super) async fn is_heard(&self, index: usize) -> bool {
        let Some(member) = self.members().get(index) else { return false };
        let read = member.call(ALIVE_TIMEOUT, |mut handle| async move { handle.kv.get("\0", None).await });
        match tokio::time::timeout(ALIVE_TIMEOUT, read).await {
            Ok(Ok(_)) => true,
            Ok(Err(refusal)) => {
                matches!(refusal.fault.kind, FaultKind::PortClosed | FaultKind::PermissionDenied)
            }
            Err(_) => false,
        }
    }

    async fn look(&self, write: &LostWrite) -> Look {
        let Ok(now) = self.read(&write.key).await else { return Look::Hidden };
        match self.look_at_versions(write, now).await {
            Look::Hidden if write.since > 0 => self.replay_write(write).await,
            look => look,
        }
    }

    /// Whether the write is among the versions of the key.
    async fn look_at_versions(&self, write: &LostWrite, now: Option<KeyRecord>) -> Look {
        match (write.expect, now) {
            (Expect::Absent, Some(now)) => {
                let created = now.meta.create_revision;
                let first = if now.meta.mod_revision == created {
                    Some(now)
                } else {
                    self.read_at(&write.key, created).await.ok().flatten()
                };
                // Else ours may have been created and deleted before this one was created.
                if first.is_some_and(|first| write.wrote(&first)) {
                    Look::Done(created)
                } else {
                    Look::Hidden
                }
            }
            // It may have been there and be deleted: the key alone can not tell.
            (_, None) => Look::Hidden,
            (Expect::Revision(before), Some(now)) if now.meta.mod_revision == before => {
                Look::NotYet(Some(now))
            }
            (Expect::Revision(before), Some(now)) => {
                if now.meta.mod_revision < before {
                    return Look::Never(Some(now));
                }
                // Deleted and created again: what was before the deletion can not be walked to.
                if now.meta.create_revision > before {
                    return Look::Hidden;
                }
                if write.value.is_none() {
                    return Look::Never(Some(now));
                }
                let mut version = now.clone();
                for _ in 0..MOST_STEPS_BACK {
                    match self.read_at(&write.key, version.meta.mod_revision - 1).await {
                        Ok(Some(older)) if older.meta.mod_revision <= before => {
                            return if write.wrote(&version) {
                                Look::Done(version.meta.mod_revision)
                            } else {
                                Look::Never(Some(now))
                            };
                        }
                        Ok(Some(older)) => version = older,
                        // The version before is compacted away.
                        _ => return Look::Hidden,
                    }
                }
                Look::Hidden
            }
        }
    }

    /// Reads everything that happened to the key since the write was sent, from the first member
    /// that tells it.
    async fn replay_write(&self, write: &LostWrite) -> Look {
        for index in self.order() {
            let Some(member) = self.members().get(index) else { continue };
            let replayed = tokio::time::timeout(REPLAY_TIMEOUT, replay_at(member, write)).await;
            if let Ok(Ok(look)) = replayed {
                return look;
            }
        }
        Look::Hidden
    }
}

/// Whether a write that is not there will not come any more: the member that was asked has answered
/// twice since, so it holds nothing back.
pub(super) fn is_over(alive: u32, fault: &Fault) -> bool {
    fault.kind == FaultKind::NoSpace || (alive > 1 && fault.kind != FaultKind::TimedOut)
}

async fn replay_at(member: &Member, write: &LostWrite) -> Result<Look, Fault> {
    let key = &write.key;
    let answer = member
        .call(READ_TIMEOUT, |mut handle| async move { handle.kv.get(&**key, None).await })
        .await
        .map_err(|refusal| refusal.fault)?;
    let mut answer = answer.0;
    let until = answer.header.map_or(0, |header| header.revision);
    let now = answer.kvs.pop().map(|kv| record_of(kv, true));
    let since = match write.expect {
        Expect::Absent => write.since,
        Expect::Revision(before) => write.since.max(before),
    };
    if until < since {
        // Another history: the cluster was restored.
        return Ok(Look::Hidden);
    }
    // A key that is there was last changed at this revision; one that is not, at an unknown one.
    let last_change = now.as_ref().map(|now| now.meta.mod_revision);
    let found = if until == since || last_change.is_some_and(|revision| revision <= since) {
        Some(None)
    } else {
        let mut handle = member.handle().await?;
        let options = WatchOptions::new().with_start_revision(since + 1).with_prev_key();
        let opened = tokio::time::timeout(CONTACT_TIMEOUT, handle.watch.watch(&**key, Some(options))).await;
        let timed_out = || super::fault::timed_out("the watch was not answered");
        let watch = opened.map_err(|_| timed_out())?.map_err(|error| super::fault::classify(&error))?;
        find(watch, write, last_change, until).await?
    };
    Ok(match (found, write.expect, now) {
        (None, ..) => Look::Hidden,
        (Some(Some(revision)), ..) => Look::Done(revision),
        // A key at another revision, or deleted, is never at the one expected again.
        (Some(None), Expect::Revision(before), Some(now)) if now.meta.mod_revision == before => {
            Look::NotYet(Some(now))
        }
        (Some(None), Expect::Revision(_), now) => Look::Never(now),
        (Some(None), Expect::Absent, now) => Look::NotYet(now),
    })
}

/// Finds the write among the events up to `until`: its revision, or that it is not among them.
/// `None`: history is compacted away, or may not be read.
async fn find(
    mut watch: etcd_client::WatchStream,
    write: &LostWrite,
    last_change: Option<i64>,
    until: i64,
) -> Result<Option<Option<i64>>, Fault> {
    let mut asks = tokio::time::interval(ASK_PROGRESS);
    let mut in_step: Option<Instant> = None;
    loop {
        tokio::select! {
            message = watch.message() => {
                let message = message.map_err(|error| super::fault::classify(&error))?;
                let Some(message) = message.map(|message| message.0) else { return Ok(None) };
                if message.canceled {
                    return Ok(None);
                }
                if let Some(event) = message.events.iter().find(|event| write.is(event)) {
                    return Ok(Some(event.kv.as_ref().map(|kv| kv.mod_revision)));
                }
                let told = message.events.iter().filter_map(|event| event.kv.as_ref()).map(|kv| kv.mod_revision).max();
                if told.is_some_and(|told| told >= last_change.unwrap_or(until)) {
                    return Ok(Some(None));
                }
                let progress = message.header.map_or(0, |header| header.revision);
                if message.events.is_empty() && !message.created && progress >= until {
                    in_step.get_or_insert_with(Instant::now);
                }
            }
            _ = asks.tick() => {
                if last_change.is_none() && in_step.is_some_and(|when| when.elapsed() >= DISTRUST) {
                    return Ok(Some(None));
                }
                watch.request_progress().await.map_err(|error| super::fault::classify(&error))?;
            }
        }
    }
}
