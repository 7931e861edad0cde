//! Conflicts of an open key.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::bytes::Value;
use etcdscope::model::document::SaveState;
use etcdscope::model::world::World;

use crate::editor::{document, english, first, record, world_of};
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
