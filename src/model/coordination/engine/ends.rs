//! Why things ended: what is still to be found out, and what this console did itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::news::Told;
use super::{Engine, Moment, Way};
use crate::model::bytes::Key;
use crate::model::coordination::{EndCause, Ending, MOST_CAUSES, OwnEnd};
use crate::model::status::SeenAt;

/// What is not found out within this time, in milliseconds, is not known.
const MOST_ASKING_MS: SeenAt = 30_000;
/// What this console did explains what goes within this time, in milliseconds.
const OURS_MS: SeenAt = 30_000;
/// So many ends are remembered.
const MOST_OPEN: usize = 20_000;
const MOST_OURS: usize = 1_000;

/// Where an end is written down.
#[derive(Clone, Debug)]
pub(super) enum Of {
    Queue(Key),
    Service(Key),
}

#[derive(Debug)]
struct Open {
    lease: i64,
    at: SeenAt,
    of: Of,
    news: Option<Told>,
    cause: EndCause,
}

/// Ends of a short while, by revision and key.
#[derive(Debug, Default)]
pub(super) struct Ends {
    open: BTreeMap<(i64, Key), Open>,
    ours: VecDeque<(SeenAt, OwnEnd)>,
}

impl Ends {
    /// What this console did that explains an end.
    fn ours(&self, (revision, key): &(i64, Key), lease: i64, at: SeenAt) -> Option<EndCause> {
        let recent = self.ours.iter().rev().filter(|(done, _)| (at - done).abs() <= OURS_MS);
        recent.map(|(_, end)| end).find_map(|end| explains(end, *revision, key, lease))
    }

    /// The news that told of an end.
    pub(super) fn told(&mut self, key: &Key, revision: i64, told: Told) {
        if let Some(open) = self.open.get_mut(&(revision, key.clone())) {
            open.news = Some(told);
        }
    }
}

/// A key may come back, and go, under the same name; and before its lease was revoked a key may have been
/// released: only what went at the very revision is explained.
fn explains(end: &OwnEnd, revision: i64, key: &Key, lease: i64) -> Option<EndCause> {
    match end {
        OwnEnd::Deleted { key: ours, revision: at } => {
            (ours == key && *at == revision).then_some(EndCause::DeletedHere)
        }
        OwnEnd::Revoked { lease: ours, revision: at } => {
            let then = *at == revision || *at == 0;
            (*ours == lease && lease != 0 && then).then_some(EndCause::RevokedHere)
        }
    }
}

impl Engine {
    /// Something ended: why, as far as it is known at once.
    pub(super) fn end(&mut self, key: &Key, lease: i64, of: Of, moment: Moment) -> EndCause {
        if moment.way != Way::Seen {
            return EndCause::Unknown;
        }
        let id = (moment.revision, key.clone());
        let cause = match self.ends.ours(&id, lease, moment.at) {
            Some(ours) => ours,
            None if lease == 0 => EndCause::Released,
            None => EndCause::Asking,
        };
        if cause == EndCause::Asking {
            let ending = Ending { key: key.clone(), lease, revision: moment.revision, seen_at: moment.at };
            self.picture.endings.insert(id.clone(), Arc::new(ending));
        }
        self.remember_cause(id.clone(), lease, cause);
        self.ends.open.insert(id, Open { lease, at: moment.at, of, news: None, cause });
        if self.ends.open.len() > MOST_OPEN {
            self.close_oldest();
        }
        cause
    }

    /// It was found out why a key went at this revision.
    pub fn settle(&mut self, key: &Key, revision: i64, cause: EndCause) {
        let id = (revision, key.clone());
        let Some(open) = self.ends.open.get_mut(&id).filter(|open| open.cause == EndCause::Asking) else {
            return;
        };
        open.cause = cause;
        let (of, news) = (open.of.clone(), open.news);
        self.picture.endings.remove(&id);
        self.write_cause(&of, news, key, revision, cause);
    }

    fn remember_cause(&mut self, id: (i64, Key), lease: i64, cause: EndCause) {
        let causes = &mut self.picture.causes;
        causes.insert(id, (lease, cause));
        if causes.len() > MOST_CAUSES
            && let Some(oldest) = causes.get_min().map(|(id, _)| id.clone())
        {
            causes.remove(&oldest);
        }
    }

    /// This console ended something: it explains what went, or is about to go.
    pub fn ours(&mut self, end: &OwnEnd, now: SeenAt) {
        let mut explained = Vec::new();
        for ((revision, key), open) in &mut self.ends.open {
            let found = explains(end, *revision, key, open.lease);
            // Where the revision is not known it stands behind what was found out.
            let sure = !matches!(end, OwnEnd::Revoked { revision: 0, .. }) || open.cause == EndCause::Asking;
            if let Some(cause) = found.filter(|_| sure && (now - open.at).abs() <= OURS_MS) {
                open.cause = cause;
                explained.push((*revision, key.clone(), open.of.clone(), open.news, cause));
            }
        }
        for (revision, key, of, news, cause) in explained {
            self.picture.endings.remove(&(revision, key.clone()));
            self.write_cause(&of, news, &key, revision, cause);
        }
        if self.ends.ours.len() >= MOST_OURS {
            self.ends.ours.pop_front();
        }
        self.ends.ours.push_back((now, end.clone()));
    }

    /// Looks after what depends on time alone; tells whether the picture changed.
    pub fn tick(&mut self, now: SeenAt) -> bool {
        let mut changed = false;
        while self.ends.open.first_key_value().is_some_and(|(_, open)| now - open.at > MOST_ASKING_MS) {
            changed |= self.close_oldest();
        }
        while self.ends.ours.front().is_some_and(|(done, _)| now - done > OURS_MS) {
            self.ends.ours.pop_front();
        }
        changed | self.calm(now)
    }

    /// Gives up to ask why the oldest of what ended did so; tells whether that was not known.
    fn close_oldest(&mut self) -> bool {
        let Some((id, open)) = self.ends.open.pop_first() else { return false };
        if open.cause != EndCause::Asking {
            return false;
        }
        self.picture.endings.remove(&id);
        self.write_cause(&open.of, open.news, &id.1, id.0, EndCause::Unknown);
        true
    }

    fn write_cause(&mut self, of: &Of, news: Option<Told>, key: &Key, revision: i64, cause: EndCause) {
        if let Some(known) = self.picture.causes.get_mut(&(revision, key.clone())) {
            known.1 = cause;
        }
        match of {
            Of::Queue(name) => {
                let Some(queue) = self.picture.queues.get_mut(name) else { return };
                let past = Arc::make_mut(&mut Arc::make_mut(queue).past);
                let ended = |tenure: &&mut crate::model::coordination::Tenure| {
                    tenure.until_revision == revision && tenure.claim.key == *key
                };
                if let Some(tenure) = past.iter_mut().rev().find(ended) {
                    tenure.cause = cause;
                }
            }
            Of::Service(folder) => {
                let Some(service) = self.picture.services.get_mut(folder) else { return };
                let past = Arc::make_mut(&mut Arc::make_mut(service).past);
                let went = |event: &&mut crate::model::coordination::InstanceEvent| {
                    event.revision == revision && event.key == *key && event.cause.is_some()
                };
                if let Some(event) = past.iter_mut().rev().find(went) {
                    event.cause = Some(cause);
                }
            }
        }
        if let Some(told) = news {
            self.tell_cause(told, cause);
        }
    }
}
