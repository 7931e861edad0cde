//! A plan to bring keys back to what they were, or to what another place has: every put and delete
//! with what it replaces, reviewed before it is run, guarded while it runs, and undone by its own
//! opposite.

pub mod make;
mod pack;
mod shelf;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use pack::{PlanCounts, PlanWork};
pub use shelf::{Making, Plans, Running};

use super::bytes::{Key, Value};
use super::fault::Fault;
use super::record::{KeyMeta, KeyRecord};
use super::status::SeenAt;
use super::tree_item::TreeItem;

/// A plan's number: unique on this machine.
pub type PlanId = String;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanGoal {
    /// These keys and folders as they were at this revision.
    Moment {
        /// What is to be brought back.
        roots: Vec<TreeItem>,
        /// To what it was at this revision.
        revision: i64,
        /// Also delete keys that did not exist then.
        delete_newer: bool,
    },
    /// Keys that were deleted, as they last were.
    Undelete {
        /// Folders and keys.
        roots: Vec<TreeItem>,
    },
    /// These values at these keys (a promotion, a rollback of one version): what is expected there now
    /// is read when the plan is made.
    Values {
        /// What the plan is called: where the values come from.
        origin: String,
        /// Key and value; `None`: the key is deleted.
        values: Vec<(Key, Option<Value>)>,
    },
    /// What this plan has done is undone.
    Undo(Arc<Plan>),
}

/// What kind of plan it is, for its title.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PlanKind {
    /// Back to a moment.
    Moment,
    /// Deleted keys come back.
    Undelete,
    /// Values from elsewhere.
    #[default]
    Values,
    /// What another plan has done is undone.
    Undo,
}

/// What becomes of keys whose lease is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LostLease {
    /// They are left out.
    #[default]
    LeaveOut,
    /// They are created without a lease: they stay until somebody deletes them.
    Permanent,
    /// They are attached to one new lease that nobody keeps alive: they go when it ends.
    NewLease {
        /// Its time to live in seconds.
        ttl_secs: i64,
    },
}

impl LostLease {
    /// A lease that nobody keeps alive lives for an hour, if nothing else is said.
    pub const NEW_TTL_SECS: i64 = 3_600;
}

/// Something to know about a step before it is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Warning {
    /// The lease that the key had is gone.
    LeaseGone(i64),
    /// The key has been changed since the moment that is gone back to, by someone.
    ChangedSince {
        /// The revision of its newest change.
        revision: i64,
    },
    /// The key is part of a lock or an election.
    Coordination,
    /// The key registers a service: it is leased, and its owner writes it.
    Registration,
    /// What it was is not known for certain: it changed where nobody watched.
    Uncertain,
    /// The value that it had is not known.
    ValueUnknown,
    /// The value breaks the schema of the key.
    Invalid(String),
    /// The key moves to the lease that it had then, which is alive.
    OtherLease {
        /// The lease that it has now (0: none).
        now: i64,
        /// The lease that it had.
        then: i64,
    },
    /// The key stays attached to the lease that it has now (or to none); then it had another one, that
    /// is gone (or none).
    KeepsLease {
        /// The lease that it has now (0: none).
        now: i64,
        /// The lease that it had (0: none).
        then: i64,
    },
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepAction {
    /// Puts this value, attached to this lease (0: none).
    Put {
        /// The value.
        value: Value,
        /// The lease that it is attached to; 0: none.
        lease: i64,
    },
    /// Deletes the key.
    Delete,
}

/// How a step stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StepState {
    /// Not run.
    #[default]
    Waiting,
    /// Its transaction was about to be sent; whether it was committed is not known yet.
    Sent,
    /// Committed at this revision.
    Done {
        /// The revision.
        revision: i64,
    },
    /// Left alone: someone changed the key after the plan was made. What it was then found as
    /// (`None`: it does not exist).
    Skipped {
        /// What the key is now.
        found: Option<KeyMeta>,
    },
    /// Refused by etcd, for this reason; nothing was changed.
    Refused(Fault),
    /// Whether it was done can not be told.
    Unknown(Fault),
}

/// One key of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// The key.
    pub key: Key,
    /// What is done to it.
    pub action: StepAction,
    /// What the key was when the plan was made (`None`: it did not exist): the guard, what the diff
    /// shows, and what the undo brings back.
    pub before: Option<KeyRecord>,
    /// Whether it is to be run. Steps with grave warnings begin switched off.
    pub on: bool,
    /// What to know before.
    pub warnings: Vec<Warning>,
    /// How it stands.
    pub state: StepState,
}

/// How a plan stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlanState {
    /// Made, not run.
    #[default]
    Draft,
    /// Running.
    Running,
    /// Stopped before its end: by the operator, a fault, or the end of the console. It can go on.
    Stopped(Option<Fault>),
    /// All steps that were on are over.
    Finished,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Its number.
    pub id: PlanId,
    /// The profile that it was made with.
    pub profile: String,
    /// The cluster that it is for.
    pub cluster_id: u64,
    /// What kind of plan it is.
    pub kind: PlanKind,
    /// What it brings back, for its title (a prefix, a key, an environment).
    pub title: String,
    /// The revision that it goes back to, if it goes back to one.
    pub moment: Option<i64>,
    /// The revision at which `before` of all steps was read.
    pub made_at_revision: i64,
    /// When it was made.
    pub made_at: SeenAt,
    /// The plan that this one undoes.
    pub undoes: Option<PlanId>,
    /// The steps, in key order.
    pub steps: Vec<PlanStep>,
    /// How it stands.
    pub state: PlanState,
    /// What becomes of keys whose lease is gone.
    pub lost_lease: LostLease,
    /// The id of the new lease that [`LostLease::NewLease`] asks for: chosen when the plan is made, so
    /// that it is known before it is granted, whatever happens. 0: none can be granted.
    pub new_lease: i64,
}
