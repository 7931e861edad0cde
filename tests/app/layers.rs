//! Layered configuration on a real etcd: followed as it changes, promoted under guard.

use etcdscope::action::ConfirmedPlan;
use etcdscope::model::layers::{Board, LayerSettings, Pick, find};
use etcdscope::model::plan::{PlanGoal, PlanState, StepState, Warning};

use super::*;

const COMMON: &str = "server:\n  port: 80  # as ever\nlevel: INFO\n";
const KEYS: [(&str, &str); 5] = [
    ("config/common/web.yaml", COMMON),
    ("config/common/limit", "100"),
    ("config/staging/limit", "50"),
    ("config/production/web.yaml", "server:\n  port: 443\nlevel: WARN\n"),
    ("config/production/limit", "200"),
];

fn board(world: &World) -> Board {
    let session = session(world);
    let sets = find(&session.keyspace, &session.profile.layers);
    Board::build(&session.keyspace, &sets[0], &session.layers.values, None)
}

/// What an environment has at a name and path, and from which layer.
fn effective(world: &World, environment: &str, name: &str, path: &str) -> Option<(String, String)> {
    let board = board(world);
    let rows = board.effective(board.set.environment(environment)?, true);
    let row = rows.into_iter().find(|row| row.name == name && row.path_text == path)?;
    Some((row.value.text, board.set.layers[row.winner].name.clone()))
}

fn bench() -> (Bench, App) {
    let bench = Bench::start();
    for (name, text) in KEYS {
        bench.put(name.as_bytes(), text);
    }
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    wait(&mut app, "the keys", |world| session(world).keyspace.len() == KEYS.len() as u64);
    (bench, app)
}

fn pair(one: &str, two: &str) -> Option<(String, String)> {
    Some((one.to_owned(), two.to_owned()))
}

/// Promotes from production to staging, and returns when the plan stands.
fn promote(app: &mut App, picks: &[Pick]) {
    let board = board(app.world());
    let [from, to] = ["production", "staging"].map(|name| board.set.environment(name).unwrap());
    let promotion = board.promote(from, to, picks);
    assert_eq!(promotion.refused, []);
    let goal = PlanGoal::Values { origin: "production → staging".to_owned(), values: promotion.values };
    app.act(Action::Promote { goal, based_on: promotion.based_on });
}

fn run(app: &mut App) {
    let id = session(app.world()).plans.shown.clone().unwrap();
    app.act(Action::AskRunPlan(id.clone()));
    if let Some(dialog) = app.world().dialog.clone() {
        app.act(Action::RunPlan(ConfirmedPlan::confirm(&dialog, "").unwrap()));
    }
    wait(app, "the end of the plan", |world| {
        session(world).plans.get(&id).is_some_and(|plan| plan.state == PlanState::Finished)
    });
}

fn pick(name: &str, path: &[&str]) -> Pick {
    let path = (!path.is_empty()).then(|| path.iter().map(|name| (*name).to_owned()).collect());
    Pick { name: key(name.as_bytes()), path }
}

#[test]
fn what_an_environment_has_follows_the_layers() {
    let (bench, mut app) = bench();
    assert_eq!(effective(app.world(), "staging", "limit", ""), pair("50", "staging"));
    assert_eq!(effective(app.world(), "staging", "web.yaml", "server.port"), pair("80", "common"));
    bench.put(b"config/common/web.yaml", COMMON.replace("80", "8080"));
    wait(&mut app, "the change of what is common", |world| {
        effective(world, "staging", "web.yaml", "server.port") == pair("8080", "common")
    });
    assert_eq!(effective(app.world(), "production", "web.yaml", "server.port"), pair("443", "production"));
    bench.put(b"config/staging/web.yaml", "server:\n  port: 81\n");
    wait(&mut app, "the override", |world| {
        effective(world, "staging", "web.yaml", "server.port") == pair("81", "staging")
    });
    app.shutdown();
}

