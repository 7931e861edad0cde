//! What changed lately: the glow of rows, the counts on folders, the line at the bottom, and the
//! keys seen deleted.

use std::collections::{BTreeMap, VecDeque};

use super::bytes::Key;
use super::record::{KeyChange, KeyRecord};
use super::status::SeenAt;

/// How long a change glows, in milliseconds.
pub const GLOW_MS: i64 = 1_500;
/// How long a change is counted on its folders, in milliseconds.
pub const COUNT_MS: i64 = 60_000;
/// How long a deleted key stays in the tree, struck through, in milliseconds.
pub const GHOST_MS: i64 = 6_000;
/// At most so many changes are remembered.
const MAX_CHANGES: usize = 20_000;
/// At most so many deleted keys are remembered for undeletion.
const MAX_DELETED: usize = 20_000;

/// What a change did, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActivityKind {
    /// Created.
    Created,
    /// Written again.
    Changed,
    /// Deleted (or its lease ended; etcd does not tell).
    Deleted,
}

/// One change seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityLine {
    /// The key.
    pub key: Key,
    /// What happened.
    pub kind: ActivityKind,
    /// At which revision.
    pub revision: i64,
    /// When it was seen.
    pub seen_at: SeenAt,
    /// The lease that the key had, 0: none. A deleted key with a lease probably expired.
    pub lease: i64,
}

/// A key that was seen deleted, with what it last was where known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedKey {
    /// The last record, with its value where it was known.
    pub last: KeyRecord,
    /// Revision of the deletion.
    pub revision: i64,
    /// When it was seen.
    pub seen_at: SeenAt,
}

/// What changed lately.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    lines: VecDeque<ActivityLine>,
    newest: BTreeMap<Key, (ActivityKind, SeenAt)>,
    folders: BTreeMap<Vec<u8>, u32>,
    deleted: BTreeMap<Key, DeletedKey>,
    /// Changes per second over the last 60 seconds, oldest first.
    rate: VecDeque<(i64, u32)>,
}

impl Activity {
    /// Takes a change in. `ancestors` are the paths of the folders above the key.
    pub fn note(&mut self, change: &KeyChange, revision: i64, seen_at: SeenAt, ancestors: &[&[u8]]) {
        let kind = if change.deletes() {
            ActivityKind::Deleted
        } else if change.creates() {
            ActivityKind::Created
        } else {
            ActivityKind::Changed
        };
        let lease = match (&change.kind, &change.prev) {
            (super::record::ChangeKind::Put { meta, .. }, _) => meta.lease,
            (super::record::ChangeKind::Delete, Some(prev)) => prev.meta.lease,
            (super::record::ChangeKind::Delete, None) => 0,
        };
        match (&change.prev, kind) {
            (Some(prev), ActivityKind::Deleted) => {
                if self.deleted.len() >= MAX_DELETED
                    && let Some(oldest) =
                        self.deleted.values().min_by_key(|key| key.revision).map(|key| key.last.key.clone())
                {
                    self.deleted.remove(&oldest);
                }
                let last = prev.clone();
                self.deleted.insert(change.key.clone(), DeletedKey { last, revision, seen_at });
            }
            (_, ActivityKind::Deleted) => {}
            _ => {
                self.deleted.remove(&change.key);
            }
        }
        for ancestor in ancestors {
            match self.folders.get_mut(*ancestor) {
                Some(count) => *count += 1,
                None => {
                    self.folders.insert(ancestor.to_vec(), 1);
                }
            }
        }
        self.newest.insert(change.key.clone(), (kind, seen_at));
        self.lines.push_back(ActivityLine { key: change.key.clone(), kind, revision, seen_at, lease });
        let second = seen_at.div_euclid(1_000);
        match self.rate.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => self.rate.push_back((second, 1)),
        }
        while self.lines.len() > MAX_CHANGES {
            self.forget_oldest();
        }
    }

    /// Forgets what is older than the counts on folders reach.
    pub fn prune(&mut self, now: SeenAt) {
        while self.lines.front().is_some_and(|line| now - line.seen_at > COUNT_MS) {
            self.forget_oldest();
        }
        while self.rate.front().is_some_and(|(second, _)| now.div_euclid(1_000) - second > 60) {
            self.rate.pop_front();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(line) = self.lines.pop_front() else { return };
        if self.newest.get(&line.key).is_some_and(|(_, seen_at)| *seen_at <= line.seen_at) {
            self.newest.remove(&line.key);
        }
        // Folder counts are rebuilt from the paths of the key: each ancestor ends somewhere in it.
        let mut emptied = Vec::new();
        for end in 1..=line.key.len() {
            if let Some(count) = self.folders.get_mut(&line.key[..end]) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    emptied.push(end);
                }
            }
        }
        for end in emptied {
            self.folders.remove(&line.key[..end]);
        }
    }

    /// The changes of the last minute, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &ActivityLine> {
        self.lines.iter()
    }

    /// The newest change of a key, and when it was seen.
    #[must_use]
    pub fn newest(&self, key: &[u8]) -> Option<(ActivityKind, SeenAt)> {
        self.newest.get(key).copied()
    }

    /// Number of changes in the folder at this path (with its separator) in the last minute.
    #[must_use]
    pub fn folder_count(&self, path: &[u8]) -> u32 {
        self.folders.get(path).copied().unwrap_or(0)
    }

    /// Keys that were seen deleted and are still gone, in key order.
    pub fn deleted(&self) -> impl Iterator<Item = &DeletedKey> {
        self.deleted.values()
    }

    /// A key that was seen deleted and is still gone.
    #[must_use]
    pub fn deleted_key(&self, key: &[u8]) -> Option<&DeletedKey> {
        self.deleted.get(key)
    }

    /// Changes seen in the second before `now`, and in each of the last 60 seconds, oldest first.
    #[must_use]
    pub fn rate(&self, now: SeenAt) -> Vec<u32> {
        let this = now.div_euclid(1_000);
        let mut seconds = vec![0; 60];
        for (second, count) in &self.rate {
            let age = this - second;
            if let Some(slot) = usize::try_from(59 - age).ok().and_then(|at| seconds.get_mut(at)) {
                *slot = *count;
            }
        }
        seconds
    }
}
