//! Hostile keys and values through the whole console to a real etcd and back, to the byte.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use etcd_client::GetOptions;
use etcdscope::action::{Action, ConfirmedDelete};
use etcdscope::app::App;
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::document::{Document, DocumentPage, SaveState};
use etcdscope::model::session::JobState;
use etcdscope::model::transfer::{ExportFormat, ExportRequest};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;
use etcdscope::storage::{Storage, export::read_json_export};

use crate::bench::{Bench, session, wait_within};

impl Bench {
    /// A console that is connected.
    fn live(&self) -> App {
        let mut app = self.app();
        self.connect(&mut app, self.profile());
        app
    }

    /// Everything that etcd has, read key by key: some values are too large to be read together.
    fn everything(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        let keys = GetOptions::new().with_all_keys().with_keys_only();
        let answer = self.runtime.block_on(client.get([], Some(keys))).unwrap();
        let read = |key: &[u8], client: &mut etcd_client::Client| {
            let answer = self.runtime.block_on(client.get(key, None)).unwrap();
            answer.kvs()[0].value().to_vec()
        };
        answer.kvs().iter().map(|kv| (kv.key().to_vec(), read(kv.key(), &mut client))).collect()
    }
}

/// Steps the console until the condition holds, half a minute at most.
#[track_caller]
fn wait(app: &mut App, what: &str, condition: impl Fn(&World) -> bool) {
    wait_within(app, Duration::from_secs(30), what, condition);
}

fn document<'w>(world: &'w World, key: &[u8]) -> &'w Document {
    session(world).document(key).unwrap()
}

fn save(app: &mut App, key: &Key, name: &str) {
    app.act(Action::Review(key.clone()));
    assert_eq!(document(app.world(), key).save, SaveState::Reviewing, "{name}");
    app.act(Action::Save(key.clone()));
    wait(app, name, |world| matches!(document(world, key).save, SaveState::Saved { .. }));
}

/// Each key with one of the values; those of 64 KiB not with the largest, which etcd would refuse.
fn pairs() -> Vec<(&'static str, Key, Value)> {
    let (keys, values) = (crate::nasty::keys(), crate::nasty::values());
    let of = |at: usize| -> Value { values[at % values.len()].1.as_slice().into() };
    keys.iter().enumerate().map(|(at, (name, key))| (*name, Key::from(key.as_slice()), of(at))).collect()
}

