//! What this console wrote: each entry carries the hash of the one before, so that a change to the
//! log shows.

use super::bytes::Key;
use super::status::SeenAt;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuditOperation {
    /// A key was created.
    Create,
    /// A key was written.
    Put,
    /// A key was deleted.
    Delete,
    /// A key was copied here.
    Copy,
    /// A key was moved here (its source deleted in the same transaction).
    Rename,
    /// A step of a plan: a key was brought back.
    Restore,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// About to be sent: an entry that says how it ended follows, unless the console was ended.
    Asked,
    /// Committed at this revision.
    Done {
        /// The revision.
        revision: i64,
    },
    /// Not done: the key was not as expected.
    Conflict,
    /// Refused, for this reason.
    Refused(String),
    /// Whether it was done is not known.
    Unknown(String),
}

/// One write of this console, before it is part of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditWrite {
    /// When.
    pub at: SeenAt,
    /// The profile's name.
    pub profile: String,
    /// The cluster.
    pub cluster_id: u64,
    /// The user at the cluster, if there is one.
    pub user: Option<String>,
    /// What was done.
    pub operation: AuditOperation,
    /// The key.
    pub key: Key,
    /// The mod revision that was expected; 0: the key was to be absent.
    pub before: i64,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The plan that it belongs to, if any.
    pub plan: Option<String>,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, from 1, without holes.
    pub number: u64,
    /// What it tells.
    pub write: AuditWrite,
    /// SHA-256 over the hash before and everything above, in lower-case hexadecimal.
    pub hash: String,
}

/// Whether the chain holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChainState {
    /// Not looked at yet.
    #[default]
    Unchecked,
    /// Every hash is right, and the last one is the one that was kept apart.
    Whole,
    /// The entry of this number does not fit the one before it: the log has been changed.
    BrokenAt(u64),
    /// Entries are missing at the end.
    Shortened {
        /// How many there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
}

/// What of the log is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Text that the key, profile or user contains; empty: all.
    pub text: String,
    /// Only this operation.
    pub operation: Option<AuditOperation>,
    /// Only this profile.
    pub profile: Option<String>,
    /// Only writes that were not done.
    pub only_failed: bool,
    /// Entries below this number; `None`: from the newest.
    pub below: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// A part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Entries in the whole log.
    pub total: u64,
    /// There are older ones that fit the query.
    pub more: bool,
    /// Whether the whole chain holds.
    pub chain: ChainState,
}
