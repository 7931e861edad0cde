//! Keeps a [`Coordination`] up to date: whole key spaces and changes in, pictures out.
//!
//! Every key that is something, or that is on a lease, is remembered with where it belongs, so that a change
//! goes straight to the queue, service or lease that it touches. What a revision does to who holds is found
//! once the whole revision is in: a transaction's changes are seen together.

mod claims;
mod deadlocks;
mod ends;
mod flaps;
mod homes;
mod leases;
mod news;
mod reports;
mod services;
mod tally;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::{ClaimKind, Coordination, CoordinationSettings, Finding, Meaning, Report, Role};
use crate::model::bytes::{Key, Value};
use crate::model::keyspace::Keyspace;
use crate::model::recognise::{self, Rules};
use crate::model::record::{ChangeKind, KeyMeta, Revision};
use crate::model::status::SeenAt;
use claims::Before;
use ends::Ends;
use flaps::Flaps;
use reports::Reports;
use tally::{Hint, Tally};

/// The authoritative picture of one connection.
#[derive(Debug, Default)]
pub struct Engine {
    separator: u8,
    rules: Rules,
    picture: Coordination,
    /// Every key that is recognised or on a lease.
    held: HashMap<Key, Held>,
    /// Grows with each look at a whole key space: what is still of the one before is gone.
    generation: u32,
    /// What the claims of each queue speak for.
    tallies: HashMap<Key, Tally>,
    /// Queues that the revision under way touches, as they were before it.
    touched: BTreeMap<Key, Before>,
    /// Locks that somebody waits for.
    contended: BTreeSet<Key>,
    waits_changed: bool,
    totals_changed: bool,
    reports: Reports,
    /// A time within a registration is a heartbeat where it moves at least so often, in milliseconds.
    beat_ms: i64,
    instances: usize,
    flaps: Flaps,
    ends: Ends,
    /// Queues and services that nobody is in, oldest first.
    empty: Empties,
    serial: u64,
    /// The same of the handovers of locks.
    handover_serial: u64,
}

/// A key that is remembered.
#[derive(Debug)]
struct Held {
    lease: i64,
    mod_revision: i64,
    generation: u32,
    place: Place,
}

/// Where a key belongs.
#[derive(Clone, Debug)]
enum Place {
    /// It is only on a lease.
    Lease,
    Claim {
        /// The queue that it stands in.
        queue: Key,
        /// What it calls its queue: its own key where it stands alone.
        named: Key,
        created: i64,
        hint: Hint,
    },
    Instance {
        service: Key,
        name: Arc<str>,
        /// What the registration itself reports.
        own: Option<Arc<Report>>,
        /// How often the time that it reports moved in succession as a heartbeat does.
        beats: u8,
        /// What reports may call it.
        idents: Vec<Arc<str>>,
    },
    Report {
        ident: Arc<str>,
    },
}

impl Place {
    /// Whether it is the claim of a single key.
    fn stands_alone(&self, key: &Key) -> bool {
        matches!(self, Self::Claim { named, .. } if named == key)
    }

    /// Whether a key that is this now has its place there.
    fn is_of(&self, role: Option<&Role>, meta: &KeyMeta) -> bool {
        match (self, role) {
            (Self::Lease, None) => true,
            (Self::Claim { named, created, .. }, Some(Role::Claim { queue: now, .. })) => {
                named == now && *created == meta.create_revision
            }
            (Self::Instance { service, .. }, Some(Role::Instance { service: now, .. })) => service == now,
            (Self::Report { ident }, Some(Role::Report { service, instance, .. })) => {
                reports::ident(service, instance).as_str() == &**ident
            }
            _ => false,
        }
    }
}

/// When, and how, something came to be known.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: SeenAt,
    revision: i64,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It was seen to happen.
    Seen,
    /// It happened while nobody watched, between two looks.
    Gap,
    /// It was there already; nothing happened.
    Found,
}

impl Moment {
    /// When it was seen to happen.
    fn seen(self) -> Option<SeenAt> {
        (self.way == Way::Seen).then_some(self.at)
    }
}

/// What nobody is in any more, in the order in which it became so.
#[derive(Debug, Default)]
struct Empties {
    order: BTreeMap<u64, (bool, Key)>,
    places: HashMap<(bool, Key), u64>,
    next: u64,
}

/// So many queues, and services, that nobody is in are kept for their past.
const MOST_EMPTY: usize = 2_000;

