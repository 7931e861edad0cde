//! Elections, the timeline of their terms, and the leadership of the cluster itself.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::coordination::raft::RaftHistory;
use etcdscope::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence, EndCause, Layout, LeaseInfo, Tenure,
};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::Screen;
use etcdscope::model::status::{ClusterStatus, MirrorState, SeenAt};
use etcdscope::model::world::World;
use etcdscope::ui::elections;

use crate::support::{NOW, Scene, Setting, cluster, key, live_world, value};

const MINUTE: i64 = 60_000;
const SCHEDULER: &str = "/elections/scheduler";
const FLAPPING: &str = "/elections/flapping";

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        elections::show(ui, &stage.world, &mut stage.state.elections, actions);
    })
}

/// A candidate's claim: its lease is told by its number.
fn claim(election: &str, number: i64, owner: &str, turn_since: Option<SeenAt>) -> Claim {
    let lease = 0x694d_0000_0000_0100 + number;
    let meta = KeyMeta { create_revision: 900 + number, mod_revision: 900 + number, version: 1, lease };
    let value = (!owner.is_empty()).then(|| value(owner));
    let found = Claim::found(key(&format!("{election}/{lease:x}")), meta, value);
    Claim { since: turn_since, turn_since, ..found }
}

/// A term that ended so many milliseconds ago and lasted so long.
fn term(election: &str, owner: &str, ago: i64, lasted: Option<i64>, cause: EndCause) -> Tenure {
    let until = NOW - ago;
    // Each candidate has a lease of its own.
    let number = 16 + owner.bytes().map(i64::from).sum::<i64>();
    let claim = claim(election, number, owner, lasted.map(|lasted| until - lasted));
    Tenure { claim, from_revision: 700, until, until_revision: 760, cause, waiting: 1 }
}

fn election(name: &str, claims: Vec<Claim>, past: Vec<Tenure>) -> ClaimQueue {
    ClaimQueue {
        claims: claims.into_iter().map(Arc::new).collect(),
        past: Arc::new(past.into()),
        layout: Layout::Etcd,
        ..ClaimQueue::new(key(name), ClaimKind::Election, ClaimForm::Queue, Confidence::Certain)
    }
}

/// Who led the cluster: one that was there, a time without a leader, another one.
fn raft() -> RaftHistory {
    let mut history = RaftHistory::default();
    let status = |seen_at, term, leader: Option<u64>, silent: bool| {
        let mut status = ClusterStatus { seen_at, ..cluster() };
        let ids: Vec<u64> = status.members.iter().map(|member| member.id).collect();
        let leader = leader.and_then(|at| ids.get(usize::try_from(at).expect("small")).copied());
        for (at, member) in status.members.iter_mut().enumerate() {
            member.is_leader = leader == Some(member.id);
            member.leader = Some(leader.unwrap_or(0));
            member.raft_term = term;
            member.raft_index -= at as u64 * 3;
            if silent && at == 0 {
                member.fault = Some(Fault::new(FaultKind::Unavailable, ""));
            }
        }
        status
    };
    for (ago, term, leader, silent) in [
        (30 * MINUTE, 5, Some(0), false),
        (29 * MINUTE + 30_000, 5, Some(0), false),
        (29 * MINUTE, 5, Some(0), false),
        (28 * MINUTE + 30_000, 6, None, true),
        (28 * MINUTE, 9, Some(1), true),
    ] {
        history.see(&status(NOW - ago, term, leader, silent));
    }
    let mut at = NOW - 28 * MINUTE;
    while at < NOW {
        at += 30_000;
        history.see(&status(at, 9, Some(1), false));
    }
    history
}

