//! What this console wrote: each entry carries the hash of the one before, so that a change to the
//! log shows.

mod chain;
mod intent;
mod names;

pub use chain::{ChainCheck, ChainHead, canonical, chained_hash, first_hash};
pub use intent::AuditIntent;

use super::bytes::Key;
use super::loadable::Loadable;
use super::message::RequestId;
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
    /// A lease was granted.
    GrantLease,
    /// A lease was kept alive once.
    KeepLease,
    /// A lease was revoked, or a key was deleted because its lease was revoked.
    RevokeLease,
    /// Nothing was written: the log tells something about itself.
    Note,
}

/// What a lease is called where a key would stand: `lease 694d77aa9e38260f`.
#[must_use]
pub fn lease_name(lease: i64) -> Key {
    Key::from(format!("lease {lease:016x}").into_bytes())
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
    /// What the log has to tell about itself.
    Noted(String),
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
    /// The key; of what is about a lease itself its name, see [`lease_name`].
    pub key: Key,
    /// Where a copied or renamed key comes from; the lease that a key was deleted with.
    pub source: Option<Key>,
    /// The mod revision that was expected; 0: the key was to be absent.
    pub before: i64,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The plan that it belongs to, if any.
    pub plan: Option<String>,
    /// The same for the entry that was made before it was sent and the one that tells how it ended.
    pub write_id: String,
}

/// The lease that an entry is about, where it is about a lease itself and not about a key.
fn lease_of(operation: AuditOperation, key: &Key, source: Option<&Key>) -> Option<i64> {
    let about_leases = matches!(
        operation,
        AuditOperation::GrantLease | AuditOperation::KeepLease | AuditOperation::RevokeLease
    );
    let name = key.strip_prefix(b"lease ").filter(|_| about_leases && source.is_none())?;
    let id = u64::from_str_radix(std::str::from_utf8(name).ok()?, 16).ok()?;
    Some(id.cast_signed())
}

impl AuditWrite {
    /// The lease that it is about, where it is about a lease itself and not about a key.
    #[must_use]
    pub fn lease(&self) -> Option<i64> {
        lease_of(self.operation, &self.key, self.source.as_ref())
    }
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
    /// What is kept apart is missing: whether entries are missing at the end can not be told.
    HeadMissing,
}

/// What of the log is asked for. Each write is found once: by the entry that says how it ended, or by
/// the one that was made before it was sent where no other followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Text that the key, profile, user or plan contains; empty: all.
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
    /// Whether the whole chain holds, as it was found last.
    pub chain: ChainState,
    /// The size of the log on disk, in bytes.
    pub bytes: u64,
    /// Where it lies.
    pub path: String,
    /// The profiles that are named in it.
    pub profiles: Vec<String>,
}

/// Which part of the log is asked for, beside what is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditPart {
    /// Another query: it takes the place of what is shown.
    #[default]
    Anew,
    /// The newest entries of the same query, in front of those shown.
    Newest,
    /// Entries older than those shown, behind them.
    Older,
}

/// The log as the window knows it.
#[derive(Clone, Debug, Default)]
pub struct AuditView {
    /// What is asked for.
    pub query: AuditQuery,
    /// What was found so far, newest first; kept while it is read anew.
    pub page: Loadable<AuditPage>,
    /// The newest request.
    pub request: RequestId,
    /// When it was asked.
    pub asked_at: SeenAt,
    /// What the newest request asked for.
    pub part: AuditPart,
    /// Writes are not being recorded: why.
    pub trouble: Option<super::fault::Fault>,
}
