//! The history of a key: the timeline, what a version is compared with, restoring, deep history.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Keyboard, Modifiers};
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::document::{Document, DocumentPage};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::history::{DeepHistory, History, HistoryEnd, KeyVersion, ReplayCost};
use etcdscope::model::journal::{KeyRecords, Recorded, RecordedKind, Source, Span};
use etcdscope::model::message::RequestId;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::world::World;
use etcdscope::ui::editor;

use crate::editor::{JSON, ROUTES, document, english, first, world_of};
use crate::support::{NOW, Scene, Setting, key, value};

/// An hour, and a minute, in the clock of these scenes.
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

fn version(revision: i64, version: i64, bytes: &[u8]) -> KeyVersion {
    let meta = KeyMeta { create_revision: 120, mod_revision: revision, version, lease: 0 };
    KeyVersion { meta, value: Value::from(bytes) }
}

/// Puts the histories of all open keys together, as the window does when one is looked at.
fn merged(mut world: World) -> World {
    let session = &mut world.sessions[0];
    let keys: Vec<Key> = session.documents.iter().map(|document| document.key.clone()).collect();
    for key in keys {
        session.document_mut(&key).unwrap().past.wanted = true;
        session.merge_past(&key);
    }
    world
}

fn limited(limit: &str) -> Value {
    value(&JSON.replace("100", limit))
}

fn walked(end: HistoryEnd) -> Document {
    let mut document = document(ROUTES, JSON.as_bytes());
    document.page = DocumentPage::History;
    let first = if end == HistoryEnd::FirstVersion { 1 } else { 15 };
    let mut versions = vec![
        version(182_310, first + 2, JSON.as_bytes()),
        version(182_200, first + 1, &limited("90\r")),
        version(181_000, first, &limited("80")),
    ];
    for version in versions.iter_mut().filter(|_| first == 1) {
        version.meta.create_revision = 181_000;
    }
    document.history.answer(Ok(History { versions, end }));
    document.past.recorded.answer(Ok(Arc::default()));
    document
}

pub(crate) fn history_world(end: HistoryEnd) -> World {
    merged(world_of(vec![walked(end)]))
}

fn recorded(revision: i64, kind: RecordedKind, seen_at: Option<i64>) -> Recorded {
    Recorded { key: key(ROUTES), revision, kind, seen_at, source: Source::Watch }
}

fn put(create_revision: i64, mod_revision: i64, version: i64, value: Option<Value>) -> RecordedKind {
    let meta = KeyMeta { create_revision, mod_revision, version, lease: 0 };
    RecordedKind::Put { meta, value }
}

/// Three generations: etcd has the newest versions, the journal older ones and what it did not watch.
fn long_world() -> World {
    let mut document = walked(HistoryEnd::Compacted { at_revision: 180_500 });
    document.past.compacted = Some(180_500);
    let records = vec![
        recorded(182_310, put(120_000, 182_310, 17, Some(value(JSON))), Some(NOW - 5 * MINUTE)),
        recorded(182_200, put(120_000, 182_200, 16, Some(limited("90\r"))), Some(NOW - 9 * MINUTE)),
        recorded(120_400, put(120_000, 120_400, 3, Some(limited("60"))), Some(NOW - 30 * HOUR)),
        recorded(120_300, put(120_000, 120_300, 2, None), Some(NOW - 31 * HOUR)),
        recorded(120_000, put(120_000, 120_000, 1, Some(limited("50"))), Some(NOW - 32 * HOUR)),
        recorded(110_000, RecordedKind::Deleted, Some(NOW - 33 * HOUR)),
        recorded(109_000, put(100_000, 109_000, 2, Some(limited("40"))), Some(NOW - 40 * HOUR)),
        recorded(100_000, put(100_000, 100_000, 1, Some(limited("30"))), Some(NOW - 41 * HOUR)),
        recorded(90_000, RecordedKind::FoundGone, Some(NOW - 60 * HOUR)),
        recorded(70_000, put(60_000, 70_000, 5, Some(limited("20"))), Some(NOW - 90 * HOUR)),
    ];
    let span = |after: i64, to: i64, from: i64, until: i64| Span {
        after,
        to,
        from_time: NOW - from,
        to_time: NOW - until,
        has_base: false,
    };
    let spans = vec![
        span(69_000, 71_000, 91 * HOUR, 89 * HOUR),
        span(90_000, 121_000, 60 * HOUR, 29 * HOUR),
        span(181_900, 182_334, 20 * MINUTE, 0),
    ];
    document.past.recorded.answer(Ok(Arc::new(KeyRecords { records, spans, kept_out: false })));
    for meta in document.history.value_mut().unwrap().versions.iter_mut() {
        meta.meta.create_revision = 120_000;
    }
    let mut base = document.base_record().unwrap().clone();
    base.meta.create_revision = 120_000;
    document.base.answer(Ok(Some(base)));
    document.past.ask_together(182_310);
    let others =
        vec![key("/config/production/api-gateway/ratelimit.yaml"), key(ROUTES), key("/routes/index")];
    document.past.changed_together(182_310, Ok(others));
    merged(world_of(vec![document]))
}

