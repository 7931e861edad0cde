//! Every scenario brings about what it promises, judged by what anyone can read from etcd.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{Duration, Instant};

use etcd_client::{Client, EventType, GetOptions, WatchOptions};
use etcdscope::demo::{Demo, DemoOptions, Scenario};
use serde_json::Value;

use super::{processes_naming, recognised};

/// Longest time for anything that shall happen.
const LIMIT: Duration = Duration::from_secs(150);

/// A key with its value, lease, creation and last revision.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    value: Vec<u8>,
    lease: i64,
    created: i64,
    modified: i64,
}

impl Entry {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.value).unwrap_or_else(|_| panic!("{} is no JSON", self.key))
    }
}

/// All keys with this prefix, the oldest first.
async fn below(client: &Client, prefix: &str) -> Vec<Entry> {
    let options = GetOptions::new().with_prefix();
    let answer = client.clone().get(prefix, Some(options)).await.expect("a range");
    let entry = |kv: &etcd_client::KeyValue| Entry {
        key: String::from_utf8_lossy(kv.key()).into_owned(),
        value: kv.value().to_vec(),
        lease: kv.lease(),
        created: kv.create_revision(),
        modified: kv.mod_revision(),
    };
    let mut all: Vec<_> = answer.kvs().iter().map(entry).collect();
    all.sort_by_key(|entry| entry.created);
    all
}

/// The queues below a prefix by name, as they were at one moment.
async fn queues(client: &Client, prefix: &str) -> BTreeMap<String, Vec<Entry>> {
    let mut queues = BTreeMap::<_, Vec<_>>::new();
    for entry in below(client, prefix).await {
        let (name, claim) = entry.key.rsplit_once('/').expect("a path");
        if claim == format!("{:x}", entry.lease) {
            queues.entry(name.to_owned()).or_default().push(entry);
        }
    }
    queues
}