/// A world with a calm election, one that flaps, and one in a single key.
pub fn world() -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Elections;
    let calm = election(
        SCHEDULER,
        vec![
            claim(SCHEDULER, 0, "scheduler-2", Some(NOW - 12 * MINUTE)),
            claim(SCHEDULER, 1, "scheduler-1", None),
            claim(SCHEDULER, 2, "scheduler-3", Some(NOW - 2 * MINUTE)),
        ],
        vec![
            term(SCHEDULER, "scheduler-1", 40 * MINUTE, None, EndCause::Released),
            term(SCHEDULER, "scheduler-3", 25 * MINUTE, Some(15 * MINUTE), EndCause::Expired),
            term(SCHEDULER, "scheduler-1", 16 * MINUTE, Some(9 * MINUTE), EndCause::Revoked),
            term(SCHEDULER, "scheduler-3", 12 * MINUTE, Some(MINUTE), EndCause::DeletedHere),
        ],
    );
    let flaps = (0..5).rev().map(|nth| {
        let owner = if nth % 2 == 0 { "worker-a" } else { "worker-b" };
        term(FLAPPING, owner, nth * 80_000 + 5_000, Some(78_000), EndCause::Expired)
    });
    let flapping = election(
        FLAPPING,
        vec![
            claim(FLAPPING, 3, "worker-b", Some(NOW - 5_000)),
            claim(FLAPPING, 4, "worker-a", Some(NOW - 4_000)),
        ],
        flaps.collect(),
    );
    let single = ClaimQueue {
        form: ClaimForm::SingleKey,
        layout: Layout::Patroni,
        ..election("/service/pg/leader", vec![claim("/service/pg/leader", 5, "pg-node-1", None)], Vec::new())
    };
    let lost = election(
        "/elections/abandoned",
        Vec::new(),
        vec![term("/elections/abandoned", "cron-1", 3 * MINUTE, Some(MINUTE), EndCause::Expired)],
    );
    for queue in [calm, flapping, single, lost] {
        session.coordination.queues.insert(queue.name.clone(), Arc::new(queue));
    }
    session.coordination.complete = true;
    session.coordination.watched_since = Some(NOW - 45 * MINUTE);
    for (number, remaining_secs) in [(0, 24), (1, 28), (2, 18), (3, 3), (4, 9), (5, 27)] {
        let id = 0x694d_0000_0000_0100 + number;
        session.leases.insert(id, LeaseInfo { id, granted_secs: 30, remaining_secs, seen_at: NOW });
    }
    session.raft = raft();
    for member in &mut session.cluster.members {
        member.raft_term = 9;
    }
    session.chosen.election = Some(key(SCHEDULER));
    world
}

fn choose(world: &mut World, name: &str) {
    world.sessions[0].chosen.election = Some(key(name));
}

/// Names of all nodes of this role, from top to bottom.
fn names(scene: &Scene, role: Role) -> Vec<String> {
    let nodes = scene.harness.query_all_by_role(role);
    let mut found: Vec<(f32, String)> =
        nodes.filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?))).collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn the_leader_the_line_and_how_every_term_ended_are_told() {
    let mut scene = play(Setting::default(), world());
    scene.picture("elections-dark");
    assert!(scene.sees("1 scheduler-2, Leader") && scene.sees("2 scheduler-1, candidate"));
    let terms = names(&scene, Role::ListItem);
    let ends = ["goes on", "deleted here", "revoked", "expired", "resigned"];
    assert_eq!(terms.len(), 6, "five terms, and a time between two without a leader: {terms:#?}");
    assert!(terms[0].starts_with("scheduler-2") && terms[0].contains("for 12 min"), "{}", terms[0]);
    for (at, end) in [(1, ends[1]), (3, ends[2]), (4, ends[3]), (5, ends[4])] {
        assert!(terms[at].contains(end), "{}", terms[at]);
    }
    assert!(terms[2].starts_with("nobody") && terms[2].contains("for 3 min"), "{}", terms[2]);
    assert!(terms[5].contains("before it was watched") && !terms[5].contains(" for "), "{}", terms[5]);
    assert!(scene.sees("Lease left 24 s"));
}

#[test]
fn a_leader_that_changes_too_often_is_marked_and_stands_first() {
    let mut world = world();
    choose(&mut world, FLAPPING);
    let mut scene = play(Setting::default(), world);
    scene.picture("elections-alert");
    let rows = names(&scene, Role::ListBoxOption);
    assert!(rows[0].starts_with("The cluster itself, leader etcd-2"), "{rows:#?}");
    assert!(rows[1].starts_with(FLAPPING) && rows[1].ends_with("changes: 5, changes too often"), "{rows:#?}");
    assert!(!rows[2].contains("too often"), "{rows:#?}");
    assert!(scene.sees("The leader changed 5 times in 10 min"));
    // Changes grow old without any news.
    scene.change(|world| world.now += 6 * MINUTE);
    assert!(!scene.sees("The leader changed") && !scene.sees("too often"));
}

