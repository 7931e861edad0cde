//! The past from the journal: over histories at random, with windows that come, lag, die and record
//! different keys, with pruning and with changes of which the old value is not told, a picture says
//! what was, or that it does not know. Never anything else.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::moment::{Certainty, Live, Picture, picture};
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord, Revision};
use etcdscope::model::status::KeyInterval;
use etcdscope::storage::journal::{Base, Changes, Limits, Reader, Writer, without};
use proptest::prelude::*;

const KEYS: [&str; 6] = ["a/1", "a/2", "a/3", "b/1", "b/2", "c"];

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A transaction: of each key whether it is put or deleted; whether old values are told.
    Change(Vec<(usize, bool)>, bool),
    /// A window comes, or reads everything anew: with its picture recorded or not, with `b/` or not.
    Come(usize, bool, bool),
    /// A window records so many of the revisions that wait.
    Record(usize, usize),
    /// A window dies: what waits is lost.
    Die(usize),
    /// What was seen before this part of all is dropped.
    Prune(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change =
        (prop::collection::vec((0..KEYS.len(), prop::bool::weighted(0.65)), 1..4), prop::bool::weighted(0.9));
    let step = prop_oneof![
        8 => change.prop_map(|(changes, told)| Step::Change(changes, told)),
        2 => (0..3_usize, prop::bool::weighted(0.8), prop::bool::weighted(0.8))
            .prop_map(|(window, base, all)| Step::Come(window, base, all)),
        4 => (0..3_usize, 1..6_usize).prop_map(|(window, most)| Step::Record(window, most)),
        1 => (0..3_usize).prop_map(Step::Die),
        1 => (0..100_u8).prop_map(Step::Prune),
    ];
    prop::collection::vec(step, 10..60)
}

/// The cluster and all that it ever was.
struct Truth {
    now: Keyspace,
    revision: i64,
    then: BTreeMap<i64, Keyspace>,
}

impl Truth {
    fn change(&mut self, changes: &[(usize, bool)], told: bool) -> Option<Revision> {
        let mut wanted: BTreeMap<usize, bool> = changes.iter().copied().collect();
        wanted.retain(|key, put| *put || self.now.get(KEYS[*key].as_bytes()).is_some());
        if wanted.is_empty() {
            return None;
        }
        self.revision += 1;
        let changes = wanted.into_iter().map(|(key, put)| self.one(KEYS[key], put, told)).collect();
        self.then.insert(self.revision, self.now.clone());
        Some(Revision { revision: self.revision, changes })
    }

    fn one(&mut self, name: &str, put: bool, told: bool) -> KeyChange {
        let key: Key = name.as_bytes().into();
        let before = self.now.get(&key).map(|view| KeyRecord {
            key: key.clone(),
            meta: view.meta,
            value: view.value.cloned(),
        });
        let old = before.as_ref().map(|before| before.meta).unwrap_or_default();
        let kind = if put {
            let created = if old.version == 0 { self.revision } else { old.create_revision };
            let meta = KeyMeta {
                create_revision: created,
                mod_revision: self.revision,
                version: old.version + 1,
                lease: 0,
            };
            let value: Value = format!("{name} {}", self.revision).into_bytes().into();
            self.now.put(&key, meta, Some(value.clone()));
            ChangeKind::Put { meta, value }
        } else {
            self.now.remove(&key);
            ChangeKind::Delete
        };
        KeyChange { key, kind, prev: before.filter(|_| told) }
    }
}

/// A window: what it writes, and what it has seen and not yet written.
struct Window {
    writer: Writer,
    waiting: Vec<Revision>,
    from: i64,
    applied: i64,
    based: bool,
    all: bool,
}

struct Play {
    truth: Truth,
    windows: [Option<Window>; 3],
    /// Stretches that were recorded with their picture, of all keys.
    whole: Vec<(i64, i64)>,
    /// Old values were always told.
    told: bool,
    floor: i64,
}

impl Play {
    fn step(&mut self, path: &Path, step: &Step) {
        match step {
            Step::Change(changes, told) => {
                if let Some(revision) = self.truth.change(changes, *told) {
                    self.told &= told;
                    for window in self.windows.iter_mut().flatten() {
                        window.waiting.push(revision.clone());
                    }
                }
            }
            Step::Come(at, based, all) => self.come(path, *at, *based, *all),
            Step::Record(at, most) => {
                let Some(window) = &mut self.windows[*at] else { return };
                let most = (*most).min(window.waiting.len());
                let revisions: Vec<Revision> = window.waiting.drain(..most).collect();
                let Some(applied) = revisions.last().map(|revision| revision.revision) else { return };
                let changes = Changes { revisions: Arc::new(revisions), applied, seen_at: applied * 10 };
                // A span that was dropped as too old by another window is begun anew.
                if window.writer.append(&[changes]).is_err() {
                    self.die(*at);
                    return;
                }
                window.applied = applied;
            }
            Step::Die(at) => self.die(*at),
            Step::Prune(part) => {
                let revision = self.truth.revision * i64::from(*part) / 100;
                if let Some(window) = self.windows.iter_mut().flatten().next() {
                    let now = self.truth.revision * 10;
                    let limits = Limits { most_bytes: 1 << 30, seen_from: revision * 10, now };
                    window.writer.prune(limits).unwrap();
                    self.floor = self.floor.max(revision);
                }
            }
        }
    }

