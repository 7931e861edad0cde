//! Deleted keys as far as etcd and the journal reach, asked for while the operator wants to see them.

use std::collections::{BTreeMap, BTreeSet};

use super::activity::DeletedKey;
use super::bytes::Key;
use super::fault::Fault;
use super::message::RequestId;

/// At most so many are kept.
const MAX_KEYS: usize = 20_000;
/// At most so many bytes of their keys and values.
const MAX_BYTES: usize = 64 << 20;

/// What was answered so far.
#[derive(Clone, Debug, Default)]
pub struct Deletions {
    keys: BTreeMap<Key, DeletedKey>,
    bytes: usize,
    /// Folders that were asked for.
    asked: BTreeSet<Vec<u8>>,
    waiting: BTreeMap<RequestId, Vec<u8>>,
    fault: Option<Fault>,
    cut: bool,
    version: u64,
}

impl Deletions {
    /// Whether this folder is still to be asked for.
    #[must_use]
    pub fn wants(&self, prefix: &[u8]) -> bool {
        !self.asked.contains(prefix)
    }

    /// It was asked for.
    pub fn asked(&mut self, prefix: &[u8], request: RequestId) {
        self.asked.insert(prefix.to_vec());
        self.waiting.insert(request, prefix.to_vec());
    }

    /// Takes an answer; one that was not asked for, or was forgotten, changes nothing.
    pub fn answer(&mut self, request: RequestId, answer: Result<Vec<DeletedKey>, Fault>) {
        let Some(prefix) = self.waiting.remove(&request) else { return };
        match answer {
            Ok(keys) => {
                self.fault = None;
                self.cut |= keys.len() + self.keys.len() > MAX_KEYS;
                for deleted in keys {
                    self.insert(deleted);
                }
                self.version += 1;
            }
            Err(fault) => {
                // To open the folder again asks again.
                self.asked.remove(&prefix);
                self.fault = Some(fault);
            }
        }
    }

    fn insert(&mut self, deleted: DeletedKey) {
        let size = |deleted: &DeletedKey| {
            deleted.last.key.len() + deleted.last.value.as_ref().map_or(0, |value| value.len())
        };
        let known = self.keys.get(&deleted.last.key);
        if known.is_some_and(|known| known.revision >= deleted.revision) {
            return;
        }
        let before = known.map_or(0, size);
        let bytes = self.bytes - before + size(&deleted);
        if (before == 0 && self.keys.len() >= MAX_KEYS) || bytes > MAX_BYTES {
            self.cut = true;
            return;
        }
        self.bytes = bytes;
        self.keys.insert(deleted.last.key.clone(), deleted);
    }

    /// Forgets everything: it is no longer wanted, or may be out of date.
    pub fn forget(&mut self) {
        let version = self.version + 1;
        *self = Self { version, ..Self::default() };
    }

    /// A deleted key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&DeletedKey> {
        self.keys.get(key)
    }

    /// The deleted keys, in key order.
    pub fn iter(&self) -> impl Iterator<Item = &DeletedKey> {
        self.keys.values()
    }

    /// Whether an answer is under way.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Why the last question was not answered.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Whether there were more than are kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Another number after each change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;
    use crate::model::record::{KeyMeta, KeyRecord};

    fn deleted(key: &str, revision: i64) -> DeletedKey {
        let last = KeyRecord { key: key.as_bytes().into(), meta: KeyMeta::default(), value: None };
        DeletedKey { last, revision, seen_at: 0, found: false, watched_to: 0 }
    }

    #[test]
    fn the_newest_deletion_of_a_key_is_kept() {
        let mut deletions = Deletions::default();
        deletions.asked(b"", RequestId(1));
        deletions.asked(b"a/", RequestId(2));
        deletions.answer(RequestId(2), Ok(vec![deleted("a/b", 9)]));
        deletions.answer(RequestId(1), Ok(vec![deleted("a/b", 7), deleted("c", 8)]));
        assert_eq!(deletions.get(b"a/b").map(|deleted| deleted.revision), Some(9));
        assert_eq!(deletions.iter().count(), 2);
    }

    #[test]
    fn what_was_forgotten_is_not_answered_for() {
        let mut deletions = Deletions::default();
        deletions.asked(b"", RequestId(1));
        deletions.forget();
        deletions.answer(RequestId(1), Ok(vec![deleted("a", 9)]));
        assert_eq!(deletions.iter().count(), 0);
    }

    #[test]
    fn a_question_that_failed_may_be_asked_again() {
        let mut deletions = Deletions::default();
        deletions.asked(b"a/", RequestId(1));
        assert!(!deletions.wants(b"a/"));
        deletions.answer(RequestId(1), Err(Fault::new(FaultKind::Unavailable, "")));
        assert!(deletions.wants(b"a/") && deletions.fault().is_some());
    }
}
