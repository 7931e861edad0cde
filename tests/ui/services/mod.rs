//! Services: their list, their instances, how these came and went.

mod edit;
mod fixture;
mod routers;

use std::collections::VecDeque;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::coordination::{EndCause, Instance, InstanceStatus, Report, Turn};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::status::{MirrorState, SeenAt};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;

use crate::support::{NOW, Scene, Setting, key};
use fixture::*;

#[test]
fn services_with_problems_come_first_and_say_what_is_wrong() {
    let mut scene = play(Setting::default(), world());
    scene.picture("services-dark");
    let names =
        ["billing, no instances, all instances lost", "user, 4 up, 1 late, 1 down", "inventory, 1 up"];
    let tops = tops(&scene, &names);
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(scene.sees("inventory, 1 up, 1.4.2, likely"), "a guess is said to be one");
    assert!(scene.sees("All 30") && scene.sees("Problems 2"), "how many have problems");
    assert!(scene.sees("user, 4 up, 1 late, 1 down, degraded, 4 of 6 instances up"));
}

#[test]
fn a_report_that_does_not_come_makes_an_instance_late_and_then_down_by_the_clock_alone() {
    let mut scene = play(Setting::default(), world());
    assert!(scene.sees("order, 12 up"));
    scene.change(|world| world.now += 3_000);
    assert!(scene.sees("order, 12 late"));
    scene.change(|world| world.now += 8_000);
    assert!(scene.sees("order, 12 down"));
    scene.change(|world| {
        let now = world.now;
        change_instance(world, "order", "10.0.1.7:8080", |one| {
            one.report =
                one.report.take().map(|report| Arc::new(Report { seen_at: Some(now), ..(*report).clone() }));
        });
    });
    assert!(scene.sees("order, 1 up, 11 down"));
    scene.type_into("Filter services", "inventory");
    assert!(scene.sees("inventory, 1 up"), "what never reported is judged by its registration");
}

#[test]
fn nothing_grows_older_while_it_is_not_live() {
    let mut scene = play(Setting::default(), world());
    scene.change(|world| {
        world.now += 60_000;
        let fault = Fault::new(FaultKind::PortClosed, "connection refused");
        world.sessions[0].state = MirrorState::Stale { since: NOW, fault, retry_at: None };
    });
    scene.picture("services-stale");
    assert!(scene.sees("order, 12 up"), "nobody knows that they are late");
    assert!(scene.sees("not live"));
    scene.change(|world| world.sessions[0].state = MirrorState::CatchingUp);
    assert!(scene.sees("order, 12 up"));
}

#[test]
fn the_heartbeat_of_the_profile_counts() {
    let mut slow = world();
    slow.sessions[0].profile.coordination.late_secs = 30;
    slow.sessions[0].profile.coordination.down_secs = 90;
    let scene = play(Setting::default(), slow);
    assert!(scene.sees("user, 6 up"));
}

#[test]
fn the_list_is_filtered_ordered_and_gone_through_with_the_keyboard() {
    let mut scene = play(Setting::default(), world());
    scene.press("Sort by name");
    assert!(tops(&scene, &["billing, ", "inventory, ", "old-gateway, ", "order, "]).is_sorted());
    scene.key(Modifiers::NONE, Press::ArrowDown);
    let chosen = |scene: &Scene| scene.harness.state().world.sessions[0].chosen.service.clone();
    assert_eq!(chosen(&scene), Some(key("/services/inventory/")), "the one after the first, which was shown");
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert_eq!(chosen(&scene), Some(key("/services/old-gateway/")));
    scene.type_into("Filter services", "WORKER-1");
    assert!(scene.sees("worker-12, ") && !scene.sees("worker-03, "));
    scene.type_into("Filter services", "no such");
    scene.press("Show all");
    scene.press("Problems 2");
    assert!(scene.sees("user, 4 up") && !scene.sees("worker-12, "));
    scene.press("Down 1");
    assert!(scene.sees("billing, no instances") && !scene.sees("user, 4 up"));
}

