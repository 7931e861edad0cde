//! Everything at a glance.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::coordination::raft::{RaftEnd, RaftTerm, Reign};
use etcdscope::model::coordination::waits::{Cycle, Owner, Wait, WaitGraph};
use etcdscope::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence, EndCause, Instance, InstanceEvent, InstanceStatus,
    Layout, LeaseInfo, LeaseUse, News, NewsKind, Report, Service, Turn,
};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::leadership::Leader;
use etcdscope::model::overview::ServiceFilter;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta};
use etcdscope::model::session::Screen;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::ui::{self, overview};

use crate::elections;
use crate::support::{NOW, Scene, Setting, key, live_world};

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        overview::show(ui, &stage.world, &mut stage.state.overview, actions);
    })
}

fn service(name: &str, ages_secs: &[Option<i64>]) -> Service {
    let folder = format!("/services/{name}/");
    let instance = |(nth, age): (usize, &Option<i64>)| {
        let key = key(&format!("{folder}10.0.0.{nth}:80"));
        let report = age.map(|age| {
            let (status, seen_at) = (Some(InstanceStatus::Up), Some(NOW - age * 1_000));
            Arc::new(Report { status, seen_at, ..Report::default() })
        });
        let meta = KeyMeta { lease: 7, ..KeyMeta::default() };
        let found = Instance::found(key.clone(), meta, format!("10.0.0.{nth}:80"));
        let instance = Instance { report, ..found };
        (key, Arc::new(instance))
    };
    Service {
        folder: key(&folder),
        name: name.into(),
        layout: Layout::Plain,
        confidence: Confidence::Certain,
        instances: ages_secs.iter().enumerate().map(instance).collect(),
        past: Arc::default(),
    }
}

fn lock(name: &str, waits_secs: &[i64]) -> ClaimQueue {
    let claim = |nth: usize, since| {
        let found = Claim::found(key(&format!("{name}/{nth}")), KeyMeta::default(), None);
        Arc::new(Claim { since, ..found })
    };
    let mut claims = vec![claim(0, None)];
    claims.extend(waits_secs.iter().enumerate().map(|(nth, secs)| claim(nth + 1, Some(NOW - secs * 1_000))));
    ClaimQueue {
        claims,
        ..ClaimQueue::new(key(name), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain)
    }
}

/// All is well.
fn calm() -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Overview;
    session.coordination.complete = true;
    session.coordination.watched_since = Some(NOW - 3_600_000);
    for service in [service("user", &[Some(1), Some(2), None]), service("order", &[Some(0); 4])] {
        session.coordination.services.insert(service.folder.clone(), Arc::new(service));
    }
    let lock = lock("/locks/nightly", &[]);
    session.coordination.queues.insert(lock.name.clone(), Arc::new(lock));
    let leader = ClaimQueue { kind: ClaimKind::Election, ..self::lock("/elections/one", &[]) };
    session.coordination.queues.insert(leader.name.clone(), Arc::new(leader));
    for id in 1..=3 {
        session.coordination.leases.insert(id, Arc::new(LeaseUse { id, ..LeaseUse::default() }));
        session.leases.insert(id, LeaseInfo { id, granted_secs: 10, remaining_secs: 8, seen_at: NOW });
    }
    for at in 0..40 {
        let change = KeyChange { key: key("/config/a"), kind: ChangeKind::Delete, prev: None };
        session.activity.note(&change, 100 + at, NOW - 1_000 - at * 700, &[]);
    }
    world
}

