//! Locks, elections, and the cluster.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::claim::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence, LeaseInfo};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::Screen;
use etcdscope::model::status::{KeyInterval, Notice};
use etcdscope::model::world::World;
use etcdscope::ui::{claims, cluster};

use crate::support::{NOW, Scene, Setting, key, live_world, value};

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        claims::show(ui, &stage.world, &mut stage.state.claims, actions);
    })
}

fn queue(name: &str, kind: ClaimKind, owners: &[&str]) -> ClaimQueue {
    let claims = (0_i64..)
        .zip(owners)
        .map(|(at, owner)| {
            let lease = 0x694d_0000_0000_0100 + at;
            let meta = KeyMeta { create_revision: 900 + at, mod_revision: 900 + at, version: 1, lease };
            let value = (!owner.is_empty()).then(|| value(owner));
            Arc::new(Claim::found(key(&format!("{name}/{lease:x}")), meta, value))
        })
        .collect();
    let (form, confidence) = (ClaimForm::Queue, Confidence::Certain);
    ClaimQueue { claims, ..ClaimQueue::new(key(name), kind, form, confidence) }
}

fn world(screen: Screen) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = screen;
    let mut single = queue("/locks/nightly-report", ClaimKind::Lock, &["host-9"]);
    single.form = ClaimForm::SingleKey;
    single.confidence = Confidence::Likely;
    session.claims = Arc::new(vec![
        queue("/locks/deploy/production", ClaimKind::Lock, &["deployer-a", "deployer-b", "", "deployer-d"]),
        single,
        queue("/locks/中文/锁", ClaimKind::Lock, &[""]),
        queue("/elections/scheduler", ClaimKind::Election, &["scheduler-2", "scheduler-1", "scheduler-3"]),
    ]);
    for (at, remaining_secs) in [(0, 24), (1, 5), (2, 18), (3, -1)] {
        let id = 0x694d_0000_0000_0100 + at;
        session.leases.insert(id, LeaseInfo { id, granted_secs: 30, remaining_secs, seen_at: NOW });
    }
    world
}

#[test]
fn the_holder_and_who_waits_are_shown_in_order() {
    let mut scene = play(Setting::default(), world(Screen::Locks));
    scene.picture("locks-dark");
    assert!(scene.sees("/locks/deploy/production, deployer-a, 3 waiting"));
    let lines = ["1 deployer-a, Holder", "2 deployer-b, waiting", "4 deployer-d, waiting"];
    let tops: Vec<f32> =
        lines.iter().map(|line| scene.harness.get_by_label_contains(line).rect().top()).collect();
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(scene.sees("3 lease 694d000000000102, waiting"), "a claim without a value is told by its lease");
}

#[test]
fn leases_in_sight_are_asked_for_and_not_in_every_frame() {
    let mut scene = play(Setting::default(), world(Screen::Locks));
    let asked = scene.actions().into_iter().filter(|action| matches!(action, Action::LoadLeases(_)));
    assert_eq!(asked.count(), 1);
    scene.change(|world| world.now += 1_000);
    assert_eq!(scene.actions(), Vec::new());
    scene.change(|world| world.now += 2_000);
    let asked = scene.actions();
    assert!(matches!(&asked[..], [Action::LoadLeases(leases)] if leases.len() == 4), "{asked:?}");
}

#[test]
fn arrows_go_through_the_queues_and_a_click_opens_the_key() {
    let mut scene = play(Setting::default(), world(Screen::Locks));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert!(scene.sees("1 host-9, Holder"));
    scene.actions();
    scene.press("1 host-9, Holder");
    let opened = key("/locks/nightly-report/694d000000000100");
    assert!(scene.actions().contains(&Action::OpenKey(opened)));
}

#[test]
fn the_leader_stands_out_among_the_candidates() {
    let mut scene = play(Setting::default().light(), world(Screen::Elections));
    scene.picture("elections-light");
    assert!(scene.sees("1 scheduler-2, Leader") && scene.sees("2 scheduler-1, candidate"));
    assert!(!scene.sees("deployer-a"), "locks are another screen");
}

#[test]
fn nothing_to_show_teaches_how_there_would_be() {
    let mut empty = world(Screen::Locks);
    empty.sessions[0].claims = Arc::default();
    let mut scene = play(Setting::default(), empty);
    scene.picture("locks-empty");
    assert!(scene.sees("No locks now"));
    scene.press("Copy etcdctl lock demo");
    assert_eq!(scene.actions().pop(), Some(Action::CopyText("etcdctl lock demo".into())));
}

#[test]
fn locks_speak_chinese_in_a_small_window() {
    let mut scene = play(Setting::default().chinese().size(880.0, 600.0), world(Screen::Locks));
    scene.picture("locks-zh");
    assert!(scene.sees("1 deployer-a，持有者"));
}

fn play_cluster(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        cluster::show(ui, &stage.world, &mut stage.state.cluster, actions);
    })
}

#[test]
fn members_tell_their_roles_and_faults() {
    let mut world = live_world();
    let status = &mut world.sessions[0].cluster;
    status.members[2].fault = Some(Fault::new(FaultKind::PortClosed, "connection refused (os error 111)"));
    status.members[0].raft_index -= 40;
    status.alarms.push(("NOSPACE".into(), status.members[0].id));
    status.notices.push(Notice::RestrictedTo(vec![KeyInterval::prefix(b"/config/")]));
    let mut scene = play_cluster(Setting::default(), world);
    scene.picture("cluster-dark");
    assert!(scene.sees("etcd-2, leader") && scene.sees("etcd-1, follower"));
    assert!(scene.sees("2 of 3 members up"));
    let alarm = "NOSPACE raised by etcd-1";
    assert!(scene.sees(alarm) || scene.harness.query_all_by_value(alarm).next().is_some());
    let rows = scene.harness.query_all_by_role(Role::Button);
    assert!(
        rows.filter(|row| row.accesskit_node().label().is_some_and(|l| l.contains("https://"))).count() >= 3
    );
}

#[test]
fn the_cluster_speaks_chinese() {
    let mut scene = play_cluster(Setting::default().chinese().light().size(900.0, 600.0), live_world());
    scene.picture("cluster-zh");
    assert!(scene.sees("3 个成员中 3 个在线"));
}
