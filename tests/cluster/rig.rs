//! Three real members, each behind a proxy of its own, and what can be done to them.

use std::time::{Duration, Instant};

use etcd_client::{Client, ConnectOptions};
use etcdscope::demo::{EtcdBinary, LocalCluster, LocalClusterOptions};

use super::proxy::Proxy;

/// Longest time until a cluster obeys.
const OBEYS_WITHIN: Duration = Duration::from_secs(30);

/// A cluster of three with a proxy before each member.
pub struct Rig {
    pub local: LocalCluster,
    pub proxies: Vec<Proxy>,
}

impl Rig {
    pub async fn start(binary: &EtcdBinary) -> Self {
        let options =
            LocalClusterOptions { etcd_bin: Some(binary.path.clone()), ..LocalClusterOptions::members(3) };
        Self::before(LocalCluster::start(options).await.expect("a cluster")).await
    }

    /// Puts a proxy before each member of this cluster.
    pub async fn before(local: LocalCluster) -> Self {
        let mut proxies = Vec::new();
        for endpoint in local.endpoints() {
            proxies.push(Proxy::start(&endpoint).await);
        }
        Self { local, proxies }
    }

    /// Where the console goes: the proxies.
    pub fn endpoints(&self) -> Vec<String> {
        self.proxies.iter().map(Proxy::endpoint).collect()
    }

    /// Direct ways to the members other than this one, for writers that the fault must not touch.
    pub fn without(&self, index: usize) -> Vec<String> {
        let mut endpoints = self.local.endpoints();
        endpoints.remove(index);
        endpoints
    }

    /// A plain client of this member alone, past its proxy.
    pub async fn client(&self, index: usize) -> Client {
        let options = ConnectOptions::new()
            .with_connect_timeout(Duration::from_secs(3))
            .with_timeout(Duration::from_secs(10));
        Client::connect([self.local.member(index).endpoint()], Some(options)).await.expect("a client")
    }

    /// Index of the leader, once there is one.
    pub async fn leader(&self) -> usize {
        let begun = Instant::now();
        loop {
            if let Some(leader) = self.local.leader().await {
                return leader;
            }
            assert!(begun.elapsed() < OBEYS_WITHIN, "no leader is elected");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes this member the leader.
    pub async fn lead(&self, index: usize) {
        let begun = Instant::now();
        let id = self.client(index).await.status().await.expect("its status");
        let id = id.header().expect("a header").member_id();
        loop {
            let leader = self.leader().await;
            if leader == index {
                return;
            }
            assert!(begun.elapsed() < OBEYS_WITHIN, "the leadership does not move");
            // Refused while an election is under way; looked at again in any case.
            if let Err(error) = self.client(leader).await.move_leader(id).await {
                eprintln!("moving the leadership: {error}");
            }
        }
    }

    /// Compacts everything before this revision away, through this member.
    pub async fn compact(&self, index: usize, revision: i64) {
        self.client(index).await.compact(revision, None).await.expect("a compaction");
    }

    /// Defragments this member, which answers nothing else meanwhile.
    pub async fn defragment(&self, index: usize) {
        self.client(index).await.defragment().await.expect("a defragmentation");
    }
}
