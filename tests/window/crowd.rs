//! What the real window costs while 2,000 services with 25 instances each and 5,000 keys of locks live
//! on leases, and 2,000 events a second happen to them. Run by `cargo xtask bench coordination`, which
//! starts the etcd that `ETCDSCOPE_BENCH_ENDPOINTS` names.
//!
//! One line of JSON is printed, beginning with `{"instances"`: `service_count`, `instances`, `lock_keys`,
//! `lease_count` (numbers), `live_ms` (from the start to the live tree), `events_per_second` (what was
//! reached), `rss_bytes`, and for each screen a frame's own work as `measure.rs` describes it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::vec2;
use etcd_client::{Client, PutOptions, Txn, TxnOp};
use tokio::task::JoinSet;

use super::looking::{Session, WITHIN, work};
use super::peer::Peer;
use super::stage::{Screen, Window};

const SERVICES: u64 = 2_000;
const INSTANCES: u64 = 25;
const LOCKS: u64 = 1_000;
const CLAIMS: u64 = 5;
/// Programs that claim locks, each on one lease.
const OWNERS: usize = 500;
const EVENTS: u64 = 2_000;
/// Seconds: nothing expires by itself while it is measured.
const TTL: i64 = 3_600;
/// How long the window may take to show everything.
const LIVE_WITHIN: Duration = Duration::from_secs(120);
/// Where nobody touches anything, frames are counted for so long.
const WATCHED: Duration = Duration::from_secs(6);

/// One registration: its key, and the lease it is on.
struct Registered {
    number: u64,
    key: String,
    lease: i64,
}

fn registration(number: u64, random: u32) -> String {
    format!(
        "{{\"serviceName\":\"service-{:04}\",\"instanceId\":\"i-{number}\",\"ip\":\"10.0.0.1\",\"port\":8080,\
         \"weight\":100,\"status\":\"UP\",\"metrics\":{{\"cpuUsage\":0.{},\"memoryUsage\":0.5,\
         \"requestLatencyMs\":{}}},\"metadata\":{{\"version\":\"1.{}.0\"}}}}",
        number / INSTANCES,
        random % 90 + 10,
        random % 200,
        number % 3
    )
}

fn leased(lease: i64) -> Option<PutOptions> {
    Some(PutOptions::new().with_lease(lease))
}

/// Grants a lease for each instance and registers it.
async fn register(client: &Client) -> Vec<Registered> {
    let mut running = JoinSet::new();
    let mut registered = Vec::new();
    for number in 0..SERVICES * INSTANCES {
        if running.len() >= 64
            && let Some(done) = running.join_next().await
        {
            registered.push(done.expect("a registration"));
        }
        let client = client.clone();
        running.spawn(async move { grant_and_register(&client, number).await });
    }
    registered.extend(running.join_all().await);
    registered.sort_unstable_by_key(|it| it.number);
    registered
}

async fn grant_and_register(client: &Client, number: u64) -> Registered {
    let lease = client.lease_client().grant(TTL, None).await.expect("a lease").id();
    let (service, instance) = (number / INSTANCES, number % INSTANCES);
    let key = format!("/services/service-{service:04}/10.0.{}.{}:8080", service % 250, instance + 1);
    client
        .kv_client()
        .put(key.clone(), registration(number, 7), leased(lease))
        .await
        .expect("a registration");
    Registered { number, key, lease }
}

/// Lets programs stand in line for locks; the claims are in the order of the lines.
async fn claim(client: &Client) -> (Vec<i64>, Vec<Vec<i64>>) {
    let mut owners = Vec::new();
    for _ in 0..OWNERS {
        owners.push(client.lease_client().grant(TTL, None).await.expect("a lease").id());
    }
    let mut lines = Vec::new();
    for lock in 0..LOCKS {
        let line: Vec<i64> =
            (0..CLAIMS).map(|at| owners[(lock as usize * 3 + at as usize * 101) % OWNERS]).collect();
        for lease in &line {
            client.kv_client().put(claim_key(lock, *lease), "", leased(*lease)).await.expect("a claim");
        }
        lines.push(line);
    }
    (owners, lines)
}

fn claim_key(lock: u64, lease: i64) -> String {
    format!("/locks/stock-{lock:04}/{lease:x}")
}

/// Goes on until it is told to stop: instances renew and report, vanish and come back, leases are
/// revoked, locks pass on.
struct Life {
    client: Client,
    registered: Vec<Registered>,
    gone: Vec<usize>,
    owners: Vec<i64>,
    lines: Vec<Vec<i64>>,
    random: fastrand::Rng,
}

impl Life {
    async fn run(mut self, stop: Arc<AtomicBool>, events: Arc<AtomicU64>) {
        let (begun, mut sent) = (tokio::time::Instant::now(), 0_u64);
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        let mut running = JoinSet::new();
        while !stop.load(Ordering::Relaxed) {
            tick.tick().await;
            let due = (begun.elapsed().as_secs_f64() * EVENTS as f64) as u64;
            while sent < due && !stop.load(Ordering::Relaxed) {
                while running.len() >= 32 {
                    running.join_next().await;
                }
                let ops = self.step();
                sent += ops.len() as u64;
                let (mut kv, events) = (self.client.kv_client(), events.clone());
                running.spawn(async move {
                    let count = ops.len() as u64;
                    kv.txn(Txn::new().and_then(ops)).await.expect("a step");
                    events.fetch_add(count, Ordering::Relaxed);
                });
            }
        }
    }

