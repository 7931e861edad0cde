//! What a plan would do, and in which transactions.

use super::{LostLease, Plan, PlanStep, StepAction, StepState, Warning};
use crate::model::write::{MOST_BYTES, MOST_OPERATIONS};

/// What the steps of a plan that are still to be run would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanWork {
    /// Keys that are created.
    pub creates: u64,
    /// Keys that are written over.
    pub overwrites: u64,
    /// Keys that are deleted.
    pub deletes: u64,
    /// Steps that are left out: switched off.
    pub off: u64,
    /// Steps to run of which it is not certain that they bring back what was.
    pub uncertain: u64,
    /// Transactions that it takes; each is done as a whole, all of them together are not.
    pub transactions: u64,
}

impl PlanWork {
    /// Steps to run.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.creates + self.overwrites + self.deletes
    }
}

/// How the steps of a plan stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanCounts {
    /// Done.
    pub done: u64,
    /// Left alone: someone changed the key.
    pub skipped: u64,
    /// Refused by etcd.
    pub refused: u64,
    /// Whether they were done can not be told (yet).
    pub unknown: u64,
    /// On, and not run.
    pub left: u64,
    /// Switched off, and not run.
    pub off: u64,
    /// With something to know.
    pub warned: u64,
}

impl PlanCounts {
    /// Steps that were run and did not do what they were to do: a plan that is over with any of them
    /// is no full success.
    #[must_use]
    pub fn not_done(&self) -> u64 {
        self.skipped + self.refused + self.unknown
    }
}

impl PlanStep {
    /// Whether it is over, so that switching it on or off means nothing any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, StepState::Done { .. } | StepState::Skipped { .. })
    }

    /// Whether it can be run at all: what is not known can not be written, and a key whose lease is gone
    /// is not created before it is decided what becomes of such keys.
    #[must_use]
    pub fn may_be_on(&self, choice: LostLease) -> bool {
        !self.warnings.contains(&Warning::ValueUnknown)
            && (choice != LostLease::LeaveOut || self.lost_lease().is_none())
    }

    /// Whether it is still to be run: also one that was refused, and one of which is not known whether
    /// it was done.
    #[must_use]
    pub fn is_to_run(&self) -> bool {
        self.on
            && match &self.state {
                StepState::Waiting | StepState::Sent | StepState::Refused(_) | StepState::Unknown(_) => true,
                StepState::Done { .. } | StepState::Skipped { .. } => false,
            }
    }

    /// Whether it is not certain that it brings back what was.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.warnings.contains(&Warning::Uncertain)
    }

    /// The lease that its key had and that is gone.
    #[must_use]
    pub fn lost_lease(&self) -> Option<i64> {
        self.warnings.iter().find_map(|warning| match warning {
            Warning::LeaseGone(lease) => Some(*lease),
            _ => None,
        })
    }

    /// Whether it begins switched on: nothing about it is grave. What becomes of a key whose lease is
    /// gone is decided by the choice made for all of them.
    pub(super) fn begins_on(&self, choice: LostLease) -> bool {
        let lost = self.lost_lease().is_some();
        let grave = self.warnings.iter().any(|warning| match warning {
            Warning::Coordination | Warning::Uncertain | Warning::ValueUnknown | Warning::Invalid(_) => true,
            // Its owner writes it. One that is gone while its lease lives comes back on that lease.
            Warning::Registration => !lost && self.before.is_some(),
            Warning::LeaseGone(_)
            | Warning::ChangedSince { .. }
            | Warning::OtherLease { .. }
            | Warning::KeepsLease { .. } => false,
        });
        !grave && (!lost || choice != LostLease::LeaveOut)
    }

    pub(super) fn choose_lost_lease(&mut self, choice: LostLease, new_lease: i64) {
        if self.lost_lease().is_none() {
            return;
        }
        self.on = self.begins_on(choice);
        if let StepAction::Put { lease, .. } = &mut self.action {
            *lease = match choice {
                LostLease::NewLease { .. } => new_lease,
                LostLease::Permanent | LostLease::LeaveOut => 0,
            };
        }
    }

    /// Whether it deletes its key.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.action == StepAction::Delete
    }

    /// What it adds to a transaction, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let value = match &self.action {
            StepAction::Put { value, .. } => value.len(),
            StepAction::Delete => 0,
        };
        2 * self.key.len() + value + 64
    }
}

