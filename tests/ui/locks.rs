//! The screen of locks: the table, one lock, the wait-for graph and the table beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::coordination::waits::{Cycle, Owner, Wait};
use etcdscope::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimMode, ClaimQueue, Confidence, Contention, Coordination, EndCause,
    Layout, LeaseInfo, Tenure, WaitGraph,
};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::Screen;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::ui::{locks, theme};

use crate::support::{NOW, Scene, Setting, key, live_world, value};

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        let ground = egui::Frame::new().fill(theme::tokens(ui).base);
        egui::CentralPanel::default().frame(ground).show(ui, |ui| {
            locks::show(ui, &stage.world, &mut stage.state.locks, actions);
        });
    })
}

/// A claim whose lease is told by its owner's name.
fn claim(lock: &str, owner: &str, at: i64) -> Claim {
    let lease = 0x694d_0000_0000_0000 + owner.bytes().map(i64::from).sum::<i64>();
    let meta = KeyMeta { create_revision: 900 + at, mod_revision: 900 + at, version: 1, lease };
    let named = (!owner.is_empty()).then(|| value(owner));
    Claim::found(key(&format!("{lock}/{lease:x}")), meta, named)
}

fn queue(name: &str, owners: &[&str]) -> ClaimQueue {
    let claims = (0_i64..).zip(owners).map(|(at, owner)| {
        let waited = Some(NOW - 1_000 * (40 - 7 * at));
        let turn_since = (at == 0).then_some(NOW - 95_000);
        Arc::new(Claim { since: waited, turn_since, ..claim(name, owner, at) })
    });
    let contention = (0..30).map(|at| Contention {
        at: NOW - 600_000 + at * 20_000,
        waiting: ((at * 7) % (owners.len() as i64 * 2 + 1)) as u32,
    });
    let now = Contention { at: NOW - 4_000, waiting: owners.len().saturating_sub(1) as u32 };
    let (kind, form) = (ClaimKind::Lock, ClaimForm::Queue);
    ClaimQueue {
        claims: claims.collect(),
        contention: Arc::new(contention.chain([now]).collect()),
        layout: Layout::Etcd,
        ..ClaimQueue::new(key(name), kind, form, Confidence::Certain)
    }
}

/// What the queues say of who waits for whom; owners are told by value.
fn waits(queues: &[ClaimQueue], cycles: &[&[&str]]) -> WaitGraph {
    let owner = |claim: &Claim| {
        let name = claim.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned());
        name.map_or(Owner::Lease(claim.meta.lease), Owner::Named)
    };
    let stuck: Vec<&str> = cycles.iter().flat_map(|cycle| cycle.iter().copied()).collect();
    let is_stuck = |owner: &Owner| matches!(owner, Owner::Named(name) if stuck.contains(&name.as_str()));
    let mut waits = Vec::new();
    for queue in queues {
        for (waiter, place) in queue.waiting().iter().zip(1..) {
            for holder in queue.holders() {
                let (waiter, holder) = (owner(waiter), owner(holder));
                let in_cycle = is_stuck(&waiter) && is_stuck(&holder);
                waits.push(Wait { waiter, lock: queue.name.clone(), holder, place, in_cycle });
            }
        }
    }
    waits.sort();
    let of = |name: &&str| {
        waits.iter().find(|wait| wait.in_cycle && wait.waiter == Owner::Named((*name).into())).cloned()
    };
    let cycles = cycles.iter().map(|cycle| Cycle { waits: cycle.iter().filter_map(of).collect() }).collect();
    WaitGraph { waits, cycles, possible: Vec::new() }
}

fn world_of(queues: Vec<ClaimQueue>, cycles: &[&[&str]]) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Locks;
    let graph = waits(&queues, cycles);
    let mut secs = 2;
    for claim in queues.iter().flat_map(|queue| &queue.claims) {
        let id = claim.meta.lease;
        secs = (secs + 7) % 31;
        session.leases.insert(id, LeaseInfo { id, granted_secs: 30, remaining_secs: secs, seen_at: NOW });
    }
    session.coordination = Coordination {
        complete: true,
        watched_since: Some(NOW - 1_200_000),
        queues: queues.into_iter().map(|queue| (queue.name.clone(), Arc::new(queue))).collect(),
        waits: Arc::new(graph),
        ..Coordination::default()
    };
    world
}

