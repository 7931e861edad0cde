//! What is recognised in a connection's key space: the mirror's news go to a thread of its own that owns the
//! picture of services, leases, locks and elections.
//!
//! The mirror never waits for it. What waits to be looked at is bounded: beyond that the newest key space is
//! looked at as a whole, with an honest gap before it. The window hears at a pace that it can keep.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Outbox;
use crate::model::bytes::Key;
use crate::model::coordination::{Coordination, CoordinationSettings, EndCause, Engine, LeaseInfo, OwnEnd};
use crate::model::keyspace::Keyspace;
use crate::model::message::{Event, EventKind, MirrorUpdate, RequestId, SessionId};
use crate::model::record::Revision;
use crate::model::status::{SeenAt, now};

/// The window hears of a new picture no sooner than this after the last one.
const BETWEEN_PICTURES: Duration = Duration::from_millis(100);
/// How often what depends on time alone is looked after.
const TICK: Duration = Duration::from_secs(1);
/// So many changes may wait to be looked at.
const MOST_WAITING: usize = 100_000;

/// Something that the observer is told beside the mirror's news.
#[derive(Clone, Debug)]
pub enum Note {
    /// TTLs that were asked for: they go to the window.
    Leases(Vec<LeaseInfo>),
    /// Why the key that went at this revision did so.
    Settled {
        /// The key.
        key: Key,
        /// The revision at which it went.
        revision: i64,
        /// Why.
        cause: EndCause,
    },
    /// This console ended something.
    Ours(OwnEnd),
    /// The profile's settings were changed.
    Settings(CoordinationSettings),
}

/// An update of the mirror, as far as it matters here.
struct Seen {
    keyspace: Keyspace,
    applied: i64,
    changes: Arc<Vec<Revision>>,
    loaded: Arc<Vec<Key>>,
    seen_at: SeenAt,
    /// The key space is to be looked at as a whole.
    anew: bool,
    replaced: bool,
}

enum Item {
    Seen(Seen),
    /// What was seen before this was all that there was at this moment.
    Proven(SeenAt),
    Note(Note),
}

#[derive(Default)]
struct Inbox {
    items: VecDeque<Item>,
    /// Changes in them.
    waiting: usize,
    /// A listing was completed: the key space is whole.
    complete: bool,
    /// What was known is lost: the next key space is to be looked at as a whole.
    lost: bool,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    filled: Condvar,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, put: impl FnOnce(&mut Inbox)) {
        put(&mut self.inbox());
        self.filled.notify_one();
    }
}

/// Ends the thread with the last handle.
struct Life(Arc<Shared>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.put(|inbox| inbox.closed = true);
    }
}

/// A handle of the observer of one connection; clones share it.
#[derive(Clone)]
pub struct Observer {
    life: Arc<Life>,
    picture: watch::Receiver<Coordination>,
}

impl Observer {
    /// Starts the thread that observes.
    pub(super) fn start(
        session: SessionId,
        separator: u8,
        settings: &CoordinationSettings,
        outbox: Outbox,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let (pictures, picture) = watch::channel(Coordination::default());
        let mut worker = Worker {
            session,
            separator,
            settings: settings.clone(),
            engine: Engine::new(separator, settings),
            outbox,
            shared: shared.clone(),
            pictures,
            keyspace: None,
            told: None,
            untold: false,
            proven: None,
        };
        let thread = std::thread::Builder::new().name("coordination".to_owned()).spawn(move || {
            while catch_unwind(AssertUnwindSafe(|| worker.run())).is_err() {
                worker.begin_anew();
            }
        });
        if let Err(error) = thread {
            tracing::error!(%error, "no thread: services, leases, locks and elections will not be recognised");
        }
        Self { life: Arc::new(Life(shared)), picture }
    }

    /// Takes an update of the mirror in. Never waits.
    pub fn see(&self, update: &MirrorUpdate) {
        self.life.0.put(|inbox| inbox.see(update));
    }

    /// What it has been told was all that there was at this moment: the window hears of it behind all that.
    pub fn proven(&self, at: SeenAt) {
        self.life.0.put(|inbox| match inbox.items.back_mut() {
            // What was lost is to be seen again first.
            _ if inbox.lost || !inbox.complete => {}
            Some(Item::Proven(last)) => *last = at,
            _ => inbox.items.push_back(Item::Proven(at)),
        });
    }

    /// A mirror is begun anew: its first picture is not whole.
    pub fn mirror_begins(&self) {
        self.life.0.put(|inbox| inbox.complete = false);
    }

    /// Tells the observer something.
    pub fn note(&self, note: Note) {
        self.life.0.put(|inbox| inbox.items.push_back(Item::Note(note)));
    }

    /// The newest picture, each as soon as there is one.
    #[must_use]
    pub fn picture(&self) -> watch::Receiver<Coordination> {
        self.picture.clone()
    }
}

