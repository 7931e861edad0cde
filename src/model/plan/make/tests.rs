use super::*;
use crate::model::moment::{PastKey, PastSource};
use crate::model::plan::PlanKind;

fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

fn value(text: &str) -> Value {
    Value::from(text.as_bytes())
}

fn record(name: &str, text: &str, revision: i64, lease: i64) -> (Key, KeyRecord) {
    let meta = KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease };
    (key(name), KeyRecord { key: key(name), meta, value: Some(value(text)) })
}

fn picture(keys: &[(&str, Option<&str>, i64)]) -> Picture {
    let keys = keys.iter().map(|(name, text, lease)| {
        let meta = KeyMeta { create_revision: 2, mod_revision: 2, version: 1, lease: *lease };
        (key(name), PastKey { meta, value: text.map(value), source: PastSource::Etcd })
    });
    Picture { keys: keys.collect(), revision: 9, ..Picture::default() }
}

struct Making {
    picture: Picture,
    present: BTreeMap<Key, KeyRecord>,
    alive: Vec<i64>,
    lost_lease: LostLease,
    delete_newer: bool,
}

impl Making {
    fn of(picture: Picture, present: &[(Key, KeyRecord)]) -> Self {
        let present = present.iter().cloned().collect();
        let (alive, lost_lease) = (Vec::new(), LostLease::LeaveOut);
        Self { picture, present, alive, lost_lease, delete_newer: true }
    }

    fn steps(&self) -> Vec<PlanStep> {
        let roots = [TreeItem::everything()];
        let pictures = std::slice::from_ref(&self.picture);
        let problem = |_: &Key, value: &Value| (&**value == b"bad").then(|| "breaks its schema".to_owned());
        steps(&Materials {
            wanted: wanted_of_pictures(&roots, pictures, &self.present, self.delete_newer),
            present: self.present.clone(),
            alive: self.alive.iter().copied().collect(),
            lost_lease: self.lost_lease,
            new_lease: 777,
            separator: b'/',
            rules: &Rules::default(),
            problem: &problem,
        })
    }
}

fn put(text: &str, lease: i64) -> StepAction {
    StepAction::Put { value: value(text), lease }
}

#[test]
fn only_what_differs_becomes_a_step() {
    let past = picture(&[("c/a", Some("1"), 0), ("c/b", Some("2"), 0), ("c/gone", Some("3"), 0)]);
    let present = [record("c/a", "1", 2, 0), record("c/b", "changed", 11, 0), record("c/new", "x", 12, 0)];
    let mut making = Making::of(past, &present);
    let actions: Vec<_> = making.steps().into_iter().map(|step| (step.key, step.action, step.on)).collect();
    let expected = [
        (key("c/b"), put("2", 0), true),
        (key("c/gone"), put("3", 0), true),
        (key("c/new"), StepAction::Delete, true),
    ];
    assert_eq!(actions, expected);
    making.delete_newer = false;
    assert_eq!(making.steps().len(), 2, "keys that are newer stay");
}

#[test]
fn a_lease_that_is_gone_asks_for_a_choice_and_one_that_lives_is_attached_again() {
    let past = picture(&[("c/dead", Some("1"), 5), ("c/alive", Some("2"), 6)]);
    let mut making = Making::of(past, &[]);
    making.alive = vec![6];
    for (choice, on, lease) in [
        (LostLease::LeaveOut, false, 0),
        (LostLease::Permanent, true, 0),
        (LostLease::NewLease { ttl_secs: 60 }, true, 777),
    ] {
        making.lost_lease = choice;
        let steps = making.steps();
        assert_eq!((&steps[0].action, steps[0].on), (&put("2", 6), true), "back on the lease that lives");
        assert_eq!((&steps[1].action, steps[1].on), (&put("1", lease), on), "{choice:?}");
        assert!(steps[1].warnings.contains(&Warning::LeaseGone(5)));
        // The choice made later comes to the same.
        let mut plan = Plan { new_lease: 777, ..Plan::default() };
        plan.steps =
            Making { lost_lease: LostLease::LeaveOut, ..Making::of(making.picture.clone(), &[]) }.steps();
        plan.choose_lost_lease(choice);
        assert_eq!((&plan.steps[1].action, plan.steps[1].on), (&put("1", lease), on));
    }
}

#[test]
fn an_existing_key_keeps_its_lease_unless_the_one_it_had_is_alive() {
    let past = picture(&[("c/a", Some("1"), 5), ("c/b", Some("2"), 6), ("c/c", Some("3"), 0)]);
    let present = [record("c/a", "x", 11, 8), record("c/b", "x", 12, 8), record("c/c", "3", 13, 8)];
    let mut making = Making::of(past, &present);
    making.alive = vec![6, 8];
    let steps = making.steps();
    assert_eq!(steps[0].action, put("1", 8));
    assert!(steps[0].warnings.contains(&Warning::KeepsLease { now: 8, then: 5 }));
    assert_eq!(steps[1].action, put("2", 6));
    assert!(steps[1].warnings.contains(&Warning::OtherLease { now: 8, then: 6 }));
    assert_eq!(steps.len(), 2, "the same value on the lease that it keeps is no step");
}