fn tenure(lock: &str, owner: &str, at: i64, cause: EndCause) -> Tenure {
    let since = (at > 0).then_some(NOW - 900_000 + at * 60_000);
    Tenure {
        claim: Claim { turn_since: since, ..claim(lock, owner, at) },
        from_revision: 700 + at,
        until: NOW - 850_000 + at * 60_000,
        until_revision: 720 + at,
        cause,
        waiting: 2,
    }
}

fn some() -> World {
    let name = "/locks/deploy/production";
    let mut deploy = queue(name, &["deployer-a", "deployer-b", "", "deployer-d"]);
    let causes = [
        EndCause::Unknown,
        EndCause::Released,
        EndCause::Expired,
        EndCause::Revoked,
        EndCause::DeletedHere,
        EndCause::RevokedHere,
        EndCause::Asking,
    ];
    let past = (0_i64..).zip(causes).map(|(at, cause)| tenure(name, &format!("before-{at}"), at, cause));
    deploy.past = Arc::new(past.collect());
    let mut single = queue("/locks/nightly-report", &["host-9"]);
    single.form = ClaimForm::SingleKey;
    single.layout = Layout::Plain;
    single.confidence = Confidence::Likely;
    let mut readers = queue("/locks/index", &["reader-1", "reader-2", "writer-1"]);
    readers.form = ClaimForm::ReadWrite;
    for (claim, mode) in readers.claims.iter_mut().zip([ClaimMode::Read, ClaimMode::Read, ClaimMode::Write]) {
        Arc::make_mut(claim).mode = mode;
    }
    let queues = vec![deploy, single, readers, queue("/locks/中文/锁", &[""]), queue("/locks/idle", &[])];
    world_of(queues, &[])
}

/// Three owners, three locks, each waits for the next; and somebody who waits for one of them.
fn deadlock() -> World {
    let queues = vec![
        queue("/locks/accounts", &["transfer-a", "transfer-c", "audit"]),
        queue("/locks/ledger", &["transfer-b", "transfer-a"]),
        queue("/locks/limits", &["transfer-c", "transfer-b", "report"]),
        queue("/locks/cache", &["warmer", "warmer-2"]),
        queue("/locks/calm", &["nobody-waits"]),
    ];
    world_of(queues, &[&["transfer-a", "transfer-b", "transfer-c"]])
}

/// Fifty locks that thirty owners hold and wait for.
fn fifty() -> World {
    let owners: Vec<String> =
        (0..30).map(|owner| format!("worker-{owner:02}-{}", owner * 7919 % 997)).collect();
    let mut lines: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for lock in 0..50_usize {
        let holder = (lock * 7) % 30;
        let line = lines.entry(lock).or_insert_with(|| vec![holder]);
        for step in 0..=lock % 3 {
            let waiter = (lock * 11 + step * 5) % 30;
            if waiter % 4 < holder % 4 && !line.contains(&waiter) {
                line.push(waiter);
            }
        }
    }
    let queues = lines.into_iter().map(|(lock, line)| {
        let area = ["orders", "stock", "billing", "search"][lock % 4];
        let names: Vec<&str> = line.iter().map(|owner| owners[*owner].as_str()).collect();
        queue(&format!("/apps/{area}/locks/shard-{lock:02}"), &names)
    });
    world_of(queues.collect(), &[])
}

#[test]
fn the_holder_and_who_waits_are_shown_in_order() {
    let mut scene = play(Setting::default(), some());
    scene.picture("locks-dark");
    assert!(scene.sees("/locks/deploy/production, deployer-a, 3 waiting"));
    let lines = ["1 deployer-a, Holder", "2 deployer-b, waiting", "4 deployer-d, waiting"];
    let tops: Vec<f32> =
        lines.iter().map(|line| scene.harness.get_by_label_contains(line).rect().top()).collect();
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(scene.sees("3 lease 694d000000000000, waiting"), "a claim without a value is told by its lease");
    assert!(scene.sees("waits for 33 s"), "how long the first of them waits");
    assert!(scene.sees("held for 1 min 35 s"));
}

