//! Tells by the system's notifications what the profiles ask for: few words, and never a value.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_i18n::t;

use super::App;
use crate::model::coordination::EndCause;
use crate::model::key_text::display_short;
use crate::model::message::{CommandKind, SessionId};
use crate::model::notify::{Alert, Notifier};

/// What depends on time alone is looked after so often.
const AGAIN: Duration = Duration::from_secs(2);
/// So many lines are told at once; the rest is counted.
const MOST_LINES: usize = 3;
/// Characters of a name.
const NAME: usize = 120;

impl App {
    /// Tells what is due. Returns after how long that should be done again.
    pub(super) fn notify(&mut self) -> Option<Duration> {
        let now = self.world.now;
        let open = |id: &SessionId| self.world.sessions.iter().any(|session| session.id == *id);
        self.notifiers.retain(|id, _| open(id));
        let mut told = Vec::new();
        let mut wanted = false;
        for session in &mut self.world.sessions {
            wanted |= session.profile.coordination.notify.is_on();
            let notifier: &mut Notifier = self.notifiers.entry(session.id).or_default();
            let mut by_title: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for alert in notifier.due(session, now) {
                let (title, line) = words(&alert);
                by_title.entry(title).or_default().push(line);
            }
            let name = session.profile.name.clone();
            told.extend(
                by_title.into_iter().map(|(title, lines)| (format!("{title} · {name}"), body(&lines))),
            );
        }
        for (title, body) in told {
            self.send(SessionId::default(), CommandKind::Notify { title, body });
        }
        wanted.then_some(AGAIN)
    }
}

fn body(lines: &[String]) -> String {
    let mut shown: Vec<String> = lines.iter().take(MOST_LINES).cloned().collect();
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        shown.push(t!("notify.more", count = more).into_owned());
    }
    shown.join("\n")
}

/// Title and line of an alert.
fn words(alert: &Alert) -> (String, String) {
    let (title, line) = match alert {
        Alert::InstanceDown { service, instance, cause } => {
            let why = match cause {
                None => t!("notify.down"),
                Some(EndCause::Expired) => t!("notify.expired"),
                Some(EndCause::Revoked) => t!("notify.revoked"),
                Some(_) => t!("notify.gone"),
            };
            (t!("notify.instance"), format!("{service}: {instance}, {why}"))
        }
        Alert::LeaderChanged { election, from, to } => {
            let nobody = || t!("notify.nobody").into_owned();
            let (from, to) = (from.clone().unwrap_or_else(nobody), to.clone().unwrap_or_else(nobody));
            (t!("notify.leader"), format!("{}: {from} → {to}", display_short(election, NAME)))
        }
        Alert::LockHeld { lock, secs } => {
            let line = t!("notify.held_line", lock = display_short(lock, NAME), secs = secs);
            (t!("notify.held"), line.into_owned())
        }
        Alert::Deadlock { locks } => {
            let locks: Vec<_> = locks.iter().map(|lock| display_short(lock, NAME).to_string()).collect();
            (t!("notify.deadlock"), locks.join(" → "))
        }
        Alert::KeyChanged { key, deleted } => {
            let what = if *deleted { t!("notify.deleted") } else { t!("notify.written") };
            (t!("notify.key"), format!("{} {what}", display_short(key, NAME)))
        }
    };
    (title.into_owned(), line)
}
