//! Tells by the system's notifications what the profiles ask for: few words, and never a value.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_i18n::t;

use super::App;
use crate::action::Action;
use crate::model::bytes::Key;
use crate::model::coordination::EndCause;
use crate::model::key_text::display_short;
use crate::model::message::{CommandKind, SessionId};
use crate::model::notify::{Alert, AlertKind, Digest, Folded, Notifier, Notifying, Opens, Place};

/// So many lines are told at once; of more the number is told.
const MOST_LINES: usize = 3;
/// So many services are named.
const MOST_SERVICES: usize = 4;
/// So many locks of a deadlock are named.
const MOST_LOCKS: usize = 4;
/// Characters of a name.
const NAME: usize = 80;
/// A candidate's name is its value: one that is longer, or not made like a name, is no name.
const CANDIDATE: usize = 64;

impl App {
    /// Tells what is due. Returns after how long that should be done again.
    pub(super) fn notify(&mut self) -> Option<Duration> {
        let now = self.world.now;
        let open = |id: &SessionId| self.world.sessions.iter().any(|session| session.id == *id);
        self.notifiers.retain(|id, _| open(id));
        let mut told = Vec::new();
        let mut again = None;
        for session in &mut self.world.sessions {
            let notifier: &mut Notifier = self.notifiers.entry(session.id).or_default();
            for digest in notifier.due(session, now) {
                let title = format!("{} · {}", title(digest.kind), session.profile.name);
                let opens = Opens { session: session.id, place: digest.place() };
                let opens = Some((opens, t!("notify.show").into_owned()));
                told.push(CommandKind::Notify { title, body: body(&digest), opens });
            }
            if session.profile.coordination.notify.is_on() {
                let wait = notifier.again(now);
                again = again.map_or(Some(wait), |least: i64| Some(least.min(wait)));
            }
        }
        for notification in told {
            self.send(SessionId::default(), notification);
        }
        again.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0).max(20)))
    }

    /// Shows a notification that tells nothing.
    pub(super) fn test_notification(&mut self) {
        self.world.notifying = Notifying::Asked;
        let (title, body) = (t!("notify.test_title").into_owned(), t!("notify.test_body").into_owned());
        self.send(SessionId::default(), CommandKind::Notify { title, body, opens: None });
    }

    /// Goes where a notification that was clicked leads.
    pub(super) fn follow_click(&mut self) {
        let Some(Opens { session, place }) = self.world.clicked.take() else { return };
        self.to_front = true;
        // A question on screen is answered first, and its connection may be closed by now.
        if self.world.dialog.is_some() || self.world.session(session).is_none() {
            return;
        }
        self.dispatch(Action::ShowSession(Some(session)));
        self.dispatch(action(place));
    }
}

fn action(place: Place) -> Action {
    match place {
        Place::Screen(screen) => Action::ShowScreen(screen),
        Place::Service(folder) => Action::ShowService(folder),
        Place::Queue(kind, name) => Action::ShowQueue(kind, name),
        Place::Key(key) => Action::OpenKey(key),
    }
}

fn title(kind: AlertKind) -> String {
    match kind {
        AlertKind::InstanceDown => t!("notify.instance"),
        AlertKind::LeaderChanged => t!("notify.leader"),
        AlertKind::LockHeld => t!("notify.held"),
        AlertKind::Deadlock => t!("notify.deadlock"),
        AlertKind::KeyChanged => t!("notify.key"),
    }
    .into_owned()
}

