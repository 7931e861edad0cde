use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::bytes::Value;
use crate::model::fault::FaultKind;
use crate::model::journal::Span;
use crate::model::keyspace::Keyspace;
use crate::model::keyspace::tests::{folders_of, key_strategy};
use crate::model::moment::{Certainty, PastKey, PastSource};
use crate::model::record::{KeyChange, KeyMeta};

fn tick(revision: i64) -> Tick {
    Tick { revision, seen_at: Some(revision * 10), created: 1, changed: 0, deleted: 0 }
}

fn timeline(revisions: &[i64]) -> Timeline {
    let ticks = revisions.iter().copied().map(tick).collect();
    Timeline { ticks, etcd_from: Some(0), ..Timeline::default() }
}

fn span(after: i64, to: i64) -> Span {
    Span { after, to, from_time: after * 10, to_time: to * 10, has_base: true }
}

fn past(create: i64, revision: i64, value: Option<&str>) -> PastKey {
    let meta = KeyMeta { create_revision: create, mod_revision: revision, version: 1, lease: 0 };
    PastKey { meta, value: value.map(|value| Value::from(value.as_bytes())), source: PastSource::Journal }
}

fn picture(revision: i64, keys: &[(&str, PastKey)]) -> Picture {
    let keys = keys.iter().map(|(key, past)| (Key::from(key.as_bytes()), past.clone())).collect();
    Picture { revision, keys, ..Picture::default() }
}

fn answer(revision: i64) -> Result<Arc<Picture>, Fault> {
    Ok(Arc::new(picture(revision, &[])))
}

/// What stands at the revision, of a look.
fn shown(look: Option<&Look>) -> Option<i64> {
    look.and_then(|look| look.picture.value()).map(|picture| picture.revision)
}

fn at(travel: &mut Travel, now: SeenAt) -> Vec<(Handle, i64, Option<RequestId>)> {
    let mut asked = Vec::new();
    while let Some(Question::Moment { handle, revision, overtakes }) = travel.question(now) {
        travel.moment_asked(handle, RequestId(revision as u64), now);
        asked.push((handle, revision, overtakes));
    }
    asked
}

#[test]
fn every_key_is_marked_by_what_became_of_it() {
    let mut then = picture(
        20,
        &[
            ("a/changed", past(3, 4, Some("one"))),
            ("a/deleted", past(5, 5, Some("x"))),
            ("a/rewritten", past(6, 6, Some("same"))),
            ("a/same", past(7, 7, Some("x"))),
            ("a/unclear", past(8, 8, None)),
            ("b/doubtful", past(9, 9, Some("x"))),
        ],
    );
    then.uncertain = vec![Key::from(&b"b/doubtful"[..]), Key::from(&b"b/perhaps"[..])];
    let mut live = Keyspace::default();
    for (key, create, revision, value) in [
        ("a/changed", 3, 30, "two"),
        ("a/created", 31, 31, "x"),
        ("a/older", 12, 32, "x"),
        ("a/rewritten", 33, 33, "same"),
        ("a/same", 7, 7, "x"),
        ("a/unclear", 8, 34, "x"),
        ("b/doubtful", 9, 9, "x"),
    ] {
        let PastKey { meta, value, .. } = past(create, revision, Some(value));
        live.put(key.as_bytes(), meta, value);
    }
    let comparison = Comparison::new(&Arc::new(then), &Side::Live(live), b'/');
    for (key, mark) in [
        ("a/changed", Mark::Changed),
        ("a/created", Mark::Created),
        ("a/deleted", Mark::Deleted),
        // It is older than the moment: that the moment does not have it proves nothing.
        ("a/older", Mark::Uncertain),
        ("a/rewritten", Mark::Rewritten),
        ("a/same", Mark::Same),
        ("a/unclear", Mark::Unclear),
        ("b/doubtful", Mark::Uncertain),
        ("b/perhaps", Mark::Uncertain),
    ] {
        assert_eq!(comparison.mark(key.as_bytes()), Some(mark), "{key}");
    }
    assert_eq!(comparison.mark(b"nowhere"), None);
    let counts = comparison.folder(b"a/");
    assert_eq!((counts.created, counts.changed, counts.deleted, counts.total()), (1, 1, 1, 6));
    assert_eq!(comparison.folder(b"b/").uncertain, 2);
    assert_eq!((comparison.all.len(), comparison.differing.len()), (9, 8));
}

