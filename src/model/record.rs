//! One key as etcd knows it, and how it changes.

use super::bytes::{Key, Value};

/// What etcd keeps beside a value. Revisions are cluster-wide and start at 2; `version` counts the
/// puts since the key was created and starts at 1; `lease` 0 means "no lease".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyMeta {
    /// Revision of the put that created this generation of the key.
    pub create_revision: i64,
    /// Revision of the last put.
    pub mod_revision: i64,
    /// Puts since the creation, the first being 1.
    pub version: i64,
    /// The lease that the key is attached to; 0: none.
    pub lease: i64,
}

/// A key with what is known of it. `value` is `None` while only the key has been listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: Key,
    /// Its revisions, version and lease.
    pub meta: KeyMeta,
    /// The value, where it has been loaded.
    pub value: Option<Value>,
}

/// What one event of a watch did to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The key was written. It was created by this write when `meta.create_revision ==
    /// meta.mod_revision` (a missing `prev` proves nothing: it may have been compacted).
    Put {
        /// What the key is now.
        meta: KeyMeta,
        /// Its new value.
        value: Value,
    },
    /// The key was deleted, or its lease ended: etcd does not tell which.
    Delete,
}

/// One change of one key at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: Key,
    /// What happened.
    pub kind: ChangeKind,
    /// What the key was before, where the server could still tell.
    pub prev: Option<KeyRecord>,
}

impl KeyChange {
    /// Whether this put created the key.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(&self.kind, ChangeKind::Put { meta, .. } if meta.create_revision == meta.mod_revision)
    }

    /// Whether this is a deletion.
    #[must_use]
    pub fn deletes(&self) -> bool {
        matches!(self.kind, ChangeKind::Delete)
    }
}

/// Everything that one revision changed: a transaction writes many keys at one revision, and they
/// appear together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The revision, equal to the mod revision of every put in it.
    pub revision: i64,
    /// Its changes, in the order in which etcd sent them.
    pub changes: Vec<KeyChange>,
}