#[test]
fn the_limit_is_that_of_the_profile() {
    let mut world = world();
    choose(&mut world, FLAPPING);
    world.sessions[0].profile.coordination.alert_changes = 5;
    let scene = play(Setting::default(), world);
    assert!(!scene.sees("too often"));
}

#[test]
fn what_is_shown_first_stays_though_the_order_changes() {
    let mut world = world();
    world.sessions[0].chosen = Default::default();
    let mut scene = play(Setting::default(), world);
    let shown = "Led last: cron-1, expired";
    assert!(scene.sees("The leader changed 5 times") && !scene.sees(shown));
    scene.change(|world| world.now += 8 * MINUTE);
    let rows = names(&scene, Role::ListBoxOption);
    assert!(rows[1].starts_with("/elections/abandoned"), "{rows:#?}");
    assert!(scene.sees("1 worker-b, Leader") && !scene.sees(shown));
}

#[test]
fn an_election_that_lost_its_leader_says_so() {
    let mut world = world();
    choose(&mut world, "/elections/abandoned");
    let scene = play(Setting::default(), world);
    assert!(scene.sees("nobody leads") && scene.sees("Led last: cron-1, expired"));
    assert!(!scene.sees("End leadership"), "there is nobody to be asked");
    assert!(names(&scene, Role::ListItem)[0].starts_with("nobody, "), "{:#?}", names(&scene, Role::ListItem));
}

#[test]
fn who_else_would_lead_a_single_key_is_said_to_be_unseen() {
    let mut world = world();
    choose(&mut world, "/service/pg/leader");
    let mut scene = play(Setting::default(), world);
    scene.picture("elections-single");
    assert!(scene.sees("Patroni") && scene.sees("is not seen in etcd"));
    assert!(scene.sees("/service/pg/leader, leader pg-node-1, candidates: ?"));
    assert!(scene.sees("since before it was watched, r905"));
}

#[test]
fn stepping_down_is_asked_for_by_the_leaders_key_and_not_in_a_read_only_connection() {
    let mut scene = play(Setting::default(), world());
    scene.actions();
    scene.press("End leadership…");
    let leader = key("/elections/scheduler/694d000000000100");
    assert_eq!(scene.actions().first(), Some(&Action::AskEndKey(leader)));
    scene.change(|world| world.sessions[0].profile.read_only = true);
    scene.press("End leadership…");
    assert!(!scene.actions().iter().any(|action| matches!(action, Action::AskEndKey(_))));
}

#[test]
fn lines_choose_and_lead_to_keys_and_leases() {
    let mut scene = play(Setting::default(), world());
    scene.actions();
    scene.harness.get_by_label_contains("/service/pg/leader, leader").click();
    scene.settle();
    let name = key("/service/pg/leader");
    assert!(scene.actions().contains(&Action::ShowQueue(ClaimKind::Election, name)));
    scene.key(Modifiers::NONE, Press::Home);
    assert!(scene.actions().contains(&Action::ShowRaft));
    scene.press("lease 694d000000000100");
    assert!(scene.actions().contains(&Action::ShowLease(0x694d_0000_0000_0100)));
    scene.press("2 scheduler-1, candidate");
    assert!(scene.actions().contains(&Action::OpenKey(key("/elections/scheduler/694d000000000101"))));
}

#[test]
fn the_leadership_of_the_cluster_stands_on_the_same_line_of_time() {
    let mut world = world();
    world.sessions[0].chosen.raft = true;
    world.sessions[0].cluster.members[2].leader = Some(0);
    let mut scene = play(Setting::default(), world);
    scene.picture("elections-raft");
    let items = names(&scene, Role::ListItem);
    let terms: Vec<&String> = items.iter().filter(|item| item.contains("term")).collect();
    assert!(
        terms[0].starts_with("etcd-2") && terms[0].ends_with("term 9, terms before it that nobody saw: 2"),
        "{terms:#?}"
    );
    assert!(terms[1].starts_with("no leader"), "{terms:#?}");
    assert!(terms[2].starts_with("etcd-1, before it was watched"), "{terms:#?}");
    assert!(terms[2].contains("did not answer"), "{terms:#?}");
    assert!(scene.sees("The members do not agree"));
    assert!(scene.sees("etcd-3 is in term 9 and knows no leader."));
    assert!(items.iter().any(|item| item == "etcd-3, follower, 6 entries"), "{items:#?}");
}

