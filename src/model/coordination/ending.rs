//! How something ended that lived on a lease. etcd tells only that a key is gone: whether its lease
//! expired, was revoked, or lives on is worked out from what the lease was seen to have left.

use crate::model::bytes::Key;
use crate::model::status::SeenAt;

/// Why a claim, a leadership or a registration ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    /// It is being found out: its lease has been asked for.
    #[default]
    Asking,
    /// Its lease ran out: nobody kept it alive.
    Expired,
    /// Its key was deleted while its lease lives on: released, resigned, deregistered (or deleted by
    /// someone else, which looks the same).
    Released,
    /// Its lease ended before its time: revoked, by its owner or by someone else.
    Revoked,
    /// This console deleted its key.
    DeletedHere,
    /// This console revoked its lease.
    RevokedHere,
    /// It can not be told: the lease was not looked at closely enough, or watching had a gap.
    Unknown,
}

impl EndCause {
    /// Whether somebody wanted this end: it was given back, or ended from here.
    #[must_use]
    pub fn is_wanted(self) -> bool {
        match self {
            Self::Released | Self::DeletedHere | Self::RevokedHere => true,
            Self::Asking | Self::Expired | Self::Revoked | Self::Unknown => false,
        }
    }
}

/// Something that this console ended itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnEnd {
    /// It deleted this key.
    Deleted {
        /// The key.
        key: Key,
        /// The revision at which it went.
        revision: i64,
    },
    /// It revoked this lease.
    Revoked {
        /// The lease.
        lease: i64,
        /// The revision at which its keys went; 0: not known.
        revision: i64,
    },
}

/// Something that lived on a lease and is gone: what is needed to find out why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The key that is gone.
    pub key: Key,
    /// The lease that it was on; 0: none.
    pub lease: i64,
    /// The revision at which it went.
    pub revision: i64,
    /// When that was seen.
    pub seen_at: SeenAt,
}
