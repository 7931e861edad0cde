//! Conflicts of an open key, and its versions.

use egui::Modifiers;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::bytes::Value;
use etcdscope::model::document::{DocumentPage, SaveState};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::history::{History, HistoryEnd, KeyVersion};
use etcdscope::model::record::KeyMeta;
use etcdscope::model::world::World;

use crate::editor::{JSON, ROUTES, document, english, first, record, world_of};
use crate::support::{NOW, Scene, key, value};

pub(crate) const BASE: &str = "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\n";

pub(crate) fn conflict(yours: &str, theirs: Option<&str>) -> World {
    let mut document = document("/app.yaml", BASE.as_bytes());
    document.draft = Some(value(yours));
    let theirs = theirs.map(|theirs| record("/app.yaml", theirs.as_bytes(), 182_320));
    document.save = SaveState::Conflict { theirs: theirs.clone() };
    document.live = Some(theirs);
    document.live_seen_at = NOW - 5_000;
    world_of(vec![document])
}

#[test]
fn a_conflict_is_settled_by_choice() {
    let yours = BASE.replace("a: 1", "a: 10").replace("g: 7", "g: 70");
    let theirs = BASE.replace("a: 1", "a: 11").replace("d: 4", "d: 44");
    let mut scene = english(conflict(&yours, Some(&theirs)));
    assert!(scene.sees("Conflict 1 of 1"));
    assert!(scene.sees("Only they changed this"));
    scene.picture("editor-conflict");
    scene.press("Use merged…");
    assert_eq!(scene.actions(), [], "an open conflict can not be used");
    let both = |scene: &Scene, name: &str| {
        scene.harness.get_by_role_and_label(Role::RadioButton, name).click();
    };
    both(&scene, "Theirs");
    scene.settle();
    scene.press("Use merged…");
    let merged = BASE.replace("a: 1", "a: 11").replace("d: 4", "d: 44").replace("g: 7", "g: 70");
    assert_eq!(scene.actions(), [Action::Resolve { key: key("/app.yaml"), merged: value(&merged) }]);
    both(&scene, "Both");
    scene.settle();
    scene.picture("editor-conflict-settled");
    scene.press("Use merged…");
    let merged = merged.replace("a: 11", "a: 10\na: 11");
    assert_eq!(scene.actions(), [Action::Resolve { key: key("/app.yaml"), merged: value(&merged) }]);
}

#[test]
fn the_merged_result_can_be_edited() {
    let mut scene = english(conflict(&BASE.replace("a: 1", "a: 2"), Some(&BASE.replace("g: 7", "g: 8"))));
    assert!(scene.sees("Merged without conflict"));
    let field = |scene: &Scene| {
        let node = scene.harness.get_by_role_and_label(Role::MultilineTextInput, "Merged result");
        node.focus();
    };
    field(&scene);
    scene.settle();
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, "Merged result").type_text("# x\n");
    scene.settle();
    scene.press("Use merged…");
    let merged = format!("# x\n{}", BASE.replace("a: 1", "a: 2").replace("g: 7", "g: 8"));
    assert_eq!(scene.actions(), [Action::Resolve { key: key("/app.yaml"), merged: value(&merged) }]);
}

#[test]
fn a_key_deleted_meanwhile_is_created_again_only_when_asked() {
    let mut scene = english(conflict("mine", None));
    assert!(scene.sees("The key is gone"));
    scene.picture("editor-conflict-deleted");
    scene.press("Create it again…");
    assert_eq!(scene.actions(), [Action::Resolve { key: key("/app.yaml"), merged: value("mine") }]);
    scene.press("Discard my draft");
    assert_eq!(scene.actions(), [Action::TakeTheirs(key("/app.yaml"))]);
}

#[test]
fn bytes_in_conflict_are_not_merged() {
    let mut world = conflict("x", Some("y"));
    first(&mut world).draft = Some(Value::from([0_u8, 255, 1].as_slice()));
    let mut scene = english(world);
    scene.press("Keep yours…");
    let merged = Value::from([0_u8, 255, 1].as_slice());
    assert_eq!(scene.actions(), [Action::Resolve { key: key("/app.yaml"), merged }]);
}

fn version(revision: i64, version: i64, bytes: &[u8]) -> KeyVersion {
    let meta = KeyMeta { create_revision: 120, mod_revision: revision, version, lease: 0 };
    KeyVersion { meta, value: Value::from(bytes) }
}

pub(crate) fn history_world(end: HistoryEnd) -> World {
    let mut document = document(ROUTES, JSON.as_bytes());
    document.page = DocumentPage::History;
    let versions = vec![
        version(182_310, 17, JSON.as_bytes()),
        version(182_200, 16, JSON.replace("100", "90\r").as_bytes()),
        version(181_000, 15, JSON.replace("100", "80").as_bytes()),
    ];
    document.history.answer(Ok(History { versions, end }));
    world_of(vec![document])
}

#[test]
fn an_older_version_is_compared_and_restored_byte_for_byte() {
    let mut scene = english(history_world(HistoryEnd::Compacted { at_revision: 180_000 }));
    assert!(scene.sees("Older versions were compacted at r180000"));
    scene.press("Restore…");
    assert_eq!(scene.actions(), [], "the newest version is what the key is");
    scene.harness.get_by_label_contains("r182200, version 16").click();
    scene.settle();
    assert!(scene.sees("− 2    \"limit\": 90"));
    assert!(scene.sees("+ 2    \"limit\": 100,"));
    scene.picture("editor-history");
    scene.press("Restore…");
    let restored = value(&JSON.replace("100", "90\r"));
    assert_eq!(scene.actions(), [Action::Restore { key: key(ROUTES), value: restored }]);
    scene.harness.get_by_label_contains("r181000, version 15").click_modifiers(Modifiers::SHIFT);
    scene.settle();
    assert!(scene.sees("− 2    \"limit\": 80"), "two versions are compared in the order of their revisions");
}

#[test]
fn the_end_of_the_list_loads_more() {
    let mut scene = english(history_world(HistoryEnd::More));
    assert!(scene.actions().contains(&Action::LoadHistory(key(ROUTES))));
    let scene = english(history_world(HistoryEnd::FirstVersion));
    assert!(scene.sees("This is the first version"));
}

#[test]
fn a_history_that_can_not_be_read_says_why_and_tries_again() {
    let mut world = history_world(HistoryEnd::More);
    let document = first(&mut world);
    document.history = Default::default();
    document.history.answer(Err(Fault::new(FaultKind::PermissionDenied, "permission denied")));
    let mut scene = english(world);
    scene.press("Try again");
    assert_eq!(scene.actions(), [Action::LoadHistory(key(ROUTES))]);
}
