//! The backend without a window: a connection that records, and questions about the past.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcdscope::backend::{Backend, BackendOptions};
use etcdscope::demo::DemoOptions;
use etcdscope::model::activity::DeletedKey;
use etcdscope::model::bytes::Key;
use etcdscope::model::fault::Fault;
use etcdscope::model::journal::{JournalSettings, JournalStatus, KeyRecords};
use etcdscope::model::message::{Command, CommandKind, Event, EventKind, RequestId, SessionId};
use etcdscope::model::moment::{Picture, Timeline};
use etcdscope::storage::{Storage, secrets::Secrets};

use crate::support::{SOON, request};

const SESSION: SessionId = SessionId(1);

/// A console that is connected.
pub struct Console {
    backend: Option<Backend>,
    requests: u64,
    /// How the journal stood when it was last told.
    pub status: JournalStatus,
    /// Each news of it.
    pub told: Vec<JournalStatus>,
    applied: i64,
}

impl Console {
    /// A console that keeps its files here.
    pub fn open(home: &Path, endpoints: &[String]) -> Self {
        Self::open_with(home, endpoints, |_| {})
    }

    pub fn open_with(home: &Path, endpoints: &[String], settings: impl FnOnce(&mut JournalSettings)) -> Self {
        let options = BackendOptions {
            storage: Storage::open(Some(home.to_path_buf())),
            secrets: Secrets::off(),
            demo: DemoOptions::default(),
        };
        let backend = Backend::start(options, Arc::new(|_| {})).expect("a backend");
        let mut request = request(endpoints);
        settings(&mut request.profile.journal);
        let mut console = Self {
            backend: Some(backend),
            requests: 0,
            status: JournalStatus::default(),
            told: Vec::new(),
            applied: 0,
        };
        console.give(CommandKind::Connect(Box::new(request)));
        console
    }

    fn give(&mut self, kind: CommandKind) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        let command = Command { session: SESSION, request, kind };
        self.backend.as_ref().expect("it is open").send(command).expect("it takes commands");
        request
    }

    /// Takes events in until one is wanted.
    async fn until<T>(&mut self, what: &str, mut wanted: impl FnMut(&Self, Event) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let backend = self.backend.as_mut().expect("it is open");
            backend.draining();
            let Some(event) = backend.try_next() else {
                assert!(begun.elapsed() < SOON, "waited in vain for {what}: {:?}", self.status);
                tokio::time::sleep(Duration::from_millis(2)).await;
                continue;
            };
            match &event.kind {
                EventKind::Journal(status) => {
                    self.status = (**status).clone();
                    self.told.push(self.status.clone());
                }
                EventKind::Mirror(update) => self.applied = update.applied,
                _ => {}
            }
            if let Some(found) = wanted(self, event) {
                return found;
            }
        }
    }

    /// Waits until everything up to this revision is acknowledged, and tells up to which.
    pub async fn recorded(&mut self, revision: i64) -> i64 {
        let wanted = revision.max(1);
        if self.status.recorded_to >= wanted {
            return self.status.recorded_to;
        }
        self.until("what is recorded", |console, _| {
            (console.status.recorded_to >= wanted).then_some(console.status.recorded_to)
        })
        .await
    }

    /// Waits, for as long as it takes, until more is acknowledged than this.
    pub async fn recorded_above(&mut self, revision: i64) -> i64 {
        loop {
            let backend = self.backend.as_mut().expect("it is open");
            backend.draining();
            match backend.try_next().map(|event| event.kind) {
                Some(EventKind::Journal(status)) if status.recorded_to > revision => {
                    return status.recorded_to;
                }
                Some(_) => {}
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }

    /// Waits until the mirror shows this revision.
    pub async fn live(&mut self, revision: i64) {
        self.until("the mirror", |console, _| (console.applied >= revision).then_some(())).await;
    }

    /// Waits until a history that is at this revision is recorded.
    pub async fn new_epoch(&mut self, revision: i64) {
        let begins = |status: &JournalStatus| status.since.is_some_and(|(since, _)| since <= revision);
        let first = self.status.since;
        self.until("a new epoch", |console, _| {
            let status = &console.status;
            (status.since != first && begins(status) && status.recorded_to >= revision).then_some(())
        })
        .await;
    }

    /// Waits until the status is so.
    pub async fn until_status(&mut self, what: &str, wanted: impl Fn(&JournalStatus) -> bool) {
        if !wanted(&self.status) {
            self.until(what, |console, _| wanted(&console.status).then_some(())).await;
        }
    }

    pub async fn moment(&mut self, prefix: &str, revision: i64) -> Result<Arc<Picture>, Fault> {
        let asked = self.give(CommandKind::Moment { prefix: prefix.as_bytes().to_vec(), revision });
        self.until("a picture", |_, event| match event.kind {
            EventKind::Moment { picture, .. } if event.request == asked => Some(picture),
            _ => None,
        })
        .await
    }

    pub async fn timeline(&mut self, prefix: &str) -> Result<Arc<Timeline>, Fault> {
        let asked = self.give(CommandKind::Timeline(prefix.as_bytes().to_vec()));
        self.until("a timeline", |_, event| match event.kind {
            EventKind::Timeline { timeline, .. } if event.request == asked => Some(timeline),
            _ => None,
        })
        .await
    }

    pub async fn together(&mut self, revision: i64) -> Result<Vec<Key>, Fault> {
        let asked = self.give(CommandKind::Together(revision));
        self.until("the keys of a revision", |_, event| match event.kind {
            EventKind::Together { keys, .. } if event.request == asked => Some(keys),
            _ => None,
        })
        .await
    }

    pub async fn deleted(&mut self, prefix: &str) -> Result<Vec<DeletedKey>, Fault> {
        let asked = self.give(CommandKind::DeletedKeys(prefix.as_bytes().to_vec()));
        self.until("deleted keys", |_, event| match event.kind {
            EventKind::DeletedKeys { keys, .. } if event.request == asked => Some(keys),
            _ => None,
        })
        .await
    }

    pub async fn of_key(&mut self, key: &Key) -> Result<Arc<KeyRecords>, Fault> {
        let asked = self.give(CommandKind::Recorded(key.clone()));
        self.until("the records of a key", |_, event| match event.kind {
            EventKind::Recorded { records, .. } if event.request == asked => Some(records),
            _ => None,
        })
        .await
    }

    /// Ends as the window does.
    pub async fn close(mut self) {
        let backend = self.backend.take().expect("it is open");
        tokio::task::spawn_blocking(move || backend.shutdown()).await.expect("it ends");
    }
}
