use std::sync::Arc;

use super::*;
use crate::model::bytes::{Key, Value};
use crate::model::journal::{RecordedKind, Source};
use crate::model::moment::{Certainty, Picture, picture};
use crate::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord, Revision};

/// A cluster as it goes on, with every change in it.
#[derive(Clone, Default)]
struct Truth {
    keyspace: Keyspace,
    revision: i64,
}

impl Truth {
    fn new() -> Self {
        Self { keyspace: Keyspace::new(b'/'), revision: 1 }
    }

    fn change(&mut self, key: &str, value: Option<&str>) -> KeyChange {
        let before = self.keyspace.get(key.as_bytes()).map(|view| KeyRecord {
            key: key.as_bytes().into(),
            meta: view.meta,
            value: view.value.cloned(),
        });
        let kind = match value {
            Some(value) => {
                let old = before.as_ref().map(|before| before.meta).unwrap_or_default();
                let meta = KeyMeta {
                    create_revision: if old.version == 0 { self.revision } else { old.create_revision },
                    mod_revision: self.revision,
                    version: old.version + 1,
                    lease: 0,
                };
                let value: Value = value.as_bytes().into();
                self.keyspace.put(key.as_bytes(), meta, Some(value.clone()));
                ChangeKind::Put { meta, value }
            }
            None => {
                self.keyspace.remove(key.as_bytes());
                ChangeKind::Delete
            }
        };
        KeyChange { key: key.as_bytes().into(), kind, prev: before }
    }

    fn step(&mut self, changes: &[(&str, Option<&str>)]) -> Revision {
        self.revision += 1;
        let changes = changes.iter().map(|(key, value)| self.change(key, *value)).collect();
        Revision { revision: self.revision, changes }
    }

    fn put(&mut self, key: &str, value: &str) -> Revision {
        self.step(&[(key, Some(value))])
    }

    fn delete(&mut self, key: &str) -> Revision {
        self.step(&[(key, None)])
    }

    fn base(&self) -> Base {
        Base {
            keyspace: self.keyspace.clone(),
            applied: self.revision,
            seen_at: self.revision * 10,
            replaced: false,
            intervals: vec![KeyInterval::everything()],
            most_keys: 50_000,
            most_bytes: 64 << 20,
        }
    }
}

fn changes(revisions: Vec<Revision>) -> Changes {
    let applied = revisions.last().map_or(0, |revision| revision.revision);
    Changes { revisions: Arc::new(revisions), applied, seen_at: applied * 10 }
}

struct Place {
    _home: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Result<Self, Trouble> {
        let home = tempfile::tempdir()
            .map_err(|error| Fault::new(crate::model::fault::FaultKind::File, error.to_string()))?;
        let path = JournalFolder::new(home.path().join("journal")).file(0xbeef);
        Ok(Self { _home: home, path })
    }

    fn writer(&self) -> Result<Writer, Trouble> {
        Writer::open(&self.path)
    }

    fn at(&self, epoch: Option<i64>, revision: i64) -> Result<Picture, Trouble> {
        let reader = Reader::open(&self.path)?;
        let (facts, watched) = match (reader, epoch) {
            (Some(reader), Some(epoch)) => reader.around(epoch, b"", revision)?,
            _ => unreachable!("there is a journal"),
        };
        Ok(picture(b"", revision, facts, &watched, None))
    }
}