#[test]
fn the_most_contended_come_first_and_a_title_orders_by_its_column() {
    let mut scene = play(Setting::default(), some());
    let top = |scene: &Scene, name: &str| {
        scene
            .harness
            .get_all_by_role(Role::ListBoxOption)
            .find(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(name)))
            .map(|row| row.rect().top())
            .expect("a line")
    };
    assert!(top(&scene, "/locks/deploy") < top(&scene, "/locks/index"));
    assert!(top(&scene, "/locks/nightly") < top(&scene, "/locks/idle"), "free ones are last");
    assert!(scene.sees("1 free"), "the navigation counts those that are held");
    scene.press("Order by Name");
    assert!(top(&scene, "/locks/idle") < top(&scene, "/locks/nightly"));
}

#[test]
fn leases_in_sight_are_asked_for_and_not_in_every_frame() {
    let mut scene = play(Setting::default(), some());
    let asked = scene.actions().into_iter().filter(|action| matches!(action, Action::LoadLeases(_)));
    assert_eq!(asked.count(), 1);
    scene.change(|world| world.now += 1_000);
    assert_eq!(scene.actions(), Vec::new());
    scene.change(|world| world.now += 2_000);
    let asked = scene.actions();
    assert!(matches!(&asked[..], [Action::LoadLeases(leases)] if leases.len() >= 4), "{asked:?}");
}

#[test]
fn arrows_choose_locks_and_a_place_opens_its_key() {
    let mut scene = play(Setting::default(), some());
    scene.actions();
    scene.key(Modifiers::NONE, Press::ArrowDown);
    let chosen = Action::ShowQueue(ClaimKind::Lock, key("/locks/index"));
    assert!(scene.actions().contains(&chosen));
    scene.change(|world| world.sessions[0].chosen.lock = Some(key("/locks/index")));
    assert!(scene.sees("1 reader-1, Holder") && scene.sees("2 reader-2, Holder"), "readers hold together");
    scene.actions();
    scene.harness.get_by_label_contains("3 writer-1, waiting").click();
    scene.settle();
    let opened = scene.actions();
    assert!(
        opened
            .iter()
            .any(|action| matches!(action, Action::OpenKey(key) if key.starts_with(b"/locks/index/")))
    );
}

#[test]
fn releasing_by_force_is_asked_for_the_holder_and_for_each_who_waits() {
    let mut scene = play(Setting::default(), some());
    scene.actions();
    scene.press("Force release…");
    let asked = scene.actions();
    let holder = claim("/locks/deploy/production", "deployer-a", 0).key;
    assert_eq!(asked, [Action::AskEndKey(holder)]);
    scene.press("Force release… deployer-b");
    let waiter = claim("/locks/deploy/production", "deployer-b", 0).key;
    assert_eq!(scene.actions(), [Action::AskEndKey(waiter)]);
    scene.change(|world| world.sessions[0].profile.read_only = true);
    assert!(!scene.sees("Force release… deployer-b"), "not in a connection that is read only");
    scene.press("Force release…");
    assert_eq!(scene.actions(), Vec::new());
}

#[test]
fn each_way_that_a_tenure_ended_has_its_word() {
    let mut scene = play(Setting::default().size(1_280.0, 1_600.0), some());
    scene.picture("locks-past");
    for (owner, cause) in [
        ("before-6", "asking…"),
        ("before-5", "revoked here"),
        ("before-4", "deleted here"),
        ("before-3", "revoked"),
        ("before-2", "expired"),
        ("before-1", "released"),
        ("before-0", "not known"),
    ] {
        let name = format!("{owner}, ");
        let rows = scene.harness.query_all_by_label_contains(&name);
        let said: Vec<String> = rows.filter_map(|row| row.accesskit_node().value()).collect();
        assert!(said.iter().any(|label| label.ends_with(&format!(", {cause}"))), "{owner}: {said:?}");
    }
    assert!(scene.sees("before-0, before it was watched (revision 700)"), "etcd keeps no times");
}

#[test]
fn who_waits_for_a_single_key_is_said_not_to_be_seen() {
    let mut world = some();
    world.sessions[0].chosen.lock = Some(key("/locks/nightly-report"));
    let mut scene = play(Setting::default().light(), world);
    scene.picture("locks-single");
    assert!(scene.sees("who waits for it is not seen in etcd"));
    assert!(
        scene.sees("/locks/nightly-report, single key, host-9, who waits is not seen"),
        "that is not nobody"
    );
    assert!(scene.sees("likely"));
    assert!(!scene.sees("exclusive"));
}

