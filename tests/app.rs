//! The whole console but its window, on a real etcd: what a click starts, through the backend, to
//! the cluster and back into what is known.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "app/bench.rs"]
mod bench;
#[path = "app/compare.rs"]
mod compare;
#[path = "app/faults.rs"]
mod faults;
#[path = "cluster/figure.rs"]
#[allow(dead_code)]
mod figure;
#[path = "app/history.rs"]
mod history;
#[path = "app/layers.rs"]
mod layers;
#[cfg(unix)]
#[path = "app/locks.rs"]
mod locks;
#[path = "app/plan.rs"]
mod plan;
#[path = "app/schemas.rs"]
mod schemas;
#[cfg(unix)]
#[path = "app/survive.rs"]
mod survive;
#[path = "app/time_machine.rs"]
mod time_machine;
#[path = "app/travel.rs"]
mod travel;

use std::sync::Arc;
use std::time::Duration;

use etcd_client::{GetOptions, PutOptions};
use etcdscope::action::{Action, ConfirmedDelete};
use etcdscope::app::{App, WindowOptions};
use etcdscope::backend::BackendOptions;
use etcdscope::demo::DemoOptions;
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::dialog::Dialog;
use etcdscope::model::document::{Document, DocumentPage, SaveState};
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::profile::Profile;
use etcdscope::model::session::JobState;
use etcdscope::model::status::MirrorState;
use etcdscope::model::transfer::{ExportFormat, ExportRequest};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;
use etcdscope::storage::{Storage, export::read_json_export, secrets::Secrets};

use bench::{Bench, app_at, session, wait, wait_within};

const KEY: &[u8] = b"config/production/gateway/limit.json";

fn key(text: &[u8]) -> Key {
    Key::from(text)
}

fn value(text: &str) -> Value {
    Value::from(text.as_bytes())
}

impl Bench {
    /// A console with the key open and this typed into it.
    fn editing(&self, typed: &str) -> App {
        let mut app = self.app();
        self.connect(&mut app, self.profile());
        open(&mut app);
        app.act(Action::EditDraft { key: key(KEY), value: value(typed) });
        app
    }

    /// Puts the key on a lease of its own; returns the lease.
    fn put_leased(&self, value: &str) -> i64 {
        self.runtime.block_on(async {
            let mut client = self.cluster.client().await.unwrap();
            let lease = client.lease_grant(600, None).await.unwrap().id();
            client.put(KEY, value, Some(PutOptions::new().with_lease(lease))).await.unwrap();
            lease
        })
    }

    fn get(&self, key: &[u8]) -> Option<(String, i64)> {
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        let answer = self.runtime.block_on(client.get(key, None)).unwrap();
        answer.kvs().first().map(|kv| (String::from_utf8_lossy(kv.value()).into_owned(), kv.lease()))
    }

    fn revision(&self) -> i64 {
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        let options = GetOptions::new().with_count_only();
        let answer = self.runtime.block_on(client.get("x", Some(options))).unwrap();
        answer.header().unwrap().revision()
    }
}

fn document(world: &World) -> &Document {
    session(world).document(KEY).unwrap()
}

fn open(app: &mut App) {
    app.act(Action::OpenKey(key(KEY)));
    wait(app, "the key's value", |world| document(world).base.value().is_some());
}

fn save(app: &mut App) {
    app.act(Action::Review(key(KEY)));
    assert_eq!(document(app.world()).save, SaveState::Reviewing);
    app.act(Action::Save(key(KEY)));
    wait(app, "the save", |world| matches!(document(world).save, SaveState::Saved { .. }));
}

#[test]
fn a_leased_key_is_edited_reviewed_and_saved_and_keeps_its_lease() {
    let bench = Bench::start();
    let lease = bench.put_leased("{\"limit\":100}");
    let mut app = bench.editing("{\"limit\":250}");
    save(&mut app);
    assert_eq!(bench.get(KEY), Some(("{\"limit\":250}".to_owned(), lease)));
    app.shutdown();
}

#[test]
fn a_lease_that_is_gone_is_said_before_the_key_is_saved_for_good() {
    let bench = Bench::start();
    let lease = bench.put_leased("one");
    let mut app = bench.editing("two");
    bench.runtime.block_on(async {
        bench.cluster.client().await.unwrap().lease_revoke(lease).await.unwrap();
    });
    wait(&mut app, "the end of the key", |world| document(world).live == Some(None));
    app.act(Action::Review(key(KEY)));
    assert_eq!(document(app.world()).save, SaveState::Conflict { theirs: None });
    app.act(Action::Resolve { key: key(KEY), merged: value("two") });
    assert_eq!(document(app.world()).lost_lease, Some(lease));
    app.shutdown();
}

