use std::collections::BTreeSet;

use super::*;
use crate::model::audit::{AuditQuery, ChainState};
use crate::model::fault::FaultKind;

fn write(key: &str, id: &str, outcome: AuditOutcome) -> AuditWrite {
    AuditWrite {
        at: now(),
        profile: "prod".to_owned(),
        cluster_id: 0xfeed_0000_0000_0001,
        user: Some("root".to_owned()),
        operation: AuditOperation::Put,
        key: key.as_bytes().into(),
        source: None,
        before: 7,
        outcome,
        plan: None,
        write_id: id.to_owned(),
    }
}

fn pair(key: &str, id: &str, outcome: AuditOutcome) -> [AuditWrite; 2] {
    [write(key, id, AuditOutcome::Asked), write(key, id, outcome)]
}

fn done(revision: i64) -> AuditOutcome {
    AuditOutcome::Done { revision }
}

fn append(folder: &Path, writes: &[AuditWrite]) -> ChainHead {
    let mut store = AuditStore::new(folder.to_owned());
    let head = store.append(writes).unwrap();
    store.keep_head(&head).unwrap();
    head
}

fn state(folder: &Path) -> ChainState {
    AuditReader::open(folder).unwrap().verify().unwrap().0
}

fn query() -> AuditQuery {
    AuditQuery { limit: 100, ..AuditQuery::default() }
}

fn page(folder: &Path, query: &AuditQuery) -> Vec<u64> {
    let page = AuditReader::open(folder).unwrap().page(query).unwrap();
    page.entries.iter().map(|entry| entry.number).collect()
}

/// Changes the file as somebody would who has SQLite at hand.
fn tamper(folder: &Path, words: &str) {
    Connection::open(folder.join(FILE)).unwrap().execute_batch(words).unwrap();
}

#[test]
fn what_is_appended_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (write("a\u{0}\u{ff}", "1", AuditOutcome::Asked), write("b", "2", done(9)));
    append(folder.path(), std::slice::from_ref(&first));
    append(folder.path(), std::slice::from_ref(&second));
    let mut read = Vec::new();
    let reader = AuditReader::open(folder.path()).unwrap();
    let every = reader.every(|entry| {
        read.push(entry.write);
        Ok(())
    });
    every.unwrap();
    assert_eq!(read, [first, second]);
    assert_eq!(state(folder.path()), ChainState::Whole);
}

#[test]
fn each_write_is_found_once_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = pair("/b/X", "2", AuditOutcome::Conflict);
    other.iter_mut().for_each(|write| write.profile = "staging".to_owned());
    append(folder.path(), &pair("/a", "1", done(8)));
    append(folder.path(), &other);
    append(folder.path(), &[write("/never-answered", "3", AuditOutcome::Asked)]);
    let found = |query: AuditQuery| page(folder.path(), &query);
    assert_eq!(found(query()), [5, 4, 2], "one row for each write, newest first");
    assert_eq!(found(AuditQuery { only_failed: true, ..query() }), [5, 4]);
    assert_eq!(found(AuditQuery { text: "/B/x".to_owned(), ..query() }), [4]);
    assert_eq!(found(AuditQuery { text: "stag".to_owned(), ..query() }), [4]);
    assert_eq!(found(AuditQuery { profile: Some("prod".to_owned()), ..query() }), [5, 2]);
    assert_eq!(found(AuditQuery { operation: Some(AuditOperation::Delete), ..query() }), [0_u64; 0]);
    assert_eq!(found(AuditQuery { limit: 2, ..query() }), [5, 4]);
    assert_eq!(found(AuditQuery { limit: 2, below: Some(4), ..query() }), [2]);
    let page = AuditReader::open(folder.path()).unwrap().page(&AuditQuery { limit: 2, ..query() }).unwrap();
    assert!(page.more && page.total == 5 && page.bytes > 0);
    assert_eq!(page.profiles, ["prod", "staging"]);
}

#[test]
fn tampering_shows() {
    for (words, expected) in [
        ("UPDATE entries SET key = x'00' WHERE number = 3", ChainState::BrokenAt(3)),
        ("UPDATE entries SET outcome = 'done', revision = 5 WHERE number = 1", ChainState::BrokenAt(1)),
        ("UPDATE entries SET operation = 'nothing' WHERE number = 2", ChainState::BrokenAt(2)),
        ("DELETE FROM entries WHERE number = 2", ChainState::BrokenAt(2)),
        ("DELETE FROM entries WHERE number = 1", ChainState::BrokenAt(1)),
        ("DELETE FROM entries WHERE number > 3", ChainState::Shortened { expected: 6, found: 3 }),
        ("DELETE FROM entries", ChainState::Shortened { expected: 6, found: 0 }),
        ("UPDATE entries SET number = number + 1 WHERE number = 6", ChainState::BrokenAt(6)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3 {
            append(folder.path(), &pair("/a", &number.to_string(), done(number)));
        }
        assert_eq!(state(folder.path()), ChainState::Whole);
        tamper(folder.path(), words);
        assert_eq!(state(folder.path()), expected, "{words}");
        // What is written later does not hide it.
        append(folder.path(), &[write("/b", "later", done(9))]);
        let after = match expected {
            ChainState::Shortened { found, .. } => ChainState::BrokenAt(found + 1),
            other => other,
        };
        assert_eq!(state(folder.path()), after, "{words}");
    }
}

#[test]
fn a_head_that_was_taken_away_shows() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path(), &pair("/a", "1", done(8)));
    std::fs::remove_file(folder.path().join("head.json")).unwrap();
    assert_eq!(state(folder.path()), ChainState::HeadMissing);
    std::fs::write(folder.path().join("head.json"), "not JSON").unwrap();
    assert_eq!(state(folder.path()), ChainState::HeadMissing);
    append(folder.path(), &[write("/b", "2", done(9))]);
    assert_eq!(state(folder.path()), ChainState::Whole);
    let page = AuditReader::open(folder.path()).unwrap().page(&query()).unwrap();
    let note = page.entries.iter().find(|entry| entry.write.operation == AuditOperation::Note);
    assert!(note.is_some_and(|note| note.write.outcome.detail().contains("2 entries")), "{page:?}");
}

