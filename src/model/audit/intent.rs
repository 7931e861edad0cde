//! What is about to be written, as the log tells it.

use super::{AuditOperation, AuditOutcome, lease_name, lease_of};
use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::plan::{PlanStep, StepAction, StepState};
use crate::model::write::{BatchStep, Expect, PutRequest, WriteOutcome};

/// A key that is about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditIntent {
    /// What is done.
    pub operation: AuditOperation,
    /// The key; of what is about a lease itself its name.
    pub key: Key,
    /// Where a copied or renamed key comes from; the lease that a key is deleted with.
    pub source: Option<Key>,
    /// The mod revision that is expected; 0: the key is to be absent.
    pub before: i64,
}

impl AuditIntent {
    fn new(operation: AuditOperation, key: &Key, before: i64) -> Self {
        Self { operation, key: key.clone(), source: None, before }
    }

    /// A guarded put.
    #[must_use]
    pub fn of_put(put: &PutRequest) -> Self {
        match put.expect {
            Expect::Absent => Self::new(AuditOperation::Create, &put.key, 0),
            Expect::Revision(revision) => Self::new(AuditOperation::Put, &put.key, revision),
        }
    }

    /// A step of a batch, one for each key that it writes.
    #[must_use]
    pub fn of_step(step: &BatchStep) -> Vec<Self> {
        match step {
            BatchStep::Put(put) => vec![Self::of_put(put)],
            BatchStep::Delete { key, revision } => vec![Self::new(AuditOperation::Delete, key, *revision)],
            BatchStep::Copy { from, revision, to, remove_source, .. } => {
                let operation = if *remove_source { AuditOperation::Rename } else { AuditOperation::Copy };
                let copy = Self { source: Some(from.clone()), ..Self::new(operation, to, 0) };
                let mut intents = vec![copy];
                if *remove_source {
                    intents.push(Self::new(AuditOperation::Delete, from, *revision));
                }
                intents
            }
        }
    }

    /// A write to a lease itself.
    #[must_use]
    pub fn of_lease(operation: AuditOperation, lease: i64) -> Self {
        Self::new(operation, &lease_name(lease), 0)
    }

    /// The lease that it is about, where it is about a lease itself and not about a key.
    #[must_use]
    pub fn lease(&self) -> Option<i64> {
        lease_of(self.operation, &self.key, self.source.as_ref())
    }

    /// The revocation of a lease: told of the lease, and of each key that goes with it.
    #[must_use]
    pub fn of_revoke(lease: i64, keys: &[Key]) -> Vec<Self> {
        let operation = AuditOperation::RevokeLease;
        let with_it = |key| Self { source: Some(lease_name(lease)), ..Self::new(operation, key, 0) };
        std::iter::once(Self::of_lease(operation, lease)).chain(keys.iter().map(with_it)).collect()
    }

    /// A step of a plan.
    #[must_use]
    pub fn of_plan(step: &PlanStep) -> Self {
        let operation = match step.action {
            StepAction::Put { .. } => AuditOperation::Restore,
            StepAction::Delete => AuditOperation::Delete,
        };
        let before = step.before.as_ref().map_or(0, |record| record.meta.mod_revision);
        Self::new(operation, &step.key, before)
    }
}

impl AuditOutcome {
    /// How a guarded put ended.
    #[must_use]
    pub fn of_put(outcome: &WriteOutcome) -> Self {
        match outcome {
            WriteOutcome::Saved { revision } => Self::Done { revision: *revision },
            WriteOutcome::Conflict(_) => Self::Conflict,
            WriteOutcome::NotSaved(fault) => Self::Refused(fault.to_string()),
            WriteOutcome::Unknown(fault) => Self::Unknown(fault.to_string()),
        }
    }

    /// How a write to a lease ended: the revision at which it was done, 0 where it has none.
    #[must_use]
    pub fn of_lease(ended: &Result<i64, Fault>) -> Self {
        match ended {
            Ok(revision) => Self::Done { revision: *revision },
            Err(fault) if fault.kind == FaultKind::OutcomeUnknown => Self::Unknown(fault.to_string()),
            Err(fault) => Self::Refused(fault.to_string()),
        }
    }

    /// How a step of a plan ended; `None`: it has not.
    #[must_use]
    pub fn of_plan(state: &StepState) -> Option<Self> {
        Some(match state {
            StepState::Waiting | StepState::Sent => return None,
            StepState::Done { revision } => Self::Done { revision: *revision },
            StepState::Skipped { .. } => Self::Conflict,
            StepState::Refused(fault) => Self::Refused(fault.to_string()),
            StepState::Unknown(fault) => Self::Unknown(fault.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_is_told_of_the_lease_and_of_each_key_that_goes_with_it() {
        let key = Key::from(b"lease 7".as_slice());
        let intents = AuditIntent::of_revoke(-2, std::slice::from_ref(&key));
        assert_eq!(intents[0].lease(), Some(-2), "every id there may be");
        assert_eq!((intents[1].lease(), &intents[1].key), (None, &key), "a key that is called so");
        assert_eq!(intents[1].source.as_deref(), Some(b"lease fffffffffffffffe".as_slice()));
        let granted = AuditIntent::of_lease(AuditOperation::GrantLease, 0x694d_77aa_9e38_260f);
        assert_eq!(granted.lease(), Some(0x694d_77aa_9e38_260f));
    }

    #[test]
    fn a_rename_is_told_of_both_keys() {
        let key = |text: &str| Key::from(text.as_bytes());
        let step = |remove_source| BatchStep::Copy {
            from: key("from"),
            revision: 7,
            to: key("to"),
            keep_lease: true,
            remove_source,
        };
        let told = |step: &BatchStep| -> Vec<_> {
            let intents = AuditIntent::of_step(step);
            intents
                .into_iter()
                .map(|intent| (intent.operation, intent.key, intent.source, intent.before))
                .collect()
        };
        let copy = (AuditOperation::Copy, key("to"), Some(key("from")), 0);
        assert_eq!(told(&step(false)), [copy]);
        let rename = (AuditOperation::Rename, key("to"), Some(key("from")), 0);
        assert_eq!(told(&step(true)), [rename, (AuditOperation::Delete, key("from"), None, 7)]);
    }
}