fn texts(picture: &Picture) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let of = |(key, past): (&Key, &crate::model::moment::PastKey)| {
        (text(key), past.value.as_ref().map_or_else(|| "?".to_owned(), |value| text(value)))
    };
    picture.keys.iter().map(of).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_revision_of_a_span_comes_back() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    truth.put("a", "old");
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    let first = truth.step(&[("a", Some("1")), ("b", Some("1"))]);
    let second = truth.delete("a");
    writer.append(&[changes(vec![first]), changes(vec![second])])?;
    let at = |revision| place.at(writer.epoch(), revision);
    assert_eq!(texts(&at(2)?), pairs(&[("a", "old")]));
    assert_eq!(texts(&at(3)?), pairs(&[("a", "1"), ("b", "1")]));
    assert_eq!(texts(&at(4)?), pairs(&[("b", "1")]));
    assert_eq!((at(2)?.certainty, at(4)?.certainty), (Certainty::Exact, Certainty::Exact));
    assert_eq!(at(1)?.certainty, Certainty::BeforeRecords);
    assert_eq!(writer.standing().recorded_to, 4);
    let reader = Reader::open(&place.path)?.ok_or_else(|| Trouble::Busy("no file".to_owned()))?;
    let epoch = writer.epoch().unwrap_or(0);
    let (records, more) = reader.of_key(epoch, b"a", 10, 1_000)?;
    assert_eq!(
        records.iter().map(|it| (it.revision, it.source)).collect::<Vec<_>>(),
        [(4, Source::Watch), (3, Source::Watch), (2, Source::Listing)]
    );
    assert!(!more && reader.of_key(epoch, b"a", 2, 1_000)?.1);
    assert_eq!(reader.together(epoch, 3)?.len(), 2);
    let ticks = reader.ticks(epoch, b"", 10)?;
    assert_eq!(
        ticks.ticks.iter().map(|it| (it.revision, it.created, it.changed, it.deleted)).collect::<Vec<_>>(),
        [(2, 1, 0, 0), (3, 1, 1, 0), (4, 0, 0, 1)]
    );
    assert_eq!(reader.ticks(epoch, b"b", 10)?.ticks.len(), 1);
    let deleted = reader.deleted(epoch, b"", 10, 1_000)?;
    assert_eq!(
        (deleted.len(), deleted[0].revision, deleted[0].last.value.as_deref()),
        (1, 4, Some(&b"1"[..]))
    );
    Ok(())
}

#[test]
fn what_went_while_nobody_watched_is_found_gone() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    // Several records, so that no two kinds of numbers agree.
    let before = vec![truth.put("b", "0"), truth.put("a", "1"), truth.put("b", "1")];
    writer.append(&[changes(before)])?;
    drop(writer);
    truth.delete("a");
    truth.put("b", "2");
    truth.put("b", "3");
    let mut again = place.writer()?;
    again.begin_span(&truth.base())?;
    assert_eq!(again.epoch(), Some(1));
    let gap = place.at(Some(1), 5)?;
    // "b" was there all the time, as nobody knows what.
    assert!(gap.keys.values().all(|past| past.value.is_none() && past.meta.mod_revision == 0), "{gap:?}");
    assert_eq!((gap.keys.len(), gap.uncertain.len()), (1, 1), "{gap:?}");
    assert!(matches!(gap.certainty, Certainty::InGap(_)));
    assert_eq!(texts(&place.at(Some(1), 7)?), pairs(&[("b", "3")]));
    let reader = Reader::open(&place.path)?.ok_or_else(|| Trouble::Busy("no file".to_owned()))?;
    let (records, _) = reader.of_key(1, b"a", 10, 1_000)?;
    assert_eq!(records[0].kind, RecordedKind::FoundGone);
    // On the line of changes it is a deletion that nobody saw.
    let ticks = reader.ticks(1, b"a", 10)?.ticks;
    let found = ticks.last().map(|tick| (tick.revision, tick.deleted, tick.seen_at));
    assert_eq!(found, Some((7, 1, None)));
    Ok(())
}

#[test]
fn a_restored_cluster_begins_an_epoch_and_each_finds_its_own_again() -> Result<(), Trouble> {
    let (place, mut original) = (Place::new()?, Truth::new());
    original.put("a", "1");
    let snapshot = original.clone();
    let mut writer = place.writer()?;
    writer.begin_span(&original.base())?;
    let more = vec![original.put("a", "2"), original.put("b", "1")];
    writer.append(&[changes(more)])?;
    // Restored, and at a lower revision.
    let mut copy = snapshot;
    let mut second = place.writer()?;
    second.begin_span(&copy.base())?;
    assert_eq!(second.epoch(), Some(2));
    // The copy goes on, beyond the original's revision: its keys tell them apart.
    let other = vec![copy.put("c", "1"), copy.put("c", "2"), copy.put("c", "3")];
    second.append(&[changes(other)])?;
    for (truth, epoch) in [(&original, 1), (&copy, 2), (&original, 1)] {
        let mut again = place.writer()?;
        again.begin_span(&truth.base())?;
        assert_eq!(again.epoch(), Some(epoch));
    }
    // Told by the mirror.
    let mut told = place.writer()?;
    told.begin_span(&copy.base())?;
    told.begin_span(&Base { replaced: true, ..copy.base() })?;
    assert_ne!(told.epoch(), Some(2));
    Ok(())
}

#[test]
fn a_change_that_contradicts_what_is_recorded_is_refused() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    let mut other = truth.clone();
    writer.append(&[changes(vec![truth.put("a", "1")])])?;
    other.put("b", "1");
    other.delete("b");
    other.revision = 1;
    let contradiction = other.step(&[("a", None)]);
    let refused = writer.append(&[changes(vec![contradiction])]);
    assert!(matches!(refused, Err(Trouble::Diverged(_))), "{refused:?}");
    assert_eq!(texts(&place.at(Some(1), 2)?), pairs(&[("a", "1")]));
    Ok(())
}

