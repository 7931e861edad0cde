//! Two locks of one name: a single key, and keys in the folder of that name. Neither knows of the other, so
//! they are two queues: the keys' queue is called by its folder while the single key is there.

use std::sync::Arc;

use super::claims::{find, order};
use super::{Engine, Place};
use crate::model::bytes::Key;
use crate::model::coordination::{Claim, ClaimQueue, Meaning};

/// What the queue of the keys in the folder of this name is called while the name is a single key's.
fn folder_of(name: &Key) -> Key {
    [&**name, b"/"].concat().into()
}

impl Engine {
    /// The queue for a claim that calls it so.
    pub(super) fn home(&self, key: &Key, named: &Key) -> Key {
        let taken = || self.held.get(named).is_some_and(|held| held.place.stands_alone(named));
        if key != named && taken() { folder_of(named) } else { named.clone() }
    }

    /// A single key claims this name from now on.
    pub(super) fn make_room(&mut self, name: &Key) {
        self.move_claims(name, name, &folder_of(name));
    }

    /// No single key claims this name any more.
    pub(super) fn come_back(&mut self, name: &Key) {
        self.move_claims(name, &folder_of(name), name);
    }

    /// Moves the claims that call their queue so. Nobody loses or gets a turn by it.
    fn move_claims(&mut self, name: &Key, from: &Key, to: &Key) {
        let is_moved = |claim: &Arc<Claim>| {
            let place = self.held.get(&claim.key).map(|held| &held.place);
            claim.key != *name && matches!(place, Some(Place::Claim { named, .. }) if named == name)
        };
        let queue = self.picture.queues.get(from);
        let moved: Vec<Arc<Claim>> = queue
            .map_or_else(Vec::new, |queue| queue.claims.iter().filter(|it| is_moved(it)).cloned().collect());
        if moved.is_empty() {
            return;
        }
        self.touch(from);
        self.touch(to);
        self.keep_turns(from, to, &moved);
        for claim in &moved {
            self.move_claim(claim, from, to);
        }
        for name in [from, to] {
            let (Some(queue), Some(tally)) = (self.picture.queues.get_mut(name), self.tallies.get(name))
            else {
                continue;
            };
            let queue = Arc::make_mut(queue);
            let differs = tally.describe(queue);
            let kind = queue.kind;
            if differs || name == to {
                self.queue_is(name, kind);
            }
        }
    }

    /// Who held in the one queue before the revision under way is said to have held in the other.
    fn keep_turns(&mut self, from: &Key, to: &Key, moved: &[Arc<Claim>]) {
        let is_moved = |holder: &Arc<Claim>| moved.iter().any(|claim| claim.key == holder.key);
        let Some(before) = self.touched.get_mut(from) else { return };
        let (held, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut before.holders).into_iter().partition(is_moved);
        before.holders = left;
        let waiting = std::mem::take(&mut before.waiting);
        let Some(now) = self.touched.get_mut(to) else { return };
        now.holders.extend(held);
        now.holders.sort_by(|one, other| order(one, other.meta.create_revision, &other.key));
        now.waiting = now.waiting.max(waiting);
    }

    fn move_claim(&mut self, claim: &Arc<Claim>, from: &Key, to: &Key) {
        let Some(held) = self.held.get_mut(&claim.key) else { return };
        let Place::Claim { queue, created, hint, .. } = &mut held.place else { return };
        let (created, hint) = (*created, *hint);
        *queue = to.clone();
        if let Some(queue) = self.picture.queues.get_mut(from) {
            let queue = Arc::make_mut(queue);
            if let Ok(at) = find(&queue.claims, created, &claim.key) {
                queue.claims.remove(at);
            }
        }
        if self.tallies.get_mut(from).is_some_and(|tally| tally.take(hint)) {
            self.tallies.remove(from);
        }
        let fresh = || Arc::new(ClaimQueue::new(to.clone(), hint.kind, hint.form, hint.confidence));
        let queue = Arc::make_mut(self.picture.queues.entry(to.clone()).or_insert_with(fresh));
        if let Err(at) = find(&queue.claims, created, &claim.key) {
            queue.claims.insert(at, claim.clone());
        }
        self.tallies.entry(to.clone()).or_default().add(hint);
        let kind = queue.kind;
        self.set_meaning(&claim.key, claim.meta.lease, Meaning::Claim(kind, to.clone()));
    }
}
