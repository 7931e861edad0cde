//! Plans: the list, one in full, what is asked before it is run.

use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::{Action, ConfirmedPlan};
use etcdscope::model::dialog::Dialog;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::message::RequestId;
use etcdscope::model::plan::{
    LostLease, Plan, PlanKind, PlanState, PlanStep, Running, StepAction, StepState, Warning,
};
use etcdscope::model::profile::ProfileColour;
use etcdscope::model::record::{KeyMeta, KeyRecord};
use etcdscope::model::session::Screen;
use etcdscope::model::world::World;

use crate::support::{NOW, Scene, Setting, key, live_world, value};

fn step(name: &str, now: Option<&str>, then: Option<&str>, warnings: &[Warning]) -> PlanStep {
    let meta = KeyMeta { create_revision: 120, mod_revision: 1_250, version: 4, lease: 0 };
    PlanStep {
        key: key(name),
        action: then.map_or(StepAction::Delete, |then| StepAction::Put { value: value(then), lease: 0 }),
        before: now.map(|now| KeyRecord { key: key(name), meta, value: Some(value(now)) }),
        on: true,
        warnings: warnings.to_vec(),
        state: StepState::Waiting,
    }
}

fn plan() -> Plan {
    let now = "{\n  \"limit\": 900,\n  \"burst\": 40\n}";
    let then = "{\n  \"limit\": 250,\n  \"burst\": 40,\n  \"window\": \"1m\"\n}";
    let mut steps = vec![
        step("/config/production/api-gateway/ratelimit.json", Some(now), Some(then), &[]),
        step(
            "/config/production/api-gateway/routes.json",
            Some("a"),
            Some("b"),
            &[Warning::ChangedSince { revision: 1_260 }],
        ),
        step("/config/production/api-gateway/new-flag", Some("true"), None, &[]),
        step(
            "/locks/deploy/694d000000000100",
            None,
            Some(""),
            &[Warning::LeaseGone(0x694d_0000_0000_0100), Warning::Coordination],
        ),
        step(
            "/services/user/10.0.1.7",
            None,
            Some("10.0.1.7:80"),
            &[Warning::LeaseGone(0x694d_0000_0000_0101), Warning::Registration],
        ),
        step("/config/中文/限流.yaml", Some("x: 1"), Some("x: 2"), &[Warning::Invalid("line 1: x".into())]),
    ];
    for at in [3, 4, 5] {
        steps[at].on = false;
    }
    steps.extend(
        (0..200).map(|at| {
            step(&format!("/config/production/order-service/{at:03}"), Some("old"), Some("new"), &[])
        }),
    );
    Plan {
        id: "one".to_owned(),
        profile: "prod-eu".to_owned(),
        kind: PlanKind::Moment,
        title: "/config/".to_owned(),
        moment: Some(1_234),
        made_at_revision: 1_300,
        made_at: NOW - 120_000,
        steps,
        ..Plan::default()
    }
}

fn finished() -> Plan {
    let mut plan = plan();
    plan.state = PlanState::Finished;
    for step in &mut plan.steps {
        if step.on {
            step.state = StepState::Done { revision: 1_310 };
        }
    }
    let found = KeyMeta { mod_revision: 1_305, ..KeyMeta::default() };
    plan.steps[0].state = StepState::Skipped { found: Some(found) };
    plan.steps[1].state =
        StepState::Refused(Fault::new(FaultKind::PermissionDenied, "etcdserver: permission denied"));
    plan
}

fn world(plans: Vec<Plan>, shown: Option<&str>) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Restore;
    for plan in plans {
        session.plans.put(plan);
    }
    session.plans.shown = shown.map(str::to_owned);
    world
}

fn play(setting: Setting, world: World) -> Scene {
    setting.play(world)
}

#[test]
fn a_plan_says_what_it_does_and_what_to_know_before_it_is_run() {
    let mut scene = play(Setting::default(), world(vec![plan()], Some("one")));
    scene.picture("restore-dark");
    for words in [
        "Restore /config/ to r1234",
        "203 keys go in 3 transactions",
        "202 to write over",
        "1 to delete",
        "3 left out",
        "attached to a lease that is gone",
        "Warnings 4",
    ] {
        assert!(scene.sees(words), "{words}");
    }
    scene.press("Run 203 steps…");
    assert_eq!(scene.actions(), [Action::AskRunPlan("one".to_owned())]);
    scene.press("Without a lease");
    let chosen = Action::SetLostLease { plan: "one".to_owned(), lost_lease: LostLease::Permanent };
    assert_eq!(scene.actions(), [chosen]);
    scene.press("Warnings 4");
    assert!(scene.sees("Create /locks/deploy/694d000000000100, lease gone, lock or election"));
    assert!(!scene.sees("Delete /config/production/api-gateway/new-flag"));
}