#[test]
fn a_crash_between_the_log_and_its_head_is_no_tampering() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path(), &pair("/a", "1", done(8)));
    // The head is not brought up.
    AuditStore::new(folder.path().to_owned()).append(&pair("/b", "2", done(9))).unwrap();
    assert_eq!(state(folder.path()), ChainState::Whole);
    tamper(folder.path(), "UPDATE entries SET before = 1 WHERE number = 4");
    assert_eq!(state(folder.path()), ChainState::BrokenAt(4), "what it lags behind is proven by the chain");
}

#[test]
fn a_file_that_is_no_log_is_kept_aside() {
    for broken in
        [b"not a database, but long enough to be looked at".as_slice(), b"", b"SQLite format 3\0..."]
    {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), broken).unwrap();
        append(folder.path(), &pair("/a", "1", done(8)));
        assert_eq!(state(folder.path()), ChainState::Whole);
        let kept = std::fs::read(folder.path().join("audit.db.broken"));
        let notes = page(folder.path(), &AuditQuery { operation: Some(AuditOperation::Note), ..query() });
        if broken.is_empty() {
            assert!(kept.is_err() && notes.is_empty(), "an empty file is a new log");
        } else {
            assert_eq!(kept.unwrap(), broken);
            assert_eq!(notes, [1], "the first entry says so");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    append(folder.path(), &pair("/a", "1", done(8)));
    tamper(folder.path(), "DROP TABLE entries");
    append(folder.path(), &pair("/a", "2", done(9)));
    assert_eq!(page(folder.path(), &query()), [3, 1], "a log without its table, too");
    assert!(folder.path().join("head.json.broken").exists());
}

#[test]
fn a_log_that_is_moved_away_while_it_is_open_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = AuditStore::new(folder.path().join("log"));
    let head = store.append(&pair("/a", "1", done(8))).unwrap();
    store.keep_head(&head).unwrap();
    for name in ["audit.db", "audit.db-wal", "audit.db-shm"] {
        drop(std::fs::remove_file(folder.path().join("log").join(name)));
    }
    let head = store.append(&pair("/b", "2", done(9))).unwrap();
    store.keep_head(&head).unwrap();
    assert_eq!(state(&folder.path().join("log")), ChainState::BrokenAt(1));
    assert_eq!(page(&folder.path().join("log"), &query()), [5, 3], "numbers go on");
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    let head = store.append(&pair("/c", "3", done(10))).unwrap();
    assert_eq!(head.entries, 2, "without a head it is a new log");
}

#[test]
fn those_who_append_at_once_keep_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        // Whoever looks meanwhile, from before there is a file, sees a part of it.
        scope.spawn(|| {
            while page(folder.path(), &AuditQuery { limit: 1_000, ..query() }).len() < 100 {
                let found = state(folder.path());
                assert!(matches!(found, ChainState::Whole), "{found:?}");
            }
        });
        for thread in 0..4 {
            let folder = folder.path();
            scope.spawn(move || {
                let mut store = AuditStore::new(folder.to_owned());
                for number in 0..25 {
                    let id = format!("{thread}-{number}");
                    let head = store.append(&pair("/a", &id, done(number))).unwrap();
                    store.keep_head(&head).unwrap();
                }
            });
        }
    });
    let (state, last) = AuditReader::open(folder.path()).unwrap().verify().unwrap();
    assert_eq!((state, last.entries), (ChainState::Whole, 200));
    let found =
        AuditReader::open(folder.path()).unwrap().page(&AuditQuery { limit: 1_000, ..query() }).unwrap();
    let ids: BTreeSet<_> = found.entries.iter().map(|entry| entry.write.write_id.clone()).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(head::read(folder.path()).unwrap().map(|head| head.entries), Some(200));
}

#[test]
fn exports_hold_what_is_found() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path(), &pair("=cmd|' /C calc'!A0", "1", done(8)));
    append(folder.path(), &pair("/b", "2", AuditOutcome::Refused("no, \"never\"".to_owned())));
    let reader = AuditReader::open(folder.path()).unwrap();
    let (json, csv) = (folder.path().join("log.jsonl"), folder.path().join("log.CSV"));
    assert_eq!(reader.export(&AuditQuery::default(), &json).unwrap(), 4, "both entries of each write");
    assert_eq!(reader.export(&query(), &csv).unwrap(), 2);
    let csv = std::fs::read_to_string(csv).unwrap();
    assert!(csv.contains(",\"'=cmd|' /C calc'!A0\","), "{csv}");
    assert!(csv.contains(",\"no, \"\"never\"\"\","), "{csv}");
    let lines: Vec<serde_json::Value> = std::fs::read_to_string(json)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[1]["revision"], 8);
    assert_eq!(lines[3]["detail"], "no, \"never\"");
    let missing = folder.path().join("none/log.csv");
    assert_eq!(reader.export(&query(), &missing).unwrap_err().kind, FaultKind::File);
}
