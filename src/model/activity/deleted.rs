//! Keys that were seen deleted, kept so that they can be created again.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::bytes::Key;
use crate::model::record::KeyRecord;
use crate::model::status::SeenAt;

/// At most so many deleted keys are remembered.
pub(super) const MAX_DELETED: usize = 20_000;
/// At most so many bytes of their keys and values.
pub(super) const MAX_DELETED_BYTES: usize = 64 << 20;

/// A key that was seen deleted, with what it last was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedKey {
    /// The last record, with its value where it was known.
    pub last: KeyRecord,
    /// Revision of the deletion.
    pub revision: i64,
    /// When it was seen.
    pub seen_at: SeenAt,
    /// It was only found gone at `revision`: it was deleted before, while nobody watched, and may have
    /// been something else by then.
    pub found: bool,
    /// Where it was only found gone: the last revision that was watched before. 0 elsewhere.
    pub watched_to: i64,
}

impl DeletedKey {
    fn bytes(&self) -> usize {
        self.last.key.len() + self.last.value.as_ref().map_or(0, |value| value.len())
    }
}

/// The keys that were deleted last and are still gone.
#[derive(Clone, Debug, Default)]
pub(super) struct DeletedKeys {
    keys: BTreeMap<Key, DeletedKey>,
    /// The same keys by the revision that deleted them. (Nothing is swept out now and then: that would take
    /// longer than a frame may.)
    order: BTreeSet<(i64, Key)>,
    bytes: usize,
}

impl DeletedKeys {
    pub(super) fn insert(&mut self, deleted: DeletedKey) {
        let key = deleted.last.key.clone();
        self.remove(&key);
        self.bytes += deleted.bytes();
        self.order.insert((deleted.revision, key.clone()));
        self.keys.insert(key, deleted);
        while (self.keys.len() > MAX_DELETED || self.bytes > MAX_DELETED_BYTES)
            && let Some((_, oldest)) = self.order.first().cloned()
        {
            self.remove(&oldest);
        }
    }

    /// The clock was moved by so many milliseconds.
    pub(super) fn shift(&mut self, by: i64) {
        for deleted in self.keys.values_mut() {
            deleted.seen_at += by;
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some((key, deleted)) = self.keys.remove_entry(key) {
            self.bytes -= deleted.bytes();
            self.order.remove(&(deleted.revision, key));
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&DeletedKey> {
        self.keys.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &DeletedKey> {
        self.keys.values()
    }
}