/// All that can go wrong does.
fn troubled() -> World {
    let mut world = elections::world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Overview;
    let picture = &mut session.coordination;
    for service in [
        service("user", &[Some(1), Some(20), Some(2)]),
        service("order", &[Some(4), Some(1)]),
        service("payment", &[Some(11), Some(12)]),
        service("billing", &[None, None]),
    ] {
        picture.services.insert(service.folder.clone(), Arc::new(service));
    }
    for lock in [lock("/locks/deploy", &[200, 12]), lock("/locks/cron", &[3]), lock("/locks/free", &[])] {
        picture.queues.insert(lock.name.clone(), Arc::new(lock));
    }
    let wait = |waiter, lock: &str, holder| Wait {
        waiter: Owner::Lease(waiter),
        lock: key(lock),
        holder: Owner::Lease(holder),
        place: 1,
        in_cycle: true,
    };
    let waits = vec![wait(1, "/locks/deploy", 2), wait(2, "/locks/cron", 1)];
    picture.waits =
        Arc::new(WaitGraph { waits: waits.clone(), cycles: vec![Cycle { waits }], possible: Vec::new() });
    for id in 1..=9 {
        picture.leases.insert(id, Arc::new(LeaseUse { id, ..LeaseUse::default() }));
    }
    for (id, remaining_secs) in [(1, 9), (2, 2)] {
        session.leases.insert(id, LeaseInfo { id, granted_secs: 10, remaining_secs, seen_at: NOW });
    }
    let news = [
        NewsKind::Instance {
            service: key("/services/user/"),
            name: "user".into(),
            instance: "10.0.0.9:80".into(),
            turn: Turn::Down,
            cause: Some(EndCause::Expired),
        },
        NewsKind::Leader {
            election: key("/elections/flapping"),
            from: Some("worker-a".into()),
            to: Some("worker-b".into()),
            cause: Some(EndCause::Released),
        },
        NewsKind::Holder {
            lock: key("/locks/deploy"),
            from: None,
            to: Some("deployer-a".into()),
            cause: None,
        },
        NewsKind::Deadlock {
            locks: vec![key("/locks/deploy"), key("/locks/cron")],
            owners: vec!["a".into(), "b".into()],
        },
    ];
    for (serial, kind) in (0_u64..).zip(news) {
        let at = NOW - 30_000 + serial as i64 * 9_000;
        let handover = matches!(kind, NewsKind::Holder { .. });
        let told = if handover { &mut picture.handovers } else { &mut picture.news };
        told.push_back(Arc::new(News { serial, at, revision: 500 + serial as i64, kind }));
    }
    session.cluster.members[2].fault = Some(Fault::new(FaultKind::Unavailable, ""));
    session.cluster.alarms = vec![("NOSPACE".into(), session.cluster.members[0].id)];
    world
}

/// The tile with this title, as a screen reader says it.
fn tile(scene: &Scene, title: &str) -> String {
    let nodes = scene.harness.query_all_by_role(Role::Button);
    let named = nodes.filter_map(|node| node.accesskit_node().label());
    let mut found = named.filter(|name| name.starts_with(&format!("{title}: ")));
    let name = found.next().unwrap_or_else(|| panic!("no tile {title}"));
    assert!(found.next().is_none(), "one tile {title}");
    name
}

#[test]
fn when_all_is_well_every_tile_is_calm() {
    let mut scene = play(Setting::default(), calm());
    scene.picture("overview-calm");
    assert!(tile(&scene, "Services").starts_with("Services: 2/2 services up, all up, 7 instances, all up"));
    assert!(tile(&scene, "Locks").starts_with("Locks: 0 locks waited for, nobody waits"));
    assert!(tile(&scene, "Leaders").starts_with("Leaders: 0 changes in the last 10 min, steady"));
    assert!(
        tile(&scene, "Leases below half")
            .starts_with("Leases below half: 0 with half their time or less, all above half")
    );
    assert!(tile(&scene, "Cluster").starts_with("Cluster: 3/3 members up, healthy, Leader etcd-2 term 7"));
    assert!(tile(&scene, "Changes").contains("40 in the last minute"));
    assert!(scene.sees("Nothing has happened since"));
}

