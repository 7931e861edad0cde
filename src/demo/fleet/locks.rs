//! Workers that contend for locks through etcd's lock API.

use std::ops::Range;
use std::time::Duration;

use etcd_client::LockOptions;

use super::actor::{Actor, Lost, Role, within};

/// TTL of a worker's lease.
const LEASE_TTL_SECS: u32 = 15;
/// Locks taken with one lease, until the worker takes a new one.
const ROUNDS: usize = 20;

/// One who takes locks in an order, works, and releases them.
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) locks: Vec<String>,
    /// How long it works, in milliseconds.
    pub(super) holds: Range<u64>,
    /// How long it rests, in milliseconds.
    pub(super) rests: Range<u64>,
    /// How long it waits for one lock before it gives up.
    pub(super) patience: Duration,
}

const LONG: Duration = Duration::from_secs(120);

/// The workers of the calm fleet. The transfers take two locks, always in the same order: one waits
/// behind another, but never each for the other.
pub(super) fn workers() -> Vec<Worker> {
    let worker = |name: &str, locks: &[&str], holds, rests, patience| Worker {
        name: name.to_owned(),
        locks: locks.iter().map(|lock| (*lock).to_owned()).collect(),
        holds,
        rests,
        patience,
    };
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
            &["/locks/account:7", "/locks/account:9"],
            2_000..4_000,
            4_000..9_000,
            Duration::from_secs(9),
        ),
    ]
}

/// Waits for a lock as long as it takes; returns the key to unlock it with. Dropping the call takes
/// its key out of the queue.
pub(super) async fn take(actor: &Actor, lock: &str, lease: i64) -> Result<Vec<u8>, Lost> {
    let options = LockOptions::new().with_lease(lease);
    let answer = actor.client().lock(lock, Some(options)).await?;
    Ok(answer.key().to_vec())
}

/// Releases a lock.
pub(super) async fn unlock(actor: &Actor, key: Vec<u8>) -> Result<(), Lost> {
    within(actor.client().unlock(key)).await?;
    Ok(())
}

impl Worker {
    /// Takes the locks in order, works, releases them. Giving up on one is no failure.
    async fn round(&self, actor: &mut Actor, lease: i64) -> Result<(), Lost> {
        let mut held = Vec::new();
        for (index, lock) in self.locks.iter().enumerate() {
            if index > 0 {
                tokio::time::sleep(actor.random.millis(800..2_000)).await;
            }
            match tokio::time::timeout(self.patience, take(actor, lock, lease)).await {
                Ok(key) => held.push(key?),
                Err(_) => break,
            }
        }
        if held.len() == self.locks.len() {
            let work = actor.random.millis(self.holds.clone());
            tokio::time::sleep(work).await;
        }
        for key in held.into_iter().rev() {
            unlock(actor, key).await?;
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