impl Empties {
    /// Notes whether somebody is in it. Returns what is to be dropped.
    fn note(&mut self, service: bool, name: &Key, empty: bool) -> Option<(bool, Key)> {
        let id = (service, name.clone());
        if !empty {
            if let Some(place) = self.places.remove(&id) {
                self.order.remove(&place);
            }
            return None;
        }
        if !self.places.contains_key(&id) {
            self.next += 1;
            self.places.insert(id.clone(), self.next);
            self.order.insert(self.next, id);
        }
        if self.order.len() <= MOST_EMPTY {
            return None;
        }
        let (_, oldest) = self.order.pop_first()?;
        self.places.remove(&oldest);
        Some(oldest)
    }
}

impl Engine {
    /// One that has seen nothing yet. `separator` is the profile's; `/` always separates too.
    #[must_use]
    pub fn new(separator: u8, settings: &CoordinationSettings) -> Self {
        let beat_ms = i64::from(settings.late_secs) * 1_000;
        Self { separator, rules: Rules::new(&settings.rules), beat_ms, ..Self::default() }
    }

    /// Takes changed settings over. `keyspace` is what is known now: it is looked at anew, and what is found
    /// otherwise than before is no event.
    pub fn follow(&mut self, settings: &CoordinationSettings, keyspace: Option<&Keyspace>, now: SeenAt) {
        self.rules = Rules::new(&settings.rules);
        self.beat_ms = i64::from(settings.late_secs) * 1_000;
        if let Some(keyspace) = keyspace {
            let revision = self.picture.revision;
            self.look(keyspace, Moment { at: now, revision, way: Way::Found });
        }
    }

    /// Takes a whole key space in. What differs from what was known happened in a gap. `replaced`: it has
    /// another history, and the past of the one before means nothing.
    pub fn listed(&mut self, keyspace: &Keyspace, revision: i64, seen_at: SeenAt, replaced: bool) {
        if replaced {
            *self = Self {
                separator: self.separator,
                rules: std::mem::take(&mut self.rules),
                beat_ms: self.beat_ms,
                serial: self.serial,
                handover_serial: self.handover_serial,
                ..Self::default()
            };
        }
        let way = if self.picture.complete { Way::Gap } else { Way::Found };
        self.look(keyspace, Moment { at: seen_at, revision, way });
        self.picture.revision = revision;
        self.picture.complete = true;
        self.picture.watched_since = Some(seen_at);
    }

    fn look(&mut self, keyspace: &Keyspace, moment: Moment) {
        self.generation = self.generation.wrapping_add(1);
        let _completed = keyspace.for_each(&mut |key, view| {
            let value = view.value.map(|value| &**value);
            let finding = recognise::find(key, &view.meta, value, &self.rules, self.separator);
            if finding.is_some() || view.meta.lease != 0 {
                self.place(&Key::from(key), view.meta, view.value, finding, moment);
            }
            ControlFlow::Continue(())
        });
        let generation = self.generation;
        let gone = self.held.iter().filter(|(_, held)| held.generation != generation);
        let mut gone: Vec<Key> = gone.map(|(key, _)| key.clone()).collect();
        gone.sort_unstable();
        for key in &gone {
            self.remove(key, moment);
        }
        self.turn(moment);
    }

    /// Takes the changes of a revision in.
    pub fn apply(&mut self, revision: &Revision, seen_at: SeenAt) {
        let moment = Moment { at: seen_at, revision: revision.revision, way: Way::Seen };
        for change in &revision.changes {
            match &change.kind {
                ChangeKind::Put { meta, value } => self.put(&change.key, *meta, Some(value), moment),
                ChangeKind::Delete => self.remove(&change.key, moment),
            }
        }
        self.turn(moment);
        self.picture.revision = revision.revision;
    }

    /// The value of a key that was listed without: what it is may be known better now.
    pub fn loaded(&mut self, key: &Key, meta: &KeyMeta, value: Option<&Value>) {
        let moment = Moment { at: 0, revision: self.picture.revision, way: Way::Found };
        self.put(key, *meta, value, moment);
        self.turn(moment);
    }

    /// The picture as it is now, with who waits for whom as they last were.
    #[must_use]
    pub fn glance(&self) -> Coordination {
        self.picture.clone()
    }