#[test]
fn what_is_wrong_is_counted_and_the_worst_is_named() {
    let mut scene = play(Setting::default().size(1_280.0, 900.0), troubled());
    scene.picture("overview-troubled");
    let services = tile(&scene, "Services");
    let counts = "Services: 1/4 services up, 1 down, 2 degraded, 5 of 9 instances up, 1 late, 3 down";
    assert!(services.starts_with(counts), "{services}");
    assert!(services.contains("payment all 2 down, user 2 of 3 up, order 1 of 2 up"), "{services}");
    let locks = tile(&scene, "Locks");
    assert!(locks.starts_with("Locks: 2 locks waited for, a deadlock"), "{locks}");
    assert!(locks.contains("/locks/deploy → /locks/cron"), "{locks}");
    assert!(locks.contains("Longest wait: /locks/deploy 3 min 20 s"), "{locks}");
    let leaders = tile(&scene, "Leaders");
    assert!(leaders.starts_with("Leaders: 6 changes in the last 10 min, 1 without a leader"), "{leaders}");
    assert!(leaders.contains("/elections/flapping: worker-b 5 s ago, expired"), "{leaders}");
    let leases = tile(&scene, "Leases below half");
    assert!(
        leases.starts_with("Leases below half: 1 with half their time or less, a renewal missed"),
        "{leases}"
    );
    assert!(leases.contains("Time left known of 2 of 9"), "{leases}");
    let cluster = tile(&scene, "Cluster");
    assert!(cluster.starts_with("Cluster: 2/3 members up, alarms: 1, NOSPACE raised by etcd-1"), "{cluster}");
    assert!(cluster.contains("etcd-3 no answer"), "{cluster}");
}

#[test]
fn every_tile_leads_to_its_screen_with_the_mouse_and_the_keyboard() {
    let mut scene = play(Setting::default(), calm());
    for (title, screen) in [
        ("Locks", Screen::Locks),
        ("Leaders", Screen::Elections),
        ("Leases below half", Screen::Leases),
        ("Changes", Screen::Keys),
        ("Cluster", Screen::Cluster),
    ] {
        let name = tile(&scene, title);
        scene.actions();
        scene.press(&name);
        assert_eq!(scene.actions(), [Action::ShowScreen(screen)], "{title}");
        scene.harness.get_by_role_and_label(Role::Button, &name).focus();
        scene.settle();
        scene.key(Modifiers::NONE, Press::Enter);
        assert_eq!(scene.actions(), [Action::ShowScreen(screen)], "{title}");
    }
}

#[test]
fn the_services_tile_leads_to_those_with_problems_where_there_are_any() {
    for (world, filter) in [(calm(), ServiceFilter::All), (troubled(), ServiceFilter::Problems)] {
        let mut scene = play(Setting::default(), world);
        let name = tile(&scene, "Services");
        scene.actions();
        scene.press(&name);
        assert_eq!(scene.actions(), [Action::ShowServices(filter)]);
    }
}

#[test]
fn handovers_of_locks_are_one_line_until_they_are_asked_for() {
    let mut world = troubled();
    let picture = &mut world.sessions[0].coordination;
    picture.handovers.clear();
    for at in 0..40 {
        let lock = key(&format!("/locks/{}", at % 8));
        let from = Some("before".to_owned());
        let kind = NewsKind::Holder { lock, from, to: Some("worker".into()), cause: None };
        let at_ms = NOW - 50_000 + at * 1_000;
        picture.handovers.push_back(Arc::new(News { serial: at as u64, at: at_ms, revision: 9, kind }));
    }
    world.sessions[0].raft = Default::default();
    let mut scene = play(Setting::default().size(1_280.0, 900.0), world);
    scene.picture("overview-feed");
    assert!(scene.sees("40 handovers of 8 locks in the last minute"));
    assert!(scene.sees("All 3") && scene.sees("Locks 1") && !scene.sees("worker holds it"));
    scene.press("Show each");
    assert!(scene.sees("All 43") && scene.sees("Locks 41") && scene.sees("worker holds it"));
    scene.press("Leaders 1");
    assert!(scene.sees("worker-b leads") && !scene.sees("worker holds it"));
    scene.press("Cluster 0");
    assert!(scene.sees("Nothing of this kind has happened."));
}

