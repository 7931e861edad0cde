//! The etcd that is measured, and the keys in it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use etcd_client::{Client, Txn, TxnOp};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use tokio::task::JoinSet;

use crate::Outcome;

/// Bytes of each key.
pub const KEY_BYTES: u64 = 45;
/// Puts in one transaction while filling: etcd's default limit.
const BATCH: u64 = 128;
/// Transactions in flight while filling.
const IN_FLIGHT: usize = 8;
/// Keys of one service.
const PER_SERVICE: u64 = 1_000;
/// As many keys as the name has digits for.
pub const MOST_KEYS: u64 = 10_000 * PER_SERVICE;

/// One etcd on loopback with keys `0..filled`. Dropping it ends it and removes its data.
pub struct Space {
    cluster: LocalCluster,
    client: Client,
    filled: u64,
}

impl Space {
    /// Starts the etcd of `ETCD_BIN`, else the newest.
    pub async fn start() -> Outcome<Self> {
        let options = LocalClusterOptions {
            extra_args: vec!["--quota-backend-bytes=8589934592".to_owned()],
            ..LocalClusterOptions::members(1)
        };
        let cluster = LocalCluster::start(options).await?;
        let client = cluster.client().await?;
        Ok(Self { cluster, client, filled: 0 })
    }

    /// The version of etcd, such as `3.5.30`.
    pub fn version(&self) -> String {
        self.cluster.version().to_string()
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        self.cluster.endpoints().concat()
    }

    /// The etcdctl of the same version, else the one on PATH.
    pub fn etcdctl(&self) -> PathBuf {
        self.cluster.etcdctl_bin().unwrap_or_else(|| "etcdctl".into())
    }

    /// Fills it up to so many keys, and tells how many it took in a second.
    pub async fn fill(&mut self, keys: u64) -> Outcome<f64> {
        let (begun, before) = (Instant::now(), self.filled);
        let mut running = JoinSet::new();
        let mut told = Instant::now();
        while self.filled < keys {
            if running.len() >= IN_FLIGHT
                && let Some(done) = running.join_next().await
            {
                done??;
            }
            let until = (self.filled + BATCH).min(keys);
            let puts: Vec<TxnOp> = (self.filled..until)
                .map(|number| TxnOp::put(key(number), first_value(number), None))
                .collect();
            let mut kv = self.client.kv_client();
            running.spawn(async move { kv.txn(Txn::new().and_then(puts)).await.map(drop) });
            self.filled = until;
            if told.elapsed() > Duration::from_secs(5) {
                told = Instant::now();
                eprintln!("  {until} of {keys} keys written");
            }
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!("  {keys} keys are there ({seconds:.0} s)");
        Ok((keys - before.min(keys)) as f64 / seconds.max(1e-9))
    }
}

/// A key of 45 bytes, ascending with its number.
pub fn key(number: u64) -> String {
    let (service, setting) = (number / PER_SERVICE, number % PER_SERVICE);
    format!("/config/production/service-{service:04}/setting-{setting:05}")
}

/// The number of a key that [`key`] made.
pub fn number_of(key: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(key).ok()?.strip_prefix("/config/production/service-")?;
    let (service, setting) = text.split_once("/setting-")?;
    Some(service.parse::<usize>().ok()? * PER_SERVICE as usize + setting.parse::<usize>().ok()?)
}

fn first_value(number: u64) -> String {
    format!("{{\"limit\":{},\"level\":\"INFO\"}}", number % 1_000)
}