/// Few things by name; many by their number, and some of them by name.
fn body(digest: &Digest) -> String {
    let things = &digest.things;
    if things.len() <= MOST_LINES && !digest.more {
        let lines: Vec<_> = things.iter().map(line).collect();
        return lines.join("\n");
    }
    let mut lines = vec![summary(digest)];
    if digest.kind == AlertKind::InstanceDown {
        lines.push(services(things));
    } else {
        lines.extend(things.iter().take(MOST_LINES).map(line));
        let more = things.len().saturating_sub(MOST_LINES);
        if more > 0 {
            lines.push(t!("notify.more", count = more).into_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// How many there are.
fn summary(digest: &Digest) -> String {
    let count = digest.things.len();
    if count < 2 {
        return t!("notify.many.some").into_owned();
    }
    let words = match digest.kind {
        AlertKind::InstanceDown => match by_service(&digest.things).as_slice() {
            [(service, _)] => t!("notify.many.of_one_service", count = count, service = service),
            services => t!("notify.many.instance", count = count, services = services.len()),
        },
        AlertKind::LeaderChanged => t!("notify.many.leader", count = count),
        AlertKind::LockHeld => t!("notify.many.held", count = count),
        AlertKind::Deadlock => t!("notify.many.deadlock", count = count),
        AlertKind::KeyChanged => t!("notify.many.key", count = count),
    };
    if digest.more { t!("notify.at_least", words = words).into_owned() } else { words.into_owned() }
}

/// Services by how many of their instances it is about, most first.
fn services(things: &[Folded]) -> String {
    let mut services = by_service(things);
    if services.len() == 1 {
        // It is in the line above.
        return String::new();
    }
    services.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = services.iter().take(MOST_SERVICES);
    let mut words: Vec<String> = named
        .map(|(name, count)| t!("notify.of_service", service = name, count = count).into_owned())
        .collect();
    let more = services.len().saturating_sub(MOST_SERVICES);
    if more > 0 {
        words.push(t!("notify.more_services", count = more).into_owned());
    }
    words.join(&t!("notify.and"))
}

fn by_service(things: &[Folded]) -> Vec<(String, usize)> {
    let mut services: BTreeMap<&Key, (&str, usize)> = BTreeMap::new();
    for thing in things {
        if let Alert::InstanceDown { folder, service, .. } = &thing.alert {
            services.entry(folder).or_insert((service, 0)).1 += 1;
        }
    }
    services.into_values().map(|(name, count)| (short(name), count)).collect()
}

/// One thing.
fn line(folded: &Folded) -> String {
    let words = match &folded.alert {
        Alert::InstanceDown { service, instance, cause, .. } => {
            let why = match cause {
                None => t!("notify.down"),
                Some(EndCause::Expired) => t!("notify.expired"),
                Some(EndCause::Revoked) => t!("notify.revoked"),
                Some(_) => t!("notify.gone"),
            };
            t!("notify.instance_line", service = short(service), instance = short(instance), why = why)
        }
        Alert::LeaderChanged { election, from, to } => {
            let (from, to) = (candidate(from.as_deref()), candidate(to.as_deref()));
            t!("notify.leader_line", election = display_short(election, NAME), from = from, to = to)
        }
        Alert::LockHeld { lock, secs, longer } => {
            let (lock, time) = (display_short(lock, NAME), crate::ui::widgets::duration_text(*secs));
            if *longer {
                t!("notify.held_longer", lock = lock, time = time)
            } else {
                t!("notify.held_line", lock = lock, time = time)
            }
        }
        Alert::Deadlock { locks } => {
            let mut names: Vec<_> =
                locks.iter().take(MOST_LOCKS).map(|lock| display_short(lock, NAME).to_string()).collect();
            if locks.len() > MOST_LOCKS {
                names.push("…".to_owned());
            }
            names.join(" → ").into()
        }
        Alert::KeyChanged { key, deleted } => {
            let key = display_short(key, NAME);
            if *deleted { t!("notify.deleted", key = key) } else { t!("notify.written", key = key) }
        }
    };
    if folded.times > 1 { format!("{words} (×{})", folded.times) } else { words.into_owned() }
}

/// What a candidate calls itself is its value: told only where it is made like a name.
fn candidate(name: Option<&str>) -> String {
    let plain = |name: &&str| {
        name.chars().count() <= CANDIDATE
            && name.chars().all(|sign| sign.is_alphanumeric() || "-_.:/@#".contains(sign))
    };
    match name {
        None => t!("notify.nobody").into_owned(),
        Some(name) => {
            Some(name).filter(plain).map_or_else(|| t!("notify.some_candidate").into_owned(), str::to_owned)
        }
    }
}

/// A name in little room.
fn short(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests;
