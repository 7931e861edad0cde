//! What the operator wants to be told by the system's notifications, found in what is known now.
//!
//! Nothing is told of what was so before it was first looked at, and nothing while the picture is not live:
//! what is stale is no news. What happened in a gap of more than a minute (no connection, the machine asleep) is
//! on screen, not told: it is old.

mod fold;
mod keys;

use std::collections::BTreeSet;
use std::ops::Bound;

pub use fold::{Digest, Folded, Folder};
pub use keys::NotableKeys;

use super::bytes::Key;
use super::coordination::rules::NotifySettings;
use super::coordination::{ClaimKind, EndCause, Health, NewsKind, Turn};
use super::fault::Fault;
use super::message::SessionId;
use super::session::{Screen, Session};
use super::status::SeenAt;

/// Health and held locks are looked at so often.
const LOOK_EVERY_MS: SeenAt = 2_000;
/// So many instances at most are looked at in one go: it is done in the window's thread.
const INSTANCES_AT_ONCE: usize = 5_000;
/// The rest of them follows after so long.
const NEXT_SLICE_MS: SeenAt = 200;
/// What happened in a longer gap is old.
const GAP_MS: SeenAt = 60_000;
/// After a gap the picture is given so long to be as the cluster is.
const SETTLE_MS: SeenAt = 3_000;
/// So long is waited for the cause of an end.
const CAUSE_WITHIN_MS: SeenAt = 5_000;

/// What something to be told is about: each is gathered and told by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// [`Alert::InstanceDown`].
    InstanceDown,
    /// [`Alert::LeaderChanged`].
    LeaderChanged,
    /// [`Alert::LockHeld`].
    LockHeld,
    /// [`Alert::Deadlock`].
    Deadlock,
    /// [`Alert::KeyChanged`].
    KeyChanged,
}

/// Where to look for what was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A screen: several things were told.
    Screen(Screen),
    /// A service, by its folder.
    Service(Key),
    /// A lock or an election.
    Queue(ClaimKind, Key),
    /// A key.
    Key(Key),
}

/// What a click on a notification opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opens {
    /// The connection.
    pub session: SessionId,
    /// Where in it.
    pub place: Place,
}

/// Whether the system shows notifications, as far as it was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Notifying {
    /// None has been shown yet.
    #[default]
    NotTried,
    /// One is being shown.
    Asked,
    /// The system took the last one.
    Taken,
    /// The system took the last one not.
    Failed(Fault),
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// An instance is gone without having deregistered, or is down.
    InstanceDown {
        /// The service's folder.
        folder: Key,
        /// The service's name.
        service: String,
        /// The instance's name.
        instance: String,
        /// Why it is gone; `None`: it is registered, and down.
        cause: Option<EndCause>,
    },
    /// Another one leads, or nobody.
    LeaderChanged {
        /// The election.
        election: Key,
        /// Who led.
        from: Option<String>,
        /// Who leads.
        to: Option<String>,
    },
    /// A lock is held for long.
    LockHeld {
        /// The lock.
        lock: Key,
        /// Seconds for which it has been seen held.
        secs: i64,
        /// It was held before it was watched: for longer than that.
        longer: bool,
    },
    /// Owners wait for each other for ever.
    Deadlock {
        /// The locks.
        locks: Vec<Key>,
    },
    /// A key was written or deleted.
    KeyChanged {
        /// The key.
        key: Key,
        /// It was deleted.
        deleted: bool,
    },
}

impl Alert {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::InstanceDown { .. } => AlertKind::InstanceDown,
            Self::LeaderChanged { .. } => AlertKind::LeaderChanged,
            Self::LockHeld { .. } => AlertKind::LockHeld,
            Self::Deadlock { .. } => AlertKind::Deadlock,
            Self::KeyChanged { .. } => AlertKind::KeyChanged,
        }
    }

    /// Where it is seen.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::InstanceDown { folder, .. } => Place::Service(folder.clone()),
            Self::LeaderChanged { election, .. } => Place::Queue(ClaimKind::Election, election.clone()),
            Self::LockHeld { lock, .. } => Place::Queue(ClaimKind::Lock, lock.clone()),
            Self::Deadlock { locks } => match locks.first() {
                Some(lock) => Place::Queue(ClaimKind::Lock, lock.clone()),
                None => Place::Screen(Screen::Locks),
            },
            Self::KeyChanged { key, .. } => Place::Key(key.clone()),
        }
    }
}

