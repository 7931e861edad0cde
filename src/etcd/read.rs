//! Reads: one key, now or at a revision, and leases.

use etcd_client::GetOptions;
use etcd_client::proto::PbKeyValue;
use tokio::task::JoinSet;

use super::cluster::{Cluster, READ_TIMEOUT};
use crate::model::claim::LeaseInfo;
use crate::model::fault::{Fault, FaultKind};
use crate::model::page::KeyPage;
use crate::model::record::{KeyMeta, KeyRecord};
use crate::model::status::now;

/// Leases asked about at the same time.
const LEASES_IN_FLIGHT: usize = 8;

/// What etcd keeps beside the value.
pub(super) fn meta_of(kv: &PbKeyValue) -> KeyMeta {
    KeyMeta {
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
    }
}

/// A key-value of the protocol as a record.
pub(super) fn record_of(kv: PbKeyValue, with_value: bool) -> KeyRecord {
    KeyRecord { meta: meta_of(&kv), key: kv.key.into(), value: with_value.then(|| kv.value.into()) }
}

/// Key-values of the protocol, packed.
pub(super) fn page_of(kvs: Vec<PbKeyValue>, with_values: bool) -> KeyPage {
    let bytes = kvs.iter().map(|kv| kv.key.len()).sum();
    let mut page = KeyPage::with_capacity(kvs.len(), bytes);
    for kv in kvs {
        let meta = meta_of(&kv);
        page.push(&kv.key, meta, with_values.then(|| kv.value.into()));
    }
    page
}

impl Cluster {
    /// One key as it is now, by a linearizable read.
    ///
    /// # Errors
    /// When no member could answer, or the user may not read it.
    pub async fn read(&self, key: &[u8]) -> Result<Option<KeyRecord>, Fault> {
        self.read_at(key, 0).await
    }

    /// One key as it was at this revision (0: is now).
    pub(super) async fn read_at(&self, key: &[u8], revision: i64) -> Result<Option<KeyRecord>, Fault> {
        let mut answer = self
            .ask(READ_TIMEOUT, |mut handle| {
                let options = GetOptions::new().with_revision(revision);
                async move { handle.kv.get(key, Some(options)).await }
            })
            .await?;
        self.saw(answer.header().map_or(0, etcd_client::ResponseHeader::revision));
        Ok(answer.0.kvs.pop().map(|kv| record_of(kv, true)))
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
                Some(Ok(Ok(info))) => leases.push(info),
                Some(Ok(Err(fault))) if fault.kind == FaultKind::PermissionDenied => {}
                Some(Ok(Err(fault))) => return Err(fault),
                Some(Err(error)) => return Err(Fault::new(FaultKind::Other, error.to_string())),
            }
        }
        leases.sort_unstable_by_key(|info| info.id);
        Ok(leases)
    }

    async fn lease(&self, id: i64) -> Result<LeaseInfo, Fault> {
        let answer = self
            .ask(READ_TIMEOUT, |mut handle| async move { handle.client.lease_time_to_live(id, None).await })
            .await;
        let (granted_secs, remaining_secs) = match answer {
            Ok(answer) => (answer.granted_ttl(), answer.ttl()),
            Err(fault) if fault.kind == FaultKind::LeaseNotFound => (0, -1),
            Err(fault) => return Err(fault),
        };
        Ok(LeaseInfo { id, granted_secs, remaining_secs, seen_at: now() })
    }
}
