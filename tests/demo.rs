//! `etcdscope demo --headless` as a process: the fleet lives, and nothing outlives the process,
//! however it ends.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

#[path = "demo/recognised.rs"]
mod recognised;
#[path = "demo/scenarios.rs"]
mod scenarios;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use etcd_client::{Client, GetOptions, WatchOptions};
use etcdscope::demo::{Demo, DemoOptions, etcd_binaries};

/// A demonstration that runs, with a temporary folder of its own to look into.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    temporary: tempfile::TempDir,
}

impl Running {
    fn start(arguments: &[&str], etcd: Option<&Path>) -> Self {
        let temporary = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdscope"));
        command.args(["demo", "--headless"]).args(arguments);
        command.env("TMPDIR", temporary.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(etcd) = etcd {
            command.env("ETCD_BIN", etcd);
        }
        let mut child = command.spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines, temporary }
    }

    /// Reads lines until one begins with this word; returns the rest of it.
    fn line(&mut self, word: &str) -> String {
        for line in self.lines.by_ref() {
            let line = line.expect("text");
            if let Some(rest) = line.strip_prefix(word) {
                return rest.trim().to_owned();
            }
        }
        panic!("no line with {word:?}");
    }

    fn endpoints(&mut self) -> Vec<String> {
        self.line("endpoints").split(',').map(str::to_owned).collect()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("kill");
        assert!(sent.success());
    }

    fn wait(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The data folders of its clusters.
    fn folders(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.temporary.path()).expect("the folder");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    /// Asserts that within a moment no process names its folder and the folder is empty.
    fn assert_nothing_left(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let left = (processes_naming(self.temporary.path()), self.folders());
            if left.0.is_empty() && left.1.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left behind: {left:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.child.kill().expect("it can be killed");
            self.child.wait().expect("it ends");
        }
    }
}

/// Command lines of the processes that live and name this folder: every member and the guard do.
fn processes_naming(folder: &Path) -> Vec<String> {
    let output = Command::new("ps").args(["-A", "-o", "stat=,pid=,args="]).output().expect("ps");
    let name = folder.to_str().expect("text");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| line.contains(name) && !line.trim_start().starts_with('Z'))
        .map(str::to_owned)
        .collect()
}

/// All keys with their values and leases.
async fn all_keys(client: &mut Client) -> BTreeMap<String, (Vec<u8>, i64)> {
    let all = client.get("", Some(GetOptions::new().with_all_keys())).await.expect("all keys");
    all.kvs()
        .iter()
        .map(|kv| (String::from_utf8_lossy(kv.key()).into_owned(), (kv.value().to_vec(), kv.lease())))
        .collect()
}