impl AlertKind {
    /// Where all of it is seen.
    #[must_use]
    pub fn screen(self) -> Screen {
        match self {
            Self::InstanceDown => Screen::Services,
            Self::LeaderChanged => Screen::Elections,
            Self::LockHeld | Self::Deadlock => Screen::Locks,
            Self::KeyChanged => Screen::Keys,
        }
    }
}

/// What was told of a connection so far.
#[derive(Debug, Default)]
pub struct Notifier {
    /// News up to this one are dealt with; `None`: none has been looked at.
    seen: Option<u64>,
    /// News whose cause is waited for.
    waiting: Vec<u64>,
    /// When a live picture was looked at last; `None`: never.
    live_at: Option<SeenAt>,
    /// Until then nothing is told: a gap has just ended.
    quiet_until: SeenAt,
    looked_at: SeenAt,
    /// Instances that are down, by key; `None`: they have not been looked at.
    down: Option<BTreeSet<Key>>,
    /// Where a look at the instances goes on: after this service. `None`: none is under way.
    going_on: Option<Key>,
    /// It is the first look: what is down was so before.
    first_look: bool,
    /// Claims whose long tenure was told.
    held: BTreeSet<Key>,
    folder: Folder,
}

impl NotifySettings {
    /// Whether anything is to be told.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.instance_down
            || self.leader_changed
            || self.lock_held_secs > 0
            || self.deadlock
            || !self.keys.is_empty()
    }
}

impl Notifier {
    /// What is to be told now, of each kind in one piece. Changed keys are taken out of the session.
    pub fn due(&mut self, session: &mut Session, now: SeenAt) -> Vec<Digest> {
        if !session.profile.coordination.notify.is_on() {
            session.notable.take();
            // Switched on again, it begins anew.
            *self = Self::default();
            return Vec::new();
        }
        if !session.state.is_live() || !session.coordination.complete {
            return Vec::new();
        }
        let (keys, uncounted) = session.notable.take();
        let session = &*session;
        // Also after the clock was set back.
        if self.live_at.is_none_or(|live_at| !(0..=GAP_MS).contains(&(now - live_at))) {
            self.quiet_until = now + SETTLE_MS;
        }
        self.live_at = Some(now);
        if now < self.quiet_until {
            self.begin(session, now);
            return Vec::new();
        }
        let settings = &session.profile.coordination.notify;
        let mut alerts: Vec<Alert> =
            keys.into_iter().map(|(key, deleted)| Alert::KeyChanged { key, deleted }).collect();
        self.folder.note_uncounted(AlertKind::KeyChanged, uncounted, now);
        self.read_news(session, settings, now, &mut alerts);
        let look = (now - self.looked_at).abs() >= LOOK_EVERY_MS;
        if look || self.going_on.is_some() {
            self.look_at_instances(session, settings, now, &mut alerts);
        }
        if look {
            self.looked_at = now;
            self.look_at_locks(session, settings, now, &mut alerts);
        }
        for alert in alerts {
            self.folder.add(alert, now);
        }
        self.folder.due(now)
    }

    /// After how many milliseconds it should be asked again.
    #[must_use]
    pub fn again(&self, now: SeenAt) -> SeenAt {
        let slice = self.going_on.is_some().then_some(NEXT_SLICE_MS);
        [slice, self.folder.wait(now)].into_iter().flatten().min().unwrap_or(LOOK_EVERY_MS).min(LOOK_EVERY_MS)
    }

    /// Everything that is so now has been so before.
    fn begin(&mut self, session: &Session, now: SeenAt) {
        let last = session.coordination.news.back().map(|news| news.serial);
        self.seen = Some(last.or(self.seen).unwrap_or(0));
        self.waiting.clear();
        self.down = None;
        self.going_on = None;
        self.folder = Folder::default();
        self.looked_at = 0;
        self.held.clear();
        let settings = &session.profile.coordination.notify;
        self.look_at_locks(session, settings, now, &mut Vec::new());
    }

