//! What changed lately: the glow of rows, the counts on folders, the line at the bottom, and the
//! keys seen deleted.

mod deleted;

use std::collections::{HashMap, VecDeque};

use super::bytes::Key;
use super::keyspace::Keyspace;
use super::record::{ChangeKind, KeyChange};
use super::status::SeenAt;
pub use deleted::DeletedKey;
use deleted::DeletedKeys;

/// How long a change glows, in milliseconds.
pub const GLOW_MS: i64 = 1_500;
/// How long a change is counted on its folders, in milliseconds.
pub const COUNT_MS: i64 = 60_000;
/// How long a deleted key stays in the tree, struck through, in milliseconds.
pub const GHOST_MS: i64 = 6_000;
/// At most so many changes are remembered.
const MAX_CHANGES: usize = 20_000;
/// At most so many gaps are remembered.
const MAX_GAPS: usize = 100;

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

/// Revisions of which no change was told: the picture was read anew instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last revision before it that is known.
    pub after: i64,
    /// The revision of the new picture.
    pub to: i64,
    /// When the new picture was seen.
    pub seen_at: SeenAt,
}

/// A line, with what it takes to undo its counts.
#[derive(Clone, Debug)]
struct Noted {
    line: ActivityLine,
    /// Where in the key the paths of its folders end.
    folder_ends: Box<[usize]>,
}

/// What changed lately.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    noted: VecDeque<Noted>,
    newest: HashMap<Key, Newest>,
    /// Changes below each folder, and how many of them are deletions.
    folders: HashMap<Vec<u8>, (u32, u32)>,
    deleted: DeletedKeys,
    /// Changes in each of the last seconds, oldest first.
    rate: VecDeque<(i64, u32)>,
    gaps: VecDeque<Gap>,
}

/// The newest change of a key.
#[derive(Clone, Copy, Debug)]
struct Newest {
    kind: ActivityKind,
    seen_at: SeenAt,
    revision: i64,
}

impl Activity {
    /// Takes a change in. `ancestors` are the paths of the folders above the key.
    pub fn note(&mut self, change: &KeyChange, revision: i64, seen_at: SeenAt, ancestors: &[&[u8]]) {
        let (kind, lease) = match &change.kind {
            ChangeKind::Put { meta, .. } if change.creates() => (ActivityKind::Created, meta.lease),
            ChangeKind::Put { meta, .. } => (ActivityKind::Changed, meta.lease),
            ChangeKind::Delete => {
                (ActivityKind::Deleted, change.prev.as_ref().map_or(0, |prev| prev.meta.lease))
            }
        };
        match &change.prev {
            _ if kind != ActivityKind::Deleted => self.deleted.remove(&change.key),
            Some(prev) => self.deleted.insert(DeletedKey {
                last: prev.clone(),
                revision,
                seen_at,
                found: false,
                watched_to: 0,
            }),
            None => {}
        }
        let deletion = u32::from(kind == ActivityKind::Deleted);
        for ancestor in ancestors {
            match self.folders.get_mut(*ancestor) {
                Some((all, deletions)) => {
                    *all += 1;
                    *deletions += deletion;
                }
                None => {
                    self.folders.insert(ancestor.to_vec(), (1, deletion));
                }
            }
        }
        self.newest.insert(change.key.clone(), Newest { kind, seen_at, revision });
        self.noted.push_back(Noted {
            line: ActivityLine { key: change.key.clone(), kind, revision, seen_at, lease },
            folder_ends: ancestors.iter().map(|ancestor| ancestor.len()).collect(),
        });
        let second = seen_at.div_euclid(1_000);
        match self.rate.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => self.rate.push_back((second, 1)),
        }
        if self.noted.len() > MAX_CHANGES {
            self.forget_oldest();
        }
    }

    /// Remembers that changes were missed: a new picture took the old one's place.
    pub fn note_gap(&mut self, after: i64, to: i64, seen_at: SeenAt) {
        if self.gaps.len() >= MAX_GAPS {
            self.gaps.pop_front();
        }
        self.gaps.push_back(Gap { after, to, seen_at });
    }

    /// Times of this connection of which no change is known, oldest first.
    pub fn gaps(&self) -> impl DoubleEndedIterator<Item = &Gap> {
        self.gaps.iter()
    }

    /// Forgets what is older than the counts on folders reach, and tells whether there was
    /// anything.
    pub fn prune(&mut self, now: SeenAt) -> bool {
        let before = self.noted.len();
        while self.noted.front().is_some_and(|noted| now - noted.line.seen_at > COUNT_MS) {
            self.forget_oldest();
        }
        while self.rate.front().is_some_and(|(second, _)| now.div_euclid(1_000) - second > 60) {
            self.rate.pop_front();
        }
        self.noted.len() < before
    }

    /// The clock was moved by so many milliseconds: ages stay as they are.
    pub fn shift(&mut self, by: i64) {
        for noted in &mut self.noted {
            noted.line.seen_at += by;
        }
        for newest in self.newest.values_mut() {
            newest.seen_at += by;
        }
        for gap in &mut self.gaps {
            gap.seen_at += by;
        }
        for (second, _) in &mut self.rate {
            *second += by.div_euclid(1_000);
        }
        self.deleted.shift(by);
    }

    /// When the next change will be old enough to be forgotten, so that a count on screen can go.
    #[must_use]
    pub fn prune_at(&self) -> Option<SeenAt> {
        self.noted.front().map(|noted| noted.line.seen_at + COUNT_MS + 1)
    }

    fn forget_oldest(&mut self) {
        let Some(Noted { line, folder_ends }) = self.noted.pop_front() else { return };
        if self.newest.get(&line.key).is_some_and(|newest| newest.revision <= line.revision) {
            self.newest.remove(&line.key);
        }
        for path in folder_ends.iter().filter_map(|end| line.key.get(..*end)) {
            if let Some((all, deletions)) = self.folders.get_mut(path) {
                *all -= 1;
                *deletions -= u32::from(line.kind == ActivityKind::Deleted);
                if *all == 0 {
                    self.folders.remove(path);
                }
            }
        }
    }

    /// The changes of the last minute, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &ActivityLine> {
        self.noted.iter().map(|noted| &noted.line)
    }

    /// The newest change of a key, and when it was seen.
    #[must_use]
    pub fn newest(&self, key: &[u8]) -> Option<(ActivityKind, SeenAt)> {
        self.newest.get(key).map(|newest| (newest.kind, newest.seen_at))
    }

    /// Number of changes in the folder at this path (with its separator) in the last minute.
    #[must_use]
    pub fn folder_count(&self, path: &[u8]) -> u32 {
        self.folders.get(path).map_or(0, |(all, _)| *all)
    }

    /// How many of these were deletions.
    #[must_use]
    pub fn folder_deletions(&self, path: &[u8]) -> u32 {
        self.folders.get(path).map_or(0, |(_, deletions)| *deletions)
    }

    /// Keys that were seen deleted and are still gone, in key order.
    pub fn deleted(&self) -> impl Iterator<Item = &DeletedKey> {
        self.deleted.iter()
    }

    /// After a new listing: keys that exist again are no longer deleted ones.
    pub fn forget_existing(&mut self, keyspace: &Keyspace) {
        let again: Vec<Key> = self
            .deleted
            .iter()
            .map(|deleted| deleted.last.key.clone())
            .filter(|key| keyspace.get(key).is_some())
            .collect();
        for key in &again {
            self.deleted.remove(key);
        }
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

#[cfg(test)]
mod tests;
