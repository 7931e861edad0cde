//! The cluster: members, roles, faults.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::status::{KeyInterval, Notice};
use etcdscope::model::world::World;
use etcdscope::ui::cluster;

use crate::support::{Scene, Setting, live_world};

fn play(setting: Setting, world: World) -> Scene {
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
    let mut scene = play(Setting::default(), world);
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
    let mut scene = play(Setting::default().chinese().light().size(900.0, 600.0), live_world());
    scene.picture("cluster-zh");
    assert!(scene.sees("3 个成员中 3 个在线"));
}
