use std::collections::BTreeMap;

use super::*;
use crate::model::coordination::rules::{Rule, RuleKind};
use crate::model::coordination::{ClaimQueue, EndCause, Health, NewsKind, OwnEnd, Service, Turn};
use crate::model::record::KeyChange;

const LEASE: i64 = 0x7b;

/// A store that an engine follows; time goes on by a second with each revision.
struct Store {
    engine: Engine,
    keyspace: Keyspace,
    revision: i64,
    created: BTreeMap<String, i64>,
}

impl Store {
    fn new() -> Self {
        let rule = |prefix: &str, kind| Rule { prefix: prefix.to_owned(), kind, owner: None };
        let settings = CoordinationSettings {
            rules: vec![rule("/services/", RuleKind::Service), rule("/health/", RuleKind::Report)],
            ..CoordinationSettings::default()
        };
        let engine = Engine::new(b'/', &settings);
        Self { engine, keyspace: Keyspace::new(b'/'), revision: 1, created: BTreeMap::new() }
    }

    /// One that is watched from the beginning.
    fn watched() -> Self {
        let mut store = Self::new();
        store.list(false);
        store
    }

    fn now(&self) -> SeenAt {
        1_000_000 + self.revision * 1_000
    }

    fn list(&mut self, replaced: bool) {
        let now = self.now();
        self.engine.listed(&self.keyspace, self.revision, now, replaced);
    }

    fn picture(&mut self) -> Coordination {
        let now = self.now();
        self.engine.picture(now)
    }

    /// Writes and deletes at one revision; the engine hears of it if somebody watches.
    fn commit(&mut self, writes: &[(&str, Option<(&str, i64)>)], watched: bool) {
        self.revision += 1;
        let revision = self.revision;
        let mut changes = Vec::new();
        for (name, write) in writes {
            let key = Key::from(name.as_bytes());
            let kind = match write {
                Some((text, lease)) => {
                    let create_revision = *self.created.entry((*name).to_owned()).or_insert(revision);
                    let meta = KeyMeta { create_revision, mod_revision: revision, version: 1, lease: *lease };
                    let value = Value::from(text.as_bytes());
                    self.keyspace.put(&key, meta, Some(value.clone()));
                    ChangeKind::Put { meta, value }
                }
                None => {
                    self.created.remove(*name);
                    self.keyspace.remove(&key);
                    ChangeKind::Delete
                }
            };
            changes.push(KeyChange { key, kind, prev: None });
        }
        if watched {
            let now = self.now();
            self.engine.apply(&Revision { revision, changes }, now);
        }
    }

    fn put(&mut self, key: &str, value: &str, lease: i64) {
        self.commit(&[(key, Some((value, lease)))], true);
    }

    fn delete(&mut self, key: &str) {
        self.commit(&[(key, None)], true);
    }

    /// A claim of a lock by this lease.
    fn claim(&mut self, lock: &str, lease: i64) {
        self.put(&format!("{lock}/{lease:x}"), "", lease);
    }

    fn release(&mut self, lock: &str, lease: i64) {
        self.delete(&format!("{lock}/{lease:x}"));
    }

    fn queue(&mut self, name: &str) -> Arc<ClaimQueue> {
        self.picture().queues.get(name.as_bytes()).unwrap().clone()
    }

    fn service(&mut self, folder: &str) -> Arc<Service> {
        self.picture().services.get(folder.as_bytes()).unwrap().clone()
    }
}

fn leases(queue: &ClaimQueue) -> Vec<i64> {
    queue.claims.iter().map(|claim| claim.meta.lease).collect()
}

