//! A lock that many want, and read-write locks as etcd's recipes write them.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::actor::{Actor, Lost, Role};
use super::super::locks::Worker;
use super::super::queue::{enqueue, wait_for_older};

/// Workers who all want one lock; no one gives up.
pub(in super::super) fn workers() -> Vec<Worker> {
    let worker = |number: u64| Worker {
        name: format!("packer-{number:02}"),
        locks: vec!["/locks/inventory:hot".to_owned()],
        // Some are quick, some are slow.
        holds: if number.is_multiple_of(8) { 4_000..9_000 } else { 200..2_500 },
        rests: 200..1_500,
        patience: Duration::from_secs(3_600),
    };
    (1..=26).map(worker).collect()
}

/// One who reads or writes under a read-write lock.
pub(in super::super) struct Sharer {
    pub(in super::super) name: String,
    lock: &'static str,
    writes: bool,
    /// How long it holds the lock, in milliseconds.
    holds: Range<u64>,
    /// How long it rests, in milliseconds.
    rests: Range<u64>,
}

/// TTL of a sharer's lease.
const LEASE_TTL_SECS: u32 = 10;

/// Readers and writers of two locks.
pub(in super::super) fn sharers() -> Vec<Sharer> {
    let mut all = Vec::new();
    for (lock, readers) in [("/locks/catalogue", 6), ("/locks/price-list", 3)] {
        let sharer = |name, writes, holds, rests| Sharer { name, lock, writes, holds, rests };
        all.extend(
            (1..=readers)
                .map(|number| sharer(format!("{lock} reader {number}"), false, 1_000..6_000, 500..4_000)),
        );
        all.extend(
            (1..=2).map(|number| sharer(format!("{lock} writer {number}"), true, 2_000..5_000, 4_000..9_000)),
        );
    }
    all
}

impl Role for Sharer {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let rests = actor.random.millis(self.rests.clone());
        tokio::time::sleep(rests).await;
        let lease = actor.lease(LEASE_TTL_SECS).await?;
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let folder = if self.writes { "write" } else { "read" };
        let claim = vec![(format!("{}/{folder}/{nanos}", self.lock), Vec::new())];
        let revision = enqueue(actor, claim, lease.id()).await?;
        // A reader waits for the writers before it, a writer for all.
        let blocked_by =
            if self.writes { format!("{}/", self.lock) } else { format!("{}/write/", self.lock) };
        wait_for_older(actor, &blocked_by, revision).await?;
        let holds = actor.random.millis(self.holds.clone());
        tokio::time::sleep(holds).await;
        actor.revoke(lease).await
    }
}