#[test]
fn hostile_keys_and_values_come_back_to_the_byte() {
    let bench = Bench::start();
    let pairs = pairs();
    for (_, key, value) in &pairs {
        bench.put(key, value);
    }
    let before = bench.everything();
    assert_eq!(before.len(), pairs.len());
    let mut app = bench.live();

    // Mirrored.
    let mut mirrored = Vec::new();
    let _completed = session(app.world()).keyspace.for_each(&mut |key, _| {
        mirrored.push(key.to_vec());
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(mirrored, before.keys().cloned().collect::<Vec<_>>());

    for (name, key, value) in &pairs {
        // Opened.
        app.act(Action::OpenKey(key.clone()));
        wait(&mut app, name, |world| document(world, key).base.value().is_some());
        assert_eq!(document(app.world(), key).base_value(), *value, "{name}");
        // Typed into and undone: no draft is left.
        let changed = Value::from([&value[..], b"\r\x1b\xff!"].concat());
        app.act(Action::EditDraft { key: key.clone(), value: changed.clone() });
        assert!(document(app.world(), key).is_dirty(), "{name}");
        app.act(Action::EditDraft { key: key.clone(), value: value.clone() });
        assert!(document(app.world(), key).draft.is_none(), "{name}");
        // Saved.
        app.act(Action::EditDraft { key: key.clone(), value: changed.clone() });
        save(&mut app, key, name);
        // And what it was restored from its history.
        app.act(Action::ShowPage { key: key.clone(), page: DocumentPage::History });
        wait(&mut app, name, |world| {
            document(world, key).history.value().is_some_and(|history| history.versions.len() == 2)
        });
        let versions = &document(app.world(), key).history.value().unwrap().versions;
        assert_eq!((&versions[0].value, &versions[1].value), (&changed, value), "{name}");
        let older = versions[1].value.clone();
        app.act(Action::Restore { key: key.clone(), value: older });
        save(&mut app, key, name);
        app.act(Action::CloseDocument(key.clone()));
    }
    assert!(bench.everything() == before, "restored to the byte");

    // Exported, and read back.
    for (format, path) in [(ExportFormat::Json, "all.json"), (ExportFormat::Yaml, "all.yaml")] {
        let path = bench.home.path().join(path);
        let request = ExportRequest { prefix: Vec::new(), only_key: false, format, path: path.clone() };
        app.act(Action::Export(request));
        wait(&mut app, "the export", |world| {
            session(world)
                .jobs
                .iter()
                .any(|job| matches!(&job.state, JobState::Exported(report) if report.path == path))
        });
    }
    let file = read_json_export(std::fs::File::open(bench.home.path().join("all.json")).unwrap()).unwrap();
    let exported: BTreeMap<Vec<u8>, Vec<u8>> = file
        .records
        .iter()
        .map(|record| (record.key.to_vec(), record.value.as_ref().unwrap().to_vec()))
        .collect();
    assert!(exported == before, "exported to the byte");

    // Copied as a whole folder, each byte of its name kept.
    let folder = TreeItem::folder(&b"rtl/"[..]);
    app.act(Action::Move { from: folder, to: Key::from(&b"\xffnew/"[..]), copy: true, keep_lease: false });
    let copies = before.keys().filter(|key| key.starts_with(b"rtl/")).count() as u64;
    wait(&mut app, "the copies", |world| session(world).keyspace.count_prefix(b"\xffnew/") == copies);
    let now = bench.everything();
    for (key, value) in before.iter().filter(|(key, _)| key.starts_with(b"rtl/")) {
        assert_eq!(now.get(&[b"\xffnew", &key[3..]].concat()), Some(value));
    }

    // Deleted one by one, and one brought back.
    for (name, key, _) in &pairs {
        let others = session(app.world()).keyspace.len() - 1;
        app.act(Action::AskDelete(vec![TreeItem::key(key.clone())]));
        let dialog = app.world().dialog.clone().expect("a question");
        app.act(Action::Delete(ConfirmedDelete::confirm(&dialog, "").unwrap()));
        wait(&mut app, name, |world| session(world).keyspace.get(key).is_none());
        assert_eq!(session(app.world()).keyspace.len(), others, "{name}: and nothing else");
        wait(&mut app, name, |world| session(world).activity.deleted_key(key).is_some());
        app.act(Action::Undelete(key.clone()));
        wait(&mut app, name, |world| session(world).keyspace.get(key).is_some());
    }
    let mut after = bench.everything();
    after.retain(|key, _| !key.starts_with(b"\xffnew/"));
    assert!(after == before, "brought back to the byte");
    app.shutdown();
}

#[test]
fn a_draft_of_hostile_bytes_survives_a_crash() {
    let bench = Bench::start();
    let pairs = pairs();
    for (_, key, _) in &pairs {
        bench.put(key, b"one");
    }
    let mut app = bench.live();
    for (name, key, value) in &pairs {
        app.act(Action::OpenKey(key.clone()));
        wait(&mut app, name, |world| document(world, key).base.value().is_some());
        app.act(Action::EditDraft { key: key.clone(), value: value.clone() });
    }
    let stored = || Storage::open(Some(bench.home.path().to_path_buf())).load();
    let started = Instant::now();
    while stored().drafts.len() < pairs.len() {
        app.step();
        assert!(started.elapsed() < Duration::from_secs(60), "{} drafts kept", stored().drafts.len());
        std::thread::sleep(Duration::from_millis(20));
    }
    std::mem::forget(app); // Nothing of it runs any more, least of all its clean end.

    let stored = stored();
    assert_eq!(stored.fault, None);
    for (name, key, value) in &pairs {
        let draft = stored.drafts.iter().find(|draft| draft.key == *key).expect(name);
        assert!(draft.value == *value, "{name}");
        assert!(draft.base.as_ref().is_some_and(|base| base.value.as_deref() == Some(b"one")), "{name}");
    }
}
