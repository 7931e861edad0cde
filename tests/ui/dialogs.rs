//! What is asked before something is done.

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::{Action, ConfirmedDelete};
use etcdscope::model::bytes::Key;
use etcdscope::model::dialog::{BlastRadius, ChosenFile, Dialog, FileQuestion};
use etcdscope::model::profile::ProfileColour;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord};
use etcdscope::model::transfer::{ExportFormat, ExportRequest};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;
use etcdscope::model::write::BatchStep;
use etcdscope::ui::{dialogs, keys};

use crate::support::{NOW, Scene, Setting, key, live_world, value};

/// Plays a dialog above the keys screen.
fn play(setting: Setting, dialog: Dialog, mut world: World) -> Scene {
    world.dialog = Some(dialog);
    setting.play_with(world, |ui, stage, actions| {
        keys::show(ui, &stage.world, &mut stage.state, actions);
        dialogs::show(ui, &stage.world, &mut stage.state.dialogs, actions);
    })
}

fn disabled(scene: &Scene, button: &str) -> bool {
    scene.harness.get_by_role_and_label(Role::Button, button).accesskit_node().is_disabled()
}

/// Replaces the text of a field.
fn retype(scene: &mut Scene, field: &str, text: &str) {
    scene.harness.get_by_role_and_label(Role::TextInput, field).focus();
    scene.settle();
    scene.key(Modifiers::COMMAND, Press::A);
    scene.harness.get_by_role_and_label(Role::TextInput, field).type_text(text);
    scene.settle();
}

fn radius() -> BlastRadius {
    BlastRadius {
        keys: 341,
        leased: 12,
        held: vec![key("/locks/deploy"), key("/elections/scheduler")],
        sample: (1..=5).map(|n| key(&format!("/config/production/service-{n}/settings.json"))).collect(),
    }
}

fn delete_dialog(type_to_confirm: Option<&str>) -> Dialog {
    Dialog::Delete {
        roots: vec![TreeItem::folder(key("/config/production/"))],
        radius: radius(),
        steps: vec![BatchStep::Delete { key: key("/config/production/a"), revision: 7 }],
        type_to_confirm: type_to_confirm.map(str::to_owned),
    }
}

#[test]
fn deleting_in_production_says_the_radius_and_asks_for_the_name() {
    let mut world = live_world();
    world.sessions[0].profile.colour = ProfileColour::Red;
    let dialog = delete_dialog(Some("prod-eu"));
    let mut scene = play(Setting::default(), dialog.clone(), world);
    scene.picture("dialog-delete");
    for words in ["341 keys", "12 with a lease", "2 held", "/locks/deploy", "/elections/scheduler"] {
        assert!(scene.sees(words) || scene.harness.query_all_by_value(words).next().is_some(), "{words}");
    }
    assert!(disabled(&scene, "Delete 341 keys"));
    scene.type_into("Type prod-eu to confirm", "prod");
    assert!(disabled(&scene, "Delete 341 keys"), "half of the name is not the name");
    scene.key(Modifiers::NONE, Press::Enter);
    assert!(!scene.actions().iter().any(|action| matches!(action, Action::Delete(_))));
    scene.type_into("Type prod-eu to confirm", "-eu");
    scene.press("Delete 341 keys");
    let confirmed = ConfirmedDelete::confirm(&dialog, "prod-eu").expect("the name is right");
    assert!(scene.actions().contains(&Action::Delete(confirmed)));
}

#[test]
fn escape_deletes_nothing() {
    let mut scene = play(Setting::default().light(), delete_dialog(None), live_world());
    scene.picture("dialog-delete-light");
    scene.key(Modifiers::NONE, Press::Escape);
    assert_eq!(scene.actions(), vec![Action::CloseDialog]);
}

#[test]
fn a_new_key_is_typed_with_escapes_and_must_not_exist() {
    let mut scene = play(Setting::default(), Dialog::CreateKey { prefix: key("/config/") }, live_world());
    scene.harness.get_by_role_and_label(Role::TextInput, "Key").type_text(r"\q");
    scene.settle();
    scene.picture("dialog-create");
    assert!(scene.sees("Unknown escape at character 9"));
    assert!(disabled(&scene, "Create key"));
    retype(&mut scene, "Key", "/config/common/limits.yaml");
    assert!(scene.sees("This key exists already.") && disabled(&scene, "Create key"));
    retype(&mut scene, "Key", r"/config/\xff\x00");
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, "Value").focus();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, "Value").type_text("x: 1");
    scene.settle();
    scene.actions();
    scene.press("Create key");
    let created = Action::Create { key: Key::from(&b"/config/\xff\x00"[..]), value: value("x: 1") };
    assert_eq!(scene.actions(), vec![created]);
}

fn move_dialog(from: &str, copy: bool) -> Dialog {
    let sample = vec![key("/config/staging/api-gateway/routes.json")];
    let radius = BlastRadius { keys: 1, leased: 1, held: Vec::new(), sample };
    Dialog::Move { from: TreeItem::folder(key(from)), copy, radius }
}

#[test]
fn a_folder_is_renamed_to_a_path_that_ends_like_one() {
    let mut scene = play(Setting::default(), move_dialog("/config/staging/", false), live_world());
    assert!(disabled(&scene, "Rename 1 key"), "to itself");
    retype(&mut scene, "New path", "/config/test");
    scene.picture("dialog-rename");
    assert!(
        scene.sees("/config/staging/api-gateway/routes.json → /config/test/api-gateway/routes.json")
            || scene
                .harness
                .query_all_by_value(
                    "/config/staging/api-gateway/routes.json → /config/test/api-gateway/routes.json"
                )
                .next()
                .is_some()
    );
    scene.actions();
    scene.press("Rename 1 key");
    let from = TreeItem::folder(key("/config/staging/"));
    let renamed = Action::Move { from, to: key("/config/test/"), copy: false, keep_lease: true };
    assert_eq!(scene.actions(), vec![renamed]);
}