#[test]
fn a_conflicting_save_is_caught_merged_and_saved_and_an_older_version_restored() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let mut app = bench.editing("mine");
    app.act(Action::Review(key(KEY)));
    bench.put(KEY, "theirs");
    // The save may go out before the watch tells of the change, or after: both end in a conflict.
    app.act(Action::Save(key(KEY)));
    wait(&mut app, "the conflict", |world| matches!(document(world).save, SaveState::Conflict { .. }));
    assert_eq!(bench.get(KEY).unwrap().0, "theirs");
    app.act(Action::Resolve { key: key(KEY), merged: value("mine and theirs") });
    app.act(Action::Save(key(KEY)));
    wait(&mut app, "the save", |world| matches!(document(world).save, SaveState::Saved { .. }));
    assert_eq!(bench.get(KEY).unwrap().0, "mine and theirs");

    app.act(Action::ShowPage { key: key(KEY), page: DocumentPage::History });
    wait(&mut app, "three versions", |world| {
        document(world).history.value().is_some_and(|history| history.versions.len() == 3)
    });
    let oldest = document(app.world()).history.value().unwrap().versions[2].clone();
    assert_eq!((oldest.meta.version, &*oldest.value), (1, &b"one"[..]));
    app.act(Action::Restore { key: key(KEY), value: oldest.value });
    app.act(Action::Save(key(KEY)));
    wait(&mut app, "the restore", |world| matches!(document(world).save, SaveState::Saved { .. }));
    assert_eq!(bench.get(KEY).unwrap().0, "one");
    app.shutdown();
}

#[test]
fn a_folder_is_copied_renamed_deleted_and_a_key_of_it_undeleted() {
    let bench = Bench::start();
    bench.put(b"a/x", "1");
    bench.put(b"a/\xff/y", "2");
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let move_to = |from: &[u8], to: &[u8], copy| Action::Move {
        from: TreeItem::folder(from),
        to: key(to),
        copy,
        keep_lease: false,
    };
    let holds = |name: &'static [u8]| move |world: &World| session(world).keyspace.get(name).is_some();

    app.act(move_to(b"a/", b"b/", true));
    wait(&mut app, "the copy", holds(b"b/\xff/y"));
    app.act(move_to(b"b/", b"c/d/", false));
    wait(&mut app, "the rename", holds(b"c/d/\xff/y"));
    wait(&mut app, "the source's end", |world| session(world).keyspace.count_prefix(b"b/") == 0);

    app.act(Action::AskDelete(vec![TreeItem::folder(&b"a/"[..]), TreeItem::key(&b"a/x"[..])]));
    let dialog = app.world().dialog.clone().unwrap();
    app.act(Action::Delete(ConfirmedDelete::confirm(&dialog, "").unwrap()));
    wait(&mut app, "the deletion", |world| session(world).keyspace.count_prefix(b"a/") == 0);
    assert_eq!(bench.get(b"a/x"), None);
    wait(&mut app, "the deleted key", |world| session(world).activity.deleted_key(b"a/x").is_some());
    app.act(Action::Undelete(key(b"a/x")));
    wait(&mut app, "the undeleted key", holds(b"a/x"));
    assert_eq!(bench.get(b"a/x").unwrap().0, "1");
    app.shutdown();
}

#[test]
fn a_draft_survives_a_crash() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let mut app = bench.editing("typed at night");
    for _ in 0..100 {
        app.step();
        std::thread::sleep(Duration::from_millis(10));
    }
    std::mem::forget(app); // Nothing of it runs any more, least of all its clean end.

    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    wait(&mut app, "the recovered draft", |world| session(world).document(KEY).is_some());
    wait(&mut app, "its base", |world| !document(world).base.is_pending());
    assert!(document(app.world()).recovered);
    assert_eq!(document(app.world()).current_value(), value("typed at night"));
    save(&mut app);
    assert_eq!(bench.get(KEY).unwrap().0, "typed at night");
    app.shutdown();
}

