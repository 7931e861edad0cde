//! Notifications of the system in the form of a connection.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::coordination::rules::NotifySettings;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::notify::Notifying;
use etcdscope::model::world::World;

use crate::support::{Scene, Setting};

const HELD: &str = "A lock is held for longer than, in seconds";

/// Tall enough for the whole form.
fn form() -> Scene {
    let mut scene = Setting::default().size(1_280.0, 2_000.0).play(World::default());
    scene.type_into("Endpoint 1", "etcd-1:2379");
    scene
}

fn connected(scene: &mut Scene) -> Option<NotifySettings> {
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Connect").click();
    scene.settle();
    scene.actions().into_iter().find_map(|action| match action {
        Action::Connect(request) => Some(request.profile.coordination.notify),
        _ => None,
    })
}

#[test]
fn everything_is_off_until_it_is_switched_on() {
    let mut scene = form();
    assert_eq!(connected(&mut scene), Some(NotifySettings::default()));
    assert!(!NotifySettings::default().is_on());
    for name in [
        "An instance is down, or gone without deregistering",
        "An election has another leader, or none",
        "Owners of locks wait for each other (deadlock)",
    ] {
        scene.harness.get_by_role_and_label(Role::CheckBox, name).click();
        scene.settle();
    }
    scene.type_into(HELD, "90");
    let keys = "A key below one of these prefixes is written or deleted (one a line)";
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, keys).focus();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::MultilineTextInput, keys).type_text("/config/\n\n /flags/ ");
    scene.settle();
    scene.picture("connect-notify");
    let wanted = NotifySettings {
        instance_down: true,
        leader_changed: true,
        lock_held_secs: 90,
        deadlock: true,
        keys: vec!["/config/".to_owned(), "/flags/".to_owned()],
    };
    assert_eq!(connected(&mut scene), Some(wanted));
}

#[test]
fn a_time_that_is_none_is_told_at_its_field() {
    let mut scene = form();
    scene.type_into(HELD, "0");
    assert!(scene.sees("A number from 1 to 86400 is needed, or nothing"));
    scene.picture("connect-notify-invalid");
    assert_eq!(connected(&mut scene), None);
}

#[test]
fn a_test_notification_tells_whether_the_system_takes_it() {
    let mut scene = form();
    scene.actions();
    scene.press("Send a test notification");
    assert_eq!(scene.actions(), [Action::TestNotification]);
    scene.change(|world| world.notifying = Notifying::Taken);
    assert!(scene.sees("The system took it"));
    scene.change(|world| {
        world.notifying = Notifying::Failed(Fault::new(FaultKind::NoNotifications, "no such name"));
    });
    assert!(scene.sees("The system shows no notifications"));
    assert!(scene.sees("No notification service answers"));
    scene.picture("connect-notify-failed");
}

#[test]
fn the_form_in_a_small_light_and_chinese_window() {
    let mut scene = Setting::default().size(1_024.0, 2_000.0).light().chinese().play(World::default());
    scene.change(|world| world.notifying = Notifying::Taken);
    scene.picture("connect-notify-small-zh");
    assert!(scene.sees("系统通知") && scene.sees("系统已接收"));
}
