//! Which lease is asked for next, and what the answers tell: no clock, no network.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::model::bytes::Key;
use crate::model::coordination::cause::{Case, LeaseTold, Went};
use crate::model::coordination::{Coordination, EndCause, Ending};
use crate::model::status::SeenAt;

/// So many leases of endings may wait to be asked for; of more at once it is not found out why they ended.
const MOST_WAITING: usize = 400;
/// It is found out for so long, at most, why something ended, in milliseconds.
const PATIENCE_MS: i64 = 15_000;
/// A lease that has run out and is not deleted yet is asked for again after this, in milliseconds.
const AGAIN_MS: i64 = 250;
/// What a lease that is gone had left is remembered for so long, in milliseconds: the mirror may tell of its
/// keys later.
const REMEMBERED_MS: i64 = 60_000;

/// Whose lease it is: what matters more is asked for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rank {
    /// Whoever's it is: it missed being kept alive, and is about to end.
    Near,
    /// Holders of locks, and leaders.
    First,
    /// Those who wait for them.
    Waiting,
    /// Instances, and whatever else.
    Other,
}

/// Whose turn it is, again and again: where there is more to ask than may be, what matters more is asked for
/// more often, and nothing is left out for ever.
const TURNS: [Rank; 6] = [Rank::First, Rank::Near, Rank::First, Rank::Waiting, Rank::Near, Rank::Other];
/// What is asked for where nothing is due of those whose turn it is.
const ORDER: [Rank; 4] = [Rank::Near, Rank::First, Rank::Waiting, Rank::Other];

/// A lease to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Something ended that lived on it.
    Urgent(i64),
    /// To know later why something ended.
    Routine(i64, Rank),
}

/// It is known why a key ended, or that it will not be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub ending: Arc<Ending>,
    pub cause: EndCause,
}

/// A lease that is looked after.
#[derive(Clone, Copy, Debug)]
struct Place {
    rank: Rank,
    /// It missed being kept alive when it was asked for last.
    near: bool,
    /// When it is to be asked for.
    due: SeenAt,
    /// It is not in the picture since then.
    dropped: Option<SeenAt>,
}

impl Place {
    /// The rank in which it waits to be asked for.
    fn waits_in(&self) -> Rank {
        if self.near { Rank::Near } else { self.rank }
    }
}

/// Endings that wait for their lease to be asked for.
#[derive(Debug)]
struct Waiting {
    endings: Vec<(Arc<Ending>, Case)>,
    since: SeenAt,
    /// Not to be asked for again before this.
    not_before: SeenAt,
    /// An answer is under way.
    asked: bool,
}

/// The leases of a connection.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    places: HashMap<i64, Place>,
    due: HashMap<Rank, BTreeSet<(SeenAt, i64)>>,
    turn: usize,
    told: HashMap<i64, LeaseTold>,
    /// Leases that are gone: when that was answered.
    gone: HashMap<i64, SeenAt>,
    waiting: HashMap<i64, Waiting>,
    /// Leases in `waiting`, in the order of arrival.
    order: VecDeque<i64>,
    /// Endings in the picture that were looked at.
    known: HashSet<(i64, Key)>,
}

impl Agenda {
    /// Takes over which leases are in use, and for what.
    pub(super) fn follow(&mut self, picture: &Coordination, now: SeenAt) {
        let mut ranks: HashMap<i64, Rank> = HashMap::with_capacity(picture.leases.len());
        for queue in picture.queues.values() {
            for (at, claim) in queue.claims.iter().enumerate() {
                let rank = if at < queue.holding() { Rank::First } else { Rank::Waiting };
                let known = ranks.entry(claim.meta.lease).or_insert(rank);
                *known = (*known).min(rank);
            }
        }
        for lease in picture.leases.keys() {
            ranks.entry(*lease).or_insert(Rank::Other);
        }
        ranks.remove(&0);
        for (lease, rank) in &ranks {
            let place = self.places.get(lease).copied();
            if place.is_some_and(|place| place.rank == *rank && place.dropped.is_none()) {
                continue;
            }
            // One that was not seen before is asked for at once.
            let due = place.map_or(now, |place| place.due);
            let near = place.is_some_and(|place| place.near);
            self.put(*lease, Some(Place { rank: *rank, near, due, dropped: None }));
        }
        let unused: Vec<i64> =
            self.places.keys().filter(|lease| !ranks.contains_key(lease)).copied().collect();
        for lease in unused {
            self.drop_unused(lease, now);
        }
    }

