//! Looking at a folder as it was: which moment is looked at, what is known of it, and what it is
//! compared with. What was is kept apart from what is: nothing here is ever shown as the present.

mod comparison;
mod reach;

pub use comparison::{Comparison, Counts, Mark, Side};
pub use reach::Unwatched;

use std::collections::VecDeque;
use std::sync::Arc;

use super::bytes::Key;
use super::fault::Fault;
use super::loadable::Loadable;
use super::message::RequestId;
use super::moment::{Picture, Tick, Timeline};
use super::record::{ChangeKind, KeyRecord, Revision};
use super::status::SeenAt;

/// While the moment is being moved, it is asked for at most so often, in milliseconds.
const ASK_EVERY_MS: SeenAt = 80;
/// A timeline that may have got longer is read again at most so often, in milliseconds.
const TIMELINE_EVERY_MS: SeenAt = 2_000;
/// Pictures looked at lately are kept, at most so many …
const MAX_RECENT: usize = 24;
/// … with so many keys together.
const MAX_RECENT_KEYS: usize = 200_000;
/// At most so many changes seen since the timeline was read are remembered.
const MAX_NOTED: usize = 20_000;

/// A question under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub request: RequestId,
    /// When it was asked.
    pub at: SeenAt,
}

/// A moment that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The revision wanted. What is here already may be of another one: it says so itself.
    pub revision: i64,
    /// What the folder was: the newest answer.
    pub picture: Loadable<Arc<Picture>>,
    wanted: bool,
    asked: Option<Asked>,
}

impl Look {
    /// Whether the picture of the wanted revision is still to come.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.wanted || self.asked.is_some()
    }

    /// Why the wanted picture can not be shown, if it can not.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.picture.fault().filter(|_| !self.is_waiting())
    }
}

/// Which of the two moments is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// The one that the tree shows.
    Moment,
    /// The one that it is compared with.
    Against,
}

/// What is to be asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The timeline, anew.
    Timeline,
    /// A picture; `overtakes`: the question that nobody waits for any more.
    Moment {
        /// For which of the two.
        handle: Handle,
        /// The revision.
        revision: i64,
        /// To be cancelled first.
        overtakes: Option<RequestId>,
    },
    /// Nothing yet: ask again after so many milliseconds.
    After(SeenAt),
}

/// The key that is looked at.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The key.
    pub key: Key,
    /// What it is now, where the mirror does not keep its value.
    pub now: Loadable<Option<KeyRecord>>,
    request: Option<RequestId>,
}

/// A folder in another time.
#[derive(Clone, Debug, Default)]
pub struct Travel {
    /// The folder; empty: everything.
    pub prefix: Vec<u8>,
    /// Every change in reach.
    pub timeline: Loadable<Arc<Timeline>>,
    /// The moment that is looked at; `None`: the timeline has not said yet where to begin.
    pub look: Option<Look>,
    /// The later moment that it is compared with; `None`: now.
    pub against: Option<Look>,
    /// The key that is looked at.
    pub opened: Option<Opened>,
    timeline_asked: Option<Asked>,
    timeline_wanted: bool,
    /// Changes seen while travelling: the timeline may have been read before them.
    noted: Vec<Tick>,
    recent: VecDeque<Arc<Picture>>,
}

impl Travel {
    /// Begins at the prefix; the timeline is to be asked for.
    #[must_use]
    pub fn new(prefix: impl Into<Vec<u8>>) -> Self {
        Self { prefix: prefix.into(), timeline_wanted: true, ..Self::default() }
    }

    /// Looks at this revision.
    pub fn go_to(&mut self, revision: i64) {
        let revision = revision.max(1);
        let recent = self.recent.iter().find(|picture| picture.revision == revision).cloned();
        turn(self.look.get_or_insert_default(), revision, recent);
        // The later of the two is what is compared with.
        if self.against.as_ref().is_some_and(|against| against.revision < revision) {
            self.compare_with(Some(revision));
        }
    }

    /// Compares with this revision, or with now. An earlier one than the moment looked at takes its
    /// place: the tree always shows the earlier of the two.
    pub fn compare_with(&mut self, revision: Option<i64>) {
        let Some(revision) = revision.map(|revision| revision.max(1)) else {
            self.against = None;
            return;
        };
        let looked_at = self.look.as_ref().map(|look| look.revision);
        if let Some(later) = looked_at.filter(|looked_at| revision < *looked_at) {
            self.go_to(revision);
            self.compare_with(Some(later));
            return;
        }
        let recent = self.recent.iter().find(|picture| picture.revision == revision).cloned();
        turn(self.against.get_or_insert_default(), revision, recent);
    }

    /// Reads the timeline again, when its turn comes.
    pub fn read_timeline(&mut self) {
        self.timeline_wanted = true;
    }

    /// Looks at a key, or at none.
    pub fn open(&mut self, key: Option<Key>) {
        self.opened = key.map(|key| Opened { key, now: Loadable::default(), request: None });
    }

    /// The key that is looked at was asked for as it is now.
    pub fn opened_asked(&mut self, request: RequestId) {
        if let Some(opened) = &mut self.opened {
            opened.now.ask();
            opened.request = Some(request);
        }
    }

    /// Takes an answer to that question; tells whether it was one.
    pub fn opened_answered(
        &mut self,
        key: &[u8],
        request: RequestId,
        record: &Result<Option<KeyRecord>, Fault>,
    ) -> bool {
        let Some(opened) = self.opened.as_mut().filter(|opened| &*opened.key == key) else { return false };
        if opened.request != Some(request) {
            return false;
        }
        opened.request = None;
        opened.now.answer(record.clone());
        true
    }

