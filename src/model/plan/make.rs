//! Works out the steps of a plan: what keys are to be against what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{LostLease, Plan, PlanStep, StepAction, StepState, Warning};
use crate::model::bytes::{Key, Value};
use crate::model::coordination::Role;
use crate::model::moment::{Certainty, Picture};
use crate::model::recognise::{Rules, find};
use crate::model::record::{KeyMeta, KeyRecord};
use crate::model::tree_item::TreeItem;

/// What a key is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedState {
    /// It is not to exist.
    Absent,
    /// It is to have this value.
    Put {
        /// The value; `None`: it is not known.
        value: Option<Value>,
        /// What it was attached to; `None`: as it is now.
        lease: Option<i64>,
    },
}

/// What is wanted of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is to be.
    pub state: WantedState,
    /// It is not known for certain that it was like this.
    pub uncertain: bool,
    /// It has been changed since by someone, at this revision (0: deleted).
    pub changed: Option<i64>,
    /// That it was changed since speaks against the step: it begins switched off.
    pub changed_is_grave: bool,
}

impl Wanted {
    /// This state, for certain.
    #[must_use]
    pub fn certain(state: WantedState) -> Self {
        Self { state, uncertain: false, changed: None, changed_is_grave: false }
    }
}

/// Everything that steps are made of.
pub struct Materials<'a> {
    /// What is wanted of each key. Keys that are not in it are left alone.
    pub wanted: BTreeMap<Key, Wanted>,
    /// What the keys are, all at one revision.
    pub present: BTreeMap<Key, KeyRecord>,
    /// Leases that are alive, of those that [`leases`] named.
    pub alive: BTreeSet<i64>,
    /// What becomes of keys whose lease is gone.
    pub lost_lease: LostLease,
    /// The lease that [`LostLease::NewLease`] grants.
    pub new_lease: i64,
    /// The byte that separates folders.
    pub separator: u8,
    /// What the profile says of locks, elections and services.
    pub rules: &'a Rules,
    /// What is wrong with this value of this key by its schema, if anything is.
    pub problem: &'a dyn Fn(&Key, &Value) -> Option<String>,
}

/// Whether a key lies in one of these folders, or is one of these keys.
#[must_use]
pub fn is_below(roots: &[TreeItem], key: &[u8]) -> bool {
    roots.iter().any(|root| if root.is_folder() { key.starts_with(&root.path) } else { key == &*root.path })
}

/// What is wanted so that these keys and folders are as in the pictures. With `delete_newer` keys that
/// did not exist then are to go.
#[must_use]
pub fn wanted_of_pictures(
    roots: &[TreeItem],
    pictures: &[Picture],
    present: &BTreeMap<Key, KeyRecord>,
    delete_newer: bool,
) -> BTreeMap<Key, Wanted> {
    let mut wanted = BTreeMap::new();
    // Then keys may be missing from it; what is in it and not doubtful is certain all the same.
    let incomplete = pictures.iter().any(|picture| picture.certainty != Certainty::Exact);
    let mut doubtful: BTreeSet<&Key> = BTreeSet::new();
    for picture in pictures {
        doubtful.extend(picture.uncertain.iter().filter(|key| is_below(roots, key)));
        for (key, past) in picture.keys.iter().filter(|(key, _)| is_below(roots, key)) {
            let state = WantedState::Put { value: past.value.clone(), lease: Some(past.meta.lease) };
            let changed = present.get(key).filter(|now| changed_more_than_once(&past.meta, &now.meta));
            wanted.insert(
                key.clone(),
                Wanted {
                    state,
                    uncertain: false,
                    changed: changed.map(|now| now.meta.mod_revision),
                    changed_is_grave: false,
                },
            );
        }
    }
    for key in doubtful {
        // Where nothing at all is known it is told, and neither written nor deleted.
        let unknown = || Wanted::certain(WantedState::Put { value: None, lease: None });
        wanted.entry(key.clone()).or_insert_with(unknown).uncertain = true;
    }
    if delete_newer {
        for key in present.keys().filter(|key| is_below(roots, key)) {
            let absent = || Wanted { uncertain: incomplete, ..Wanted::certain(WantedState::Absent) };
            wanted.entry(key.clone()).or_insert_with(absent);
        }
    }
    wanted
}

/// Whether more than the one change that is taken back has come since.
fn changed_more_than_once(then: &KeyMeta, now: &KeyMeta) -> bool {
    now.mod_revision > then.mod_revision
        && (now.create_revision != then.create_revision || now.version > then.version + 1)
}