#[test]
fn before_everything_recorded_only_what_has_not_changed_is_known() {
    let then = Picture { certainty: Certainty::BeforeRecords, ..picture(5, &[]) };
    let mut live = Keyspace::default();
    live.put(b"new", past(9, 9, None).meta, None);
    let comparison = Comparison::new(&Arc::new(then), &Side::Live(live), b'/');
    assert_eq!(comparison.mark(b"new"), Some(Mark::Uncertain), "it may have been deleted in between");
}

#[test]
fn two_moments_that_know_no_revision_of_a_key_are_not_the_same() {
    let unknown = |at| Arc::new(picture(at, &[("a", past(2, 0, None))]));
    let comparison = Comparison::new(&unknown(5), &Side::Past(unknown(8)), b'/');
    assert_eq!(comparison.mark(b"a"), Some(Mark::Unclear));
}

#[test]
fn what_is_shared_is_the_same_without_looking() {
    let mut one = Keyspace::default();
    one.put(b"a/b", KeyMeta::default(), None);
    one.put(b"c/d", KeyMeta::default(), None);
    let mut other = one.clone();
    other.put(b"c/d", past(2, 2, None).meta, None);
    let (one, other) = (Side::Live(one), Side::Live(other));
    assert!(one.is_same(&other, b"a/") && one.is_same(&other, b"x/"));
    assert!(!one.is_same(&other, b"c/") && !one.is_same(&other, b""));
}

#[test]
fn moments_are_before_the_first_change_and_after_each() {
    let mut timeline = timeline(&[10, 20, 30]);
    assert_eq!((timeline.first_stop(), timeline.last_stop()), (Some(9), Some(30)), "etcd has everything");
    assert_eq!([-1, -2, -3, -9].map(|by| timeline.step(30, by)), [20, 10, 9, 9]);
    assert_eq!([1, 2, 9].map(|by| timeline.step(9, by)), [10, 20, 30]);
    assert_eq!((timeline.step(25, -1), timeline.step(25, 1)), (20, 30), "from between two changes");
    assert_eq!([5, 9, 15, 99].map(|revision| timeline.snapped(revision)), [9, 9, 10, 30].map(Some));
    timeline.etcd_from = Some(15);
    assert_eq!(timeline.first_stop(), Some(10), "what was before the first change is compacted");
    timeline.spans = vec![span(4, 40)];
    assert_eq!(timeline.first_stop(), Some(9), "but recorded");
    timeline.cut = true;
    assert_eq!(timeline.first_stop(), Some(10));
    assert_eq!(Timeline::default().step(7, -1), 7);
}

#[test]
fn a_time_means_what_had_been_seen_by_then() {
    let mut timeline = timeline(&[10, 20, 30]);
    timeline.ticks[1].seen_at = None;
    timeline.spans = vec![span(4, 12), span(18, 40)];
    assert_eq!(timeline.at_time(39), None, "nobody watched yet");
    assert_eq!(
        [40, 100, 150, 299, 300, 9_999].map(|time| timeline.at_time(time)),
        [4, 10, 12, 18, 30, 40].map(Some)
    );
    assert_eq!((timeline.seen_at(10), timeline.seen_at(12)), (Some(100), Some(100)));
    assert_eq!(timeline.seen_at(15), None, "nobody watched");
    assert_eq!(timeline.seen_at(19), Some(180), "as it was when watching began");
    assert_eq!(timeline.seen_at(25), None, "etcd tells no times");
    assert_eq!(timeline.seen_at(7), Some(40));
}

#[test]
fn what_nobody_watched_is_told() {
    let mut timeline = timeline(&[10]);
    timeline.spans = vec![span(10, 20), span(30, 40), span(35, 50)];
    let between =
        |timeline: &Timeline| timeline.unwatched().iter().map(|gap| (gap.after, gap.to)).collect::<Vec<_>>();
    assert_eq!(between(&timeline), [(Some(20), 30)], "etcd has the pictures, nobody the changes");
    timeline.etcd_from = None;
    assert_eq!(between(&timeline), [(Some(20), 30)], "how far etcd reaches is not known");
    assert_eq!(timeline.before_first(), None, "nothing is said of what etcd has");
    timeline.etcd_from = Some(25);
    let found: Vec<_> = timeline.unwatched().iter().map(|gap| (gap.after, gap.to)).collect();
    assert_eq!(found, [(None, 10), (Some(20), 30)]);
    timeline.etcd_from = Some(60);
    let found: Vec<_> = timeline.unwatched().iter().map(|gap| (gap.after, gap.to)).collect();
    assert_eq!(found, [(None, 10), (Some(20), 30), (Some(50), 60)]);
    timeline.spans.clear();
    assert_eq!(timeline.unwatched().len(), 1);
}