#[test]
fn a_leader_that_is_not_told_or_not_known_is_not_made_up() {
    let mut world = world();
    world.sessions[0].chosen.raft = true;
    let mut scene = play(Setting::default(), world);
    scene.change(|world| {
        for member in &mut world.sessions[0].cluster.members {
            (member.version, member.is_leader, member.leader) = (String::new(), false, None);
        }
    });
    assert!(scene.sees("not shown to this user") && scene.sees("not known"));
    scene.change(|world| {
        for member in &mut world.sessions[0].cluster.members {
            member.fault = Some(Fault::new(FaultKind::Unavailable, ""));
        }
    });
    assert!(scene.sees("no member answers"));
    // Long after the members were asked last it is said as of when.
    scene.change(|world| world.now += 10 * MINUTE);
    assert!(scene.sees("as of "));
}

#[test]
fn what_is_not_live_says_so_and_nothing_is_said_to_have_gone_on() {
    let mut world = world();
    let fault = Fault::new(FaultKind::Unavailable, "");
    world.sessions[0].state = MirrorState::Stale { since: NOW - 5 * MINUTE, fault, retry_at: None };
    let mut scene = play(Setting::default(), world);
    scene.picture("elections-stale");
    assert!(scene.sees("not live") && scene.sees("Led at "));
    let terms = names(&scene, Role::ListItem);
    assert!(terms[0].contains("for 7 min"), "what is not seen does not go on: {}", terms[0]);
    assert!(!scene.actions().iter().any(|action| matches!(action, Action::LoadLeases(_))));
}

#[test]
fn without_elections_the_cluster_stands_alone_and_it_is_said_what_would_be_here() {
    let mut world = world();
    world.sessions[0].coordination.queues.clear();
    world.sessions[0].chosen = Default::default();
    let mut scene = play(Setting::default(), world);
    scene.picture("elections-none");
    assert!(
        scene.sees("The cluster itself, leader etcd-2") && scene.sees("Elections held with etcdctl elect")
    );
    scene.change(|world| {
        world.sessions[0].raft = RaftHistory::default();
        world.sessions[0].cluster = ClusterStatus::default();
    });
    assert!(scene.sees("No elections now"));
    scene.change(|world| world.sessions[0].coordination.complete = false);
    assert!(scene.sees("Reading the keys"), "what is not known yet is not said to be missing");
}

#[test]
fn only_what_is_in_sight_is_drawn_of_thousands_of_elections() {
    let mut world = world();
    for nth in 0..3_000 {
        let name = format!("/elections/many/{nth:04}");
        let queue = election(&name, vec![claim(&name, 0, "one", Some(NOW - 5_000))], Vec::new());
        world.sessions[0].coordination.queues.insert(key(&name), Arc::new(queue));
    }
    let scene = play(Setting::default(), world);
    let shown = names(&scene, Role::ListBoxOption).len();
    assert!((5..60).contains(&shown), "{shown}");
}

#[test]
fn pictures_of_other_sizes_themes_and_languages() {
    for (name, setting) in [
        ("elections-light", Setting::default().light()),
        ("elections-small", Setting::default().size(980.0, 540.0)),
        ("elections-large", Setting::default().size(2_400.0, 1_300.0).light()),
        ("elections-zh", Setting::default().chinese()),
    ] {
        let mut world = world();
        choose(&mut world, FLAPPING);
        let mut scene = play(setting, world);
        scene.picture(name);
        assert!(scene.sees("worker-b"));
    }
    let mut world = world();
    world.sessions[0].chosen.raft = true;
    let mut scene = play(Setting::default().light(), world);
    scene.picture("elections-raft-light");
    assert!(scene.sees("etcd-2"));
}
