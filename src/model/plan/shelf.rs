//! The plans of a connection as the window knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{LostLease, Plan, PlanGoal, PlanId, PlanState};
use crate::model::fault::Fault;
use crate::model::loadable::Loadable;
use crate::model::message::RequestId;

/// A plan that is being worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// The question.
    pub request: RequestId,
    /// What is wanted.
    pub goal: PlanGoal,
    /// What becomes of keys whose lease is gone.
    pub lost_lease: LostLease,
}

/// A plan that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The question, to be cancelled.
    pub request: RequestId,
    /// Steps that are over.
    pub over: u64,
    /// Steps to run.
    pub total: u64,
    /// It was asked to stop.
    pub stopping: bool,
}

/// The plans of a connection: drafts, and those on disk.
#[derive(Debug, Default)]
pub struct Plans {
    /// Newest first.
    pub list: Vec<Arc<Plan>>,
    /// Whether those on disk have been read.
    pub loaded: Loadable<()>,
    /// The plan shown in full; `None`: the list.
    pub shown: Option<PlanId>,
    /// The plan that is being worked out.
    pub making: Option<Making>,
    /// Why the last one could not be made.
    pub not_made: Option<Fault>,
    /// Removed by the operator: an answer that was under way then does not bring them back.
    removed: BTreeSet<PlanId>,
    /// Those that run.
    pub running: BTreeMap<PlanId, Running>,
    /// Grows with each change of a plan, for what is worked out from plans.
    pub generation: u64,
}

impl Plans {
    /// A plan by its number.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Plan>> {
        self.list.iter().find(|plan| plan.id == id)
    }

    /// A plan, to be changed. (One that somebody else holds is copied first.)
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Plan> {
        self.generation += 1;
        self.list.iter_mut().find(|plan| plan.id == id).map(Arc::make_mut)
    }

    /// The plan shown in full.
    #[must_use]
    pub fn shown(&self) -> Option<&Arc<Plan>> {
        self.shown.as_deref().and_then(|id| self.get(id))
    }

    /// Takes a plan in: in the place of the one with its number, or as the newest. Returns the one that
    /// it replaces.
    pub fn put(&mut self, plan: Plan) -> Option<Arc<Plan>> {
        self.generation += 1;
        let plan = Arc::new(plan);
        match self.list.iter_mut().find(|other| other.id == plan.id) {
            Some(place) => Some(std::mem::replace(place, plan)),
            None => {
                let at = self.list.partition_point(|other| other.made_at > plan.made_at);
                self.list.insert(at, plan);
                None
            }
        }
    }

    /// Takes in what is on disk: plans that run here, and drafts, are better known here.
    pub fn take_stored(&mut self, stored: Vec<Plan>) {
        for plan in stored {
            if !self.running.contains_key(&plan.id) && !self.removed.contains(&plan.id) {
                self.put(plan);
            }
        }
    }

    /// Forgets a plan.
    pub fn remove(&mut self, id: &str) -> Option<Arc<Plan>> {
        self.generation += 1;
        self.removed.insert(id.to_owned());
        if self.shown.as_deref() == Some(id) {
            self.shown = None;
        }
        let at = self.list.iter().position(|plan| plan.id == id)?;
        Some(self.list.remove(at))
    }

    /// Plans that were stopped before their end, and can go on.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.list.iter().filter(|plan| matches!(plan.state, PlanState::Stopped(_))).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(id: &str, made_at: i64) -> Plan {
        Plan { id: id.to_owned(), made_at, ..Plan::default() }
    }

    #[test]
    fn the_newest_plan_comes_first_and_a_running_one_is_not_overwritten() {
        let mut plans = Plans::default();
        plans.put(plan("a", 10));
        plans.put(plan("b", 30));
        plans.put(plan("c", 20));
        let ids: Vec<_> = plans.list.iter().map(|plan| plan.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "a"]);
        plans
            .running
            .insert("b".to_owned(), Running { request: RequestId(1), over: 0, total: 1, stopping: false });
        let stored = |id: &str| Plan { state: PlanState::Stopped(None), ..plan(id, 30) };
        plans.take_stored(vec![stored("b"), stored("c"), stored("d")]);
        assert_eq!(plans.get("b").map(|plan| plan.state.clone()), Some(PlanState::Draft));
        assert_eq!(plans.unfinished(), 2);
        plans.shown = Some("c".to_owned());
        assert!(plans.shown().is_some());
        assert!(plans.remove("c").is_some() && plans.shown.is_none() && plans.remove("c").is_none());
        // What was read before it was removed does not bring it back.
        plans.take_stored(vec![stored("c")]);
        assert!(plans.get("c").is_none());
    }
}
