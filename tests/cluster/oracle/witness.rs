//! The truth: an independent watch of everything, directly at the members, with nothing of ours.
//! Every revision changes something, so their numbers must follow each other without a gap.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use etcd_client::{Client, ConnectOptions, EventType, GetOptions, KeyValue, WatchOptions};
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::record::KeyMeta;
use tokio::task::JoinHandle;

use super::super::support::eventually;
use super::truth::{Fact, Snapshot};

/// A member that says nothing for so long is left for another one.
const SILENCE: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Seen {
    facts: Vec<Fact>,
    last: i64,
    broken: Option<String>,
}

/// A watch that remembers everything since a revision.
pub struct Witness {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Witness {
    /// Watches everything behind `revision`, at any of these members.
    pub fn start(endpoints: Vec<String>, revision: i64) -> Self {
        let seen = Arc::new(Mutex::new(Seen { last: revision, ..Seen::default() }));
        let task = tokio::spawn(watch_on(endpoints, seen.clone()));
        Self { seen, task }
    }

    /// The last revision seen.
    pub fn last(&self) -> i64 {
        self.seen.lock().unwrap().last
    }

    /// Waits for this revision; an error tells why the witness is none.
    pub async fn until(&self, revision: i64) -> Result<(), String> {
        let reached = || {
            let seen = self.seen.lock().unwrap();
            match &seen.broken {
                Some(why) => Some(Err(why.clone())),
                None => (seen.last >= revision).then_some(Ok(())),
            }
        };
        eventually("the witness", || async { reached() }).await
    }

    /// All that was seen.
    pub fn facts(&self) -> Vec<Fact> {
        self.seen.lock().unwrap().facts.clone()
    }
}

/// A client of one member, for the witness and the writers.
pub async fn direct(endpoint: &str) -> Result<Client, etcd_client::Error> {
    let options = ConnectOptions::new()
        .with_connect_timeout(Duration::from_secs(1))
        .with_timeout(Duration::from_millis(2_500));
    Client::connect([endpoint], Some(options)).await
}

async fn watch_on(endpoints: Vec<String>, seen: Arc<Mutex<Seen>>) {
    for endpoint in endpoints.iter().cycle() {
        let lost = watch_at(endpoint, &seen).await;
        if let Err(why) = lost {
            seen.lock().unwrap().broken = Some(why);
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Watches at one member until it is lost; an error when the truth can not be told any more.
async fn watch_at(endpoint: &str, seen: &Mutex<Seen>) -> Result<(), String> {
    let options = ConnectOptions::new().with_connect_timeout(Duration::from_secs(1));
    let Ok(client) = Client::connect([endpoint], Some(options)).await else { return Ok(()) };
    let mut watch = client.watch_client().max_decoding_message_size(usize::MAX);
    let from = seen.lock().unwrap().last + 1;
    let options = WatchOptions::new().with_all_keys().with_start_revision(from);
    let opened = tokio::time::timeout(SILENCE, watch.watch("", Some(options))).await;
    let Ok(Ok(mut stream)) = opened else { return Ok(()) };
    let mut heard = Instant::now();
    let mut asks = tokio::time::interval(Duration::from_millis(700));
    while heard.elapsed() < SILENCE {
        tokio::select! {
            message = stream.message() => {
                let Ok(Some(response)) = message else { return Ok(()) };
                heard = Instant::now();
                if response.compact_revision() > 0 {
                    return Err(format!("the witness from {from} was compacted at {}", response.compact_revision()));
                }
                if response.canceled() {
                    return Ok(());
                }
                take(response.events(), &mut seen.lock().unwrap())?;
            }
            _ = asks.tick() => {
                if stream.request_progress().await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Takes one response: whole revisions, the next ones. Old servers repeat some.
fn take(events: &[etcd_client::Event], seen: &mut Seen) -> Result<(), String> {
    let known = seen.last;
    for event in events {
        let pair = event.kv().ok_or("an event without a key")?;
        let revision = pair.mod_revision();
        if revision <= known {
            continue;
        }
        if revision != seen.last && revision != seen.last + 1 {
            return Err(format!("the witness saw revision {revision} after {}", seen.last));
        }
        seen.last = revision;
        let left = (event.event_type() == EventType::Put).then(|| left_by(pair));
        seen.facts.push(Fact { revision, key: pair.key().into(), left });
    }
    Ok(())
}

fn left_by(pair: &KeyValue) -> (KeyMeta, Value) {
    let meta = KeyMeta {
        create_revision: pair.create_revision(),
        mod_revision: pair.mod_revision(),
        version: pair.version(),
        lease: pair.lease(),
    };
    (meta, pair.value().into())
}

/// Everything that etcd has at a revision (0: now), with that revision; `None`: it did not answer,
/// or has no longer got it.
pub async fn range(endpoint: &str, revision: i64) -> Option<(i64, Snapshot)> {
    let options = ConnectOptions::new()
        .with_connect_timeout(Duration::from_secs(1))
        .with_timeout(Duration::from_secs(8));
    let client = Client::connect([endpoint], Some(options)).await.ok()?;
    let mut kv = client.kv_client().max_decoding_message_size(usize::MAX);
    let options = GetOptions::new().with_all_keys().with_revision(revision);
    let answer = kv.get("", Some(options)).await.ok()?;
    let at = if revision == 0 { answer.header()?.revision() } else { revision };
    let pairs = answer.kvs().iter().map(|pair| (Key::from(pair.key()), left_by(pair)));
    Some((at, pairs.collect()))
}