    /// What is to be asked now, one thing at a time.
    #[must_use]
    pub fn question(&self, now: SeenAt) -> Option<Question> {
        let wait = |asked: &Asked, every: SeenAt| {
            // A clock that was set back must not make it wait for long.
            let left = asked.at + every - now;
            (1..=every).contains(&left).then_some(left)
        };
        let mut later = None;
        if self.timeline_wanted && !self.timeline.is_pending() {
            match self.timeline_asked.as_ref().and_then(|asked| wait(asked, TIMELINE_EVERY_MS)) {
                None => return Some(Question::Timeline),
                Some(left) => later = Some(left),
            }
        }
        for (handle, look) in [(Handle::Moment, &self.look), (Handle::Against, &self.against)] {
            let Some(look) = look.as_ref().filter(|look| look.wanted) else { continue };
            match look.asked.as_ref().and_then(|asked| wait(asked, ASK_EVERY_MS)) {
                None => {
                    let overtakes = look.asked.map(|asked| asked.request);
                    return Some(Question::Moment { handle, revision: look.revision, overtakes });
                }
                Some(left) => later = Some(later.map_or(left, |other: SeenAt| other.min(left))),
            }
        }
        later.map(Question::After)
    }

    /// The timeline was asked for.
    pub fn timeline_asked(&mut self, request: RequestId, now: SeenAt) {
        self.timeline_wanted = false;
        self.timeline.ask();
        self.timeline_asked = Some(Asked { request, at: now });
    }

    /// A picture was asked for.
    pub fn moment_asked(&mut self, handle: Handle, request: RequestId, now: SeenAt) {
        let look = match handle {
            Handle::Moment => self.look.as_mut(),
            Handle::Against => self.against.as_mut(),
        };
        if let Some(look) = look {
            look.wanted = false;
            look.picture.ask();
            look.asked = Some(Asked { request, at: now });
        }
    }

    /// Takes a timeline, unless a newer one was asked for since. The first one says where to begin:
    /// before the newest change.
    pub fn take_timeline(&mut self, request: RequestId, answer: Result<Arc<Timeline>, Fault>, applied: i64) {
        if self.timeline_asked.is_none_or(|asked| asked.request != request) {
            return;
        }
        let answer = answer.map(|mut timeline| {
            let newest = timeline.ticks.last().map_or(0, |tick| tick.revision);
            self.noted.retain(|tick| tick.revision > newest);
            if !self.noted.is_empty() {
                Arc::make_mut(&mut timeline).ticks.extend(self.noted.iter().copied());
            }
            timeline
        });
        self.timeline.answer(answer);
        if self.look.is_none()
            && let Some(timeline) = self.timeline.value()
        {
            let start = match timeline.last_stop() {
                Some(last) => timeline.step(last, -1),
                None => applied,
            };
            self.go_to(start);
        }
    }

    /// Takes a picture, unless another moment was asked for since.
    pub fn take_picture(&mut self, request: RequestId, answer: &Result<Arc<Picture>, Fault>) {
        if let Ok(picture) = answer {
            self.remember(picture);
        }
        for look in [&mut self.look, &mut self.against].into_iter().flatten() {
            if look.asked.is_some_and(|asked| asked.request == request) {
                look.asked = None;
                look.picture.answer(answer.clone());
            }
        }
    }

    fn remember(&mut self, picture: &Arc<Picture>) {
        self.recent.retain(|other| other.revision != picture.revision);
        self.recent.push_back(picture.clone());
        let mut keys: usize = self.recent.iter().map(|picture| picture.keys.len()).sum();
        while (self.recent.len() > MAX_RECENT || keys > MAX_RECENT_KEYS)
            && let Some(oldest) = self.recent.pop_front()
        {
            keys -= oldest.keys.len();
        }
    }

    /// Takes in what happens while it is travelled: the timeline grows.
    pub fn note(&mut self, revision: &Revision, seen_at: SeenAt) {
        let Some(tick) = tick_of(&self.prefix, revision, seen_at) else { return };
        if self.noted.len() >= MAX_NOTED {
            self.noted.clear();
            self.read_timeline();
        }
        self.noted.push(tick);
        let Some(timeline) = self.timeline.value_mut() else { return };
        if timeline.ticks.last().is_none_or(|last| last.revision < tick.revision) {
            Arc::make_mut(timeline).ticks.push(tick);
        }
    }
}

/// Turns a look to a revision; a picture that is kept is there at once.
fn turn(look: &mut Look, revision: i64, recent: Option<Arc<Picture>>) {
    look.revision = revision;
    match recent {
        Some(picture) => {
            look.wanted = false;
            // What is under way is of another moment: its answer is dropped.
            look.asked = None;
            look.picture.answer(Ok(picture));
        }
        None => look.wanted = true,
    }
}

/// What a revision did below a prefix; `None`: nothing.
fn tick_of(prefix: &[u8], revision: &Revision, seen_at: SeenAt) -> Option<Tick> {
    let mut tick =
        Tick { revision: revision.revision, seen_at: Some(seen_at), created: 0, changed: 0, deleted: 0 };
    for change in revision.changes.iter().filter(|change| change.key.starts_with(prefix)) {
        match change.kind {
            ChangeKind::Put { .. } if change.creates() => tick.created += 1,
            ChangeKind::Put { .. } => tick.changed += 1,
            ChangeKind::Delete => tick.deleted += 1,
        }
    }
    (tick.created + tick.changed + tick.deleted > 0).then_some(tick)
}

#[cfg(test)]
mod tests;