#[test]
fn grave_steps_begin_switched_off_and_unknown_values_stay_so() {
    let past = picture(&[
        ("c/bad", Some("bad"), 0),
        ("c/unknown", None, 0),
        ("locks/stock/5", Some(""), 5),
        ("services/a", Some("10.0.0.1:80"), 5),
    ]);
    let mut making = Making::of(past, &[]);
    making.alive = vec![5];
    let steps = making.steps();
    assert!(steps.iter().any(|step| step.on && step.warnings == [Warning::Registration]), "gone: comes back");
    let there = record("services/a", "10.0.0.2:80", 12, 5);
    making.present.insert(there.0, there.1);
    let steps = making.steps();
    assert!(steps.iter().all(|step| !step.on), "{steps:?}");
    let grave = [
        Warning::Invalid("breaks its schema".to_owned()),
        Warning::ValueUnknown,
        Warning::Coordination,
        Warning::Registration,
    ];
    for (step, warning) in steps.iter().zip(grave) {
        assert!(step.warnings.contains(&warning), "{step:?}");
        assert_eq!(step.may_be_on(LostLease::LeaveOut), warning != Warning::ValueUnknown);
    }
    making.present.clear();
    making.picture.certainty = Certainty::BeforeRecords;
    making.picture.uncertain = vec![key("c/bad"), key("c/maybe")];
    making.picture.keys.retain(|name, _| **name == *b"c/bad");
    let new = record("c/new", "x", 12, 0);
    making.present.insert(new.0, new.1);
    let steps = making.steps();
    assert_eq!(steps.len(), 3);
    assert!(steps.iter().all(|step| !step.on && step.warnings.contains(&Warning::Uncertain)), "{steps:?}");
    assert!(!steps[1].may_be_on(LostLease::Permanent), "c/maybe: what it was is not known");
    // What is known for certain is so in an incomplete picture as well.
    making.picture.uncertain.clear();
    making.picture.keys.values_mut().for_each(|past| past.value = Some(value("good")));
    let certain: Vec<_> = making.steps().iter().map(|step| (step.key.clone(), step.on)).collect();
    assert_eq!(certain, [(key("c/bad"), true), (key("c/new"), false)]);
}

#[test]
fn undoing_brings_back_what_was_done_and_says_what_has_changed_since() {
    let step = |name: &str, before: Option<&str>, action, state| PlanStep {
        key: key(name),
        action,
        before: before.map(|text| record(name, text, 3, 0).1),
        on: true,
        warnings: Vec::new(),
        state,
    };
    let done = |revision| StepState::Done { revision };
    let plan = Plan {
        kind: PlanKind::Moment,
        steps: vec![
            step("a", Some("old"), put("new", 0), done(20)),
            step("b", None, put("created", 0), done(20)),
            step("c", Some("deleted"), StepAction::Delete, done(20)),
            step("d", Some("old"), put("new", 0), done(20)),
            step("e", Some("old"), put("new", 0), StepState::Skipped { found: None }),
        ],
        ..Plan::default()
    };
    let present: BTreeMap<_, _> =
        [record("a", "new", 20, 0), record("b", "created", 20, 0), record("d", "someone's", 25, 0)].into();
    let undo = steps(&Materials {
        wanted: wanted_of_undo(&plan, &present),
        present,
        alive: BTreeSet::new(),
        lost_lease: LostLease::LeaveOut,
        new_lease: 0,
        separator: b'/',
        rules: &Rules::default(),
        problem: &|_, _| None,
    });
    let found: Vec<_> = undo.iter().map(|step| (&*step.key, &step.action, step.on)).collect();
    let expected: [(&[u8], StepAction, bool); 4] = [
        (b"a", put("old", 0), true),
        (b"b", StepAction::Delete, true),
        (b"c", put("deleted", 0), true),
        (b"d", put("old", 0), false),
    ];
    assert_eq!(found.len(), 4);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!((found.0, found.1, found.2), (expected.0, &expected.1, expected.2));
    }
    assert_eq!(undo[3].warnings, [Warning::ChangedSince { revision: 25 }]);
}

#[test]
fn a_key_of_which_nothing_is_known_is_told_and_never_deleted() {
    let mut making =
        Making::of(picture(&[]), &[record("c/lives", "now", 12, 0), record("c/new", "x", 13, 0)]);
    making.picture.uncertain = vec![key("c/gone"), key("c/lives")];
    for delete_newer in [true, false] {
        making.delete_newer = delete_newer;
        let steps = making.steps();
        assert_eq!(steps.len(), if delete_newer { 3 } else { 2 });
        for step in &steps[..2] {
            assert!(!step.deletes() && !step.on && !step.may_be_on(LostLease::Permanent), "{step:?}");
            assert_eq!(step.warnings, [Warning::ValueUnknown, Warning::Uncertain]);
        }
        assert!(steps.get(2).is_none_or(PlanStep::deletes), "what was not there for certain goes");
    }
}