#[test]
fn an_export_holds_one_revision() {
    let bench = Bench::start();
    for number in 0..500 {
        bench.put(format!("config/{number:03}").as_bytes(), "x");
    }
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let path = bench.home.path().join("export.json");
    let request =
        ExportRequest { prefix: b"config/".to_vec(), only_key: false, format: ExportFormat::Json, path };
    app.act(Action::Export(request.clone()));
    wait(&mut app, "the export", |world| {
        session(world).jobs.iter().any(|job| matches!(job.state, JobState::Exported(_)))
    });
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&request.path).unwrap()).unwrap();
    assert_eq!(file["keys"].as_array().unwrap().len(), 500);
    assert_eq!(file["revision"].as_i64(), Some(bench.revision()));
    app.shutdown();
}

fn drafts(bench: &Bench) -> Vec<(String, String)> {
    let stored = Storage::open(Some(bench.home.path().to_path_buf())).load();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    stored.drafts.iter().map(|draft| (draft.profile.clone(), text(&draft.value))).collect()
}

/// Steps the console until what is on disk is this, ten seconds at most.
fn wait_for_drafts(app: &mut App, bench: &Bench, wanted: &[(&str, &str)]) {
    let wanted: Vec<_> = wanted.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect();
    wait(app, "the drafts on disk", |_| drafts(bench) == wanted);
}

#[test]
fn a_tab_leaves_the_draft_of_another_tab_alone() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let mut app = bench.editing("mine");
    wait_for_drafts(&mut app, &bench, &[("bench", "mine")]);

    bench.connect(&mut app, bench.profile());
    open(&mut app);
    app.act(Action::CloseDocument(key(KEY)));
    open(&mut app);
    app.act(Action::EditDraft { key: key(KEY), value: value("other") });
    wait_for_drafts(&mut app, &bench, &[("bench", "other")]);
    app.act(Action::DiscardDraft(key(KEY)));
    wait_for_drafts(&mut app, &bench, &[("bench", "mine")]);
    app.act(Action::EditDraft { key: key(KEY), value: value("saved here") });
    save(&mut app);
    wait_for_drafts(&mut app, &bench, &[("bench", "mine")]);
    app.shutdown();
    assert_eq!(drafts(&bench), [("bench".to_owned(), "mine".to_owned())]);
}

#[test]
fn a_discarded_draft_comes_back_on_what_it_was_based_on() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let mut app = bench.editing("mine");
    wait_for_drafts(&mut app, &bench, &[("bench", "mine")]);
    let base = document(app.world()).base_record().cloned();
    bench.put(KEY, "two");
    wait(&mut app, "the other's change", |world| document(world).live.is_some());
    app.act(Action::DiscardDraft(key(KEY)));
    assert_eq!(document(app.world()).draft, None);
    wait_for_drafts(&mut app, &bench, &[]);
    let toast = app.world().toasts.last().expect("it is said").id;
    app.act(Action::UndoDiscard(toast));
    let shown = document(app.world());
    assert_eq!(shown.draft, Some(value("mine")));
    assert_eq!(shown.base_record(), base.as_ref(), "saved, it would not write over the other's change");
    assert!(shown.changed_elsewhere());
    assert!(app.world().toasts.is_empty());
    wait_for_drafts(&mut app, &bench, &[("bench", "mine")]);
    app.act(Action::Review(key(KEY)));
    assert!(matches!(document(app.world()).save, SaveState::Conflict { .. }));
    // Also when the key was closed meanwhile.
    app.act(Action::CancelSave(key(KEY)));
    app.act(Action::DiscardDraft(key(KEY)));
    app.act(Action::CloseDocument(key(KEY)));
    let toast = app.world().toasts.last().expect("it is said").id;
    app.act(Action::UndoDiscard(toast));
    assert_eq!(document(app.world()).draft, Some(value("mine")));
    assert_eq!(document(app.world()).base_record(), base.as_ref());
    wait(&mut app, "the other's change", |world| document(world).live.is_some());
    app.shutdown();
}

#[test]
fn drafts_follow_their_profile_to_its_new_name() {
    let bench = Bench::start();
    bench.put(KEY, "one");
    let mut app = bench.app();
    let keep = |profile: Profile, renamed_from: Option<&str>| Action::KeepProfile {
        profile: Box::new(profile),
        renamed_from: renamed_from.map(str::to_owned),
        password: None,
    };
    wait(&mut app, "what is on disk", |world| world.stored_loaded);
    app.act(keep(bench.profile(), None));
    bench.connect(&mut app, bench.profile());
    open(&mut app);
    app.act(Action::EditDraft { key: key(KEY), value: value("before") });
    let renamed = Profile { name: "renamed".to_owned(), ..bench.profile() };
    app.act(keep(renamed.clone(), Some("bench")));
    wait_for_drafts(&mut app, &bench, &[("renamed", "before")]);
    app.act(Action::EditDraft { key: key(KEY), value: value("after") });
    wait_for_drafts(&mut app, &bench, &[("renamed", "after")]);
    let id = session(app.world()).id;
    app.act(Action::CloseSession(id));
    bench.connect(&mut app, renamed);
    assert_eq!(document(app.world()).current_value(), value("after"), "the new name finds it");
    app.shutdown();
}

