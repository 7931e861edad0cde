//! Back to any moment, beyond compaction: what the console recorded brings keys back that etcd itself
//! has forgotten, judged by etcdctl alone.

use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etcd_client::{CompactionOptions, Txn, TxnOp};
use etcdscope::action::ConfirmedPlan;
use etcdscope::model::plan::{LostLease, PlanGoal, PlanState};

use super::*;

/// Everything lies below it.
const FOLDER: &[u8] = b"config/";
/// Keys and their values.
type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Forty keys in nested folders, not all of them text.
fn keys() -> Vec<Vec<u8>> {
    let key = |at: usize| match at % 5 {
        0 => format!("config/common/{at}").into_bytes(),
        1 => format!("config/production/gateway/routes/r{at}").into_bytes(),
        2 => format!("config/production/order-service/{at}/limit").into_bytes(),
        3 => [b"config/staging/\xff\xfe/".as_slice(), format!("{at}").as_bytes()].concat(),
        _ => format!("config/staging/a/b/c/d/{at}").into_bytes(),
    };
    (0..40).map(key).collect()
}

/// What etcdctl says of the folder, now or at a revision; `Err`: what it says instead.
fn etcdctl(bench: &Bench, revision: Option<i64>) -> Result<Content, String> {
    let mut command = Command::new(bench.cluster.etcdctl_bin().unwrap());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETCD")) {
        command.env_remove(name);
    }
    command.env("ETCDCTL_API", "3").arg("--endpoints").arg(bench.cluster.endpoints().join(","));
    command.args(["get", "--prefix", "config/", "-w", "json"]);
    command.args(revision.map(|revision| format!("--rev={revision}")));
    let output = command.output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = |kv: &serde_json::Value, name: &str| {
        kv.get(name).map_or_else(Vec::new, |text| STANDARD.decode(text.as_str().unwrap()).unwrap())
    };
    let kvs = answer.get("kvs").and_then(|kvs| kvs.as_array()).cloned().unwrap_or_default();
    Ok(kvs.iter().map(|kv| (bytes(kv, "key"), bytes(kv, "value"))).collect())
}

/// One random change: of one key, or of several in one transaction; some keys are deleted, and
/// created again later.
async fn change(client: &mut etcd_client::Client, random: &mut fastrand::Rng, keys: &[Vec<u8>], step: usize) {
    let mut picked = keys.to_vec();
    random.shuffle(&mut picked);
    picked.truncate(if random.u8(..4) == 0 { random.usize(2..6) } else { 1 });
    let operation = |key: Vec<u8>, random: &mut fastrand::Rng| match random.u8(..10) {
        0..=2 => TxnOp::delete(key, None),
        3 => TxnOp::put(key, Vec::new(), None),
        4 => TxnOp::put(key, (0..random.usize(1..3_000)).map(|_| random.u8(..)).collect::<Vec<u8>>(), None),
        _ => TxnOp::put(key, format!("{{\"step\": {step}}}"), None),
    };
    let operations: Vec<_> = picked.into_iter().map(|key| operation(key, random)).collect();
    client.txn(Txn::new().and_then(operations)).await.unwrap();
}

/// Two clicks: the plan is made, looked at, and run.
fn restore(
    app: &mut App,
    goal: PlanGoal,
    lost_lease: LostLease,
) -> std::sync::Arc<etcdscope::model::plan::Plan> {
    app.act(Action::MakePlan { goal, lost_lease });
    wait(app, "the plan", |world| {
        let plans = &session(world).plans;
        plans.making.is_none() && (plans.shown().is_some() || plans.not_made.is_some())
    });
    assert_eq!(session(app.world()).plans.not_made, None);
    let id = session(app.world()).plans.shown.clone().unwrap();
    app.act(Action::AskRunPlan(id.clone()));
    let confirmed = app.world().dialog.as_ref().and_then(|dialog| ConfirmedPlan::confirm(dialog, ""));
    if let Some(confirmed) = confirmed {
        app.act(Action::RunPlan(confirmed));
    }
    wait(app, "the end of the plan", |world| !session(world).plans.running.contains_key(&id));
    session(app.world()).plans.get(&id).unwrap().clone()
}

