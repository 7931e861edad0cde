use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::keyspace::tests::{check, key_strategy};
use crate::model::record::{KeyChange, KeyRecord};

const PLENTY: u64 = u64::MAX;

type Naive = BTreeMap<Vec<u8>, (KeyMeta, Option<Value>)>;

fn value(text: &[u8]) -> Value {
    Value::from(text)
}

/// A server with its whole history: what it held after each revision, and what each one changed.
#[derive(Default)]
struct Server {
    pictures: Vec<Naive>,
    revisions: Vec<Revision>,
}

impl Server {
    /// Revision 1 is the empty store, as in etcd.
    fn new() -> Self {
        Self { pictures: vec![Naive::new()], revisions: Vec::new() }
    }

    fn revision(&self) -> i64 {
        self.pictures.len() as i64
    }

    fn at(&self, revision: i64) -> &Naive {
        &self.pictures[revision as usize - 1]
    }

    /// The revision that led to this one.
    fn changes(&self, revision: i64) -> Option<&Revision> {
        self.revisions.get(usize::try_from(revision - 2).ok()?)
    }

    /// One transaction: puts and deletions of different keys at one revision.
    fn commit(&mut self, writes: &BTreeMap<Vec<u8>, Option<(u8, i64)>>) {
        let revision = self.revision() + 1;
        let mut picture = self.at(revision - 1).clone();
        let mut changes = Vec::new();
        for (key, write) in writes {
            let before = picture.get(key).map(|(meta, value)| KeyRecord {
                key: key.as_slice().into(),
                meta: *meta,
                value: value.clone(),
            });
            let kind = match write {
                Some((byte, lease)) => {
                    let meta = before.as_ref().map_or(
                        KeyMeta {
                            create_revision: revision,
                            mod_revision: revision,
                            version: 1,
                            lease: *lease,
                        },
                        |before| KeyMeta {
                            mod_revision: revision,
                            version: before.meta.version + 1,
                            lease: *lease,
                            ..before.meta
                        },
                    );
                    let value = value(&vec![*byte; usize::from(byte % 4)]);
                    picture.insert(key.clone(), (meta, Some(value.clone())));
                    ChangeKind::Put { meta, value }
                }
                None if before.is_some() => {
                    picture.remove(key);
                    ChangeKind::Delete
                }
                None => continue,
            };
            changes.push(KeyChange { key: key.as_slice().into(), kind, prev: before });
        }
        if !changes.is_empty() {
            self.pictures.push(picture);
            self.revisions.push(Revision { revision, changes });
        }
    }

    fn records(&self, revision: i64, with_values: bool) -> Vec<KeyRecord> {
        let record = |(key, (meta, value)): (&Vec<u8>, &(KeyMeta, Option<Value>))| KeyRecord {
            key: key.as_slice().into(),
            meta: *meta,
            value: value.clone().filter(|_| with_values),
        };
        self.at(revision).iter().map(record).collect()
    }
}

fn naive_digest(picture: &Naive, with_values: bool) -> String {
    let mut bytes = Vec::new();
    for (key, (meta, value)) in picture {
        bytes.extend((key.len() as u64).to_be_bytes());
        bytes.extend(key);
        bytes.extend(meta.mod_revision.to_be_bytes());
        if with_values {
            let value = value.as_deref().unwrap_or_default();
            bytes.extend((value.len() as u64).to_be_bytes());
            bytes.extend(value);
        }
    }
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Clone, Debug)]
enum Step {
    /// Someone writes; nothing reaches the mirror yet.
    Commit(BTreeMap<Vec<u8>, Option<(u8, i64)>>),
    /// The watch delivers so many revisions.
    Deliver(u8),
    /// The watch repeats an old revision.
    Repeat(prop::sample::Index),
    /// The member says that nothing else happened.
    Progress,
    Begin {
        with_values: bool,
        page: usize,
        order: u64,
    },
    /// So many pages come in.
    Pages(u8),
    Finish,
    Abort,
    /// A value is read on its own.
    Read(prop::sample::Index),
}

