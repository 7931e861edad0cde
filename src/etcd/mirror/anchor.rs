//! Whether the cluster still has the history that was mirrored.
//!
//! A cluster restored from an older snapshot may keep its id, and accepts a watch from a revision
//! that it will reach only later, in silence. So before a mirror is resumed, a linearizable read on
//! the very member that is to be watched must show the last known change as it was.

use etcd_client::GetOptions;
use etcd_client::proto::PbResponseHeader;

use super::super::cluster::READ_TIMEOUT;
use super::super::fault::is_future_revision;
use super::super::member::Member;
use super::super::read::record_of;
use crate::model::bytes::{Key, Value};
use crate::model::fault::{Fault, FaultKind};
use crate::model::page::KeyPage;
use crate::model::record::{ChangeKind, KeyMeta, KeyRecord, Revision};
use crate::model::status::KeyInterval;

/// The last change that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Anchor {
    /// Id of the cluster that was mirrored.
    pub cluster_id: u64,
    /// Highest term seen in a linearizable read.
    pub raft_term: u64,
    last: Option<LastChange>,
}

#[derive(Clone, Debug)]
struct LastChange {
    revision: i64,
    key: Key,
    /// What the key was then; `None`: it had been deleted.
    left: Option<(KeyMeta, Option<Value>)>,
}

/// What became of the history that was mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum History {
    /// The cluster has it.
    Same,
    /// It is compacted away; whether it was the same can not be told.
    Compacted,
    /// The cluster has another one.
    Replaced,
}

impl Anchor {
    /// A new listing begins at what this header tells.
    pub(super) fn reset(&mut self, cluster_id: u64, raft_term: u64) {
        *self = Self { cluster_id, raft_term, last: None };
    }

    /// A page of the listing: its newest key is kept.
    pub(super) fn see_listed(&mut self, page: &KeyPage) {
        let newest = page.iter().max_by_key(|it| it.meta.mod_revision);
        if let Some(it) = newest
            && self.last.as_ref().is_none_or(|last| last.revision < it.meta.mod_revision)
        {
            self.last = Some(LastChange {
                revision: it.meta.mod_revision,
                key: it.key.into(),
                left: Some((it.meta, it.value.cloned())),
            });
        }
    }

    /// A revision was applied.
    pub(super) fn see(&mut self, revision: &Revision) {
        let Some(change) = revision.changes.last() else { return };
        let left = match &change.kind {
            ChangeKind::Put { meta, value } => Some((*meta, Some(value.clone()))),
            ChangeKind::Delete => None,
        };
        self.last = Some(LastChange { revision: revision.revision, key: change.key.clone(), left });
    }

    /// What has become, on this member, of the history that was mirrored up to `applied`.
    pub(super) async fn holds(
        &mut self,
        member: &Member,
        intervals: &[KeyInterval],
        applied: i64,
    ) -> Result<History, Fault> {
        let (key, at_revision) = match &self.last {
            // Where the watch would go on: what is compacted away there can not be resumed.
            Some(last) => (last.key.clone(), applied),
            // Nothing is known yet: any key that may be read shows the header.
            None => {
                let start = intervals.iter().map(|interval| &*interval.start).find(|it| !it.is_empty());
                (Key::from(start.unwrap_or(&[0])), 0)
            }
        };
        let answer = read_at(member, &key, at_revision).await;
        let (header, found) = match answer {
            Ok(answer) => answer,
            Err(fault) if fault.kind == FaultKind::Compacted => return Ok(History::Compacted),
            Err(fault) if is_future_revision(&fault) => return Ok(History::Replaced),
            Err(fault) => return Err(fault),
        };
        if !self.fits(header.as_ref(), applied) {
            return Ok(History::Replaced);
        }
        let Some(last) = &self.last else { return Ok(History::Same) };
        let same = match (&last.left, found) {
            (None, None) => true,
            (Some((meta, value)), Some(found)) => {
                *meta == found.meta && value.as_ref().is_none_or(|value| found.value.as_ref() == Some(value))
            }
            _ => false,
        };
        Ok(if same { History::Same } else { History::Replaced })
    }

    fn fits(&mut self, header: Option<&PbResponseHeader>, applied: i64) -> bool {
        let Some(header) = header else { return false };
        let fits = header.cluster_id == self.cluster_id
            && header.revision >= applied
            && header.raft_term >= self.raft_term;
        if fits {
            self.raft_term = header.raft_term;
        }
        fits
    }
}

async fn read_at(
    member: &Member,
    key: &Key,
    revision: i64,
) -> Result<(Option<PbResponseHeader>, Option<KeyRecord>), Fault> {
    let answer = member
        .call(READ_TIMEOUT, |mut handle| {
            let options = GetOptions::new().with_revision(revision);
            let key = key.clone();
            async move { handle.kv.get(&*key, Some(options)).await }
        })
        .await
        .map_err(|refusal| refusal.fault)?;
    let mut answer = answer.0;
    Ok((answer.header, answer.kvs.pop().map(|kv| record_of(kv, true))))
}