/// The past of the session that is shown, put together anew after a change.
fn change(scene: &mut Scene, with: impl FnOnce(&mut Document)) {
    scene.change(|world| {
        with(first(world));
        let key = world.sessions[0].documents[0].key.clone();
        world.sessions[0].merge_past(&key);
    });
}

fn actions_but_together(scene: &mut Scene) -> Vec<Action> {
    let mut actions = scene.actions();
    actions.retain(|action| !matches!(action, Action::LoadTogether { .. }));
    actions
}

#[test]
fn a_version_is_compared_with_the_one_before_and_restored_byte_for_byte() {
    let mut scene = english(history_world(HistoryEnd::Compacted { at_revision: 180_999 }));
    assert!(scene.sees("What was before is compacted away, up to r180999"));
    assert!(scene.sees("+ 2    \"limit\": 100,"), "the newest against the one before it");
    scene.press("Restore…");
    assert_eq!(actions_but_together(&mut scene), [], "the newest version is what the key is");
    scene.harness.get_by_label_contains("r182200, changed").click();
    scene.settle();
    assert!(scene.sees("− 2    \"limit\": 80"));
    assert!(scene.sees("+ 2    \"limit\": 90"));
    scene.picture("history");
    scene.press("Restore…");
    let restored = limited("90\r");
    assert_eq!(actions_but_together(&mut scene), [Action::Restore { key: key(ROUTES), value: restored }]);
    scene.harness.get_by_label_contains("r182310, changed").click_modifiers(Modifiers::SHIFT);
    scene.settle();
    assert!(scene.sees("− 2    \"limit\": 90"), "two versions are compared in the order of their revisions");
    assert!(scene.sees("+ 2    \"limit\": 100"));
}

#[test]
fn the_keyboard_walks_through_the_versions_and_enter_restores() {
    let mut scene = english(history_world(HistoryEnd::FirstVersion));
    scene.harness.get_by_role_and_label(Role::ListBox, "Versions, newest first").focus();
    scene.settle();
    scene.key(Modifiers::NONE, Keyboard::ArrowDown);
    assert!(scene.sees("− 2    \"limit\": 80"));
    scene.key(Modifiers::NONE, Keyboard::ArrowDown);
    scene.key(Modifiers::NONE, Keyboard::ArrowUp);
    scene.key(Modifiers::NONE, Keyboard::Enter);
    let restored = limited("90\r");
    assert_eq!(actions_but_together(&mut scene), [Action::Restore { key: key(ROUTES), value: restored }]);
}

#[test]
fn a_draft_is_replaced_only_when_that_is_said() {
    let mut world = history_world(HistoryEnd::FirstVersion);
    first(&mut world).draft = Some(value("typed for an hour"));
    let mut scene = english(world);
    scene.harness.get_by_label_contains("r181000, created").click();
    scene.settle();
    scene.press("Restore…");
    assert_eq!(actions_but_together(&mut scene), [], "nothing is lost by one click");
    scene.press("Replace my draft");
    let restored = limited("80");
    assert_eq!(actions_but_together(&mut scene), [Action::Restore { key: key(ROUTES), value: restored }]);
}

#[test]
fn gaps_deletions_and_generations_are_entries_of_their_own() {
    let mut scene = english(long_world());
    let sees = |scene: &Scene, text: &str| assert!(scene.sees(text), "{text}");
    sees(&scene, "r182310, changed, seen ");
    sees(&scene, "Known from etcd and from the journal, current");
    sees(&scene, "11 versions are missing");
    sees(&scene, "with 2 other keys");
    scene.picture("history-gaps-dark");
    let list = || Role::ListItem;
    assert!(scene.harness.query_all_by_role(list()).count() > 8);
    scene.harness.get_by_label_contains("r110000, deleted").click();
    scene.settle();
    sees(&scene, "− 2    \"limit\": 40,");
    assert!(scene.harness.query_by_label("Restore…").is_none(), "a deletion can not be restored");
    scene.harness.get_by_label_contains("r120300, changed").click();
    scene.settle();
    sees(&scene, "The value is not known");
    scene.key(Modifiers::NONE, Keyboard::End);
    sees(&scene, "r70000, changed");
    sees(&scene, "What was right before is not known");
    sees(&scene, "found gone");
    scene.picture("history-gaps-end");
    scene.press("what it is now");
    sees(&scene, "+ 2    \"limit\": 100,");
}

#[test]
fn keys_of_one_transaction_are_one_change_and_each_can_be_opened() {
    let mut scene = english(long_world());
    scene.press("One change with 2 other keys");
    scene.picture("history-together");
    scene.actions();
    scene.press("/config/production/api-gateway/ratelimit.yaml");
    let opened = key("/config/production/api-gateway/ratelimit.yaml");
    assert_eq!(actions_but_together(&mut scene), [Action::OpenKey(opened)]);
}

