//! The rules about services, locks and elections in the form of a connection.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::coordination::CoordinationSettings;
use etcdscope::model::coordination::rules::{Rule, RuleKind};
use etcdscope::model::world::World;

use crate::support::{Scene, Setting, live_world};

/// Tall enough for the whole form.
fn form(world: World) -> Scene {
    let mut scene = Setting::default().size(1_280.0, 2_200.0).play(world);
    scene.type_into("Endpoint 1", "etcd-1:2379");
    scene
}

fn choose(scene: &mut Scene, number: usize, kind: &str) {
    let name = format!("What keys of rule {number} are");
    scene.harness.get_by_role_and_label(Role::ComboBox, &name).click();
    scene.settle();
    scene.press(kind);
}

fn connected(scene: &mut Scene) -> Option<CoordinationSettings> {
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Connect").click();
    scene.settle();
    scene.actions().into_iter().find_map(|action| match action {
        Action::Connect(request) => Some(request.profile.coordination),
        _ => None,
    })
}

fn replace(scene: &mut Scene, name: &str, text: &str) {
    scene.harness.get_by_role_and_label(Role::TextInput, name).focus();
    scene.settle();
    scene.key(egui::Modifiers::COMMAND, egui::Key::A);
    scene.type_into(name, text);
}

#[test]
fn rules_are_added_and_removed_and_kept_as_typed() {
    let mut scene = form(World::default());
    scene.press("Add a rule for services and locks");
    scene.type_into("Prefix of rule 1", "/gates/");
    choose(&mut scene, 1, "Locks");
    scene.type_into("Owner of rule 1", "host=(.*)");
    scene.press("Add a rule for services and locks");
    scene.type_into("Prefix of rule 2", "/fleet");
    scene.picture("connect-rules");
    let rule = |prefix: &str, kind, owner: Option<&str>| Rule {
        prefix: prefix.to_owned(),
        kind,
        owner: owner.map(str::to_owned),
    };
    let lock = rule("/gates/", RuleKind::Lock, Some("host=(.*)"));
    let service = rule("/fleet", RuleKind::Service, None);
    let settings = connected(&mut scene).expect("it is connected to");
    assert_eq!(settings, CoordinationSettings { rules: vec![lock, service.clone()], ..settings.clone() });
    scene.press("Remove rule 1 for services and locks");
    assert_eq!(connected(&mut scene).expect("it is connected to").rules, [service]);
}

#[test]
fn a_pattern_that_is_none_is_told_at_its_field_and_nothing_is_tried() {
    let mut scene = form(World::default());
    scene.press("Add a rule for services and locks");
    scene.type_into("Prefix of rule 1", "/gates/");
    choose(&mut scene, 1, "Elections");
    scene.type_into("Owner of rule 1", "host=(");
    assert!(scene.sees("This is not a regular expression that can be used: unclosed group"));
    scene.picture("connect-rules-invalid");
    assert_eq!(connected(&mut scene), None);
    scene.type_into("Owner of rule 1", ")");
    assert!(!scene.sees("This is not a regular expression"));
    assert!(connected(&mut scene).is_some());
}

#[test]
fn numbers_of_heartbeat_and_alert_must_make_sense() {
    let mut scene = form(World::default());
    replace(&mut scene, "Report is late after, in seconds", "20");
    assert!(scene.sees("It must be late before it counts as down"));
    assert_eq!(connected(&mut scene), None);
    replace(&mut scene, "Instance counts as down after, in seconds", "60");
    replace(&mut scene, "Mark an election after more changes than", "x");
    assert!(scene.sees("Changes from 1 to 10000"));
    replace(&mut scene, "Mark an election after more changes than", "9");
    let settings = connected(&mut scene).expect("it is connected to");
    assert_eq!((settings.late_secs, settings.down_secs, settings.alert_changes), (20, 60, 9));
}

#[test]
fn of_an_open_connection_it_is_told_how_many_keys_a_prefix_has() {
    let mut world = live_world();
    world.active = None;
    world.profiles = vec![world.sessions[0].profile.clone()];
    let mut scene = Setting::default().size(1_280.0, 2_200.0).play(world);
    scene.harness.get_by_role_and_label(Role::ListItem, "prod-eu").click();
    scene.settle();
    scene.press("Add a rule for services and locks");
    scene.type_into("Prefix of rule 1", "/config/common/");
    assert!(scene.sees("Keys now: 2"));
}

#[test]
fn rules_in_a_small_light_and_chinese_window() {
    let mut scene = Setting::default().size(1_024.0, 2_200.0).light().chinese().play(World::default());
    scene.press("添加服务与锁规则");
    scene.type_into("规则 1 的前缀", "/gates/");
    scene.picture("connect-rules-small-zh");
    assert!(scene.sees("服务、锁与选举"));
}
