//! Reads: one key, now or at a revision.

use etcd_client::proto::PbKeyValue;
use etcd_client::{GetOptions, Txn, TxnOp, TxnOpResponse};

use super::cluster::{Cluster, READ_TIMEOUT};
use crate::model::bytes::Key;
use crate::model::fault::Fault;
use crate::model::page::KeyPage;
use crate::model::record::{KeyMeta, KeyRecord};

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

    /// Several keys as they are now, read together; those that do not exist are left out. At most
    /// [`crate::model::write::MOST_OPERATIONS`] at once.
    ///
    /// # Errors
    /// When no member could answer, or the user may not read one of them.
    pub(super) async fn read_together(&self, keys: &[Key]) -> Result<Vec<KeyRecord>, Fault> {
        let answer = self
            .ask(READ_TIMEOUT, |mut handle| {
                let reads: Vec<TxnOp> = keys.iter().map(|key| TxnOp::get(&**key, None)).collect();
                async move { handle.kv.txn(Txn::new().and_then(reads)).await }
            })
            .await?;
        self.saw(answer.header().map_or(0, etcd_client::ResponseHeader::revision));
        let read = answer.op_responses().into_iter().filter_map(|response| match response {
            TxnOpResponse::Get(mut got) => got.0.kvs.pop(),
            _ => None,
        });
        Ok(read.map(|kv| record_of(kv, true)).collect())
    }
}