    /// A lease without keys is not asked for any more; what it had left is remembered for a while.
    fn drop_unused(&mut self, lease: i64, now: SeenAt) {
        let Some(place) = self.places.get_mut(&lease) else { return };
        let since = *place.dropped.get_or_insert(now);
        if let Some(due) = self.due.get_mut(&place.waits_in()) {
            due.remove(&(place.due, lease));
        }
        if now - since > REMEMBERED_MS {
            self.put(lease, None);
            self.told.remove(&lease);
            self.gone.remove(&lease);
        }
    }

    fn put(&mut self, lease: i64, place: Option<Place>) {
        let before = match place {
            Some(place) => self.places.insert(lease, place),
            None => self.places.remove(&lease),
        };
        if let Some(before) = before
            && let Some(due) = self.due.get_mut(&before.waits_in())
        {
            due.remove(&(before.due, lease));
        }
        if let Some(place) = place
            && !self.gone.contains_key(&lease)
        {
            self.due.entry(place.waits_in()).or_default().insert((place.due, lease));
        }
    }

    /// Takes new endings in; gives what is known of them without asking. `live_since`: since when the mirror
    /// has told of everything as it happened.
    pub(super) fn endings(
        &mut self,
        picture: &Coordination,
        live_since: Option<SeenAt>,
        now: SeenAt,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let mut known = HashSet::with_capacity(picture.endings.len());
        for ending in picture.endings.values() {
            let name = (ending.revision, ending.key.clone());
            if !self.known.contains(&name) {
                let at_once = live_since.is_some_and(|since| ending.seen_at > since);
                let went = Went { seen_at: ending.seen_at, at_once };
                verdicts.extend(self.ending(picture, ending, went, now));
            }
            known.insert(name);
        }
        self.known = known;
        verdicts
    }

    fn ending(
        &mut self,
        picture: &Coordination,
        ending: &Arc<Ending>,
        went: Went,
        now: SeenAt,
    ) -> Option<Verdict> {
        let lease = ending.lease;
        let verdict = |cause| Some(Verdict { ending: ending.clone(), cause });
        // The keys of a lease go together: it lives where another key of it does.
        let others = || picture.leases.get(&lease).is_some_and(|lease| !lease.keys.is_empty());
        if lease == 0 || others() {
            return verdict(EndCause::Released);
        }
        if let Some(by) = self.gone.get(&lease) {
            return verdict(Case::new(went, self.told.get(&lease).copied()).gone_by(*by));
        }
        if self.waiting.len() >= MOST_WAITING && !self.waiting.contains_key(&lease) {
            return verdict(EndCause::Unknown);
        }
        let waiting = self.waiting.entry(lease).or_insert_with(|| {
            self.order.push_back(lease);
            Waiting { endings: Vec::new(), since: now, not_before: now, asked: false }
        });
        let before = self.told.get(&lease).filter(|told| told.info.seen_at <= went.seen_at).copied();
        waiting.endings.push((ending.clone(), Case::new(went, before)));
        None
    }

    /// The lease to be asked for now. `routine`: down to which rank leases are asked for that nothing waits
    /// for; `None`: none are.
    pub(super) fn next(&mut self, routine: Option<Rank>, now: SeenAt) -> Option<Next> {
        let ready = |waiting: &Waiting| !waiting.asked && waiting.not_before <= now;
        let urgent = self.order.iter().find(|lease| self.waiting.get(lease).is_some_and(ready)).copied();
        if let Some(lease) = urgent {
            if let Some(waiting) = self.waiting.get_mut(&lease) {
                waiting.asked = true;
            }
            return Some(Next::Urgent(lease));
        }
        let last = routine?;
        let turn = TURNS.get(self.turn % TURNS.len()).copied();
        for rank in turn.into_iter().chain(ORDER).filter(|rank| *rank <= last) {
            let Some(due) = self.due.get_mut(&rank) else { continue };
            if let Some((at, lease)) = due.first().copied().filter(|(at, _)| *at <= now) {
                due.remove(&(at, lease));
                self.turn = self.turn.wrapping_add(1);
                return Some(Next::Routine(lease, rank));
            }
        }
        None
    }

    /// When the next lease is to be asked for, if nothing happens before.
    pub(super) fn next_due(&self) -> Option<SeenAt> {
        let routine = self.due.values().filter_map(|due| due.first().map(|(at, _)| *at)).min();
        let urgent = self.waiting.values().filter(|it| !it.asked).map(|it| it.not_before).min();
        [routine, urgent].into_iter().flatten().min()
    }

