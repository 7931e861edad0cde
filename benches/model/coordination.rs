//! What it costs to keep services, leases, locks and elections up to date: 2,000 services with 25 instances
//! each and 5,000 claims of locks, changed 2,000 times a second with 25 pictures a second given away; and a
//! look at a million keys that are nothing of the kind.

use std::hint::black_box;
use std::time::{Duration, Instant};

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::coordination::{Coordination, CoordinationSettings, Engine};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, Revision};

use super::{KEYS, ms, say};

const SERVICES: u64 = 2_000;
const INSTANCES: u64 = 25;
const LOCKS: u64 = 1_000;
const CLAIMS: u64 = 5;
/// Programs that claim locks, each on one lease.
const OWNERS: u64 = 500;
const EVENTS: u64 = 40_000;
/// Events between two pictures at 2,000 events and 25 pictures a second.
const BETWEEN_PICTURES: u64 = 80;

/// A key space and its revision.
struct Store {
    keyspace: Keyspace,
    revision: i64,
}

impl Store {
    fn put(&mut self, key: &str, value: &str, lease: u64) -> Revision {
        self.revision += 1;
        let key = Key::from(key.as_bytes());
        let lease = i64::try_from(lease).unwrap_or(0);
        let revision = self.revision;
        let known = self.keyspace.get(&key).map(|view| view.meta);
        let known = known.unwrap_or(KeyMeta { create_revision: revision, ..KeyMeta::default() });
        let meta = KeyMeta { mod_revision: revision, version: known.version + 1, lease, ..known };
        let value = Value::from(value.as_bytes());
        self.keyspace.put(&key, meta, Some(value.clone()));
        let kind = ChangeKind::Put { meta, value };
        Revision { revision, changes: vec![KeyChange { key, kind, prev: None }] }
    }

    fn delete(&mut self, key: &str) -> Revision {
        self.revision += 1;
        self.keyspace.remove(key.as_bytes());
        let change = KeyChange { key: key.as_bytes().into(), kind: ChangeKind::Delete, prev: None };
        Revision { revision: self.revision, changes: vec![change] }
    }
}

/// The key and the value of an instance, and its lease.
fn instance(number: u64) -> (String, String, u64) {
    let (service, at) = (number / INSTANCES, number % INSTANCES);
    let address = format!("10.{}.{}.{at}", service / 250, service % 250);
    let key = format!("/services/svc-{service:04}/{address}:8080");
    let value = format!(
        r#"{{"serviceName":"svc-{service:04}","instanceId":"{address}:8080","ip":"{address}","port":8080,"status":"UP","weight":100,"version":"1.4.2"}}"#
    );
    (key, value, 1_000_000 + number)
}

/// The key of a claim, and its lease.
fn claim(number: u64) -> (String, u64) {
    let (lock, at) = (number / CLAIMS, number % CLAIMS);
    let lease = 100 + (lock * 7 + at * 31) % OWNERS;
    (format!("/locks/stock-{lock:04}/{lease:x}"), lease)
}

/// What happens: instances renew what they say, go and come back; holders release and stand in line again.
fn events(store: &mut Store) -> Vec<Revision> {
    let mut events = Vec::new();
    let mut turn = 0_u64;
    while events.len() < usize::try_from(EVENTS).unwrap_or(0) {
        turn += 1;
        let (key, value, lease) = instance(turn.wrapping_mul(7_919) % (SERVICES * INSTANCES));
        if turn.is_multiple_of(2) {
            events.push(store.delete(&key));
        }
        events.push(store.put(&key, &value, lease));
        let (key, lease) = claim(turn.wrapping_mul(104_729) % (LOCKS * CLAIMS));
        events.push(store.delete(&key));
        events.push(store.put(&key, "", lease));
    }
    events
}

fn micros(time: Duration, of: usize) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6 / of as f64)
}

/// Measures everything here.
pub fn run() {
    let mut store = Store { keyspace: Keyspace::default(), revision: 1 };
    for number in 0..SERVICES * INSTANCES {
        let (key, value, lease) = instance(number);
        store.put(&key, &value, lease);
    }
    for number in 0..LOCKS * CLAIMS {
        let (key, lease) = claim(number);
        store.put(&key, "", lease);
    }
    let mut engine = Engine::new(b'/', &CoordinationSettings::default());
    let start = Instant::now();
    engine.listed(&store.keyspace, store.revision, 0, false);
    say("recognise 50,000 instances and 5,000 claims at once", &ms(start.elapsed()));
    let start = Instant::now();
    let picture = engine.picture(0);
    say("  who waits for whom among them", &ms(start.elapsed()));
    let services = picture.services.len() as u64;
    let claims = picture.queues.values().map(|queue| queue.claims.len() as u64).sum::<u64>();
    assert_eq!((services, claims), (SERVICES, LOCKS * CLAIMS), "everything is recognised");
    changes(&mut engine, &mut store, picture);
    a_million_that_are_nothing();
}

fn changes(engine: &mut Engine, store: &mut Store, mut shown: Coordination) {
    let events = events(store);
    let mut longest = Duration::ZERO;
    let (mut applying, mut giving) = (Duration::ZERO, Duration::ZERO);
    for (now, batch) in (1_i64..).zip(events.chunks(usize::try_from(BETWEEN_PICTURES).unwrap_or(1))) {
        let begun = Instant::now();
        for revision in batch {
            engine.apply(revision, now * 40);
        }
        let applied = begun.elapsed();
        // As the observer does: each picture has its changes, some also who waits for whom.
        shown = if now % 3 == 0 { engine.picture(now * 40) } else { engine.glance() };
        longest = longest.max(begun.elapsed());
        applying += applied;
        giving += begun.elapsed().saturating_sub(applied);
    }
    black_box(&shown);
    say("recognise an event", &micros(applying, events.len()));
    say("  with the pictures given away, waits made anew", &micros(applying + giving, events.len()));
    say("  the longest of 80 events with their picture", &ms(longest));
}

fn a_million_that_are_nothing() {
    let mut keyspace = Keyspace::default();
    for number in 0..KEYS {
        keyspace.put(&super::key(number), super::meta(2), None);
    }
    let mut engine = Engine::new(b'/', &CoordinationSettings::default());
    let start = Instant::now();
    engine.listed(&keyspace, 2, 0, false);
    let time = start.elapsed();
    black_box(engine.glance());
    say("look at 1,000,000 keys that are nothing of the kind", &ms(time));
    say("  a key", &format!("{:.1} ns", time.as_secs_f64() * 1e9 / KEYS as f64));
}
