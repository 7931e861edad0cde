//! Services of every kind.

use std::collections::VecDeque;
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::coordination::{
    Breaker, Confidence, EndCause, Instance, InstanceEvent, InstanceStatus, Layout, LeaseInfo, Report,
    Sample, Service, Turn,
};
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::Screen;
use etcdscope::model::world::World;
use etcdscope::ui::services;

use crate::support::{NOW, Scene, Setting, key, live_world};

/// The screen alone; what chooses a service is carried out.
pub(super) fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        services::show(ui, &stage.world, &mut stage.state.services, actions);
        for action in actions.as_slice() {
            let chosen = &mut stage.world.sessions[0].chosen;
            match action {
                Action::ShowService(folder) => chosen.service = Some(folder.clone()),
                Action::ShowServices(only) => chosen.services = *only,
                _ => {}
            }
        }
    })
}

/// An instance that reported so many milliseconds ago.
pub(super) fn instance(folder: &str, id: &str, reported_ms: Option<i64>) -> Instance {
    let at = i64::from(id.bytes().map(u32::from).sum::<u32>());
    let lease = 0x694d_0000_0000_0100 + at;
    let series: VecDeque<Sample> = (0..60)
        .map(|step| {
            let wave = (step as f32 / 6.0 + at as f32).sin();
            Sample {
                at: NOW - (60 - step) * 3_000,
                cpu: 0.4 + 0.25 * wave,
                memory: 0.6 + 0.05 * wave,
                latency_ms: 24.0 + 12.0 * wave,
            }
        })
        .collect();
    let last = series[59];
    let report = reported_ms.map(|ms| {
        Arc::new(Report {
            key: Some(key(&format!("/health/user/{id}"))),
            status: Some(InstanceStatus::Up),
            cpu: Some(last.cpu),
            memory: Some(last.memory),
            latency_ms: Some(last.latency_ms),
            connections: Some(12.0),
            breaker: Some(Breaker::Closed),
            told_at: Some("2026-05-28T20:26:40Z".into()),
            seen_at: Some(NOW - ms),
        })
    });
    Instance {
        key: key(&format!("{folder}{id}")),
        meta: KeyMeta { create_revision: 900 + at, mod_revision: 950 + at, version: 4, lease },
        id: id.into(),
        address: Some(id.into()),
        weight: Some(10.0),
        version: Some("1.4.2".into()),
        label: Some("stable".into()),
        metadata: vec![("zone".into(), "eu-west-1a".into()), ("protocol".into(), "grpc".into())],
        status: Some(InstanceStatus::Up),
        since: Some(NOW - 600_000),
        series: if report.is_some() { Arc::new(series) } else { Arc::default() },
        report,
        ..template()
    }
}

/// Whatever else an instance has.
pub(super) fn template() -> Instance {
    Instance {
        key: key("/x"),
        meta: KeyMeta::default(),
        id: String::new(),
        address: None,
        weight: None,
        version: None,
        label: None,
        nodes: Vec::new(),
        metadata: Vec::new(),
        status: None,
        layout: Layout::Plain,
        confidence: Confidence::Certain,
        since: None,
        renewed_at: None,
        report: None,
        series: Arc::default(),
        flaps: 0,
    }
}

pub(super) fn service(name: &str, instances: Vec<Instance>) -> Service {
    let instances = instances.into_iter().map(|one| (one.key.clone(), Arc::new(one))).collect();
    Service {
        folder: key(&folder(name)),
        name: name.into(),
        layout: Layout::Plain,
        confidence: Confidence::Certain,
        instances,
        past: Arc::default(),
    }
}

pub(super) fn folder(name: &str) -> String {
    format!("/services/{name}/")
}

pub(super) fn event(name: &str, id: &str, turn: Turn, cause: Option<EndCause>, ago_ms: i64) -> InstanceEvent {
    InstanceEvent {
        key: key(&format!("/services/{name}/{id}")),
        id: id.into(),
        lease: 7,
        turn,
        cause,
        revision: 182_000 - ago_ms / 1_000,
        at: NOW - ago_ms,
    }
}

pub(super) fn ids(name: &str, count: usize) -> Vec<Instance> {
    (0..count).map(|at| instance(&folder(name), &format!("10.0.1.{}:8080", at + 7), Some(900))).collect()
}

