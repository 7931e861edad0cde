use super::deleted::{MAX_DELETED, MAX_DELETED_BYTES};
use super::*;
use crate::model::bytes::Value;
use crate::model::keyspace::tests::folders_of;
use crate::model::record::{KeyMeta, KeyRecord};

fn meta(created: i64, revision: i64) -> KeyMeta {
    KeyMeta { create_revision: created, mod_revision: revision, version: 1, lease: 0 }
}

fn put(key: &str, created: i64, revision: i64) -> KeyChange {
    let kind = ChangeKind::Put { meta: meta(created, revision), value: Value::from([].as_slice()) };
    KeyChange { key: key.as_bytes().into(), kind, prev: None }
}

fn delete(key: &str, lease: i64, value: &[u8]) -> KeyChange {
    let meta = KeyMeta { lease, ..meta(2, 3) };
    let key = Key::from(key.as_bytes());
    let prev = Some(KeyRecord { key: key.clone(), meta, value: Some(value.into()) });
    KeyChange { key, kind: ChangeKind::Delete, prev }
}

fn note(activity: &mut Activity, change: &KeyChange, revision: i64, seen_at: SeenAt) {
    activity.note(change, revision, seen_at, &folders_of(&change.key, b'/'));
}

#[test]
fn changes_bubble_up_and_are_forgotten_after_a_minute() {
    let mut activity = Activity::default();
    note(&mut activity, &put("a/b/c", 2, 2), 2, 0);
    note(&mut activity, &put("a/b/d", 3, 3), 3, 30_000);
    note(&mut activity, &put("a/b/", 4, 4), 4, 30_000);
    note(&mut activity, &put("a/x", 5, 5), 5, 30_000);
    assert_eq!((activity.folder_count(b"a/"), activity.folder_count(b"a/b/")), (4, 3));
    assert_eq!(activity.folder_count(b"a"), 0);
    assert!(!activity.prune(COUNT_MS));
    assert_eq!(activity.prune_at(), Some(COUNT_MS + 1));
    assert!(activity.prune(COUNT_MS + 1));
    assert_eq!((activity.folder_count(b"a/"), activity.folder_count(b"a/b/")), (3, 2));
    assert_eq!(activity.newest(b"a/b/c"), None);
    assert!(activity.prune(200_000));
    assert_eq!((activity.folder_count(b"a/"), activity.folder_count(b"a/b/")), (0, 0));
    assert_eq!(activity.lines().count(), 0);
    assert!(activity.folders.is_empty() && activity.newest.is_empty() && activity.rate.is_empty());
    assert_eq!(activity.prune_at(), None);
}

#[test]
fn the_newest_change_of_a_key_is_known_while_it_is_remembered() {
    let mut activity = Activity::default();
    note(&mut activity, &put("a", 2, 2), 2, 100);
    note(&mut activity, &put("a", 2, 3), 3, 100);
    assert_eq!(activity.newest(b"a"), Some((ActivityKind::Changed, 100)));
    // The older line goes, the newer one of the same moment stays.
    activity.forget_oldest();
    assert_eq!(activity.newest(b"a"), Some((ActivityKind::Changed, 100)));
    note(&mut activity, &delete("a", 7, b""), 4, 200);
    assert_eq!(activity.newest(b"a"), Some((ActivityKind::Deleted, 200)));
    assert_eq!(activity.lines().next_back().map(|line| (line.revision, line.lease)), Some((4, 7)));
    note(&mut activity, &put("a", 5, 5), 5, 300);
    assert_eq!(activity.newest(b"a"), Some((ActivityKind::Created, 300)));
}

#[test]
fn a_deleted_key_is_kept_until_it_exists_again() {
    let mut activity = Activity::default();
    note(&mut activity, &delete("b", 0, b"last"), 4, 100);
    note(&mut activity, &delete("a", 0, b"last"), 5, 100);
    let unknown = KeyChange { prev: None, ..delete("c", 0, b"") };
    note(&mut activity, &unknown, 6, 100);
    activity.prune(1_000_000);
    let keys: Vec<_> = activity.deleted().map(|deleted| &*deleted.last.key).collect();
    assert_eq!(keys, [b"a", b"b"]);
    assert_eq!(
        activity.deleted_key(b"b").and_then(|deleted| deleted.last.value.as_deref()),
        Some(&b"last"[..])
    );
    note(&mut activity, &put("b", 7, 7), 7, 100);
    assert_eq!(activity.deleted_key(b"b"), None);
}