#[test]
fn targets_that_exist_are_said_and_refused() {
    let mut scene = play(Setting::default(), move_dialog("/config/staging/", true), live_world());
    retype(&mut scene, "New path", "/config/production");
    assert!(scene.sees("1 of the new keys exist already") && disabled(&scene, "Duplicate 1 key"));
    retype(&mut scene, "New path", "/config/else");
    scene.press("Attach the copies to the same leases");
    scene.picture("dialog-copy");
    scene.actions();
    scene.press("Duplicate 1 key");
    let from = TreeItem::folder(key("/config/staging/"));
    let copied = Action::Move { from, to: key("/config/else/"), copy: true, keep_lease: true };
    assert_eq!(scene.actions(), vec![copied]);
}

#[test]
fn a_deleted_key_comes_back_by_enter() {
    let mut world = live_world();
    let gone = key("/services/user/10.0.1.9");
    let meta = KeyMeta::default();
    let prev = KeyRecord { key: gone.clone(), meta, value: Some(value("{}")) };
    let change = KeyChange { key: gone.clone(), kind: ChangeKind::Delete, prev: Some(prev) };
    world.sessions[0].activity.note(&change, 9, NOW, &[]);
    let dialog = Dialog::Undelete { key: gone.clone() };
    let mut scene = play(Setting::default(), dialog, world);
    scene.picture("dialog-undelete");
    scene.key(Modifiers::NONE, Press::Enter);
    assert_eq!(scene.actions(), vec![Action::Undelete(gone)]);
}

#[test]
fn closing_a_draft_offers_to_save_it_first() {
    let closing = key("/config/common/limits.yaml");
    let dialog = || Dialog::CloseDirty { key: closing.clone() };
    let mut scene = play(Setting::default(), dialog(), live_world());
    scene.picture("dialog-close");
    scene.press("Review and save…");
    assert!(scene.actions().contains(&Action::Review(closing.clone())));
    drop(scene);
    let mut scene = play(Setting::default(), dialog(), live_world());
    scene.press("Discard and close");
    assert!(scene.actions().contains(&Action::DiscardAndClose(closing.clone())));
}

#[test]
fn an_export_names_its_file_and_takes_the_one_chosen() {
    let dialog = Dialog::Export { what: TreeItem::folder(key("/config/")), keys: 6 };
    let mut scene = play(Setting::default(), dialog, live_world());
    scene.press("Browse…");
    let asked = FileQuestion::ExportTo("prod-eu-config-r182334.json".into());
    assert!(scene.actions().contains(&Action::ChooseFile(asked.clone())));
    scene.change(|world| {
        world.chosen_file = Some(ChosenFile { serial: 1, question: asked, path: "/tmp/out.json".into() });
    });
    scene.press("YAML");
    scene.picture("dialog-export");
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Export").click();
    scene.settle();
    let prefix = b"/config/".to_vec();
    let request =
        ExportRequest { prefix, only_key: false, format: ExportFormat::Yaml, path: "/tmp/out.yaml".into() };
    assert_eq!(scene.actions(), vec![Action::Export(request)]);
}

#[test]
fn dialogs_speak_chinese() {
    let mut scene = play(Setting::default().chinese().light(), delete_dialog(Some("prod-eu")), live_world());
    scene.picture("dialog-delete-zh");
    assert!(scene.sees("删除 341 个键"));
}

#[test]
fn a_key_alone_is_exported_not_all_that_begin_with_it() {
    let mut world = live_world();
    for name in ["/a/", "/a/b", "/a/c/"] {
        world.sessions[0].keyspace.put(name.as_bytes(), KeyMeta::default(), Some(value("x")));
    }
    let dialog = Dialog::Export { what: TreeItem::key(key("/a/")), keys: 1 };
    let mut scene = play(Setting::default(), dialog, world);
    assert!(
        scene
            .harness
            .query_all_by_role(Role::Label)
            .any(|label| { label.value().is_some_and(|words| words.starts_with("1 key now")) })
    );
    retype(&mut scene, "File", "/tmp/out.json");
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Export").click();
    scene.settle();
    let prefix = b"/a/".to_vec();
    let path = || "/tmp/out.json".into();
    let alone = ExportRequest { prefix, only_key: true, format: ExportFormat::Json, path: path() };
    assert_eq!(scene.actions(), vec![Action::Export(alone.clone())]);
    scene.press("Only this key, not all that begin with it");
    assert!(
        scene
            .harness
            .query_all_by_role(Role::Label)
            .any(|label| { label.value().is_some_and(|words| words.starts_with("3 keys now")) })
    );
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Export").click();
    scene.settle();
    assert_eq!(scene.actions(), vec![Action::Export(ExportRequest { only_key: false, ..alone })]);
}

#[test]
fn a_key_named_like_its_folder_is_renamed_as_a_key() {
    let mut world = live_world();
    for name in ["/a/", "/a/b"] {
        world.sessions[0].keyspace.put(name.as_bytes(), KeyMeta::default(), Some(value("x")));
    }
    let from = TreeItem::key(key("/a/"));
    let radius = BlastRadius { keys: 1, sample: vec![key("/a/")], ..BlastRadius::default() };
    let dialog = Dialog::Move { from: from.clone(), copy: false, radius };
    let mut scene = play(Setting::default(), dialog, world);
    retype(&mut scene, "New key", "/new");
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Rename").click();
    scene.settle();
    let renamed = Action::Move { from, to: key("/new"), copy: false, keep_lease: true };
    assert_eq!(scene.actions(), vec![renamed], "no separator is added, and nothing else moves");
}