/// Two windows record at once; one of them lags behind, and dies.
#[test]
fn a_window_that_dies_in_the_midst_leaves_nothing_untrue() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let (mut slow, mut quick) = (place.writer()?, place.writer()?);
    slow.begin_span(&truth.base())?;
    let put = truth.put("a", "1");
    let _deleted = truth.delete("a");
    truth.put("b", "1");
    quick.begin_span(&truth.base())?;
    slow.append(&[changes(vec![put])])?;
    drop(slow);
    // The deletion was never recorded; that the key was gone is known by the other's picture.
    assert_eq!(texts(&place.at(Some(1), 2)?), pairs(&[("a", "1")]));
    assert_eq!(place.at(Some(1), 3)?.keys.len(), 0);
    assert_eq!(texts(&place.at(Some(1), 4)?), pairs(&[("b", "1")]));
    Ok(())
}

#[test]
fn what_both_windows_record_is_there_once() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let (mut one, mut two) = (place.writer()?, place.writer()?);
    one.begin_span(&truth.base())?;
    two.begin_span(&truth.base())?;
    for round in 0..20 {
        let both = vec![truth.put("a", &round.to_string()), truth.put("b", "same"), truth.delete("b")];
        one.append(&[changes(both.clone())])?;
        two.append(&[changes(both)])?;
    }
    let reader = Reader::open(&place.path)?.ok_or_else(|| Trouble::Busy("no file".to_owned()))?;
    assert_eq!(reader.of_key(1, b"b", 1_000, 1 << 20)?.0.len(), 40);
    assert_eq!(texts(&place.at(Some(1), truth.revision)?), pairs(&[("a", "19")]));
    Ok(())
}

#[test]
fn what_is_kept_out_never_reaches_the_file() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    truth.put("secrets/a", "the-secret-base");
    let mut base = truth.base();
    base.intervals = without(&base.intervals, &[b"secrets/".to_vec()]);
    let mut writer = place.writer()?;
    writer.begin_span(&base)?;
    let both = truth.step(&[("secrets/b", Some("the-secret-change")), ("open", Some("told"))]);
    writer.append(&[changes(vec![both])])?;
    drop(writer);
    let mut all = Vec::new();
    for entry in
        std::fs::read_dir(place.path.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten()
    {
        all.extend(std::fs::read(entry.path()).unwrap_or_default());
    }
    let has = |needle: &[u8]| all.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"told") && !has(b"the-secret") && !has(b"secrets/b"));
    assert_eq!(place.at(Some(1), 3)?.certainty, Certainty::Withheld);
    Ok(())
}

#[test]
fn from_the_floor_on_nothing_is_lost() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    let mut pictures = vec![(truth.revision, Vec::new())];
    for round in 0..60 {
        let key = format!("k{}", round % 7);
        let revision = if round % 5 == 4 { truth.delete(&key) } else { truth.put(&key, &round.to_string()) };
        writer.append(&[changes(vec![revision])])?;
        pictures.push((truth.revision, texts_of(&truth.keyspace)));
    }
    let before = writer.standing().records;
    assert!(writer.prune_to(1, 30)?);
    writer.count()?;
    assert!(writer.standing().records < before - 15);
    assert_eq!(writer.standing().since, Some((30, 300)));
    for (revision, expected) in pictures {
        let picture = place.at(Some(1), revision)?;
        if revision >= 30 {
            assert_eq!((texts(&picture), picture.certainty), (expected, Certainty::Exact), "{revision}");
        } else {
            assert_eq!(picture.certainty, Certainty::BeforeRecords, "{revision}");
            for (key, past) in &picture.keys {
                let name = String::from_utf8_lossy(key);
                let was = expected.iter().find(|(key, _)| *key == name).map(|(_, text)| text.as_bytes());
                assert!(
                    was.is_some() && (past.value.is_none() || past.value.as_deref() == was),
                    "{revision}"
                );
            }
        }
    }
    // And it goes on.
    writer.append(&[changes(vec![truth.put("k1", "after")])])?;
    assert_eq!(texts(&place.at(Some(1), truth.revision)?), texts_of(&truth.keyspace));
    Ok(())
}

/// Text that can not be compressed.
fn noise(length: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 57) as u8 % 90)
    };
    (0..length).map(|_| next()).collect()
}