    fn read_news(
        &mut self,
        session: &Session,
        settings: &NotifySettings,
        now: SeenAt,
        alerts: &mut Vec<Alert>,
    ) {
        let news = &session.coordination.news;
        let Some(first) = news.front().map(|news| news.serial) else {
            self.seen.get_or_insert(0);
            return;
        };
        let last = news.back().map_or(first, |news| news.serial);
        let mut seen = *self.seen.get_or_insert(last);
        if seen > last {
            // They are counted anew.
            self.waiting.clear();
            seen = last;
        }
        // More happened between two looks than is kept: what, nobody knows.
        let lost = first.saturating_sub(seen + 1);
        if lost > 0 && settings.instance_down {
            self.folder.note_uncounted(
                AlertKind::InstanceDown,
                usize::try_from(lost).unwrap_or(usize::MAX),
                now,
            );
        }
        let waiting = std::mem::take(&mut self.waiting);
        for serial in waiting.into_iter().chain((seen + 1).max(first)..=last) {
            let at = serial.checked_sub(first).and_then(|at| usize::try_from(at).ok());
            let Some(told) = at.and_then(|at| news.get(at)) else { continue };
            let asking = matches!(&told.kind, NewsKind::Instance { cause: Some(EndCause::Asking), .. });
            if asking && settings.instance_down && now - told.at < CAUSE_WITHIN_MS {
                self.waiting.push(serial);
            } else {
                alerts.extend(of_news(&told.kind, settings));
            }
        }
        self.seen = Some(last);
    }

    /// A slice of a look at all instances; the first one tells nothing.
    fn look_at_instances(
        &mut self,
        session: &Session,
        settings: &NotifySettings,
        now: SeenAt,
        alerts: &mut Vec<Alert>,
    ) {
        if !settings.instance_down {
            self.down = None;
            self.going_on = None;
            return;
        }
        let limits = &session.profile.coordination;
        let judged_at = session.judged_at(now);
        if self.going_on.is_none() {
            self.first_look = self.down.is_none();
        }
        let down = self.down.get_or_insert_default();
        let from = self.going_on.take().map_or(Bound::Unbounded, Bound::Excluded);
        let mut looked_at = 0;
        for (folder, service) in session.coordination.services.range((from, Bound::Unbounded)) {
            for instance in service.instances.values() {
                if instance.health(judged_at, limits.late_secs, limits.down_secs) != Health::Down {
                    down.remove(&instance.key);
                } else if down.insert(instance.key.clone()) && !self.first_look {
                    let (service, instance) = (service.name.clone(), instance.id.clone());
                    alerts.push(Alert::InstanceDown {
                        folder: folder.clone(),
                        service,
                        instance,
                        cause: None,
                    });
                }
            }
            looked_at += service.instances.len();
            if looked_at >= INSTANCES_AT_ONCE {
                self.going_on = Some(folder.clone());
                return;
            }
        }
        down.retain(|key| session.coordination.instance_of(key).is_some());
    }

    fn look_at_locks(
        &mut self,
        session: &Session,
        settings: &NotifySettings,
        now: SeenAt,
        alerts: &mut Vec<Alert>,
    ) {
        let limit = i64::from(settings.lock_held_secs);
        if limit == 0 {
            self.held.clear();
            return;
        }
        let mut held = BTreeSet::new();
        for queue in session.coordination.of_kind(ClaimKind::Lock) {
            for claim in queue.holders() {
                // Of what it held before it was watched, at least since then.
                let since = claim.turn_since.or(session.coordination.watched_since).unwrap_or(now);
                let secs = (now - since) / 1_000;
                if secs < limit {
                    continue;
                }
                if !self.held.contains(&claim.key) {
                    let longer = claim.turn_since.is_none();
                    alerts.push(Alert::LockHeld { lock: queue.name.clone(), secs, longer });
                }
                held.insert(claim.key.clone());
            }
        }
        self.held = held;
    }
}

fn of_news(kind: &NewsKind, settings: &NotifySettings) -> Option<Alert> {
    match kind {
        NewsKind::Instance { service, name, instance, turn: Turn::Down, cause } => {
            let wanted = cause.is_some_and(EndCause::is_wanted);
            (settings.instance_down && !wanted).then(|| Alert::InstanceDown {
                folder: service.clone(),
                service: name.clone(),
                instance: instance.clone(),
                cause: Some(cause.unwrap_or(EndCause::Unknown)),
            })
        }
        NewsKind::Leader { election, from, to, .. } => settings
            .leader_changed
            .then(|| Alert::LeaderChanged { election: election.clone(), from: from.clone(), to: to.clone() }),
        NewsKind::Deadlock { locks, .. } => {
            settings.deadlock.then(|| Alert::Deadlock { locks: locks.clone() })
        }
        NewsKind::Instance { .. } | NewsKind::Holder { .. } | NewsKind::DeadlockOver { .. } => None,
    }
}

#[cfg(test)]
mod tests;
