//! Locks and leaders as data: queues of claims found in the key space.

use super::bytes::{Key, Value};
use super::record::KeyMeta;

/// One key that stands in line for a lock or a leadership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The claim's own key.
    pub key: Key,
    /// Its revisions and lease.
    pub meta: KeyMeta,
    /// Its value where loaded: the candidate, or the owner's name.
    pub value: Option<Value>,
}

/// What a queue is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// A lock: the first claim holds it. (etcd locks do not guarantee mutual exclusion.)
    Lock,
    /// An election: the first claim leads.
    Election,
}

/// How the claims lie in etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimForm {
    /// `<prefix>/<lease id>` keys, first come first served by create revision.
    Queue,
    /// One leased key, created by a transaction on create revision 0.
    SingleKey,
}

/// How sure the console is of what it recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It may be one: one leased key whose name says so.
    Likely,
    /// The shape fits: the key's last segment is its own lease.
    Certain,
}

/// A lock or an election with all that claim it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimQueue {
    /// The name: the prefix without the lease segment and its separator, or the single key.
    pub name: Key,
    /// Lock or election.
    pub kind: ClaimKind,
    /// Queue or single key.
    pub form: ClaimForm,
    /// How sure we are.
    pub confidence: Confidence,
    /// Ordered by create revision: the first holds or leads, the others wait in this order.
    pub claims: Vec<Claim>,
}

impl ClaimQueue {
    /// Who holds or leads.
    #[must_use]
    pub fn holder(&self) -> Option<&Claim> {
        self.claims.first()
    }

    /// Who waits, in order.
    #[must_use]
    pub fn waiting(&self) -> &[Claim] {
        self.claims.get(1..).unwrap_or_default()
    }
}

/// What a lease has left, as one member told at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseInfo {
    /// The lease.
    pub id: i64,
    /// TTL that was granted, in seconds.
    pub granted_secs: i64,
    /// TTL remaining when it was asked, in seconds; −1: the lease is gone.
    pub remaining_secs: i64,
    /// When it was asked.
    pub seen_at: super::status::SeenAt,
}