#[test]
fn a_lock_passes_to_who_came_next_and_the_tenure_is_kept() {
    let mut store = Store::watched();
    for lease in [5, 3, 9] {
        store.claim("/locks/a", lease);
    }
    let held_since = store.queue("/locks/a").claims[0].turn_since;
    assert_eq!(held_since, Some(1_002_000));
    store.release("/locks/a", 5);
    let queue = store.queue("/locks/a");
    assert_eq!(leases(&queue), [3, 9]);
    assert_eq!((queue.claims[0].turn_since, queue.claims[0].turn_revision), (Some(1_005_000), Some(5)));
    assert_eq!(queue.claims[0].since, Some(1_003_000));
    let tenure = &queue.past[0];
    assert_eq!((tenure.claim.meta.lease, tenure.from_revision, tenure.until_revision), (5, 2, 5));
    assert_eq!((tenure.length_ms(), tenure.waiting, tenure.cause), (Some(3_000), 2, EndCause::Asking));
    let waiting: Vec<_> = queue.contention.iter().map(|sample| (sample.at, sample.waiting)).collect();
    assert_eq!(waiting, [(1_003_000, 1), (1_004_000, 2), (1_005_000, 1)]);
    let picture = store.picture();
    assert_eq!(picture.totals.locks, 1);
    assert_eq!(picture.endings.len(), 1);
    assert!(matches!(&picture.handovers.last().unwrap().kind,
        NewsKind::Holder { from: Some(from), to: Some(to), cause: Some(EndCause::Asking), .. }
        if from == "5" && to == "3"));
}

#[test]
fn who_only_waited_leaves_no_tenure() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.claim("/locks/a", 6);
    store.release("/locks/a", 6);
    let queue = store.queue("/locks/a");
    assert!(queue.past.is_empty() && store.picture().endings.is_empty());
    assert_eq!(queue.contention.back().map(|sample| sample.waiting), Some(0));
}

#[test]
fn what_a_transaction_changes_is_seen_together() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.claim("/locks/a", 6);
    // Holder and next go at once: the next never had its turn.
    store.commit(&[("/locks/a/5", None), ("/locks/a/6", None), ("/locks/a/7", Some(("", 7)))], true);
    let queue = store.queue("/locks/a");
    assert_eq!((leases(&queue), queue.past.len()), (vec![7], 1));
}

#[test]
fn why_something_ended_is_settled_later() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.release("/locks/a", 5);
    let revision = store.revision;
    store.engine.settle(&Key::from(&b"/locks/a/5"[..]), revision, EndCause::Expired);
    let queue = store.queue("/locks/a");
    assert!(queue.claims.is_empty(), "it is kept for its past");
    assert_eq!(queue.past[0].cause, EndCause::Expired);
    let picture = store.picture();
    assert!(picture.endings.is_empty());
    assert_eq!(picture.totals.locks, 0);
    assert!(matches!(
        picture.handovers.last().unwrap().kind,
        NewsKind::Holder { to: None, cause: Some(EndCause::Expired), .. }
    ));
}

#[test]
fn what_is_not_found_out_in_time_is_unknown() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.release("/locks/a", 5);
    let now = store.now();
    assert!(!store.engine.tick(now + 1_000));
    assert_eq!(store.queue("/locks/a").past[0].cause, EndCause::Asking);
    assert!(store.engine.tick(now + 60_000));
    assert_eq!(store.queue("/locks/a").past[0].cause, EndCause::Unknown);
    assert!(store.picture().endings.is_empty());
}

#[test]
fn what_this_console_did_explains_what_went() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.claim("/locks/b", 6);
    let (now, revision) = (store.now(), store.revision + 1);
    store.engine.ours(&OwnEnd::Deleted { key: Key::from(&b"/locks/a/5"[..]), revision }, now);
    store.release("/locks/a", 5);
    assert_eq!(store.queue("/locks/a").past[0].cause, EndCause::DeletedHere);
    store.release("/locks/b", 6);
    let (now, revision) = (store.now(), store.revision);
    store.engine.ours(&OwnEnd::Revoked { lease: 6, revision }, now);
    assert_eq!(store.queue("/locks/b").past[0].cause, EndCause::RevokedHere);
    assert!(store.picture().endings.is_empty());
}

