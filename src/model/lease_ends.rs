//! Which keys were seen to go together with their lease: to say what a revocation really took along.

use std::collections::VecDeque;

use super::keyspace::Keyspace;
use super::message::MirrorUpdate;

/// So many revisions that deleted keys of leases are remembered.
const MOST: usize = 4_096;

/// Keys on one lease that one revision deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Went {
    revision: i64,
    lease: i64,
    keys: u64,
}

/// Deletions of keys on leases, by revision and lease, as far as they were seen one by one.
#[derive(Clone, Debug, Default)]
pub struct LeaseEnds {
    seen: VecDeque<Went>,
    /// Of this revision and of those before it not everything is known.
    complete_after: i64,
}

impl LeaseEnds {
    /// Takes news in. `before`: the key space before them.
    pub fn note(&mut self, before: &Keyspace, update: &MirrorUpdate) {
        if update.relisted || update.listed {
            self.complete_after = update.applied;
            self.seen.clear();
            return;
        }
        for revision in update.changes.iter() {
            for change in revision.changes.iter().filter(|change| change.deletes()) {
                let was = change.prev.as_ref().map(|prev| prev.meta);
                match was.or_else(|| before.get(&change.key).map(|view| view.meta)) {
                    Some(meta) if meta.lease != 0 => self.add(revision.revision, meta.lease),
                    Some(_) => {}
                    // It arose and went within these news: on which lease it was can not be told.
                    None => self.complete_after = self.complete_after.max(revision.revision),
                }
            }
        }
    }

    fn add(&mut self, revision: i64, lease: i64) {
        let same = |went: &&mut Went| went.revision == revision && went.lease == lease;
        if let Some(went) = self.seen.back_mut().filter(same) {
            went.keys += 1;
            return;
        }
        self.seen.push_back(Went { revision, lease, keys: 1 });
        if self.seen.len() > MOST
            && let Some(oldest) = self.seen.pop_front()
        {
            self.complete_after = self.complete_after.max(oldest.revision);
        }
    }

    /// How many keys of this lease this revision deleted; `None`: that is not known, or not yet. `applied`:
    /// up to which revision everything was told.
    #[must_use]
    pub fn count(&self, lease: i64, revision: i64, applied: i64) -> Option<u64> {
        let known = revision > self.complete_after && revision <= applied;
        let theirs = |went: &&Went| went.revision == revision && went.lease == lease;
        known.then(|| self.seen.iter().rev().filter(theirs).map(|went| went.keys).sum())
    }
}
