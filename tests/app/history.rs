//! The history of a key in the whole console: etcd's walk, the journal, a replay, what happens while it
//! is looked at; a deleted key given back.

use etcdscope::action::Action;
use etcdscope::app::App;
use etcdscope::model::bytes::Key;
use etcdscope::model::document::{Document, DocumentPage, SaveState};
use etcdscope::model::history::{DeepHistory, EntryKind, HistoryEntry, KeyHistory, PastEnd};
use etcdscope::model::world::World;

use super::bench::{Bench, session, wait};

const KEY: &[u8] = b"config/limits.json";

fn key() -> Key {
    Key::from(KEY)
}

fn document(world: &World) -> &Document {
    session(world).document(KEY).expect("the key is open")
}

fn history(world: &World) -> &KeyHistory {
    &document(world).past.merged
}

/// `+3` for the third version of a generation, `x` for a deletion, `?` for one found, `…` for a gap;
/// newest first.
fn shape(history: &KeyHistory) -> String {
    let sign = |entry: &HistoryEntry| match &entry.kind {
        EntryKind::Version { meta, value } => {
            format!("{}{}", if value.is_some() { "+" } else { "-" }, meta.version)
        }
        EntryKind::Deleted { exact: true } => "x".to_owned(),
        EntryKind::Deleted { exact: false } => "?".to_owned(),
        EntryKind::Gap(_) => "…".to_owned(),
    };
    history.entries.iter().map(sign).collect::<Vec<_>>().join(" ")
}

fn wait_for_shape(app: &mut App, wanted: &str) {
    let last = std::cell::RefCell::new(String::new());
    let seen = |world: &World| {
        let now = shape(history(world));
        let same = now == wanted;
        *last.borrow_mut() = now;
        same
    };
    let reached = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wait(app, wanted, seen)));
    assert!(reached.is_ok(), "{:?} instead of {wanted:?}", last.borrow());
}

impl Bench {
    fn delete_key(&self, key: &[u8]) {
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        self.runtime.block_on(client.delete(key, None)).unwrap();
    }

    fn show_history(&self, app: &mut App) {
        self.connect(app, self.profile());
        app.act(Action::OpenKey(key()));
        wait(app, "the key", |world| document(world).base.value().is_some());
        app.act(Action::ShowPage { key: key(), page: DocumentPage::History });
    }
}

#[test]
fn generations_before_a_deletion_come_by_a_replay_and_changes_as_they_happen() {
    let bench = Bench::start();
    for value in ["one", "two"] {
        bench.put(KEY, value);
    }
    bench.delete_key(KEY);
    for value in ["three", "four", "five"] {
        bench.put(KEY, value);
    }
    let mut app = bench.app();
    bench.show_history(&mut app);
    wait_for_shape(&mut app, "+3 +2 +1");
    assert_eq!(history(app.world()).end, PastEnd::FirstVersion, "what was before is not known");

    app.act(Action::OfferDeepHistory(key()));
    wait(
        &mut app,
        "what it costs",
        |world| matches!(document(world).past.deep, DeepHistory::Offered(Some(cost)) if cost.revisions > 5),
    );
    app.act(Action::StartDeepHistory(key()));
    wait_for_shape(&mut app, "+3 +2 +1 x +2 +1");
    assert_eq!(document(app.world()).past.deep, DeepHistory::Done);
    assert_eq!(history(app.world()).end, PastEnd::Beginning, "every revision is known");

    bench.put(KEY, "six");
    wait_for_shape(&mut app, "+4 +3 +2 +1 x +2 +1");
    let newest = history(app.world()).entries[0].clone();
    assert!(newest.seen_at.is_some_and(|at| at > 0), "it was seen when it happened");
    bench.delete_key(KEY);
    wait_for_shape(&mut app, "x +4 +3 +2 +1 x +2 +1");
    app.shutdown();
}

#[test]
fn a_deleted_and_compacted_key_is_opened_with_what_the_journal_has_and_given_back() {
    let bench = Bench::start();
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    for value in ["one", "two", "three"] {
        bench.put(KEY, value);
    }
    bench.delete_key(KEY);
    bench.put(b"other", "x");
    let last = session_revision(&bench);
    wait(&mut app, "all of it is on disk", |world| session(world).journal.recorded_to >= last);
    let mut client = bench.runtime.block_on(bench.cluster.client()).unwrap();
    bench.runtime.block_on(client.compact(last, None)).unwrap();
    app.act(Action::OpenKey(key()));
    wait(&mut app, "that it is gone", |world| matches!(document(world).base.value(), Some(None)));
    app.act(Action::ShowPage { key: key(), page: DocumentPage::History });
    wait_for_shape(&mut app, "x +3 +2 +1");
    let second = history(app.world()).entries[2].clone();
    assert!(second.marks.journal && !second.marks.etcd);
    app.act(Action::Restore { key: key(), value: second.value().unwrap().clone() });
    assert_eq!(document(app.world()).save, SaveState::Reviewing);
    app.act(Action::Save(key()));
    wait(&mut app, "the restore", |world| matches!(document(world).save, SaveState::Saved { .. }));
    let answer = bench.runtime.block_on(client.get(KEY, None)).unwrap();
    assert_eq!(answer.kvs()[0].value(), b"two");
    app.act(Action::ShowPage { key: key(), page: DocumentPage::History });
    wait_for_shape(&mut app, "+1 x +3 +2 +1");
    app.shutdown();
}

fn session_revision(bench: &Bench) -> i64 {
    let mut client = bench.runtime.block_on(bench.cluster.client()).unwrap();
    let answer = bench.runtime.block_on(client.get("x", None)).unwrap();
    answer.header().unwrap().revision()
}

#[test]
fn a_long_history_comes_page_by_page() {
    let bench = Bench::start();
    for number in 0..300 {
        bench.put(KEY, format!("{number}"));
    }
    let mut app = bench.app();
    bench.show_history(&mut app);
    wait(&mut app, "the first page", |world| history(world).entries.len() >= 20);
    assert_eq!(history(app.world()).entries.len(), 20);
    while history(app.world()).entries.len() < 300 {
        let before = history(app.world()).entries.len();
        app.act(Action::LoadHistory(key()));
        wait(&mut app, "the next page", |world| history(world).entries.len() > before);
    }
    let versions: Vec<i64> = history(app.world())
        .entries
        .iter()
        .filter_map(|entry| entry.meta())
        .map(|meta| meta.version)
        .collect();
    assert!(versions.iter().copied().eq((1..=300).rev()));
    app.shutdown();
}