#[test]
fn the_first_look_is_before_the_newest_change() {
    let mut travel = Travel::new(&b"a/"[..]);
    assert_eq!(travel.question(0), Some(Question::Timeline));
    travel.timeline_asked(RequestId(1), 0);
    assert_eq!(travel.question(0), None);
    travel.take_timeline(RequestId(7), Ok(Arc::new(timeline(&[1]))), 50);
    assert!(travel.look.is_none(), "an answer to something else");
    travel.take_timeline(RequestId(1), Ok(Arc::new(timeline(&[10, 20]))), 50);
    assert_eq!(at(&mut travel, 0), [(Handle::Moment, 10, None)]);
}

#[test]
fn an_answer_that_was_overtaken_is_dropped() {
    let mut travel = Travel::default();
    travel.go_to(5);
    assert_eq!(at(&mut travel, 0), [(Handle::Moment, 5, None)]);
    travel.go_to(6);
    travel.go_to(7);
    assert_eq!(travel.question(10), Some(Question::After(ASK_EVERY_MS - 10)), "not for every step");
    assert_eq!(at(&mut travel, ASK_EVERY_MS), [(Handle::Moment, 7, Some(RequestId(5)))]);
    travel.take_picture(RequestId(5), &answer(5));
    assert!(shown(travel.look.as_ref()).is_none() && travel.look.as_ref().is_some_and(Look::is_waiting));
    travel.take_picture(RequestId(7), &answer(7));
    assert_eq!(shown(travel.look.as_ref()), Some(7));
    assert!(travel.look.as_ref().is_some_and(|look| !look.is_waiting()));
    // Also a failure that was overtaken says nothing.
    travel.go_to(8);
    at(&mut travel, 1_000);
    travel.go_to(9);
    at(&mut travel, 2_000);
    travel.take_picture(RequestId(8), &Err(Fault::new(FaultKind::Cancelled, "")));
    assert!(travel.look.as_ref().is_some_and(|look| look.fault().is_none()));
}

#[test]
fn what_was_looked_at_lately_is_there_at_once() {
    let mut travel = Travel::default();
    for revision in [5, 6] {
        travel.go_to(revision);
        at(&mut travel, revision * 1_000);
        travel.take_picture(RequestId(revision as u64), &answer(revision));
    }
    travel.go_to(5);
    assert_eq!((shown(travel.look.as_ref()), travel.question(9_000)), (Some(5), None));
}

#[test]
fn the_earlier_of_two_moments_is_the_one_looked_at() {
    let mut travel = Travel::default();
    travel.go_to(10);
    travel.compare_with(Some(20));
    let revisions = |travel: &Travel| {
        let of = |look: &Option<Look>| look.as_ref().map(|look| look.revision);
        (of(&travel.look), of(&travel.against))
    };
    assert_eq!(revisions(&travel), (Some(10), Some(20)));
    travel.compare_with(Some(4));
    assert_eq!(revisions(&travel), (Some(4), Some(10)));
    travel.go_to(15);
    assert_eq!(revisions(&travel), (Some(15), Some(15)));
    travel.compare_with(None);
    assert_eq!(revisions(&travel), (Some(15), None));
}

