//! Claims written by hand, as clients without etcd's lock API write them: a key for each claim, and
//! whoever came before is waited for.

use etcd_client::{GetOptions, PutOptions, SortOrder, SortTarget, Txn, TxnOp};

use super::actor::{Actor, Lost, within};
use super::single::deleted;

/// Writes all these claims at one revision, which is their place in every queue, and returns it.
pub(super) async fn enqueue(actor: &Actor, claims: Vec<(String, Vec<u8>)>, lease: i64) -> Result<i64, Lost> {
    let put =
        |(key, value): (String, Vec<u8>)| TxnOp::put(key, value, Some(PutOptions::new().with_lease(lease)));
    let puts: Vec<_> = claims.into_iter().map(put).collect();
    let answer = actor.txn(Txn::new().and_then(puts)).await?;
    Ok(answer.header().map_or(0, etcd_client::ResponseHeader::revision))
}

/// Waits until no key below the prefix is older than this revision.
pub(super) async fn wait_for_older(actor: &Actor, prefix: &str, revision: i64) -> Result<(), Lost> {
    loop {
        let options = GetOptions::new()
            .with_prefix()
            .with_max_create_revision(revision - 1)
            .with_sort(SortTarget::Create, SortOrder::Descend)
            .with_limit(1);
        let found = within(actor.client().get(prefix, Some(options))).await?;
        let seen = found.header().map_or(0, etcd_client::ResponseHeader::revision);
        let Some(older) = found.kvs().first() else { return Ok(()) };
        deleted(actor, older.key(), seen).await?;
    }
}
