//! Locks and leaders of the single-key form: whoever creates the leased key holds or leads; the
//! others watch for its deletion.

use std::ops::Range;
use std::time::Duration;

use etcd_client::{Compare, CompareOp, PutOptions, Txn, TxnOp, WatchOptions};

use super::actor::{Actor, Lease, Lost, Role, within};

/// One who wants the key to be its own.
pub(super) struct Single {
    /// Its name among the actors.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) value: Vec<u8>,
    /// TTL of its lease, in seconds: so long one that crashed is still believed to hold the key.
    pub(super) ttl_secs: u32,
    /// How long it keeps the key, in milliseconds.
    pub(super) keeps: Range<u64>,
    /// How long it rests, in milliseconds.
    pub(super) rests: Range<u64>,
    /// It crashes one time in so many; 0: never.
    pub(super) crashes_one_in: u64,
}

/// How one gives up what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It stops renewing its lease, without a word.
    Crash,
    /// It gives its lease back.
    Resigned,
}

impl Ending {
    /// A crash one time in so many; never for 0.
    pub(super) fn one_in(actor: &mut Actor, times: u64) -> Self {
        if times > 0 && actor.random.one_in(times) { Self::Crash } else { Self::Resigned }
    }
}

/// Gives the lease back, or after a crash leaves it to expire and waits for that.
pub(super) async fn end_lease(
    actor: &Actor,
    lease: Lease,
    ttl_secs: u32,
    ending: Ending,
) -> Result<(), Lost> {
    match ending {
        Ending::Resigned => actor.revoke(lease).await,
        Ending::Crash => {
            drop(lease);
            tokio::time::sleep(Duration::from_secs(u64::from(ttl_secs) + 2)).await;
            Ok(())
        }
    }
}

/// Creates a leased key if nobody has; returns whether it was created, and the revision of the
/// answer.
async fn create_if_absent(actor: &Actor, key: &str, value: &[u8], lease: i64) -> Result<(bool, i64), Lost> {
    let options = PutOptions::new().with_lease(lease);
    let txn = Txn::new().when([Compare::create_revision(key, CompareOp::Equal, 0)]).and_then([TxnOp::put(
        key,
        value,
        Some(options),
    )]);
    let answer = actor.txn(txn).await?;
    Ok((answer.succeeded(), answer.header().map_or(0, etcd_client::ResponseHeader::revision)))
}

/// Waits until the key is deleted after this revision.
pub(super) async fn deleted(actor: &Actor, key: impl Into<Vec<u8>>, after: i64) -> Result<(), Lost> {
    let options = WatchOptions::new().with_start_revision(after + 1);
    let mut changes = within(actor.client().watch(key, Some(options))).await?;
    loop {
        let change = changes.message().await?.ok_or(Lost::WatchEnded)?;
        if change.canceled() {
            return Err(Lost::WatchEnded);
        }
        if change.events().iter().any(|event| event.event_type() == etcd_client::EventType::Delete) {
            return Ok(());
        }
    }
}

impl Single {
    /// Waits until the key is its own; returns the revision at which it was.
    async fn create(&self, actor: &Actor, lease: i64) -> Result<i64, Lost> {
        loop {
            let (created, revision) = create_if_absent(actor, &self.key, &self.value, lease).await?;
            if created {
                return Ok(revision);
            }
            deleted(actor, self.key.as_str(), revision).await?;
        }
    }
}

impl Role for Single {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut lease = actor.lease(self.ttl_secs).await?;
        let id = lease.id();
        let created = tokio::select! {
            lost = lease.gone() => return Err(lost),
            created = self.create(actor, id) => created?,
        };
        let keeps = actor.random.millis(self.keeps.clone());
        let ending = Ending::one_in(actor, self.crashes_one_in);
        tokio::select! {
            lost = lease.gone() => return Err(lost),
            // Someone took it away: nothing is kept any more.
            taken = deleted(actor, self.key.as_str(), created) => taken?,
            () = tokio::time::sleep(keeps) => {}
        }
        end_lease(actor, lease, self.ttl_secs, ending).await?;
        let rests = actor.random.millis(self.rests.clone());
        tokio::time::sleep(rests).await;
        Ok(())
    }
}

/// The two who take `/locks/deploy`.
pub(super) fn deployers() -> Vec<Single> {
    let deployer = |name: &str| Single {
        name: name.to_owned(),
        key: "/locks/deploy".to_owned(),
        value: name.into(),
        ttl_secs: 10,
        keeps: 8_000..15_000,
        rests: 2_000..8_000,
        crashes_one_in: 0,
    };
    ["deploy-bot", "release-manager"].map(deployer).into()
}

/// The nodes of which one leads while `/leader` is its own.
pub(super) fn nodes() -> Vec<Single> {
    let node = |name: &str| Single {
        name: name.to_owned(),
        key: "/leader".to_owned(),
        value: name.into(),
        ttl_secs: 6,
        keeps: 60_000..120_000,
        rests: 1_000..3_000,
        crashes_one_in: 2,
    };
    ["node-1", "node-2", "node-3"].map(node).into()
}
