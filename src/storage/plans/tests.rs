use super::*;
use crate::model::plan::{LostLease, PlanStep, StepAction, Warning};
use crate::model::record::{KeyMeta, KeyRecord};

fn storage(home: &tempfile::TempDir) -> Storage {
    Storage::open(Some(home.path().to_owned()))
}

fn plan(id: &str) -> Plan {
    let meta = KeyMeta { create_revision: 2, mod_revision: 5, version: 3, lease: -7 };
    let step = |key: &[u8], action, before: Option<&[u8]>| PlanStep {
        key: key.into(),
        action,
        before: before.map(|value| KeyRecord { key: key.into(), meta, value: Some(value.into()) }),
        on: true,
        warnings: vec![Warning::LeaseGone(9), Warning::Invalid("line 3".to_owned())],
        state: StepState::Waiting,
    };
    let put = |value: &[u8]| StepAction::Put { value: value.into(), lease: 9 };
    Plan {
        id: id.to_owned(),
        profile: "prod".to_owned(),
        cluster_id: u64::MAX,
        title: "config/".to_owned(),
        moment: Some(40),
        made_at_revision: 77,
        made_at: now(),
        undoes: Some("another".to_owned()),
        lost_lease: LostLease::NewLease { ttl_secs: 60 },
        new_lease: 123,
        steps: vec![
            step(b"a\xff\0", put(b""), None),
            step(b"b", put(b"\xfe\0new"), Some(b"old\xff")),
            step(b"c", StepAction::Delete, Some(b"")),
        ],
        ..Plan::default()
    }
}

#[test]
fn a_plan_comes_back_byte_for_byte_with_how_its_steps_stand() {
    let home = tempfile::tempdir().unwrap();
    let storage = storage(&home);
    assert_eq!(storage.plans(u64::MAX), Ok(Vec::new()), "nothing is created before something is kept");
    let mut expected = plan("one");
    let (running, mut keeper, lock) = storage.begin_plan(expected.clone()).unwrap().into_parts();
    expected.state = PlanState::Running;
    assert_eq!(running, expected);
    assert_eq!(storage.plans(u64::MAX), Ok(vec![expected.clone()]));
    assert_eq!(storage.plans(7), Ok(Vec::new()), "another cluster's");
    let states = [
        StepState::Done { revision: 90 },
        StepState::Skipped { found: Some(KeyMeta { lease: 3, ..KeyMeta::default() }) },
        StepState::Unknown(Fault::new(FaultKind::TimedOut, "no answer")),
    ];
    keeper.keep(&states.iter().cloned().enumerate().collect::<Vec<_>>()).unwrap();
    for (step, state) in expected.steps.iter_mut().zip(states) {
        step.state = state;
    }
    let stopped = PlanState::Stopped(Some(Fault::new(FaultKind::NoLeader, "election")));
    keeper.end(&stopped).unwrap();
    drop((keeper, lock));
    expected.state = stopped;
    assert_eq!(storage.plans(u64::MAX), Ok(vec![expected]));
    storage.drop_plan("one").unwrap();
    assert_eq!(storage.plans(u64::MAX), Ok(Vec::new()));
    storage.drop_plan("one").unwrap();
}

#[test]
fn nobody_runs_a_plan_that_another_runs_and_one_left_in_the_middle_is_stopped() {
    let home = tempfile::tempdir().unwrap();
    let storage = storage(&home);
    let held = storage.begin_plan(plan("one")).unwrap();
    let refused = storage.begin_plan(plan("one")).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind, FaultKind::Conflict);
    assert_eq!(storage.drop_plan("one").unwrap_err().kind, FaultKind::Conflict);
    assert_eq!(storage.plans(u64::MAX).unwrap()[0].state, PlanState::Running);
    drop(held); // Without a word, as at a kill.
    assert_eq!(storage.plans(u64::MAX).unwrap()[0].state, PlanState::Stopped(None));
}

#[test]
fn going_on_takes_over_what_was_done_and_what_was_switched_since() {
    let home = tempfile::tempdir().unwrap();
    let storage = storage(&home);
    let (_, mut keeper, lock) = storage.begin_plan(plan("one")).unwrap().into_parts();
    keeper.keep(&[(0, StepState::Done { revision: 90 }), (1, StepState::Sent)]).unwrap();
    drop((keeper, lock));
    // Another window still has it as it was, and switches steps off.
    let mut stale = plan("one");
    stale.choose_lost_lease(LostLease::Permanent);
    stale.steps.iter_mut().for_each(|step| step.on = false);
    let again = storage.begin_plan(stale).unwrap().plan;
    let states: Vec<_> = again.steps.iter().map(|step| (step.on, step.state.clone())).collect();
    let expected =
        [(true, StepState::Done { revision: 90 }), (true, StepState::Sent), (false, StepState::Waiting)];
    assert_eq!(states, expected);
    assert_eq!(
        again.steps[1].action,
        plan("one").steps[1].action,
        "what was sent has the lease it was sent with"
    );
    assert_eq!(storage.plans(u64::MAX).unwrap()[0].steps, again.steps);
    storage.drop_plan("one").unwrap();
    let stopped = Plan { state: PlanState::Stopped(None), ..plan("one") };
    assert_eq!(
        storage.begin_plan(stopped).map(|_| ()).unwrap_err().kind,
        FaultKind::Invalid,
        "it was removed"
    );
}

#[test]
fn what_is_removed_leaves_nothing_behind_and_old_plans_go_by_themselves() {
    let home = tempfile::tempdir().unwrap();
    let storage = storage(&home);
    let mut secret = plan("one");
    secret.steps[1].action = StepAction::Put { value: b"tell-nobody"[..].repeat(5_000).into(), lease: 0 };
    let (_, mut keeper, lock) = storage.begin_plan(secret).unwrap().into_parts();
    keeper.end(&PlanState::Finished).unwrap();
    drop((keeper, lock));
    let holds = || {
        let files = std::fs::read_dir(home.path().join("plans")).unwrap();
        files.flatten().any(|file| {
            let bytes = std::fs::read(file.path()).unwrap();
            bytes.windows(11).any(|window| window == b"tell-nobody")
        })
    };
    assert!(holds(), "the test can find it");
    let database = rusqlite::Connection::open(home.path().join("plans").join(FILE)).unwrap();
    database.execute("UPDATE plans SET changed_at = ?1", [now() - KEPT_MS - 1]).unwrap();
    drop(database);
    assert_eq!(storage.plans(u64::MAX), Ok(Vec::new()));
    assert!(!holds());
}

#[cfg(unix)]
#[test]
fn plans_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let storage = storage(&home);
    let _held = storage.begin_plan(plan("one")).unwrap();
    let folder = home.path().join("plans");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        files += 1;
    }
    assert!(files >= 3, "the database, its log and the lock");
}

#[test]
fn many_windows_make_the_database_at_once() {
    let home = tempfile::tempdir().unwrap();
    let storage = storage(&home);
    let threads: Vec<_> = (0..8)
        .map(|at| {
            let storage = storage.clone();
            let name = format!("plan{at}");
            let begin = move || storage.begin_plan(plan(&format!("plan{at}"))).map(drop);
            std::thread::Builder::new().name(name).spawn(begin).unwrap()
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Ok(()));
    }
    assert_eq!(storage.plans(u64::MAX).unwrap().len(), 8);
}
