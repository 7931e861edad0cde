//! Writers that know nothing of us: they write past the proxies, and what comes of it the witness
//! tells.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etcd_client::{Client, Compare, CompareOp, DeleteOptions, Error, PutOptions, Txn, TxnOp};
use fastrand::Rng;

use super::keys::Values;
use super::witness::direct;

/// Operations of one transaction; etcd allows no more.
const MOST_OPERATIONS: usize = 128;
/// Bytes of all values of one transaction; etcd allows 1.5 MiB a request.
const MOST_BYTES: usize = 1_200_000;
/// An operation that is not answered for so long is given up.
const PATIENCE: Duration = Duration::from_secs(3);

/// What writers share.
#[derive(Clone)]
pub struct Load {
    pub endpoints: Vec<String>,
    pub pool: Arc<Vec<Vec<u8>>>,
    pub stop: Arc<AtomicBool>,
    pub pause_ms: u64,
}

impl Load {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn key(&self, rng: &mut Rng) -> Vec<u8> {
        self.pool[rng.usize(..self.pool.len())].clone()
    }

    async fn pause(&self, rng: &mut Rng) {
        tokio::time::sleep(Duration::from_millis(rng.u64(..=self.pause_ms))).await;
    }

    /// Writes the first so many keys of the pool, in few transactions.
    pub async fn preload(&self, count: usize, mut values: Values) -> Result<(), Error> {
        let mut client = direct(&self.endpoints[0]).await?;
        // Where more keys are wanted than the pool has, they lie beside it.
        let mut keys: Vec<Vec<u8>> = self.pool.iter().take(count).cloned().collect();
        keys.extend((keys.len()..count).map(|number| format!("preload/{number:06}").into_bytes()));
        for chunk in keys.chunks(MOST_OPERATIONS) {
            let puts: Vec<_> =
                chunk.iter().map(|key| TxnOp::put(key.clone(), values.next(9_000), None)).collect();
            client.txn(Txn::new().and_then(puts)).await?;
        }
        Ok(())
    }

    /// Writes until it is stopped, through any member that answers.
    pub async fn write(self, mut rng: Rng, mut values: Values) {
        let mut at = rng.usize(..self.endpoints.len());
        while self.goes_on() {
            at += 1;
            let Ok(mut client) = direct(&self.endpoints[at % self.endpoints.len()]).await else {
                tokio::time::sleep(Duration::from_millis(30)).await;
                continue;
            };
            while self.goes_on() {
                let write = self.one(&mut client, &mut rng, &mut values);
                match tokio::time::timeout(PATIENCE, write).await {
                    Ok(Ok(())) => {}
                    // Refused: the connection is good.
                    Ok(Err(error)) if format!("{error}").contains("lease not found") => {}
                    _ => break,
                }
                self.pause(&mut rng).await;
            }
        }
    }

    async fn one(&self, client: &mut Client, rng: &mut Rng, values: &mut Values) -> Result<(), Error> {
        let key = self.key(rng);
        match rng.u32(..100) {
            0..40 => {
                client.put(key, values.next(1_450_000), None).await?;
            }
            40..52 => {
                client.delete(key, None).await?;
            }
            52..58 => {
                client.delete(key.clone(), None).await?;
                client.put(key, values.next(2_000), None).await?;
            }
            58..61 => {
                // The same value at a new revision; refused where there is no such key.
                let again = PutOptions::new().with_ignore_value();
                let put = TxnOp::put(key.clone(), "", Some(again));
                let exists = Compare::version(key, CompareOp::Greater, 0);
                client.txn(Txn::new().when([exists]).and_then([put])).await?;
            }
            61..64 => {
                let length = rng.usize(1..=key.len());
                client.delete(&key[..length], Some(DeleteOptions::new().with_prefix())).await?;
            }
            64 => {
                let mut ends = [key, self.key(rng)];
                ends.sort();
                let [start, end] = ends;
                if start < end {
                    client.delete(start, Some(DeleteOptions::new().with_range(end))).await?;
                }
            }
            65..67 => {
                // Changes nothing and so makes no revision.
                client.delete("there is no such key", None).await?;
            }
            67..72 => {
                let absent = Compare::version(key.clone(), CompareOp::Equal, 0);
                let put = TxnOp::put(key.clone(), values.next(2_000), None);
                let delete = TxnOp::delete(key, None);
                client.txn(Txn::new().when([absent]).and_then([put]).or_else([delete])).await?;
            }
            72..76 => {
                let count = MOST_OPERATIONS.min(self.pool.len());
                client.txn(self.transaction(rng, values, count)).await?;
            }
            _ => {
                let count = rng.usize(1..=20).min(self.pool.len());
                client.txn(self.transaction(rng, values, count)).await?;
            }
        }
        Ok(())
    }

    /// Puts and deletes of so many different keys.
    fn transaction(&self, rng: &mut Rng, values: &mut Values, count: usize) -> Txn {
        let mut keys = HashSet::new();
        while keys.len() < count {
            keys.insert(rng.usize(..self.pool.len()));
        }
        let mut indices: Vec<_> = keys.into_iter().collect();
        indices.sort_unstable();
        rng.shuffle(&mut indices);
        let room = (MOST_BYTES / count).saturating_sub(6_000).max(100);
        let operations: Vec<_> = indices
            .into_iter()
            .map(|index| {
                let key = self.pool[index].clone();
                match rng.u32(..5) {
                    0 => TxnOp::delete(key, None),
                    _ => TxnOp::put(key, values.next(room), None),
                }
            })
            .collect();
        Txn::new().and_then(operations)
    }

    /// Grants leases, attaches keys, keeps them alive for a while, and lets them expire or revokes
    /// them: all their keys go at once.
    pub async fn hold_leases(self, mut rng: Rng, mut values: Values) {
        let mut at = rng.usize(..self.endpoints.len());
        while self.goes_on() {
            at += 1;
            if let Ok(client) = direct(&self.endpoints[at % self.endpoints.len()]).await {
                let life = self.one_lease(client, &mut rng, &mut values);
                // A lease whose member is gone is left to its end.
                let _ended = tokio::time::timeout(Duration::from_secs(5), life).await;
            }
            self.pause(&mut rng).await;
        }
    }

    async fn one_lease(&self, mut client: Client, rng: &mut Rng, values: &mut Values) -> Result<(), Error> {
        let lease = client.lease_grant(rng.i64(2..4), None).await?.id();
        let options = || Some(PutOptions::new().with_lease(lease));
        let mut keys: HashSet<Vec<u8>> = (0..rng.usize(1..9)).map(|_| self.key(rng)).collect();
        keys.insert(format!("lock/{lease:x}").into_bytes());
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort();
        if rng.bool() {
            let puts: Vec<_> =
                keys.iter().map(|key| TxnOp::put(key.clone(), values.next(500), options())).collect();
            client.txn(Txn::new().and_then(puts)).await?;
        } else {
            for key in &keys {
                client.put(key.clone(), values.next(500), options()).await?;
            }
        }
        let (mut keeper, mut kept) = client.lease_keep_alive(lease).await?;
        for _ in 0..rng.usize(..8) {
            if !self.goes_on() {
                break;
            }
            keeper.keep_alive().await?;
            kept.message().await?;
            tokio::time::sleep(Duration::from_millis(rng.u64(50..300))).await;
        }
        match rng.u32(..3) {
            0 => {
                client.lease_revoke(lease).await?;
            }
            1 => {
                // One key leaves the lease, the others go with it.
                client.put(keys[0].clone(), values.next(500), None).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