/// What is wanted so that what this plan has done is undone.
#[must_use]
pub fn wanted_of_undo(plan: &Plan, present: &BTreeMap<Key, KeyRecord>) -> BTreeMap<Key, Wanted> {
    let mut wanted = BTreeMap::new();
    for step in &plan.steps {
        let StepState::Done { revision } = step.state else { continue };
        let state = match &step.before {
            Some(before) => WantedState::Put { value: before.value.clone(), lease: Some(before.meta.lease) },
            None => WantedState::Absent,
        };
        let now = present.get(&step.key);
        let changed = match (&step.action, now) {
            (StepAction::Put { .. }, Some(now)) => {
                (now.meta.mod_revision != revision).then_some(now.meta.mod_revision)
            }
            (StepAction::Put { .. }, None) => Some(0),
            (StepAction::Delete, Some(now)) => Some(now.meta.mod_revision),
            (StepAction::Delete, None) => None,
        };
        wanted.insert(step.key.clone(), Wanted { state, uncertain: false, changed, changed_is_grave: true });
    }
    wanted
}

/// The leases that have to be known before steps are made.
#[must_use]
pub fn leases(wanted: &BTreeMap<Key, Wanted>, present: &BTreeMap<Key, KeyRecord>) -> Vec<i64> {
    let mut leases = BTreeSet::new();
    for (key, wanted) in wanted {
        if let WantedState::Put { lease: Some(lease), .. } = &wanted.state
            && *lease != 0
            && present.get(key).is_none_or(|now| now.meta.lease != *lease)
        {
            leases.insert(*lease);
        }
    }
    leases.into_iter().collect()
}

/// The steps, in key order: only where the value, the lease or the existence differ.
#[must_use]
pub fn steps(materials: &Materials<'_>) -> Vec<PlanStep> {
    materials.wanted.iter().filter_map(|(key, wanted)| materials.step(key, wanted)).collect()
}

impl Materials<'_> {
    fn step(&self, key: &Key, wanted: &Wanted) -> Option<PlanStep> {
        let before = self.present.get(key);
        let mut warnings = Vec::new();
        let action = match (&wanted.state, before) {
            (WantedState::Absent, None) => return None,
            (WantedState::Absent, Some(_)) => StepAction::Delete,
            (WantedState::Put { value, lease }, before) => {
                let lease = self.lease(*lease, before, &mut warnings);
                let value = value.clone();
                let same = before
                    .is_some_and(|now| value.is_some() && now.value == value && now.meta.lease == lease);
                if same {
                    return None;
                }
                if value.is_none() {
                    warnings.push(Warning::ValueUnknown);
                }
                StepAction::Put { value: value.unwrap_or_else(|| Value::from([].as_slice())), lease }
            }
        };
        if let StepAction::Put { value, .. } = &action
            && !warnings.contains(&Warning::ValueUnknown)
            && let Some(problem) = (self.problem)(key, value)
        {
            warnings.push(Warning::Invalid(problem));
        }
        if let Some(revision) = wanted.changed {
            warnings.push(Warning::ChangedSince { revision });
        }
        if wanted.uncertain {
            warnings.push(Warning::Uncertain);
        }
        warnings.extend(self.owned_by_another(key, wanted, before));
        let mut step = PlanStep {
            key: key.clone(),
            action,
            before: before.cloned(),
            on: true,
            warnings,
            state: StepState::Waiting,
        };
        step.on = step.begins_on(self.lost_lease) && !(wanted.changed.is_some() && wanted.changed_is_grave);
        Some(step)
    }

    /// The lease that the key is put on, with what is to be known of it.
    fn lease(&self, then: Option<i64>, before: Option<&KeyRecord>, warnings: &mut Vec<Warning>) -> i64 {
        let now = before.map(|before| before.meta.lease);
        let Some(then) = then else { return now.unwrap_or(0) };
        match now {
            Some(now) if now == then => now,
            Some(now) if then != 0 && self.alive.contains(&then) => {
                warnings.push(Warning::OtherLease { now, then });
                then
            }
            Some(now) => {
                warnings.push(Warning::KeepsLease { now, then });
                now
            }
            None if then == 0 || self.alive.contains(&then) => then,
            None => {
                warnings.push(Warning::LeaseGone(then));
                match self.lost_lease {
                    LostLease::NewLease { .. } => self.new_lease,
                    LostLease::Permanent | LostLease::LeaveOut => 0,
                }
            }
        }
    }

    /// Whether the key belongs to a lock, an election or a service: its owner writes it.
    fn owned_by_another(&self, key: &Key, wanted: &Wanted, before: Option<&KeyRecord>) -> Option<Warning> {
        let then = match &wanted.state {
            WantedState::Put { value, lease: Some(lease) } => {
                let meta = KeyMeta { lease: *lease, version: 1, ..KeyMeta::default() };
                Some((meta, value.clone()))
            }
            _ => None,
        };
        let now = before.map(|before| (before.meta, before.value.clone()));
        let mut leased = false;
        for (meta, value) in [then, now].into_iter().flatten().filter(|(meta, _)| meta.lease != 0) {
            leased = true;
            let finding = find(key, &meta, value.as_deref(), self.rules, self.separator);
            if finding.is_some_and(|finding| matches!(finding.role, Role::Claim { .. })) {
                return Some(Warning::Coordination);
            }
        }
        leased.then_some(Warning::Registration)
    }
}

#[cfg(test)]
mod tests;
