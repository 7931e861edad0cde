//! Schemas: what breaks them is marked, and is never written by accident.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key as Keyboard, Modifiers};
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::dialog::Dialog;
use etcdscope::model::document::SaveState;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::schema::{RuleSchema, SchemaRule};
use etcdscope::model::world::World;
use etcdscope::ui::{dialogs, editor};

use crate::editor::{document, first, world_of};
use crate::support::{Scene, Setting, key, value};

const LIMIT: &str = "/config/production/gateway/ratelimit/order-create";
const SCHEMA_KEY: &str = "/config/schema/gateway/ratelimit";
const GOOD: &str =
    "{\n  \"resource\": \"order-create\",\n  \"limit\": 200,\n  \"strategy\": \"token-bucket\"\n}\n";
const BAD: &str =
    "{\n  \"resource\": \"order-create\",\n  \"limit\": 0,\n  \"strategy\": \"hope\",\n  \"more\": 1\n}\n";
const SCHEMA: &str = r#"{
  "title": "Rate limit",
  "type": "object",
  "required": ["resource", "limit", "strategy"],
  "properties": {
    "resource": {"type": "string", "title": "Resource"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 10000, "title": "Limit", "description": "Requests let through"},
    "strategy": {"enum": ["token-bucket", "leaky-bucket"]},
    "burst": {"type": "boolean", "default": false},
    "paths": {"type": "array", "items": {"type": "string"}}
  },
  "additionalProperties": false
}
"#;

fn put_schema(world: &mut World, schema: &str, revision: i64) {
    let session = &mut world.sessions[0];
    let meta = KeyMeta { create_revision: 9, mod_revision: revision, version: 1, lease: 0 };
    session.keyspace.put(SCHEMA_KEY.as_bytes(), meta, Some(value(schema)));
    session.refresh_schemas();
}

/// A key with a schema, and this draft of it.
fn limited(base: &str, draft: Option<&str>) -> World {
    let mut document = document(LIMIT, base.as_bytes());
    document.draft = draft.map(value);
    let mut world = world_of(vec![document]);
    put_schema(&mut world, SCHEMA, 10);
    world
}

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        stage.state.editor.take_requests(&mut stage.state.requests);
        editor::show(ui, &stage.world, &mut stage.state.editor, actions);
    })
}

fn english(world: World) -> Scene {
    play(Setting::default().size(940.0, 620.0), world)
}

/// Waits until something is on screen: checks run beside the window.
fn wait(scene: &mut Scene, text: &str) {
    wait_until(scene, text, |scene| scene.sees(text));
}

fn wait_until(scene: &mut Scene, what: &str, holds: impl Fn(&Scene) -> bool) {
    let start = Instant::now();
    while !holds(scene) {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
        scene.harness.step();
    }
    scene.settle();
}

#[test]
fn what_breaks_the_schema_is_listed_and_leads_to_its_line() {
    let mut scene = english(limited(GOOD, Some(BAD)));
    wait(&mut scene, "Line 3: limit: must be at least 1");
    assert!(scene.sees("Line 4: strategy: must be one of \"token-bucket\", \"leaky-bucket\""));
    assert!(scene.sees("Line 5: \"more\" is not foreseen"));
    assert!(scene.sees("This value breaks /config/schema/gateway/ratelimit"));
    assert!(scene.sees("0 requests, hope"), "what it says in short");
    scene.picture("schema-problems");
    scene.press("Line 4: strategy: must be one of \"token-bucket\", \"leaky-bucket\"");
    scene.harness.event(egui::Event::Text("X".into()));
    scene.settle();
    let typed = scene.actions().into_iter().rev().find_map(|action| match action {
        Action::EditDraft { value, .. } => Some(String::from_utf8_lossy(&value).into_owned()),
        _ => None,
    });
    assert_eq!(typed, Some(BAD.replace("\"hope\"", "X\"hope\"")));
}

