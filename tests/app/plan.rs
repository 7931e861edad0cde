//! Plans through the whole console: a deleted folder comes back, a rollback is run and undone, what was
//! run is there after a restart.

use etcdscope::action::ConfirmedPlan;
use etcdscope::model::plan::{LostLease, Plan, PlanGoal, PlanState, StepState, Warning};
use etcdscope::model::session::Screen;

use super::*;

/// The plan that is shown.
fn shown(world: &World) -> &Plan {
    session(world).plans.shown().unwrap()
}

fn make(app: &mut App, goal: PlanGoal) {
    app.act(Action::MakePlan { goal, lost_lease: LostLease::LeaveOut });
    assert_eq!(session(app.world()).screen, Screen::Restore);
    wait(app, "the plan", |world| session(world).plans.shown().is_some());
}

/// Confirms and runs the plan that is shown.
fn run(app: &mut App) {
    let id = shown(app.world()).id.clone();
    app.act(Action::AskRunPlan(id));
    // What only creates keys is not asked for twice.
    if let Some(dialog) = app.world().dialog.clone() {
        app.act(Action::RunPlan(ConfirmedPlan::confirm(&dialog, "").unwrap()));
    }
    assert_eq!(app.world().dialog, None);
    wait(app, "the end of the plan", |world| session(world).plans.running.is_empty());
}

fn revoke_everything_below(bench: &Bench, prefix: &str) {
    let options = etcd_client::DeleteOptions::new().with_prefix();
    bench.runtime.block_on(async {
        bench.cluster.client().await.unwrap().delete(prefix, Some(options)).await.unwrap();
    });
}

#[test]
fn a_folder_deleted_by_another_client_comes_back_and_is_listed_after_a_restart() {
    let bench = Bench::start();
    for at in 0..120 {
        bench.put(format!("config/{at:03}").as_bytes(), format!("value {at}"));
    }
    bench.put(b"config/\xff\0", b"\0\xfe");
    let lease = bench.put_leased("{}");
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    revoke_everything_below(&bench, "config/");
    bench.runtime.block_on(async {
        bench.cluster.client().await.unwrap().lease_revoke(lease).await.unwrap();
    });
    wait(&mut app, "the deletion", |world| session(world).keyspace.count_prefix(b"config/") == 0);

    make(&mut app, PlanGoal::Undelete { roots: vec![TreeItem::folder(&b"config/"[..])] });
    let plan = shown(app.world());
    assert_eq!((plan.steps.len(), plan.work().steps(), plan.work().transactions), (122, 121, 2));
    let leased = plan.steps.iter().find(|step| &*step.key == KEY).unwrap();
    assert!(!leased.on && leased.warnings.contains(&Warning::LeaseGone(lease)));
    let id = plan.id.clone();
    app.act(Action::SetLostLease { plan: id.clone(), lost_lease: LostLease::Permanent });
    assert_eq!(shown(app.world()).work().steps(), 122);
    run(&mut app);
    let plan = shown(app.world());
    assert_eq!((&plan.state, plan.counts().done), (&PlanState::Finished, 122));
    assert_eq!(bench.get(b"config/007"), Some(("value 7".to_owned(), 0)));
    assert_eq!(bench.get(KEY), Some(("{}".to_owned(), 0)));
    assert!(bench.get(b"config/\xff\0").is_some());
    app.shutdown();

    // After a restart it is there, and undone from there.
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    wait(&mut app, "the plans on disk", |world| session(world).plans.get(&id).is_some());
    assert_eq!(session(app.world()).plans.get(&id).unwrap().counts().done, 122);
    bench.put(b"config/001", "someone's");
    app.act(Action::UndoPlan(id.clone()));
    wait(&mut app, "the undo", |world| session(world).plans.shown().is_some());
    assert_eq!(shown(app.world()).undoes, Some(id.clone()));
    assert_eq!(shown(app.world()).work().deletes, 121, "what was changed since is left out");
    run(&mut app);
    assert_eq!(shown(app.world()).counts().done, 121);
    assert_eq!(bench.get(b"config/001").unwrap().0, "someone's");
    assert_eq!(bench.get(b"config/002"), None);

    // Removed, it is gone from the disk too.
    app.act(Action::DropPlan(id.clone()));
    app.act(Action::ShowPlan(None));
    wait(&mut app, "the list", |world| !session(world).plans.loaded.is_pending());
    wait(&mut app, "what is on disk", |world| {
        !session(world).plans.loaded.is_pending() && session(world).plans.get(&id).is_none()
    });
    app.shutdown();
}