/// Two locks of one name: the queue is called by its folder.
#[test]
fn a_single_key_and_a_queue_of_one_name_are_told_apart() {
    let mut single = queue("/locks/stock", &["host-9"]);
    single.form = ClaimForm::SingleKey;
    let mut scene =
        play(Setting::default(), world_of(vec![single, queue("/locks/stock/", &["a", "b"])], &[]));
    scene.picture("locks-one-name");
    assert!(scene.sees("/locks/stock, single key, host-9"));
    assert!(scene.sees("/locks/stock/, a, 1 waiting"));
    assert!(scene.sees("2 locks held") && scene.sees("waiting line"));
}

#[test]
fn the_filter_finds_who_waits() {
    let mut scene = play(Setting::default(), some());
    scene.type_into("Filter locks", "writer-1");
    assert!(scene.sees("/locks/index, reader-1 and 1 more, 1 waiting"));
    assert!(!scene.sees("/locks/nightly-report, "));
    scene.type_into("Filter locks", "-of-nobody");
    assert!(scene.sees("No lock fits the filter"));
}

#[test]
fn a_deadlock_is_told_above_and_led_to_in_the_graph() {
    let mut scene = play(Setting::default(), deadlock());
    scene.picture("locks-deadlock-list");
    assert!(scene.sees("Deadlock: transfer-a → transfer-b → transfer-c → transfer-a"));
    assert!(scene.sees("/locks/accounts, transfer-a, 2 waiting, deadlock"));
    scene.harness.get_all_by_label("Show in graph").next().expect("a way there").click();
    scene.settle();
    scene.picture("locks-deadlock-graph");
    assert!(scene.sees("Deadlock: 3 owners wait for each other"));
    assert!(scene.sees("transfer-a, owner: holds 1, waits for 1, deadlock"));
    assert!(scene.sees("/locks/ledger, lock: 1 waiting, deadlock"));
    assert!(scene.sees("warmer-2, owner: holds 0, waits for 1") && !scene.sees("nobody-waits, owner"));
    assert!(scene.sees("Locks without waiters, not drawn: 1"));
    scene.change(|world| {
        let session = &mut world.sessions[0];
        let mut graph = (*session.coordination.waits).clone();
        graph.cycles.clear();
        graph.waits.iter_mut().for_each(|wait| wait.in_cycle = false);
        session.coordination.waits = Arc::new(graph);
    });
    assert!(!scene.sees("eadlock"), "it is over");
}

#[test]
fn each_wait_of_the_graph_is_a_line_beside_it() {
    let mut scene = play(Setting::default().light(), deadlock());
    scene.press("Wait-for graph");
    scene.picture("locks-graph-light");
    let graph = deadlock().sessions[0].coordination.waits.clone();
    for wait in &graph.waits {
        let (Owner::Named(waiter), Owner::Named(holder)) = (&wait.waiter, &wait.holder) else {
            panic!("owners have names here")
        };
        let lock = String::from_utf8_lossy(&wait.lock);
        let line = format!("{waiter} waits for {lock} at place {}, held by {holder}", wait.place);
        let row = scene.harness.query_all_by_role(Role::ListBoxOption);
        let said = row.filter_map(|row| row.accesskit_node().label()).find(|label| label.starts_with(&line));
        assert_eq!(said.map(|label| label.ends_with(", deadlock")), Some(wait.in_cycle), "{line}");
    }
    scene.actions();
    scene.press("/locks/cache, lock: 1 waiting");
    assert!(scene.actions().contains(&Action::ShowQueue(ClaimKind::Lock, key("/locks/cache"))));
}

#[test]
fn fifty_locks_are_readable_in_one_picture() {
    let mut scene = play(Setting::default().size(1_600.0, 1_000.0), fifty());
    scene.press("Wait-for graph");
    scene.picture("locks-fifty-dark");
    let waits = scene.harness.state().world.sessions[0].coordination.waits.clone();
    for wait in &waits.waits {
        let lock = String::from_utf8_lossy(&wait.lock).into_owned();
        assert!(scene.sees(&format!("{lock}, lock: ")), "{lock} is drawn");
    }
}