fn write() -> impl Strategy<Value = (Vec<u8>, Option<(u8, i64)>)> {
    // The same few keys again and again, so that they are overwritten, deleted and created anew.
    let known = ["a", "a/", "a/b", "jobs/a/7", "jobs/a/8", "/leader", "locks/x"];
    let known = prop::sample::select(known.map(|key| key.as_bytes().to_vec()).to_vec());
    let key = prop_oneof![1 => key_strategy(), 2 => known];
    (key, prop::option::weighted(0.7, (any::<u8>(), prop::sample::select(vec![0_i64, 0, 7, 8]))))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(write(), 1..4)
            .prop_map(|writes| Step::Commit(writes.into_iter().collect())),
        6 => (1_u8..4).prop_map(Step::Deliver),
        2 => any::<prop::sample::Index>().prop_map(Step::Repeat),
        1 => Just(Step::Progress),
        3 => (any::<bool>(), 1_usize..6, any::<u64>())
            .prop_map(|(with_values, page, order)| Step::Begin { with_values, page, order }),
        4 => (1_u8..4).prop_map(Step::Pages),
        2 => Just(Step::Finish),
        1 => Just(Step::Abort),
        2 => any::<prop::sample::Index>().prop_map(Step::Read),
    ]
}

/// A mirror, and what it must show.
struct Harness {
    server: Server,
    mirror: Mirror,
    /// Pages of the listing under way that have not come yet.
    pages: Vec<Vec<KeyRecord>>,
    /// Revision of the picture that must be shown, once one is complete.
    shown: Option<i64>,
    /// Revision up to which the listing under way has been fed.
    fed: Option<i64>,
}

impl Harness {
    fn new() -> Self {
        let mirror = Mirror::new(b'/', PLENTY);
        Self { server: Server::new(), mirror, pages: Vec::new(), shown: None, fed: None }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Commit(writes) => self.server.commit(&writes),
            Step::Deliver(count) => {
                for _ in 0..count {
                    self.deliver();
                }
            }
            Step::Repeat(at) => {
                let next = self.mirror.next_revision();
                let old = self.server.changes(at.index(next.max(1) as usize) as i64);
                if let Some(revision) = old.filter(|revision| revision.revision < next) {
                    assert!(!self.mirror.apply(revision), "a revision was applied twice");
                }
            }
            // As etcd does it: only once everything has been delivered.
            Step::Progress => {
                let next = self.mirror.next_revision();
                if next > self.server.revision() && self.shown.is_some() {
                    self.mirror.progress(self.server.revision());
                    self.mirror.progress(1);
                }
            }
            Step::Begin { with_values, page, order } => {
                let revision = self.server.revision();
                self.mirror.begin_listing(revision);
                self.fed = Some(revision);
                let records = self.server.records(revision, with_values);
                self.pages = records.chunks(page).map(<[_]>::to_vec).collect();
                self.pages.sort_by_key(|page| order.wrapping_mul(page[0].key.len() as u64 * 7 + 3) % 11);
            }
            Step::Pages(count) => self.bring_pages(usize::from(count)),
            Step::Finish => {
                self.bring_pages(usize::MAX);
                self.mirror.finish_listing();
                self.shown = self.fed.take().or(self.shown);
            }
            Step::Abort => {
                self.mirror.abort_listing();
                self.pages.clear();
                self.fed = None;
            }
            Step::Read(at) => self.read(&at),
        }
    }

    fn deliver(&mut self) {
        let Some(revision) = self.server.changes(self.mirror.next_revision()) else { return };
        let applied = self.mirror.apply(revision);
        let fed = if self.fed.is_some() { &mut self.fed } else { &mut self.shown };
        assert_eq!(applied, fed.is_some());
        *fed = fed.map(|_| revision.revision);
    }

    fn bring_pages(&mut self, count: usize) {
        for page in self.pages.drain(..count.min(self.pages.len())) {
            self.mirror.list(&page.into());
        }
    }

    fn read(&mut self, at: &prop::sample::Index) {
        let now = self.server.at(self.server.revision());
        if now.is_empty() || (self.shown.is_none() && self.fed.is_none()) {
            return;
        }
        let (key, (meta, value)) = now.iter().nth(at.index(now.len())).unwrap();
        let key = Key::from(key.as_slice());
        self.mirror.set_value(&key, meta.mod_revision, value.clone().unwrap());
        assert!(!self.mirror.set_value(&key, meta.mod_revision + 1, Value::from(b"wrong".as_slice())));
    }

    fn check(&mut self) {
        let Some(shown) = self.shown else { return };
        assert_eq!(self.mirror.applied(), shown);
        let mut expected = self.server.at(shown).clone();
        // Values may be missing, but never wrong.
        let mut values_missing = 0;
        let mut value_bytes = 0;
        let mut leased_without = Vec::new();
        for (key, (meta, value)) in &mut expected {
            let view = self.mirror.keyspace().get(key).expect("every key of the server");
            if view.value.is_none() {
                *value = None;
                values_missing += 1;
                if meta.lease != 0 {
                    leased_without.push((Key::from(key.as_slice()), meta.mod_revision));
                }
            }
            value_bytes += length(value.as_ref());
        }
        check(self.mirror.keyspace(), &expected);
        assert_eq!(self.mirror.value_bytes(), value_bytes);
        assert_eq!(self.mirror.leased_without_value(), leased_without);
        for with_values in [false, true] {
            let digest = self.mirror.digest(with_values);
            let sha256 = naive_digest(&expected, with_values);
            assert_eq!(digest, MirrorDigest { keys: expected.len() as u64, sha256, values_missing });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_mirror_shows_what_the_server_held(steps in prop::collection::vec(step(), 1..80)) {
        let mut harness = Harness::new();
        let mut kept: Vec<(Keyspace, i64, u64)> = Vec::new();
        for step in steps {
            harness.run(step);
            harness.check();
            if let Some(shown) = harness.shown {
                kept.push((harness.mirror.keyspace().clone(), shown, harness.mirror.keyspace().len()));
            }
        }
        // Pictures given away earlier are as they were.
        for (keyspace, revision, keys) in kept {
            prop_assert_eq!(keyspace.len(), keys);
            let mut metas = Vec::new();
            let _completed = keyspace.for_each(&mut |key, view| {
                metas.push((key.to_vec(), view.meta));
                ControlFlow::Continue(())
            });
            let expected: Vec<_> =
                harness.server.at(revision).iter().map(|(key, (meta, _))| (key.clone(), *meta)).collect();
            prop_assert_eq!(metas, expected);
        }
    }
}

fn record(key: &str, revision: i64, lease: i64, text: Option<&str>) -> KeyRecord {
    let meta = KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease };
    KeyRecord { key: key.as_bytes().into(), meta, value: text.map(|text| value(text.as_bytes())) }
}