#[test]
fn what_changed_together_is_asked_once_for_what_is_in_sight() {
    let mut scene = english(long_world());
    let mut asked: Vec<i64> = scene
        .actions()
        .into_iter()
        .filter_map(|action| match action {
            Action::LoadTogether { revision, .. } => Some(revision),
            _ => None,
        })
        .collect();
    asked.sort_unstable();
    asked.dedup();
    assert!(asked.contains(&182_200) && !asked.contains(&182_310), "{asked:?}");
    assert!(!asked.contains(&181_000), "etcd alone knows it, and nobody looks at it");
}

#[test]
fn deep_history_says_its_cost_runs_with_progress_and_can_be_stopped() {
    let mut scene = english(history_world(HistoryEnd::FirstVersion));
    scene.press("Deep history…");
    assert_eq!(actions_but_together(&mut scene), [Action::OfferDeepHistory(key(ROUTES))]);
    change(&mut scene, |document| document.past.deep = DeepHistory::Offered(None));
    assert!(scene.sees("Asking what it would cost"));
    let cost = ReplayCost { revisions: 1_204_331 };
    change(&mut scene, |document| document.past.deep = DeepHistory::Offered(Some(cost)));
    assert!(scene.sees("up to 1,204,331 revisions, of all keys"));
    assert!(scene.sees("may wait for about 1,806 ms"));
    scene.picture("history-deep-offer");
    scene.press("Replay");
    assert_eq!(actions_but_together(&mut scene), [Action::StartDeepHistory(key(ROUTES))]);
    let running = DeepHistory::Running { request: RequestId(7), done: 400_000, total: Some(1_204_331) };
    change(&mut scene, |document| document.past.deep = running);
    assert!(scene.sees("Replaying revisions 400,000 of 1,204,331"));
    scene.picture("history-deep-running");
    scene.press("Cancel");
    assert_eq!(actions_but_together(&mut scene), [Action::StopDeepHistory(key(ROUTES))]);
    let fault = Fault::new(FaultKind::TooLarge, "more than 200000 changes");
    change(&mut scene, |document| document.past.deep = DeepHistory::Failed(fault));
    scene.picture("history-deep-failed");
    scene.press("Try again");
    assert_eq!(actions_but_together(&mut scene), [Action::OfferDeepHistory(key(ROUTES))]);
}

#[test]
fn the_end_of_the_list_loads_more() {
    let mut scene = english(history_world(HistoryEnd::More));
    assert!(scene.actions().contains(&Action::LoadHistory(key(ROUTES))));
    let mut world = history_world(HistoryEnd::FirstVersion);
    world.sessions[0].documents[0].history.ask();
    let scene = english(world);
    assert!(scene.sees("Reading versions"));
}

#[test]
fn a_history_that_can_not_be_read_says_why_and_tries_again() {
    let mut document = document(ROUTES, JSON.as_bytes());
    document.page = DocumentPage::History;
    document.history.answer(Err(Fault::new(FaultKind::PermissionDenied, "permission denied")));
    let mut world = world_of(vec![document]);
    world.sessions[0].documents[0].past.merged = Arc::default();
    let mut scene = english(world);
    scene.picture("history-failed");
    scene.press("Try again");
    assert_eq!(scene.actions(), [Action::LoadHistory(key(ROUTES))]);
}

#[test]
fn a_deleted_key_shows_its_past_and_gives_it_back() {
    let mut document = long_world().sessions[0].documents.remove(0);
    document.base.answer(Ok(None));
    document.history.answer(Ok(History::default()));
    let mut world = merged(world_of(vec![document]));
    world.sessions[0].keyspace = Default::default();
    world = merged(world);
    let mut scene = english(world);
    scene.picture("history-deleted-key");
    assert!(scene.sees("found gone"));
    scene.harness.get_by_label_contains("r182310, changed").click();
    scene.settle();
    scene.press("Restore…");
    assert_eq!(actions_but_together(&mut scene), [Action::Restore { key: key(ROUTES), value: value(JSON) }]);
}

#[test]
fn a_key_without_any_version_says_so() {
    let mut document = document(ROUTES, JSON.as_bytes());
    document.page = DocumentPage::History;
    document.base.answer(Ok(None));
    document.history.answer(Ok(History { versions: Vec::new(), end: HistoryEnd::FirstVersion }));
    let mut scene = english(world_of(vec![document]));
    assert!(scene.sees("No versions"));
    scene.picture("history-empty");
    scene.press("Deep history…");
    assert!(scene.actions().contains(&Action::OfferDeepHistory(key(ROUTES))));
}

#[test]
fn the_timeline_fits_narrow_windows_light_and_chinese() {
    let show = |setting: Setting, name: &str| {
        let mut scene = setting.play_with(long_world(), |ui, stage, actions| {
            editor::show(ui, &stage.world, &mut stage.state.editor, actions);
        });
        scene.picture(name);
        scene
    };
    show(Setting::default().light().size(1_100.0, 720.0), "history-gaps-light");
    let narrow = show(Setting::default().size(420.0, 640.0), "history-narrow");
    assert!(narrow.sees("r182310, changed"));
    drop(narrow);
    let chinese = show(Setting::default().chinese().size(1_100.0, 720.0), "history-chinese");
    assert!(chinese.sees("同一次更改，与另外 2 个键一起"));
}
