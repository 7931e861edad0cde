//! Fifty locks, each wanted by several of thirty owners, who hold some while they wait for others.
//!
//! An owner claims all its locks at one revision. So everyone waits for older claims only: the
//! chains are long, but never closed to a ring.

use super::super::actor::{Actor, Lost, Role};
use super::super::queue::{enqueue, wait_for_older};

const LOCKS: u64 = 50;
const OWNERS: u64 = 30;
/// Locks that an owner wants at once.
const WANTS: u64 = 6;
/// TTL of an owner's lease.
const LEASE_TTL_SECS: u32 = 10;

/// One who wants several locks, works with them, and gives them back.
pub(in super::super) struct Owner {
    pub(in super::super) name: String,
    locks: Vec<String>,
}

/// All owners. Every lock is wanted by three or four of them.
pub(in super::super) fn owners() -> Vec<Owner> {
    let owner = |number: u64| {
        // 7 and 50 have no common divisor: no lock is left out, and neighbours share few.
        let locks = (0..WANTS).map(|want| (number * WANTS + want) * 7 % LOCKS);
        Owner {
            name: format!("shard-owner-{number:02}"),
            locks: locks.map(|lock| format!("/locks/shards/{lock:02}")).collect(),
        }
    };
    (0..OWNERS).map(owner).collect()
}

impl Owner {
    async fn round(&self, actor: &mut Actor, lease: i64) -> Result<(), Lost> {
        let claims: Vec<_> =
            self.locks.iter().map(|lock| (format!("{lock}/{lease:x}"), Vec::new())).collect();
        let revision = enqueue(actor, claims, lease).await?;
        for lock in &self.locks {
            wait_for_older(actor, &format!("{lock}/"), revision).await?;
        }
        tokio::time::sleep(actor.random.millis(2_000..5_000)).await;
        Ok(())
    }
}

impl Role for Owner {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        // They do not all come in the order of their numbers.
        tokio::time::sleep(actor.random.millis(0..1_500)).await;
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        let id = lease.id();
        tokio::select! {
            lost = lease.gone() => return Err(lost),
            done = self.round(actor, id) => done?,
        }
        // One transaction more than an unlock for each: all are given back at once.
        actor.revoke(lease).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_lock_is_wanted_by_several() {
        let mut wanted = BTreeMap::<_, usize>::new();
        let owners = owners();
        for lock in owners.iter().flat_map(|owner| &owner.locks) {
            *wanted.entry(lock.as_str()).or_default() += 1;
        }
        assert_eq!((wanted.len() as u64, owners.len() as u64), (LOCKS, OWNERS));
        assert!(wanted.values().all(|owners| (3..=4).contains(owners)), "{wanted:?}");
    }
}
