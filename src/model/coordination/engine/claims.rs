//! Claims come to queues and go, and what that does to who holds or leads.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ends::Of;
use super::tally::Hint;
use super::{Engine, Moment, Place, Way};
use crate::model::bytes::{Key, Value};
use crate::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimMode, ClaimQueue, Contention, EndCause, MOST_CONTENTION, MOST_TENURES,
    NewsKind, Tenure, Told,
};
use crate::model::record::KeyMeta;

/// A claim as it was found.
pub(super) struct New<'a> {
    pub(super) key: &'a Key,
    pub(super) meta: KeyMeta,
    pub(super) value: Option<&'a Value>,
    pub(super) mode: ClaimMode,
    pub(super) owner: Option<String>,
    pub(super) told: Option<Arc<Told>>,
    pub(super) queue: &'a Key,
    pub(super) hint: Hint,
}

/// A queue as it was before the revision under way.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) holders: Vec<Arc<Claim>>,
    pub(super) waiting: usize,
}

/// Order in a queue: first come, first served.
pub(super) fn order(claim: &Claim, created: i64, key: &Key) -> Ordering {
    (claim.meta.create_revision, &claim.key).cmp(&(created, key))
}

pub(super) fn find(claims: &[Arc<Claim>], created: i64, key: &Key) -> Result<usize, usize> {
    claims.binary_search_by(|claim| order(claim, created, key))
}

/// Whether both are one turn. A single key may change hands while it lives: with its owner, where that is
/// known, else with its lease and value together.
fn same_turn(form: ClaimForm, before: &Claim, after: &Claim) -> bool {
    if order(before, after.meta.create_revision, &after.key).is_ne() {
        return false;
    }
    if form != ClaimForm::SingleKey || before.value.is_none() || after.value.is_none() {
        return true;
    }
    match (&before.owner, &after.owner) {
        (None, None) => before.meta.lease == after.meta.lease || before.value == after.value,
        (before, after) => before == after,
    }
}

/// Whether the claim has a place among these, with the same turn.
fn holds_on(form: ClaimForm, claim: &Claim, among: &[Arc<Claim>]) -> bool {
    let place = find(among, claim.meta.create_revision, &claim.key);
    place.ok().and_then(|at| among.get(at)).is_some_and(|other| same_turn(form, other, claim))
}

impl Engine {
    pub(super) fn touch(&mut self, name: &Key) {
        if self.touched.contains_key(name) {
            return;
        }
        let before = self.picture.queues.get(name).map_or_else(Before::default, |queue| Before {
            holders: queue.holders().to_vec(),
            waiting: queue.waiting().len(),
        });
        self.touched.insert(name.clone(), before);
    }

    /// Puts a claim in its place in the line, and tells what the queue is.
    pub(super) fn claim(&mut self, new: New<'_>, before: Option<&Place>, moment: Moment) -> ClaimKind {
        let New { key, meta, value, mode, owner, told, queue: name, hint } = new;
        self.touch(name);
        let tally = self.tallies.entry(name.clone()).or_default();
        tally.add(hint);
        if let Some(Place::Claim { hint, .. }) = before {
            tally.take(*hint);
        }
        let fresh = || Arc::new(ClaimQueue::new(name.clone(), hint.kind, hint.form, hint.confidence));
        let queue = self.picture.queues.entry(name.clone()).or_insert_with(fresh);
        let queue = Arc::make_mut(queue);
        let differs = tally.describe(queue);
        let kind = queue.kind;
        match find(&queue.claims, meta.create_revision, key) {
            Ok(at) => {
                if let Some(known) = queue.claims.get_mut(at) {
                    let known = Arc::make_mut(known);
                    (known.meta, known.value) = (meta, value.cloned());
                    (known.mode, known.owner, known.told) = (mode, owner, told);
                }
            }
            Err(at) => {
                let found = Claim::found(key.clone(), meta, value.cloned());
                let claim = Claim { mode, owner, told, since: moment.seen(), ..found };
                queue.claims.insert(at, Arc::new(claim));
            }
        }
        if differs {
            self.queue_is(name, kind);
        }
        kind
    }

    /// Takes a claim out of the line.
    pub(super) fn unclaim(&mut self, key: &Key, name: &Key, created: i64, hint: Hint) {
        self.touch(name);
        let Some(queue) = self.picture.queues.get_mut(name) else { return };
        let queue = Arc::make_mut(queue);
        if let Ok(at) = find(&queue.claims, created, key) {
            queue.claims.remove(at);
        }
        let Some(tally) = self.tallies.get_mut(name) else { return };
        if tally.take(hint) {
            self.tallies.remove(name);
        } else if tally.describe(queue) {
            let kind = queue.kind;
            self.queue_is(name, kind);
        }
    }

    /// A revision is in: who lost and who got a turn by it.
    pub(super) fn turn(&mut self, moment: Moment) {
        for (name, before) in std::mem::take(&mut self.touched) {
            self.turn_of(&name, &before, moment);
        }
    }