#[test]
fn marks_follow_a_schema_that_someone_else_changes() {
    let mut scene = english(limited(GOOD, None));
    wait(&mut scene, "Fits /config/schema/gateway/ratelimit");
    scene.change(|world| put_schema(world, &SCHEMA.replace("\"maximum\": 10000", "\"maximum\": 100"), 11));
    wait(&mut scene, "Line 3: limit: must be at most 100");
    scene.change(|world| put_schema(world, "{\"type\": ", 12));
    wait(&mut scene, "the schema itself is broken");
    scene.picture("schema-broken");
    scene.change(|world| put_schema(world, SCHEMA, 13));
    wait(&mut scene, "Fits /config/schema/gateway/ratelimit");
}

#[test]
fn what_breaks_the_schema_is_saved_only_when_that_is_said() {
    let mut world = limited(GOOD, Some(BAD));
    first(&mut world).save = SaveState::Reviewing;
    let mut scene = english(world);
    scene.key(Modifiers::COMMAND, Keyboard::Enter);
    assert_eq!(scene.actions(), [], "nothing is saved before it is known");
    wait(&mut scene, "Save although it breaks /config/schema/gateway/ratelimit");
    scene.picture("schema-review");
    scene.press("Save");
    scene.key(Modifiers::COMMAND, Keyboard::Enter);
    scene.harness.state_mut().state.requests.push(UserCommand::Save);
    scene.settle();
    assert_eq!(scene.actions(), [], "not by click, not by shortcut, not by command");
    scene.press("Save although it breaks /config/schema/gateway/ratelimit");
    scene.press("Save");
    assert_eq!(scene.actions(), [Action::Save(key(LIMIT))]);
    // Another schema has other things against it: what was said does not count for that.
    scene.change(|world| put_schema(world, "{\"required\": [\"owner\"]}", 11));
    wait(&mut scene, "“owner” is missing");
    scene.press("Save");
    scene.key(Modifiers::COMMAND, Keyboard::Enter);
    assert_eq!(scene.actions(), []);
    // Nor for another value: a restore, a merge.
    scene.change(|world| {
        put_schema(world, SCHEMA, 12);
        let document = first(world);
        document.draft = Some(value("{}"));
        document.draft_generation += 1;
    });
    wait(&mut scene, "“resource” is missing");
    scene.press("Save");
    assert_eq!(scene.actions(), []);
    scene.change(|world| {
        let document = first(world);
        document.draft = Some(value(&GOOD.replace("200", "300")));
        document.draft_generation += 1;
    });
    wait_until(&mut scene, "the box goes", |scene| !scene.sees("Save although"));
    wait_until(&mut scene, "it can be saved", |scene| !scene.sees("being held against"));
    scene.press("Save");
    assert_eq!(scene.actions(), [Action::Save(key(LIMIT))]);
}

#[test]
fn a_broken_schema_lets_nothing_pass_unsaid() {
    let mut world = limited(GOOD, Some(&GOOD.replace("200", "300")));
    put_schema(&mut world, "{\"type\": \"objekt\"}", 11);
    first(&mut world).save = SaveState::Reviewing;
    let mut scene = english(world);
    wait(&mut scene, "the schema itself is broken");
    scene.press("Save");
    assert_eq!(scene.actions(), []);
    scene.press("Save although it breaks /config/schema/gateway/ratelimit");
    scene.press("Save");
    assert_eq!(scene.actions(), [Action::Save(key(LIMIT))]);
}

#[test]
fn what_is_only_recognised_warns_and_holds_nothing_back() {
    let mut document = document(LIMIT, GOOD.as_bytes());
    document.draft = Some(value(BAD));
    let mut scene = english(world_of(vec![document]));
    wait(&mut scene, "Looks like: Rate limit, but does not fit");
    assert!(scene.sees("Line 3: limit: must be at least 1"));
    scene.picture("schema-recognised");
    scene.change(|world| first(world).save = SaveState::Reviewing);
    scene.press("Save");
    assert_eq!(scene.actions(), [Action::Save(key(LIMIT))]);
}