#[test]
fn steps_are_switched_by_their_box_and_by_the_keyboard() {
    let mut scene = play(Setting::default(), world(vec![plan()], Some("one")));
    let set = |steps: Vec<usize>, on| Action::SetSteps { plan: "one".to_owned(), steps, on };
    scene.press("Include /config/production/api-gateway/new-flag");
    assert_eq!(scene.actions(), [set(vec![2], false)]);
    // Without a decision about its lease nothing is created.
    scene.press("Include /services/user/10.0.1.7");
    assert_eq!(scene.actions(), []);
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::Space);
    assert_eq!(scene.actions(), [set(vec![1], false)]);
    assert!(scene.sees("Someone has changed the key since, last at r1260."));
    scene.key(Modifiers::NONE, Press::End);
    assert!(scene.sees("Write over /config/production/order-service/199"));
}

#[test]
fn a_plan_that_is_over_reports_what_was_left_alone_and_why() {
    let mut scene = play(Setting::default().light(), world(vec![finished()], Some("one")));
    scene.picture("restore-finished-light");
    for words in [
        "201 done",
        "1 left alone",
        "1 refused",
        "3 left out",
        "Left alone: someone changed the key at r1305",
    ] {
        assert!(scene.sees(words), "{words}");
    }
    assert!(scene.harness.query_by_label_contains("Run ").is_none(), "there is nothing to run");
    scene.press("Undo…");
    scene.press("Remove");
    let id = || "one".to_owned();
    assert_eq!(scene.actions(), [Action::UndoPlan(id()), Action::DropPlan(id())]);
    scene.press("Not done 2");
    assert!(scene.sees("Write over /config/production/api-gateway/routes.json, changed since, refused"));
    assert!(!scene.sees("Write over /config/production/order-service/000"));
}

#[test]
fn a_running_plan_shows_how_far_it_is_and_can_be_stopped() {
    let mut running = plan();
    running.state = PlanState::Running;
    let mut world = world(vec![running], Some("one"));
    let run = Running { request: RequestId(7), over: 100, total: 203, stopping: false };
    world.sessions[0].plans.running.insert("one".to_owned(), run);
    let mut scene = play(Setting::default(), world);
    scene.picture("restore-running-dark");
    assert!(scene.sees("100 of 203"));
    scene.press("Cancel");
    assert_eq!(scene.actions(), [Action::StopPlan("one".to_owned())]);
    scene.press("Include /config/production/api-gateway/new-flag");
    assert_eq!(scene.actions(), [], "what runs is not changed");
    scene.change(|world| {
        let run = world.sessions[0].plans.running.get_mut("one").unwrap();
        run.stopping = true;
    });
    assert!(scene.sees("Stopping after the transaction under way"));
}

#[test]
fn an_interrupted_plan_says_why_and_goes_on() {
    let mut stopped = finished();
    stopped.state = PlanState::Stopped(Some(Fault::new(FaultKind::NoLeader, "no leader")));
    stopped.steps.iter_mut().skip(100).for_each(|step| step.state = StepState::Waiting);
    stopped.steps[99].state = StepState::Sent;
    let mut scene = play(Setting::default(), world(vec![stopped], Some("one")));
    scene.picture("restore-stopped-dark");
    assert!(scene.sees("Interrupted"));
    scene.press("Run the rest: 108…");
    assert_eq!(scene.actions(), [Action::AskRunPlan("one".to_owned())]);
}

#[test]
fn plans_are_listed_with_how_they_stand() {
    let undo = Plan {
        id: "two".to_owned(),
        kind: PlanKind::Undo,
        state: PlanState::Stopped(None),
        made_at: NOW - 10_000,
        ..plan()
    };
    let elsewhere = Plan {
        id: "three".to_owned(),
        kind: PlanKind::Undelete,
        state: PlanState::Running,
        made_at: NOW - 5_000,
        ..plan()
    };
    let mut scene = play(Setting::default(), world(vec![finished(), undo, elsewhere], None));
    scene.picture("restore-list-dark");
    let rows = [
        "Bring back /config/, Runs in another window",
        "Undo: /config/, Stopped",
        "Restore /config/ to r1234, Finished, 2 not done",
    ];
    let tops: Vec<f32> = rows.iter().map(|row| scene.harness.get_by_label(row).rect().top()).collect();
    assert!(tops.is_sorted(), "the newest first: {tops:?}");
    scene.press("Undo: /config/, Stopped");
    assert_eq!(scene.actions(), [Action::ShowPlan(Some("two".to_owned()))]);
}