/// Looks again and again until it is as wanted.
async fn until<Fut: Future<Output = bool>>(what: &str, mut look: impl FnMut() -> Fut) {
    let begun = Instant::now();
    while !look().await {
        assert!(begun.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the first of a queue, or the single key, has belonged to so many owners.
async fn owners_seen(client: &Client, prefix: &str, wanted: usize) {
    let mut owners = BTreeSet::new();
    let begun = Instant::now();
    while owners.len() < wanted {
        owners.extend(below(client, prefix).await.first().map(|first| first.created));
        assert!(begun.elapsed() < LIMIT, "{prefix} had {} owners only", owners.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Whether the owner of each lock waits for the next one, and that of the last for the first.
async fn is_deadlocked(client: &Client, ring: &[&str], owner: fn(&Entry) -> String) -> bool {
    let queues = queues(client, "/locks/").await;
    ring.iter().zip(ring.iter().cycle().skip(1)).all(|(lock, next)| {
        let (Some(held), Some(wanted)) = (queues.get(*lock), queues.get(*next)) else { return false };
        wanted.iter().skip(1).any(|waits| owner(waits) == owner(&held[0]))
    })
}

/// A deadlock arises, lasts long enough to be seen, is broken, and arises again.
async fn comes_and_goes(client: &Client, ring: &[&str], owner: fn(&Entry) -> String) {
    until("a deadlock", || is_deadlocked(client, ring, owner)).await;
    let arose = Instant::now();
    until("its end", || async { !is_deadlocked(client, ring, owner).await }).await;
    assert!(arose.elapsed() > Duration::from_secs(10), "nobody can see it: {:?}", arose.elapsed());
    until("the next deadlock", || is_deadlocked(client, ring, owner)).await;
}

async fn deadlock(client: &Client) {
    let of_three = ["/locks/orders:ledger", "/locks/payments:ledger", "/locks/stock:ledger"];
    let of_two = ["/locks/tables:customers", "/locks/tables:invoices"];
    tokio::join!(
        comes_and_goes(client, &of_three, |entry| entry.lease.to_string()),
        comes_and_goes(client, &of_two, Entry::text),
    );
}

/// One instance goes in three ways: its lease is revoked, or expires, or its key is deleted.
async fn flapping(client: &Client) {
    let options = WatchOptions::new().with_prefix().with_start_revision(1);
    let (registration, health) = ("/services/flapping-service/", "/health/flapping-service/");
    let mut changes = client.clone().watch("/", Some(options)).await.expect("a watch");
    let mut reported = BTreeMap::new();
    let mut ways = BTreeSet::new();
    let begun = Instant::now();
    while ways.len() < 3 {
        assert!(begun.elapsed() < LIMIT, "it only went so: {ways:?}");
        let Ok(answer) = tokio::time::timeout(Duration::from_secs(1), changes.message()).await else {
            continue;
        };
        let answer = answer.expect("a live watch").expect("an answer");
        let events: Vec<_> = answer
            .events()
            .iter()
            .filter_map(|event| Some((event.event_type(), event.kv()?)))
            .map(|(kind, kv)| (kind, String::from_utf8_lossy(kv.key()).into_owned(), kv.mod_revision()))
            .collect();
        for (kind, key, revision) in &events {
            let port = key.rsplit(':').next().unwrap_or_default().to_owned();
            match kind {
                EventType::Put if key.starts_with(health) => {
                    reported.insert(port, Instant::now());
                }
                EventType::Delete if key.starts_with(registration) => {
                    let with_its_report = events.iter().any(|(kind, other, at)| {
                        *kind == EventType::Delete
                            && other.starts_with(health)
                            && other.ends_with(&format!(":{port}"))
                            && at == revision
                    });
                    let silent =
                        reported.get(&port).is_none_or(|last| last.elapsed() > Duration::from_secs(6));
                    ways.insert(match (with_its_report, silent) {
                        (false, _) => "deleted",
                        (true, false) => "revoked",
                        (true, true) => "expired",
                    });
                }
                _ => {}
            }
        }
    }
}

async fn contention(client: &Client) {
    until("twenty waiters", || async { below(client, "/locks/inventory:hot/").await.len() > 20 }).await;
    let shared = || async {
        let claims = below(client, "/locks/catalogue/").await;
        let readers =
            claims.iter().take_while(|claim| claim.key.starts_with("/locks/catalogue/read/")).count();
        readers >= 2 && readers < claims.len()
    };
    let alone = || async {
        let claims = below(client, "/locks/catalogue/").await;
        claims.len() >= 2 && claims[0].key.starts_with("/locks/catalogue/write/")
    };
    tokio::join!(
        owners_seen(client, "/locks/inventory:hot/", 4),
        until("readers together, and a writer who waits", shared),
        until("a writer, and others who wait", alone),
    );
}

async fn crash(client: &Client) {
    // Leases of five seconds are renewed long before they have less than two left.
    let lost = || async {
        let Some(holder) = below(client, "/locks/settlement/").await.into_iter().next() else { return false };
        let left = client.clone().lease_time_to_live(holder.lease, None).await.expect("a TTL");
        (0..2).contains(&left.ttl())
    };
    tokio::join!(
        owners_seen(client, "/elections/dispatcher/", 5),
        owners_seen(client, "/cluster/controller/leader", 3),
        owners_seen(client, "/locks/settlement/", 4),
        until("a holder that is about to expire", lost),
    );
}

/// Prefixes with so many keys at least, and whether they are on a lease.
const LAYOUTS: [(&str, usize, bool); 20] = [
    ("grpc/helloworld.Greeter/10.8.0.1", 2, true),
    ("user.rpc/", 2, true),
    ("/microservices/helloworld/", 2, true),
    ("/micro/registry/go.micro.srv.greeter/go.micro.srv.greeter-", 2, true),
    ("/dubbo/org.apache.dubbo.demo.DemoService/providers/dubbo%3A%2F%2F", 2, true),
    ("/apisix/routes/", 2, false),
    ("/apisix/upstreams/", 2, false),
    ("/apisix/data_plane/server_info/", 1, true),
    ("traefik/http/routers/", 4, false),
    ("/skydns/local/example/web/", 2, false),
    ("/service/pg-main/members/", 2, true),
    ("/service/pg-main/leader", 1, true),
    ("/service/pg-main/status", 1, false),
    ("/registry/leases/kube-system/", 2, false),
    ("/registry/leases/kube-node-lease/", 2, false),
    ("/pd/7352341189512052765/leader", 1, true),
    ("/pd/7352341189512052765/timestamp", 1, false),
    ("/ms/7352341189512052765/tso/00000/primary", 1, true),
    ("/vitess/global/keyspaces/commerce/shards/0/locks/", 2, true),
    ("/locks/invoice-run", 1, true),
];

/// The oldest key with this prefix, once there is one.
async fn first(client: &Client, prefix: &str) -> Entry {
    let begun = Instant::now();
    loop {
        if let Some(entry) = below(client, prefix).await.into_iter().next() {
            return entry;
        }
        assert!(begun.elapsed() < LIMIT, "nothing below {prefix}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn layouts(client: &Client) {
    for (prefix, wanted, leased) in LAYOUTS {
        until(&format!("{wanted} keys below {prefix}"), || async {
            below(client, prefix).await.iter().filter(|entry| (entry.lease != 0) == leased).count() >= wanted
        })
        .await;
    }
    let first = |prefix: &'static str| first(client, prefix);
    assert_eq!(first("/locks/invoice-run").await.value.len(), 16);
    let vitess = first("/vitess/").await;
    assert!(vitess.key.ends_with(&format!("/{}", vitess.lease)), "{}", vitess.key);
    let registration = first("user.rpc/").await;
    assert!(registration.key.ends_with(&format!("/{}", registration.lease)), "{}", registration.key);
    assert!(first("/pd/7352341189512052765/leader").await.value.starts_with(b"\x0a\x04pd-"));
    assert_eq!(first("grpc/").await.json()["Op"], 0);
    // Kubernetes renews by writing.
    let lease = "/registry/leases/kube-system/kube-controller-manager";
    let before = first(lease).await;
    assert!(before.value.starts_with(b"k8s\0"));
    until("a renewal", || async { first(lease).await.modified > before.modified + 1 }).await;
    assert_ne!(first(lease).await.value, before.value);
    recognised::layouts(client).await;
}

async fn services(client: &Client) {
    let names = ["catalogue", "search", "cart", "pricing", "shipping", "auth", "recommendation", "media"];
    let registered =
        |name: &'static str| async move { below(client, &format!("/services/{name}-service/")).await };
    for name in names {
        until(name, || async { registered(name).await.len() >= 3 }).await;
    }
    let states = |name| async move {
        let all = registered(name).await;
        all.iter().filter_map(|entry| Some(entry.json()["status"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    until("one that is down", || async { states("shipping").await.contains(&"DOWN".to_owned()) }).await;
    until("one that is only starting", || async {
        let mut all = states("auth").await;
        all.sort();
        all == ["STARTING", "UP", "UP", "UP", "UP"]
    })
    .await;
    let all = registered("catalogue").await;
    let told = |field: &str| -> BTreeSet<String> {
        all.iter().map(|entry| entry.json()["metadata"][field].to_string()).collect()
    };
    assert_eq!(told("weight").len(), 4, "{:?}", told("weight"));
    assert_eq!((told("version").len(), told("label").len()), (2, 2));

    let breakers = std::sync::Mutex::new(BTreeSet::new());
    let breaker = || async {
        for entry in below(client, "/health/").await {
            let report = entry.json();
            assert!(report["metrics"]["cpuUsage"].is_number(), "{report}");
            breakers.lock().expect("breakers").insert(report["circuitBreaker"].to_string());
        }
        breakers.lock().expect("breakers").len() == 3
    };
    tokio::join!(until("closed, open and half-open breakers", breaker), late(client));
}

/// One reports late: after more than three seconds, and after more than ten.
async fn late(client: &Client) {
    const KEY: &str = "/health/search-service/10.20.0.11:9110";
    let mut gaps = BTreeSet::new();
    let mut last: Option<(i64, Instant)> = None;
    let begun = Instant::now();
    while !(gaps.contains(&"late") && gaps.contains(&"very late")) {
        assert!(begun.elapsed() < LIMIT, "only {gaps:?}");
        if let Some(entry) = below(client, KEY).await.first() {
            let now = Instant::now();
            match last {
                Some((modified, _)) if modified == entry.modified => {}
                Some((_, at)) if now - at > Duration::from_secs(10) => {
                    gaps.insert("very late");
                    last = Some((entry.modified, now));
                }
                Some((_, at)) if now - at > Duration::from_secs(4) => {
                    gaps.insert("late");
                    last = Some((entry.modified, now));
                }
                _ => last = Some((entry.modified, now)),
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn fifty_locks(client: &Client) {
    until("fifty contended locks in chains", || async {
        let queues = queues(client, "/locks/shards/").await;
        let contended = queues.values().filter(|claims| claims.len() > 1).count();
        let holders: BTreeSet<_> = queues.values().map(|claims| claims[0].lease).collect();
        let waiters: BTreeSet<_> =
            queues.values().flat_map(|claims| claims.iter().skip(1)).map(|claim| claim.lease).collect();
        // Nobody waits for one who came later: there is no ring.
        assert!(queues.values().all(|claims| claims.is_sorted_by_key(|claim| claim.created)));
        contended >= 45 && waiters.len() >= 20 && holders.intersection(&waiters).count() >= 5
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_brings_about_what_it_promises() {
    let options = DemoOptions { members: 1, scenarios: Scenario::ALL.into(), ..DemoOptions::default() };
    let demo = Demo::start(options).await.expect("a demonstration");
    let client = Client::connect(demo.profile().endpoints, None).await.expect("a client");
    tokio::join!(
        deadlock(&client),
        flapping(&client),
        contention(&client),
        crash(&client),
        layouts(&client),
        services(&client),
        fifty_locks(&client),
    );
    let folder = demo.cluster().folder().to_owned();
    demo.shutdown().await;
    assert!(!folder.exists());
    assert_eq!(processes_naming(&folder), Vec::<String>::new());
}

#[test]
fn a_wrong_scenario_is_answered_with_all_names() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_etcdscope"))
        .args(["demo", "--headless", "--scenario", "earthquake"])
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    for name in Scenario::ALL.map(Scenario::name).into_iter().chain(["all", "earthquake"]) {
        assert!(error.contains(name), "{name} is not named: {error}");
    }
}
