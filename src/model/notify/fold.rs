//! Much of one kind is told in one piece, and not again and again: what comes within a moment is gathered, and
//! after it was told the next piece waits, the longer the less it ceases.

use std::collections::BTreeMap;

use super::{Alert, AlertKind, Place};
use crate::model::bytes::Key;
use crate::model::status::SeenAt;

/// What comes within this after the first is told with it: a machine that dies takes more than one along.
const GATHER_MS: SeenAt = 1_500;
/// After one of a kind, the next one waits so long; twice as long each time that something waited …
const PAUSE_MS: SeenAt = 5_000;
/// … up to this.
const LONGEST_PAUSE_MS: SeenAt = 60_000;
/// So many different things of a kind are kept until they are told; the rest is counted.
const MOST_THINGS: usize = 2_000;

/// Something that happened, once or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// What; of a leader from the first who led to the last.
    pub alert: Alert,
    /// How often.
    pub times: usize,
}

/// All of one kind that is told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Of what kind.
    pub kind: AlertKind,
    /// Different things, by name.
    pub things: Vec<Folded>,
    /// There were more, of which nothing is known.
    pub more: bool,
}

impl Digest {
    /// Where to look for it.
    #[must_use]
    pub fn place(&self) -> Place {
        match self.things.as_slice() {
            [only] => only.alert.place(),
            _ => Place::Screen(self.kind.screen()),
        }
    }
}

/// Gathers what is to be told.
#[derive(Debug, Default)]
pub struct Folder {
    kinds: BTreeMap<AlertKind, Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    things: BTreeMap<(Key, String), Folded>,
    more: bool,
    /// When the first of them came.
    since: SeenAt,
    /// When one was told last, and how long the next one waits.
    told: Option<(SeenAt, SeenAt)>,
}

impl Folder {
    /// Adds something that happened now.
    pub fn add(&mut self, alert: Alert, now: SeenAt) {
        let waiting = self.waiting(alert.kind(), now);
        let full = waiting.things.len() >= MOST_THINGS;
        match waiting.things.get_mut(&subject(&alert)) {
            Some(folded) => folded.again(alert),
            None if full => waiting.more = true,
            None => {
                waiting.things.insert(subject(&alert), Folded { alert, times: 1 });
            }
        }
    }

    /// Notes that there was more of a kind than is known.
    pub fn note_uncounted(&mut self, kind: AlertKind, count: usize, now: SeenAt) {
        if count > 0 {
            self.waiting(kind, now).more = true;
        }
    }

    fn waiting(&mut self, kind: AlertKind, now: SeenAt) -> &mut Waiting {
        let waiting = self.kinds.entry(kind).or_default();
        if waiting.is_empty() {
            waiting.since = now;
        }
        waiting
    }

    /// What is told now.
    pub fn due(&mut self, now: SeenAt) -> Vec<Digest> {
        let mut told = Vec::new();
        for (kind, waiting) in &mut self.kinds {
            if waiting.is_empty() || waiting.wait(now) > 0 {
                continue;
            }
            // Something that came after the pause was over waited for nothing.
            let waited = waiting.told.is_some_and(|(at, pause)| (0..pause).contains(&(waiting.since - at)));
            let pause = match waiting.told {
                Some((_, pause)) if waited => (pause * 2).min(LONGEST_PAUSE_MS),
                _ => PAUSE_MS,
            };
            waiting.told = Some((now, pause));
            let things = std::mem::take(&mut waiting.things).into_values().collect();
            let more = std::mem::take(&mut waiting.more);
            told.push(Digest { kind: *kind, things, more });
        }
        told
    }

    /// After how many milliseconds something is due; `None`: nothing waits.
    #[must_use]
    pub fn wait(&self, now: SeenAt) -> Option<SeenAt> {
        let waiting = self.kinds.values().filter(|waiting| !waiting.is_empty());
        waiting.map(|waiting| waiting.wait(now)).min()
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.things.is_empty() && !self.more
    }

    /// How long it still waits, also after the clock was set back.
    fn wait(&self, now: SeenAt) -> SeenAt {
        let left = |at: SeenAt, whole: SeenAt| if now < at { 0 } else { (at + whole - now).max(0) };
        let paused = self.told.map_or(0, |(at, pause)| left(at, pause));
        left(self.since, GATHER_MS).max(paused)
    }
}

impl Folded {
    fn again(&mut self, newer: Alert) {
        self.times += 1;
        let first = std::mem::replace(&mut self.alert, newer);
        if let (Alert::LeaderChanged { from: first, .. }, Alert::LeaderChanged { from, .. }) =
            (first, &mut self.alert)
        {
            *from = first;
        }
    }
}

/// What it is about: the same thing again is told once.
fn subject(alert: &Alert) -> (Key, String) {
    match alert {
        Alert::InstanceDown { folder, instance, .. } => (folder.clone(), instance.clone()),
        Alert::LeaderChanged { election: name, .. }
        | Alert::LockHeld { lock: name, .. }
        | Alert::KeyChanged { key: name, .. } => (name.clone(), String::new()),
        Alert::Deadlock { locks } => {
            let first = locks.iter().min().cloned();
            (first.unwrap_or_else(|| Key::from(&b""[..])), String::new())
        }
    }
}

#[cfg(test)]
mod tests;