    fn turn_of(&mut self, name: &Key, before: &Before, moment: Moment) {
        let Some(queue) = self.picture.queues.get(name).cloned() else { return };
        let (form, kind, holders) = (queue.form, queue.kind, queue.holders());
        let waiting = queue.waiting().len();
        let ended: Vec<&Arc<Claim>> =
            before.holders.iter().filter(|claim| !holds_on(form, claim, holders)).collect();
        let begun: Vec<usize> = (0..holders.len())
            .filter(|at| holders.get(*at).is_some_and(|claim| !holds_on(form, claim, &before.holders)))
            .collect();
        let mut causes = Vec::new();
        if moment.way != Way::Found {
            for claim in &ended {
                let replaced = find(&queue.claims, claim.meta.create_revision, &claim.key).is_ok();
                let cause = if replaced {
                    EndCause::Unknown
                } else {
                    self.end(&claim.key, claim.meta.lease, Of::Queue(name.clone()), moment)
                };
                causes.push(cause);
            }
            self.tell_turn(name, kind, before, holders, causes.first().copied(), moment);
        }
        drop(queue);
        let waited = u32::try_from(before.waiting).unwrap_or(u32::MAX);
        if let Some(queue) = self.picture.queues.get_mut(name) {
            let queue = Arc::make_mut(queue);
            remember(queue, &ended, &causes, waited, moment);
            begin(queue, &begun, moment);
            count(queue, waiting, moment);
        }
        self.sort_out(name, kind, before, waiting);
    }

    /// News of another holder or leader. Readers who hold together change without news.
    fn tell_turn(
        &mut self,
        name: &Key,
        kind: ClaimKind,
        before: &Before,
        holders: &[Arc<Claim>],
        cause: Option<EndCause>,
        moment: Moment,
    ) {
        let (from, to) = (before.holders.first(), holders.first());
        let held_before = |claim: &Arc<Claim>| {
            let form = if holders.len() > 1 { ClaimForm::ReadWrite } else { ClaimForm::SingleKey };
            holds_on(form, claim, &before.holders)
        };
        if to.map_or(from.is_none(), held_before) {
            return;
        }
        let key = from.map(|claim| claim.key.clone());
        let (from, to) = (from.map(|claim| claim.told_owner()), to.map(|claim| claim.told_owner()));
        let kind = match kind {
            ClaimKind::Lock => NewsKind::Holder { lock: name.clone(), from, to, cause },
            ClaimKind::Election => NewsKind::Leader { election: name.clone(), from, to, cause },
        };
        let told = self.tell(moment, kind);
        if let Some(key) = key {
            self.ends.told(&key, moment.revision, told);
        }
    }

    /// Whether it is waited for, and whether anybody is in it at all.
    fn sort_out(&mut self, name: &Key, kind: ClaimKind, before: &Before, waiting: usize) {
        let matters = kind == ClaimKind::Lock && waiting > 0;
        let mattered =
            if matters { !self.contended.insert(name.clone()) } else { self.contended.remove(name) };
        self.waits_changed |= matters || mattered;
        let Some(queue) = self.picture.queues.get(name) else { return };
        let empty = queue.claims.is_empty();
        self.totals_changed |= empty != before.holders.is_empty();
        if empty && queue.past.is_empty() {
            self.empty.note(false, name, false);
            self.picture.queues.remove(name);
        } else if empty || before.holders.is_empty() {
            let dropped = self.empty.note(false, name, empty);
            self.drop_empty(dropped);
        }
    }

    pub(super) fn drop_empty(&mut self, dropped: Option<(bool, Key)>) {
        match dropped {
            Some((true, service)) => drop(self.picture.services.remove(&service)),
            Some((false, queue)) => drop(self.picture.queues.remove(&queue)),
            None => {}
        }
    }
}

/// Keeps the tenures that ended.
fn remember(
    queue: &mut ClaimQueue,
    ended: &[&Arc<Claim>],
    causes: &[EndCause],
    waiting: u32,
    moment: Moment,
) {
    if causes.is_empty() {
        return;
    }
    let past = Arc::make_mut(&mut queue.past);
    for (claim, cause) in ended.iter().zip(causes) {
        if past.len() >= MOST_TENURES {
            past.pop_front();
        }
        past.push_back(Tenure {
            claim: (***claim).clone(),
            from_revision: claim.turn_revision.unwrap_or(claim.meta.create_revision),
            until: moment.at,
            until_revision: moment.revision,
            cause: *cause,
            waiting,
        });
    }
}

/// Writes down since when those hold who just got their turn.
fn begin(queue: &mut ClaimQueue, begun: &[usize], moment: Moment) {
    for at in begun {
        if let Some(claim) = queue.claims.get_mut(*at) {
            let claim = Arc::make_mut(claim);
            claim.turn_since = moment.seen();
            claim.turn_revision = moment.seen().map(|_| moment.revision);
        }
    }
}

/// Samples how many wait, when that changed.
fn count(queue: &mut ClaimQueue, waiting: usize, moment: Moment) {
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
    let last = queue.contention.back().map_or(0, |last| last.waiting);
    if waiting == last || moment.at == 0 {
        return;
    }
    let contention = Arc::make_mut(&mut queue.contention);
    if contention.len() >= MOST_CONTENTION {
        contention.pop_front();
    }
    contention.push_back(Contention { at: moment.at, waiting });
}