fn texts_of(keyspace: &Keyspace) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut all = Vec::new();
    let _completed = keyspace.for_each(&mut |key, view| {
        all.push((text(key), view.value.map_or_else(String::new, |value| text(value))));
        std::ops::ControlFlow::Continue(())
    });
    all
}

#[test]
fn the_limits_by_size_and_age_hold() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    for round in 0..600 {
        let text = noise(2_000, round);
        let revision = truth.put(&format!("k{}", round % 3), &text);
        writer.append(&[changes(vec![revision])])?;
    }
    let limits = Limits { most_bytes: 400 << 10, seen_from: 0, now: truth.revision * 10 };
    assert!(writer.prune(limits)?);
    assert!(writer.standing().bytes < 6 << 20);
    let used: i64 = writer.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    assert!(used * 4_096 <= 400 << 10, "{used} pages");
    assert_eq!(texts(&place.at(Some(1), truth.revision)?), texts_of(&truth.keyspace));
    let (since, _) = writer.standing().since.unwrap_or_default();
    // By age: the last hundred revisions only.
    let seen_from = (truth.revision - 20) * 10;
    assert!(writer.prune(Limits { most_bytes: 1 << 30, seen_from, now: truth.revision * 10 })?);
    assert_eq!(writer.standing().since.map(|(at, _)| at), Some(truth.revision - 21));
    assert!(since < truth.revision - 21);
    assert_eq!(texts(&place.at(Some(1), truth.revision)?), texts_of(&truth.keyspace));
    Ok(())
}

#[test]
fn a_full_disk_is_told_and_recording_goes_on_when_there_is_room() -> Result<(), Trouble> {
    let (place, mut truth) = (Place::new()?, Truth::new());
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    writer.append(&[changes(vec![truth.put("a", "kept")])])?;
    let pages: i64 = writer.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let _limit: i64 =
        writer.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0))?;
    let large = noise(40_000, 1);
    let refused = writer.append(&[changes(vec![truth.put("b", &large)])]);
    let fault = refused.err().map(|trouble| trouble.fault().kind);
    assert_eq!(fault, Some(crate::model::fault::FaultKind::DiskFull));
    assert_eq!(writer.standing().recorded_to, 2);
    let _limit: i64 = writer.connection.query_row("PRAGMA max_page_count = 1000000", [], |row| row.get(0))?;
    writer.begin_span(&truth.base())?;
    writer.append(&[changes(vec![truth.put("c", "after")])])?;
    assert_eq!(texts(&place.at(Some(1), 2)?), pairs(&[("a", "kept")]));
    assert_eq!(place.at(Some(1), 4)?.keys.len(), 3);
    Ok(())
}

#[test]
fn a_damaged_file_is_kept_aside_and_a_newer_one_is_left_alone() -> Result<(), Trouble> {
    let place = Place::new()?;
    drop(place.writer()?);
    let seen = Identity::of(&place.path);
    std::fs::write(&place.path, b"this is no database, and it is longer than a header of one".repeat(40))
        .map_err(|error| Trouble::Busy(error.to_string()))?;
    assert!(matches!(Writer::open(&place.path).map(|_| ()), Err(Trouble::Damaged(_))));
    let aside = set_aside(&place.path, seen)?;
    assert!(aside.as_ref().is_some_and(|aside| aside.exists()) && !place.path.exists());
    let writer = place.writer()?;
    // Another process that had found the damaged one leaves the new one alone.
    assert_eq!(set_aside(&place.path, seen)?, None);
    writer.connection.pragma_update(None, "user_version", 2)?;
    drop(writer);
    let newer = Writer::open(&place.path).map(|_| ());
    assert!(
        matches!(&newer, Err(Trouble::Fault(fault)) if fault.detail.contains("newer version")),
        "{newer:?}"
    );
    assert!(Reader::open(&place.path).is_err() && place.path.exists());
    Ok(())
}

#[cfg(unix)]
#[test]
fn its_files_are_its_owners_alone() -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt;
    let (place, mut truth) = (Place::new()?, Truth::new());
    let mut writer = place.writer()?;
    writer.begin_span(&truth.base())?;
    writer.append(&[changes(vec![truth.put("a", "1")])])?;
    let folder = place.path.parent().unwrap_or(Path::new("."));
    let mode = |path: &Path| std::fs::metadata(path).map_or(0, |it| it.permissions().mode() & 0o777);
    let files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().collect();
    // The database, its log, its shared memory, and the folder's lock.
    assert_eq!((files.len(), mode(folder)), (4, 0o700));
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{}", file.path().display());
    }
    Ok(())
}
