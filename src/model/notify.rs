//! What the operator wants to be told by the system's notifications, found in what is known now.
//!
//! Nothing is told of what was so before it was first looked at, and nothing while the picture is not live:
//! what is stale is no news.

use std::collections::BTreeSet;

use super::bytes::Key;
use super::coordination::rules::NotifySettings;
use super::coordination::{ClaimKind, EndCause, Health, NewsKind, Turn};
use super::record::Revision;
use super::session::Session;
use super::status::SeenAt;

/// Health and held locks are looked at so often.
const LOOK_EVERY_MS: SeenAt = 2_000;
/// So long is waited for the cause of an end.
const CAUSE_WITHIN_MS: SeenAt = 5_000;
/// At most so many changed keys wait to be told.
const MOST_KEYS: usize = 100;

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// An instance is gone without having deregistered, or is down.
    InstanceDown {
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

/// What was told of a connection so far.
#[derive(Debug, Default)]
pub struct Notifier {
    /// News up to this one are dealt with; `None`: none has been looked at.
    seen: Option<u64>,
    /// News whose cause is waited for.
    waiting: Vec<u64>,
    looked_at: SeenAt,
    /// Instances that are down, by key; `None`: they have not been looked at.
    down: Option<BTreeSet<Key>>,
    /// Claims whose long tenure was told.
    held: BTreeSet<Key>,
}

/// Changes of keys that are to be told, until they are.
#[derive(Debug, Default)]
pub struct NotableKeys(Vec<(Key, bool)>);

impl NotableKeys {
    /// Notes the changes of keys with these prefixes.
    pub fn note(&mut self, settings: &NotifySettings, changes: &[Revision]) {
        if settings.keys.is_empty() {
            return;
        }
        for change in changes.iter().flat_map(|revision| &revision.changes) {
            let wanted = settings.keys.iter().any(|prefix| change.key.starts_with(prefix.as_bytes()));
            if wanted && self.0.len() < MOST_KEYS {
                self.0.push((change.key.clone(), change.deletes()));
            }
        }
    }
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
    /// What is to be told now. Changed keys are taken out of the session.
    pub fn due(&mut self, session: &mut Session, now: SeenAt) -> Vec<Alert> {
        let keys = std::mem::take(&mut session.notable.0);
        let session = &*session;
        let settings = &session.profile.coordination.notify;
        if !settings.is_on() || !session.state.is_live() || !session.coordination.complete {
            return Vec::new();
        }
        let mut alerts: Vec<Alert> =
            keys.into_iter().map(|(key, deleted)| Alert::KeyChanged { key, deleted }).collect();
        self.read_news(session, settings, now, &mut alerts);
        // Also after the clock was set back.
        if (now - self.looked_at).abs() >= LOOK_EVERY_MS {
            self.looked_at = now;
            self.look_at_instances(session, settings, now, &mut alerts);
            self.look_at_locks(session, settings, now, &mut alerts);
        }
        alerts
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
        let seen = *self.seen.get_or_insert(last);
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
        self.seen = Some(last.max(seen));
    }

    fn look_at_instances(
        &mut self,
        session: &Session,
        settings: &NotifySettings,
        now: SeenAt,
        alerts: &mut Vec<Alert>,
    ) {
        if !settings.instance_down {
            self.down = None;
            return;
        }
        let limits = &session.profile.coordination;
        let judged_at = session.judged_at(now);
        let mut down = BTreeSet::new();
        for service in session.coordination.services.values() {
            for instance in service.instances.values() {
                if instance.health(judged_at, limits.late_secs, limits.down_secs) != Health::Down {
                    continue;
                }
                if self.down.as_ref().is_some_and(|before| !before.contains(&instance.key)) {
                    let (service, instance) = (service.name.clone(), instance.id.clone());
                    alerts.push(Alert::InstanceDown { service, instance, cause: None });
                }
                down.insert(instance.key.clone());
            }
        }
        self.down = Some(down);
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
                    alerts.push(Alert::LockHeld { lock: queue.name.clone(), secs });
                }
                held.insert(claim.key.clone());
            }
        }
        self.held = held;
    }
}

fn of_news(kind: &NewsKind, settings: &NotifySettings) -> Option<Alert> {
    match kind {
        NewsKind::Instance { name, instance, turn: Turn::Down, cause, .. } => {
            let deregistered =
                matches!(cause, Some(EndCause::Released | EndCause::DeletedHere | EndCause::RevokedHere));
            (settings.instance_down && !deregistered).then(|| Alert::InstanceDown {
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
