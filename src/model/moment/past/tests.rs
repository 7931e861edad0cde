use super::*;

fn key(name: &str) -> Key {
    name.as_bytes().into()
}

fn meta(create: i64, revision: i64, version: i64) -> KeyMeta {
    KeyMeta { create_revision: create, mod_revision: revision, version, lease: 0 }
}

fn put(name: &str, create: i64, revision: i64, version: i64) -> Fact {
    let value: Value = revision.to_string().as_bytes().into();
    let kind = RecordedKind::Put { meta: meta(create, revision, version), value: Some(value) };
    Fact { key: key(name), revision, kind, prev: None }
}

fn deleted(name: &str, revision: i64) -> Fact {
    Fact { key: key(name), revision, kind: RecordedKind::Deleted, prev: None }
}

fn watched(after: i64, to: i64, has_base: bool) -> Watched {
    let span = Span { after, to, from_time: after * 10, to_time: to * 10, has_base };
    Watched { span, intervals: vec![KeyInterval::everything()] }
}

/// The revision of each key, or 0 where it is uncertain; absent ones are not there.
fn seen(picture: &Picture) -> Vec<(String, i64)> {
    let name = |key: &Key| String::from_utf8_lossy(key).into_owned();
    let sure = picture.keys.iter().map(|(key, past)| (name(key), past.meta.mod_revision));
    sure.chain(picture.uncertain.iter().map(|key| (name(key), 0))).collect()
}

fn at(revision: i64, facts: &[Fact], watched: &[Watched]) -> Picture {
    picture(b"", revision, facts.to_vec(), watched, None)
}

#[test]
fn within_a_span_with_its_base_everything_is_exact() {
    let facts = [put("a", 3, 3, 1), put("b", 12, 12, 1), deleted("b", 14), put("a", 3, 15, 2)];
    let spans = [watched(10, 20, true)];
    let picture = at(13, &facts, &spans);
    assert_eq!(seen(&picture), [("a".to_owned(), 3), ("b".to_owned(), 12)]);
    assert_eq!(picture.certainty, Certainty::Exact);
    assert_eq!(seen(&at(11, &facts, &spans)), [("a".to_owned(), 3)]);
    assert_eq!(seen(&at(20, &facts, &spans)), [("a".to_owned(), 15)]);
}

#[test]
fn in_a_gap_only_what_did_not_change_is_certain() {
    let spans = [watched(10, 20, true), watched(40, 50, true)];
    let facts = [
        put("same", 3, 3, 1),
        put("again", 4, 4, 1),
        put("again", 4, 30, 3),
        put("next", 5, 5, 1),
        put("next", 5, 35, 2),
        put("gone", 6, 6, 1),
        Fact { kind: RecordedKind::FoundGone, ..deleted("gone", 40) },
    ];
    let picture = at(25, &facts, &spans);
    // It existed all the time, with a value that nobody knows.
    let expected = [("again", 0), ("next", 5), ("same", 3), ("gone", 0)];
    assert_eq!((picture.keys[&key("again")].meta.create_revision, picture.uncertain.len()), (4, 1));
    assert_eq!(picture.keys[&key("again")].value, None);
    assert_eq!(seen(&picture), expected.map(|(key, at)| (key.to_owned(), at)));
    let gap = JournalGap { after: 20, to: 40, from_time: 200, to_time: 400 };
    assert_eq!(picture.certainty, Certainty::InGap(gap));
    assert_eq!(at(5, &facts, &spans).certainty, Certainty::BeforeRecords);
}

#[test]
fn what_lives_and_has_not_changed_was_the_same() {
    let mut keyspace = Keyspace::new(b'/');
    keyspace.put(b"old", meta(2, 2, 1), Some((*b"2").into()));
    keyspace.put(b"new", meta(30, 30, 1), None);
    let readable = vec![KeyInterval::everything()];
    let live = Live { keyspace, applied: 50, seen_at: 500, readable };
    // No base: the key space was too large to be recorded whole.
    let spans = [watched(10, 50, false)];
    let facts = [put("gone", 4, 4, 1), Fact { prev: Some(4), ..deleted("gone", 25) }];
    let picture = picture(b"", 20, facts, &spans, Some(&live));
    assert_eq!(seen(&picture), [("gone".to_owned(), 4), ("old".to_owned(), 2)]);
    assert_eq!(picture.certainty, Certainty::Exact);
    assert_eq!(picture.keys[&key("old")].source, PastSource::Live);
}

#[test]
fn a_recorded_key_that_is_gone_now_is_not_believed_to_have_lived_on() {
    let readable = vec![KeyInterval::everything()];
    let live = Live { keyspace: Keyspace::new(b'/'), applied: 50, seen_at: 500, readable };
    let facts = [put("a", 4, 4, 1)];
    let spans = [watched(2, 10, true)];
    assert_eq!(seen(&picture(b"", 20, facts.clone(), &spans, Some(&live))), [("a".to_owned(), 0)]);
    assert_eq!(seen(&picture(b"", 50, facts.clone(), &spans, Some(&live))), []);
    assert_eq!(seen(&picture(b"", 9, facts, &spans, Some(&live))), [("a".to_owned(), 4)]);
}

#[test]
fn keys_that_were_not_recorded_make_a_picture_partial() {
    let mut kept_out = watched(10, 20, true);
    kept_out.intervals = vec![KeyInterval::prefix(b"a/")];
    assert_eq!(at(15, &[], &[kept_out.clone()]).certainty, Certainty::Withheld);
    assert_eq!(picture(b"a/", 15, [], &[kept_out], None).certainty, Certainty::Exact);
}

#[test]
fn before_the_records_every_key_that_is_known_is_told() {
    let mut keyspace = Keyspace::new(b'/');
    keyspace.put(b"again", meta(5, 40, 2), None);
    keyspace.put(b"new", meta(41, 41, 1), None);
    keyspace.put(b"same", meta(6, 6, 1), None);
    let readable = vec![KeyInterval::everything()];
    let live = Live { keyspace, applied: 50, seen_at: 500, readable };
    let facts = [
        // From the first listing: deleted later, and begun before or after the revision.
        put("begun", 10, 30, 3),
        put("later", 25, 30, 2),
        put("created", 36, 36, 1),
    ];
    let picture = picture(b"", 20, facts, &[watched(34, 50, true)], Some(&live));
    let expected = [("again", 0), ("begun", 0), ("same", 6), ("created", 0), ("later", 0), ("new", 0)];
    assert_eq!(seen(&picture), expected.map(|(key, at)| (key.to_owned(), at)));
    assert_eq!((picture.keys.len(), picture.certainty), (3, Certainty::BeforeRecords));
    assert_eq!(picture.keys[&key("begun")].meta.create_revision, 10);
}
