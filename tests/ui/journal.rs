//! What is recorded on this machine: its settings, and how it stands.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::journal::JournalStatus;
use etcdscope::model::world::World;
use etcdscope::ui::cluster;

use crate::support::{Scene, Setting, live_world};

fn play_cluster(setting: Setting, status: JournalStatus) -> Scene {
    let mut world = live_world();
    world.sessions[0].journal = status;
    setting.play_with(world, |ui, stage, actions| {
        cluster::show(ui, &stage.world, &mut stage.state.cluster, actions);
    })
}

fn recording() -> JournalStatus {
    let since = live_world().now - 3 * 24 * 60 * 60 * 1_000;
    JournalStatus {
        on: true,
        recorded_to: 48_213,
        since: Some((12_004, since)),
        bytes: 37 << 20,
        records: 182_340,
        ..JournalStatus::default()
    }
}

#[test]
fn the_cluster_screen_tells_how_the_journal_stands() {
    let mut scene = play_cluster(Setting::default(), recording());
    scene.picture("journal-recording-dark");
    assert!(scene.sees("Journal") && scene.sees("recording"));
    assert!(scene.sees("37.0 MiB, 182,340 versions and deletions"));
    // Scenes of both languages at once would wait for each other.
    drop(scene);
    let mut scene = play_cluster(Setting::default().chinese().light().size(900.0, 700.0), recording());
    scene.picture("journal-recording-zh");
    assert!(scene.sees("记录中"));
}

#[test]
fn a_journal_that_can_not_record_says_why_and_what_to_do() {
    let fault = Fault::new(FaultKind::DiskFull, "the journal: database or disk is full");
    let status = JournalStatus { fault: Some(fault), ..recording() };
    let mut scene = play_cluster(Setting::default().light(), status);
    scene.picture("journal-full-light");
    assert!(scene.sees("not recording") && scene.sees("The disk is full"));
    let advice = "Changes are not recorded until there is room; what is recorded stays. Free some space on the disk \
                  with the folder below. Recording then goes on by itself, and what was missed is shown as a gap.";
    let told = scene.sees(advice) || scene.harness.query_all_by_value(advice).next().is_some();
    assert!(told);
    drop(scene);
    let kept_aside = Some("/home/op/.local/share/etcdscope/journal/cafe.sqlite.broken".to_owned());
    let mut scene = play_cluster(Setting::default(), JournalStatus { kept_aside, ..recording() });
    scene.picture("journal-damaged-dark");
    drop(scene);
    let mut scene = play_cluster(Setting::default(), JournalStatus::default());
    scene.picture("journal-off-dark");
    assert!(scene.sees("off"));
}

#[test]
fn what_is_recorded_is_decided_in_the_connections_settings() {
    let mut scene = Setting::default().size(1_280.0, 1_600.0).play(World::default());
    scene.type_into("Endpoint 1", "etcd-1:2379");
    scene.press("Add prefix");
    scene.type_into("Prefix 1 never recorded", "/secrets/");
    scene.picture("journal-settings-dark");
    scene.harness.get_by_role_and_label(Role::Button, "Connect").click();
    scene.settle();
    let actions = scene.actions();
    let [Action::Connect(request)] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(request.profile.journal.kept_out, ["L3NlY3JldHMv"]);
    assert!(request.profile.journal.on);
    scene.type_into("Age limit in days", "x");
    scene.harness.get_by_role_and_label(Role::Button, "Connect").click();
    scene.settle();
    assert!(scene.sees("A number from 1 to 3650 is needed"));
    assert_eq!(scene.actions(), [], "nothing is connected with settings that make no sense");
    scene.press("Record changes on this machine");
    scene.harness.get_by_role_and_label(Role::Button, "Connect").click();
    scene.settle();
    let actions = scene.actions();
    let [Action::Connect(request)] = actions.as_slice() else { panic!("{actions:?}") };
    assert!(!request.profile.journal.on);
}