#[test]
fn each_chip_says_how_many_lines_it_would_show() {
    let mut scene = play(Setting::default(), world());
    let rows = |scene: &Scene| {
        let rows = scene.harness.query_all_by_role(Role::ListBoxOption);
        rows.filter(|row| row.rect().left() < 300.0).count()
    };
    assert!(scene.sees("All 30") && scene.sees("Degraded 1") && scene.sees("Flapping 1"));
    scene.type_into("Filter services", "b");
    assert!(scene.sees("All 1") && scene.sees("Problems 1") && scene.sees("Down 1"), "billing alone");
    assert!(!scene.sees("Degraded "), "what there is none of takes no room");
    scene.press("Problems 1");
    assert_eq!(rows(&scene), 1);
    scene.press("All 1");
    scene.type_into("Filter services", "no such");
    assert!(scene.sees("All 0") && scene.sees("Problems 0"));
}

#[test]
fn instances_are_sorted_out_by_how_they_are_and_by_what_they_say() {
    let mut world = world();
    for (id, ms) in [("10.0.1.7:8080", 60_000), ("10.0.1.8:8080", 61_000), ("10.0.1.9:8080", 5_000)] {
        change_instance(&mut world, "order", id, |one| {
            one.report = one.report.take().map(|report| late(&report, ms));
        });
    }
    world.sessions[0].chosen.service = Some(key("/services/order/"));
    let mut scene = play(Setting::default().size(1_500.0, 800.0), world);
    assert!(scene.sees("All 12") && scene.sees("down 2") && scene.sees("late 1") && scene.sees("up 9"));
    scene.press("down 2");
    scene.picture("services-instances-down");
    assert!(scene.sees("10.0.1.8:8080, down") && !scene.sees("10.0.1.9:8080, late"));
    scene.type_into("Filter instances", "1.8:80");
    assert!(scene.sees("All 1") && scene.sees("down 1"));
    assert!(!scene.sees("10.0.1.7:8080, down"));
    scene.type_into("Filter instances", "no such");
    assert!(scene.sees("No instance fits"));
    scene.harness.get_by_role_and_label(Role::Button, "Show all").click();
    scene.settle();
    assert!(scene.sees("10.0.1.9:8080, late"));
}

#[test]
fn what_nothing_proves_to_live_is_not_said_to_be_up() {
    let mut world = world();
    change_instance(&mut world, "inventory", "10.0.3.1:9000", |one| one.meta.lease = 0);
    let scene =
        opened(world, Setting::default().size(1_600.0, 1_000.0), "inventory", "10.0.3.1:9000, unproven");
    assert!(scene.sees("inventory, 1 unproven, unproven, no lease and no report"));
    assert!(scene.sees("10.0.3.1:9000, unproven, 1.4.2, stable, weight 10, no lease"));
    assert!(scene.sees("nothing proves that it lives"));
}

#[test]
fn why_an_instance_gets_nothing_is_said_in_little_room() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/user/"));
    let mut scene = play(Setting::default().size(1_024.0 - 44.0, 540.0), world);
    scene.press("Traffic");
    scene.picture("services-traffic-small");
    let remarks = scene.harness.query_all_by_label("Remarks");
    assert_eq!(remarks.count(), 0, "titles are painted");
    assert!(scene.sees("10.0.1.9:8080, left out, it is down"));
}

#[test]
fn an_instance_tells_everything_in_its_line() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/user/"));
    let mut scene = play(Setting::default().size(1_900.0, 1_000.0), world);
    scene.picture("services-user-wide");
    let rows = [
        "10.0.1.9:8080, down, breaker closed, 1.4.2, stable, weight 10, report 14 s old",
        "10.0.1.8:8080, late, breaker closed, 1.4.2, stable, weight 10, report 4.2 s old",
        "10.0.1.10:8080, up, breaker closed, 1.5.0-rc1, canary, weight 2, report 0.9 s old",
        "10.0.1.11:8080, up, breaker half open",
        "user-6f, up, grpc://10.0.1.12:8080",
    ];
    for row in rows {
        assert!(scene.sees(row), "{row}");
    }
    assert!(tops(&scene, &rows[..3]).is_sorted(), "the worst first");
    assert!(scene.sees("came back 3 times lately") && scene.sees("lease "));
}

#[test]
fn leases_in_sight_are_asked_for_every_three_seconds() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/order/"));
    let mut scene = play(Setting::default(), world);
    let leases = |scene: &mut Scene| {
        let asked = scene.actions().into_iter().filter_map(|action| match action {
            Action::LoadLeases(leases) => Some(leases),
            _ => None,
        });
        asked.collect::<Vec<_>>()
    };
    assert_eq!(leases(&mut scene).iter().map(Vec::len).collect::<Vec<_>>(), [12]);
    scene.change(|world| world.now += 1_000);
    assert_eq!(leases(&mut scene), Vec::<Vec<i64>>::new());
    scene.change(|world| world.now += 2_000);
    assert_eq!(leases(&mut scene).iter().map(Vec::len).collect::<Vec<_>>(), [12]);
}

