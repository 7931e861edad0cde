//! What may be shown as true: as of when, what is not known, and what only may be.

use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use etcdscope::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence, EndCause, Instance, InstanceStatus, Layout, Report,
    Service, WaitGraph,
};
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord};
use etcdscope::model::session::{Screen, Session};
use etcdscope::model::status::AlarmsTold;
use etcdscope::model::world::World;
use etcdscope::ui::{cluster, locks, overview, theme};

use crate::support::{NOW, Scene, Setting, key, live_world, value};

fn first(world: &mut World) -> &mut Session {
    &mut world.sessions[0]
}

/// Whether just this text is on screen, as a name or as a text that can be selected.
fn says(scene: &Scene, text: &str) -> bool {
    scene.harness.query_all_by_label(text).next().is_some()
        || scene.harness.query_all_by_value(text).next().is_some()
}

/// Instances that reported a second before the last proof, which was six seconds ago.
fn silent() -> World {
    let mut world = live_world();
    let session = first(&mut world);
    session.screen = Screen::Overview;
    session.coordination.complete = true;
    session.prove(NOW - 6_000);
    let folder = key("/services/pay/");
    let instances = (0..3).map(|number| {
        let key = key(&format!("/services/pay/10.0.0.{number}:80"));
        let (status, seen_at) = (Some(InstanceStatus::Up), Some(NOW - 7_000));
        let report = Some(Arc::new(Report { status, seen_at, ..Report::default() }));
        let found = Instance::found(key.clone(), KeyMeta::default(), format!("10.0.0.{number}:80"));
        (key, Arc::new(Instance { report, ..found }))
    });
    let service = Service {
        folder: folder.clone(),
        name: "pay".into(),
        layout: Layout::Plain,
        confidence: Confidence::Certain,
        instances: instances.collect(),
        past: Arc::default(),
    };
    session.coordination.services.insert(folder, Arc::new(service));
    world
}

#[test]
fn nobody_is_late_while_nothing_is_proven_and_it_is_said_as_of_when() {
    let mut world = silent();
    let at_a_glance = |world: World| {
        Setting::default().play_with(world, |ui, stage, actions| {
            overview::show(ui, &stage.world, &mut stage.state.overview, actions);
        })
    };
    let mut scene = at_a_glance(silent());
    scene.picture("overview-silent");
    assert!(scene.sees("3 instances, all up"), "the ages stand still");
    assert!(scene.sees("No answer proves it current"));
    drop(scene);
    // Proven: now they are.
    first(&mut world).proven_at = Some(NOW - 100);
    let scene = at_a_glance(world);
    assert!(!scene.sees("3 instances, all up") && !scene.sees("No answer proves it current"));
}

#[test]
fn the_line_at_the_top_does_not_call_it_live() {
    let mut scene = Setting::default().play(silent());
    scene.picture("shell-silent");
    assert!(scene.sees("As of ") && scene.sees("no answer, last proven 6 s ago") && !scene.sees("Live"));
}

#[test]
fn alarms_that_nobody_tells_of_are_not_known_rather_than_none() {
    let mut world = live_world();
    first(&mut world).cluster.alarms_told = AlarmsTold::Unknown;
    let scene = Setting::default().play_with(world, |ui, stage, actions| {
        overview::show(ui, &stage.world, &mut stage.state.overview, actions);
    });
    assert!(scene.sees("whether alarms are raised is not known") && !scene.sees("healthy"));
    drop(scene);
    let show = |world: World| {
        Setting::default().play_with(world, |ui, stage, actions| {
            cluster::show(ui, &stage.world, &mut stage.state.cluster, actions);
        })
    };
    let mut world = live_world();
    first(&mut world).cluster.alarms_told = AlarmsTold::Unknown;
    let mut scene = show(world);
    scene.picture("cluster-alarms-unknown");
    assert!(says(&scene, "Whether alarms are raised is not known") && !says(&scene, "none"));
    drop(scene);
    let scene = show(live_world());
    assert!(says(&scene, "none") && !says(&scene, "Whether alarms are raised is not known"));
}

#[test]
fn the_line_at_the_bottom_says_why_a_key_went_as_far_as_it_is_known() {
    let told = |cause: Option<EndCause>| {
        let mut world = live_world();
        let session = first(&mut world);
        let meta = KeyMeta { create_revision: 5, mod_revision: 5, version: 1, lease: 9 };
        let name = key("/services/pay/10.0.0.1:80");
        let prev = Some(KeyRecord { key: name.clone(), meta, value: Some(value("{}")) });
        let change = KeyChange { key: name.clone(), kind: ChangeKind::Delete, prev };
        session.activity.note(&change, 900, NOW - 500, &[]);
        if let Some(cause) = cause {
            session.coordination.causes.insert((900, name), (9, cause));
        }
        let scene = Setting::default().play(world);
        let label = "DELETE /services/pay/10.0.0.1:80 r900, ";
        let causes = ["expired", "released", "revoked", "asking…", "not known"];
        causes.into_iter().find(|words| scene.sees(&format!("{label}{words}")))
    };
    assert_eq!(told(Some(EndCause::Expired)), Some("expired"));
    assert_eq!(told(Some(EndCause::Released)), Some("released"));
    assert_eq!(told(Some(EndCause::Asking)), Some("asking…"));
    assert_eq!(told(None), Some("not known"));
}

#[test]
fn equal_values_alone_make_a_possible_deadlock_and_it_is_said_why_only_that() {
    let mut world = live_world();
    let session = first(&mut world);
    session.screen = Screen::Locks;
    let lock = |name: &str, owners: [(&str, i64); 2]| {
        let claims = (1_i64..).zip(owners).map(|(at, (owner, lease))| {
            let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease };
            Arc::new(Claim::found(key(&format!("{name}/{lease:x}")), meta, Some(value(owner))))
        });
        let queue = ClaimQueue::new(key(name), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
        ClaimQueue { claims: claims.collect(), ..queue }
    };
    let locks = [
        lock("/locks/a", [("db-host-1", 1), ("db-host-2", 4)]),
        lock("/locks/b", [("db-host-2", 3), ("db-host-1", 2)]),
    ];
    session.coordination.complete = true;
    session.coordination.waits = Arc::new(WaitGraph::of(locks.iter()));
    for lock in locks {
        session.coordination.add_queue(lock);
    }
    for (picture, setting) in [
        ("locks-possible-deadlock", Setting::default()),
        ("locks-possible-deadlock-zh", Setting::default().chinese()),
    ] {
        let chinese = picture.ends_with("zh");
        let mut again = live_world();
        first(&mut again).screen = Screen::Locks;
        first(&mut again).coordination = world.sessions[0].coordination.clone();
        let mut scene = setting.play_with(again, |ui, stage, actions| {
            let ground = egui::Frame::new().fill(theme::tokens(ui).base);
            egui::CentralPanel::default().frame(ground).show(ui, |ui| {
                locks::show(ui, &stage.world, &mut stage.state.locks, actions);
            });
        });
        scene.picture(picture);
        if !chinese {
            assert!(
                scene.sees("Possible deadlock: db-host-1 → db-host-2 → db-host-1. Only equal values say so")
            );
            assert!(!scene.sees("none goes on until"), "it is not called a deadlock");
        }
    }
}
