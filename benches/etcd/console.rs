//! The console without its window: the real backend, and the world that the window draws, taken in
//! as soon as the backend wakes it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcdscope::backend::{Backend, BackendOptions};
use etcdscope::demo::DemoOptions;
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::message::{
    Command, CommandKind, ConnectRequest, Event, EventKind, RequestId, SessionId,
};
use etcdscope::model::profile::Profile;
use etcdscope::model::record::ChangeKind;
use etcdscope::model::session::Session;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::storage::{Storage, secrets::Secrets};

use crate::Outcome;
use crate::payload::event_of;
use crate::timing::{Moment, Times};

/// Threads of the console, by the beginnings of their names.
pub const THREADS: &[&str] = &["backend", "bench-console", "journal"];
const SESSION: SessionId = SessionId(1);

/// What is seen of the console from outside.
#[derive(Default)]
pub struct Seen {
    /// The mirror is live.
    pub live: AtomicBool,
    /// It can not go on.
    pub failed: AtomicBool,
    /// Keys shown.
    pub keys: AtomicU64,
    /// Events that are in the model.
    pub events: AtomicU64,
    /// Events that came again.
    pub twice: AtomicU64,
    /// Revisions that were not newer than the one before.
    pub out_of_order: AtomicU64,
    /// Updates.
    pub updates: AtomicU64,
    /// Times the key space was read anew, so that changes are not known one by one.
    pub relisted: AtomicU64,
    /// The last revision in the model.
    pub applied: AtomicI64,
    /// The last revision that the journal acknowledged.
    pub recorded_to: AtomicI64,
    /// Records in it.
    pub records: AtomicU64,
    stop: AtomicBool,
}

/// The running console.
pub struct Console {
    pub seen: Arc<Seen>,
    thread: JoinHandle<Option<Keyspace>>,
    _home: tempfile::TempDir,
}

impl Console {
    /// Connects to this endpoint, noting when each event is in the model.
    pub fn start(endpoint: &str, times: Arc<Times>) -> Outcome<Self> {
        Self::start_with(endpoint, times, true)
    }

    /// The same, with its journal or without.
    pub fn start_with(endpoint: &str, times: Arc<Times>, journal: bool) -> Outcome<Self> {
        let home = tempfile::tempdir()?;
        let (wakes, woken) = mpsc::sync_channel(1);
        let wake = Arc::new(move |_| {
            // One that is waiting already is enough.
            let _waiting = wakes.try_send(());
        });
        let options = BackendOptions {
            storage: Storage::open(Some(home.path().to_path_buf())),
            secrets: Secrets::off(),
            demo: DemoOptions::default(),
        };
        let backend = Backend::start(options, wake)?;
        let mut profile = Profile {
            name: "bench".to_owned(),
            endpoints: vec![endpoint.to_owned()],
            read_only: true,
            ..Profile::default()
        };
        profile.journal.on = journal;
        let mut world = World::default();
        world.sessions.push(Session::new(SESSION, profile.clone()));
        world.active = Some(SESSION);
        let connect = CommandKind::Connect(Box::new(ConnectRequest { profile, password: None }));
        backend.send(Command { session: SESSION, request: RequestId(1), kind: connect })?;
        let seen = Arc::new(Seen::default());
        let mut window = Window { world, times, seen: seen.clone(), newest: 0 };
        let thread = std::thread::Builder::new().name("bench-console".to_owned()).spawn(move || {
            window.run(backend, &woken);
            window.world.active_session().map(|session| session.keyspace.clone())
        })?;
        Ok(Self { seen, thread, _home: home })
    }

    /// Ends it, and returns the key space as it was shown at last.
    pub fn end(self) -> Outcome<Keyspace> {
        self.seen.stop.store(true, Ordering::Release);
        let keyspace = self.thread.join().map_err(|_| "the console panicked")?;
        keyspace.ok_or_else(|| "the console lost its session".into())
    }
}

/// What stands in for the window's thread.
struct Window {
    world: World,
    times: Arc<Times>,
    seen: Arc<Seen>,
    newest: i64,
}

impl Window {
    fn run(&mut self, mut backend: Backend, woken: &mpsc::Receiver<()>) {
        while !self.seen.stop.load(Ordering::Acquire) {
            // Not to be woken is no failure.
            let _woken = woken.recv_timeout(Duration::from_millis(100));
            self.world.now = now();
            backend.draining();
            while let Some(event) = backend.try_next() {
                self.take(event);
            }
            self.world.forget_old_changes();
        }
        backend.shutdown();
    }

    fn take(&mut self, event: Event) {
        let update = match &event.kind {
            EventKind::Mirror(update) => Some((
                update.state.clone(),
                update.keyspace.len(),
                update.applied,
                update.changes.clone(),
                update.relisted,
            )),
            EventKind::Journal(status) => {
                self.seen.records.store(status.records, Ordering::Release);
                self.seen.recorded_to.store(status.recorded_to, Ordering::Release);
                None
            }
            EventKind::State(MirrorState::Failed(_)) => {
                self.seen.failed.store(true, Ordering::Release);
                None
            }
            _ => None,
        };
        drop(self.world.apply(event));
        let Some((state, keys, applied, changes, relisted)) = update else { return };
        let at = self.times.now();
        for revision in changes.iter() {
            if revision.revision <= self.newest {
                self.seen.out_of_order.fetch_add(1, Ordering::Relaxed);
            }
            self.newest = revision.revision;
            for change in &revision.changes {
                let ChangeKind::Put { value, .. } = &change.kind else { continue };
                let Some(event) = event_of(value) else { continue };
                if self.times.note(Moment::Model, event, at) {
                    self.seen.events.fetch_add(1, Ordering::Release);
                } else {
                    self.seen.twice.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        self.seen.updates.fetch_add(1, Ordering::Relaxed);
        self.seen.relisted.fetch_add(u64::from(relisted), Ordering::Relaxed);
        self.seen.keys.store(keys, Ordering::Release);
        self.seen.applied.store(applied, Ordering::Release);
        self.seen.failed.store(matches!(state, MirrorState::Failed(_)), Ordering::Release);
        self.seen.live.store(state.is_live(), Ordering::Release);
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