impl Inbox {
    fn see(&mut self, update: &MirrorUpdate) {
        self.complete |= update.listed;
        let anew = update.listed || update.relisted || self.lost;
        if !self.complete || (!anew && update.changes.is_empty() && update.loaded.is_empty()) {
            return;
        }
        self.lost = false;
        let mut seen = Seen {
            keyspace: update.keyspace.clone(),
            applied: update.applied,
            changes: update.changes.clone(),
            loaded: update.loaded.clone(),
            seen_at: update.seen_at,
            anew,
            replaced: update.replaced,
        };
        let changes = seen.changes.iter().map(|revision| revision.changes.len()).sum::<usize>();
        let changes = changes + seen.loaded.len();
        if anew || self.waiting + changes > MOST_WAITING {
            // The whole picture stands for all that waited.
            seen.anew = true;
            let overtaken = |item: &Item| matches!(item, Item::Seen(_));
            seen.replaced |= self.items.iter().any(|item| matches!(item, Item::Seen(seen) if seen.replaced));
            self.items.retain(|item| !overtaken(item));
            self.waiting = 0;
        } else {
            self.waiting += changes;
        }
        self.items.push_back(Item::Seen(seen));
    }
}

struct Worker {
    session: SessionId,
    separator: u8,
    settings: CoordinationSettings,
    engine: Engine,
    outbox: Outbox,
    shared: Arc<Shared>,
    pictures: watch::Sender<Coordination>,
    /// The newest key space, once a whole one was seen.
    keyspace: Option<Keyspace>,
    told: Option<Instant>,
    untold: bool,
    /// When all that there was had been looked at; `None`: it has been told.
    proven: Option<SeenAt>,
}

impl Worker {
    /// Works until nobody needs it any more.
    fn run(&mut self) {
        let mut tick = Instant::now();
        while let Some(items) = self.wait(tick) {
            let mut changed = false;
            for item in items {
                changed |= self.take(item);
            }
            if tick.elapsed() >= TICK {
                tick = Instant::now();
                changed |= self.engine.tick(now());
            }
            if changed {
                self.untold = true;
                self.pictures.send_replace(self.engine.glance());
            }
            if self.untold && self.told.is_none_or(|told| told.elapsed() >= BETWEEN_PICTURES) {
                self.untold = false;
                self.told = Some(Instant::now());
                let picture = self.engine.picture(now());
                self.tell(EventKind::Coordination(Box::new(picture)));
            }
            if let Some(at) = self.proven.take_if(|_| !self.untold) {
                let kind = EventKind::Proven(at);
                self.outbox.blocking_send_quietly(Event {
                    session: self.session,
                    request: RequestId(0),
                    kind,
                });
            }
        }
    }

    /// After a panic: what was known may be half done. The next key space is looked at as a whole.
    fn begin_anew(&mut self) {
        tracing::error!(session = self.session.0, "recognising services, locks and leaders is begun anew");
        self.engine = Engine::new(self.separator, &self.settings);
        self.proven = None;
        self.shared.inbox().lost = true;
    }

    /// Waits for something to do; `None`: nobody needs it any more.
    fn wait(&self, tick: Instant) -> Option<VecDeque<Item>> {
        let mut due = (tick + TICK).saturating_duration_since(Instant::now());
        if let Some(told) = self.told.filter(|_| self.untold) {
            due = due.min((told + BETWEEN_PICTURES).saturating_duration_since(Instant::now()));
        }
        let idle = |inbox: &mut Inbox| inbox.items.is_empty() && !inbox.closed;
        let waited = self.shared.filled.wait_timeout_while(self.shared.inbox(), due, idle);
        let (mut inbox, _) = waited.unwrap_or_else(PoisonError::into_inner);
        inbox.waiting = 0;
        (!inbox.closed).then(|| std::mem::take(&mut inbox.items))
    }

    /// Takes an item in; tells whether the picture may have changed.
    fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Seen(seen) => self.see(seen),
            Item::Proven(at) => {
                self.proven = Some(at);
                return false;
            }
            Item::Note(Note::Leases(leases)) => {
                self.tell(EventKind::Leases(Ok(leases)));
                return false;
            }
            Item::Note(Note::Settled { key, revision, cause }) => {
                self.engine.settle(&key, revision, cause);
            }
            Item::Note(Note::Ours(end)) => self.engine.ours(&end, now()),
            Item::Note(Note::Settings(settings)) => {
                if settings.rules == self.settings.rules {
                    return false;
                }
                self.engine.follow(&settings, self.keyspace.as_ref(), now());
                self.settings = settings;
            }
        }
        true
    }

    fn see(&mut self, seen: Seen) {
        if seen.anew {
            self.engine.listed(&seen.keyspace, seen.applied, seen.seen_at, seen.replaced);
        } else {
            for revision in seen.changes.iter() {
                self.engine.apply(revision, seen.seen_at);
            }
            for key in seen.loaded.iter() {
                if let Some(view) = seen.keyspace.get(key) {
                    self.engine.loaded(key, &view.meta, view.value);
                }
            }
        }
        self.keyspace = Some(seen.keyspace);
    }

    fn tell(&self, kind: EventKind) {
        self.outbox.blocking_send(Event { session: self.session, request: RequestId(0), kind });
    }
}

#[cfg(test)]
mod tests;