/// Opens an instance of a service.
fn opened(world: World, setting: Setting, name: &str, row: &str) -> Scene {
    let mut world = world;
    world.sessions[0].chosen.service = Some(key(&folder(name)));
    let mut scene = play(setting, world);
    scene.harness.get_by_label_contains(row).click();
    scene.settle();
    scene.actions();
    scene
}

#[test]
fn what_can_be_done_with_an_instance_asks_first() {
    let mut scene = opened(world(), Setting::default().size(1_600.0, 1_000.0), "user", "10.0.1.10:8080, up");
    scene.picture("services-instance");
    let registered = key("/services/user/10.0.1.10:8080");
    scene.press("Deregister…");
    scene.press("Edit weight or label…");
    scene.press("Copy address");
    scene.press("Open key");
    let asked = scene.actions();
    assert!(asked.contains(&Action::AskEndKey(registered.clone())), "{asked:?}");
    assert!(asked.contains(&Action::AskEditInstance(registered.clone())));
    assert!(asked.contains(&Action::CopyText("10.0.1.10:8080".into())));
    assert!(asked.contains(&Action::OpenKey(registered)));
}

#[test]
fn a_read_only_profile_changes_nothing() {
    let mut world = world();
    world.sessions[0].profile.read_only = true;
    let mut scene = opened(world, Setting::default().size(1_600.0, 1_000.0), "user", "10.0.1.10:8080, up");
    for name in ["Deregister…", "Edit weight or label…"] {
        let button = scene.harness.get_by_role_and_label(Role::Button, name);
        assert!(button.accesskit_node().is_disabled(), "{name}");
        button.click();
    }
    scene.settle();
    let asked = scene.actions();
    let asks = |action: &Action| matches!(action, Action::AskEndKey(_) | Action::AskEditInstance(_));
    assert!(!asked.iter().any(asks), "{asked:?}");
}

#[test]
fn an_instance_shows_its_facts_metrics_and_past() {
    let setting = Setting::default().light().size(1_900.0, 1_080.0);
    let mut scene = opened(world(), setting, "user", "10.0.1.11:8080, up");
    scene.picture("services-instance-light");
    for words in ["10.0.1.11:8080", "eu-west-1a", "2026-05-28T20:26:40Z", "0.9 s ago, 20:26:39"] {
        let told = scene.sees(words) || scene.harness.query_all_by_value(words).next().is_some();
        assert!(told, "{words}");
    }
    assert!(scene.sees("Plot of CPU, Memory over time") && scene.sees("Plot of Latency over time"));
    assert!(scene.sees("gone, revoked") && scene.sees("gone, expired"), "why it went");
    let lease = lease_of("10.0.1.11:8080");
    scene.harness.get_by_role_and_label(Role::Link, &lease).click();
    scene.settle();
    let asked = scene.actions();
    assert!(asked.iter().any(|action| matches!(action, Action::ShowLease(_))), "{asked:?}");
}

fn lease_of(id: &str) -> String {
    format!("{:016x}", instance("/", id, None).meta.lease)
}

#[test]
fn an_instance_that_goes_while_it_is_looked_at_says_why() {
    let mut scene = opened(world(), Setting::default(), "user", "10.0.1.10:8080, up");
    scene.change(|world| {
        change(world, "user", |service| {
            service.instances.remove(&key("/services/user/10.0.1.10:8080"));
            let mut past = (*service.past).clone();
            past.push_back(event("user", "10.0.1.10:8080", Turn::Down, Some(EndCause::Expired), 1_000));
            service.past = Arc::new(past);
        });
    });
    scene.picture("services-instance-gone");
    assert!(scene.sees("10.0.1.10:8080 is gone, expired"));
    scene.press("Dismiss");
    assert!(!scene.sees("10.0.1.10:8080 is gone"));
}