#[test]
fn a_new_key_is_held_against_its_schema_too() {
    let mut world = limited(GOOD, None);
    world.dialog = Some(Dialog::CreateKey { prefix: key("/config/staging/gateway/ratelimit/login") });
    let mut scene = Setting::default().play_with(world, |ui, stage, actions| {
        dialogs::show(ui, &stage.world, &mut stage.state.dialogs, actions);
    });
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, "Value").focus();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, "Value").type_text("{\"limit\": 0}");
    scene.settle();
    wait(&mut scene, "Save although it breaks /config/schema/gateway/ratelimit");
    wait(&mut scene, "Line 1: limit: must be at least 1");
    scene.press("Create key");
    scene.harness.get_by_role(Role::TextInput).focus();
    scene.settle();
    scene.key(Modifiers::NONE, Keyboard::Enter);
    assert!(!scene.actions().iter().any(|action| matches!(action, Action::Create { .. })));
    scene.picture("schema-create");
    scene.press("Save although it breaks /config/schema/gateway/ratelimit");
    wait_until(&mut scene, "settled", |scene| !scene.sees("being held"));
    scene.press("Create key");
    assert!(scene.actions().iter().any(|action| matches!(action, Action::Create { .. })));
}

#[test]
fn the_chip_opens_the_schema_and_attaches_one() {
    let mut scene = english(limited(GOOD, None));
    wait(&mut scene, "Fits /config/schema/gateway/ratelimit");
    scene.press("Fits /config/schema/gateway/ratelimit");
    assert!(scene.sees("config/*/gateway/ratelimit/**"), "why it applies");
    scene.picture("schema-menu");
    scene.press("Open the schema");
    assert_eq!(scene.actions(), [Action::OpenKey(key(SCHEMA_KEY))]);
    scene.press("Fits /config/schema/gateway/ratelimit");
    scene.press("Attach a schema to this folder…");
    scene.picture("schema-attach");
    scene.press("Attach");
    let actions = scene.actions();
    let [Action::ChangeSchemas(settings)] = actions.as_slice() else { panic!("{actions:?}") };
    let rule = SchemaRule {
        pattern: "/config/production/gateway/ratelimit/**".into(),
        schema: RuleSchema::Key(SCHEMA_KEY.into()),
    };
    assert_eq!(settings.rules, [rule]);
}

#[test]
fn a_value_becomes_the_draft_of_a_schema() {
    let mut scene = english(world_of(vec![document("/config/production/order/db.json", b"{\"port\": 80}")]));
    wait(&mut scene, "No schema");
    scene.press("No schema");
    scene.press("Make a schema of this value…");
    let actions = scene.actions();
    let [Action::OpenKey(opened), Action::ReplaceDraft { key: drafted, value }] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    assert_eq!(
        (opened, drafted),
        (&key("/config/schema/order/db.json"), &key("/config/schema/order/db.json"))
    );
    assert!(String::from_utf8_lossy(value).contains("\"integer\""));
}

#[test]
fn it_reads_well_everywhere() {
    let looks = |setting: Setting, name: &str, waits_for: &str| {
        let mut scene = setting.play(limited(GOOD, Some(BAD)));
        wait(&mut scene, waits_for);
        scene.picture(name);
    };
    looks(Setting::default().light(), "schema-light", "Line 3");
    looks(Setting::default().size(960.0, 600.0), "schema-narrow", "Line 3");
    looks(Setting::default().size(940.0, 620.0).chinese(), "schema-chinese", "第 3 行");
}

/// The value of the last draft that was pushed.
fn replaced(scene: &mut Scene) -> Option<String> {
    scene.actions().into_iter().rev().find_map(|action| match action {
        Action::ReplaceDraft { value, .. } => Some(String::from_utf8_lossy(&value).into_owned()),
        _ => None,
    })
}

/// Presses a button of the form. One is heard only once the form shows what is in the text.
fn press_in_form(scene: &mut Scene, name: &str) -> String {
    let start = Instant::now();
    loop {
        scene.press(name);
        if let Some(text) = replaced(scene) {
            return put(scene, text);
        }
        assert!(start.elapsed() < Duration::from_secs(30), "never heard: {name}");
    }
}

/// Does what the dispatcher would do with the newest draft.
fn take(scene: &mut Scene) -> String {
    let text = replaced(scene).expect("a draft");
    put(scene, text)
}

fn put(scene: &mut Scene, text: String) -> String {
    scene.change(|world| {
        let document = first(world);
        document.draft = Some(value(&text));
        document.draft_generation += 1;
    });
    text
}

