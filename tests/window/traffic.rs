//! Somebody else's writes while the window is looked at: so many events a second, evenly.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use etcd_client::{Client, PutOptions, Txn, TxnOp};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::scene;
use super::stage::unix_ms;

/// Writes are due so often; what is late is caught up with.
const TICK: Duration = Duration::from_millis(10);
/// Events of one transaction, so that 5,000 events are 500 revisions a second.
const GROUP: u64 = 10;
/// Transactions in flight.
const IN_FLIGHT: usize = 16;
/// Keys of one service, as `examples/load.rs` writes them.
const PER_SERVICE: u64 = 1_000;
/// One in so many transactions is about keys of the first service, which is on screen.
const IN_SIGHT: u64 = 5;
/// One in so many is about a lock and an election.
const CLAIMS: u64 = 12;

/// A commit: its revision, and when the answer came, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    pub revision: i64,
    pub at_ms: f64,
}

/// Writes until it is dropped.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    events: Arc<AtomicU64>,
    commits: Arc<Mutex<Vec<Commit>>>,
    started: Instant,
    _task: JoinHandle<()>,
}

impl Traffic {
    /// Writes so many events a second to the keys that `examples/load.rs` has written (so many), and
    /// to the claims made with these leases.
    pub fn start(runtime: &Handle, client: &Client, per_second: u64, keys: u64, leases: &[i64]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let events = Arc::new(AtomicU64::new(0));
        let commits = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer {
            client: client.clone(),
            per_second,
            services: (keys / PER_SERVICE).max(1),
            leases: leases.to_vec(),
            claimed: BTreeSet::new(),
            random: fastrand::Rng::with_seed(7),
            stop: stop.clone(),
            events: events.clone(),
            commits: commits.clone(),
        };
        let task = runtime.spawn(writer.run());
        Self { stop, events, commits, started: Instant::now(), _task: task }
    }

    /// Events that were committed in each second so far.
    pub fn rate(&self) -> f64 {
        self.events.load(Ordering::Relaxed) as f64 / self.started.elapsed().as_secs_f64()
    }

    /// The commits so far.
    pub fn commits(&self) -> Vec<Commit> {
        self.commits.lock().unwrap().clone()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Writer {
    client: Client,
    per_second: u64,
    services: u64,
    leases: Vec<i64>,
    claimed: BTreeSet<(u64, i64)>,
    random: fastrand::Rng,
    stop: Arc<AtomicBool>,
    events: Arc<AtomicU64>,
    commits: Arc<Mutex<Vec<Commit>>>,
}

impl Writer {
    async fn run(mut self) {
        let room = Arc::new(Semaphore::new(IN_FLIGHT));
        let group = GROUP.min(self.per_second);
        let (started, mut sent) = (tokio::time::Instant::now(), 0_u64);
        let mut tick = tokio::time::interval(TICK);
        while !self.stop.load(Ordering::Relaxed) {
            tick.tick().await;
            let due = (started.elapsed().as_secs_f64() * self.per_second as f64) as u64;
            while sent + group <= due && !self.stop.load(Ordering::Relaxed) {
                let Ok(permit) = room.clone().acquire_owned().await else { return };
                let ops = self.group(group);
                sent += ops.len() as u64;
                let (mut kv, count) = (self.client.kv_client(), ops.len() as u64);
                let (events, commits) = (self.events.clone(), self.commits.clone());
                tokio::spawn(async move {
                    let answer = kv.txn(Txn::new().and_then(ops)).await.expect("a write of the traffic");
                    let at_ms = unix_ms();
                    drop(permit);
                    events.fetch_add(count, Ordering::Relaxed);
                    let revision = answer.header().expect("a header").revision();
                    commits.lock().unwrap().push(Commit { revision, at_ms });
                });
            }
        }
    }

    fn group(&mut self, events: u64) -> Vec<TxnOp> {
        if events >= 2 && !self.leases.is_empty() && self.random.u64(..CLAIMS) == 0 {
            return self.claim();
        }
        let service = match self.random.u64(..IN_SIGHT) {
            0 => 0,
            _ => self.random.u64(..self.services),
        };
        let first = self.random.u64(..PER_SERVICE);
        let number = self.random.u32(..);
        let put = |at: u64| {
            let setting = (first + at * 7) % PER_SERVICE;
            let key = format!("/config/production/service-{service:04}/setting-{setting:05}");
            TxnOp::put(key, format!("{{\"limit\":{},\"number\":{number}}}", at % 1000), None)
        };
        (0..events).map(put).collect()
    }

    /// A lease begins to wait for a lock and an election, or gives them up.
    fn claim(&mut self) -> Vec<TxnOp> {
        let queue = self.random.u64(..scene::QUEUES);
        let lease = self.leases[self.random.usize(..self.leases.len())];
        let keys = scene::claims(queue, lease);
        if self.claimed.remove(&(queue, lease)) {
            return keys.map(|key| TxnOp::delete(key, None)).into();
        }
        self.claimed.insert((queue, lease));
        let with = || Some(PutOptions::new().with_lease(lease));
        keys.map(|key| TxnOp::put(key, format!("candidate-{lease:x}"), with())).into()
    }
}
