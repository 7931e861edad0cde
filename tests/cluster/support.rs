//! What the tests share: clusters, a mirror that remembers what it was told, an independent watch,
//! and the truth as etcd itself tells it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use etcd_client::{Client, ConnectOptions, EventType, GetOptions, WatchOptions};
use etcdscope::demo::{EtcdBinary, LocalCluster, LocalClusterOptions, etcd_binaries};
use etcdscope::etcd::{Cluster, FeedEvent, MirrorOptions, ValuePolicy, run_mirror};
use etcdscope::model::coordination::{Coordination, CoordinationSettings, Engine};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::mirror::{MirrorDigest, digest_of};
use etcdscope::model::profile::{Profile, Secret};
use etcdscope::model::record::{ChangeKind, KeyMeta, Revision};
use etcdscope::model::status::{MirrorState, Notice, SeenAt};
use tokio::sync::{Notify, OnceCell, mpsc};
use tokio::task::JoinHandle;

pub use super::rig::Rig;

/// Longest time for anything that should happen.
pub const SOON: Duration = Duration::from_secs(30);

/// The etcd programs to test against: the newest and the oldest, or the one that is asked for.
pub fn versions() -> Vec<EtcdBinary> {
    let mut found = etcd_binaries();
    assert!(!found.is_empty(), "no etcd is installed");
    if std::env::var_os("ETCD_BIN").is_some() {
        found.truncate(1);
    } else if found.len() > 2 {
        found.drain(1..found.len() - 1);
    }
    found
}

/// The newest etcd.
pub fn newest() -> EtcdBinary {
    versions().swap_remove(0)
}

/// Starts a cluster of this version. Clusters are started one after the other: several at once
/// would only slow each other down.
pub async fn start(binary: &EtcdBinary, options: LocalClusterOptions) -> LocalCluster {
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    super::figure::proven_on(binary.version);
    let options = LocalClusterOptions { etcd_bin: Some(binary.path.clone()), ..options };
    LocalCluster::start(options).await.expect("a cluster")
}

/// One cluster of a single member for each version, shared by tests that harm nothing outside a prefix of their
/// own. It ends with the process.
pub async fn shared() -> &'static [LocalCluster] {
    static SHARED: OnceCell<Vec<LocalCluster>> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let mut clusters = Vec::new();
            for binary in versions() {
                clusters.push(start(&binary, LocalClusterOptions::members(1)).await);
            }
            clusters
        })
        .await
}

pub fn request(endpoints: &[String]) -> ConnectRequest {
    let profile = Profile { name: "test".into(), endpoints: endpoints.to_vec(), ..Profile::default() };
    ConnectRequest { profile, password: None }
}

pub fn request_as(endpoints: &[String], user: &str, password: &str) -> ConnectRequest {
    let mut request = request(endpoints);
    request.profile.user = Some(user.into());
    request.password = Some(Secret(password.into()));
    request
}

pub async fn connect(endpoints: &[String]) -> Cluster {
    Cluster::connect(&request(endpoints)).await.expect("a connection")
}

/// A plain client of one member, without anything of ours.
pub async fn plain_client(endpoint: &str) -> Client {
    let options = ConnectOptions::new()
        .with_connect_timeout(Duration::from_secs(3))
        .with_timeout(Duration::from_secs(10));
    Client::connect([endpoint], Some(options)).await.expect("a client")
}

/// What a mirror was told.
#[derive(Default)]
pub struct Told {
    pub keyspace: Keyspace,
    pub applied: i64,
    pub states: Vec<(Instant, MirrorState)>,
    pub revisions: Vec<Revision>,
    /// Changes in each update that had any.
    pub updates: Vec<usize>,
    pub relists: usize,
    pub coordination: Coordination,
    pub notices: Vec<Notice>,
    /// When it was told that all had been told, as of when.
    pub proven: Vec<(Instant, SeenAt)>,
    /// When the first keys were told.
    pub first_rows: Option<Instant>,
    /// Pictures told, and what was wrong with some of them.
    pub pictures: usize,
    pub wrong: Vec<String>,
}

/// What must be true of every picture that is told; returns what is wrong.
pub type Check = Box<dyn Fn(&Keyspace) -> Option<String> + Send>;