#[test]
fn the_timeline_grows_with_what_happens() {
    let change = |key: &str| KeyChange { key: key.as_bytes().into(), kind: ChangeKind::Delete, prev: None };
    let revision = |revision, key: &str| Revision { revision, changes: vec![change(key), change("z")] };
    let mut travel = Travel::new(&b"a/"[..]);
    travel.timeline_asked(RequestId(1), 0);
    travel.note(&revision(30, "a/b"), 5);
    travel.note(&revision(31, "elsewhere"), 5);
    travel.take_timeline(RequestId(1), Ok(Arc::new(timeline(&[10, 20]))), 31);
    travel.note(&revision(32, "a/c"), 6);
    let ticks = |travel: &Travel| {
        travel
            .timeline
            .value()
            .map(|timeline| timeline.ticks.iter().map(|tick| tick.revision).collect::<Vec<_>>())
    };
    assert_eq!(ticks(&travel), Some(vec![10, 20, 30, 32]));
    assert_eq!(
        travel.timeline.value().and_then(|timeline| timeline.tick(32)).map(|tick| tick.deleted),
        Some(1)
    );
    at(&mut travel, 0);
    // Read anew before the newest change was written down.
    travel.read_timeline();
    assert_eq!(travel.question(1), Some(Question::After(TIMELINE_EVERY_MS - 1)));
    travel.timeline_asked(RequestId(2), 9);
    travel.take_timeline(RequestId(2), Ok(Arc::new(timeline(&[10, 20, 30]))), 32);
    assert_eq!(ticks(&travel), Some(vec![10, 20, 30, 32]));
}

/// What became of a key, from nothing but the histories of both moments.
fn naive(then: Option<&(i64, u8)>, now: Option<&(i64, u8)>) -> Mark {
    match (then, now) {
        (Some(then), Some(now)) if then.0 == now.0 => Mark::Same,
        (Some(then), Some(now)) if then.1 == now.1 => Mark::Rewritten,
        (Some(_), Some(_)) => Mark::Changed,
        (None, _) => Mark::Created,
        (_, None) => Mark::Deleted,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_comparison_is_what_looking_at_every_key_gives(
        keys in prop::collection::btree_set(key_strategy(), 1..24),
        writes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::weighted(0.75, 0_u8..3)), 0..80),
        moment in any::<prop::sample::Index>(),
        live in any::<bool>(),
    ) {
        let keys: Vec<Vec<u8>> = keys.into_iter().collect();
        let cut = moment.index(writes.len() + 1);
        let mut state: BTreeMap<Vec<u8>, (i64, i64, u8)> = BTreeMap::new();
        let mut then = None;
        for (at, (key, write)) in writes.iter().enumerate() {
            if at == cut {
                then = Some(state.clone());
            }
            let (key, revision) = (key.get(&keys).clone(), at as i64 + 2);
            match write {
                Some(value) => {
                    let create = state.get(&key).map_or(revision, |(create, ..)| *create);
                    state.insert(key, (create, revision, *value));
                }
                None => drop(state.remove(&key)),
            }
        }
        let then = then.unwrap_or_else(|| state.clone());
        let past_of = |(create, revision, value): &(i64, i64, u8)| past(*create, *revision, Some(&value.to_string()));
        let picture_of = |state: &BTreeMap<Vec<u8>, (i64, i64, u8)>, revision| Picture {
            revision,
            keys: state.iter().map(|(key, found)| (Key::from(key.as_slice()), past_of(found))).collect(),
            ..Picture::default()
        };
        let now = if live {
            let mut keyspace = Keyspace::default();
            for (key, found) in &state {
                let PastKey { meta, value, .. } = past_of(found);
                keyspace.put(key, meta, value);
            }
            Side::Live(keyspace)
        } else {
            Side::Past(Arc::new(picture_of(&state, 1_000)))
        };
        let comparison = Comparison::new(&Arc::new(picture_of(&then, cut as i64 + 1)), &now, b'/');
        let of = |state: &BTreeMap<Vec<u8>, (i64, i64, u8)>, key: &[u8]| {
            state.get(key).map(|(_, revision, value)| (*revision, *value))
        };
        let all: BTreeSet<&Vec<u8>> = then.keys().chain(state.keys()).collect();
        let mut folders: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        let mut differing = 0;
        for key in &all {
            let mark = naive(of(&then, key).as_ref(), of(&state, key).as_ref());
            prop_assert_eq!(comparison.mark(key), Some(mark));
            if mark != Mark::Same {
                differing += 1;
                for folder in folders_of(key, b'/') {
                    *folders.entry(folder.to_vec()).or_default() += 1;
                }
            }
        }
        prop_assert_eq!(comparison.all.len(), all.len() as u64);
        prop_assert_eq!((comparison.differing.len(), comparison.totals.total()), (differing, differing));
        for (folder, count) in folders {
            prop_assert_eq!(comparison.folder(&folder).total(), count);
        }
    }
}