    /// Four keys of one kind of event.
    fn step(&mut self) -> Vec<TxnOp> {
        match self.random.u8(..10) {
            0..6 => self.renew(),
            6..8 => self.come_and_go(),
            _ => self.pass_on(),
        }
    }

    fn renew(&mut self) -> Vec<TxnOp> {
        let first = self.random.usize(..self.registered.len());
        let numbers = (0..4).map(|step| (first + step * 977) % self.registered.len());
        let there = numbers.filter(|number| !self.gone.contains(number));
        let random = self.random.u32(..);
        there
            .map(|number| {
                let it = &self.registered[number];
                TxnOp::put(it.key.clone(), registration(number as u64, random), leased(it.lease))
            })
            .collect()
    }

    fn come_and_go(&mut self) -> Vec<TxnOp> {
        if self.gone.len() >= 400 {
            let back: Vec<usize> = self.gone.drain(..4).collect();
            let put = |number: usize| {
                let it = &self.registered[number];
                TxnOp::put(it.key.clone(), registration(number as u64, 9), leased(it.lease))
            };
            return back.into_iter().map(put).collect();
        }
        let first = self.random.usize(..self.registered.len() - 4);
        let going: Vec<usize> = (first..first + 4).filter(|number| !self.gone.contains(number)).collect();
        self.gone.extend(&going);
        going.into_iter().map(|number| TxnOp::delete(self.registered[number].key.clone(), None)).collect()
    }

    /// Two locks pass to the next in line, and somebody else queues up.
    fn pass_on(&mut self) -> Vec<TxnOp> {
        let mut ops = Vec::new();
        for lock in [self.random.u64(..LOCKS / 2), LOCKS / 2 + self.random.u64(..LOCKS / 2)] {
            let owner = self.owners[self.random.usize(..OWNERS)];
            let line = &mut self.lines[lock as usize];
            if line.contains(&owner) {
                continue;
            }
            ops.push(TxnOp::delete(claim_key(lock, line.remove(0)), None));
            ops.push(TxnOp::put(claim_key(lock, owner), "", leased(owner)));
            line.push(owner);
        }
        ops
    }
}

/// Prints the line of JSON that is described above.
#[test]
#[ignore = "a measurement, for `cargo xtask bench`"]
fn services_and_locks_in_the_window() {
    let endpoints = std::env::var("ETCDSCOPE_BENCH_ENDPOINTS").expect("ETCDSCOPE_BENCH_ENDPOINTS");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let addresses: Vec<&str> = endpoints.split(',').collect();
    let life = runtime.block_on(async {
        let client = Client::connect(&addresses, None).await.unwrap();
        let registered = register(&client).await;
        let (owners, lines) = claim(&client).await;
        Life { client, registered, gone: Vec::new(), owners, lines, random: fastrand::Rng::with_seed(7) }
    });
    let screen = Screen::start().unwrap();
    let home = tempfile::tempdir().unwrap();
    let window = Window::open(&screen, home.path(), &["--endpoints", &endpoints, "--lang", "en"]).unwrap();
    let live = window.wait_for_frame("the live tree", LIVE_WITHIN, |frame| frame.live);
    let live_ms = live.at_ms - window.started_ms;
    let peer = Peer::connect(window.address, WITHIN).unwrap();
    let session = Session { window, peer };

    let (stop, events) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let leases = life.registered.len() + life.owners.len();
    let begun = Instant::now();
    let living = runtime.spawn(life.run(stop.clone(), events.clone()));
    let mut parts = vec![format!(
        "{{\"instances\":{},\"service_count\":{SERVICES},\"lock_keys\":{},\"lease_count\":{leases},\
         \"live_ms\":{live_ms:.0}",
        SERVICES * INSTANCES,
        LOCKS * CLAIMS
    )];
    for (name, tab) in [
        ("overview", "Overview"),
        ("services", "Services"),
        ("leases", "Leases"),
        ("elections", "Elections"),
        ("locks", "Locks"),
    ] {
        let frames = session.during(|_| {
            let at = session.click(Role::Tab, tab);
            std::thread::sleep(WATCHED);
            session.scroll(at + vec2(320.0, 240.0));
        });
        picture(&session, name);
        parts.push(format!("\"{name}\":{}", work(&frames)));
    }
    let graph = session.during(|_| {
        let at = session.click(Role::RadioButton, "Wait-for graph");
        std::thread::sleep(WATCHED);
        session.scroll(at + vec2(0.0, 320.0));
    });
    picture(&session, "graph");
    parts.push(format!("\"wait_for_graph\":{}", work(&graph)));
    let rate = events.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(living).unwrap();
    let [resident, _] = session.window.memory_bytes().unwrap();
    parts.push(format!("\"events_per_second\":{rate:.0},\"rss_bytes\":{resident}}}"));
    println!("{}", parts.join(","));
}

fn picture(session: &Session, name: &str) {
    if let Some(folder) = std::env::var_os("ETCDSCOPE_TEST_PICTURES") {
        let file = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(file, session.peer.picture().unwrap().bytes).unwrap();
    }
}