#[test]
fn leaders_of_the_cluster_are_in_the_feed() {
    let mut world = calm();
    let raft = &mut world.sessions[0].raft;
    let term = |at, term, id: u64, name: &str| RaftTerm {
        at,
        term,
        reign: Reign::Seen(Leader::Member(id)),
        name: name.into(),
        end: Some(RaftEnd::Silent),
    };
    raft.terms = [term(NOW - 90_000, 6, 1, "etcd-1"), term(NOW - 20_000, 7, 2, "etcd-2")].into();
    let mut scene = play(Setting::default(), world);
    let words = "Cluster: etcd-2 leads in term 7, after etcd-1 (did not answer)";
    let link = scene
        .harness
        .get_by(|node| node.role() == Role::Link && node.label().is_some_and(|label| label.ends_with(words)));
    link.click();
    scene.settle();
    assert!(scene.actions().contains(&Action::ShowRaft));
}

#[test]
fn what_the_night_was_like_is_told_by_a_course() {
    let mut scene = play(Setting::default(), calm());
    assert!(!scene.sees("Instances late or down since"), "nothing was ever bad");
    scene.change(|world| world.now += 10_000);
    scene.change(|world| world.now += 10_000);
    scene.change(|world| {
        world.now += 1_000;
        let fresh = [service("user", &[Some(-21), Some(-21), None]), service("order", &[Some(-21); 4])];
        for service in fresh {
            world.sessions[0].coordination.services.insert(service.folder.clone(), Arc::new(service));
        }
    });
    assert!(tile(&scene, "Services").contains("all up"), "{}", tile(&scene, "Services"));
    assert!(scene.sees("Instances late or down since") && scene.sees("most 6, at"));
    scene.picture("overview-course");
}

#[test]
fn what_is_named_leads_to_itself() {
    let mut scene = play(Setting::default().size(1_280.0, 900.0), troubled());
    let press = |scene: &mut Scene, name: &str| {
        scene.actions();
        scene.harness.get_by_role_and_label(Role::Link, name).click();
        scene.settle();
        scene.actions()
    };
    let found = press(&mut scene, "user 2 of 3 up");
    assert_eq!(found, [Action::ShowService(key("/services/user/"))]);
    let found = press(&mut scene, "Longest wait: /locks/deploy 3 min 20 s");
    assert_eq!(found, [Action::ShowQueue(ClaimKind::Lock, key("/locks/deploy"))]);
    let links = scene.harness.query_all_by_role(Role::Link);
    let names: Vec<String> = links.filter_map(|node| node.accesskit_node().label()).collect();
    let deadlock = names.iter().find(|name| name.contains("Deadlock over")).expect("the newest").clone();
    let passed = names.iter().find(|name| name.contains("worker-b leads, after worker-a (resigned)"));
    let passed = passed.expect("the leader that changed").clone();
    assert_eq!(press(&mut scene, &deadlock), [Action::ShowQueue(ClaimKind::Lock, key("/locks/deploy"))]);
    let election = key("/elections/flapping");
    assert_eq!(press(&mut scene, &passed), [Action::ShowQueue(ClaimKind::Election, election)]);
}

#[test]
fn instances_grow_late_with_the_clock_alone() {
    let mut scene = play(Setting::default(), calm());
    assert!(tile(&scene, "Services").contains("2/2 services up"));
    scene.change(|world| world.now += 4_000);
    assert!(tile(&scene, "Services").starts_with("Services: 0/2 services up, 2 degraded"));
    scene.change(|world| world.now += 8_000);
    // One of them has an instance that never reports, and lives on its lease.
    assert!(tile(&scene, "Services").starts_with("Services: 0/2 services up, 1 down, 1 degraded"));
}

#[test]
fn what_is_known_of_an_earlier_time_says_so_on_every_tile() {
    let mut scene = play(Setting::default(), calm());
    scene.change(|world| {
        let fault = Fault::new(FaultKind::Unavailable, "");
        world.sessions[0].state = MirrorState::Stale { since: NOW, fault, retry_at: None };
        world.now += 60_000;
    });
    scene.picture("overview-stale");
    // What is not seen is not said to have grown late.
    scene.change(|world| world.now += 60_000);
    assert!(tile(&scene, "Services").contains("2/2 services up"));
    assert!(
        tile(&scene, "Changes").starts_with("Changes: – changes/s, revision"),
        "{}",
        tile(&scene, "Changes")
    );
    assert!(scene.sees("What happened since is not known.") && !scene.sees("Nothing has happened"));
    for title in ["Services", "Locks", "Leaders", "Leases below half", "Changes"] {
        assert!(tile(&scene, title).contains("as of "), "{title}");
    }
    scene.change(|world| {
        world.sessions[0].state = MirrorState::Connecting;
        world.sessions[0].coordination = Default::default();
    });
    assert!(tile(&scene, "Services").ends_with("not read yet"));
}

