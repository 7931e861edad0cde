//! Leases: what lives on them, and what they have left.

use std::sync::Arc;

use imbl::OrdMap;

use super::queue::ClaimKind;
use crate::model::bytes::Key;
use crate::model::status::SeenAt;

/// A lease as etcdctl writes it.
#[must_use]
pub fn lease_text(lease: i64) -> String {
    format!("{lease:x}")
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
    pub seen_at: SeenAt,
}

/// An answer younger than this, in milliseconds, is taken as it is.
const FRESH_MS: SeenAt = 5_000;

impl LeaseInfo {
    /// Whether it was found gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.remaining_secs < 0
    }

    /// Whether what was told then still says what is left now: clients keep a lease alive every third of its
    /// time, and an answer from before that says nothing any more.
    #[must_use]
    pub fn is_current(&self, now: SeenAt) -> bool {
        let age = now.saturating_sub(self.seen_at);
        age <= FRESH_MS || age.saturating_mul(3) <= self.granted_secs.saturating_mul(1_000)
    }

    /// Whether it had no more than half of its time left when it was asked. Clients keep a lease alive when a
    /// third of it is over: this one missed that, or nobody keeps it alive.
    #[must_use]
    pub fn missed_a_renewal(&self) -> bool {
        self.remaining_secs.saturating_mul(2) <= self.granted_secs
    }
}

/// What a key means to those who live by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// An instance of the service in this folder.
    Instance(Key),
    /// A claim of the lock or election of this name.
    Claim(ClaimKind, Key),
    /// A health report of the service of this name.
    Report(Key),
    /// A key like any other.
    Other,
}

/// A lease as the key space shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseUse {
    /// Its id.
    pub id: i64,
    /// The keys attached to it, with what they mean.
    pub keys: OrdMap<Key, Arc<Meaning>>,
    /// When the first of its keys was seen to arise; `None`: before it was watched.
    pub since: Option<SeenAt>,
}
