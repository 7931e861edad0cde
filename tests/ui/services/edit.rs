//! Another weight or label of an instance.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::coordination::Meaning;
use etcdscope::model::dialog::Dialog;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::world::World;

use super::fixture::{instance, world};
use crate::support::{Scene, Setting, key};

/// The window with the question of another weight or label on it.
fn asked(value: &str) -> World {
    let mut world = world();
    let registered = key("/services/user/10.0.1.10:8080");
    let session = &mut world.sessions[0];
    let folder = key("/services/user/");
    session.coordination.meanings.insert(registered.clone(), Meaning::Instance(folder.clone()));
    let meta = session.coordination.services[&folder].instances[&registered].meta;
    session.keyspace.put(&registered, meta, Some(crate::support::value(value)));
    session.chosen.service = Some(folder);
    world.dialog = Some(Dialog::EditInstance { key: registered });
    world
}

const REGISTERED: &str = r#"{
  "address": "10.0.1.10:8080",
  "weight": 2,
  "label": "canary",
  "zone": "eu-west-1a"
}"#;

#[test]
fn another_weight_is_shown_as_a_difference_and_written_guarded_by_the_revision() {
    let mut scene = Setting::default().play(asked(REGISTERED));
    let write = |scene: &Scene| {
        scene.harness.get_by_role_and_label(Role::Button, "Write").accesskit_node().is_disabled()
    };
    assert!(scene.sees("Nothing changes.") && write(&scene));
    scene.type_into("Weight", "5");
    scene.picture("services-edit");
    assert!(scene.sees("still at revision"), "what guards it is said");
    scene.actions();
    scene.press("Write");
    let written = scene.actions();
    let Some(Action::EditInstance { key: at, revision, value }) = written.last() else {
        panic!("{written:?}")
    };
    let meta = instance("/services/user/", "10.0.1.10:8080", None).meta;
    assert_eq!((at, *revision), (&key("/services/user/10.0.1.10:8080"), meta.mod_revision));
    assert_eq!(String::from_utf8_lossy(value), REGISTERED.replace("\"weight\": 2", "\"weight\": 25"));
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let mut scene = Setting::default().light().play(asked(REGISTERED));
    scene.press("stable");
    scene.change(|world| {
        let at = key("/services/user/10.0.1.10:8080");
        let meta = world.sessions[0].keyspace.get(&at).unwrap().meta;
        let newer = REGISTERED.replace("\"weight\": 2", "\"weight\": 7");
        let meta = KeyMeta { mod_revision: meta.mod_revision + 9, ..meta };
        world.sessions[0].keyspace.put(&at, meta, Some(crate::support::value(&newer)));
    });
    scene.picture("services-edit-light");
    scene.actions();
    scene.press("Write");
    let written = scene.actions();
    let Some(Action::EditInstance { revision, value, .. }) = written.last() else { panic!("{written:?}") };
    let meta = instance("/services/user/", "10.0.1.10:8080", None).meta;
    assert_eq!(*revision, meta.mod_revision + 9, "the revision that the difference is to");
    let text = String::from_utf8_lossy(value);
    assert!(text.contains("\"weight\": 7") && text.contains("stable"), "{text}");
}

#[test]
fn a_registration_without_room_for_a_weight_says_why() {
    let mut scene = Setting::default().play(asked("10.0.1.10:8080"));
    scene.type_into("Weight", "5");
    assert!(scene.sees("It has no place for a weight"));
    let button = scene.harness.get_by_role_and_label(Role::Button, "Write");
    assert!(button.accesskit_node().is_disabled());
}