#[test]
fn promoted_values_are_written_under_guard() {
    let (bench, mut app) = bench();
    promote(&mut app, &[pick("web.yaml", &["server", "port"]), pick("limit", &[])]);
    wait(&mut app, "the plan", |world| session(world).plans.shown().is_some());
    assert_eq!(bench.get(b"config/staging/limit").unwrap().0, "50", "a plan writes nothing by being made");
    run(&mut app);
    assert_eq!(bench.get(b"config/staging/limit").unwrap().0, "200");
    let written = bench.get(b"config/staging/web.yaml").unwrap().0;
    assert_eq!(written, COMMON.replace("80", "443"), "the one value, all the rest as it was in effect");
    wait(&mut app, "the new values", |world| {
        effective(world, "staging", "web.yaml", "server.port") == pair("443", "staging")
    });
    app.shutdown();
}

#[test]
fn what_someone_changes_before_or_after_the_plan_is_made_is_left_alone() {
    let (bench, mut app) = bench();
    bench.put(b"config/staging/web.yaml", "level: INFO\nserver:\n  port: 1\n");
    wait(&mut app, "the override", |world| {
        effective(world, "staging", "web.yaml", "level") == pair("INFO", "staging")
    });
    let board = board(app.world());
    let [from, to] = ["production", "staging"].map(|name| board.set.environment(name).unwrap());
    let picks = [pick("web.yaml", &["server", "port"]), pick("limit", &[])];
    let promotion = board.promote(from, to, &picks);
    // Before it is made: the document written would undo the other change in it.
    bench.put(b"config/staging/web.yaml", "level: DEBUG\nserver:\n  port: 1\n");
    let goal = PlanGoal::Values { origin: "late".to_owned(), values: promotion.values };
    app.act(Action::Promote { goal, based_on: promotion.based_on });
    wait(&mut app, "the plan", |world| session(world).plans.shown().is_some());
    let plan = session(app.world()).plans.shown().unwrap().clone();
    let [limit, web] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    assert!(limit.on && limit.warnings.is_empty());
    assert!(!web.on && matches!(web.warnings.as_slice(), [Warning::ChangedSince { .. }]), "{web:?}");
    // After it is made: etcd itself refuses.
    bench.put(b"config/staging/limit", "51");
    run(&mut app);
    let plan = session(app.world()).plans.shown().unwrap().clone();
    assert!(matches!(plan.steps[0].state, StepState::Skipped { .. }), "{:?}", plan.steps[0].state);
    assert_eq!(bench.get(b"config/staging/limit").unwrap().0, "51");
    assert!(bench.get(b"config/staging/web.yaml").unwrap().0.contains("DEBUG"));
    app.shutdown();
}

#[test]
fn values_that_the_mirror_does_not_keep_are_read() {
    let (bench, mut app) = bench();
    app.act(Action::ReadLayers(key(b"config/production/")));
    wait(&mut app, "the values", |world| session(world).layers.values.len() == 2);
    let layers = &session(app.world()).layers;
    let (revision, read) = &layers.values[&b"config/production/limit"[..]];
    let known = session(app.world()).keyspace.get(b"config/production/limit").unwrap().meta.mod_revision;
    assert_eq!((*revision, &**read, &layers.fault), (known, &b"200"[..], &None));
    drop(bench);
    app.shutdown();
}

#[test]
fn how_a_profile_is_layered_is_kept() {
    let (bench, mut app) = bench();
    app.act(Action::KeepProfile { profile: Box::new(bench.profile()), renamed_from: None, password: None });
    let settings = LayerSettings { base: "config/".to_owned(), deep: true, ..LayerSettings::default() };
    app.act(Action::KeepLayers(Box::new(settings.clone())));
    assert_eq!(session(app.world()).profile.layers, settings);
    assert_eq!(
        effective(app.world(), "staging", "web.yaml", "level"),
        pair("INFO", "common"),
        "at once, in the connection shown"
    );
    app.shutdown();
    let stored = Storage::open(Some(bench.home.path().to_path_buf())).load();
    assert_eq!(stored.profiles[0].layers, settings);
}