    fn die(&mut self, at: usize) {
        if let Some(window) = self.windows[at].take()
            && window.based
            && window.all
        {
            self.whole.push((window.from, window.applied));
        }
    }

    fn come(&mut self, path: &Path, at: usize, based: bool, all: bool) {
        self.die(at);
        let mut writer = Writer::open(path).unwrap();
        let everything = [KeyInterval::everything()];
        let kept_out = if all { Vec::new() } else { vec![b"b/".to_vec()] };
        let applied = self.truth.revision;
        let base = Base {
            keyspace: self.truth.now.clone(),
            applied,
            seen_at: applied * 10,
            replaced: false,
            intervals: without(&everything, &kept_out),
            most_keys: if based { 1_000 } else { 0 },
            most_bytes: 1 << 20,
        };
        writer.begin_span(&base).unwrap();
        assert_eq!(writer.epoch(), Some(1), "one history is one epoch");
        // An empty key space is small enough.
        let based = based || self.truth.now.is_empty();
        self.windows[at] = Some(Window { writer, waiting: Vec::new(), from: applied, applied, based, all });
    }
}

fn assert_true(picture: &Picture, truth: &Keyspace, step: &str) {
    for (key, past) in &picture.keys {
        let name = String::from_utf8_lossy(key);
        let view = truth.get(key).unwrap_or_else(|| panic!("{step}: {name} did not exist: {past:?}"));
        if past.meta.mod_revision == 0 {
            // It existed: that is all that is said.
            let told = (past.meta.create_revision, &past.value);
            assert_eq!(told, (view.meta.create_revision, &None), "{step}: {name}");
            continue;
        }
        assert_eq!(past.meta, view.meta, "{step}: {name}");
        assert!(past.value.is_none() || past.value.as_ref() == view.value, "{step}: the value of {name}");
    }
    if picture.certainty == Certainty::Exact {
        let _completed = truth.for_each_prefix(&picture.prefix, &mut |key, _| {
            let known = picture.keys.contains_key(key) || picture.uncertain.iter().any(|it| **it == *key);
            assert!(known, "{step}: {} is missing: {picture:?}", String::from_utf8_lossy(key));
            ControlFlow::Continue(())
        });
    }
}

fn check(play: &Play, path: &Path) {
    let Some(reader) = Reader::open(path).unwrap() else { return };
    let live = Live {
        keyspace: play.truth.now.clone(),
        applied: play.truth.revision,
        seen_at: play.truth.revision * 10,
        readable: vec![KeyInterval::everything()],
    };
    let spans = play.windows.iter().flatten().filter(|window| window.based && window.all);
    let whole: Vec<(i64, i64)> =
        spans.map(|window| (window.from, window.applied)).chain(play.whole.iter().copied()).collect();
    for (&revision, truth) in &play.truth.then {
        for prefix in [&b""[..], b"a/", b"b/"] {
            let (facts, watched) = reader.around(1, prefix, revision).unwrap();
            for live in [Some(&live), None] {
                let step =
                    format!("{} at {revision}, live {}", String::from_utf8_lossy(prefix), live.is_some());
                let picture = picture(prefix, revision, facts.clone(), &watched, live);
                assert_true(&picture, truth, &step);
                let is_whole = whole.iter().any(|(from, to)| (*from..=*to).contains(&revision));
                if is_whole && play.told && revision > play.floor {
                    assert_eq!(picture.certainty, Certainty::Exact, "{step}");
                    assert!(picture.uncertain.is_empty(), "{step}: {picture:?}");
                    assert!(picture.keys.values().all(|past| past.value.is_some()), "{step}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::cases(48))]

    #[test]
    fn a_picture_is_true_or_says_that_it_does_not_know(steps in steps()) {
        run(&steps);
    }
}

fn run(steps: &[Step]) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal").join("1.sqlite");
    let now = Keyspace::new(b'/');
    let mut play = Play {
        truth: Truth { now, revision: 1, then: BTreeMap::new() },
        windows: [None, None, None],
        whole: Vec::new(),
        told: true,
        floor: 0,
    };
    for (number, step) in steps.iter().enumerate() {
        play.step(&path, step);
        // Not only at the end: also while windows lag.
        if number % 12 == 11 {
            check(&play, &path);
        }
    }
    check(&play, &path);
}

/// A picture that was taken within the age that is kept, and after which nothing was recorded before
/// the next one, goes with nothing older.
#[test]
fn a_picture_within_the_age_that_is_kept_stays() {
    use Step::{Change, Come, Prune};
    run(&[
        Change(vec![(0, true)], true),
        Come(0, false, false),
        Change(vec![(0, false)], true),
        Change(vec![(0, true)], true),
        Come(0, true, true),
        Change(vec![(0, false)], true),
        Change(vec![(1, true)], true),
        Come(0, false, false),
        Prune(50),
        Change(vec![(0, false)], false),
    ]);
}