    /// The picture as it is now.
    pub fn picture(&mut self, now: SeenAt) -> Coordination {
        self.refresh_waits(now);
        if std::mem::take(&mut self.totals_changed) {
            self.picture.count();
        }
        self.picture.clone()
    }

    fn put(&mut self, key: &Key, meta: KeyMeta, value: Option<&Value>, moment: Moment) {
        let bytes = value.map(|value| &**value);
        let finding = recognise::find(key, &meta, bytes, &self.rules, self.separator);
        if finding.is_some() || meta.lease != 0 {
            self.place(key, meta, value, finding, moment);
        } else {
            self.remove(key, moment);
        }
    }

    /// Puts a key where it belongs; one that belonged elsewhere before goes from there.
    fn place(
        &mut self,
        key: &Key,
        meta: KeyMeta,
        value: Option<&Value>,
        finding: Option<Finding>,
        moment: Moment,
    ) {
        let before = self.held.get(key).map(|held| (held.lease, held.place.clone()));
        let unchanged_since = self.held.get(key).map(|held| held.mod_revision);
        let role = finding.as_ref().map(|finding| &finding.role);
        let stays = before.as_ref().is_some_and(|(_, place)| place.is_of(role, &meta));
        if let Some((_, place)) = before.as_ref().filter(|_| !stays) {
            self.held.remove(key);
            self.leave(key, place, moment);
        }
        let before_place = before.as_ref().filter(|_| stays).map(|(_, place)| place);
        let (place, meaning) = match finding.map(|it| (it.role, it.layout, it.confidence)) {
            None => (Place::Lease, None),
            Some((Role::Claim { queue: named, kind, form, mode, owner, told }, layout, confidence)) => {
                let queue = self.home(key, &named);
                let hint = Hint { kind, form, layout, confidence };
                let claim = claims::New { key, meta, value, mode, owner, told, queue: &queue, hint };
                let kind = self.claim(claim, before_place, moment);
                let created = meta.create_revision;
                let place = Place::Claim { queue: queue.clone(), named, created, hint };
                (place, Some(Meaning::Claim(kind, queue)))
            }
            Some((Role::Instance { service, name, instance }, _, _)) => {
                let unchanged = before_place.is_some() && unchanged_since == Some(meta.mod_revision);
                let arrival = services::Arrival { service: &service, name, instance, unchanged };
                let place = self.register(key, arrival, before_place, moment);
                (place, Some(Meaning::Instance(service)))
            }
            Some((Role::Report { service, instance, report }, _, _)) => {
                let ident: Arc<str> = reports::ident(&service, &instance).into();
                let service: Key = service.as_bytes().into();
                let unchanged = before_place.is_some() && unchanged_since == Some(meta.mod_revision);
                self.report(key, meta.mod_revision, &ident, &report, unchanged, moment);
                (Place::Report { ident }, Some(Meaning::Report(service)))
            }
        };
        self.mean(key, before.map_or(0, |(lease, _)| lease), meta.lease, meaning, moment);
        let generation = self.generation;
        let stands_alone = place.stands_alone(key);
        let held = Held { lease: meta.lease, mod_revision: meta.mod_revision, generation, place };
        self.held.insert(key.clone(), held);
        if stands_alone && !stays {
            self.make_room(key);
        }
    }

    /// Forgets a key that is gone, or means nothing any more.
    fn remove(&mut self, key: &Key, moment: Moment) {
        if let Some(held) = self.held.remove(key) {
            self.leave(key, &held.place, moment);
            self.unmean(key, held.lease);
        }
    }

    /// Takes a key from where it belonged.
    fn leave(&mut self, key: &Key, place: &Place, moment: Moment) {
        match place {
            Place::Lease => {}
            Place::Claim { queue, created, hint, .. } => {
                self.unclaim(key, queue, *created, *hint);
                if place.stands_alone(key) {
                    self.come_back(key);
                }
            }
            Place::Instance { service, idents, .. } => self.deregister(key, service, idents, moment),
            Place::Report { ident, .. } => self.unreport(key, ident),
        }
    }

    /// What a queue is said to be, to all who claim it.
    fn queue_is(&mut self, queue: &Key, kind: ClaimKind) {
        self.totals_changed = true;
        let claims = self.picture.queues.get(queue).map_or_else(Vec::new, |queue| queue.claims.clone());
        for claim in claims {
            let lease = claim.meta.lease;
            self.set_meaning(&claim.key, lease, Meaning::Claim(kind, queue.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