#[test]
fn a_key_that_could_not_be_created_is_a_draft_and_is_found_before_all_is_read() {
    let bench = Bench::start();
    let mut app = bench.app();
    let nowhere = Profile { endpoints: vec!["127.0.0.1:1".to_owned()], ..bench.profile() };
    wait(&mut app, "what is on disk", |world| world.stored_loaded);
    app.act(Action::Connect(Box::new(ConnectRequest { profile: nowhere, password: None })));
    app.act(Action::Create { key: key(KEY), value: value("typed") });
    app.shutdown();
    assert_eq!(drafts(&bench), [("bench".to_owned(), "typed".to_owned())]);

    let mut app = bench.app();
    let request = ConnectRequest { profile: bench.profile(), password: None };
    app.act(Action::Connect(Box::new(request)));
    wait(&mut app, "the draft", |world| {
        world.active_session().is_some_and(|session| session.document(KEY).is_some())
    });
    assert_eq!(document(app.world()).current_value(), value("typed"));
    app.shutdown();
}

#[test]
fn a_question_is_never_answered_in_another_connection() {
    let bench = Bench::start();
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let first = session(app.world()).id;
    bench.connect(&mut app, Profile { name: "other".to_owned(), ..bench.profile() });
    app.act(Action::AskCreate { prefix: key(b"a/") });
    assert!(app.world().dialog.is_some());
    app.act(Action::ShowSession(Some(first)));
    assert_eq!(app.world().dialog, None);
    app.shutdown();
}

#[test]
fn a_key_named_like_its_folder_is_deleted_renamed_and_exported_alone() {
    let bench = Bench::start();
    for (name, text) in [(&b"a/"[..], "the key"), (b"a/x", "1"), (b"a/y/z", "2")] {
        bench.put(name, text);
    }
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let item = || TreeItem::key(&b"a/"[..]);

    let path = bench.home.path().join("one.json");
    app.act(Action::AskExport(item()));
    assert!(matches!(app.world().dialog, Some(Dialog::Export { keys: 1, .. })));
    let request = ExportRequest { prefix: b"a/".to_vec(), only_key: true, format: ExportFormat::Json, path };
    app.act(Action::Export(request.clone()));
    wait(&mut app, "the export", |world| {
        session(world).jobs.iter().any(|job| matches!(job.state, JobState::Exported(_)))
    });
    let file = read_json_export(std::fs::File::open(&request.path).unwrap()).unwrap();
    let names: Vec<_> = file.records.iter().map(|record| record.key.to_vec()).collect();
    assert_eq!((names, file.header.only_key), (vec![b"a/".to_vec()], true));

    app.act(Action::Move { from: item(), to: key(b"b/"), copy: false, keep_lease: true });
    wait(&mut app, "the rename", |world| session(world).keyspace.get(b"a/").is_none());
    assert_eq!(bench.get(b"b/").unwrap().0, "the key");
    assert_eq!(session(app.world()).keyspace.count_prefix(b"a/"), 2, "the folder stays");

    bench.put(b"a/", "again");
    wait(&mut app, "the key", |world| session(world).keyspace.get(b"a/").is_some());
    app.act(Action::AskDelete(vec![item()]));
    let dialog = app.world().dialog.clone().unwrap();
    assert!(matches!(&dialog, Dialog::Delete { radius, .. } if radius.keys == 1));
    app.act(Action::Delete(ConfirmedDelete::confirm(&dialog, "").unwrap()));
    wait(&mut app, "the deletion", |world| session(world).keyspace.get(b"a/").is_none());
    assert_eq!(session(app.world()).keyspace.count_prefix(b"a/"), 2, "the folder stays");
    app.act(Action::Undelete(key(b"a/")));
    wait(&mut app, "the key", |world| session(world).keyspace.get(b"a/").is_some());
    app.act(Action::Reveal(item()));
    assert!(session(app.world()).expanded.contains(&b"a/"[..]), "its row is in sight");
    app.shutdown();
}