#[test]
fn a_read_only_connection_can_look_and_not_run() {
    let mut world = world(vec![plan()], Some("one"));
    world.sessions[0].profile.read_only = true;
    let mut scene = play(Setting::default(), world);
    assert!(scene.sees("This connection is read-only"));
    scene.press("Run 203 steps…");
    assert_eq!(scene.actions(), []);
}

#[test]
fn a_production_profile_asks_for_its_name_before_a_plan_is_run() {
    let mut world = world(vec![plan()], Some("one"));
    world.sessions[0].profile.colour = ProfileColour::Red;
    let dialog = Dialog::RunPlan {
        plan: "one".to_owned(),
        work: plan().work(),
        type_to_confirm: Some("prod-eu".to_owned()),
    };
    assert_eq!(ConfirmedPlan::confirm(&dialog, "prod"), None);
    world.dialog = Some(dialog.clone());
    let mut scene = play(Setting::default(), world);
    scene.picture("restore-confirm-dark");
    for words in ["Deleted: 1 key", "It is not atomic: 203 keys go in 3 transactions", "after 30 days"] {
        assert!(scene.sees(words), "{words}");
    }
    scene.press("Run 203 steps");
    assert_eq!(scene.actions(), []);
    scene.type_into("Type prod-eu to confirm", "prod-eu");
    scene.press("Run 203 steps");
    assert_eq!(scene.actions(), [Action::RunPlan(ConfirmedPlan::confirm(&dialog, "prod-eu").unwrap())]);
}

#[test]
fn it_fits_small_windows_and_speaks_chinese() {
    let mut scene = play(Setting::default().size(760.0, 560.0).chinese(), world(vec![plan()], Some("one")));
    scene.picture("restore-narrow-zh");
    assert!(scene.sees("将 /config/ 恢复到 r1234"));
    scene.change(|world| world.sessions[0].plans.shown = None);
    scene.change(|world| world.sessions[0].plans.list.clear());
    scene.picture("restore-empty-zh");
    assert!(scene.sees("还没有计划"));
}

#[test]
fn what_is_over_is_not_told_as_if_it_were_now() {
    let mut plan = finished();
    plan.steps[1].state = StepState::Done { revision: 1_310 };
    plan.state = PlanState::Finished;
    let mut scene = play(Setting::default(), world(vec![plan], Some("one")));
    // One was left alone: neither head nor list call that a plain success.
    assert!(scene.sees("Finished, 1 left alone"));
    assert!(scene.sees("before, r1250") && scene.sees("planned, not done"));
    assert!(!scene.sees("changed since"), "of what is done");
    scene.press("Write over /config/production/api-gateway/routes.json, r1310");
    scene.picture("restore-over-dark");
    assert!(scene.sees("before, r1250") && scene.sees("written at r1310"));
    assert!(scene.sees("Known when it was planned:"));
    scene.press("Delete /config/production/api-gateway/new-flag, r1310");
    assert!(scene.sees("deleted at r1310"));
    scene.change(|world| world.sessions[0].plans.shown = None);
    scene.picture("restore-list-left-dark");
    assert!(scene.sees("Restore /config/ to r1234, Finished, 1 left alone"));
}

#[test]
fn what_is_planned_says_as_of_when_the_value_is() {
    let mut scene = play(Setting::default(), world(vec![plan()], Some("one")));
    assert!(scene.sees("as of r1300") && scene.sees("planned"));
    scene.change(|world| {
        let mut plan = plan();
        let bytes = etcdscope::model::bytes::Value::from(&[0_u8, 255, 1, 2, 200, 7][..]);
        plan.steps[0].before = None;
        plan.steps[0].action = StepAction::Put { value: bytes, lease: 0 };
        world.sessions[0].plans.put(plan);
    });
    scene.picture("restore-created-bytes-dark");
    assert!(scene.sees("not there as of r1300"));
    let bytes = scene.harness.get_by_role(egui::accesskit::Role::Grid).rect();
    assert!(bytes.width() > 380.0, "the bytes have the pane to themselves: {bytes:?}");
    assert!(scene.harness.query_by_label("How it is shown").is_none());
}