#[test]
fn steps_are_switched_and_what_someone_changed_is_reported() {
    let bench = Bench::start();
    for name in ["a", "b", "c"] {
        bench.put(format!("config/{name}").as_bytes(), "then");
    }
    let then = bench.revision();
    for name in ["a", "b", "c", "d"] {
        bench.put(format!("config/{name}").as_bytes(), "now");
    }
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let roots = vec![TreeItem::folder(&b"config/"[..])];
    make(&mut app, PlanGoal::Moment { roots, revision: then, delete_newer: true });
    let plan = shown(app.world()).id.clone();
    assert_eq!(shown(app.world()).steps.len(), 4);
    app.act(Action::SetSteps { plan, steps: vec![1], on: false });
    bench.put(b"config/c", "someone's");
    run(&mut app);
    let states: Vec<_> = shown(app.world()).steps.iter().map(|step| step.state.clone()).collect();
    assert!(matches!(states[0], StepState::Done { .. }));
    assert_eq!(states[1], StepState::Waiting);
    assert!(matches!(states[2], StepState::Skipped { found: Some(_) }));
    assert!(matches!(states[3], StepState::Done { .. }));
    let values: Vec<_> = ["a", "b", "c", "d"]
        .map(|name| bench.get(format!("config/{name}").as_bytes()).map(|(value, _)| value))
        .to_vec();
    let expected = [Some("then"), Some("now"), Some("someone's"), None];
    assert_eq!(values, expected.map(|value| value.map(str::to_owned)));
    app.shutdown();
}

#[test]
fn a_deleted_key_that_had_a_lease_asks_by_a_plan_what_becomes_of_it() {
    let bench = Bench::start();
    bench.put(b"config/plain", "1");
    let lease = bench.put_leased("leased");
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    revoke_everything_below(&bench, "config/");
    wait(&mut app, "the deletion", |world| session(world).activity.deleted_key(KEY).is_some());
    app.act(Action::AskUndelete(key(b"config/plain")));
    assert!(matches!(app.world().dialog, Some(Dialog::Undelete { .. })), "nothing has to be decided");
    app.act(Action::CloseDialog);
    app.act(Action::AskUndelete(key(KEY)));
    wait(&mut app, "the plan", |world| session(world).plans.shown().is_some());
    // The lease is alive: the key goes back onto it, if its owner is to have it back.
    let plan = shown(app.world());
    assert_eq!((plan.steps.len(), plan.has_lost_leases()), (1, false));
    let id = plan.id.clone();
    app.act(Action::SetSteps { plan: id, steps: vec![0], on: true });
    run(&mut app);
    assert_eq!(bench.get(KEY), Some(("leased".to_owned(), lease)));
    app.shutdown();
}

#[test]
fn deleted_keys_come_back_at_the_first_press_but_in_production() {
    let bench = Bench::start();
    let red = etcdscope::model::profile::ProfileColour::Red;
    for production in [true, false] {
        bench.put(b"config/a", "1");
        let mut app = bench.app();
        let mut profile = bench.profile();
        if production {
            profile.colour = red;
        }
        bench.connect(&mut app, profile);
        revoke_everything_below(&bench, "config/");
        make(&mut app, PlanGoal::Undelete { roots: vec![TreeItem::folder(&b"config/"[..])] });
        let id = shown(app.world()).id.clone();
        app.act(Action::AskRunPlan(id));
        assert_eq!(app.world().dialog.is_some(), production);
        if !production {
            wait(&mut app, "the end of the plan", |world| {
                shown(world).state == PlanState::Finished && session(world).plans.running.is_empty()
            });
            assert_eq!(bench.get(b"config/a").unwrap().0, "1");
        } else {
            assert_eq!(bench.get(b"config/a"), None);
        }
        app.shutdown();
    }
}
