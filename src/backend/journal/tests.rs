use super::*;
use crate::model::bytes::{Key, Value};
use crate::model::keyspace::Keyspace;
use crate::model::message::MirrorUpdate;
use crate::model::record::{KeyChange, KeyMeta};
use crate::model::status::KeyInterval;

/// A journal of a cluster that is told by hand.
struct Bench {
    journal: Journal,
    told: mpsc::Receiver<Event>,
    keyspace: Keyspace,
    _home: tempfile::TempDir,
}

impl Bench {
    fn start() -> std::io::Result<Self> {
        let home = tempfile::tempdir()?;
        let (events, told) = mpsc::channel(64);
        let outbox = Outbox { events, woken: Arc::default(), wake: Arc::new(|_| {}) };
        let storage = Storage::open(Some(home.path().to_path_buf()));
        let alive = JournalKeeper::new().alive();
        let journal = Journal::start(SessionId(1), &storage, JournalSettings::default(), outbox, alive);
        journal.tap().cluster_id = Some(Box::new(|| 7));
        Ok(Self { journal, told, keyspace: Keyspace::new(b'/'), _home: home })
    }

    /// Tells of a put at this revision; `listed`: of a whole picture that has it.
    fn put(&mut self, revision: i64, key: &str, listed: bool) {
        let (key, value): (Key, Value) = (key.as_bytes().into(), (*b"a value").into());
        let meta = KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease: 0 };
        self.keyspace.put(&key, meta, Some(value.clone()));
        let change = KeyChange { key, kind: ChangeKind::Put { meta, value }, prev: None };
        let changes = if listed { Vec::new() } else { vec![Revision { revision, changes: vec![change] }] };
        self.journal.see(&MirrorUpdate {
            loaded: Arc::default(),
            state: MirrorState::Live,
            keyspace: self.keyspace.clone(),
            applied: revision,
            changes: Arc::new(changes),
            seen_at: crate::model::status::now() + revision,
            relisted: false,
            listed,
            replaced: false,
            readable: Arc::new(vec![KeyInterval::everything()]),
        });
    }

    /// The spans, with whether they are about everything.
    async fn spans(&self) -> Vec<(i64, i64, bool)> {
        let everything = KeyInterval::everything();
        let read = self.journal.read(|reader, epoch| reader.watched(epoch)).await;
        let spans = read.ok().flatten().unwrap_or_default();
        spans.iter().map(|it| (it.span.after, it.span.to, it.holds(&everything))).collect()
    }
}

#[tokio::test]
async fn what_the_disk_can_not_keep_up_with_is_a_gap_and_no_delay() -> std::io::Result<()> {
    let mut bench = Bench::start()?;
    bench.put(10, "a", true);
    bench.put(11, "b", false);
    assert_eq!(bench.spans().await, [(10, 11, true)]);
    bench.journal.common.waiting.store(MOST_WAITING, Ordering::Release);
    bench.put(12, "c", false);
    bench.journal.common.waiting.store(0, Ordering::Release);
    // A whole picture so soon after the last one would only add to it.
    bench.put(13, "d", false);
    assert_eq!(bench.spans().await, [(10, 11, true)]);
    bench.journal.tap().last_base = None;
    bench.put(14, "e", false);
    bench.put(15, "f", false);
    assert_eq!(bench.spans().await, [(10, 11, true), (14, 15, true)]);
    let both = bench.journal.read(|reader, epoch| {
        Ok((reader.together(epoch, 12)?.len(), reader.of_key(epoch, b"c", 10, 1_000)?.0.len()))
    });
    assert_eq!(both.await.ok().flatten(), Some((1, 1)), "the picture that follows has what was left out");
    Ok(())
}

#[tokio::test]
async fn a_picture_is_recorded_though_nothing_changes_any_more() -> std::io::Result<()> {
    let mut bench = Bench::start()?;
    bench.put(10, "a", true);
    bench.journal.common.waiting.store(MOST_WAITING, Ordering::Release);
    bench.put(11, "b", false);
    bench.journal.common.waiting.store(0, Ordering::Release);
    bench.journal.tick();
    assert_eq!(bench.spans().await, [(10, 10, true)]);
    bench.journal.tap().last_base = None;
    bench.journal.tick();
    assert_eq!(bench.spans().await, [(10, 10, true), (11, 11, true)]);
    Ok(())
}

#[tokio::test]
async fn a_change_of_the_profile_counts_at_once() -> std::io::Result<()> {
    let mut bench = Bench::start()?;
    bench.put(10, "a", true);
    let kept_out = vec![STANDARD.encode(b"secrets/")];
    bench.journal.follow(&JournalSettings { kept_out, ..JournalSettings::default() });
    // Nothing of it is recorded, although a whole picture may not be recorded yet.
    bench.put(11, "secrets/b", false);
    assert!(bench.journal.keeps_out(b"secrets/b") && !bench.journal.keeps_out(b"a"));
    bench.journal.tap().last_base = None;
    bench.put(12, "c", false);
    assert_eq!(bench.spans().await, [(10, 10, true), (12, 12, false)]);
    let secret = bench.journal.read(|reader, epoch| reader.of_key(epoch, b"secrets/b", 10, 1_000)).await;
    assert_eq!(secret.ok().flatten(), Some((Vec::new(), false)));
    bench.journal.follow(&JournalSettings { on: false, ..JournalSettings::default() });
    bench.put(13, "d", false);
    assert!(bench.journal.keeps_out(b"a"));
    assert_eq!(bench.spans().await, [], "what is switched off is not read either");
    let mut last = None;
    bench.journal.close();
    while let Some(event) = bench.told.recv().await {
        if let EventKind::Journal(status) = event.kind {
            last = Some(status.on);
            if last == Some(false) {
                break;
            }
        }
    }
    assert_eq!(last, Some(false));
    Ok(())
}