#[test]
fn leases_that_were_not_asked_are_not_said_to_be_well() {
    let mut world = calm();
    world.sessions[0].leases.clear();
    let scene = play(Setting::default(), world);
    let leases = tile(&scene, "Leases below half");
    assert!(
        leases.starts_with("Leases below half: – with half their time or less, Time left known of 0 of 3"),
        "{leases}"
    );
}

#[test]
fn no_lease_is_said_to_be_kept_alive_where_that_was_not_seen() {
    let told = |answers: &[(i64, i64)], all: i64| {
        let mut world = calm();
        let session = &mut world.sessions[0];
        session.leases.clear();
        session.coordination.leases = (1..=all).map(|id| (id, Arc::new(LeaseUse::default()))).collect();
        for (id, (granted_secs, remaining_secs)) in (1_i64..).zip(answers.iter().copied()) {
            session.leases.insert(id, LeaseInfo { id, granted_secs, remaining_secs, seen_at: NOW });
        }
        tile(&play(Setting::default(), world), "Leases below half")
    };
    let starts = |words: String, with: &str| {
        let with = format!("Leases below half: {with}");
        assert!(words.starts_with(&with), "{words}");
    };
    starts(told(&[(20, 9)], 1), "1 with half their time or less, a renewal missed, First");
    starts(told(&[(40, 13)], 1), "1 with half their time or less, a renewal missed, First");
    starts(
        told(&[(20, 19)], 11),
        "0 with half their time or less, known of 1 of 11, Time left known of 1 of 11",
    );
    starts(told(&[(20, 19); 6], 11), "0 with half their time or less, 6 of 11 above half");
    starts(told(&[(20, 19); 2], 2), "0 with half their time or less, all above half");
}

#[test]
fn services_that_lost_all_instances_are_told_from_those_emptied_on_purpose() {
    let mut world = calm();
    let gone = |cause| InstanceEvent {
        key: key("x"),
        id: "x".into(),
        lease: 1,
        turn: Turn::Down,
        cause: Some(cause),
        revision: 5,
        at: NOW,
    };
    let services = &mut world.sessions[0].coordination.services;
    services.clear();
    for (name, cause) in [("lost", EndCause::Expired), ("retired", EndCause::RevokedHere)] {
        let service = Service { past: Arc::new([gone(cause)].into()), ..service(name, &[]) };
        services.insert(service.folder.clone(), Arc::new(service));
    }
    let mut scene = play(Setting::default(), world);
    scene.picture("overview-emptied");
    let words = tile(&scene, "Services");
    let all = "Services: 0/1 services up, 1 down, no instances 1 emptied on purpose, lost no instance left";
    assert!(words.starts_with(all), "{words}");
    scene.change(|world| {
        world.now += 1_000;
        let one = service("one", &[None]);
        world.sessions[0].coordination.services.insert(one.folder.clone(), Arc::new(one));
    });
    let words = tile(&scene, "Services");
    let all = "Services: 1/2 services up, 1 down, 1 instance, up 1 emptied on purpose";
    assert!(words.starts_with(all), "{words}");
}