impl Plan {
    /// How its steps stand.
    #[must_use]
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for step in &self.steps {
            counts.warned += u64::from(!step.warnings.is_empty());
            match (&step.state, step.on) {
                (StepState::Done { .. }, _) => counts.done += 1,
                (StepState::Skipped { .. }, _) => counts.skipped += 1,
                (StepState::Refused(_), _) => counts.refused += 1,
                (StepState::Sent | StepState::Unknown(_), _) => counts.unknown += 1,
                (StepState::Waiting, true) => counts.left += 1,
                (StepState::Waiting, false) => counts.off += 1,
            }
        }
        counts
    }

    /// Whether the lease of any key is gone, so that a choice has to be made.
    #[must_use]
    pub fn has_lost_leases(&self) -> bool {
        self.steps.iter().any(|step| step.lost_lease().is_some())
    }

    /// Decides what becomes of the keys whose lease is gone and that are not over.
    pub fn choose_lost_lease(&mut self, choice: LostLease) {
        self.lost_lease = choice;
        let new_lease = self.new_lease;
        for step in &mut self.steps {
            if step.state == StepState::Waiting {
                step.choose_lost_lease(choice, new_lease);
            }
        }
    }

    /// What is left to do.
    #[must_use]
    pub fn work(&self) -> PlanWork {
        let mut work = PlanWork::default();
        for step in &self.steps {
            work.uncertain += u64::from(step.is_to_run() && step.is_uncertain());
            match (step.is_to_run(), &step.action, &step.before) {
                (true, StepAction::Put { .. }, None) => work.creates += 1,
                (true, StepAction::Put { .. }, Some(_)) => work.overwrites += 1,
                (true, StepAction::Delete, _) => work.deletes += 1,
                (false, ..) => work.off += u64::from(!step.on),
            }
        }
        work.transactions = self.transactions().len() as u64;
        work
    }

    /// The steps that are to be run, by their place, gathered in their order into transactions within
    /// etcd's limits.
    #[must_use]
    pub fn transactions(&self) -> Vec<Vec<usize>> {
        let mut transactions: Vec<Vec<usize>> = Vec::new();
        let mut bytes = 0;
        for (at, step) in self.steps.iter().enumerate().filter(|(_, step)| step.is_to_run()) {
            let size = step.size_bytes();
            match transactions.last_mut() {
                Some(last) if last.len() < MOST_OPERATIONS && bytes + size <= MOST_BYTES => {
                    last.push(at);
                    bytes += size;
                }
                _ => {
                    transactions.push(vec![at]);
                    bytes = size;
                }
            }
        }
        transactions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{KeyMeta, KeyRecord};

    fn put(at: usize, size: usize) -> PlanStep {
        PlanStep {
            key: format!("k{at:05}").into_bytes().into(),
            action: StepAction::Put { value: vec![7; size].into(), lease: 0 },
            before: None,
            on: true,
            warnings: Vec::new(),
            state: StepState::Waiting,
        }
    }

    #[test]
    fn transactions_keep_to_the_limits_and_leave_out_what_is_off_or_over() {
        let mut plan = Plan { steps: (0..250).map(|at| put(at, 10)).collect(), ..Plan::default() };
        let sizes = |plan: &Plan| plan.transactions().iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(&plan), [100, 100, 50]);
        plan.steps[0].on = false;
        plan.steps[1].state = StepState::Done { revision: 7 };
        plan.steps[2].state = StepState::Sent;
        assert_eq!(sizes(&plan), [100, 100, 48]);
        assert_eq!(plan.transactions()[0][0], 2, "what was sent is settled and run");
        plan.steps = (0..4).map(|at| put(at, 600 << 10)).collect();
        assert_eq!(sizes(&plan), [1, 1, 1, 1]);
        plan.steps = vec![put(0, 2 << 20), put(1, 1)];
        assert_eq!(sizes(&plan), [1, 1], "one that is too large stands alone and is refused alone");
    }

    #[test]
    fn the_work_says_what_is_written_over_and_what_is_left_out() {
        let mut plan = Plan { steps: (0..4).map(|at| put(at, 1)).collect(), ..Plan::default() };
        let record = KeyRecord { key: plan.steps[1].key.clone(), meta: KeyMeta::default(), value: None };
        plan.steps[1].before = Some(record);
        plan.steps[2].action = StepAction::Delete;
        plan.steps[3].on = false;
        let work = plan.work();
        let expected =
            PlanWork { creates: 1, overwrites: 1, deletes: 1, off: 1, uncertain: 0, transactions: 1 };
        assert_eq!((work, work.steps()), (expected, 3));
        plan.steps[0].warnings.push(Warning::Uncertain);
        plan.steps[3].warnings.push(Warning::Uncertain);
        assert_eq!(plan.work().uncertain, 1, "only of what is written");
        plan.steps[1].state = StepState::Skipped { found: None };
        assert_eq!(plan.counts().not_done(), 1);
    }
}