impl Told {
    pub fn is_live(&self) -> bool {
        self.states.last().is_some_and(|(_, state)| state.is_live())
    }

    /// Events, in the order in which they were told.
    pub fn events(&self) -> Vec<Seen> {
        let of = |revision: &Revision| {
            let number = revision.revision;
            revision
                .changes
                .iter()
                .map(move |change| {
                    (number, change.key.to_vec(), matches!(change.kind, ChangeKind::Put { .. }))
                })
                .collect::<Vec<_>>()
        };
        self.revisions.iter().flat_map(of).collect()
    }
}

/// A mirror that runs and remembers.
pub struct Follower {
    pub cluster: Cluster,
    pub told: Arc<Mutex<Told>>,
    pub retry_now: Arc<Notify>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Follower {
    pub async fn start(endpoints: &[String]) -> Self {
        Self::start_with(connect(endpoints).await)
    }

    pub fn start_with(cluster: Cluster) -> Self {
        let options = MirrorOptions {
            values: ValuePolicy::Always,
            value_budget_bytes: u64::MAX,
            ..MirrorOptions::default()
        };
        Self::start_as(cluster, options)
    }

    pub fn start_as(cluster: Cluster, options: MirrorOptions) -> Self {
        Self::start_checked(cluster, options, Box::new(|_| None))
    }

    /// Every picture is held against a check.
    pub fn start_checked(cluster: Cluster, options: MirrorOptions, check: Check) -> Self {
        let (sender, mut events) = mpsc::channel(16);
        let retry_now = Arc::new(Notify::new());
        let told = Arc::new(Mutex::new(Told::default()));
        let remembered = told.clone();
        let mut engine = Engine::new(options.separator, &CoordinationSettings::default());
        let remember = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                let mut told = remembered.lock().unwrap();
                match event {
                    FeedEvent::Mirror(update) => {
                        told.pictures += 1;
                        told.wrong.extend(check(&update.keyspace));
                        if told.first_rows.is_none() && !update.keyspace.is_empty() {
                            told.first_rows = Some(Instant::now());
                        }
                        let now = update.seen_at;
                        if update.listed || update.relisted {
                            engine.listed(&update.keyspace, update.applied, now, update.replaced);
                        } else {
                            update.changes.iter().for_each(|revision| engine.apply(revision, now));
                        }
                        told.coordination = engine.picture(now);
                        told.keyspace = update.keyspace;
                        told.applied = update.applied;
                        told.states.push((Instant::now(), update.state));
                        let changes = update.changes.iter().map(|revision| revision.changes.len()).sum();
                        if changes > 0 {
                            told.updates.push(changes);
                        }
                        told.revisions.extend(update.changes.iter().cloned());
                        told.relists += usize::from(update.relisted);
                    }
                    FeedEvent::Proven(at) => told.proven.push((Instant::now(), at)),
                    FeedEvent::Notice(notice) => told.notices.push(notice),
                }
            }
        });
        let feed = tokio::spawn(run_mirror(cluster.clone(), options, sender, retry_now.clone()));
        Self { cluster, told, retry_now, tasks: vec![remember, feed] }
    }

    /// Waits until what was told is as wanted.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Told) -> bool) {
        self.until_within(SOON, what, wanted).await;
    }

    pub async fn until_within(&self, limit: Duration, what: &str, wanted: impl Fn(&Told) -> bool) {
        let begun = Instant::now();
        loop {
            if wanted(&self.told.lock().unwrap()) {
                return;
            }
            if begun.elapsed() > limit {
                let told = self.told.lock().unwrap();
                let states: Vec<_> = told.states.iter().map(|(_, state)| state).collect();
                panic!(
                    "not within {limit:?}: {what}; applied {}, {} keys, {} relists, last states {:?}",
                    told.applied,
                    told.keyspace.len(),
                    told.relists,
                    &states[states.len().saturating_sub(6)..]
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_live(&self) {
        self.until("live", Told::is_live).await;
    }

    /// Waits until the mirror has come to this revision, and compares it with the truth there.
    pub async fn assert_equal_at(&self, client: &mut Client, revision: i64) {
        self.until(&format!("revision {revision}"), |told| told.applied >= revision).await;
        let (applied, mirrored) = {
            let told = self.told.lock().unwrap();
            (told.applied, digest_of(&told.keyspace, true))
        };
        assert_eq!(mirrored, truth(client, applied).await, "at revision {applied}");
    }

    /// When a state of this kind was first told after this moment; waits for it.
    pub async fn told_after(
        &self,
        when: Instant,
        limit: Duration,
        what: &str,
        wanted: impl Fn(&MirrorState) -> bool,
    ) -> Duration {
        let first = |told: &Told| {
            told.states
                .iter()
                .find(|(told, state)| *told > when && wanted(state))
                .map(|(told, _)| *told - when)
        };
        self.until_within(limit, what, |told| first(told).is_some()).await;
        first(&self.told.lock().unwrap()).expect("it was told")
    }

    /// Index among `endpoints` of the member that the mirror watches.
    pub async fn watched(&self, endpoints: &[String]) -> usize {
        eventually("the watched member", || async {
            let watching = self.cluster.status().await.watching;
            endpoints.iter().position(|endpoint| Some(endpoint) == watching.as_ref())
        })
        .await
    }
}

/// The two lists of events are the same; otherwise the first difference is shown.
pub fn assert_same_events(told: &[Seen], seen: &[Seen]) {
    let different = told.iter().zip(seen).position(|(one, other)| one != other);
    if let Some(index) = different {
        panic!("event {index}: told {:?}, but etcd says {:?}", told[index], seen[index]);
    }
    assert_eq!(told.len(), seen.len(), "events are missing, or too many");
}

/// What etcd itself has at this revision.
pub async fn truth(client: &mut Client, revision: i64) -> MirrorDigest {
    let options = GetOptions::new().with_all_keys().with_revision(revision);
    let kv = client.kv_client().max_decoding_message_size(usize::MAX);
    // Refused while a leader is elected.
    let answer = eventually("the truth", || {
        let (mut kv, options) = (kv.clone(), options.clone());
        async move { kv.get("", Some(options)).await.ok() }
    })
    .await;
    let mut keyspace = Keyspace::default();
    for pair in answer.kvs() {
        let meta = KeyMeta {
            create_revision: pair.create_revision(),
            mod_revision: pair.mod_revision(),
            version: pair.version(),
            lease: pair.lease(),
        };
        keyspace.put(pair.key(), meta, Some(pair.value().into()));
    }
    digest_of(&keyspace, true)
}

/// The revision that the cluster is at.
pub async fn revision(client: &mut Client) -> i64 {
    let answer = eventually("a read", || {
        let mut client = client.clone();
        async move { client.get("-", None).await.ok() }
    });
    answer.await.header().expect("a header").revision()
}

/// Asks again and again until there is an answer.
pub async fn eventually<T, F, Fut>(what: &str, ask: F) -> T
where
    F: Fn() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An event: revision, key, whether it was a put.
pub type Seen = (i64, Vec<u8>, bool);

/// An independent watch of everything: one stream, no healing.
pub struct Witness {
    events: Arc<Mutex<Vec<Seen>>>,
    /// The revisions at which each value was written.
    values: Arc<Mutex<HashMap<Vec<u8>, Vec<i64>>>>,
    task: JoinHandle<()>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Witness {
    /// Watches behind this revision.
    pub async fn start(endpoint: &str, revision: i64) -> Self {
        let options = ConnectOptions::new().with_connect_timeout(Duration::from_secs(3));
        let mut client = Client::connect([endpoint], Some(options)).await.expect("a client");
        let options = WatchOptions::new().with_all_keys().with_start_revision(revision + 1);
        let mut stream = client.watch("", Some(options)).await.expect("a watch");
        let events = Arc::new(Mutex::new(Vec::new()));
        let values = Arc::new(Mutex::new(HashMap::<_, Vec<_>>::new()));
        let (seen, written) = (events.clone(), values.clone());
        let task = tokio::spawn(async move {
            let _client = client;
            while let Ok(Some(response)) = stream.message().await {
                let (mut seen, mut written) = (seen.lock().unwrap(), written.lock().unwrap());
                for event in response.events() {
                    let pair = event.kv().expect("a key");
                    let put = event.event_type() == EventType::Put;
                    if put {
                        written.entry(pair.value().to_vec()).or_default().push(pair.mod_revision());
                    }
                    seen.push((pair.mod_revision(), pair.key().to_vec(), put));
                }
            }
        });
        Self { events, values, task }
    }

    /// The revisions at which this value has been written.
    pub fn written(&self, value: &[u8]) -> Vec<i64> {
        self.values.lock().unwrap().get(value).cloned().unwrap_or_default()
    }

    /// All events behind `from` up to `to`, once they are there.
    pub async fn events(&self, from: i64, to: i64) -> Vec<Seen> {
        eventually("the witness has seen everything", || async {
            let events = self.events.lock().unwrap();
            events.last().filter(|(revision, ..)| *revision >= to)?;
            let inside = |event: &&Seen| event.0 > from && event.0 <= to;
            Some(events.iter().filter(inside).cloned().collect())
        })
        .await
    }
}

/// A mirror under load, beside an independent watch with which it is compared at the end.
pub struct Trial {
    pub follower: Follower,
    pub witness: Witness,
    /// What was applied when the trial began.
    from: i64,
    sound: String,
    writer: Writer,
}

impl Trial {
    /// Tries this mirror, while writers go to the `sound` endpoints; the first is also witness.
    pub async fn of(follower: Follower, sound: Vec<String>, prefix: &'static str) -> Self {
        follower.until_live().await;
        let from = follower.told.lock().unwrap().applied;
        let witness = Witness::start(&sound[0], from).await;
        let (sound, writers) = (sound[0].clone(), sound);
        let trial = Self { follower, witness, from, sound, writer: Writer::start(writers, prefix) };
        trial.follower.until("the load", |told| told.applied > from + 30).await;
        trial
    }

    /// The revision that the cluster is at now, which an event after this moment surpasses.
    pub async fn revision(&self) -> i64 {
        revision(&mut plain_client(&self.sound).await).await
    }

    /// Ends the load and compares: the mirror is equal to etcd, and it was told every event once, in
    /// order, without a new listing. Returns the mirror, and how many events there were.
    pub async fn finish(self) -> (Follower, usize) {
        let Self { follower, witness, from, sound, writer } = self;
        let last = writer.stop().await;
        let mut client = plain_client(&sound).await;
        follower.assert_equal_at(&mut client, last).await;
        let mut told = follower.told.lock().unwrap().events();
        told.retain(|(revision, ..)| *revision > from && *revision <= last);
        assert_same_events(&told, &witness.events(from, last).await);
        assert_eq!(follower.told.lock().unwrap().relists, 0);
        (follower, told.len())
    }
}

/// Writes for as long as it lives: puts with unique values, transactions of several keys, deletes.
pub struct Writer {
    stop: Arc<Notify>,
    task: JoinHandle<i64>,
}

impl Writer {
    /// Through any of these endpoints that works.
    pub fn start(endpoints: Vec<String>, prefix: &'static str) -> Self {
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut last = 0;
            let work = write_on(endpoints, prefix, &mut last);
            tokio::select! {
                () = stopped.notified() => {}
                () = work => {}
            }
            last
        });
        Self { stop, task }
    }

    /// Stops and returns the last revision written.
    pub async fn stop(self) -> i64 {
        self.stop.notify_one();
        self.task.await.expect("the writer")
    }
}

async fn write_on(endpoints: Vec<String>, prefix: &str, last: &mut i64) {
    use etcd_client::{Txn, TxnOp};
    let mut at = 0;
    let mut number = 0_u64;
    loop {
        let endpoint = &endpoints[at % endpoints.len()];
        at += 1;
        let options = ConnectOptions::new()
            .with_connect_timeout(Duration::from_secs(1))
            .with_timeout(Duration::from_millis(1_500));
        let Ok(mut client) = Client::connect([endpoint], Some(options)).await else { continue };
        loop {
            number += 1;
            let key = |offset: u64| format!("{prefix}/{}", (number + offset) % 23);
            let operations = match number % 7 {
                0 => vec![TxnOp::delete(key(0), None)],
                3 => (0..5).map(|n| TxnOp::put(key(n), format!("{number}"), None)).collect(),
                _ => vec![TxnOp::put(key(0), format!("{number}"), None)],
            };
            match client.txn(Txn::new().and_then(operations)).await {
                Ok(answer) => *last = answer.header().expect("a header").revision(),
                Err(_) => break,
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