#[test]
fn what_went_while_nobody_watched_has_no_cause_and_what_was_there_no_since() {
    let mut store = Store::new();
    store.commit(&[("/locks/a/5", Some(("", 5)))], false);
    store.list(false);
    let queue = store.queue("/locks/a");
    assert_eq!((queue.claims[0].since, queue.claims[0].turn_since), (None, None));
    assert!(store.picture().news.is_empty(), "nothing happened");
    let first = store.picture().watched_since;
    store.commit(&[("/locks/a/5", None), ("/locks/a/6", Some(("", 6)))], false);
    store.list(false);
    let queue = store.queue("/locks/a");
    assert_eq!((leases(&queue), queue.past[0].cause), (vec![6], EndCause::Unknown));
    assert_eq!((queue.claims[0].since, queue.claims[0].turn_since), (None, None));
    let picture = store.picture();
    assert!(picture.endings.is_empty());
    assert!(picture.watched_since > first, "watching began anew");
}

#[test]
fn what_did_not_change_in_a_gap_keeps_its_times() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    let before = store.queue("/locks/a");
    store.list(false);
    assert_eq!(store.queue("/locks/a"), before);
}

#[test]
fn a_restored_cluster_has_another_past() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.release("/locks/a", 5);
    store.claim("/locks/a", 6);
    store.list(true);
    let queue = store.queue("/locks/a");
    assert!(queue.past.is_empty());
    assert_eq!((leases(&queue), queue.claims[0].since), (vec![6], None));
    assert!(store.picture().news.is_empty());
}

#[test]
fn a_value_makes_an_election_of_a_queue_and_all_its_claims_know() {
    let mut store = Store::watched();
    store.claim("jobs/x", 5);
    store.claim("jobs/x", 6);
    assert_eq!(store.queue("jobs/x").kind, ClaimKind::Lock);
    store.put("jobs/x/6", "node", 6);
    let picture = store.picture();
    assert_eq!((picture.totals.locks, picture.totals.elections), (0, 1));
    let meaning = Meaning::Claim(ClaimKind::Election, Key::from(&b"jobs/x"[..]));
    assert_eq!(picture.meanings.get(b"jobs/x/5".as_slice()), Some(&meaning));
    assert_eq!(picture.leases.get(&5).unwrap().keys.values().next().map(|it| &**it), Some(&meaning));
    store.release("jobs/x", 6);
    assert_eq!(store.queue("jobs/x").kind, ClaimKind::Lock);
}

#[test]
fn a_deadlock_of_three_is_told_when_it_arises_and_when_it_is_over() {
    let mut store = Store::watched();
    for (lock, lease) in [("/locks/a", 1), ("/locks/b", 2), ("/locks/c", 3)] {
        store.claim(lock, lease);
    }
    store.claim("/locks/b", 1);
    store.claim("/locks/c", 2);
    assert!(store.picture().waits.cycles.is_empty());
    store.claim("/locks/a", 3);
    let picture = store.picture();
    assert_eq!(picture.waits.cycles.len(), 1);
    assert_eq!(picture.waits.waits.iter().filter(|wait| wait.in_cycle).count(), 3);
    assert!(matches!(&picture.news.last().unwrap().kind,
        NewsKind::Deadlock { locks, owners } if locks.len() == 3 && owners.len() == 3));
    store.release("/locks/b", 1);
    let picture = store.picture();
    assert!(picture.waits.cycles.is_empty());
    assert!(
        matches!(&picture.news.last().unwrap().kind, NewsKind::DeadlockOver { locks } if locks.len() == 3)
    );
}

#[test]
fn why_a_key_went_is_known_by_those_that_went_with_it() {
    let mut store = Store::watched();
    store.put("/services/pay/a:1", "{}", 9);
    store.put("/some/key", "x", 9);
    store.put("/other/key", "x", 8);
    store.commit(&[("/services/pay/a:1", None), ("/some/key", None), ("/other/key", None)], true);
    let key = |text: &str| Key::from(text.as_bytes());
    let cause = |store: &mut Store, name: &str, lease: i64| {
        let revision = store.revision;
        store.picture().cause_of(&key(name), revision, lease)
    };
    assert_eq!(cause(&mut store, "/services/pay/a:1", 9), Some(EndCause::Asking));
    store.engine.settle(&key("/services/pay/a:1"), store.revision, EndCause::Expired);
    assert_eq!(cause(&mut store, "/services/pay/a:1", 9), Some(EndCause::Expired));
    assert_eq!(cause(&mut store, "/some/key", 9), Some(EndCause::Expired), "its lease took it along");
    assert_eq!(cause(&mut store, "/other/key", 8), None, "nothing is known of its lease");
}