/// Services of every kind.
pub(super) fn all() -> Vec<Service> {
    let mut users = ids("user", 6);
    users[1].report = users[1].report.take().map(|report| late(&report, 4_200));
    users[2].report = users[2].report.take().map(|report| late(&report, 14_000));
    users[3].label = Some("canary".into());
    users[3].version = Some("1.5.0-rc1".into());
    users[3].weight = Some(2.0);
    users[4].flaps = 3;
    users[4].report = users[4]
        .report
        .take()
        .map(|report| Arc::new(Report { breaker: Some(Breaker::HalfOpen), ..(*report).clone() }));
    users[5].address = Some("grpc://10.0.1.12:8080".into());
    users[5].id = "user-6f".into();
    let mut user = service("user", users);
    user.past = Arc::new(VecDeque::from([
        event("user", "10.0.1.11:8080", Turn::Down, Some(EndCause::Expired), 420_000),
        event("user", "10.0.1.11:8080", Turn::Up, None, 400_000),
        event("user", "10.0.1.99:8080", Turn::Down, Some(EndCause::Released), 300_000),
        event("user", "10.0.1.11:8080", Turn::Down, Some(EndCause::Revoked), 200_000),
        event("user", "10.0.1.11:8080", Turn::Up, None, 170_000),
        event("user", "10.0.1.10:8080", Turn::Down, Some(EndCause::DeletedHere), 90_000),
        event("user", "10.0.1.10:8080", Turn::Up, None, 60_000),
        event("user", "10.0.1.98:8080", Turn::Up, None, 50_000),
        event("user", "10.0.1.98:8080", Turn::Down, Some(EndCause::Asking), 2_000),
    ]));
    let mut orders = service("order", ids("order", 12));
    orders.layout = Layout::Grpc;
    let mut quiet = service("inventory", vec![instance(&folder("inventory"), "10.0.3.1:9000", None)]);
    quiet.confidence = Confidence::Likely;
    let mut lost = service("billing", Vec::new());
    lost.past = Arc::new(VecDeque::from([
        event("billing", "10.0.4.1:80", Turn::Down, Some(EndCause::Expired), 65_000),
        event("billing", "10.0.4.2:80", Turn::Down, Some(EndCause::Expired), 61_000),
    ]));
    let mut left = service("old-gateway", Vec::new());
    left.past = Arc::new(VecDeque::from([event(
        "old-gateway",
        "10.0.5.1:80",
        Turn::Down,
        Some(EndCause::Released),
        400_000,
    )]));
    let chinese = service("用户中心", ids("用户中心", 3));
    let mut all = vec![user, orders, quiet, lost, left, chinese];
    all.extend((0..24).map(|at| {
        let name = format!("worker-{at:02}");
        service(&name, ids(&name, 2 + at % 5))
    }));
    all
}

pub(super) fn late(report: &Report, ms: i64) -> Arc<Report> {
    Arc::new(Report { seen_at: Some(NOW - ms), ..report.clone() })
}

pub(super) fn world() -> World {
    with(all())
}

pub(super) fn with(services: Vec<Service>) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Services;
    session.coordination.complete = true;
    session.coordination.watched_since = Some(NOW - 900_000);
    for (at, one) in services.iter().flat_map(|service| service.instances.values()).enumerate() {
        let id = one.meta.lease;
        let remaining_secs = 3 + i64::try_from(at).unwrap() * 7 % 28;
        session.leases.insert(id, LeaseInfo { id, granted_secs: 30, remaining_secs, seen_at: NOW });
    }
    session.coordination.services =
        services.into_iter().map(|service| (service.folder.clone(), Arc::new(service))).collect();
    world
}

/// The tops of the lines of the list, in the order of these names.
pub(super) fn tops(scene: &Scene, names: &[&str]) -> Vec<f32> {
    names.iter().map(|name| scene.harness.get_by_label_contains(name).rect().top()).collect()
}

/// Changes the service of this name.
pub(super) fn change(world: &mut World, name: &str, change: impl FnOnce(&mut Service)) {
    let services = &mut world.sessions[0].coordination.services;
    let mut service = (*services[&key(&folder(name))]).clone();
    change(&mut service);
    services.insert(service.folder.clone(), Arc::new(service));
}

/// Changes an instance of it.
pub(super) fn change_instance(world: &mut World, name: &str, id: &str, changed: impl FnOnce(&mut Instance)) {
    change(world, name, |service| {
        let at = key(&format!("{}{id}", folder(name)));
        let mut instance = (*service.instances[&at]).clone();
        changed(&mut instance);
        service.instances.insert(at, Arc::new(instance));
    });
}