fn put(key: &str, revision: i64, text: &str) -> Revision {
    let record = record(key, revision, 0, None);
    let kind = ChangeKind::Put { meta: record.meta, value: value(text.as_bytes()) };
    Revision { revision, changes: vec![KeyChange { key: record.key, kind, prev: None }] }
}

#[test]
fn a_first_listing_is_seen_while_it_grows() {
    let mut mirror = Mirror::new(b'/', PLENTY);
    assert!(!mirror.apply(&put("a", 2, "x")), "there is no picture yet");
    mirror.begin_listing(10);
    mirror.list(&vec![record("b", 3, 0, None)].into());
    assert_eq!(mirror.keyspace().len(), 1);
    assert_eq!((mirror.applied(), mirror.next_revision(), mirror.listed()), (10, 11, Some(1)));
    assert!(mirror.apply(&put("a", 11, "x")));
    mirror.list(&vec![record("a", 4, 0, None)].into());
    mirror.finish_listing();
    assert_eq!(mirror.keyspace().get(b"a").map(|view| view.meta.mod_revision), Some(11));
    assert_eq!((mirror.applied(), mirror.listed()), (11, None));
}

#[test]
fn a_later_listing_is_seen_when_it_is_complete() {
    let mut mirror = Mirror::new(b'/', PLENTY);
    mirror.begin_listing(10);
    mirror.list(&vec![record("a", 3, 0, None), record("b", 3, 0, None)].into());
    mirror.finish_listing();
    mirror.begin_listing(20);
    mirror.list(&vec![record("c", 15, 0, None)].into());
    assert_eq!((mirror.keyspace().len(), mirror.applied(), mirror.next_revision()), (2, 10, 21));
    mirror.finish_listing();
    assert_eq!((mirror.keyspace().len(), mirror.applied()), (1, 20));
    // A cluster that was restored from a backup goes back in its revisions.
    mirror.begin_listing(5);
    mirror.finish_listing();
    assert_eq!((mirror.keyspace().len(), mirror.applied(), mirror.next_revision()), (0, 5, 6));
}

