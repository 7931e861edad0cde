//! Workers that contend for locks: through etcd's lock API, and by creating one leased key.

use std::ops::Range;
use std::time::Duration;

use etcd_client::{Compare, CompareOp, LockOptions, PutOptions, Txn, TxnOp, WatchOptions};

use super::actor::{Actor, Lost, Role, within};

/// TTL of a worker's lease.
const LEASE_TTL_SECS: u32 = 15;
/// Locks taken with one lease, until the worker takes a new one.
const ROUNDS: usize = 20;

/// One who takes locks in an order, works, and releases them.
pub(super) struct Worker {
    pub(super) name: &'static str,
    locks: &'static [&'static str],
    /// How long it works, in milliseconds.
    holds: Range<u64>,
    /// How long it rests, in milliseconds.
    rests: Range<u64>,
    /// How long it waits for one lock before it gives up.
    patience: Duration,
}

const LONG: Duration = Duration::from_secs(120);

/// All workers. The two transfers take their locks in opposite order: now and then each waits for
/// the other until one gives up.
pub(super) fn workers() -> Vec<Worker> {
    let worker = |name, locks, holds, rests, patience| Worker { name, locks, holds, rests, patience };
    vec![
        worker("order-worker-1", &["/locks/stock_lock:1001"], 4_000..9_000, 1_000..3_000, LONG),
        worker("order-worker-2", &["/locks/stock_lock:1001"], 4_000..9_000, 1_000..3_000, LONG),
        worker("order-worker-3", &["/locks/stock_lock:1001"], 3_000..7_000, 1_000..4_000, LONG),
        worker("order-worker-4", &["/locks/stock_lock:1001"], 3_000..7_000, 1_000..4_000, LONG),
        worker("stock-sync-1", &["/locks/stock_lock:1002"], 6_000..12_000, 2_000..6_000, LONG),
        worker("stock-sync-2", &["/locks/stock_lock:1002"], 6_000..12_000, 2_000..6_000, LONG),
        worker("reporter", &["/locks/nightly_report"], 20_000..40_000, 5_000..9_000, LONG),
        worker(
            "transfer-a",
            &["/locks/account:7", "/locks/account:9"],
            2_000..4_000,
            4_000..9_000,
            Duration::from_secs(12),
        ),
        worker(
            "transfer-b",
            &["/locks/account:9", "/locks/account:7"],
            2_000..4_000,
            4_000..9_000,
            Duration::from_secs(9),
        ),
    ]
}

impl Worker {
    /// Takes the locks in order, works, releases them. Giving up on one is no failure.
    async fn round(&self, actor: &mut Actor, lease: i64) -> Result<(), Lost> {
        let mut held = Vec::new();
        for (index, lock) in self.locks.iter().enumerate() {
            if index > 0 {
                tokio::time::sleep(actor.random.millis(800..2_000)).await;
            }
            let mut client = actor.client();
            let options = LockOptions::new().with_lease(lease);
            // Dropping the call takes its key out of the queue.
            match tokio::time::timeout(self.patience, client.lock(*lock, Some(options))).await {
                Ok(answer) => held.push(answer?.key().to_vec()),
                Err(_) => break,
            }
        }
        if held.len() == self.locks.len() {
            let work = actor.random.millis(self.holds.clone());
            tokio::time::sleep(work).await;
        }
        for key in held.into_iter().rev() {
            within(actor.client().unlock(key)).await?;
        }
        let rest = actor.random.millis(self.rests.clone());
        tokio::time::sleep(rest).await;
        Ok(())
    }
}

impl Role for Worker {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        let id = lease.id();
        for _ in 0..ROUNDS {
            tokio::select! {
                lost = lease.gone() => return Err(lost),
                done = self.round(actor, id) => done?,
            }
        }
        actor.revoke(lease).await
    }
}

/// One who takes `/locks/deploy`, a lock of the single-key form: whoever creates the key holds it.
pub(super) struct Deployer {
    pub(super) name: &'static str,
}

/// The deployers.
pub(super) fn deployers() -> Vec<Deployer> {
    ["deploy-bot", "release-manager"].map(|name| Deployer { name }).into()
}

/// Creates a leased key if nobody has; returns whether it was created, and the revision of the
/// answer.
pub(super) async fn create_if_absent(
    actor: &Actor,
    key: &str,
    value: &str,
    lease: i64,
) -> Result<(bool, i64), Lost> {
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
pub(super) async fn deleted(actor: &Actor, key: &str, after: i64) -> Result<(), Lost> {
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

impl Role for Deployer {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        const LOCK: &str = "/locks/deploy";
        let lease = actor.lease(10).await?;
        loop {
            let (created, revision) = create_if_absent(actor, LOCK, self.name, lease.id()).await?;
            if created {
                break;
            }
            deleted(actor, LOCK, revision).await?;
        }
        tokio::time::sleep(actor.random.millis(8_000..15_000)).await;
        actor.revoke(lease).await?;
        tokio::time::sleep(actor.random.millis(2_000..8_000)).await;
        Ok(())
    }
}
