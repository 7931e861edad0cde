//! Plans on any two states of a key space: run as a whole they lead exactly to the state wanted, and
//! their undoing exactly back.

use std::collections::{BTreeMap, BTreeSet};

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::moment::{PastKey, PastSource, Picture};
use etcdscope::model::plan::make::{Materials, Wanted, leases, steps, wanted_of_pictures, wanted_of_undo};
use etcdscope::model::plan::{LostLease, Plan, PlanStep, StepAction, StepState, Warning};
use etcdscope::model::recognise::Rules;
use etcdscope::model::record::{KeyMeta, KeyRecord};
use etcdscope::model::tree_item::TreeItem;
use proptest::prelude::*;

/// Keys with their values, each on a lease or on none.
type State = BTreeMap<Key, (Vec<u8>, i64)>;

const NEW_LEASE: i64 = 999;

fn state() -> impl Strategy<Value = State> {
    let key = prop_oneof![
        4 => (0_u8..12).prop_map(|at| format!("config/{at}").into_bytes()),
        1 => (0_u8..4).prop_map(|at| format!("other/{at}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    let value = prop::collection::vec(any::<u8>(), 0..3);
    let lease = prop_oneof![3 => Just(0_i64), 2 => 1_i64..4];
    prop::collection::btree_map(key.prop_map(Key::from), (value, lease), 0..16)
}

fn roots() -> impl Strategy<Value = Vec<TreeItem>> {
    prop::sample::select(vec![
        vec![TreeItem::everything()],
        vec![TreeItem::folder(&b"config/"[..])],
        vec![TreeItem::key(&b"config/1"[..]), TreeItem::folder(&b"other/"[..])],
    ])
}

/// The records of a state, each key last written at a revision of its own.
fn present(state: &State, from: i64) -> BTreeMap<Key, KeyRecord> {
    let record = |(at, (key, (value, lease))): (i64, (&Key, &(Vec<u8>, i64)))| {
        let revision = from + at;
        let meta = KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease: *lease };
        (key.clone(), KeyRecord { key: key.clone(), meta, value: Some(value.clone().into()) })
    };
    (0..).zip(state).map(record).collect()
}

fn make(
    wanted: BTreeMap<Key, Wanted>,
    present: BTreeMap<Key, KeyRecord>,
    alive: &BTreeSet<i64>,
    lost_lease: LostLease,
) -> Vec<PlanStep> {
    let asked: BTreeSet<i64> = leases(&wanted, &present).into_iter().collect();
    let alive = alive.intersection(&asked).copied().collect();
    let (new_lease, separator) = (NEW_LEASE, b'/');
    let rules = &Rules::default();
    let problem = &|_: &Key, _: &Value| None;
    steps(&Materials { wanted, present, alive, lost_lease, new_lease, separator, rules, problem })
}

/// Does what the steps say.
fn apply(state: &mut State, steps: &[PlanStep]) {
    for step in steps {
        let before = step.before.as_ref().and_then(|before| before.value.as_deref());
        assert_eq!(state.get(&step.key).map(|(value, _)| value.as_slice()), before, "the guard holds");
        match &step.action {
            StepAction::Put { value, lease } => {
                drop(state.insert(step.key.clone(), (value.to_vec(), *lease)));
            }
            StepAction::Delete => drop(state.remove(&step.key)),
        }
    }
}

proptest! {
    #![proptest_config(super::cases(400))]

    #[test]
    fn a_plan_leads_to_what_was_and_its_undoing_back(
        past in state(),
        now in state(),
        roots in roots(),
        alive in prop::collection::btree_set(1_i64..4, 0..4),
        delete_newer in any::<bool>(),
        choice in prop::sample::select(vec![
            LostLease::Permanent,
            LostLease::NewLease { ttl_secs: 60 },
        ]),
    ) {
        let is_below = |key: &Key| roots.iter().any(|root| {
            if root.is_folder() { key.starts_with(&root.path) } else { *key == root.path }
        });
        // A key that is there and leased is on a lease that is alive.
        let mut alive = alive;
        alive.extend(now.values().map(|(_, lease)| *lease).filter(|lease| *lease != 0));
        let keys = past.iter().map(|(key, (value, lease))| {
            let meta = KeyMeta { create_revision: 2, mod_revision: 2, version: 1, lease: *lease };
            let value = Some(value.clone().into());
            (key.clone(), PastKey { meta, value, source: PastSource::Journal })
        });
        let picture = Picture { keys: keys.collect(), revision: 5, ..Picture::default() };
        let records = present(&now, 10);
        let wanted = wanted_of_pictures(&roots, std::slice::from_ref(&picture), &records, delete_newer);
        let made = make(wanted, records, &alive, choice);

        let mut reached = now.clone();
        apply(&mut reached, &made);
        for key in past.keys().chain(now.keys()) {
            let (was, is, now) = (past.get(key), reached.get(key), now.get(key));
            if !is_below(key) || (was.is_none() && !delete_newer) {
                prop_assert_eq!(is, now, "{:?} is left alone", key);
                continue;
            }
            prop_assert_eq!(is.map(|is| &is.0), was.map(|was| &was.0));
            let Some(((_, then), (_, lease))) = was.zip(is) else { continue };
            let expected = match now {
                _ if *then != 0 && alive.contains(then) => *then,
                Some((_, kept)) => *kept,
                None if *then == 0 => 0,
                None if choice == LostLease::Permanent => 0,
                None => NEW_LEASE,
            };
            prop_assert_eq!(*lease, expected, "{:?}", key);
        }
        // Nothing is written that is as wanted already, and each key once.
        let again: BTreeSet<&Key> = made.iter().map(|step| &step.key).collect();
        prop_assert_eq!(again.len(), made.len());

        // Undone: everything is as it was, on its lease.
        alive.insert(NEW_LEASE);
        let done = made.into_iter().map(|step| PlanStep { state: StepState::Done { revision: 50 }, ..step });
        let plan = Plan { steps: done.collect(), ..Plan::default() };
        let mut records = present(&reached, 10);
        for step in &plan.steps {
            if let Some(record) = records.get_mut(&step.key) {
                record.meta.mod_revision = 50;
            }
        }
        let undo = make(wanted_of_undo(&plan, &records), records, &alive, LostLease::LeaveOut);
        let changed = |warning: &Warning| matches!(warning, Warning::ChangedSince { .. });
        let none_changed = !undo.iter().any(|step| step.warnings.iter().any(changed));
        prop_assert!(none_changed, "nobody has changed anything");
        let mut back = reached;
        apply(&mut back, &undo);
        for (key, (value, lease)) in &now {
            let is = back.get(key);
            prop_assert_eq!(is.map(|is| &is.0), Some(value));
            // A key that had no lease and was put on one stays there: undoing detaches none in silence.
            if *lease != 0 {
                prop_assert_eq!(is.map(|is| is.1), Some(*lease), "{:?}", key);
            }
        }
        prop_assert_eq!(back.len(), now.len());
    }
}