#[test]
fn what_a_first_listing_read_before_it_broke_stays_until_the_next_has_as_much() {
    let mut mirror = Mirror::new(b'/', PLENTY);
    mirror.begin_listing(10);
    mirror.list(&vec![record("a", 3, 0, None), record("b", 3, 0, None)].into());
    mirror.abort_listing();
    assert_eq!(mirror.keyspace().len(), 2);
    assert!(!mirror.apply(&put("a", 11, "x")), "it is not a whole picture");
    mirror.begin_listing(20);
    mirror.list(&vec![record("a", 3, 0, None)].into());
    assert_eq!(mirror.keyspace().len(), 2);
    mirror.list(&vec![record("c", 15, 0, None)].into());
    assert!(mirror.keyspace().get(b"c").is_some());
    mirror.finish_listing();
    assert!(mirror.keyspace().get(b"b").is_none());
}

#[test]
fn values_are_kept_within_the_budget_and_those_of_leased_keys_always() {
    let mut mirror = Mirror::new(b'/', 10);
    mirror.begin_listing(10);
    let page = vec![
        record("a", 3, 0, Some("12345678")),
        record("b", 4, 0, Some("123")),
        record("c", 5, 7, Some("123456")),
    ];
    mirror.list(&page.into());
    mirror.finish_listing();
    let has = |mirror: &Mirror, key: &str| mirror.keyspace().get(key.as_bytes()).unwrap().value.is_some();
    assert!(has(&mirror, "a") && !has(&mirror, "b") && has(&mirror, "c"));
    assert_eq!(mirror.value_bytes(), 14);
    assert!(!mirror.set_value(&Key::from(b"b".as_slice()), 4, value(b"1")));
    // A smaller value in place of a larger one makes room.
    assert!(mirror.apply(&put("a", 11, "1")));
    assert!(has(&mirror, "a"));
    assert!(mirror.set_value(&Key::from(b"b".as_slice()), 4, value(b"123")));
    assert_eq!(mirror.value_bytes(), 10);
    assert!(mirror.apply(&put("b", 12, "1234")));
    assert!(!has(&mirror, "b"));
    assert_eq!(mirror.value_bytes(), 7);
}

#[test]
fn an_interval_that_may_no_longer_be_read_is_forgotten() {
    let mut mirror = Mirror::new(b'/', PLENTY);
    mirror.begin_listing(10);
    let keys = ["/a/1", "/a/2", "/ab", "/b/1", "/b/2"];
    mirror.list(&keys.iter().map(|key| record(key, 3, 0, Some("v"))).collect::<Vec<_>>().into());
    mirror.list(&vec![record("/a/locks/7", 4, 7, Some(""))].into());
    mirror.finish_listing();
    mirror.forget_range(&KeyInterval::prefix(b"/a/"));
    assert_eq!((mirror.keyspace().len(), mirror.value_bytes()), (3, 3));
    mirror.forget_range(&KeyInterval::everything());
    assert!(mirror.keyspace().is_empty());
}

#[test]
fn the_digest_is_the_one_that_is_documented() {
    let mut mirror = Mirror::new(b'/', PLENTY);
    assert_eq!(
        mirror.digest(true).sha256,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    mirror.begin_listing(10);
    mirror.list(&vec![record("a", 3, 0, Some("xy"))].into());
    mirror.finish_listing();
    // printf '\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\3' | sha256sum
    assert_eq!(
        mirror.digest(false).sha256,
        "2eef3937010dec7293535b3bcafea44ca1e166bef02bca3c4f97420837d7ff81"
    );
    // printf '\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\2xy' | sha256sum
    assert_eq!(
        mirror.digest(true).sha256,
        "4027af8c8f7ace02e4482e7b01a7f19eaba793c443d2272b4e44981168f67fc3"
    );
}
