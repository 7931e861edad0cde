//! What a write asks for and how it can end. Every write names the revision that it expects.

use super::bytes::{Key, Value};
use super::fault::Fault;
use super::record::KeyRecord;

/// Compares and operations of one transaction; etcd allows 128 of each.
pub const MOST_OPERATIONS: usize = 100;
/// Keys and values of one transaction; etcd allows 1.5 MiB altogether.
pub const MOST_BYTES: usize = 1 << 20;

/// What the key must be for the write to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The key must not exist (create revision 0).
    Absent,
    /// The key's mod revision must be this.
    Revision(i64),
}

/// What becomes of the key's lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseChoice {
    /// Keep the lease that the key has (only for a key that exists).
    Keep,
    /// Attach to this lease; 0 detaches.
    Attach(i64),
}

/// A guarded put of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutRequest {
    /// The key.
    pub key: Key,
    /// Its new value.
    pub value: Value,
    /// What it must be now.
    pub expect: Expect,
    /// Its lease.
    pub lease: LeaseChoice,
}

/// How a guarded write of one key ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Committed at this revision.
    Saved {
        /// The revision of the write.
        revision: i64,
    },
    /// Not done: the key is not what was expected. What it is now (`None`: it does not exist).
    Conflict(Option<KeyRecord>),
    /// Not done, for this reason; nothing was changed.
    NotSaved(Fault),
    /// The answer was lost, and reading again could not tell either.
    Unknown(Fault),
}

/// One step of an operation on several keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchStep {
    /// Guarded put.
    Put(PutRequest),
    /// Guarded delete: the key must have this mod revision.
    Delete {
        /// The key.
        key: Key,
        /// The mod revision that it must have.
        revision: i64,
    },
    /// Copies the value that etcd has at the source to a key that must not exist, in the same
    /// lease only if asked. With `remove_source` it is a rename; both happen in one transaction.
    Copy {
        /// Read from here; its mod revision must be `revision`.
        from: Key,
        /// The mod revision that the source must have.
        revision: i64,
        /// Written here; must not exist.
        to: Key,
        /// Attach the copy to the source's lease (a rename keeps it, a copy asks).
        keep_lease: bool,
        /// Delete the source in the same transaction.
        remove_source: bool,
    },
}

impl BatchStep {
    /// The key that the step is about (the source of a copy).
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Put(put) => &put.key,
            Self::Delete { key, .. } => key,
            Self::Copy { from, .. } => from,
        }
    }
}

/// What an operation on several keys did. It runs in transactions of at most 100 operations and
/// 1 MiB; across them it is not atomic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Keys done.
    pub done: u64,
    /// Keys left alone because someone changed them meanwhile.
    pub skipped: Vec<Key>,
    /// Keys whose outcome could not be told.
    pub unknown: Vec<Key>,
    /// Why it stopped early, if it did; keys not reached are untouched.
    pub stopped: Option<Fault>,
    /// Keys asked for.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_about_the_key_that_it_may_not_find_as_expected() {
        let key = |text: &str| Key::from(text.as_bytes());
        let put = PutRequest {
            key: key("put"),
            value: Value::from([].as_slice()),
            expect: Expect::Absent,
            lease: LeaseChoice::Attach(0),
        };
        let copy = BatchStep::Copy {
            from: key("from"),
            revision: 7,
            to: key("to"),
            keep_lease: true,
            remove_source: true,
        };
        assert_eq!(*BatchStep::Put(put).key(), key("put"));
        assert_eq!(*BatchStep::Delete { key: key("gone"), revision: 7 }.key(), key("gone"));
        assert_eq!(*copy.key(), key("from"));
    }
}
