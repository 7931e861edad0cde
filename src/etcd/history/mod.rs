//! What etcd itself still knows of the past: the versions of a key, the replay of its history, and
//! how far back that reaches.

mod compaction;
mod replay;
mod walk;

use std::sync::Arc;

use tokio::task::JoinSet;

use super::cluster::Cluster;
use crate::model::fault::{Fault, FaultKind};
use crate::model::history::{History, HistoryEnd, KeyVersion};
use crate::model::record::KeyRecord;
use walk::Walk;

/// Versions read at the same time.
const IN_FLIGHT: usize = 32;
/// Fewer where values are large: so many bytes are on their way at most.
const BYTES_IN_FLIGHT: usize = 8 << 20;
/// A page ends early when its values have so many bytes.
const PAGE_BYTES: usize = 64 << 20;

impl Cluster {
    /// Older versions of a key, newest first, at most `limit`, with a mod revision below
    /// `below_revision` (`None`: from the newest). The walk ends at the first version of the
    /// generation, or where etcd has compacted; sooner, with [`HistoryEnd::More`], where the values
    /// are large.
    ///
    /// # Errors
    /// When no member could answer, or the user may not read it.
    pub async fn history(
        &self,
        key: &[u8],
        below_revision: Option<i64>,
        limit: u32,
    ) -> Result<History, Fault> {
        match self.walk(key, below_revision, limit).await? {
            Some(history) => Ok(history),
            // The cluster was restored meanwhile: what it has now is one history again.
            None => self.walk(key, below_revision, limit).await?.ok_or_else(|| {
                Fault::new(FaultKind::Unavailable, "the history of the key changed while it was read")
            }),
        }
    }

    /// `None`: what was told contradicts itself.
    async fn walk(&self, key: &[u8], below: Option<i64>, limit: u32) -> Result<Option<History>, Fault> {
        let from = match below {
            Some(below) if below <= 1 => {
                return Ok(Some(History { versions: Vec::new(), end: HistoryEnd::FirstVersion }));
            }
            Some(below) => below - 1,
            None => 0,
        };
        let mut walk = Walk::new(from, limit);
        let key: Arc<[u8]> = key.into();
        let (mut bytes, mut largest) = (0, 1);
        while bytes < PAGE_BYTES {
            let most = (BYTES_IN_FLIGHT / largest).clamp(1, IN_FLIGHT);
            let wave = walk.next_wave(most);
            if wave.is_empty() {
                break;
            }
            for (at, answer) in self.read_all_at(&key, wave).await? {
                match answer {
                    Ok(record) => {
                        let version = record.map(version_of);
                        let size = version.as_ref().map_or(0, |version| version.value.len());
                        (bytes, largest) = (bytes + size, largest.max(size));
                        if walk.told(at, version).is_err() {
                            return Ok(None);
                        }
                    }
                    Err(fault) if fault.kind == FaultKind::Compacted => walk.compacted(at),
                    Err(fault) => return Err(fault),
                }
            }
        }
        Ok(Some(walk.finish()))
    }

    /// Reads a key at several revisions at the same time.
    async fn read_all_at(
        &self,
        key: &Arc<[u8]>,
        revisions: Vec<i64>,
    ) -> Result<Vec<(i64, Result<Option<KeyRecord>, Fault>)>, Fault> {
        if let [at] = revisions[..] {
            return Ok(vec![(at, self.read_at(key, at).await)]);
        }
        let mut asked = JoinSet::new();
        for at in revisions {
            let (cluster, key) = (self.clone(), key.clone());
            asked.spawn(async move { (at, cluster.read_at(&key, at).await) });
        }
        let mut answers = Vec::with_capacity(asked.len());
        while let Some(answer) = asked.join_next().await {
            answers.push(answer.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))?);
        }
        Ok(answers)
    }
}

fn version_of(record: KeyRecord) -> KeyVersion {
    KeyVersion { meta: record.meta, value: record.value.unwrap_or_else(|| Arc::from([])) }
}
