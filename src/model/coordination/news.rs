//! What happened that somebody may want to be told.

use super::ending::EndCause;
use super::service::Turn;
use crate::model::bytes::Key;
use crate::model::status::SeenAt;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Grows by one with each; the window knows by it what it has not seen yet.
    pub serial: u64,
    /// When it was seen.
    pub at: SeenAt,
    /// The revision that brought it; 0: none did.
    pub revision: i64,
    /// What.
    pub kind: NewsKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewsKind {
    /// An instance came or went.
    Instance {
        /// The service's folder.
        service: Key,
        /// The service's name.
        name: String,
        /// The instance's name.
        instance: String,
        /// Came or went.
        turn: Turn,
        /// Why it went.
        cause: Option<EndCause>,
    },
    /// Somebody else leads, or nobody.
    Leader {
        /// The election.
        election: Key,
        /// Who led (candidate as text), if anybody did.
        from: Option<String>,
        /// Who leads, if anybody does.
        to: Option<String>,
        /// How the term before ended.
        cause: Option<EndCause>,
    },
    /// A lock went from one owner to another, or is free.
    Holder {
        /// The lock.
        lock: Key,
        /// Who held it, as text.
        from: Option<String>,
        /// Who holds it.
        to: Option<String>,
        /// How the tenure before ended.
        cause: Option<EndCause>,
    },
    /// Owners wait for each other for ever.
    Deadlock {
        /// The locks of the cycle, in the order in which they are waited for.
        locks: Vec<Key>,
        /// The owners, as text.
        owners: Vec<String>,
    },
    /// Such a cycle is gone.
    DeadlockOver {
        /// The locks that it was about.
        locks: Vec<Key>,
    },
}