/// The claims below a prefix, each the lease of its last segment, in the order of their creation.
async fn queue(client: &mut Client, prefix: &str) -> Vec<i64> {
    let found = client.get(prefix, Some(GetOptions::new().with_prefix())).await.expect("a queue");
    let mut claims: Vec<_> =
        found.kvs().iter().map(|kv| (kv.create_revision(), kv.lease(), kv.key())).collect();
    claims.sort_unstable();
    for (_, lease, key) in &claims {
        let key = String::from_utf8_lossy(key);
        assert!(key.ends_with(&format!("/{lease:x}")), "{key} is no claim of {lease:x}");
    }
    claims.iter().map(|(_, lease, _)| *lease).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fleet_lives_and_ends_without_a_trace() {
    let mut running = Running::start(&["--seconds", "22"], None);
    let endpoints = running.endpoints();
    assert_eq!(endpoints.len(), 3);
    let mut client = Client::connect(&endpoints, None).await.expect("a client");
    // From the beginning: the fleet has lived for a moment.
    let options = WatchOptions::new().with_all_keys().with_start_revision(1);
    let mut watch = client.watch("", Some(options)).await.expect("a watch");

    let mut changed = BTreeSet::new();
    let mut changes = 0;
    let mut most_waiting = 0;
    let deadline = Instant::now() + Duration::from_secs(16);
    while Instant::now() < deadline {
        if let Ok(answer) = tokio::time::timeout(Duration::from_millis(500), watch.message()).await {
            for event in answer.expect("a live watch").expect("an answer").events() {
                let kv = event.kv().expect("a key");
                let key = String::from_utf8_lossy(kv.key()).into_owned();
                if kv.version() == 1 && kv.lease() == 0 {
                    // The tree as it was at first.
                    continue;
                }
                changed.insert(key.split('/').nth(1).unwrap_or_default().to_owned());
                changes += 1;
            }
        }
        most_waiting = most_waiting.max(queue(&mut client, "/locks/stock_lock:1001/").await.len());
    }
    let rate = f64::from(changes) / 16.0;
    assert!((3.0..40.0).contains(&rate), "{rate} changes a second");
    for folder in ["services", "health", "locks", "elections", "config", "leader", "ratelimit"] {
        assert!(changed.contains(folder), "nothing happened below /{folder}: {changed:?}");
    }
    assert!(most_waiting >= 2, "nobody ever waited for a lock");
    assert!(queue(&mut client, "/elections/scheduler/").await.len() >= 2, "no contest");

    let keys = all_keys(&mut client).await;
    assert!((150..400).contains(&keys.len()), "{} keys", keys.len());
    let registered: Vec<_> = keys.iter().filter(|(key, _)| key.starts_with("/services/")).collect();
    assert!(registered.len() >= 15, "{registered:?}");
    for (key, (_, lease)) in &registered {
        if let Some(granted) = living_lease(&mut client, key.as_bytes(), *lease).await {
            assert_eq!(granted, 10, "{key}");
        }
    }
    let status = &keys["/config/status/order-service/192.168.1.10"].0;
    let status: serde_json::Value = serde_json::from_slice(status).expect("a report");
    assert!(status["md5"].as_str().is_some_and(|md5| md5.len() == 32), "{status}");

    // An edit is noticed by those who run it.
    client
        .put("/config/production/order-service/logging", r#"{"level":"TRACE"}"#, None)
        .await
        .expect("an edit");
    let edited = Instant::now();
    loop {
        let now = all_keys(&mut client).await;
        let report: serde_json::Value =
            serde_json::from_slice(&now["/config/status/order-service/192.168.1.10"].0).expect("a report");
        if report["md5"] != status["md5"] {
            break;
        }
        assert!(edited.elapsed() < Duration::from_secs(5), "the edit was not noticed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    assert!(running.line("after").contains("keys"));
    assert!(running.wait(Duration::from_secs(20)).success());
    running.assert_nothing_left();
}

/// The TTL granted to the lease of a key, in seconds. One instance flaps: a key may leave with its
/// lease between two looks (`None`), but never stay without one.
async fn living_lease(client: &mut Client, key: &[u8], lease: i64) -> Option<i64> {
    let begun = Instant::now();
    loop {
        let answer = client.lease_time_to_live(lease, None).await.expect("a TTL");
        if answer.ttl() > 0 {
            return Some(answer.granted_ttl());
        }
        let now = client.get(key, None).await.expect("the key");
        if now.kvs().iter().all(|kv| kv.lease() != lease) {
            return None;
        }
        let key = String::from_utf8_lossy(key);
        assert!(begun.elapsed() < Duration::from_secs(5), "{key} has no living lease");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn it_lives_on_every_etcd_of_this_machine() {
    for etcd in etcd_binaries() {
        let mut running = Running::start(&["--members", "1", "--seconds", "5"], Some(&etcd.path));
        assert!(running.line("etcd").contains(&etcd.version.to_string()));
        let endpoints = running.endpoints();
        let mut client = Client::connect(&endpoints, None).await.expect("a client");
        tokio::time::sleep(Duration::from_secs(4)).await;
        let claims = queue(&mut client, "/locks/stock_lock:1001/").await;
        assert!(!claims.is_empty(), "no lock with etcd {}", etcd.version);
        assert!(running.wait(Duration::from_secs(20)).success());
        running.assert_nothing_left();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fleet_goes_on_when_a_member_dies() {
    let demo = Demo::start(DemoOptions::default()).await.expect("a demonstration");
    tokio::time::sleep(Duration::from_secs(7)).await;
    let leader = demo.cluster().leader().await.expect("a leader");
    demo.cluster().member(leader).kill();
    let survivor = demo.cluster().member((leader + 1) % 3).endpoint();
    tokio::time::sleep(Duration::from_secs(14)).await;

    let mut client = Client::connect([survivor], None).await.expect("a client");
    let before = client.get("/services/", Some(GetOptions::new().with_prefix())).await.expect("services");
    assert!(before.kvs().len() >= 15, "{} services are left", before.kvs().len());
    for kv in before.kvs() {
        living_lease(&mut client, kv.key(), kv.lease()).await;
    }
    assert!(!queue(&mut client, "/locks/stock_lock:1001/").await.is_empty(), "the workers have given up");
    tokio::time::sleep(Duration::from_secs(4)).await;
    let after = client.get("/services/", Some(GetOptions::new().with_prefix())).await.expect("services");
    let revision = |answer: &etcd_client::GetResponse| answer.header().expect("a header").revision();
    assert!(revision(&after) >= revision(&before) + 10, "hardly anything happens");

    let folder = demo.cluster().folder().to_owned();
    demo.shutdown().await;
    assert!(!folder.exists());
    assert!(processes_naming(&folder).is_empty());
}

/// Ends it by this signal, after its members have started, or while they are starting.
fn ended_by(signal: &str, code: Option<i32>) {
    let mut running = Running::start(&["--members", "3"], None);
    running.endpoints();
    assert!(!processes_naming(running.temporary.path()).is_empty());
    running.signal(signal);
    assert_eq!(running.wait(Duration::from_secs(20)).code(), code);
    running.assert_nothing_left();

    let mut early = Running::start(&["--members", "3"], None);
    let deadline = Instant::now() + Duration::from_secs(20);
    while processes_naming(early.temporary.path()).len() < 3 {
        assert!(Instant::now() < deadline, "nothing starts");
        std::thread::sleep(Duration::from_millis(10));
    }
    early.signal(signal);
    early.wait(Duration::from_secs(20));
    early.assert_nothing_left();
}

#[test]
fn ctrl_c_ends_it_without_a_trace() {
    ended_by("INT", Some(130));
}

#[test]
fn sigterm_ends_it_without_a_trace() {
    ended_by("TERM", Some(143));
}

#[test]
fn sigkill_leaves_no_trace_either() {
    ended_by("KILL", None);
}

#[test]
fn a_missing_etcd_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_etcdscope"))
        .args(["demo", "--headless"])
        .env("ETCD_BIN", "/no/such/etcd")
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("/no/such/etcd"), "{error}");
}