#[test]
fn what_is_shown_stays_though_the_order_changes() {
    let mut scene =
        play(Setting::default(), with(vec![service("a", ids("a", 2)), service("b", ids("b", 3))]));
    assert!(
        scene.sees("3 up") && scene.harness.query_by_role_and_label(Role::Link, "/services/a/").is_some()
    );
    scene.change(|world| {
        world.now += 1_000;
        change_instance(world, "b", "10.0.1.7:8080", |one| {
            one.report = one.report.take().map(|report| late(&report, 60_000));
        });
    });
    assert!(tops(&scene, &["b, 2 up, 1 down", "a, 2 up"]).is_sorted());
    assert!(scene.harness.query_by_role_and_label(Role::Link, "/services/a/").is_some(), "it is still a");
}

#[test]
fn services_of_one_name_are_told_apart_by_their_folders() {
    let mut one = service("user", ids("user", 1));
    one.folder = key("/staging/user/");
    let scene =
        play(Setting::default(), with(vec![one, service("user", ids("user", 2)), service("b", ids("b", 2))]));
    assert!(scene.sees("user, /staging/user/, 1 up") && scene.sees("user, /services/user/, 2 up"));
    assert!(scene.sees("b, 2 up"), "where one name is enough, no folder is said");
}

#[test]
fn of_thousands_of_services_those_in_sight_are_drawn() {
    let services = (0..2_000).map(|at| {
        let name = format!("service-{at:04}");
        let folder = folder(&name);
        let one = |n: usize| Instance {
            series: Arc::default(),
            ..instance(&folder, &format!("10.0.{}.{}:80", at % 250, n + 1), Some(900))
        };
        service(&name, (0..25).map(one).collect())
    });
    let mut world = with(services.collect());
    world.sessions[0].chosen.service = Some(key("/services/service-1999/"));
    let mut scene = play(Setting::default(), world);
    assert!(scene.sees("service-1999, 25 up"), "what was chosen elsewhere is in sight");
    let rows = || scene.harness.query_all_by_role(Role::ListBoxOption).count();
    assert!((20..100).contains(&rows()), "{}", rows());
    scene.change(|world| {
        world.now += 1_000;
        let down = |one: &mut Instance| one.report = one.report.take().map(|report| late(&report, 60_000));
        change_instance(world, "service-0999", "10.0.249.7:80", down);
    });
    scene.type_into("Filter services", "0999");
    assert!(scene.sees("service-0999, 24 up, 1 down, degraded, 24 of 25 instances up"));
    assert!(scene.sees("Problems 1") && scene.sees("Degraded 1"), "all of them were looked at");
}

#[test]
fn a_word_of_its_own_is_not_taken_for_up() {
    let mut world = world();
    change_instance(&mut world, "order", "10.0.1.8:8080", |one| {
        one.report = None;
        one.status = Some(InstanceStatus::Other("DRAINING".into()));
    });
    world.sessions[0].chosen.service = Some(key("/services/order/"));
    let scene = play(Setting::default(), world);
    assert!(scene.sees("10.0.1.8:8080, DRAINING"));
}

#[test]
fn an_instance_without_reports_says_so() {
    let scene = opened(world(), Setting::default().size(1_600.0, 1_000.0), "inventory", "10.0.3.1:9000, up");
    assert!(scene.sees("No metrics reported since it is watched."));
    assert!(scene.sees("It has reported nothing."));
}

#[test]
fn the_timeline_tells_when_and_why_instances_went() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/user/"));
    let mut scene = play(Setting::default().size(1_700.0, 900.0), world);
    scene.press("Timeline");
    scene.picture("services-timeline");
    for words in [
        "10.0.1.98:8080, gone, asking…",
        "10.0.1.10:8080, gone, deleted here",
        "10.0.1.11:8080, gone, revoked",
        "10.0.1.99:8080, gone, deregistered",
        "10.0.1.11:8080, gone, expired",
    ] {
        assert!(scene.sees(words), "{words}");
    }
    let strip = "10.0.1.11:8080, registered since";
    assert!(scene.sees(strip) && scene.sees("came back 2 times"));
    assert!(scene.sees("10.0.1.7:8080, registered since"), "those that stayed have strips, too");
}

#[test]
fn a_service_whose_instances_are_gone_says_since_when_and_why() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/billing/"));
    let mut scene = play(Setting::default(), world);
    scene.picture("services-gone");
    assert!(scene.sees("All instances are gone since") && scene.sees("2 × expired"));
}