#[test]
fn a_graph_of_hundreds_of_locks_is_laid_out_beside_the_window() {
    let names: Vec<String> = (0..400).map(|lock| format!("/locks/{lock:03}")).collect();
    let owners: Vec<String> = (0..1_200).map(|owner| format!("owner-{owner:04}")).collect();
    let queues = names.iter().zip(owners.chunks(3)).enumerate().map(|(at, (name, owners))| {
        let line: Vec<&str> = owners.iter().map(String::as_str).take(2 + at % 2).collect();
        queue(name, &line)
    });
    let mut scene = play(Setting::default(), world_of(queues.collect(), &[]));
    scene.press("Wait-for graph");
    scene.picture("locks-many");
    assert!(scene.sees("/locks/001, lock: 2 waiting"));
    assert!(scene.sees("60 of 400 contended locks are drawn"), "what is not drawn is said");
    scene.press("Draw up to 240");
    scene.picture("locks-many-more");
    assert!(scene.sees("240 of 400 contended locks are drawn"));
    scene.press("Draw 60");
    scene.type_into("Filter locks", "OWNER-0603");
    assert!(scene.sees("/locks/201, lock: 2 waiting"), "what is looked for is drawn");
    assert!(!scene.sees("/locks/001, lock: ") && !scene.sees("contended locks are drawn"));
    scene.press("Clear");
    assert!(scene.sees("owner-0001 waits for /locks/000 at place 1, held by owner-0000"));
    scene.change(|world| {
        let session = &mut world.sessions[0];
        let mut graph = (*session.coordination.waits).clone();
        graph.waits.truncate(60);
        session.coordination.waits = Arc::new(graph);
        // Layouts come at a pace.
        world.now += 60_000;
    });
    assert!(!scene.sees("contended locks are drawn"));
    assert!(!scene.sees("owner-1000"));
}

#[test]
fn fifty_locks_speak_chinese_in_a_small_window() {
    let mut scene = play(Setting::default().chinese().light().size(1_024.0, 640.0), fifty());
    scene.picture("locks-list-zh-small");
    scene.press("等待图");
    scene.picture("locks-fifty-zh-small");
    assert!(scene.sees("等待关系"));
}

#[test]
fn what_is_not_live_says_as_of_when_it_is() {
    let mut world = deadlock();
    let fault = Fault::new(FaultKind::PortClosed, "connection refused (os error 111)");
    world.sessions[0].state = MirrorState::Stale { since: NOW - 60_000, fault, retry_at: None };
    let mut scene = play(Setting::default(), world);
    scene.press("Wait-for graph");
    scene.picture("locks-stale");
    assert!(scene.sees("not live. What is shown may have moved on."));
}

#[test]
fn nothing_to_show_teaches_how_there_would_be() {
    let mut scene = play(Setting::default(), world_of(Vec::new(), &[]));
    scene.picture("locks-empty");
    assert!(scene.sees("No locks now"));
    scene.press("Copy etcdctl lock demo");
    assert_eq!(scene.actions().pop(), Some(Action::CopyText("etcdctl lock demo".into())));
    scene.change(|world| world.sessions[0].coordination.complete = false);
    assert!(!scene.sees("No locks now"), "it is not known yet whether there are any");
}

#[test]
fn owners_told_apart_by_lease_alone_are_said_to_be() {
    let mut world = world_of(vec![queue("/locks/a", &["", ""])], &[]);
    let lock = key("/locks/a");
    let wait = Wait { waiter: Owner::Lease(2), lock, holder: Owner::Lease(1), place: 1, in_cycle: false };
    world.sessions[0].coordination.waits = Arc::new(WaitGraph { waits: vec![wait], ..WaitGraph::default() });
    let mut scene = play(Setting::default(), world);
    scene.press("Wait-for graph");
    scene.picture("locks-by-lease");
    assert!(scene.sees("Name the owner's pattern in the profile"));
}

#[test]
fn the_navigation_tells_how_many_locks_there_are_and_how_many_deadlocks() {
    let mut scene = Setting::default().play(deadlock());
    scene.change(|world| world.sessions[0].coordination.totals.locks = 1_234);
    assert!(scene.sees("Locks 1,234, Deadlocks: 1"));
    scene.picture("navigation-deadlock");
}