#[test]
fn readers_hold_together() {
    let mut store = Store::watched();
    let key = |mode: &str, at: i64| format!("/rw/stock/{mode}/171196560000000000{at}");
    store.put(&key("read", 1), "", 1);
    store.put(&key("read", 2), "", 2);
    store.put(&key("write", 3), "", 3);
    let queue = store.queue("/rw/stock");
    assert_eq!((queue.holding(), queue.waiting().len()), (2, 1));
    assert!(queue.claims[1].turn_since.is_some());
    store.delete(&key("read", 1));
    let queue = store.queue("/rw/stock");
    assert_eq!((queue.holding(), queue.past.len()), (1, 1));
    store.delete(&key("read", 2));
    let queue = store.queue("/rw/stock");
    assert_eq!(queue.holders()[0].meta.lease, 3);
    assert_eq!(queue.holders()[0].turn_since, Some(store.now()));
}

#[test]
fn instances_come_go_and_flap() {
    let mut store = Store::watched();
    let (folder, key) = ("/services/user/", "/services/user/10.0.0.1:80");
    store.put(key, "{}", LEASE);
    store.put(key, "{ }", LEASE);
    let service = store.service(folder);
    let instance = service.instances.get(key.as_bytes()).unwrap();
    assert_eq!((instance.since, instance.renewed_at), (Some(1_002_000), Some(1_003_000)));
    assert_eq!((instance.flaps, service.past.len()), (0, 1));
    for _ in 0..3 {
        store.delete(key);
        store.put(key, "{}", LEASE);
    }
    let service = store.service(folder);
    assert_eq!(service.instances.get(key.as_bytes()).unwrap().flaps, 3);
    let turns: Vec<_> = service.past.iter().map(|event| (event.turn, event.cause)).collect();
    assert_eq!(turns[1..3], [(Turn::Down, Some(EndCause::Asking)), (Turn::Up, None)]);
    let now = store.now();
    store.engine.tick(now + 11 * 60_000);
    assert_eq!(store.service(folder).instances.get(key.as_bytes()).unwrap().flaps, 0, "that is long ago");
    store.delete(key);
    assert!(store.service(folder).instances.is_empty(), "it is kept for its past");
}

#[test]
fn a_report_is_joined_whichever_comes_first_and_ages_when_it_is_gone() {
    let mut store = Store::watched();
    let (folder, key) = ("/services/user/", "/services/user/10.0.0.1:80");
    let report_key = "/health/user/10.0.0.1:80";
    store.put(report_key, "", 0);
    store.put(key, "{}", LEASE);
    let report = |store: &mut Store| {
        let service = store.service(folder);
        let report = service.instances.get(key.as_bytes()).unwrap().report.clone();
        report.map(|report| (report.key.is_some(), report.seen_at))
    };
    assert_eq!(report(&mut store), Some((true, Some(1_002_000))));
    store.put(report_key, "", 0);
    assert_eq!(report(&mut store), Some((true, Some(1_004_000))));
    store.delete(report_key);
    assert_eq!(report(&mut store), Some((true, Some(1_004_000))), "it is what was reported last");
    store.delete(key);
    store.put(key, "{}", LEASE);
    assert_eq!(report(&mut store), None, "the new one has not reported");
}