#[test]
fn the_oldest_deleted_keys_make_room() {
    let mut activity = Activity::default();
    // This one comes and goes, and does not push the others out.
    for round in 0..i64::try_from(3 * MAX_DELETED).unwrap() {
        note(&mut activity, &delete("flapping", 0, b""), round, 0);
        if round == 0 {
            note(&mut activity, &delete("kept", 0, b""), round, 0);
        }
        note(&mut activity, &put("flapping", round, round), round, 0);
    }
    assert!(activity.deleted_key(b"kept").is_some());
    for number in 0..MAX_DELETED {
        note(&mut activity, &delete(&format!("k{number}"), 0, b""), 100_000 + number as i64, 0);
    }
    assert_eq!(activity.deleted().count(), MAX_DELETED);
    assert!(activity.deleted_key(b"kept").is_none());
    assert!(activity.deleted_key(b"k0").is_some());
}

#[test]
fn deleted_values_are_bounded_in_bytes() {
    let mut activity = Activity::default();
    let half = vec![0; MAX_DELETED_BYTES / 2];
    for (revision, key) in ["a", "b", "c"].iter().enumerate() {
        note(&mut activity, &delete(key, 0, &half), revision as i64, 0);
    }
    let keys: Vec<_> = activity.deleted().map(|deleted| &*deleted.last.key).collect();
    assert_eq!(keys, [b"c"], "with their keys, two halves are more than the whole");
}

#[test]
fn only_so_many_changes_are_remembered() {
    let mut activity = Activity::default();
    for number in 0..MAX_CHANGES as i64 + 5 {
        note(&mut activity, &put(&format!("a/{number}"), 2, number), number, 0);
    }
    assert_eq!(activity.lines().count(), MAX_CHANGES);
    assert_eq!(activity.folder_count(b"a/") as usize, MAX_CHANGES);
    assert_eq!(activity.newest(b"a/4"), None);
    assert!(activity.newest(b"a/5").is_some());
}

#[test]
fn keys_of_nothing_but_separators_are_counted_and_forgotten() {
    let mut activity = Activity::default();
    let key = "/".repeat(64 * 1024);
    for revision in 0..20 {
        note(&mut activity, &put(&key, 0, revision), revision, 0);
    }
    assert_eq!(activity.folder_count(b"//"), 20);
    activity.prune(100_000);
    assert!(activity.folders.is_empty());
}

#[test]
fn the_rate_counts_whole_seconds() {
    let mut activity = Activity::default();
    for seen_at in [1_000, 1_999, 2_000, 60_000] {
        note(&mut activity, &put("a", 2, 3), 3, seen_at);
    }
    let rate = activity.rate(60_500);
    assert_eq!(rate.len(), 60);
    assert_eq!((rate[0], rate[1], rate[59]), (2, 1, 1));
    assert_eq!(activity.rate(61_000)[0], 1);
    assert_eq!(activity.rate(500_000).iter().sum::<u32>(), 0);
}

#[test]
fn deletions_are_counted_by_themselves_too() {
    let mut activity = Activity::default();
    note(&mut activity, &put("a/b", 2, 2), 2, 0);
    note(&mut activity, &delete("a/b", 0, b"x"), 3, 10);
    note(&mut activity, &delete("a/c", 0, b"x"), 3, 10);
    assert_eq!((activity.folder_count(b"a/"), activity.folder_deletions(b"a/")), (3, 2));
    activity.prune(COUNT_MS + 1);
    assert_eq!((activity.folder_count(b"a/"), activity.folder_deletions(b"a/")), (2, 2));
    activity.prune(COUNT_MS + 11);
    assert_eq!(activity.folder_deletions(b"a/"), 0);
}