/// Forty keys edited, deleted, created again; then etcd's own history is compacted away, and every
/// earlier moment comes back from what the console has recorded, to the byte.
#[test]
fn any_moment_comes_back_from_the_journal_after_etcd_has_forgotten_it() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (bench, keys) = (Bench::start(), keys());
    for (at, key) in keys.iter().enumerate() {
        bench.put(key, format!("first {at}"));
    }
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let mut truth = BTreeMap::from([(bench.revision(), etcdctl(&bench, None).unwrap())]);
    let mut client = bench.runtime.block_on(bench.cluster.client()).unwrap();
    for step in 0..150 {
        bench.runtime.block_on(change(&mut client, &mut random, &keys, step));
        if step % 5 == 0 {
            truth.insert(bench.revision(), etcdctl(&bench, None).unwrap());
        }
        app.step();
    }
    let last = bench.revision();
    wait(&mut app, "the journal", |world| session(world).journal.recorded_to >= last);

    let forget = Some(CompactionOptions::new().with_physical());
    bench.runtime.block_on(client.compact(last, forget)).unwrap();
    let oldest = *truth.keys().next().unwrap();
    assert!(etcdctl(&bench, Some(oldest)).unwrap_err().contains("compacted"));

    // In any order, each from wherever the one before has led.
    let mut moments: Vec<i64> = truth.keys().copied().collect();
    random.shuffle(&mut moments);
    for revision in moments.into_iter().take(12) {
        let roots = vec![TreeItem::folder(FOLDER)];
        let goal = PlanGoal::Moment { roots, revision, delete_newer: true };
        let plan = restore(&mut app, goal, LostLease::LeaveOut);
        let counts = plan.counts();
        assert_eq!((counts.skipped, counts.refused, counts.unknown), (0, 0, 0), "{plan:#?}");
        assert_eq!(etcdctl(&bench, None).unwrap(), truth[&revision], "back at {revision}, seed {seed}");
        let newest = bench.revision();
        wait(&mut app, "its own writes", |world| session(world).applied >= newest);
        wait(&mut app, "the journal", |world| session(world).journal.recorded_to >= newest);
    }
    app.shutdown();
}

/// A folder that someone else has deleted, registrations in it: two clicks bring it back, and what
/// becomes of the keys whose lease is gone is what was asked for.
#[test]
fn a_folder_that_someone_else_deleted_comes_back_with_its_leases_handled_as_asked() {
    for (lost_lease, leased_comes_back) in [
        (LostLease::LeaveOut, false),
        (LostLease::Permanent, true),
        (LostLease::NewLease { ttl_secs: 600 }, true),
    ] {
        let bench = Bench::start();
        let mut client = bench.runtime.block_on(bench.cluster.client()).unwrap();
        for at in 0..30 {
            bench.put(format!("config/app/{at}").as_bytes(), format!("value {at}"));
        }
        let lease = |client: &mut etcd_client::Client| {
            bench.runtime.block_on(client.lease_grant(600, None)).unwrap().id()
        };
        let (alive, gone) = (lease(&mut client), lease(&mut client));
        for (key, lease) in [("config/app/alive", alive), ("config/app/gone", gone)] {
            let options = Some(PutOptions::new().with_lease(lease));
            bench.runtime.block_on(client.put(key, "leased", options)).unwrap();
        }
        let before = etcdctl(&bench, None).unwrap();
        let mut app = bench.app();
        bench.connect(&mut app, bench.profile());

        let all = Some(etcd_client::DeleteOptions::new().with_prefix());
        bench.runtime.block_on(client.delete("config/", all)).unwrap();
        bench.runtime.block_on(client.lease_revoke(gone)).unwrap();
        let last = bench.revision();
        wait(&mut app, "the deletion", |world| session(world).journal.recorded_to >= last);
        let forget = Some(CompactionOptions::new().with_physical());
        bench.runtime.block_on(client.compact(last, forget)).unwrap();

        let goal = PlanGoal::Undelete { roots: vec![TreeItem::folder(&b"config/app/"[..])] };
        let plan = restore(&mut app, goal, lost_lease);
        assert_eq!(plan.state, PlanState::Finished, "{plan:#?}");
        let mut expected = before.clone();
        if !leased_comes_back {
            expected.remove(b"config/app/gone".as_slice());
        }
        let names = |content: &Content| -> Vec<String> {
            content.keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
        };
        let found = etcdctl(&bench, None).unwrap();
        assert_eq!(names(&found), names(&expected), "{lost_lease:?}: {:#?}", plan.steps.last());
        assert_eq!(found, expected, "{lost_lease:?}");
        assert_eq!(bench.get(b"config/app/alive").unwrap().1, alive, "still on its lease");
        let attached = bench.get(b"config/app/gone").map(|(_, lease)| lease);
        match lost_lease {
            LostLease::LeaveOut => assert_eq!(attached, None),
            LostLease::Permanent => assert_eq!(attached, Some(0)),
            LostLease::NewLease { .. } => {
                let attached = attached.unwrap();
                assert!(attached != 0 && attached != gone);
                let left = bench.runtime.block_on(client.lease_time_to_live(attached, None)).unwrap();
                assert!((1..=600).contains(&left.ttl()), "{left:?}");
            }
        }
        app.shutdown();
    }
}