#[test]
fn a_time_that_a_registration_writes_on_and_on_is_a_heartbeat() {
    let mut store = Store::watched();
    let (folder, key) = ("/services/user/", "/services/user/10.0.0.1:80");
    let beat = |store: &mut Store, time: i64| {
        let json = format!(r#"{{"address":"10.0.0.1:80","last_heartbeat":{time}}}"#);
        store.put(key, &json, LEASE);
    };
    let health = |store: &mut Store, age_ms: i64| {
        let now = store.now() + age_ms;
        let service = store.service(folder);
        service.instances.get(key.as_bytes()).unwrap().health(now, 3, 10)
    };
    // Written once, or twice: it may be the time of its start.
    for time in 0..2 {
        beat(&mut store, time);
        assert_eq!(health(&mut store, 14_000), Health::Up, "it lives on its lease");
    }
    beat(&mut store, 2);
    assert_eq!(
        [0, 4_000, 14_000].map(|age| health(&mut store, age)),
        [Health::Up, Health::Late, Health::Down]
    );
    // Another write does not prove that it beats.
    store.put(key, r#"{"address":"10.0.0.1:80","last_heartbeat":2,"weight":7}"#, LEASE);
    assert_eq!(health(&mut store, 2_500), Health::Late);
    // Nobody knows how often one comes that comes seldom: its lease counts.
    store.revision += 30;
    beat(&mut store, 3);
    assert_eq!(health(&mut store, 14_000), Health::Up);
}

/// A cluster that was restored has another past, and the same settings.
#[test]
fn heartbeats_are_recognised_after_the_cluster_was_replaced() {
    let mut store = Store::watched();
    store.list(true);
    let (folder, key) = ("/services/user/", "/services/user/10.0.0.1:80");
    for time in 0..3 {
        store.put(key, &format!(r#"{{"address":"10.0.0.1:80","last_heartbeat":{time}}}"#), LEASE);
    }
    let late = store.now() + 4_000;
    let service = store.service(folder);
    assert_eq!(service.instances.get(key.as_bytes()).unwrap().health(late, 3, 10), Health::Late);
}

#[test]
fn a_report_is_of_the_instance_that_is_nearest_to_it() {
    let mut store = Store::new();
    let rule = |prefix: &str, kind| Rule { prefix: prefix.to_owned(), kind, owner: None };
    let rules = ["/prod", "/dev"].map(|at| {
        [rule(&format!("{at}/s/"), RuleKind::Service), rule(&format!("{at}/h/"), RuleKind::Report)]
    });
    let settings = CoordinationSettings { rules: rules.concat(), ..CoordinationSettings::default() };
    store.engine = Engine::new(b'/', &settings);
    store.list(false);
    for at in ["/prod", "/dev"] {
        store.put(&format!("{at}/s/user/1"), "{}", LEASE);
    }
    store.put("/dev/h/user/1", "", 0);
    let reported = |store: &mut Store, at: &str| {
        let service = store.service(&format!("{at}/s/user/"));
        service.instances.values().next().unwrap().report.is_some()
    };
    assert!(reported(&mut store, "/dev") && !reported(&mut store, "/prod"));
}

#[test]
fn a_key_that_becomes_something_else_moves() {
    let mut store = Store::watched();
    let key = "/leader";
    store.put(key, "node-1", LEASE);
    assert_eq!(store.picture().totals.elections, 1);
    store.put(key, "node-1", 0);
    let picture = store.picture();
    assert_eq!(picture.totals.elections, 0);
    assert!(picture.meanings.is_empty() && picture.leases.is_empty());
}

#[test]
fn a_lease_shows_every_key_that_is_on_it() {
    let mut store = Store::watched();
    store.put("plain", "x", LEASE);
    store.claim("/locks/a", LEASE);
    let picture = store.picture();
    let meanings: Vec<_> =
        picture.leases.get(&LEASE).unwrap().keys.values().map(|it| (**it).clone()).collect();
    assert_eq!(meanings, [Meaning::Claim(ClaimKind::Lock, Key::from(&b"/locks/a"[..])), Meaning::Other]);
    store.put("plain", "x", 9);
    assert_eq!(store.picture().leases.get(&LEASE).unwrap().keys.len(), 1);
    store.delete("plain");
    assert!(store.picture().leases.get(&9).is_none());
}

#[test]
fn rules_that_change_are_no_event() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    let news = store.picture().news.len();
    let rule = Rule { prefix: "/locks/".to_owned(), kind: RuleKind::Nothing, owner: None };
    let settings = CoordinationSettings { rules: vec![rule], ..CoordinationSettings::default() };
    let (keyspace, now) = (store.keyspace.clone(), store.now());
    store.engine.follow(&settings, Some(&keyspace), now);
    let picture = store.picture();
    assert_eq!((picture.queues.len(), picture.news.len()), (0, news));
    assert_eq!(picture.leases.get(&5).map(|lease| lease.keys.len()), Some(1));
}

#[test]
fn queues_that_nobody_claims_are_bounded() {
    let mut store = Store::watched();
    for at in 0..MOST_EMPTY + 50 {
        let lock = format!("/locks/job-{at:05}");
        store.claim(&lock, 7);
        store.release(&lock, 7);
    }
    let picture = store.picture();
    assert_eq!(picture.queues.len(), MOST_EMPTY);
    assert!(picture.queues.get(b"/locks/job-00000".as_slice()).is_none(), "the oldest go first");
    assert!(picture.handovers.len() <= crate::model::coordination::MOST_HANDOVERS);
}

#[test]
fn handovers_of_locks_do_not_push_out_what_else_happened() {
    let mut store = Store::watched();
    store.claim("/elections/a", 5);
    let news = store.picture().news.len();
    assert_eq!(news, 1);
    for at in 0..crate::model::coordination::MOST_NEWS + 10 {
        let lease = 7 + i64::try_from(at % 2).unwrap();
        store.claim("/locks/hot", lease);
        store.release("/locks/hot", lease);
    }
    let picture = store.picture();
    assert_eq!(picture.news.len(), news, "the leader is still told of");
    assert_eq!(picture.handovers.len(), crate::model::coordination::MOST_HANDOVERS);
    let serials: Vec<u64> = picture.handovers.iter().map(|news| news.serial).collect();
    assert!(serials.is_sorted_by(|a, b| a + 1 == *b));
}

#[test]
fn a_picture_given_away_stays_as_it_is() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    let before = store.picture();
    store.release("/locks/a", 5);
    store.claim("/locks/b", 6);
    assert_eq!(before.queues.len(), 1);
    assert_eq!(before.claim_of(b"/locks/a/5").map(|(_, place)| place), Some(0));
    assert!(before.leases.get(&5).is_some());
}

#[test]
fn a_clock_that_jumps_breaks_nothing() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.release("/locks/a", 5);
    store.engine.tick(-1);
    store.engine.tick(i64::MAX / 2);
    store.claim("/locks/a", 6);
    assert_eq!(leases(&store.queue("/locks/a")), [6]);
}

#[test]
fn a_single_key_and_a_queue_of_one_name_are_two_locks() {
    let mut store = Store::watched();
    store.claim("/locks/a", 5);
    store.claim("/locks/a", 6);
    let held_since = store.queue("/locks/a").claims[0].turn_since;
    store.put("/locks/a", "host", 9);
    let (single, queue) = (store.queue("/locks/a"), store.queue("/locks/a/"));
    assert_eq!((leases(&single), leases(&queue)), (vec![9], vec![5, 6]));
    assert_eq!(single.claims[0].turn_since, Some(store.now()));
    assert_eq!(queue.claims[0].turn_since, held_since, "it holds as before");
    assert!(single.past.is_empty() && queue.past.is_empty(), "nobody lost a turn");
    let picture = store.picture();
    assert_eq!(
        picture.claim_of(b"/locks/a/6").map(|(queue, place)| (queue.name.to_vec(), place)),
        Some((b"/locks/a/".to_vec(), 1))
    );
    assert_eq!((picture.totals.locks, picture.waits.waits.len()), (2, 1));
    store.delete("/locks/a");
    let queue = store.queue("/locks/a");
    assert_eq!((leases(&queue), queue.past.len()), (vec![5, 6], 1));
    assert_eq!(queue.claims[0].turn_since, held_since);
    store.release("/locks/a", 5);
    assert_eq!(store.queue("/locks/a").past[1].claim.meta.lease, 5);
}