#[test]
fn what_was_healed_before_is_no_cause_of_the_outage_now() {
    let mut world = world();
    let folder = key("/services/billing/");
    let services = &mut world.sessions[0].coordination.services;
    let mut billing = (**services.get(&folder).expect("the service")).clone();
    let went = |id, cause, ago_ms| event("billing", id, Turn::Down, Some(cause), ago_ms);
    billing.past = Arc::new(VecDeque::from([
        went("a", EndCause::Revoked, 90_000),
        went("b", EndCause::Released, 80_000),
        event("billing", "c", Turn::Up, None, 70_000),
        event("billing", "d", Turn::Up, None, 70_000),
        went("c", EndCause::Expired, 10_000),
        went("d", EndCause::Expired, 9_000),
    ]));
    services.insert(folder.clone(), Arc::new(billing));
    world.sessions[0].chosen.service = Some(folder);
    let scene = play(Setting::default(), world);
    assert!(scene.sees("2 × expired") && !scene.sees("1 × "));
}

#[test]
fn the_folder_leads_to_the_keys() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/order/"));
    let mut scene = play(Setting::default(), world);
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Link, "/services/order/").click();
    scene.settle();
    assert!(scene.actions().contains(&Action::Reveal(TreeItem::folder(key("/services/order/")))));
}

#[test]
fn traffic_is_shared_by_the_strategy_and_says_what_was_assumed() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/user/"));
    change_instance(&mut world, "user", "10.0.1.12:8080", |one| one.weight = None);
    let mut scene = play(Setting::default().size(1_500.0, 800.0), world);
    scene.press("Traffic");
    assert!(scene.sees("10.0.1.7:8080, 20.0 %"), "five of six serve");
    assert!(scene.sees("10.0.1.9:8080, left out, it is down"));
    scene.press("Weighted");
    scene.picture("services-traffic");
    assert!(scene.sees("10.0.1.10:8080, 5.0 %"), "2 of 10 + 10 + 2 + 10 + 8");
    assert!(scene.sees("1 × no weight told"));
    let rows = ["10.0.1.11:8080, 25.0 %", "10.0.1.10:8080, 5.0 %", "10.0.1.9:8080, left out"];
    assert!(tops(&scene, &rows).is_sorted(), "the largest first, those left out last");
    for strategy in ["Random", "Response time", "Least connections", "Consistent hash"] {
        scene.press(strategy);
        assert!(scene.sees("10.0.1.9:8080, left out, it is down"), "{strategy}");
    }
    scene.picture("services-traffic-hash");
}

#[test]
fn nothing_to_show_teaches_how_there_would_be() {
    let mut scene = play(Setting::default(), with(Vec::new()));
    scene.picture("services-empty");
    assert!(scene.sees("No services now") && scene.sees("etcdctl put --lease="));
    scene.press("Copy an example");
    let copied = scene.actions();
    let is_example =
        |action: &Action| matches!(action, Action::CopyText(text) if text.starts_with("etcdctl put"));
    assert!(copied.iter().any(is_example), "{copied:?}");
    scene.change(|world| world.sessions[0].coordination.complete = false);
    assert!(scene.sees("Looking for services") && !scene.sees("No services now"), "not known yet");
}

#[test]
fn a_change_costs_the_service_that_it_touches() {
    let mut scene = play(Setting::default(), world());
    let at = |now: SeenAt| now;
    scene.change(|world| {
        world.now = at(NOW + 1_000);
        change_instance(world, "worker-05", "10.0.1.7:8080", |one| {
            let down = |report: &Report| Report { status: Some(InstanceStatus::Down), ..report.clone() };
            one.report = one.report.take().map(|report| Arc::new(down(&report)));
        });
    });
    let words = "worker-05, 1 up, 1 down, degraded, 1 of 2 instances up";
    assert!(tops(&scene, &[words, "inventory, 1 up"]).is_sorted(), "it went to the top");
}

#[test]
fn services_speak_chinese_in_a_small_window() {
    let mut world = world();
    world.sessions[0].chosen.service = Some(key("/services/user/"));
    let mut scene = play(Setting::default().chinese().light().size(980.0, 538.0), world);
    scene.picture("services-zh-small");
    assert!(scene.sees("user，4 正常，1 迟到，1 下线"));
    scene.harness.get_by_label_contains("10.0.1.10:8080，正常").click();
    scene.settle();
    scene.picture("services-zh-small-instance");
    assert!(scene.sees("注销…"));
    scene.press("时间线");
    scene.picture("services-zh-small-timeline");
    assert!(scene.sees("离开，已撤销"));
}