    /// Takes an answer in, whoever asked for it; gives what it tells of endings.
    pub(super) fn answered(&mut self, told: LeaseTold, now: SeenAt) -> Vec<Verdict> {
        let info = told.info;
        let verdicts = self.judge(told, now);
        if info.is_gone() {
            let by = self.gone.entry(info.id).or_insert(told.answered_at);
            *by = told.answered_at.min(*by);
            if let Some(place) = self.places.get(&info.id).copied() {
                self.put(info.id, Some(place));
            }
            return verdicts;
        }
        let newer = self.told.get(&info.id).is_none_or(|known| known.info.seen_at <= info.seen_at);
        if newer && self.places.contains_key(&info.id) {
            self.told.insert(info.id, told);
        }
        // A lease of this id that was gone has been granted anew.
        self.gone.remove(&info.id);
        self.ask_later(info.id, told.due_again(), told.missed_a_renewal());
        verdicts
    }

    fn judge(&mut self, told: LeaseTold, now: SeenAt) -> Vec<Verdict> {
        let lease = told.info.id;
        let Some(waiting) = self.waiting.get_mut(&lease) else { return Vec::new() };
        waiting.asked = false;
        let mut verdicts = Vec::new();
        waiting.endings.retain_mut(|(ending, case)| {
            let Some(cause) = case.hear(told) else { return true };
            verdicts.push(Verdict { ending: ending.clone(), cause });
            false
        });
        waiting.not_before = now + AGAIN_MS;
        if waiting.endings.is_empty() {
            self.waiting.remove(&lease);
            self.order.retain(|waiting| *waiting != lease);
        }
        verdicts
    }

    /// There was no answer; `denied`: and there will be none.
    pub(super) fn failed(&mut self, lease: i64, denied: bool, now: SeenAt) -> Vec<Verdict> {
        self.ask_later(lease, now + REMEMBERED_MS / 12, false);
        let Some(waiting) = self.waiting.get_mut(&lease) else { return Vec::new() };
        waiting.asked = false;
        waiting.not_before = now + 2 * AGAIN_MS;
        if denied { self.give_up(&[lease]) } else { Vec::new() }
    }

    /// What has waited for too long will not be known.
    pub(super) fn expire(&mut self, now: SeenAt) -> Vec<Verdict> {
        let over = |waiting: &Waiting| now - waiting.since > PATIENCE_MS;
        let leases: Vec<i64> =
            self.waiting.iter().filter(|(_, waiting)| over(waiting)).map(|(lease, _)| *lease).collect();
        self.give_up(&leases)
    }

    fn give_up(&mut self, leases: &[i64]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for lease in leases {
            let Some(waiting) = self.waiting.remove(lease) else { continue };
            self.order.retain(|waiting| waiting != lease);
            let unknown = |(ending, _)| Verdict { ending, cause: EndCause::Unknown };
            verdicts.extend(waiting.endings.into_iter().map(unknown));
        }
        verdicts
    }

    fn ask_later(&mut self, lease: i64, due: SeenAt, near: bool) {
        if let Some(place) = self.places.get(&lease).copied().filter(|place| place.dropped.is_none()) {
            self.put(lease, Some(Place { due, near, ..place }));
        }
    }

    /// The cluster answers again: what has grown old is due at once, the oldest first, and what was asked and
    /// not answered is asked anew.
    pub(super) fn resume(&mut self, now: SeenAt) {
        let leases: Vec<i64> = self.places.keys().copied().collect();
        for lease in leases {
            let (due, near) = match self.told.get(&lease) {
                Some(told) if told.info.is_current(now) => (told.due_again(), told.missed_a_renewal()),
                Some(told) => (told.info.seen_at.min(now), false),
                None => (now, false),
            };
            self.ask_later(lease, due, near);
        }
        for waiting in self.waiting.values_mut() {
            waiting.asked = false;
            waiting.not_before = now;
        }
    }

    /// This machine's clock jumped: what was told before can not be counted on.
    pub(super) fn forget(&mut self, now: SeenAt) {
        self.told.clear();
        let leases: Vec<i64> = self.places.keys().copied().collect();
        for lease in leases {
            self.ask_later(lease, now, false);
        }
        for waiting in self.waiting.values_mut() {
            waiting.since = now;
            waiting.not_before = now;
            waiting.endings.iter_mut().for_each(|(_, case)| case.forget());
        }
    }
}

#[cfg(test)]
mod tests;