#[test]
fn the_feed_goes_on_below_a_pointer_that_rests_and_for_who_comes_back() {
    let mut scene = Setting::default().play_with(calm(), |ui, stage, actions| {
        if stage.world.sessions[0].screen == Screen::Overview {
            overview::show(ui, &stage.world, &mut stage.state.overview, actions);
        }
    });
    let mut serial = 0;
    let mut happens = |scene: &mut Scene, after_ms: i64| {
        serial += 1;
        let kind = NewsKind::Instance {
            service: key("/services/user/"),
            name: "user".into(),
            instance: format!("i-{serial}"),
            turn: Turn::Down,
            cause: Some(EndCause::Released),
        };
        scene.change(|world| {
            world.now += after_ms;
            let news = News { serial, at: world.now, revision: 500, kind };
            world.sessions[0].coordination.news.push_back(Arc::new(news));
        });
    };
    happens(&mut scene, 0);
    assert!(scene.sees("user: i-1 went (deregistered)"), "in the word of the list of services");
    scene.harness.hover_at(egui::pos2(400.0, 600.0));
    scene.settle();
    happens(&mut scene, 1_000);
    assert!(scene.sees("1 new") && scene.sees("All 2") && !scene.sees("i-2 went"));
    // It is still there, and rests.
    for _ in 0..2 {
        scene.change(|world| world.now += 1_000);
    }
    happens(&mut scene, 1_000);
    assert!(scene.sees("i-2 went") && scene.sees("i-3 went") && !scene.sees("1 new"));
    scene.harness.hover_at(egui::pos2(420.0, 600.0));
    scene.settle();
    happens(&mut scene, 100);
    assert!(scene.sees("1 new") && !scene.sees("i-4 went"));
    scene.change(|world| world.sessions[0].screen = Screen::Keys);
    scene.settle();
    scene.change(|world| world.sessions[0].screen = Screen::Overview);
    assert!(scene.sees("i-4 went"));
}

#[test]
fn nothing_that_is_not_seen_waits_on() {
    let mut scene = play(Setting::default().size(1_280.0, 900.0), troubled());
    scene.change(|world| {
        let fault = Fault::new(FaultKind::Unavailable, "");
        world.sessions[0].state = MirrorState::Stale { since: NOW, fault, retry_at: None };
        world.now += 60_000;
    });
    let locks = tile(&scene, "Locks");
    assert!(locks.contains("Longest wait: /locks/deploy 3 min 20 s"), "{locks}");
}

#[test]
fn sums_are_not_counted_anew_in_every_frame() {
    let mut scene = play(Setting::default(), calm());
    // The same picture, and not a second later.
    scene.change(|world| {
        world.now += 400;
        world.sessions[0].leases.clear();
    });
    assert!(tile(&scene, "Leases below half").contains(": 0 with"));
    scene.change(|world| world.now += 700);
    assert!(tile(&scene, "Leases below half").contains(": – with"));
}

#[test]
fn many_services_are_counted_beside_the_window() {
    let mut world = calm();
    for nth in 0..1_000 {
        let service = service(&format!("many-{nth}"), &[Some(1), None]);
        world.sessions[0].coordination.services.insert(service.folder.clone(), Arc::new(service));
    }
    let mut scene = play(Setting::default(), world);
    let begun = std::time::Instant::now();
    while !tile(&scene, "Services").contains("1,002/1,002 services up") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{}", tile(&scene, "Services"));
        std::thread::yield_now();
        scene.settle();
    }
}

#[test]
fn it_is_the_first_screen_of_the_navigation() {
    let scene = Setting::default().play_with(calm(), |ui, stage, actions| {
        ui::show(ui, &stage.world, &mut stage.state, actions);
    });
    let tabs = scene.harness.query_all_by_role(Role::Tab);
    let mut found: Vec<(f32, String)> =
        tabs.filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?))).collect();
    found.retain(|(top, _)| *top > 60.0);
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert_eq!(found.first().map(|(_, name)| name.as_str()), Some("Overview"), "{found:?}");
}

#[test]
fn pictures_of_other_sizes_themes_and_languages() {
    for (name, setting) in [
        ("overview-light", Setting::default().light()),
        ("overview-small", Setting::default().size(1_024.0, 640.0)),
        ("overview-large", Setting::default().size(3_840.0, 2_160.0).light()),
        ("overview-wide-zh", Setting::default().size(1_920.0, 1_080.0).chinese()),
    ] {
        let mut scene = setting.play_with(troubled(), |ui, stage, actions| {
            ui::show(ui, &stage.world, &mut stage.state, actions);
        });
        scene.picture(name);
        assert!(scene.sees("1/4"));
    }
}
