//! Layers of configuration: what an environment has, two side by side, and values on their way.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::layers::LayerSettings;
use etcdscope::model::plan::PlanGoal;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::Screen;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;

use crate::support::{NOW, Scene, Setting, key, live_world, value};

const KEYS: [(&str, &str); 20] = [
    ("/config/common/cache", r#"{"ttlSeconds": 300, "maxEntries": 10000, "evict": "lru"}"#),
    (
        "/config/common/database.yaml",
        "host: localhost:5432\nuser: shop\npassword: change-me\npool:\n  maximum: 8\nssl: false\n",
    ),
    ("/config/common/limits.toml", "[http]\nmax_body_bytes = 1_048_576\n\n[retry]\nattempts = 3\n"),
    ("/config/common/logging", r#"{"level": "INFO"}"#),
    ("/config/common/support.mail", "support@example.com"),
    ("/config/common/order-service/timeout", "2s"),
    ("/config/development/logging", r#"{"level": "DEBUG"}"#),
    ("/config/staging/cache", r#"{"ttlSeconds": 60, "maxEntries": 10000, "evict": "lru"}"#),
    ("/config/staging/logging", r#"{"level": "INFO"}"#),
    ("/config/staging/order-service/timeout", "5s"),
    ("/config/production/cache", r#"{"ttlSeconds": 900, "maxEntries": 200000, "evict": "lfu"}"#),
    (
        "/config/production/database.yaml",
        "host: pg-primary.internal:5432\nuser: shop\npassword: s3cret\npool:\n  maximum: 40\nssl: true\n",
    ),
    ("/config/production/logging", r#"{"level": "WARN"}"#),
    ("/config/production/gateway/routes", r#"[{"path": "/api/*"}]"#),
    ("/config/production/order-service/timeout", "2s"),
    ("/config/schema/route.json", "{}"),
    ("/apps/billing/application.yaml", "server:\n  port: 8090\nlogging:\n  level: INFO\n"),
    ("/apps/billing/application-production.yaml", "logging:\n  level: WARN\n"),
    ("/services/user/10.0.1.7", "x"),
    ("/services/user/10.0.1.8", "y"),
];

fn put(world: &mut World, name: &str, text: Option<&str>, revision: i64) {
    let meta = KeyMeta { create_revision: 5, mod_revision: revision, version: 1, lease: 0 };
    world.sessions[0].keyspace.put(name.as_bytes(), meta, text.map(value));
}

fn world_of(keys: &[(&str, &str)]) -> World {
    let mut world = live_world();
    world.sessions[0].screen = Screen::Environments;
    world.sessions[0].keyspace = Keyspace::new(b'/');
    for (revision, (name, text)) in (100..).zip(keys) {
        put(&mut world, name, Some(text), revision);
    }
    world
}

fn world() -> World {
    world_of(&KEYS)
}

fn play(setting: Setting, world: World) -> Scene {
    setting.play(world)
}

/// Lets work beside the window come to its end.
fn wait_for(scene: &mut Scene, text: &str) {
    let started = Instant::now();
    while !scene.sees(text) {
        assert!(started.elapsed() < Duration::from_secs(30), "waited in vain for {text}");
        scene.harness.run_steps(1);
        std::thread::yield_now();
    }
    scene.settle();
}

/// Presses the one control of this role with this name.
fn press(scene: &mut Scene, role: Role, name: &str) {
    scene.harness.get_by_role_and_label(role, name).click();
    scene.settle();
}

/// Keys and what they become.
type Written = Vec<(String, Option<String>)>;

fn planned(scene: &mut Scene) -> Option<(String, Written)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    scene.actions().into_iter().find_map(|action| match action {
        Action::Promote { goal: PlanGoal::Values { origin, values }, .. } => Some((
            origin,
            values.iter().map(|(key, value)| (text(key), value.as_deref().map(text))).collect(),
        )),
        _ => None,
    })
}

#[test]
fn production_is_shown_with_the_origin_of_each_value() {
    let mut scene = play(Setting::default(), world());
    scene.picture("environments-dark");
    for line in [
        "cache ttlSeconds, 900, from production, overrides",
        "limits.toml retry.attempts, 3, from common",
        "database.yaml user, shop, from production, same as common",
        "order-service/timeout, 2s, from production, same as common",
        "gateway/routes, [{\"path\": \"/api/*\"}], from production, only here",
        "support.mail, support@example.com, from common",
    ] {
        assert!(scene.sees(line), "{line}");
    }
    assert!(!scene.sees("route.json"), "a folder beside environments is none");
    press(&mut scene, Role::RadioButton, "staging");
    assert!(scene.sees("cache ttlSeconds, 60, from staging, overrides"));
    assert!(scene.sees("database.yaml host, localhost:5432, from common"));
}

#[test]
fn secrets_are_hidden_until_they_are_asked_for() {
    let mut scene = play(Setting::default(), world());
    assert!(!scene.sees("s3cret"));
    assert!(scene.sees("database.yaml password, ••••••••, from production, overrides"));
    scene.press("database.yaml password, ••••••••, from production, overrides");
    assert!(!scene.sees("s3cret") && !scene.sees("change-me"), "not in the detail either");
    scene.type_into("Filter values", "s3cret");
    assert!(scene.sees("Nothing found"), "what is hidden can not be guessed by searching");
    scene.press("Clear the filter");
    scene.harness.get_all_by_role_and_label(Role::Button, "Show secrets").next().unwrap().click();
    scene.settle();
    assert!(scene.sees("database.yaml password, s3cret, from production, overrides"));
    assert!(scene.sees("change-me"), "what the common layer says");
}

#[test]
fn the_detail_says_what_each_layer_has_and_opens_its_key() {
    let mut scene = play(Setting::default().light(), world());
    scene.press("cache ttlSeconds, 900, from production, overrides");
    scene.picture("environments-detail-light");
    let tops: Vec<f32> = ["900", "300", "60"]
        .iter()
        .map(|text| scene.harness.get_all_by_label(text).last().unwrap().rect().top())
        .collect();
    assert!(tops.is_sorted(), "the highest layer first, other environments last: {tops:?}");
    assert!(scene.sees("in force") && scene.sees("In other environments"));
    scene.actions();
    scene.press("Open /config/common/cache");
    assert!(scene.actions().contains(&Action::OpenKey(key("/config/common/cache"))));
}

#[test]
fn the_lines_follow_the_mirror() {
    let mut scene = play(Setting::default(), world());
    assert!(scene.sees("support.mail, support@example.com, from common"));
    scene.change(|world| put(world, "/config/common/support.mail", Some("help@example.com"), 900));
    wait_for(&mut scene, "support.mail, help@example.com, from common");
    scene.change(|world| put(world, "/config/production/support.mail", Some("vip@example.com"), 901));
    wait_for(&mut scene, "support.mail, vip@example.com, from production, overrides");
    scene.change(|world| drop(world.sessions[0].keyspace.remove(b"/config/production/support.mail")));
    wait_for(&mut scene, "support.mail, help@example.com, from common");
    scene.change(|world| put(world, "/config/qa/logging", Some("1"), 902));
    wait_for(&mut scene, "qa");
}

#[test]
fn lines_are_filtered_by_text_by_override_and_by_service() {
    let mut scene = play(Setting::default(), world());
    press(&mut scene, Role::CheckBox, "Only overridden");
    assert!(!scene.sees("limits.toml retry") && scene.sees("cache evict, lfu"));
    press(&mut scene, Role::CheckBox, "Only overridden");
    scene.type_into("Filter values", "PG-PRI");
    assert!(scene.sees("database.yaml host") && !scene.sees("cache evict"));
    scene.key(Modifiers::NONE, Press::Escape);
    assert!(scene.sees("cache evict"));
    press(&mut scene, Role::Tab, "order-service/, 1 values, 1 marked");
    assert!(scene.sees("order-service/timeout, 2s") && !scene.sees("cache evict"));
    press(&mut scene, Role::CheckBox, "By path");
    press(&mut scene, Role::Tab, "All services, 7 values, 4 marked");
    assert!(
        scene.sees(r#"cache, {"ttlSeconds": 900, "maxEntries": 200000, "evict": "lfu"}, from production"#)
    );
}

#[test]
fn two_environments_stand_side_by_side_with_their_differences() {
    let mut scene = play(Setting::default(), world());
    press(&mut scene, Role::RadioButton, "Compare");
    scene.picture("environments-compare-dark");
    for line in [
        "cache ttlSeconds, staging 60, production 900, differs",
        "gateway/routes, staging not there, production [{\"path\": \"/api/*\"}], only in production",
        "order-service/timeout, staging 5s, production 2s, differs",
    ] {
        assert!(scene.sees(line), "{line}");
    }
    assert!(!scene.sees("limits.toml"), "what is equal is not shown");
    press(&mut scene, Role::CheckBox, "Only differences");
    assert!(scene.sees("limits.toml retry.attempts, staging 3, production 3, equal"));
}

#[test]
fn a_selection_is_promoted_as_a_plan() {
    let mut scene = play(Setting::default(), world());
    assert!(!scene.sees("Promote to"));
    press(&mut scene, Role::CheckBox, "Select cache ttlSeconds");
    press(&mut scene, Role::CheckBox, "Select gateway/routes");
    assert!(scene.sees("2 selected"));
    scene.picture("environments-promote-dark");
    scene.actions();
    scene.press("Promote to staging…");
    let (origin, values) = planned(&mut scene).expect("a plan");
    assert_eq!(origin, "production → staging · /config/ · folders");
    let cache = KEYS[7].1.replace("60", "900");
    assert_eq!(
        values,
        [
            ("/config/staging/cache".to_owned(), Some(cache)),
            ("/config/staging/gateway/routes".to_owned(), Some(KEYS[13].1.to_owned())),
        ]
    );
    assert!(!scene.sees("selected"), "what has been handed on is no longer chosen");
}

#[test]
fn what_can_not_be_promoted_is_said_before_the_rest_is() {
    let mut scene = play(Setting::default(), world());
    press(&mut scene, Role::CheckBox, "Select order-service/timeout");
    press(&mut scene, Role::CheckBox, "Select support.mail");
    // Overrides are given up where there are some.
    scene.press("More");
    scene.press("Remove the overrides of production…");
    assert!(scene.sees("Left out: 1"), "support.mail is none");
    scene.picture("environments-left-out-dark");
    assert_eq!(planned(&mut scene), None);
    scene.press("Review the plan (1)");
    let (_, values) = planned(&mut scene).expect("a plan");
    assert_eq!(values, [("/config/production/order-service/timeout".to_owned(), None)]);
}

#[test]
fn everything_shown_is_chosen_at_once_and_given_up_again() {
    let mut scene = play(Setting::default(), world());
    press(&mut scene, Role::RadioButton, "Compare");
    scene.type_into("Filter values", "cache");
    press(&mut scene, Role::CheckBox, "Select everything shown");
    assert!(scene.sees("3 selected"), "what the filter hides is not chosen");
    scene.actions();
    scene.press("Promote to production…");
    let (_, values) = planned(&mut scene).expect("a plan");
    assert_eq!(values, [("/config/production/cache".to_owned(), Some(KEYS[7].1.to_owned()))]);
    press(&mut scene, Role::CheckBox, "Select everything shown");
    press(&mut scene, Role::CheckBox, "Select everything shown");
    assert!(!scene.sees("selected"));
}

#[test]
fn a_promotion_within_a_large_document_is_worked_out_beside_the_window() {
    let mut large = world();
    let text = format!("{{\"a\": [{}0], \"tail\": true}}", "1, ".repeat(60_000));
    put(&mut large, "/config/production/large.json", Some(&text), 700);
    let mut scene = play(Setting::default(), large);
    wait_for(&mut scene, "large.json tail, true, from production");
    press(&mut scene, Role::CheckBox, "Select large.json tail");
    scene.actions();
    scene.press("Promote to staging…");
    let started = Instant::now();
    let (_, values) = loop {
        if let Some(planned) = planned(&mut scene) {
            break planned;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "no plan");
        scene.harness.run_steps(1);
        std::thread::yield_now();
    };
    let written = "{\n  \"tail\": true\n}\n".to_owned();
    assert_eq!(values, [("/config/staging/large.json".to_owned(), Some(written))]);
}

#[test]
fn compared_values_go_either_way() {
    let mut scene = play(Setting::default(), world());
    press(&mut scene, Role::RadioButton, "Compare");
    press(&mut scene, Role::CheckBox, "Select order-service/timeout");
    scene.actions();
    scene.press("Promote to production…");
    let (_, values) = planned(&mut scene).expect("a plan");
    assert_eq!(values, [("/config/production/order-service/timeout".to_owned(), Some("5s".to_owned()))]);
}

#[test]
fn nothing_is_promoted_from_what_is_not_live_or_with_a_read_only_profile() {
    let mut stale = world();
    let fault = Fault::new(FaultKind::Unavailable, "gone");
    stale.sessions[0].state = MirrorState::Stale { since: NOW - 60_000, fault, retry_at: None };
    let mut scene = play(Setting::default(), stale);
    assert!(scene.sees("not live. Values may have changed"));
    press(&mut scene, Role::CheckBox, "Select cache ttlSeconds");
    let button = scene.harness.get_by_label("Promote to staging…");
    assert!(button.accesskit_node().is_disabled());
    drop(scene);
    let mut read_only = world();
    read_only.sessions[0].profile.read_only = true;
    let scene = play(Setting::default(), read_only);
    assert!(scene.sees("cache ttlSeconds") && !scene.sees("Select cache ttlSeconds"));
}

#[test]
fn the_keyboard_goes_through_the_lines_chooses_and_opens() {
    let mut scene = play(Setting::default(), world());
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::Space);
    assert!(scene.sees("1 selected"));
    let chosen = scene.harness.get_by_role_and_label(Role::CheckBox, "Select cache maxEntries");
    assert_eq!(chosen.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
    scene.actions();
    scene.key(Modifiers::NONE, Press::Enter);
    assert!(scene.actions().contains(&Action::OpenKey(key("/config/production/cache"))));
}

#[test]
fn another_place_is_chosen_from_the_list() {
    let mut scene = play(Setting::default(), world());
    scene.press("Place");
    scene.press("/apps/billing/ · application-… files");
    assert!(scene.sees("application.yaml logging.level, WARN, from production, overrides"));
    assert!(scene.sees("application.yaml server.port, 8090, from base file"));
    press(&mut scene, Role::CheckBox, "Select application.yaml logging.level");
    scene.picture("environments-files-dark");
}

#[test]
fn without_layers_the_convention_is_told_and_a_folder_can_be_set() {
    let mut scene = play(Setting::default(), world_of(&[("/cfg/zero/a", "1"), ("/cfg/blue/a", "2")]));
    assert!(scene.sees("No layered configuration found") && scene.sees("application-production.yaml"));
    scene.picture("environments-empty-dark");
    scene.press("Set the folder…");
    scene.type_into("Folder", "/cfg/");
    scene.type_into("Common layer", "zero");
    scene.picture("environments-settings-dark");
    scene.actions();
    scene.press("Save");
    let wanted = LayerSettings { base: "/cfg/".into(), common: "zero".into(), ..LayerSettings::default() };
    assert_eq!(scene.actions(), [Action::KeepLayers(Box::new(wanted.clone()))]);
    scene.change(|world| world.sessions[0].profile.layers = wanted);
    assert!(scene.sees("a, 2, from blue, overrides"));
}

#[test]
fn values_that_are_not_in_memory_are_asked_for_one_layer_after_the_other() {
    let mut cold = world();
    for (revision, (name, _)) in (100..).zip(KEYS) {
        put(&mut cold, name, None, revision);
    }
    let mut scene = play(Setting::default(), cold);
    wait_for(&mut scene, "not loaded");
    let asked: Vec<_> =
        scene.actions().into_iter().filter(|it| matches!(it, Action::ReadLayers(_))).collect();
    assert_eq!(asked.first(), Some(&Action::ReadLayers(key("/config/common/"))));
    assert!(scene.sees("cache, not loaded, from production"));
}

#[test]
fn the_effective_configuration_is_copied() {
    let mut scene = play(Setting::default(), world());
    scene.press("Copy the effective configuration");
    scene.press("YAML");
    let started = Instant::now();
    let copied = loop {
        scene.harness.run_steps(1);
        let copied = scene.actions().into_iter().find_map(|action| match action {
            Action::CopyText(text) => Some(text),
            _ => None,
        });
        if let Some(text) = copied {
            break text;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "nothing is copied");
        std::thread::yield_now();
    };
    assert!(copied.contains("cache:\n  ttlSeconds: 900\n"), "{copied}");
    assert!(copied.contains("support.mail: support@example.com\n"), "{copied}");
}

#[test]
fn large_trees_and_values_are_worked_out_beside_the_window() {
    let mut large = world();
    let text = format!("{{\"a\": [{}0], \"tail\": true}}", "1, ".repeat(60_000));
    put(&mut large, "/config/production/large.json", Some(&text), 700);
    for number in 0..3_000 {
        put(&mut large, &format!("/config/common/many/{number:04}"), Some("{\"x\": 1, \"y\": 2}"), 800);
    }
    let mut scene = play(Setting::default(), large);
    wait_for(&mut scene, "cache ttlSeconds, 900");
    wait_for(&mut scene, "large.json tail, true, from production");
    scene.press("large.json tail, true, from production, only here");
    scene.picture("environments-large-dark");
    press(&mut scene, Role::CheckBox, "By path");
    wait_for(&mut scene, "large.json, {");
}

#[test]
fn it_fits_small_and_large_windows_and_speaks_chinese() {
    let mut scene = play(Setting::default().size(820.0, 560.0), world());
    scene.press("cache ttlSeconds, 900, from production, overrides");
    press(&mut scene, Role::CheckBox, "Select cache ttlSeconds");
    scene.picture("environments-narrow-dark");
    drop(scene);
    let mut scene = play(Setting::default().size(2_400.0, 1_300.0).light(), world());
    press(&mut scene, Role::RadioButton, "Compare");
    scene.press("cache ttlSeconds, staging 60, production 900, differs");
    scene.picture("environments-wide-light");
    drop(scene);
    let mut scene = play(Setting::default().chinese(), world());
    assert!(scene.sees("cache ttlSeconds，900，来自 production, 覆盖"));
    scene.press("cache ttlSeconds，900，来自 production, 覆盖");
    scene.picture("environments-zh-dark");
}