#[test]
fn the_form_changes_one_value_and_leaves_the_rest_of_the_text() {
    let text = "{ \"limit\" : 200,\n\n  \"resource\": \"order-create\", \"strategy\": \"token-bucket\" }\n";
    let mut scene = english(limited(text, None));
    wait(&mut scene, "Fits");
    scene.press("Both");
    scene.picture("schema-form-both");
    scene.harness.get_by_role_and_label(Role::TextInput, "limit").focus();
    scene.settle();
    scene.key(Modifiers::NONE, Keyboard::End);
    scene.harness.get_by_role_and_label(Role::TextInput, "limit").type_text("5");
    scene.settle();
    assert_eq!(take(&mut scene), text.replace("200", "2005"));
    scene.harness.get_by_role_and_label(Role::TextInput, "limit").type_text("x");
    scene.settle();
    assert_eq!(replaced(&mut scene), None, "what is no number leaves the text alone");
    assert!(scene.sees("This is no such number"));
    assert_eq!(
        press_in_form(&mut scene, "Add to paths"),
        text.replace("200", "2005").replace("\" }", "\", \"paths\": [\"\"] }")
    );
    wait(&mut scene, "paths[0]");
    assert_eq!(press_in_form(&mut scene, "Remove paths"), text.replace("200", "2005"));
    // The text changes the form.
    scene.change(|world| {
        let document = first(world);
        document.draft = Some(value(&text.replace("200", "0")));
        document.draft_generation += 1;
    });
    wait(&mut scene, "Line 1: limit: must be at least 1");
    assert!(scene.sees("must be at least 1"));
    scene.press("Form");
    scene.picture("schema-form");
    assert!(scene.harness.query_by_role(Role::MultilineTextInput).is_none(), "the form stands alone");
}

#[test]
fn a_choice_is_made_in_the_form() {
    let mut scene = english(limited(GOOD, None));
    wait(&mut scene, "Fits");
    scene.press("Form");
    scene.harness.get_by_role_and_label(Role::ComboBox, "strategy").click();
    scene.settle();
    scene.press("leaky-bucket");
    assert_eq!(replaced(&mut scene), Some(GOOD.replace("token-bucket", "leaky-bucket")));
}

#[test]
fn a_form_in_a_narrow_chinese_window() {
    let mut scene = Setting::default().size(960.0, 600.0).light().chinese().play(limited(GOOD, Some(BAD)));
    wait(&mut scene, "第 3 行");
    scene.press("表单");
    scene.picture("schema-form-chinese-narrow");
    assert!(scene.sees("不得小于 1"));
}

#[test]
fn rules_are_made_in_the_form_of_a_connection() {
    let mut world = World { stored_loaded: true, ..World::default() };
    world.profiles = vec![etcdscope::model::profile::Profile {
        name: "prod".into(),
        endpoints: vec!["etcd-1:2379".into()],
        ..Default::default()
    }];
    let mut scene = Setting::default().size(1_280.0, 1_700.0).play(world);
    let profile = scene.harness.state().world.profiles[0].clone();
    scene.harness.state_mut().state.connect.edit(&profile);
    scene.settle();
    scene.press("Add a rule");
    scene.type_into("Keys of rule 1", "config/*/order/**");
    scene.harness.get_by_role_and_label(Role::ComboBox, "Schema of rule 1").click();
    scene.settle();
    scene.press("Rate limit");
    scene.type_into("Which schema applies to this key?", "/config/production/order/a/b");
    assert!(scene.sees("Rate limit. A rule of this connection is for config/*/order/**."));
    scene.picture("schema-rules");
    scene.press("Save");
    let kept = scene.actions().into_iter().find_map(|action| match action {
        Action::KeepProfile { profile, .. } => Some(profile.schemas),
        _ => None,
    });
    let rule =
        SchemaRule { pattern: "config/*/order/**".into(), schema: RuleSchema::Kind("rate_limit".into()) };
    assert_eq!(kept.expect("kept").rules, [rule]);
    scene.press("Remove rule 1");
    assert!(!scene.sees("Keys of rule 1"));
}
